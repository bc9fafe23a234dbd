"""`keyfollow setup`: the environment for the engines that need torch: made, upgraded, removed. The patch engine needs none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import __version__, environment, launch
from ..errors import UsageError
from ..paths import paths
from . import hardware, install, options
from .hardware import Device
from .output import event, people, size, use_json

DEVICES: tuple[Device, ...] = ("cuda", "rocm", "mps", "cpu")


def setup(
    device: Annotated[str | None, typer.Option(metavar="|".join(DEVICES), help="Instead of what this machine has.")] = None,
    wheelhouse: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Install from a folder of wheels, without network.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Make it anew although it is there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Remove it, caches and logs. Models, takes and projects stay.")
    ] = False,
    models: Annotated[bool, typer.Option("--models", help="With --uninstall: the weights too.")] = False,
    takes: Annotated[bool, typer.Option("--takes", help="With --uninstall: what runs have made too, and the queue.")] = False,
    json: options.Json = False,
) -> None:
    """Install torch and what the diffusion engines need, for this machine's device, in an environment of its own.

    Interrupted, the same command goes on. A failure leaves what was there in use.
    """
    use_json(json)
    where = paths()
    if device is not None and device not in DEVICES:
        raise UsageError("bad_option", f"--device {device} is not known.", f"Use one of {', '.join(DEVICES)}.")
    if (models or takes) and not uninstall:
        raise UsageError("bad_option", "--models and --takes go with --uninstall.", "See keyfollow setup --help.")
    if uninstall:
        if (running := launch.find(where)) is not None:
            raise UsageError("daemon_runs", f"The daemon runs (process {running.pid}).", "First: keyfollow daemon stop.")
        freed = install.uninstall(where, models=models, takes=takes)
        if json:
            event("uninstalled", freed_bytes=freed)
        else:
            typer.echo(f"{size(freed)} freed.{'' if models else f' Models are kept in {where.models}.'}")
        return

    found = hardware.gpus()
    chosen = next((name for name in DEVICES if name == device), None)
    build = hardware.torch_build(chosen, found)
    usable = any(gpu.device == build.device and not gpu.fault for gpu in found)
    plan = install.plan(build, wheelhouse, usable)
    names = ", ".join(gpu.name for gpu in found if gpu.device == build.device and not gpu.fault) or "the CPU"
    if json:
        event("plan", device=build.device, torch=build.name, installer=plan.tool, needs_bytes=plan.needs_bytes, hardware=names)
    else:
        source = wheelhouse or plan.index or "PyPI"
        people.print(f"torch for {names}: build {build.name} from {source}, with {plan.tool}; about {size(plan.needs_bytes)}.")
    used = environment.current(where)
    there = used is not None and (used.version, used.torch) == (__version__, build.name) and not again
    if dry_run or there:
        _said(
            json,
            "set_up" if there else "dry_run",
            "It is set up already; --again makes it anew." if there else "Nothing was done.",
        )
        return

    def say(phase: str) -> None:
        if json:
            event("progress", phase=phase)
        else:
            people.print(f"{phase} …")

    where.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = install.make(where, plan, say, where.logs / "setup.log")
    running = launch.find(where)
    later = " The daemon that runs keeps the old one until: keyfollow daemon stop." if running else ""
    _said(json, "set_up", f"Set up: torch {made.torch}.{later} See: keyfollow engines.")


def _said(json: bool, name: str, words: str) -> None:
    if json:
        event(name)
    else:
        typer.echo(words)
