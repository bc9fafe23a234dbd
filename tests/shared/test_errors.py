from __future__ import annotations

import pytest
from keyfollow import errors

SENT = {"code": "c", "message": "What is wrong.", "remedy": "What to do."}


@pytest.mark.parametrize("kind", errors.KINDS.values())
def test_an_error_survives_the_way_to_another_process(kind: type[errors.KeyfollowError]) -> None:
    back = errors.from_plain(kind("full", "The disk is full.", "Free some space.").to_plain())
    assert type(back) is kind
    assert (back.code, back.message, back.remedy) == ("full", "The disk is full.", "Free some space.")
    assert back.exit_status == kind.exit_status


def test_every_kind_can_be_rebuilt() -> None:
    assert set(errors.KINDS.values()) == set(errors.KeyfollowError.__subclasses__())


@pytest.mark.parametrize("kind", ["FromTheFuture", "", "KeyfollowError", "dict", ["UsageError"], None])
def test_an_unknown_kind_becomes_the_base_error(kind: object) -> None:
    back = errors.from_plain({"kind": kind, **SENT})
    assert type(back) is errors.KeyfollowError
    assert str(back) == "What is wrong. What to do."


def test_an_error_with_nothing_in_it_is_still_an_error() -> None:
    assert errors.from_plain({}).code == "unknown"


def test_text_has_the_remedy_only_where_there_is_one() -> None:
    assert str(errors.JobError("c", "It failed.", "")) == "It failed."


def test_exit_statuses_are_those_that_scripts_rely_on() -> None:
    statuses = {name: kind.exit_status for name, kind in errors.KINDS.items()}
    assert statuses == {
        "UsageError": 2,
        "DaemonError": 3,
        "MemoryShort": 4,
        "ModelMissing": 5,
        "MediaError": 6,
        "StorageError": 1,
        "JobError": 1,
        "Cancelled": 130,
    }


def test_a_full_disk_names_the_place_and_the_way_on() -> None:
    error = errors.disk_full("/data/takes")
    assert error.code == "disk_full"
    assert "/data/takes" in error.message
    assert "KEYFOLLOW_STORAGE" in error.remedy


def test_cancelled_needs_no_words() -> None:
    assert errors.Cancelled().code == "cancelled"
