"""Every import contract of pyproject.toml is seen to fail on a violation planted in a copy of the packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "daemon", "desktop_app", "blender_addon")
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
NAMES = {contract["id"]: contract["name"] for contract in CONTRACTS}

# contract id -> (file, line to append): each must break this contract and no other
PLANTS: dict[str, list[tuple[str, str]]] = {
    "shared-alone": [
        ("shared/keyfollow/deltas.py", "import cv2"),
        ("shared/keyfollow/cli/__init__.py", "import torch"),
        ("shared/keyfollow/cli/__init__.py", "def f() -> None:\n    import keyfollow_daemon"),
    ],
    "shared-layers": [
        ("shared/keyfollow/deltas.py", "from .media import info"),
        ("shared/keyfollow/media/prepare.py", "from .. import cli"),
        ("shared/keyfollow/deltas.py", "from . import checks"),
        ("shared/keyfollow/unplaced.py", '"""A module that no layer names."""'),
    ],
    "programs-apart": [
        ("desktop_app/keyfollow_desktop/__init__.py", "import keyfollow_daemon"),
        ("blender_addon/keyfollow_blender/__init__.py", "import keyfollow_desktop"),
        ("daemon/keyfollow_daemon/cli.py", "from keyfollow_blender import plan"),
    ],
    "one-direction": [
        ("daemon/keyfollow_daemon/media/__init__.py", "import keyfollow_daemon.cache"),
        ("daemon/keyfollow_daemon/executors/__init__.py", "import keyfollow_daemon.takes"),
        ("daemon/keyfollow_daemon/unplaced.py", '"""A module that no layer names."""'),
    ],
    "desktop-layers": [
        ("desktop_app/keyfollow_desktop/unplaced.py", '"""A module that no layer names."""'),
    ],
    "desktop-model-offline": [
        ("desktop_app/keyfollow_desktop/model/history.py", "from keyfollow.client import Client"),
    ],
    "engines-alone": [
        ("daemon/keyfollow_daemon/engines/base.py", "import socket"),
        ("daemon/keyfollow_daemon/engines/base.py", "from keyfollow import wire"),
        ("daemon/keyfollow_daemon/engines/base.py", "from keyfollow.client import connect"),
    ],
    "info-light": [
        ("daemon/keyfollow_daemon/engines/pix2video/info.py", "import torch"),
        ("daemon/keyfollow_daemon/engines/pix2video/info.py", "from diffusers import DDIMScheduler"),
        ("daemon/keyfollow_daemon/engines/vid2vid_zero/info.py", "import torch"),
        ("daemon/keyfollow_daemon/engines/i2vedit/info.py", "import torch"),
    ],
    "toolbox-below-engines": [
        ("daemon/keyfollow_daemon/engines/diffusion/ddim.py", "from keyfollow_daemon.engines.pix2video import options"),
        ("daemon/keyfollow_daemon/engines/diffusion/vae.py", "import keyfollow_daemon.engines.registry"),
        ("daemon/keyfollow_daemon/engines/diffusion/text.py", "from keyfollow_daemon.engines.vid2vid_zero import options"),
    ],
    "torch-home": [
        ("daemon/keyfollow_daemon/executors/base.py", "import torch"),
        ("daemon/keyfollow_daemon/jobs/task.py", "def f() -> None:\n    import diffusers"),
    ],
    "clients-light": [
        ("desktop_app/keyfollow_desktop/app.py", "import torch"),
        ("blender_addon/keyfollow_blender/__init__.py", "import transformers"),
    ],
    "zmq-home": [
        ("daemon/keyfollow_daemon/cli.py", "import zmq"),
        ("desktop_app/keyfollow_desktop/bridge.py", "from zmq import Context"),
    ],
    "sqlite-home": [
        ("daemon/keyfollow_daemon/transport/__init__.py", "import sqlite3"),
        ("daemon/keyfollow_daemon/jobs/__init__.py", "import sqlite3"),
    ],
    "av-home": [
        ("daemon/keyfollow_daemon/media/__init__.py", "import av"),
        ("desktop_app/keyfollow_desktop/app.py", "import av.container"),
    ],
    "hub-home": [
        ("daemon/keyfollow_daemon/models/store.py", "import huggingface_hub"),
        ("desktop_app/keyfollow_desktop/app.py", "from huggingface_hub import HfApi"),
    ],
    "qt-home": [
        ("desktop_app/keyfollow_desktop/model/timeline.py", "from PySide6 import QtCore"),
        ("daemon/keyfollow_daemon/cli.py", "import PySide6"),
    ],
    "bpy-home": [
        ("daemon/keyfollow_daemon/cli.py", "import bpy"),
        ("desktop_app/keyfollow_desktop/app.py", "import bpy"),
    ],
    "addon-vendored": [
        ("blender_addon/keyfollow_blender/bridge.py", "from keyfollow.media import info"),
        ("blender_addon/keyfollow_blender/panels.py", "import cv2"),
        ("blender_addon/keyfollow_blender/panels.py", "from keyfollow import client"),
    ],
}

# what the rules allow, planted all together
ALLOWED = [
    ("daemon/keyfollow_daemon/transport/sockets.py", "import zmq"),
    ("daemon/keyfollow_daemon/engines/pix2video/engine.py", "import torch"),
    (
        "daemon/keyfollow_daemon/engines/pix2video/info.py",
        "def load() -> None:\n    from keyfollow_daemon.engines.pix2video import engine",
    ),
    ("shared/keyfollow/media/decode.py", "import av"),
    ("desktop_app/keyfollow_desktop/ui/window.py", "from PySide6 import QtWidgets"),
    ("desktop_app/keyfollow_desktop/bridge.py", "from PySide6 import QtCore"),
    ("blender_addon/keyfollow_blender/bridge.py", "import zmq"),
    ("blender_addon/keyfollow_blender/panels.py", "import bpy"),
]


@pytest.fixture(scope="module")
def clean_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("clean")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__", "_vendor"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


@pytest.fixture
def tree(clean_tree: Path, tmp_path: Path) -> Path:
    return shutil.copytree(clean_tree, tmp_path / "tree")


def plant(tree: Path, file: str, line: str) -> None:
    """Append `line` to `file`, making it, and the packages it lies in, where they are missing."""
    path = tree / file
    package = path.parent
    package.mkdir(parents=True, exist_ok=True)
    while package.parent.name not in FOLDERS:
        (package / "__init__.py").touch()
        package = package.parent
    with path.open("a") as out:
        out.write(f"\n{line}\n")


def broken_contracts(tree: Path) -> list[str]:
    paths = os.pathsep.join(str(tree / folder) for folder in FOLDERS)
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--config", "pyproject.toml", "--no-cache", "--no-logo"],
        cwd=tree,
        env={"PYTHONPATH": paths, "COLUMNS": "200", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    broken = re.findall(r"^(.+) BROKEN", run.stdout, re.MULTILINE)
    assert (run.returncode != 0) == bool(broken), run.stdout + run.stderr
    return broken


def test_every_contract_is_planted() -> None:
    assert len(NAMES) == len(CONTRACTS), "two contracts share an id"
    assert PLANTS.keys() == NAMES.keys(), "each contract needs a planted violation here, and each plant a contract"


@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [pytest.param(c, f, line, id=f"{c}-{n}") for c, plants in PLANTS.items() for n, (f, line) in enumerate(plants)],
)
def test_a_planted_import_breaks_exactly_its_contract(tree: Path, contract: str, file: str, line: str) -> None:
    plant(tree, file, line)
    assert broken_contracts(tree) == [NAMES[contract]]


def test_what_the_rules_allow_breaks_nothing(tree: Path) -> None:
    for file, line in ALLOWED:
        plant(tree, file, line)
    assert broken_contracts(tree) == []
