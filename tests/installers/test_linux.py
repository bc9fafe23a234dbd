"""What `make deb` and `make tarball` are made of. A whole .deb is tried by `installers/linux/verify_deb.sh`, in a clean Debian."""

from __future__ import annotations

import configparser
import ensurepip
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import typer.main
from keyfollow.cli.app import app
from keyfollow_testkit.wheels import wheel

ROOT = Path(__file__).parents[2]
LINUX = ROOT / "installers/linux"
ID = "io.keyfollow.Keyfollow"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux")


def read_ini(path: Path) -> configparser.ConfigParser:
    made = configparser.ConfigParser(interpolation=None, strict=True, delimiters=("=",))
    made.optionxform = str  # type: ignore[assignment, method-assign]
    made.read(path)
    return made


@pytest.mark.parametrize(
    "script", sorted(path.name for path in LINUX.iterdir() if path.is_file() and path.read_bytes()[:2] == b"#!")
)
def test_scripts_are_sound(script: str) -> None:
    assert subprocess.run(["bash", "-n", str(LINUX / script)], check=False).returncode == 0


def test_the_desktop_entry() -> None:
    entry = read_ini(LINUX / f"{ID}.desktop")["Desktop Entry"]
    assert entry["Icon"] == entry["StartupWMClass"] == ID and entry["Categories"] == "AudioVideo;Video;AudioVideoEditing;"
    (kind,) = ET.parse(LINUX / f"{ID}.mime.xml").getroot()
    assert entry["MimeType"] == f"{kind.get('type')};"
    patterns = [glob.get("pattern") for glob in kind.iter("{http://www.freedesktop.org/standards/shared-mime-info}glob")]
    assert patterns == ["project.otio"], "desktop_app's model/project_file.py calls it that"
    if validate := shutil.which("desktop-file-validate"):
        assert subprocess.run([validate, str(LINUX / f"{ID}.desktop")], check=False).returncode == 0


def test_the_metainfo(tmp_path: Path) -> None:
    text = (LINUX / f"{ID}.metainfo.xml").read_text().replace("@VERSION@", "0.1.0").replace("@DATE@", "2026-11-21")
    (tmp_path / f"{ID}.metainfo.xml").write_text(text)
    assert ET.fromstring(text).findtext("id") == ID
    if validate := shutil.which("appstreamcli"):
        line = [validate, "validate", "--no-net", str(tmp_path / f"{ID}.metainfo.xml")]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_unit_keeps_the_daemon_in_bounds() -> None:
    unit = read_ini(LINUX / "keyfollowd.service")["Service"]
    assert unit["Type"] == "notify" and int(unit["WatchdogSec"]) >= 10
    assert unit["NoNewPrivileges"] == "yes" and unit["UMask"] == "0077"


def test_the_maintainer_is_said_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (author,) = project["authors"]
    script = (LINUX / "build_deb.sh").read_text()
    assert 'project["authors"][0]' in script and author["email"] not in script
    assert not [file for file in LINUX.rglob("*") if file.is_file() and b"example.org" in file.read_bytes()]


@pytest.fixture(scope="module")
def manuals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("man")
    subprocess.run([sys.executable, str(LINUX / "manuals.py"), str(folder)], check=True, timeout=60)
    return {page.stem: page.read_text() for page in folder.iterdir()}


def test_keyfollows_manual_has_every_command_and_option(manuals: dict[str, str]) -> None:
    def look(command: Any, called: str) -> None:
        for name, child in getattr(command, "commands", {}).items():
            look(child, f"{called} {name}")
        if not getattr(command, "commands", {}):
            found = re.search(rf'^\.SS "{called}[ "].*?(?=^\.S)', page, re.MULTILINE | re.DOTALL)
            assert found is not None, called
            for parameter in command.params:
                for option in {*parameter.opts} - {"--json", "--help"} if parameter.param_type_name == "option" else ():
                    assert option in found[0].replace("\\-", "-"), f"{called} {option}"

    page = manuals["keyfollow"]
    look(typer.main.get_command(app), "keyfollow")


