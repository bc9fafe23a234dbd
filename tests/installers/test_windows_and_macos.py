"""What can be said here of installers that only their own system can build: they are well formed, and name what there is."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import keyfollow
import pytest
from keyfollow_testkit.wheels import wheel

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
    assert f'System.FileName:""*.{SUFFIX}""' in text and "PrivilegesRequired=lowest" in text


def test_windows_dry_run_all_that_the_installer_names_is_built() -> None:
    """The file list: what build.ps1 puts below its root, and what keyfollow.iss takes from there and says of it."""
    setup, build = (WINDOWS / "keyfollow.iss").read_text(), (WINDOWS / "build.ps1").read_text()
    built = {f"bin\\{name}.cmd" for name in re.findall(r'@\("([\w-]+)", "\w+"\)', build)}
    assert built == {"bin\\keyfollow.cmd", "bin\\keyfollowd.cmd", "bin\\keyfollow-desktop.cmd"}
    built |= {"bin", *(f"python\\{name}.exe" for name in ("python", "pythonw"))}  # NuGet's package of Python
    built |= set(re.findall(r'render.py", "\$root\\([\w.]+)"', build))
    (copied,) = re.findall(r"^Copy-Item (LICENSE.*) \$root$", build, re.MULTILINE)
    for file in copied.split(", "):
        assert (ROOT / file.replace("\\", "/")).is_file(), file
    assert re.findall(r'^Source: "([^"]+)"; DestDir: "([^"]+)"', setup, re.MULTILINE) == [("{#Source}\\*", "{app}")]
    named = set(re.findall(r"\{app\}\\([\w.\\-]+)", setup)) | set(re.findall(r"\{#Source\}\\([\w.]+)", setup))
    assert named and named <= built, named - built


def test_windows_versions_and_names_agree() -> None:
    setup, build = (WINDOWS / "keyfollow.iss").read_text(), (WINDOWS / "build.ps1").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == keyfollow.__version__ and project["version"] not in code(build)
    # the one source of the version, and the only definitions that the script is given
    assert "open('pyproject.toml', 'rb'))['project']['version']" in build and "AppVersion={#Version}" in setup
    assert set(re.findall(r'"/D(\w+)=', build)) == set(re.findall(r"\{#(\w+)\}", setup)) == {"Version", "Source"}
    (output,) = re.findall(r"^OutputBaseFilename=(.*)$", setup, re.MULTILINE)
    assert f"dist\\{output.replace('{#Version}', '$version')}.exe" in build, "what is signed is what was made"
    (python,) = re.findall(r'\[string\]\$Python = "([\d.]+)"', build)
    least = project["requires-python"].removeprefix(">=").split(".")
    assert [int(n) for n in python.split(".")][:2] >= [int(n) for n in least]


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


PYTHON = """#!/bin/sh
# python.org's interpreter, as far as the script can tell: pip only unpacks what it is given
here=$(cd "$(dirname "$0")/.." && pwd)
case "$*" in
    "-m pip wheel"*) cp "$WHEEL" "$6" ;;
    "-m pip install"*) "$REAL" -m zipfile -e "$WHEEL" "$7" ; mkdir "$7/zmq"; : >"$7/zmq/libzmq.5.dylib" ;;
    *) PYTHONPATH=$here/lib/python3.12/site-packages exec "$REAL" "$@" ;;
esac
"""
TOOLS = {
    "install_name_tool": "",
    "plutil": "",
    "iconutil": 'test -f "$3/icon_512x512@2x.png" && : >"$5"',
    "file": 'case "$2" in *.dylib) echo Mach-O 64-bit ;; *) echo text ;; esac',
    "codesign": 'for last; do :; done; echo "$1 $last" >>"$LOG"',
    "hdiutil": 'ls "$5" >"$LOG.image"; for last; do :; done; : >"$last"',
    "xcrun": 'echo "xcrun $1" >>"$LOG"',
}
"""Apple's tools, as far as the script needs them."""


