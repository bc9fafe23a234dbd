"""Downloads resume, refuse what is wrong, show the licence first, and leave a whole model or none."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from keyfollow.errors import KeyfollowError, ModelMissing, StorageError, UsageError
from keyfollow_daemon.models import catalogue, pull
from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.catalogue import Entry, Source
from keyfollow_daemon.models.folder import open_model
from keyfollow_daemon.models.hub import RemoteFile, Repository
from keyfollow_daemon.models.store import ModelStore
from keyfollow_testkit import weights
from keyfollow_testkit.faults import flip_bit
from keyfollow_testkit.hub import Hub

UNET = "unet/diffusion_pytorch_model.safetensors"


class Told:
    """What was said."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, event: str, **fields: Any) -> None:
        self.events.append({"event": event, **fields})

    def names(self) -> list[str]:
        return [e["event"] for e in self.events]


def half(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files as a repository names them in half precision."""
    return {n.replace(".safetensors", ".fp16.safetensors"): data for n, data in files.items()}


@pytest.fixture
def tiny(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A catalogue entry that is put together from two repositories."""
    base = {n: d for n, d in weights.pipeline().items() if n != "model_index.json"}
    commit = hub.add("maker/base", {**half(base), "unet/diffusion_pytorch_model.bin": b"\x80\x02.", "README.md": b"x"})
    depth = hub.add("maker/depth", weights.single(7))
    made = Entry(
        "tiny",
        "Tiny",
        ("pix2video",),
        "tests",
        "MIT",
        "https://example.org/licence",
        30_000,
        (
            Source("maker/base", commit, tuple(half(base))),
            Source("maker/depth", depth, ("config.json", "model.safetensors"), "depth_estimator"),
        ),
        "StableDiffusionPipeline",
        (
            ("unet", "diffusers", "UNet2DConditionModel"),
            ("vae", "diffusers", "AutoencoderKL"),
            ("tokenizer", "transformers", "CLIPTokenizer"),
            ("scheduler", "diffusers", "DDIMScheduler"),
            ("depth_estimator", "transformers", "DPTForDepthEstimation"),
        ),
    )
    monkeypatch.setitem(catalogue.CATALOGUE, "tiny", made)
    return made


def refused(store: ModelStore, name: str, code: str, kind: type[KeyfollowError], accept: bool = True) -> KeyfollowError:
    with pytest.raises(kind) as caught:
        pull.pull(store, name, Told(), accept=accept)
    assert caught.value.code == code
    assert not store.installed()
    return caught.value


def test_a_model_of_two_repositories_becomes_one_folder(store: ModelStore, tiny: Entry) -> None:
    told = Told()
    made = pull.pull(store, "tiny", told, accept=True)
    folder = open_model(store.path("tiny"))
    assert folder.revision == made.revision and folder.pipeline == "StableDiffusionPipeline"
    assert set(folder.components) == {"unet", "vae", "tokenizer", "scheduler", "depth_estimator"}
    assert (store.path("tiny") / UNET).read_bytes() == weights.pipeline()[UNET]
    assert not list(store.path("tiny").rglob("*.bin"))
    progress = [e for e in told.events if e["event"] == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] > 20_000
    assert [e["done"] for e in progress] == sorted(e["done"] for e in progress)
    assert not store.pulling("tiny").exists()
    assert "maker/base@" in made.origin and made.licence == "MIT"


def test_the_licence_comes_first_and_nothing_before_it_is_accepted(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    told = Told()
    with pytest.raises(UsageError) as caught:
        pull.pull(store, "tiny", told, accept=False)
    assert caught.value.code == "licence_not_accepted" and "--accept-licence" in caught.value.remedy
    assert told.names() == ["licence"] and told.events[0]["url"] == "https://example.org/licence"
    assert hub.log == [] and not store.root.exists()


def test_where_there_is_no_half_precision_the_full_one_is_taken(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    files = hub.repos["maker/base"].files
    files[UNET] = files.pop(UNET.replace(".safetensors", ".fp16.safetensors"))
    pull.pull(store, "tiny", Told(), accept=True)
    assert (store.path("tiny") / UNET).read_bytes() == weights.pipeline()[UNET]


def test_a_second_pull_asks_for_nothing(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    made = pull.pull(store, "tiny", Told(), accept=True)
    hub.log.clear()
    assert pull.pull(store, "tiny", Told(), accept=True) == made
    assert hub.log == []


def test_a_damaged_model_is_mended_by_what_is_damaged(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    pull.pull(store, "tiny", Told(), accept=True)
    flip_bit(store.path("tiny") / UNET, 5000)
    hub.log.clear()
    pull.pull(store, "tiny", Told(), accept=True)
    assert store.verify("tiny") == []
    fetched = [path for method, path, _ in hub.log if "/cdn/" in path]
    assert [path.rpartition("/")[2] for path in fetched] == ["diffusion_pytorch_model.fp16.safetensors"]


def test_a_drop_in_the_middle_is_resumed(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    name = UNET.replace(".safetensors", ".fp16.safetensors")
    hub.drop_after[name] = [5000]
    pull.pull(store, "tiny", Told(), accept=True)
    assert hub.bodies(name) == [None, "bytes=5000-"]
    assert (store.path("tiny") / UNET).read_bytes() == weights.pipeline()[UNET]


def test_another_process_goes_on_where_one_was_killed(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    """What a killed process leaves: the verified files, and the beginning of one."""
    name = UNET.replace(".safetensors", ".fp16.safetensors")
    wanted = {w.place: w for w in pull.plan(tiny)}
    store.pulling("tiny").mkdir(parents=True)
    (store.pulling("tiny") / (wanted[UNET].content + ".part")).write_bytes(weights.pipeline()[UNET][:9000])
    pull.pull(store, "tiny", Told(), accept=True)
    assert hub.bodies(name) == ["bytes=9000-"]
    assert open_model(store.path("tiny")).revision == store.get("tiny").revision


def test_a_download_that_the_catalogue_does_not_know_goes_on_by_its_name(store: ModelStore, hub: Hub) -> None:
    """Its first attempt dies in the largest file; doctor and the desktop know only what it was called."""
    hub.add("maker/own", weights.pipeline(), "mit")
    hub.drop_after[UNET] = [5000, 0]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ModelMissing):
        patch.setattr(pull, "PAUSES_S", ())
        pull.pull(store, "maker/own@main", Told(), accept=True, id="mine")
    left = store.unfinished()["mine"]
    assert left.asked.startswith("maker/own@") and left.size_bytes > 5000
    made = pull.pull(store, "mine", Told(), accept=True)
    assert made.id == "mine" and hub.bodies(UNET)[-1] == "bytes=5000-" and store.unfinished() == {}


def test_a_server_without_ranges_sends_all_of_it_again(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    name = UNET.replace(".safetensors", ".fp16.safetensors")
    hub.drop_after[name] = [5000]
    hub.ignore_ranges = True
    pull.pull(store, "tiny", Told(), accept=True)
    assert (store.path("tiny") / UNET).read_bytes() == weights.pipeline()[UNET]


@pytest.mark.parametrize("left", [b"\0" * 9000, b"\0" * 900_000])
def test_a_wrong_beginning_is_found_and_thrown_away(store: ModelStore, tiny: Entry, left: bytes) -> None:
    wanted = {w.place: w for w in pull.plan(tiny)}
    part = store.pulling("tiny") / (wanted[UNET].content + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(left)
    refused(store, "tiny", "wrong_hash", ModelMissing)
    assert not part.exists()
    pull.pull(store, "tiny", Told(), accept=True)


@pytest.mark.parametrize("name", [UNET, "tokenizer/vocab.json"])
def test_a_wrong_hash_is_refused_and_nothing_of_it_kept(store: ModelStore, tiny: Entry, hub: Hub, name: str) -> None:
    remote = name.replace(".safetensors", ".fp16.safetensors")
    good = hub.repos["maker/base"].files[remote]
    wanted = {w.place: w for w in pull.plan(tiny)}
    hub.corrupt.add(remote)
    if name != UNET:  # small files are not sent from the other address
        hub.corrupt.clear()
        hub.repos["maker/base"].files[remote] = good.replace(b"a", b"b")
        with pytest.MonkeyPatch.context() as patch:
            plan = list(wanted.values())
            patch.setattr(pull, "plan", lambda entry: plan)
            refused(store, "tiny", "wrong_hash", ModelMissing)
    else:
        refused(store, "tiny", "wrong_hash", ModelMissing)
    assert not list(store.pulling("tiny").glob(wanted[name].content + "*"))
    hub.corrupt.clear()
    hub.repos["maker/base"].files[remote] = good
    pull.pull(store, "tiny", Told(), accept=True)
    assert not store.verify("tiny")


def test_a_full_disk_keeps_what_arrived(store: ModelStore, tiny: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = os.write, [6000]

    def full(handle: int, data: bytes) -> int:
        if len(data) > 1000:
            if left[0] < len(data):
                written = real(handle, data[: left[0]]) if left[0] else 0
                left[0] = 0
                if written:
                    return written
                raise OSError(errno.ENOSPC, "full")
            left[0] -= len(data)
        return real(handle, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        refused(store, "tiny", "disk_full", StorageError)
    kept = sum(path.stat().st_size for path in store.pulling("tiny").iterdir())
    assert kept >= 6000
    pull.pull(store, "tiny", Told(), accept=True)
    assert not store.verify("tiny")


def test_space_is_checked_before_a_byte_is_fetched(
    store: ModelStore, tiny: Entry, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfollow_daemon.models.store.SLACK", 1 << 60)
    error = refused(store, "tiny", "disk_full", StorageError)
    assert "needs" in error.message and "free" in error.message
    assert not [path for _, path, _ in hub.log if "/resolve/" in path]


def test_files_that_another_model_has_are_not_fetched_again(
    store: ModelStore, tiny: Entry, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull.pull(store, "tiny", Told(), accept=True)
    base = Entry("base", "Base", (), "", "", "", 1, tiny.sources[:1], tiny.pipeline, tiny.index[:-1])
    monkeypatch.setitem(catalogue.CATALOGUE, "base", base)
    hub.log.clear()
    pull.pull(store, "base", Told(), accept=True)
    assert not [path for _, path, _ in hub.log if path.endswith(".safetensors")]
    assert not store.verify("base") and not store.verify("tiny")


def test_where_there_is_no_hub_the_error_says_what_to_do(
    store: ModelStore, tiny: Entry, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    error = refused(store, "tiny", "hub_unreachable", ModelMissing)
    assert error.exit_status == 5 and "models import" in error.remedy
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    error = refused(store, "tiny", "offline", ModelMissing)
    assert "models import" in error.remedy


def test_what_the_owner_withdrew_or_gates(store: ModelStore, tiny: Entry, hub: Hub) -> None:
    hub.gated.add("maker/base")
    assert "hf auth login" in refused(store, "tiny", "model_gated", ModelMissing).remedy
    hub.gated.clear()
    del hub.repos["maker/depth"].files["config.json"]
    assert "models add" in refused(store, "tiny", "not_on_hub", ModelMissing).remedy
    del hub.repos["maker/base"]
    refused(store, "tiny", "not_on_hub", ModelMissing)


def test_any_repository_by_name(store: ModelStore, hub: Hub) -> None:
    files = weights.pipeline()
    commit = hub.add(
        "Some.One/My_Model", {**files, **half({UNET: weights.tensors(9)}), "model.ckpt": b"\x80\x02.", "notes.md": b"x"}
    )
    told = Told()
    made = pull.pull(store, f"Some.One/My_Model@{commit}", told, accept=True)
    assert made.id == "my_model"
    assert told.events[0]["licence"] == "apache-2.0"
    assert (store.path(made.id) / UNET).read_bytes() == weights.tensors(9)
    assert pull.pull(store, "Some.One/My_Model", Told(), accept=True, id="again").revision == made.revision


def test_a_persons_own_model_is_never_replaced(store: ModelStore, tiny: Entry, tmp_path: Path) -> None:
    mine = add_folder(store, weights.lay_out(tmp_path / "own", weights.pipeline(3)), "tiny")
    with pytest.raises(UsageError) as caught:
        pull.pull(store, "tiny", Told(), accept=True)
    assert caught.value.code == "model_exists" and store.get("tiny") == mine
    assert pull.pull(store, "tiny", Told(), accept=True, id="theirs").id == "theirs"


def test_a_repository_of_pickles_is_refused(store: ModelStore, hub: Hub) -> None:
    hub.add("a/pickled", {"config.json": b"{}", "pytorch_model.bin": b"\x80\x02."})
    refused(store, "a/pickled", "no_safetensors", ModelMissing)
    hub.add("a/disguised", {"config.json": b'{"architectures": ["X"]}', "model.safetensors": b"\x80\x02" + bytes(2000)})
    refused(store, "a/disguised", "unsafe_weights", UsageError)
    assert not store.path("disguised").exists() and not store.pulling("disguised").exists()


@pytest.mark.parametrize("name", ["../x", "a/b/c", "/etc/passwd", "a/..", "a/b@" + "x" * 9, "nobody/nothing"])
def test_names_that_are_none(store: ModelStore, hub: Hub, name: str) -> None:
    with pytest.raises((UsageError, ModelMissing)):
        pull.pull(store, name, Told(), accept=True)
    assert not store.installed()


def test_a_hub_that_names_files_outside_is_refused(store: ModelStore, tiny: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = RemoteFile("../../x.json", 2, None, "0" * 40)
    source = Source("maker/base", tiny.sources[0].revision, ("../../x.json",))
    hostile = Entry("tiny", "T", (), "", "", "", 2, (source,))
    monkeypatch.setitem(catalogue.CATALOGUE, "tiny", hostile)
    monkeypatch.setattr(
        "keyfollow_daemon.models.hub.look", lambda repo, revision: Repository(repo, revision, {bad.name: bad}, "")
    )
    refused(store, "tiny", "hub_refused", ModelMissing)
    assert not Path(store.root.parent / "x.json").exists()


def test_only_one_process_installs_a_model(store: ModelStore, tiny: Entry) -> None:
    with store.busy("tiny"):
        refused(store, "tiny", "model_busy", UsageError)
