from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.affine import fit


def test_an_affine_edit_is_recovered(picture: Any) -> None:
    source = picture.astype(np.float32)
    turn = np.array([[0.2, 0.7, 0.1], [0.5, 0.4, 0.0], [0.1, 0.0, 1.1]], np.float32)
    target = source @ turn.T + np.array((5, -3, 8), np.float32)
    matrix, shift = fit(source, target, ridge=0.01)
    made = np.einsum("hwij,hwj->hwi", matrix, source) + shift
    assert np.abs(made - target).max() < 0.5


def test_no_edit_is_the_identity(picture: Any) -> None:
    source = picture.astype(np.float32)
    matrix, shift = fit(source, source)
    assert np.abs(matrix - np.eye(3)).max() < 1e-3
    assert np.abs(shift).max() < 0.05


def test_a_flat_picture_only_shifts() -> None:
    source = np.full((40, 40, 3), 90.0, np.float32)
    matrix, shift = fit(source, source + 20)
    assert np.abs(matrix - np.eye(3)).max() < 1e-3
    assert np.allclose(shift, 20, atol=0.1)