@pytest.mark.parametrize(
    ("program", "module"), [("keyfollowd", "keyfollow_daemon"), ("keyfollow-desktop", "keyfollow_desktop")]
)
def test_manuals_have_every_option_of_the_other_programs(manuals: dict[str, str], program: str, module: str) -> None:
    told = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, timeout=60, check=True)
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", told.stdout))
    assert options and {option for option in options if option not in manuals[program].replace("\\-", "-")} == set()


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not here")
def test_manuals_are_sound(manuals: dict[str, str], tmp_path: Path) -> None:
    for name, text in manuals.items():
        (tmp_path / f"{name}.1").write_text(text)
        line = ["man", "--warnings", "-l", str(tmp_path / f"{name}.1")]
        environment = {**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80"}
        assert subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stderr == ""


def tarball(folder: Path, version: str, status: int = 0) -> Path:
    """An unpacked archive whose Keyfollow says its version, or ends with `status`."""
    house = folder / "wheels"
    house.mkdir(parents=True)
    run = f"sys.exit({status})" if status else f"print('keyfollow {version}')"
    # Debian keeps ensurepip's wheels in a place of its own
    places = (Path(ensurepip.__file__).parent / "_bundled", Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or os.devnull))
    pip = next((found for place in places for found in place.glob("pip-*.whl")), None)
    if pip is None:
        pytest.skip("this Python comes without a pip to install")
    shutil.copy(pip, house)
    programs = "".join(f"{name} = keyfollow_tiny:main\n" for name in ("keyfollow", "keyfollowd", "keyfollow-desktop"))
    wheel(
        house,
        "keyfollow",
        version,
        {
            "keyfollow_tiny.py": f"import sys\ndef main():\n    {run}\n",
            f"keyfollow-{version}.dist-info/entry_points.txt": f"[console_scripts]\n{programs}",
        },
    )
    shutil.copy(LINUX / "install.sh", folder)
    shutil.copytree(LINUX / "man", folder / "share/man")
    for name in (f"{ID}.desktop", f"{ID}.mime.xml", f"{ID}.metainfo.xml"):
        shutil.copy(LINUX / name, folder / "share")
    shutil.copy(ROOT / "installers/icons/keyfollow.svg", folder / f"share/{ID}.svg")
    return folder / "install.sh"


def test_the_tarball_installs_upgrades_rolls_back_and_goes(tmp_path: Path) -> None:
    person = tmp_path / "person with a blank"
    environment = {"PATH": os.environ["PATH"], "HOME": str(person), "KEYFOLLOW_PYTHON": sys.executable}
    person.mkdir()

    def run(*line: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*map(str, line)], env=environment, capture_output=True, text=True, timeout=120, check=False)

    program = person / ".local/bin/keyfollow"
    done = run(tarball(tmp_path / "one", "1.0"))
    assert done.returncode == 0 and "is not on your PATH" in done.stdout, done.stderr
    assert run(program, "--version").stdout == "keyfollow 1.0\n"
    assert list((person / ".local/opt/keyfollow/share/keyfollow/wheels").glob("keyfollow-1.0-*.whl")), "for keyfollow setup"
    assert (person / ".local/share/man/man1/keyfollow.1").is_file()
    entry = read_ini(person / f".local/share/applications/{ID}.desktop")["Desktop Entry"]
    assert Path(entry["Exec"].split('"')[1]).exists()

    done = run(tarball(tmp_path / "bad", "2.0", status=7))
    assert done.returncode == 1 and "Nothing was changed" in done.stderr
    assert run(program, "--version").stdout == "keyfollow 1.0\n"

    installer = tarball(tmp_path / "three", "3.0")
    assert run(installer).returncode == 0 and run(program, "--version").stdout == "keyfollow 3.0\n"
    (person / "Mine.kfproj").mkdir()
    assert run(installer, "--uninstall").returncode == 0
    assert [path for path in person.rglob("*") if "keyfollow" in path.name.lower()] == []
    assert (person / "Mine.kfproj").is_dir()


def test_a_damaged_archive_is_not_installed(tmp_path: Path) -> None:
    installer = tarball(tmp_path / "one", "1.0")
    (tmp_path / "one/SHA256SUMS").write_text(f"{'0' * 64}  ./install.sh\n")
    done = subprocess.run(
        [str(installer)], env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "damaged" in done.stderr and not (tmp_path / ".local/opt/keyfollow").exists()
