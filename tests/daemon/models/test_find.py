"""What `--model` may be: a folder, a name, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.errors import ModelMissing, UsageError
from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.find import default_model, find_model, locate_model
from keyfollow_daemon.models.pull import pull
from keyfollow_daemon.models.store import ModelStore
from keyfollow_testkit import weights
from keyfollow_testkit.hub import Hub


def test_a_folder_or_a_name(store: ModelStore, tmp_path: Path) -> None:
    folder = weights.lay_out(tmp_path / "m", weights.pipeline())
    by_path = find_model(str(folder), "pix2video", store)
    add_folder(store, folder, "mine", copies=True)
    by_name = find_model("mine", "pix2video", store)
    assert by_path.path == folder and by_name.path == store.path("mine") and by_path.revision == by_name.revision


def test_without_a_name_it_is_the_best_that_is_here(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        find_model(None, "pix2video", store)
    assert caught.value.code == "model_missing" and caught.value.exit_status == 5
    assert "keyfollow models pull sd15-depth" in caught.value.remedy and "--model DIR" in caught.value.remedy
    add_folder(store, weights.lay_out(tmp_path / "own", weights.pipeline()))
    with pytest.raises(ModelMissing) as caught:
        find_model(None, "pix2video", store)
    assert caught.value.remedy.endswith("or a model that is here: own.")
    folder = weights.lay_out(tmp_path / "m", weights.pipeline())
    add_folder(store, folder, "sdxl-depth")
    assert default_model("pix2video", store) == "sdxl-depth"
    add_folder(store, folder, "sd15-depth")
    assert find_model(None, "pix2video", store).path == store.path("sd15-depth")
    with pytest.raises(ModelMissing, match="i2vedit"):
        default_model("i2vedit", store)
    with pytest.raises(ModelMissing):
        default_model("an engine of somebody else's", store)


def test_what_is_nowhere(store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    for name, code in (("sd15", "model_missing"), (str(tmp_path / "none"), "model_not_found"), ("../..", "bad_model")):
        with pytest.raises((ModelMissing, UsageError)) as caught:
            find_model(name, "pix2video", store)
        assert caught.value.code == code


def test_a_repository_that_was_pulled(store: ModelStore, hub: Hub) -> None:
    commit = hub.add("owner/name", weights.pipeline())
    pull(store, "owner/name", lambda event, **fields: None, accept=True, id="mine")
    for named in ("owner/name", "owner/name@", f"owner/name@{commit}", f"owner/name@{commit[:8]}"):
        assert find_model(named, "pix2video", store).path == store.path("mine")
    for named in ("owner/nam", "owner/name@0000000", "name/owner"):
        with pytest.raises(ModelMissing, match=named) as caught:
            locate_model(named, "pix2video", store)
        assert f"keyfollow models pull {named}" in caught.value.remedy
