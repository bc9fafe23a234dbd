"""Pages of the documentation get settings, models and reference from the source."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from keyfollow_daemon.engines import registry
from keyfollow_daemon.models.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("site_hook", ROOT / "tools/site.py")
assert spec is not None and spec.loader is not None
site = importlib.util.module_from_spec(spec)
spec.loader.exec_module(site)


@pytest.mark.parametrize("engine", sorted(registry.engines()))
def test_every_engines_page_has_its_settings(engine: str) -> None:
    page = (ROOT / f"docs/engines/{engine}.md").read_text()
    made = site.on_page_markdown(page)
    assert made != page
    for setting in registry.engines()[engine].settings:
        assert f"| `{setting.name}` | {setting.default} | " in made


def test_the_models_with_their_licences() -> None:
    made = site.on_page_markdown("before\n\n<!-- catalogue -->\n")
    assert made.startswith("before\n\n| model |")
    for model in CATALOGUE.values():
        assert f"| `{model.id}` | " in made and f"[{model.licence}]({model.licence_url})" in made


def test_a_reference_has_signatures_and_sections() -> None:
    made = site.reference("keyfollow.client:connect")
    assert made.startswith("**`connect(*, start=True, name='python')`**\n\nConnect to")
    assert (
        "\nArgs:\n\n- start: start a daemon when none runs.\n- name:" in made
        and "Raises:\n\n- DaemonError: `no_daemon`" in made
    )


def test_of_a_class_the_public_members_or_those_that_are_named() -> None:
    assert "**`cancel(id)`**" in site.reference("keyfollow.resources:Jobs") and "_act" not in site.reference(
        "keyfollow.resources:Jobs"
    )
    named = site.reference("keyfollow.client:Client estimate")
    assert "**`estimate(source, **edit)`**" in named and "propagate(" not in named
    assert "**`confidence`**\n\n0…1" in site.reference("keyfollow.run:EditedFrame confidence")