@pytest.mark.skipif(sys.platform != "linux", reason="stands in for a Mac")
def test_mac_dry_run_the_bundle_holds_what_it_says(tmp_path: Path) -> None:
    """The whole script runs, with tools of the test's own; only what they would have done to files is missing."""
    pytest.importorskip("PySide6")
    for path in ("installers/macos", "installers/icons"):
        shutil.copytree(ROOT / path, tmp_path / path)
    (tmp_path / "docs").mkdir()
    for path in ("LICENSE", "NOTICE", "pyproject.toml", "docs/third-party.md"):
        shutil.copy(ROOT / path, tmp_path / path)
    framework = tmp_path / "Python.framework/Versions/3.12"
    for folder in (
        "bin",
        "lib/python3.12/site-packages/left-over",
        "lib/python3.12/test",
        "Resources/Python.app/Contents/MacOS",
    ):
        (framework / folder).mkdir(parents=True)
    tools = {tmp_path / f"tools/{name}": f"#!/bin/sh\n{text}\n" for name, text in TOOLS.items()}
    for place, text in {framework / "bin/python3": PYTHON, framework / "bin/python3.12": PYTHON, **tools}.items():
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
    answer = f"import sys; print('this is', {keyfollow.__version__!r}, sys.argv[1:])\n"
    packages = ("keyfollow/cli", "keyfollow_daemon", "keyfollow_desktop")
    modules = {f"{name}/__main__.py": answer for name in packages} | {
        f"{name}/__init__.py": "" for name in ("keyfollow", *packages)
    }
    wheel(tmp_path, "keyfollow", keyfollow.__version__, modules)
    environment = {
        "PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}",
        "FRAMEWORK": str(framework),
        "IDENTITY": "Developer ID Application: Nobody",
        "NOTARY_PROFILE": "none",
        "REAL": sys.executable,
        "LOG": str(tmp_path / "log"),
        "WHEEL": str(next(tmp_path.glob("*.whl"))),
        "QT_QPA_PLATFORM": "offscreen",
    }
    line = ["bash", str(tmp_path / "installers/macos/build.sh")]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    contents = tmp_path / "build/macos/Keyfollow.app/Contents"
    info = plistlib.loads((contents / "Info.plist").read_bytes())
    assert info["CFBundleShortVersionString"] == info["CFBundleVersion"] == keyfollow.__version__
    for file in (f"MacOS/{info['CFBundleExecutable']}", f"Resources/{info['CFBundleIconFile']}.icns"):
        assert (contents / file).is_file(), file
    assert {path.name for path in (contents / "Resources").iterdir()} == {
        "LICENSE", "NOTICE", "third-party.md", "keyfollow.icns", "python",
    }  # fmt: skip
    for program in ("keyfollow", "keyfollowd", "keyfollow-desktop"):
        told = subprocess.run(
            [str(contents / f"MacOS/{program}"), "a b"], env=environment, capture_output=True, text=True, check=True
        )
        assert told.stdout == f"this is {keyfollow.__version__} ['a b']\n"
    site = contents / "Resources/python/lib/python3.12/site-packages"
    assert not (site / "left-over").exists() and (site / "keyfollow").is_dir()
    assert list((contents / "Resources/python/share/keyfollow/wheels").glob("keyfollow-*.whl")), "for keyfollow setup"
    # every library is signed before the bundle, the bundle before the image, and the image before it is notarised
    image = f"dist/keyfollow-{keyfollow.__version__}-macos-{os.uname().machine}.dmg"
    signed = [row.rpartition("/")[2] for row in (tmp_path / "log").read_text().splitlines()]
    assert signed == ["libzmq.5.dylib", "Keyfollow.app", "Keyfollow.app", Path(image).name, "xcrun notarytool", "xcrun stapler"]
    assert (tmp_path / "log.image").read_text().split() == ["Applications", "Keyfollow.app"] and (tmp_path / image).is_file()


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
