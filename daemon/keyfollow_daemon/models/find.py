"""From what a run asks for to a model that may be loaded.

``--model`` is a folder, the name of a model in the store, or the repository that one was pulled from.
"""

from __future__ import annotations

from pathlib import Path

from keyfollow.errors import ModelMissing

from keyfollow_daemon.models.catalogue import FROM_HUB, models_for
from keyfollow_daemon.models.digests import Report, quiet
from keyfollow_daemon.models.folder import MEMORY, ModelFolder, open_model
from keyfollow_daemon.models.manifest import REPO, is_id
from keyfollow_daemon.models.store import ModelStore, missing


def find_model(named: str | None, engine: str, store: ModelStore | None = None, report: Report = quiet) -> ModelFolder:
    """The model called `named`; for None the best of those on this machine that the catalogue has for `engine`.

    Args:
        engine: an engine's id, or ``"depth"``, ``"caption"``, ``"metrics"``.
        report: hears how much of weights that were never seen before has been read, and may raise to end it.

    Raises:
        ModelMissing: ``model_missing`` with what to pull, ``model_not_found``, ``model_damaged``.
        UsageError: as `open_model`.
    """
    store = store or ModelStore()
    place = locate_model(named, engine, store)
    own = place.parent == store.root
    return store.open(place.name, report) if own else open_model(place, store.root / MEMORY, report)


def locate_model(named: str | None, engine: str, store: ModelStore | None = None) -> Path:
    """Where the model lies, without a look at its weights: for estimates.

    Raises:
        ModelMissing: as `find_model`; a damaged model is found only there.
    """
    store = store or ModelStore()
    if named is None:
        return store.path(default_model(engine, store))
    if is_id(named) and store.path(named).is_dir():
        return store.path(named)
    if Path(named).exists() or not (is_id(named) or REPO.fullmatch(named)):
        return Path(named)
    return store.path(_pulled_from(named, store))


def _pulled_from(name: str, store: ModelStore) -> str:
    """The model whose (first) repository is ``owner/name[@revision]``."""
    repo, _, revision = name.partition("@")
    for known in store.installed():
        if known.origin.partition("\n")[0].startswith(f"{FROM_HUB}{repo}@{revision}"):
            return known.id
    raise missing(name)


def default_model(engine: str, store: ModelStore | None = None) -> str:
    """The best model on this machine for `engine`, by the catalogue's order.

    Raises:
        ModelMissing: ``model_missing``.
    """
    here = [known.id for known in (store or ModelStore()).installed()]
    entries = models_for(engine)
    for entry in entries:
        if entry.id in here:
            return entry.id
    known = " or ".join(f"`keyfollow models pull {entry.id}`" for entry in entries)
    raise ModelMissing(
        "model_missing",
        f"There are no weights for {engine} on this machine.",
        (f"Get some with {known}; or name" if known else "Name")
        + " a folder of your own with --model DIR"
        + (f", or a model that is here: {', '.join(here)}." if here else "."),
    )
