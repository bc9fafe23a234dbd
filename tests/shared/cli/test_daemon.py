"""`keyfollow daemon`: started, asked, stopped."""

from __future__ import annotations

import json

from keyfollow_testkit.daemons import Home


def test_start_status_stop(kf: Home) -> None:
    kf.stop()
    none = kf.command("daemon", "status")
    assert none.returncode == 3 and "keyfollow daemon start" in none.stderr
    assert kf.command("daemon", "stop").returncode == 3
    started = kf.command("daemon", "start", "--json")
    pid = json.loads(started.stdout)["pid"]
    again = kf.command("daemon", "start", "--json")
    assert json.loads(again.stdout)["pid"] == pid, "there is one daemon"
    status = json.loads(kf.command("daemon", "status", "--json").stdout)["status"]
    assert status["pid"] == pid and status["rss_bytes"] > 0
    assert kf.command("daemon", "stop").returncode == 0
    assert kf.running() is None and not kf.paths.connection.exists()


def test_version(kf: Home) -> None:
    assert kf.command("--version").stdout.startswith("keyfollow 0.")
