"""From what a run asks for to a model that may be loaded: ``--model`` is a folder or the name of a model in the store."""

from __future__ import annotations

from pathlib import Path

from keyfollow.errors import ModelMissing

from keyfollow_daemon.models.catalogue import models_for
from keyfollow_daemon.models.folder import MEMORY, ModelFolder, open_model
from keyfollow_daemon.models.manifest import is_id
from keyfollow_daemon.models.store import ModelStore, missing


def find_model(named: str | None, engine: str, store: ModelStore | None = None) -> ModelFolder:
    """The model called `named`; for None the best of those on this machine that the catalogue has for `engine`.

    Args:
        engine: an engine's id, or ``"depth"``, ``"caption"``, ``"metrics"``.

    Raises:
        ModelMissing: ``model_missing`` with what to pull, ``model_not_found``, ``model_damaged``.
        UsageError: as `open_model`.
    """
    store = store or ModelStore()
    if named is None:
        return store.open(default_model(engine, store))
    if is_id(named) and store.path(named).is_dir():
        return store.open(named)
    if is_id(named) and not Path(named).exists():
        raise missing(named)
    return open_model(named, store.root / MEMORY)


def default_model(engine: str, store: ModelStore | None = None) -> str:
    """The best model on this machine for `engine`, by the catalogue's order.

    Raises:
        ModelMissing: ``model_missing``.
    """
    here = {known.id for known in (store or ModelStore()).installed()}
    entries = models_for(engine)
    for entry in entries:
        if entry.id in here:
            return entry.id
    known = " or ".join(f"`keyfollow models pull {entry.id}`" for entry in entries)
    raise ModelMissing(
        "model_missing",
        f"There are no weights for {engine} on this machine.",
        f"Get some with {known}; or give a folder of your own with --model DIR."
        if known
        else "Give a folder with --model DIR.",
    )
