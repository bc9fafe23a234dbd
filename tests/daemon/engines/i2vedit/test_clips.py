"""Chains of clips: every frame once or blended, whatever the keyframes, the length, the overlap."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from keyfollow_daemon.engines.i2vedit.clips import Clip, chains, cut, following_share, shared_frames


def test_clips_share_their_ends_and_the_last_may_be_short() -> None:
    assert [c.frames for c in cut(range(9), 4, 1)] == [(0, 1, 2, 3), (3, 4, 5, 6), (6, 7, 8)]
    assert [c.frames for c in cut(range(8), 5, 2)] == [(0, 1, 2, 3, 4), (3, 4, 5, 6, 7)]
    assert cut([3], 4, 1) == () and cut(range(2), 4, 1) == (Clip((0, 1)),)


def test_only_as_far_as_is_asked_but_whole_clips() -> None:
    assert [c.frames for c in cut(range(20), 4, 1, reach=4)] == [(0, 1, 2, 3), (3, 4, 5, 6)]


def test_a_keyframe_in_the_middle_goes_both_ways() -> None:
    back, forth = chains([3], 8, range(8), length=4, overlap=1)
    assert [c.frames for c in back.clips] == [(3, 2, 1, 0)] and [c.frames for c in forth.clips] == [(3, 4, 5, 6), (6, 7)]


def test_two_keyframes_meet_in_the_middle() -> None:
    first, second = chains([0, 10], 11, range(11), length=20, overlap=1, fade=4)
    assert first.clips[0].frames == tuple(range(7)) and second.clips[0].frames == tuple(range(10, 3, -1))
    assert [first.weight(f) + second.weight(f) for f in (4, 5, 6)] == [1.0, 1.0, 1.0]
    assert first.weight(4) > first.weight(5) > first.weight(6) > 0
    (alone,) = chains([0, 10], 11, range(11), length=20, overlap=1, both_ways=False)
    assert alone.clips[0].frames == tuple(range(10))


def test_nothing_is_made_where_nothing_is_asked() -> None:
    assert chains([0, 10], 30, [0, 10], length=4, overlap=1) == []
    made = chains([0, 10], 30, [12], length=4, overlap=1)
    assert [c.key for c in made] == [10] and made[0].clips == (Clip((10, 11, 12, 13)),)


@settings(max_examples=40)
@given(
    st.sets(st.integers(0, 39), min_size=1, max_size=5),
    st.integers(3, 9),
    st.integers(1, 4),
    st.integers(1, 4),
    st.booleans(),
    st.integers(1, 12),
)
def test_weights_of_every_frame_add_up_to_one(
    keys: set[int], length: int, overlap: int, stride: int, both: bool, fade: int
) -> None:
    overlap = shared_frames(length, overlap)
    made = chains(sorted(keys), 40, range(40), length=length, overlap=overlap, stride=stride, both_ways=both, fade=fade)
    weights: dict[int, float] = {}
    for chain in made:
        assert chain.clips[0].frames[0] == chain.key
        for number, clip in enumerate(chain.clips):
            assert 2 <= len(clip.frames) <= length
            more = number + 1 < len(chain.clips)
            if more:
                assert clip.frames[-overlap:] == chain.clips[number + 1].frames[:overlap]
            for at, frame in enumerate(clip.frames):
                weight = chain.weight(frame)
                weight *= following_share(overlap, at) if number and at < overlap else 1
                weight *= (
                    1 - following_share(overlap, at - len(clip.frames) + overlap)
                    if more and at >= len(clip.frames) - overlap
                    else 1
                )
                weights[frame] = weights.get(frame, 0.0) + (weight if frame not in keys else 0.0)
    assert all(abs(weights[f] - 1) < 1e-9 for f in range(40) if f not in keys and f % stride == 0)
