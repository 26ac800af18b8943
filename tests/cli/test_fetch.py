"""`interplay fetch`: what is printed, and how it ends."""

from __future__ import annotations

import hashlib
import sys

import pytest
from typer.testing import CliRunner

import interplay.cli.fetch
from interplay.cli import app
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import DATASETS
from interplay.protocols.weights import WEIGHTS

CONTENT = b"an archive"


@pytest.fixture(autouse=True)
def no_dvc(monkeypatch):
    monkeypatch.setattr("interplay.data.fetching.dvc.dvc_executable", lambda: None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder, where cifar10 and cifar100 are pinned to CONTENT, which nobody delivers."""
    pin = {"size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    for name in ("cifar10", "cifar100"):
        sources = [{"kind": "http", "name": "published", "url": "http://127.0.0.1:9/x"}]
        pinned = {"path": f"{name}.tar.gz", "files": {f"{name}.tar.gz": pin}, "sources": sources}
        content = DATASETS[name].model_dump() | {"pinned": pinned}
        monkeypatch.setitem(DATASETS._entries, name, DatasetInfo.model_validate(content))
    return tmp_path


def invoke(*arguments):
    return CliRunner().invoke(app, ["fetch", *map(str, arguments)])


def test_each_step_is_a_line(folder):
    (folder / "cifar10.tar.gz").write_bytes(CONTENT)
    done = invoke("cifar10", "digits", "--root", folder)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"cifar10: {folder}/cifar10.tar.gz is there, verified",
        "cifar10: DVC is not installed, left to itself",
        "digits: comes with scikit-learn, nothing to fetch, verified",
    ]


def test_one_that_fails_does_not_keep_the_others_away(folder):
    (folder / "cifar100.tar.gz").write_bytes(CONTENT)
    done = invoke("cifar10", "cifar100", "--root", folder)
    assert isinstance(done.exception, InterplayError)
    assert str(done.exception).startswith("not fetched: cifar10;")
    assert "cifar10: published: http://127.0.0.1:9/x cannot be reached" in done.stdout
    assert f"cifar100: {folder}/cifar100.tar.gz is there, verified" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name at least one data set, or give --all; known: barred-pictures, barred-pictures-permuted"),
        (["cifar10", "--all"], "name at least one data set, or give --all"),
        (["cifar11"], "unknown data set 'cifar11'; did you mean 'cifar1"),
        (["clip-rn50"], "unknown set of weights 'clip-rn50'; did you mean 'clip-rn50-openai'"),
        (["cifar10", "--root", "/nonexistent"], "--root must name the data folder of a checkout"),
    ],
)
def test_wrong_input_is_one_clear_line(arguments, message):
    done = invoke(*arguments)
    assert isinstance(done.exception, InterplayError)
    assert message in str(done.exception)


def test_all_are_all_of_the_catalogue(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("interplay.data.fetching.fetch", lambda name, root, **more: asked.append((name, root)))
    assert invoke("--all", "--root", tmp_path).exit_code == 0
    assert asked == [(name, tmp_path) for name in (*DATASETS, *WEIGHTS)]


def test_the_exit_status_is_2_and_the_last_word_one_line(folder, monkeypatch, capsys):
    monkeypatch.setattr(interplay.cli, "_register", lambda: None, raising=False)
    monkeypatch.setattr(sys, "argv", ["interplay", "fetch", "cifar10", "--root", str(folder)])
    with pytest.raises(SystemExit) as left:
        interplay.cli.main()
    assert left.value.code == 2
    complaint = capsys.readouterr().err.splitlines()
    assert len(complaint) == 1
    assert complaint[0].startswith("error: cifar10: no source delivered it (tried published)")
