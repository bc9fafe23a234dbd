"""Download a model: licence first, then space, then bytes, each file against the checksum that the hub gives for the pinned commit.

What has arrived lies below ``.pulling``, named by content: a later attempt, also after kill -9, goes on where this one stopped, and
a file that another installed model has is linked instead of fetched.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from keyfollow.atomic import storage_errors, write_atomic
from keyfollow.errors import KeyfollowError, ModelMissing, UsageError

from keyfollow_daemon.models import catalogue, hub
from keyfollow_daemon.models.catalogue import VARIANT, Entry, Source
from keyfollow_daemon.models.digests import sha256_of
from keyfollow_daemon.models.folder import INDEX, is_part
from keyfollow_daemon.models.hub import RemoteFile, Repository
from keyfollow_daemon.models.manifest import REPO, Manifest, is_inside
from keyfollow_daemon.models.part import Part
from keyfollow_daemon.models.store import ASKED, ModelStore, exists, link_or_copy
from keyfollow_daemon.models.weights import SAFETENSORS

Say = Callable[..., None]
"""``say(event, **fields)``: licence, progress, retry."""
EVERY_S = 0.1
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Before attempts that follow one in which nothing arrived; after the last one it is given up."""
UNUSED = ("non_ema", "flax_", "openvino_", "onnx/")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to have: where it lies in the model, where it comes from."""

    place: str
    repo: str
    commit: str
    file: RemoteFile

    @property
    def content(self) -> str:
        return self.file.sha256 or self.file.git_sha1 or ""


def pull(store: ModelStore, name: str, say: Say, *, accept: bool, id: str | None = None) -> Manifest:
    """Get the model `name`: an id of the catalogue, ``owner/name[@revision]`` on the hub, or a download that was begun, by its id.

    Args:
        accept: the person has accepted the licence, which is said first in any case.
        id: what to call it; by default its id in the catalogue, or the repository's name.

    Raises:
        UsageError: ``unknown_model``, ``licence_not_accepted``, ``model_exists``, ``model_busy``, ``hub_not_installed``, or what the download turned
            out to be: ``unsafe_weights``, ``damaged_weights``, ``bad_model``.
        ModelMissing: ``offline``, ``hub_unreachable``, ``hub_refused``, ``not_on_hub``, ``model_gated``, ``wrong_hash``.
        StorageError: ``disk_full`` or ``cannot_write``; what has arrived is kept for the next attempt.
    """
    begun = None if name in catalogue.CATALOGUE else store.unfinished().get(name)
    if begun is not None and begun.asked:
        name, id = begun.asked, id or name
    entry = of_repository(name) if "/" in name else catalogue.entry(name)
    id = id or entry.id
    store.path(id)
    say("licence", model=id, title=entry.title, licence=entry.licence, url=entry.licence_url, size_bytes=entry.size_bytes)
    if not accept:
        raise UsageError(
            "licence_not_accepted",
            f"{entry.title} is under {entry.licence or 'a licence that its page names'} ({entry.licence_url}).",
            "Read it; if you accept it, pull again with --accept-licence.",
        )
    for known in store.installed():
        if known.id == id:
            if not known.origin.startswith(catalogue.FROM_HUB):
                raise exists(id)
            if known.origin == entry.origin and _sound(store, id):
                return known
    with store.busy(id):
        parts = store.pulling(id)
        wanted = plan(entry)
        have = {w.content: parts / w.content for w in wanted}
        _link_what_is_here(store, have)
        _check_space(store, have, wanted, entry.title)
        if "/" in name:
            with storage_errors(parts):
                parts.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_atomic(parts / ASKED, f"{entry.sources[0].repo}@{entry.sources[0].revision}".encode())
        progress = _Progress(say, id, sum(w.file.size for w in _distinct(wanted)))
        for w in _distinct(wanted):
            if not have[w.content].exists():
                _fetch(w, have[w.content], progress)
            progress.finished(w.file.size)
        try:
            made = _assemble(store, id, entry, wanted, have)
        except UsageError:
            # it is what the hub says it is, and that is nothing to keep
            shutil.rmtree(parts, ignore_errors=True)
            raise
        shutil.rmtree(parts, ignore_errors=True)
    return made


def _sound(store: ModelStore, id: str) -> bool:
    """Whether an installed model is as it was then."""
    with suppress(KeyfollowError):
        store.open(id)
        return True
    return False


def of_repository(name: str) -> Entry:
    """A repository that the catalogue does not know, as an entry of its own. Raises as `pull`."""
    repo, _, revision = name.partition("@")
    if not REPO.fullmatch(name):
        raise UsageError("bad_name", f"{repo!a:.100} is not a repository on the hub.", "Its form is OWNER/NAME[@REVISION].")
    found = hub.look(repo, revision or None)
    files = choose(found)
    return Entry(
        id=re.sub(r"[^a-z0-9._-]", "-", repo.rpartition("/")[2].lower())[:64].rstrip(".-"),
        title=repo,
        engines=(),
        good_for="",
        licence=found.licence,
        licence_url=f"{catalogue.HUB}/{repo}",
        size_bytes=sum(found.files[file].size for file in files),
        sources=(Source(repo, found.commit, files),),
    )


def choose(found: Repository) -> tuple[str, ...]:
    """The files of a repository that make up a model: safetensors (in half precision where there is), configurations, vocabularies.

    Raises:
        ModelMissing: ``no_safetensors`` when its weights are of another kind only.
    """
    names = {n for n in found.files if is_part(n) and not any(word in n for word in UNUSED)}
    # beside a pipeline, weights at the top are the same model in one piece, for other programs
    if INDEX in names:
        names = {n for n in names if "/" in n or n == INDEX}
    halves = {n.replace(VARIANT + SAFETENSORS, SAFETENSORS) for n in names if n.endswith(VARIANT + SAFETENSORS)}
    chosen = names - halves
    if not any(n.endswith(SAFETENSORS) for n in chosen):
        raise ModelMissing(
            "no_safetensors",
            f"{found.repo} has no safetensors weights.",
            "Pickled weights are never loaded. Convert a copy where you trust it, then: keyfollow models add FOLDER.",
        )
    return tuple(sorted(chosen))


def plan(entry: Entry) -> list[Wanted]:
    """Every file of a model with its size and checksum. Raises as `hub.look`, and ``not_on_hub`` when one is gone."""
    found: dict[tuple[str, str], Repository] = {}
    wanted = []
    for source in entry.sources:
        at = (source.repo, source.revision)
        if at not in found:
            found[at] = hub.look(*at)
        for name in source.files:
            # a repository that has no half precision has the full one
            file = found[at].files.get(name) or found[at].files.get(name.replace(VARIANT + SAFETENSORS, SAFETENSORS))
            if file is None or found[at].commit != source.revision:
                raise ModelMissing(
                    "not_on_hub",
                    f"{source.repo} no longer has {name} at {source.revision[:12]}.",
                    "Give a copy of your own with `keyfollow models add FOLDER`.",
                )
            item = Wanted(source.place(name), source.repo, source.revision, file)
            if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", item.content) or not is_inside(item.place):
                raise ModelMissing("hub_refused", f"The hub gives no checksum for {name}.", "Use another HF_ENDPOINT.")
            wanted.append(item)
    return wanted


class _Progress:
    """Progress events, at most ten a second, over the whole download."""

    def __init__(self, say: Say, id: str, total: int) -> None:
        self._say, self._id, self._total = say, id, total
        self._before = 0
        self._last = 0.0

    def report(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= EVERY_S:
            self._last = now
            self._tell(what, self._before + done)

    def finished(self, size: int) -> None:
        self._before += size
        self._tell("", self._before)

    def retry(self, what: str, why: str) -> None:
        self._say("retry", model=self._id, file=what, why=why)

    def _tell(self, what: str, done: int) -> None:
        self._say("progress", model=self._id, phase="Downloading", file=what, done=done, total=self._total)


def _fetch(w: Wanted, place: Path, progress: _Progress) -> None:
    """Download one file; interruptions are resumed, after a pause where nothing arrived in between."""
    pauses = iter(PAUSES_S)
    with Part(place, w.file, progress.report) as part:
        while part.size < w.file.size:
            before = part.size
            try:
                hub.fetch(w.repo, w.commit, w.file, part, before)
                interrupted = None
            except ModelMissing as e:
                if e.code != "hub_unreachable":
                    raise
                interrupted = e
            if part.size > before:
                pauses = iter(PAUSES_S)
            elif (pause := next(pauses, None)) is not None:
                time.sleep(pause)
            else:
                raise interrupted or hub.unreachable(w.repo, f"{w.file.name} ends too early")
            if part.size < w.file.size:
                progress.retry(w.place, str(interrupted.message if interrupted else "it ended too early"))
        part.finish()


def _distinct(wanted: list[Wanted]) -> list[Wanted]:
    """One of each content, in order."""
    return list({w.content: w for w in wanted}.values())


def _link_what_is_here(store: ModelStore, have: dict[str, Path]) -> None:
    """Files that an installed model has with the same SHA-256, and still has."""
    for known in store.installed():
        for record in known.files:
            path, place = store.path(known.id) / record.name, have.get(record.sha256)
            if place is None or place.exists() or not path.is_file() or sha256_of(path) != record.sha256:
                continue
            with storage_errors(place):
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            link_or_copy(path, place)


def _check_space(store: ModelStore, have: dict[str, Path], wanted: list[Wanted], title: str) -> None:
    missing = 0
    for w in _distinct(wanted):
        if not have[w.content].exists():
            part = have[w.content].with_name(w.content + ".part")
            missing += w.file.size - (part.stat().st_size if part.exists() else 0)
    if missing:
        store.check_space(missing, title)


def _assemble(store: ModelStore, id: str, entry: Entry, wanted: list[Wanted], have: dict[str, Path]) -> Manifest:
    with store.staging(id) as folder:
        sha256 = {}
        for w in wanted:
            place = folder / PurePosixPath(w.place)
            with storage_errors(place):
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sha256[w.place] = link_or_copy(have[w.content], place)
        if entry.pipeline:
            text = json.dumps(catalogue.index_of(entry.index, entry.pipeline), indent=2).encode() + b"\n"
            write_atomic(folder / INDEX, text)
            sha256[INDEX] = sha256_of(folder / INDEX)
        return store.install(
            folder, id, sha256, title=entry.title, origin=entry.origin, licence=entry.licence, licence_url=entry.licence_url
        )
