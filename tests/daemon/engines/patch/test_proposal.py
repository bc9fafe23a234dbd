from __future__ import annotations

import numpy as np
from keyfollow_daemon.engines.patch.proposal import Proposal


def test_a_colour_known_as_edited_is_less_sure_than_a_track_and_surer_than_nothing() -> None:
    confidence = np.array([[0.0, 0.0, 0.0, 1.0]], np.float32)
    belief, allowed = np.array([[1.0, 1.0, 0.0, 1.0]], np.float32), np.array([[1.0, 0.0, 1.0, 1.0]], np.float32)
    three = np.zeros((1, 4, 3), np.float32)
    proposal = Proposal(three, belief, confidence, belief, three, belief, allowed, 0 * belief)
    made = proposal.vouched(confidence)
    assert 0.5 < made[0, 0] < 1 and made[0, 1:].tolist() == [0, 0, 1]
