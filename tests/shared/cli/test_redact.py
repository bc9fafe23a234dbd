"""What may leave: Keyfollow's own words. Everything else is planted here and looked for."""

from __future__ import annotations

import pytest
from keyfollow.cli.redact import GONE, Redactor, recipe, secrets


@pytest.mark.parametrize(
    "line",
    [
        "storage /home/zelda/Top Secret Film/zorro shot 1.mp4",
        r"storage C:\Users\zelda\zorro\clip.mov",
        r"storage \\server\share\zorro",
        "storage ~/zorro/clip",
        "cannot open 'zorro' or \"zorro\" or `zorro`",
        "see https://zelda:zorro@example.org/zorro?x=1",
        "mail zelda@zorro.example",
        "zorro.mp4 cannot be read",
        "the take of zorro failed",
        "key rq:zelda00000000000000000000000000000000001",
        "digest 568b4a028a6f3a2538877b7a671c36ecb97bb47fbe6b11591010dfc16dad7fb3",
        'File "/home/zelda/zorro/script.py", line 3, in zorro',
        "ZorroError: zelda said zorro",
    ],
)
def test_a_line_loses_what_is_not_ours(line: str) -> None:
    told = Redactor().text(line).lower()
    assert not [word for word in ("zelda", "zorro", "top secret", "568b4a", "example.org") if word in told], told


def test_what_helps_stays() -> None:
    line = "2026-11-21 16:11:41,267 INFO keyfollow_daemon.cli: ready after 0.05 s, storage /home/zelda"
    assert Redactor().text(line) == f"2026-11-21 16:11:41,267 INFO keyfollow_daemon.cli: ready after 0.05 s, storage {GONE}"
    line = "2026-11-21 16:12:36,837 WARNING keyfollow_daemon.executors.process: worker 619 ended: signal SIGTERM"
    assert Redactor().text(line) == line
    trace = '  File "/home/zelda/venv/lib/python3.11/site-packages/keyfollow_daemon/jobs/task.py", line 12, in run'
    assert Redactor().text(trace).endswith("/keyfollow_daemon/jobs/task.py, line 12, in run")


def test_words_of_ours_go_where_they_are_known_to_be_the_persons() -> None:
    assert Redactor(["red frame"]).text("the red frame is ready") == f"the {GONE} is ready"
    assert "shot" not in Redactor(["/a/b/shot"]).text("the shot is ready")


def test_tokens_of_the_environment_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "ready steady")
    assert Redactor().text("the token is ready steady") == f"the token is {GONE}"


def test_of_a_recipe_numbers_and_our_words_stay() -> None:
    made = {
        "engine": {"id": "patch", "version": "4"},
        "request": {
            "clip": {"path": "/home/zelda/zorro.mp4", "rate": [24, 1]},
            "prompt": "zorro",
            "seed": 7,
            "quality": "draft",
        },
        "settings": {"feather": 2.0, "note": "zorro", "Zelda's own": 1},
    }
    assert recipe(made) == {
        "engine": {"id": "patch", "version": "4"},
        "request": {
            "clip": {"path": "<21 characters>", "rate": [24, 1]},
            "prompt": "<5 characters>",
            "seed": 7,
            "quality": "draft",
        },
        "settings": {"feather": 2.0, "note": "<5 characters>"},
    }
    assert set(secrets(made)) == {"/home/zelda/zorro.mp4", "zorro"}
