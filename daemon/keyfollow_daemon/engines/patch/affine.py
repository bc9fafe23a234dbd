"""The edit as a local affine colour map: keyframe ≈ A · source + b in small windows (guided filter, He et al. 2013).

Carrying A and b instead of pixels lets the other frames keep their own detail, grain and light.
"""

from __future__ import annotations

import numpy as np

from .pixels import Floats, box


def fit(base: Floats, target: Floats, radius: int = 6, ridge: float = 120.0) -> tuple[Floats, Floats]:
    """Least squares in windows of `radius`, ridge-regularised toward the identity, averaged over overlapping windows.

    Args:
        base, target: ``(h, w, 3)`` float32 in 8-bit units.
        ridge: in 8-bit units squared.

    Returns:
        A ``(h, w, 3, 3)`` and b ``(h, w, 3)`` with ``target ≈ A base + b``.
    """
    mean, wanted = box(base, radius), box(target, radius)
    pairs = [(i, j) for i in range(3) for j in range(3)]
    cov = np.empty((*base.shape[:2], 3, 3), np.float32)
    cross = np.empty_like(cov)
    for i, j in pairs:
        cov[..., i, j] = box(base[..., i] * base[..., j], radius) - mean[..., i] * mean[..., j]
        cross[..., i, j] = box(target[..., i] * base[..., j], radius) - wanted[..., i] * mean[..., j]
    for i in range(3):
        cov[..., i, i] += ridge
        cross[..., i, i] += ridge
    matrix = cross @ _inverse(cov)
    shift = wanted - np.einsum("hwij,hwj->hwi", matrix, mean)
    height, width = base.shape[:2]
    smooth = box(np.ascontiguousarray(matrix.reshape(height, width, 9)), radius)
    return smooth.reshape(height, width, 3, 3), box(shift, radius)


def _inverse(m: Floats) -> Floats:
    """Inverse of symmetric positive definite 3 x 3 matrices by cofactors, many at once."""
    a, b, c, d, e, f = m[..., 0, 0], m[..., 0, 1], m[..., 0, 2], m[..., 1, 1], m[..., 1, 2], m[..., 2, 2]
    out = np.empty_like(m)
    out[..., 0, 0] = d * f - e * e
    out[..., 1, 1] = a * f - c * c
    out[..., 2, 2] = a * d - b * b
    out[..., 0, 1] = out[..., 1, 0] = c * e - b * f
    out[..., 0, 2] = out[..., 2, 0] = b * e - c * d
    out[..., 1, 2] = out[..., 2, 1] = b * c - a * e
    determinant = a * out[..., 0, 0] + b * out[..., 0, 1] + c * out[..., 0, 2]
    out /= determinant[..., None, None]
    return out
