"""What can be said here of installers that only their own system can build: they are well formed, and name what there is."""

from __future__ import annotations

import plistlib
import re
import shutil
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WINDOWS, MACOS = ROOT / "installers/windows", ROOT / "installers/macos"
SECTIONS = {"Setup", "Tasks", "Files", "Icons", "Registry", "Run", "UninstallRun", "UninstallDelete", "Code"}
SUFFIX = "kfproj"


def runnable(module: str) -> bool:
    return find_spec(f"{module}.__main__") is not None


def code(text: str) -> str:
    """PowerShell without its comments and the text of its strings."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return re.sub(r'"(?:`.|[^"`])*"|\'[^\']*\'', "", text)


def test_inno_setups_script_is_well_formed() -> None:
    text = (WINDOWS / "keyfollow.iss").read_text()
    assert set(re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)) == SECTIONS
    tasks = set(re.findall(r"^Name: (\w+); Description", text, re.MULTILINE))
    assert set(re.findall(r"Tasks: (\w+)", text)) <= tasks
    for line in text.partition("[Tasks]")[2].partition("[Code]")[0].splitlines():
        if line and not line.startswith((";", "[")):
            values = re.sub(r'"(?:""|[^"])*"', "x", line)
            assert '"' not in values and all(re.fullmatch(r"\s*\w+: [^:]+", part) for part in values.split(";")), line


def test_inno_setups_script_names_what_there_is() -> None:
    text = (WINDOWS / "keyfollow.iss").read_text()
    for file in re.findall(r"^(?:LicenseFile|InfoBeforeFile)=(.*)$", text, re.MULTILINE):
        assert (WINDOWS / file.replace("\\", "/")).resolve().is_file(), file
    modules = set(re.findall(r"-m (\w+)", text))
    assert modules == {"keyfollow_desktop"} and all(map(runnable, modules))
    assert f"Software\\Classes\\.{SUFFIX}" in text and "PrivilegesRequired=lowest" in text


def test_the_windows_build() -> None:
    text = (WINDOWS / "build.ps1").read_text()
    bare = code(text)
    assert all(bare.count(left) == bare.count(right) for left, right in ("{}", "()", "[]")) and '"' not in bare
    for name in ("keyfollow.cli", "keyfollow_daemon", "keyfollow_desktop"):
        assert name in text and runnable(name)
    for path in re.findall(r"installers\\[\w\\.]+|docs\\[\w.-]+", text):
        assert (ROOT / path.replace("\\", "/")).exists(), path
    if shell := shutil.which("pwsh"):
        parse = "$e=$null;[void][Management.Automation.Language.Parser]::ParseFile($args[0],[ref]$null,[ref]$e);exit $e.Count"
        assert subprocess.run([shell, "-c", parse, str(WINDOWS / "build.ps1")], check=False).returncode == 0


def test_the_mac_bundle_says_what_it_is() -> None:
    info = plistlib.loads((MACOS / "Info.plist").read_bytes())
    (declared,), (opened,) = info["UTExportedTypeDeclarations"], info["CFBundleDocumentTypes"]
    assert declared["UTTypeTagSpecification"]["public.filename-extension"] == [SUFFIX]
    assert opened["LSItemContentTypes"] == [declared["UTTypeIdentifier"]] and opened["LSTypeIsPackage"] is True
    assert declared["UTTypeConformsTo"] == ["com.apple.package"], "a project is a folder"
    script = (MACOS / "build.sh").read_text()
    assert f"{info['CFBundleExecutable']}:" in script and f"{info['CFBundleIconFile']}.icns" in script
    assert set(plistlib.loads((MACOS / "entitlements.plist").read_bytes()).values()) == {True}


def test_the_mac_build() -> None:
    script = MACOS / "build.sh"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    pairs = re.search(r"for pair in ([^;]+);", script.read_text())
    assert pairs is not None and all(runnable(pair.partition(":")[2]) for pair in pairs[1].split())
    for path in re.findall(r"\b(?:installers|docs)/[\w/.-]+", script.read_text()):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", ["keyfollow.ico", "keyfollow.iconset"])
def test_icons_are_rendered(tmp_path: Path, name: str) -> None:
    pytest.importorskip("PySide6")
    subprocess.run([sys.executable, str(ROOT / "installers/icons/render.py"), str(tmp_path / name)], check=True, timeout=60)
    if name.endswith(".ico"):
        data = (tmp_path / name).read_bytes()
        _, kind, count = struct.unpack_from("<HHH", data)
        entries = [struct.unpack_from("<BBBBHHII", data, 6 + 16 * n) for n in range(count)]
        assert kind == 1 and {entry[0] or 256 for entry in entries} == {16, 24, 32, 48, 64, 128, 256}
        assert all(data[entry[7] :].startswith(b"\x89PNG") for entry in entries) and entries[-1][7] + entries[-1][6] == len(
            data
        )
    else:
        assert len(list((tmp_path / name).glob("*.png"))) == 10
