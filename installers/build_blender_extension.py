"""Build the Blender extension: one zip for each platform and one for all, the same bytes every time.

    python installers/build_blender_extension.py --output dist/blender [--wheels FOLDER]

A zip holds the add-on, the modules of `shared/keyfollow` that it uses (as the relative package `_vendor.keyfollow`), and unmodified
wheels from PyPI, pinned by SHA-256 in `blender_wheels.txt`. Wheels that are not in the folder yet are fetched with pip.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ADDON = ROOT / "blender_addon" / "keyfollow_blender"
SHARED = ROOT / "shared" / "keyfollow"
PINS = Path(__file__).with_name("blender_wheels.txt")
PLATFORMS = {
    "linux-x64": r"manylinux.*_x86_64|any",
    "windows-x64": r"win_amd64|any",
    "windows-arm64": r"win_arm64|any",
    "macos-arm64": r"macosx.*_(arm64|universal2)|any",
    "macos-x64": r"macosx.*_(x86_64|universal2)|any",
}
"""Blender's name of a platform, and the wheels that run there."""
STAMP = (1980, 1, 1, 0, 0, 0)
_OWN_NAME = re.compile(r"^(\s*)from keyfollow(?=[.\s])", re.MULTILINE)


def pins() -> dict[str, str]:
    """SHA-256 by file name of every wheel."""
    lines = (line.split() for line in PINS.read_text().splitlines() if line)
    return {name: sha256 for sha256, name in lines}


def fetch(folder: Path) -> dict[str, bytes]:
    """All pinned wheels, from `folder` or else from PyPI into it. A wheel that is not the pinned one ends the build."""
    folder.mkdir(parents=True, exist_ok=True)
    wheels = {}
    for name, sha256 in pins().items():
        path = folder / name
        if not path.exists():
            _download(name, folder)
        wheels[name] = path.read_bytes()
        if hashlib.sha256(wheels[name]).hexdigest() != sha256:
            sys.exit(f"{path} is not the wheel that {PINS.name} names: delete it, or change the pin on purpose.")
    return wheels


def _download(name: str, folder: Path) -> None:
    project, version, python, abi, platforms = name.removesuffix(".whl").split("-")
    tags = [] if abi == "none" else ["--python-version", python.removeprefix("cp"), "--implementation", "cp", "--abi", abi]
    places = [] if platforms == "any" else [word for p in platforms.split(".") for word in ("--platform", p)]
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
    ]
    subprocess.run([*pip, "--dest", str(folder), *tags, *places, f"{project}=={version}"], check=True)


def vendored() -> list[Path]:
    """The modules of the SDK that the add-on uses, and those that they use: found by reading their imports."""
    waiting = {name for file in _sources(ADDON) for name in _imported(file, absolute=True)}
    found = {"__init__"}
    while waiting:
        name = waiting.pop()
        file = SHARED / f"{name}.py"
        if name not in found and file.exists():
            found.add(name)
            waiting |= _imported(file, absolute=False)
    return [SHARED / f"{name}.py" for name in sorted(found)]


def _sources(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.is_file() and not {"__pycache__", "_vendor"} & set(p.parts))


def _imported(file: Path, *, absolute: bool) -> set[str]:
    """Names of SDK modules that a file imports: by the package's name, or relatively from within it."""
    if file.suffix != ".py":
        return set()
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = (node.module or "").split(".")
        if absolute and node.level == 0 and module[0] == "keyfollow":
            names |= {module[1]} if len(module) > 1 else {alias.name for alias in node.names}
        elif not absolute and node.level == 1:
            names |= {module[0]} if module[0] else {alias.name for alias in node.names}
    return names


def contents(wheels: Iterable[str]) -> dict[str, bytes]:
    """Every file of the extension but the wheels, by its path in the zip."""
    files: dict[str, bytes] = {}
    for file in _sources(ADDON):
        data = file.read_bytes()
        if file.suffix == ".py":
            dots = "." * len(file.relative_to(ADDON).parts)
            data = _OWN_NAME.sub(rf"\1from {dots}_vendor.keyfollow", data.decode()).encode()
        files[file.relative_to(ADDON).as_posix()] = data
    files["_vendor/__init__.py"] = (
        b'"""What Keyfollow\'s clients have in common, copied in by installers/build_blender_extension.py."""\n'
    )
    for file in vendored():
        files[f"_vendor/keyfollow/{file.name}"] = file.read_bytes()
    for name in ("LICENSE", "NOTICE"):
        files[name] = (ROOT / name).read_bytes()
    named = "".join(f'    "./wheels/{name}",\n' for name in sorted(wheels))
    # a key after a table would belong to the table
    manifest = files["blender_manifest.toml"].decode().replace("[permissions]", f"wheels = [\n{named}]\n\n[permissions]", 1)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    files["blender_manifest.toml"] = manifest.replace('version = "0.0.0"', f'version = "{version}"').encode()
    return files


def write(path: Path, files: dict[str, bytes]) -> None:
    """A zip whose bytes depend on `files` alone; whole or absent."""
    part = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(part, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, STAMP)
            info.external_attr = 0o644 << 16
            info.create_system = 3
            # stored, not deflated, where that depends on the machine's zlib least and gains nothing: wheels are zips already
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name], compresslevel=9)
    part.replace(path)


def build(output: Path, wheels: dict[str, bytes]) -> list[Path]:
    """Write all zips; returns their paths, the one for all platforms first."""
    output.mkdir(parents=True, exist_ok=True)
    made = []
    for platform, pattern in {"all": ".*", **PLATFORMS}.items():
        fits = re.compile(pattern)
        chosen = {
            n: d for n, d in wheels.items() if any(fits.fullmatch(p) for p in n.removesuffix(".whl").split("-")[-1].split("."))
        }
        files = contents(chosen)
        version = tomllib.loads(files["blender_manifest.toml"].decode())["version"]
        if platform != "all":
            files["blender_manifest.toml"] = files["blender_manifest.toml"].replace(
                b"\nwheels", f'\nplatforms = ["{platform}"]\nwheels'.encode(), 1
            )
        path = output / f"keyfollow-{version}{'' if platform == 'all' else '-' + platform.replace('-', '_')}.zip"
        write(path, {**files, **{f"wheels/{name}": data for name, data in chosen.items()}})
        made.append(path)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the Blender extension.")
    parser.add_argument("--output", type=Path, required=True, help="where the zips go")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyfollow-wheels"
    parser.add_argument("--wheels", type=Path, default=default, help="where wheels are kept (default: %(default)s)")
    options = parser.parse_args()
    for path in build(options.output, fetch(options.wheels)):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.stat().st_size:>8}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
