"""The documentation is true: it builds without a warning, its links lead somewhere, and what it tells to type runs, or says why not here.

A block of commands that no test can run has a line above it: ``<!-- not run: WHY; tests/or/installers/that.py does -->``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main
from keyfollow.cli.app import app
from keyfollow_testkit import clips, weights
from keyfollow_testkit.daemons import home

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"^(?:<!-- not run: ([^\n]*) -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"\s*(?:sudo |\./|(?:keyfollow|keyfollowd|keyfollow-desktop|make|pip|python3?|apt|tar|systemctl|bash|sh) )")
"""How a line begins that is to be typed."""
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


class Block(NamedTuple):
    """A fenced block; `why` says why it is not run."""

    why: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(page.read_text())]


def prose(page: Path) -> str:
    return BLOCK.sub("", page.read_text())


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every call of `keyfollow`, in blocks and in sentences."""
    lines = "".join(block.text for block in blocks(page) if block.language == "sh").replace("\\\n", " ").splitlines()
    for line in (*lines, *re.findall(r"`(keyfollow [^`]*)`", prose(page).replace("\n", " "))):
        if line.startswith("keyfollow "):
            yield shlex.split(line.partition(" #")[0].replace("…", " ").replace("'", ""))[1:]


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0 and "WARNING" not in built.stderr, built.stderr
    made = {page: (tmp_path / f"site/{page}.html").read_text() for page in ("engines/i2vedit", "models", "sdk")}
    assert "<code>training_steps</code>" in made["engines/i2vedit"] and "<code>svd-xt</code>" in made["models"]
    assert "propagate_each(" in made["sdk"], "tools/site.py takes them from the source"


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            place = (page.parent / file).resolve() if file else page
            assert place.exists(), f"{page.name}: {target}"
            if anchor and place.suffix == ".md":
                heads = re.findall(r"^#+ (.*)$", place.read_text(), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in heads}, target


@each_page
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


@each_page
def test_what_is_to_be_typed_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks(page):
        assert block.language in ("sh", "python") or not any(map(TYPED.match, block.text.splitlines())), block.text
        for file in re.findall(r"[\w/.-]+\.(?:py|sh)\b", block.why):
            assert (ROOT / file).is_file(), f"{page.name}: {file}"
    assert page.read_text().count("<!-- not run") == sum(bool(block.why) for block in blocks(page)), (
        "each above a block, with a reason"
    )
    indented = [line for line in prose(page).splitlines() if line.startswith("    ") and TYPED.match(line)]
    assert indented == [], "commands go into ```sh"


@each_page
def test_targets_and_programs_that_sentences_name_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = prose(page).replace("\n", " ")
    for words in re.findall(r"`make ([^`]*)`", text):
        assert {w for w in words.split() if "=" not in w} <= targets, words
    for file in re.findall(r"`(?:python|bash) ([\w/]+\.(?:py|sh))", text):
        assert (ROOT / file).is_file(), file


def test_every_command_is_run_by_a_test() -> None:
    text = "".join(file.read_text() for file in (ROOT / "tests/shared/cli").glob("*.py"))
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        for words in [[name, below] for below in getattr(command, "commands", ())] or [[name]]:
            assert ", ".join(f'"{word}"' for word in words) in text, f"keyfollow {shlex.join(words)}"


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_page
def test_blocks_run_as_they_stand(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a page's, in one folder, from top to bottom. What it tells to do by hand (editing a frame) is done between them."""
    typed = [block for block in blocks(page) if block.language in ("sh", "python") and not block.why]
    frames = clips.moving_patch(30)
    clips.write_clip(tmp_path / "shot.mp4", frames)
    for name, number in (("first", 0), ("frame24", 24), ("later", 28)):
        clips.write_png(tmp_path / f"{name}.png", clips.recoloured(frames[number], clips.patch_mask(number)))
    clips.write_png(tmp_path / "mask.png", clips.patch_mask(0).astype("uint8")[..., None].repeat(3, 2) * 255)
    weights.lay_out(tmp_path / "my-model", weights.pipeline())
    with home(tmp_path / "home", monkeypatch):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for block in typed:
            if "keyfollow frame " in block.text:
                (tmp_path / "frame24.png").unlink()
            line = ["bash", "-ec", block.text] if block.language == "sh" else [sys.executable, "-c", block.text]
            told = subprocess.run(
                line, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=600, check=False
            )
            assert told.returncode == 0, block.text + told.stdout + told.stderr
            if "keyfollow frame " in block.text:
                edited = clips.recoloured(clips.read_png(tmp_path / "frame24.png"), clips.patch_mask(24))
                clips.write_png(tmp_path / "frame24.png", edited)
        for output in re.findall(r"--output (\S+)", "".join(block.text for block in typed)):
            assert (tmp_path / output).exists(), output
