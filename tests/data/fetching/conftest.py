"""A data folder with pins of its own, a web server that misbehaves on request, and no DVC unless asked for."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from interplay.protocols.assets import DatasetInfo, Pinned
from interplay.protocols.datasets import DATASETS

CONTENT = bytes(range(256)) * 40
FILES = {"a-images": b"images " * 500, "b-labels": b"labels"}


def pin_of(content: bytes) -> dict[str, Any]:
    hashes = {kind: hashlib.new(kind, content).hexdigest() for kind in ("md5", "sha256")}
    return {**hashes, "size": len(content)}


@dataclass
class Server:
    """What each path answers: bytes, an HTTP status, or a function that writes the answer itself."""

    url: str
    answers: dict[str, bytes | int | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def cut_off(self, content: bytes, sent: int) -> Callable[[BaseHTTPRequestHandler], None]:
        """Promise all of it, send a part, hang up."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[:sent])

        return answer

    def slow(self, content: bytes, seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
        """Send a first part, then wait, then send the rest."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[:10])
            handler.wfile.flush()
            time.sleep(seconds)
            handler.wfile.write(content[10:])

        return answer

    def endless(self, handler: BaseHTTPRequestHandler) -> None:
        """Send without end and without saying how much."""
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x" * 65536)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            answer = served.answers.get(self.path, 404)
            try:
                if isinstance(answer, int):
                    self.send_error(answer)
                elif isinstance(answer, bytes):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                else:
                    answer(self)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client has had enough, as it should

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        served = Server(f"http://127.0.0.1:{running.server_port}")
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield served
        running.shutdown()
        thread.join()


@pytest.fixture
def no_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interplay.data.fetching.dvc.dvc_executable", lambda: None)


Write = Callable[..., Path]


def entry(name: str, **pinned: Any) -> DatasetInfo:
    """A data set that is fetched, and never read here."""
    return DatasetInfo(
        **dict.fromkeys(("title", "description", "licence", "citation"), name),
        name=name,
        origin="fetched",
        reader="nowhere:read",
        num_classes=2,
        image_shape=(1, 2, 2),
        splits={"train": 1},
        pinned=Pinned(**pinned),
    )


@pytest.fixture
def write_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a data folder, and pin `cifar10` to CONTENT and `fashion-mnist` to FILES, with the given sources."""

    def write(*, single: list[dict[str, Any]] | None = None, folder: list[dict[str, Any]] | None = None) -> Path:
        root = tmp_path / "data"
        root.mkdir(exist_ok=True)
        nowhere = [{"kind": "http", "name": "nowhere", "url": "http://127.0.0.1:9/x"}]
        archive = "cifar-10-python.tar.gz"
        files = {name: pin_of(content) for name, content in FILES.items()}
        for info in (
            entry("cifar10", path=archive, files={archive: pin_of(CONTENT)}, sources=single or nowhere),
            entry("fashion-mnist", path="fashion-mnist", files=files, sources=folder or nowhere),
        ):
            monkeypatch.setitem(DATASETS._entries, info.name, info)
            out = {"md5": info.pinned.dvc_md5, "size": info.pinned.size, "hash": "md5", "path": info.pinned.path}
            out |= {"nfiles": len(FILES)} if info.pinned.is_folder else {}
            (root / f"{info.name}.dvc").write_text(yaml.safe_dump({"outs": [out]}))
        return root

    return write


@pytest.fixture
def serve_folder(server: Server) -> None:
    """The files of the folder set, gzipped, below /set/."""
    for name, content in FILES.items():
        server.answers[f"/set/{name}.gz"] = gzip.compress(content)
