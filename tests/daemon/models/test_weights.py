"""Weights are told by content: safetensors or refused, and nothing is ever run."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from keyfollow.errors import UsageError
from keyfollow_daemon.models.weights import check_weights, code_inside, parameters
from keyfollow_testkit import weights


def test_safetensors_of_any_header_length(tmp_path: Path) -> None:
    """Lengths whose first bytes are those of a pickle (0x80, 2 to 5) among them."""
    path = tmp_path / "x.safetensors"
    for length in (*range(600, 1500, 7), 0x280, 0x380, 0x480, 0x580):
        path.write_bytes(safetensors.numpy.save({"w": np.zeros(3, np.float32)}, {"pad": "x" * length}))
        check_weights(path)
        header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode().ljust(length)
        path.write_bytes(struct.pack("<Q", length) + header + bytes(4))
        check_weights(path)


@pytest.mark.parametrize("kind", weights.pickles(Path("/nowhere")))
def test_pickles_are_refused_and_not_run(tmp_path: Path, kind: str) -> None:
    path, marker = tmp_path / "model.safetensors", tmp_path / "ran"
    path.write_bytes(weights.pickles(marker)[kind])
    with pytest.raises(UsageError) as caught:
        check_weights(path)
    assert caught.value.code in ("unsafe_weights", "damaged_weights")
    assert not marker.exists()


def test_a_pickle_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for kind in ("protocol 2", "protocol 5", "torch zip", "torch legacy", "before tensors"):
        path.write_bytes(weights.pickles(tmp_path / "ran")[kind])
        with pytest.raises(UsageError) as caught:
            check_weights(path)
        assert caught.value.code == "unsafe_weights" and "could run code" in caught.value.message, kind


def test_any_cut_is_seen(tmp_path: Path) -> None:
    path, whole = tmp_path / "x.safetensors", weights.tensors()
    for cut in (0, 1, 7, 8, 9, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UsageError) as caught:
            check_weights(path)
        assert caught.value.code == "damaged_weights"


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{",
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
        b'{"a": {"dtype": "F32", "shape": [18446744073709551615, 18446744073709551615], "data_offsets": [0, 4]}}',
        b"{" * 5000,
    ],
)
def test_headers_that_lie(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(UsageError):
        check_weights(path)


def test_a_huge_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", 2**63) + b"{}" + bytes(100))
    with pytest.raises(UsageError):
        check_weights(path)


def test_harmless_heads() -> None:
    assert code_inside(b'{"a": 1}') is None
    assert code_inside(b"") is None
    assert code_inside(b"\x93NUMPY\x01\x00") is not None


def test_numbers_are_counted_in_the_headers(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(weights.tensors(count=512))
    (tmp_path / "b.safetensors").write_bytes(weights.tensors(count=100))
    assert parameters(tmp_path) == 612 and parameters(tmp_path / "none") == 0
