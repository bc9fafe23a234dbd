"""`keyfollow engines`: the schema is the help."""

from __future__ import annotations

import json

from keyfollow_testkit.daemons import Home


def test_the_list_and_one_engines_settings(kf: Home) -> None:
    engines = [json.loads(line) for line in kf.command("engines", "--json").stdout.splitlines()]
    patch = next(e for e in engines if e["id"] == "patch")
    assert patch["missing"] == [] and patch["settings"]
    table = kf.command("engines", "patch").stdout
    for setting in patch["settings"]:
        assert setting["name"] in table
    assert kf.command("engines", "magic").returncode == 2
