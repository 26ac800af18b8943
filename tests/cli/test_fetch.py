"""`interplay fetch`: what is printed, and how it ends."""

from __future__ import annotations

import hashlib
import sys

import pytest
import yaml
from typer.testing import CliRunner

import interplay.cli.fetch
from interplay.cli import app
from interplay.data import CATALOGUE
from interplay.errors import InterplayError

CONTENT = b"an archive"


@pytest.fixture(autouse=True)
def no_dvc(monkeypatch):
    monkeypatch.setattr("interplay.data.fetching.dvc.dvc_executable", lambda: None)


@pytest.fixture
def folder(tmp_path):
    """A data folder that pins cifar10 and cifar100, which nobody delivers."""
    sources = {"sources": [{"kind": "http", "name": "published", "url": "http://127.0.0.1:9/x"}]}
    table = {"datasets": {"cifar10": sources, "cifar100": sources}}
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump(table))
    for name in ("cifar10", "cifar100"):
        out = {"md5": hashlib.md5(CONTENT).hexdigest(), "size": len(CONTENT), "path": f"{name}.tar.gz"}
        (tmp_path / f"{name}.dvc").write_text(yaml.safe_dump({"outs": [out]}))
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
        "digits: comes with scikit-learn, nothing to fetch",
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
        ([], "name at least one data set, or give --all; known: cifar10"),
        (["cifar10", "--all"], "name at least one data set, or give --all"),
        (["cifar11"], "unknown data set 'cifar11'; did you mean 'cifar1"),
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
    assert asked == [(name, tmp_path) for name in CATALOGUE]


def test_the_exit_status_is_2_and_the_last_word_one_line(folder, monkeypatch, capsys):
    monkeypatch.setattr(interplay.cli, "_register", lambda: None, raising=False)
    monkeypatch.setattr(sys, "argv", ["interplay", "fetch", "cifar10", "--root", str(folder)])
    with pytest.raises(SystemExit) as left:
        interplay.cli.main()
    assert left.value.code == 2
    complaint = capsys.readouterr().err.splitlines()
    assert len(complaint) == 1
    assert complaint[0].startswith("error: cifar10: no source delivered it (tried dvc, published)")
