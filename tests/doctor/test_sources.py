"""Sources are asked over a real connection to a server of this process."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from interplay.doctor.machine import Asset
from interplay.doctor.sources import ask_sources
from interplay.protocols.assets import AptSource, FilePin, HttpSource, Pinned
from interplay.protocols.datasets import DATASETS


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(30)
        self.send_response(200 if self.path == "/there" else 404)
        self.send_header("Content-Length", "1000000000")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_each_source_says_whether_it_answers_and_nothing_is_downloaded(server, monkeypatch):
    sources = (
        HttpSource(name="published", url=f"{server}/there"),
        HttpSource(name="mirror", url=f"{server}/gone"),
        HttpSource(name="closed", url="http://127.0.0.1:9/x"),
        HttpSource(name="asleep", url=f"{server}/slow"),
        AptSource(name="debian", package="no-such-package", path="x"),
    )
    pinned = Pinned(path="c", files={"c": FilePin(size=10**9, sha256="0" * 64)}, sources=sources)
    changed = DATASETS["cifar10"].model_copy(update={"pinned": pinned})
    monkeypatch.setitem(DATASETS._entries, "cifar10", changed)
    missing, there = ask_sources(
        (Asset(name="cifar10", state="missing", size=1), Asset(name="stl10", state="verified", size=1)), seconds=2
    )
    said = [
        "published answers",
        "mirror says HTTP status 404",
        "closed does not answer (ConnectionError)",
        "asleep does not answer (nothing within 2 s)",
        "debian not asked",
    ]
    assert missing.sources == ", ".join(said)
    assert there.sources is None
