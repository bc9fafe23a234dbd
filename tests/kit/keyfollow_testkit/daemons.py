"""A daemon of a test's own, in a home of its own, ended with the test whatever happens."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import keyfollow
import pytest
from keyfollow import cli, launch
from keyfollow.client import Client
from keyfollow.connection import Connection
from keyfollow.paths import Paths, paths


class Home:
    """A `KEYFOLLOW_HOME` and whatever daemon runs in it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {**os.environ, "KEYFOLLOW_HOME": str(folder), **environment}

    @property
    def paths(self) -> Paths:
        return paths()

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a daemon in the foreground of this test and wait until it can be found."""
        process = subprocess.Popen([sys.executable, "-m", "keyfollow_daemon", *options], env=self.environment)
        deadline = time.monotonic() + 30
        while (found := launch.find(self.paths)) is None or found.pid != process.pid:
            assert process.poll() is None, "the daemon ended instead of starting"
            assert time.monotonic() < deadline, "the daemon was not ready in 30 s"
            time.sleep(0.01)
        return process

    def running(self) -> Connection | None:
        return launch.find(self.paths)

    def connect(self) -> Client:
        return keyfollow.connect(name="test")

    def command(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `keyfollow …` to its end."""
        line = [sys.executable, "-m", "keyfollow.cli", *words]
        return subprocess.run(line, env={**self.environment, **more}, capture_output=True, text=True, timeout=240, check=False)

    def here(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same within this process, which costs no start: for the many commands that only say why they do nothing."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = cli.main([*words])
        return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())

    def stop(self) -> None:
        """End the daemon, if one runs, and wait until it is gone."""
        found = launch.find(self.paths)
        if found is None:
            return
        os.kill(found.pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while launch.alive(found.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        if launch.alive(found.pid):
            os.kill(found.pid, signal.SIGKILL)


@contextmanager
def home(folder: Path, patch: pytest.MonkeyPatch, **environment: str) -> Iterator[Home]:
    """`folder` as this process's `KEYFOLLOW_HOME`; its daemon is ended at the end."""
    patch.setenv("KEYFOLLOW_HOME", str(folder))
    for name, value in environment.items():
        patch.setenv(name, value)
    made = Home(folder, environment)
    try:
        yield made
    finally:
        made.stop()
