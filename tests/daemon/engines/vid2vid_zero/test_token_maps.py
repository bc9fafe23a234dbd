"""Which token follows which."""

from __future__ import annotations

import pytest
import torch
from keyfollow.errors import UsageError
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.vid2vid_zero.token_maps import Prompt, alignment, prompt_of, refined, replaced
from keyfollow_testkit.zero_model import CASE


def prompt(*words: tuple[int, ...]) -> Prompt:
    return Prompt(tuple(str(w) for w in words), words, 1, 2)


def test_words_of_one_length_go_one_to_one() -> None:
    found = replaced(prompt((5,), (6,)), prompt((5,), (7,)))
    assert torch.equal(found.across, torch.eye(77)) and torch.equal(found.keep, torch.ones(77))


def test_a_longer_word_shares_its_places_and_shifts_those_before_the_last_pair() -> None:
    # a [bb] c [d] e -> a [xyz] c [w] e
    source = prompt((5,), (6, 7), (8,), (9,), (10,))
    found = replaced(source, prompt((5,), (16, 17, 18), (8,), (19,), (10,))).across
    assert torch.allclose(found[2:4, 2:5], torch.full((2, 3), 1 / 3))
    assert found[4, 5] == 1 and found[5, 6] == 1, "shifted by one, up to the last pair"
    assert found[7, 7] == 1 and found[8, 8] == 1 and found[6, 7] == 0, "the tail goes by the target's index, as published"
    assert found[0, 0] == 1 and found[1, 1] == 1


def test_alignment_prefers_gaps_to_what_does_not_match() -> None:
    assert alignment([1, 5, 6, 2], [1, 5, 9, 6, 2]) == [0, 1, None, 2, 3]
    assert alignment([1, 5, 6, 2], [1, 7, 6, 2]) == [0, None, 2, 3]
    assert alignment([1, 5, 5, 2], [1, 5, 2]) == [0, 1, 3] or alignment([1, 5, 5, 2], [1, 5, 2]) == [0, 2, 3]


def test_new_tokens_stand_for_themselves_and_padding_follows_padding() -> None:
    found = refined(prompt((5,), (6,)), prompt((9,), (5,), (6,)))
    assert found.keep[:5].tolist() == [1, 0, 1, 1, 1] and found.keep.sum() == 76
    assert found.across[1, 2] == found.across[2, 3] == found.across[3, 4] == 1 and found.across[:, 1].sum() == 0
    assert torch.equal(found.across[5:, 5:], torch.eye(72))


def test_prompts_by_words_and_not_longer_than_the_model_reads() -> None:
    text = loading.load(str(CASE / "model"), torch.device("cpu"), "fp32").text
    found = prompt_of("a jeep is moving on the snow", text)
    ids = text.ids("a jeep is moving on the snow")[0].tolist()
    assert found.sequence() == ids[: len(found.sequence())] and set(ids[len(found.sequence()) :]) == {found.last}
    marks = found.tokens_of(["jeep"])
    assert marks.nonzero().flatten().tolist() == list(found.spans()[1]) and len(found.spans()[1]) > 1
    with pytest.raises(UsageError) as error:
        prompt_of("road " * 76, text)
    assert error.value.code == "prompt_too_long"
