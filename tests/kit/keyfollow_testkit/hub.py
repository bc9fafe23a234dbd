"""A server on the loopback that behaves like the hub, and misbehaves as asked: drops, wrong bytes, ignored ranges, gates."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import unquote, urlsplit

LFS_FROM = 1024
"""Bytes from which a file lies with LFS: a SHA-256, and a redirect to another address."""


@dataclass
class Repo:
    """A repository at one commit."""

    commit: str
    files: dict[str, bytes]
    licence: str = "apache-2.0"


@dataclass
class Hub:
    """What the server holds, how it misbehaves, and what it was asked.

    Args:
        drop_after: bytes of a file's body after which the connection is cut, by file name; each drop is used up.
        stall_after: bytes of a file's body after which nothing more is said until `released`, by file name.
        corrupt: files whose bytes are not what their checksum says.
        ignore_ranges: answer 200 with everything when a range is asked for.
        log: (method, path, Range header) of every request.
        tokens: (path, Authorization header) of every request.
        url, cdn: the hub's address, and that of the other server, to which it sends for large files.
    """

    repos: dict[str, Repo] = field(default_factory=dict)
    drop_after: dict[str, list[int]] = field(default_factory=dict)
    stall_after: dict[str, int] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    corrupt: set[str] = field(default_factory=set)
    ignore_ranges: bool = False
    gated: set[str] = field(default_factory=set)
    log: list[tuple[str, str, str | None]] = field(default_factory=list)
    tokens: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""
    cdn: str = ""

    def add(self, name: str, files: Mapping[str, bytes], licence: str = "apache-2.0") -> str:
        """Put up a repository; its commit."""
        commit = hashlib.sha1(repr((name, sorted(files.items()))).encode(), usedforsecurity=False).hexdigest()
        self.repos[name] = Repo(commit, dict(files), licence)
        return commit

    def bodies(self, ending: str) -> list[str | None]:
        """The Range headers of the GETs for bytes of files called so, in order."""
        return [r for method, path, r in self.log if method == "GET" and path.endswith(ending) and "/cdn/" in path]


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Run the server for the block; `hub.url` is what goes into HF_ENDPOINT."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    with _running(handler) as hub.url, _running(handler) as hub.cdn:
        yield hub


@contextmanager
def _running(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.log.append((self.command, path, self.headers.get("Range")))
        self.hub.tokens.append((path, self.headers.get("Authorization")))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?", path):
            self._api(found[1], found[2])
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(found[1], found[2], found[3], body)
        elif found := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", path):
            self._bytes(found[1], found[2], body)
        else:
            self._error(404, "EntryNotFound")

    def _repo(self, name: str, revision: str | None) -> Repo | None:
        repo = self.hub.repos.get(name)
        if repo is None:
            self._error(401, "RepoNotFound")
        elif revision not in (None, "main", repo.commit):
            self._error(404, "RevisionNotFound")
        else:
            return repo
        return None

    def _api(self, name: str, revision: str | None) -> None:
        repo = self._repo(name, revision)
        if repo is None:
            return
        siblings = [{"rfilename": n, "size": len(data), **_identity(data)} for n, data in repo.files.items()]
        card = {"license": repo.licence} if repo.licence else {}
        self._send(200, json.dumps({"id": name, "sha": repo.commit, "siblings": siblings, "cardData": card}).encode())

    def _resolve(self, name: str, revision: str, file: str, body: bool) -> None:
        repo = self._repo(name, revision)
        if repo is None:
            return
        data = repo.files.get(file)
        if data is None:
            self._error(404, "EntryNotFound")
        elif name in self.hub.gated:
            self._error(403, "GatedRepo")
        elif len(data) < LFS_FROM and self.headers.get("Range") is None:
            self._send(200, data, {"X-Repo-Commit": repo.commit, "ETag": f'"{_etag(data)}"'}, body)
        else:
            linked = {
                "X-Linked-Etag": f'"{_etag(data)}"',
                "X-Linked-Size": str(len(data)),
                "Location": f"{self.hub.cdn}/cdn/{name}/{file}",
            }
            self._send(302, b"", {"X-Repo-Commit": repo.commit, **linked})

    def _bytes(self, name: str, file: str, body: bool) -> None:
        data = self.hub.repos[name].files[file]
        if file in self.hub.corrupt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        start, status, headers = 0, 200, {"ETag": f'"{_etag(data)}"', "Accept-Ranges": "bytes"}
        if (asked := self.headers.get("Range")) and not self.hub.ignore_ranges:
            start = int(cast(re.Match[str], re.fullmatch(r"bytes=(\d+)-", asked))[1])
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if (stall := self.hub.stall_after.get(file)) is not None:
            self._send(status, data[start:], headers, cut=stall)
            self.hub.released.wait(60)
            return
        cuts = self.hub.drop_after.get(file)
        self._send(status, data[start:], headers, body, cut=cuts.pop(0) if cuts else None)

    def _error(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def _send(
        self, status: int, data: bytes, headers: Mapping[str, str] | None = None, body: bool = True, cut: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data if cut is None else data[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True


def _identity(data: bytes) -> dict[str, object]:
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    if len(data) < LFS_FROM:
        return {"blobId": blob}
    return {"blobId": blob, "lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}}


def _etag(data: bytes) -> str:
    found = _identity(data)
    return str(cast(dict[str, object], found["lfs"])["sha256"] if "lfs" in found else found["blobId"])
