"""What the line about damaged data tells one to do is what mends them."""

from __future__ import annotations

import gzip

import pytest
from typer.testing import CliRunner

from interplay.cli import app
from interplay.data import load
from interplay.data.fetching import verify
from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS

pytestmark = pytest.mark.usefixtures("no_dvc")


@pytest.fixture
def served(fashion, tmp_path, server, monkeypatch):
    """The small Fashion-MNIST, which a server has too."""
    for path in (tmp_path / "fashion-mnist").iterdir():
        server.answers[f"/{path.name}.gz"] = gzip.compress(path.read_bytes())
    source = {"name": "published", "url": f"{server.url}/{{file}}.gz", "gzip": True}
    content = fashion.model_dump() | {"pinned": fashion.pinned.model_dump() | {"sources": [{"kind": "http", **source}]}}
    info = type(fashion).model_validate(content)
    monkeypatch.setitem(DATASETS._entries, "fashion-mnist", info)
    return tmp_path


def test_fetching_again_mends_what_is_damaged(served, server):
    before = load("fashion-mnist", "train", served).digest
    labels = served / "fashion-mnist/train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x01")
    with pytest.raises(InterplayError, match="`interplay fetch fashion-mnist --root"):
        load("fashion-mnist", "train", served)
    done = CliRunner().invoke(app, ["fetch", "fashion-mnist", "--root", str(served)])
    assert done.exit_code == 0, done.output
    assert "train-labels-idx1-ubyte is altered" in done.stdout
    assert load("fashion-mnist", "train", served).digest == before


def test_a_start_after_a_fetch_reads_nothing_again(served, monkeypatch):
    assert CliRunner().invoke(app, ["fetch", "fashion-mnist", "--root", str(served)]).exit_code == 0
    load("fashion-mnist", "train", served)
    load("fashion-mnist", "test", served)
    monkeypatch.setattr(verify, "file_hashes", None)  # would fail if it were asked
    load("fashion-mnist", "train", served)
