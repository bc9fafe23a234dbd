"""The documentation is true: it builds without a warning, its links lead somewhere, its commands exist, and those of its examples run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from keyfollow.cli import main
from keyfollow.cli.app import app
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import home

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
]
WORKED = ("index", "commands")
"""Pages whose ```sh blocks are worked through, in this order, in one folder."""
ELSEWHERE = {"demo": "tests/shared/cli/test_demo.py", "doctor": "tests/shared/cli/test_doctor.py"}
"""Commands that take long, and the tests that run them."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every line that calls `keyfollow` and could be typed as it stands."""
    fenced = "".join(blocks(page, "sh"))
    indented = "".join(re.findall(r"^ {4}(keyfollow (?:.*\\\n)*.*\n)", page.read_text(), re.MULTILINE))
    for line in (fenced + indented).replace("\\\n", " ").splitlines():
        if line.startswith("keyfollow "):
            yield shlex.split(line.partition(" #")[0].replace("…", " ").replace("'", ""))[1:]


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0 and "WARNING" not in built.stderr, built.stderr
    assert (tmp_path / "site/engines/patch.html").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            place = (page.parent / file).resolve() if file else page
            assert place.exists(), f"{page.name}: {target}"
            if anchor and place.suffix == ".md":
                heads = re.findall(r"^#+ (.*)$", place.read_text(), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in heads}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists_with_its_options(page: Path) -> None:
    for words in commands(page):
        command: Any = typer.main.get_command(app)
        rest = list(words)
        while hasattr(command, "commands") and rest:
            name = rest.pop(0)
            assert name in command.commands, f"{page.name}: keyfollow {shlex.join(words)}"
            command = command.commands[name]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for word in rest:
            option = word.strip("[]").partition("=")[0]
            assert not re.match(r"--?[a-z]", option) or option in known, f"{page.name}: keyfollow {shlex.join(words)}"


@pytest.mark.long
def test_the_examples_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the pages tell to do by hand (editing a frame) is done between the commands."""
    frames = clips.moving_patch(30)
    clips.write_clip(tmp_path / "shot.mp4", frames)
    clips.write_png(tmp_path / "first.png", clips.recoloured(frames[0], clips.patch_mask(0)))
    clips.write_png(tmp_path / "later.png", clips.recoloured(frames[28], clips.patch_mask(28)))
    clips.write_png(tmp_path / "mask.png", clips.patch_mask(0).astype("uint8")[..., None].repeat(3, 2) * 255)
    monkeypatch.chdir(tmp_path)
    with home(tmp_path / "home", monkeypatch):
        for page in WORKED:
            for words in commands(ROOT / f"docs/{page}.md"):
                if words[0] in ELSEWHERE:
                    assert (ROOT / ELSEWHERE[words[0]]).is_file()
                    continue
                assert main(words) == 0, words
                if words[0] == "frame":
                    edited = clips.recoloured(clips.read_png(tmp_path / "frame24.png"), clips.patch_mask(24))
                    clips.write_png(tmp_path / "frame24.png", edited)
        for page in ("index", "sdk"):
            for code in blocks(ROOT / f"docs/{page}.md", "python"):
                done = subprocess.run(
                    [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, timeout=120, check=False
                )
                assert done.returncode == 0, code + done.stderr
    assert {"draft.mp4", "result.mov", "frames"} <= {path.name for path in tmp_path.iterdir()}
