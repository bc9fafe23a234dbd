"""The catalogue names what it can prove: pinned commits, safetensors only, layouts that open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from keyfollow.errors import UsageError
from keyfollow_daemon.models import catalogue
from keyfollow_daemon.models.catalogue import ENTRIES, Entry, Source, entry, index_of, models_for
from keyfollow_daemon.models.folder import CONFIGS, check_files, is_part, layout
from keyfollow_daemon.models.manifest import is_id, is_inside
from keyfollow_testkit import weights


@pytest.mark.parametrize("e", ENTRIES, ids=lambda e: e.id)
def test_an_entry_is_complete(e: Entry) -> None:
    assert is_id(e.id) and e.title and e.engines and e.good_for and e.licence and e.licence_url.startswith("https://")
    assert e.size_bytes > 10_000_000
    for source in e.sources:
        assert re.fullmatch(r"[0-9a-f]{40}", source.revision), "pinned"
        for file in source.files:
            assert is_part(source.place(file)) and is_inside(source.place(file))
            assert ".fp16" not in source.place(file)
    places = [source.place(file) for source in e.sources for file in source.files]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("e", ENTRIES, ids=lambda e: e.id)
def test_what_it_puts_together_is_a_model(e: Entry, tmp_path: Path) -> None:
    """Its files, as stand-ins, make a folder that opens with exactly the components it names."""
    files = {}
    for source in e.sources:
        for file in source.files:
            place = source.place(file)
            files[place] = weights.tensors() if place.endswith(".safetensors") else b'{"architectures": ["X"]}'
    weights.lay_out(tmp_path, files)
    if e.pipeline:
        import json

        (tmp_path / "model_index.json").write_text(json.dumps(index_of(e.index, e.pipeline)))
    pipeline, components = layout(tmp_path, check_files(tmp_path))
    assert pipeline == e.pipeline
    assert list(components) == ([name for name, _, _ in e.index] or [""])
    for component in components.values():
        assert any((component.path / name).is_file() for name in (*CONFIGS, "vocab.json"))
        networks = ("Model", "AutoencoderKL", "AutoencoderKLTemporalDecoder", "Projection", "Estimation")
        assert bool(component.weights) == (component.cls.endswith(networks) or component.name == "")


def test_halves_get_plain_names() -> None:
    source = Source("a/b", "0" * 40, (), "controlnet")
    assert source.place("x.fp16.safetensors") == "controlnet/x.safetensors"
    assert source.place("config.json") == "controlnet/config.json"
    assert Source("a/b", "0" * 40, ()).place("unet/x.fp16.safetensors") == "unet/x.safetensors"


def test_every_engine_has_something_and_the_order_is_kept() -> None:
    assert [e.id for e in models_for("pix2video")] == ["sd15-depth", "sdxl-depth"]
    assert all(models_for(use) for use in ("vid2vid_zero", "i2vedit", "depth", "caption", "metrics"))
    assert models_for("patch") == ()


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        entry("sd99")
    assert "sd15-depth" in caught.value.remedy and "models add" in caught.value.remedy
    assert entry("sd15") is catalogue.CATALOGUE["sd15"]
