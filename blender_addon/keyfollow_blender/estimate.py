"""What the next run would cost: asked anew, a moment after the panel's strip or its settings changed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from keyfollow import wire
from keyfollow.edits import EditRequest
from keyfollow.engine_info import Estimate
from keyfollow.errors import KeyfollowError

from . import app, compat, requests, sources, state

SETTLE_S = 0.5


Wanted = tuple[EditRequest, int]
"""What the cost is asked of, and how many takes there are: a run leaves the next one less to do."""


@dataclass(slots=True)
class _Shown:
    """The strip in the panel, and what is known of its cost."""

    uid: str = ""
    seen: float = 0.0
    request: Wanted | None = None
    looked: float = 0.0
    asked: Wanted | None = None
    estimate: Estimate | None = None
    error: KeyfollowError | None = None


_shown = _Shown()


def of(uid: str) -> tuple[Estimate | None, KeyfollowError | None]:
    """The estimate for a strip that the panel shows, or why there is none; to be called whenever the panel is drawn."""
    if uid != _shown.uid:
        _shown.uid, _shown.request, _shown.asked, _shown.estimate, _shown.error = uid, None, None, None, None
    _shown.seen = time.monotonic()
    return _shown.estimate, _shown.error


def step() -> bool:
    now = time.monotonic()
    if not _shown.uid or now - _shown.seen > 2 or now - _shown.looked < SETTLE_S or app.bridge.state != "open":
        return False
    _shown.looked = now
    request = _request(_shown.uid)
    if request != _shown.request:
        _shown.request = request
    elif request is not None and request != _shown.asked:
        _shown.asked = request
        _ask(request)
    return False


def _request(uid: str) -> Wanted | None:
    found = state.with_uid(uid)
    ready = sources.known(*found) if found is not None else None
    if found is None or ready is None or requests.lacks(found[1].keyfollow):
        return None
    try:
        return requests.build(found[1], requests.plan(*found, ready, "final"), None), len(found[1].keyfollow.takes)
    except KeyfollowError:
        return None


def _ask(request: Wanted) -> None:
    def learn(answer: wire.EstimateIs) -> None:
        if request == _shown.asked:
            _shown.estimate, _shown.error = answer.estimate, None
            compat.redraw()

    def refused(error: KeyfollowError) -> None:
        if request == _shown.asked:
            _shown.estimate, _shown.error = None, error
            compat.redraw()

    app.bridge.ask(wire.EstimateAsk(request[0]), learn, refused)


def register() -> None:
    app.chores["estimate"] = step


def unregister() -> None:
    app.chores.pop("estimate", None)
    of("")
