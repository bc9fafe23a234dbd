"""The Hugging Face hub, or a server that behaves like it (``HF_ENDPOINT``): what a repository holds, and bytes of its files.

The only module that reaches the network, and only when somebody asked for a download (promise 8). huggingface_hub is imported when it
is needed: it comes with the extra ``diffusion``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from keyfollow.errors import KeyfollowError, ModelMissing, UsageError

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
"""The environment of whatever runs engines: libraries in it reach for nothing."""
TIMEOUT_S = 30.0
"""Of silence."""
PARTIAL = 206
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_VERBOSITY": "error"}


class Sink(Protocol):
    """What `fetch` writes to."""

    def write(self, data: bytes, /) -> None: ...

    def restart(self) -> None:
        """Forget what was written."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository. Large files have a SHA-256, small ones git's SHA-1 of ``blob <size>\\0<bytes>``; the hub says which."""

    name: str
    size: int
    sha256: str | None
    git_sha1: str | None


@dataclass(frozen=True, slots=True)
class Repository:
    """What the hub says of a repository at one commit."""

    repo: str
    commit: str
    files: dict[str, RemoteFile]
    licence: str


def offline() -> bool:
    """Whether the environment forbids the network."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def _endpoint() -> str | None:
    """Read at each call: huggingface_hub reads it once, when it is imported."""
    return os.environ.get("HF_ENDPOINT") or None


def look(repo: str, revision: str | None) -> Repository:
    """List a repository at `revision` (its newest commit by default).

    Raises:
        UsageError: ``hub_not_installed``, ``bad_name``.
        ModelMissing: ``offline``, ``hub_unreachable``, ``hub_refused``, ``not_on_hub``, ``model_gated``.
    """
    with _talking(repo):
        from huggingface_hub import HfApi

        found = HfApi(endpoint=_endpoint()).model_info(repo, revision=revision, files_metadata=True)
        card = found.card_data.to_dict() if found.card_data is not None else {}
        files = [_remote(sibling) for sibling in found.siblings or ()]
        return Repository(repo, found.sha or "", {f.name: f for f in files}, str(card.get("license") or ""))


def fetch(repo: str, commit: str, file: RemoteFile, sink: Sink, done: int) -> None:
    """Append to `sink` what is missing of `file` after its first `done` bytes, as it arrives.

    A server that cannot resume sends the whole file: `sink` is restarted first.

    Raises:
        ModelMissing: as `look`; what arrived is in `sink`.
    """
    with _talking(repo):
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        # not `http_get`, which hands on 10 MB at a time and so loses up to that much with every drop
        url = hf_hub_url(repo, file.name, revision=commit, endpoint=_endpoint())
        # a compressed body has no ranges that could be resumed
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
        with get_session().stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S) as response:
            hf_raise_for_status(response)
            if done and response.status_code != PARTIAL:
                sink.restart()
            for chunk in response.iter_bytes():
                sink.write(chunk)


def _remote(sibling: Any) -> RemoteFile:
    lfs = sibling.lfs
    sha256 = None if lfs is None else str(lfs.sha256)
    return RemoteFile(str(sibling.rfilename), int(sibling.size or 0), sha256, None if lfs is not None else sibling.blob_id)


@contextmanager
def _talking(repo: str) -> Iterator[None]:
    """Make whatever goes wrong between here and the hub a sentence."""
    # read when huggingface_hub is first imported; its bars and warnings would mix with our events
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from huggingface_hub import errors
    except ImportError as e:
        raise UsageError(
            "hub_not_installed",
            "Downloading needs huggingface_hub, which is not installed.",
            'Install it with `pip install "keyfollow[diffusion]"`, or give a folder: keyfollow models add FOLDER.',
        ) from e
    if offline():
        raise ModelMissing("offline", "HF_HUB_OFFLINE forbids the network here.", f"Unset it and pull again. {ELSEWHERE}")
    try:
        yield
    except KeyfollowError:
        raise
    except errors.HFValidationError as e:
        raise UsageError("bad_name", f"{repo!a:.100} is not a repository on the hub.", "Its form is OWNER/NAME.") from e
    except errors.GatedRepoError as e:
        raise ModelMissing(
            "model_gated",
            f"The owner of {repo} asks who downloads it.",
            f"Accept the terms at https://huggingface.co/{repo}, sign in with `hf auth login`, and pull again.",
        ) from e
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.EntryNotFoundError) as e:
        raise ModelMissing(
            "not_on_hub",
            f"The hub has no {repo} as the catalogue knows it: {_first_line(e)}",
            "Its owner may have withdrawn it. Give a copy of your own with `keyfollow models add FOLDER`.",
        ) from e
    except errors.HfHubHTTPError as e:
        raise ModelMissing("hub_refused", f"The hub refused {repo}: {_first_line(e)}", "Try again later.") from e
    # httpx, ssl and urllib3 have trees of their own, which differ between versions of huggingface_hub
    except Exception as e:
        raise unreachable(repo, _first_line(e)) from e


def unreachable(repo: str, why: str) -> ModelMissing:
    return ModelMissing(
        "hub_unreachable",
        f"The hub cannot be reached for {repo}: {why}",
        f"Check the connection and pull again: it goes on where it stopped. {ELSEWHERE}",
    )


ELSEWHERE = "Without a network: `keyfollow models pull` and `keyfollow models export` on another machine, `keyfollow models import` on this one."


def _first_line(e: BaseException) -> str:
    lines = [line.strip() for line in str(e).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(e).__name__
