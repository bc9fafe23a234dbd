from __future__ import annotations

import errno
from pathlib import Path

import pytest
from keyfollow.errors import StorageError, UsageError
from keyfollow.media.outputs import writing


@pytest.mark.parametrize(
    ("number", "kind", "code"), [(errno.ENOSPC, StorageError, "disk_full"), (errno.EACCES, UsageError, "output_unwritable")]
)
def test_what_the_system_refuses_becomes_an_error_for_a_person(number: int, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind) as error, writing(Path("out.mp4")):
        raise OSError(number, "no")
    assert getattr(error.value, "code", None) == code


def test_a_file_in_the_place_of_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").touch()
    with pytest.raises(UsageError, match="is a file") as error, writing(tmp_path / "out.mp4"):
        (tmp_path / "out.mp4").mkdir(exist_ok=True)
    assert error.value.code == "output_unwritable" and "slash" in error.value.remedy
