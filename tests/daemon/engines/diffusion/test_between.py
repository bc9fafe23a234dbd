"""The patch engine carries drawn frames to those between."""

from __future__ import annotations

from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import EditKeyframe
from keyfollow_daemon.engines.diffusion.between import fill_between
from keyfollow_testkit.diffusion import edit
from keyfollow_testkit.memory import Memory


def test_between_two_and_beyond_the_last(frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    memory, keys = Memory(frames), [EditKeyframe(0, frames[0]), EditKeyframe(2, keyframe)]
    made = list(fill_between(memory, keys, [1], (), edit(frames), memory))
    assert [f.frame for f in made] == [1] and (made[0].image.pixels != frames[1].pixels).any()
    assert memory.phases == {}, "the whole run's progress goes on undisturbed"
    beyond = list(fill_between(memory, keys[1:], [3, 4], (), edit(frames), memory))
    assert [f.frame for f in beyond] == [3, 4]
    assert list(fill_between(memory, keys, [], (), edit(frames), memory)) == []
