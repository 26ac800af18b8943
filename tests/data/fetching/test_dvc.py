"""Working with the real DVC, where it is installed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from interplay.data.fetching import fetch
from interplay.dvc import dvc_executable, repository
from interplay.errors import InterplayError

CONTENT = bytes(range(256)) * 40
FILES = {"a-images": b"images " * 500, "b-labels": b"labels"}


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def dvc():
    executable = dvc_executable()
    if executable is None:
        pytest.skip("DVC is not installed; it belongs to the extra `workflow`")

    def run(root: Path, *arguments: str) -> str:
        environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
        done = subprocess.run(
            [executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def checkout(root, tmp_path, write_root, server):
    """A repository with this project's DVC configuration, and data that a server has."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    shutil.copytree(root / ".dvc", tmp_path / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp", "config.local"))
    shutil.copy(root / ".dvcignore", tmp_path)
    for name, content in FILES.items():
        server.answers[f"/{name}"] = content
    data = write_root(folder=[{"kind": "http", "name": "published", "url": f"{server.url}/{{file}}"}])
    (data / ".gitignore").write_text("/fashion-mnist\n/cifar-10-python.tar.gz\n")
    return data


def test_after_a_fetch_the_status_is_clean_and_the_cache_serves_the_next(checkout, server, dvc):
    pin = (checkout / "fashion-mnist.dvc").read_text()
    fetch("fashion-mnist", checkout)
    # Snakemake leaves a time stamp in every folder that a rule makes.
    (checkout / "fashion-mnist/.snakemake_timestamp").touch()
    assert "up to date" in dvc(checkout, "status", "fashion-mnist.dvc")
    assert (checkout / "fashion-mnist.dvc").read_text() == pin

    shutil.rmtree(checkout / "fashion-mnist")
    server.asked.clear()
    lines: list[str] = []
    place = fetch("fashion-mnist", checkout, say=lines.append)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == FILES
    assert server.asked == []
    assert not list(checkout.glob(".fetch-*"))


def test_a_remote_serves_when_the_cache_is_lost_and_the_copy_here_is_damaged(checkout, server, dvc, tmp_path):
    server.answers.clear()
    (checkout / "fashion-mnist").mkdir()
    for name in FILES:
        (checkout / "fashion-mnist" / name).write_bytes(b"damage")
    listing = [{"md5": md5(content), "relpath": name} for name, content in sorted(FILES.items())]
    folder = json.dumps(listing).encode()
    for key, content in {md5(folder) + ".dir": folder, **{md5(text): text for text in FILES.values()}}.items():
        stored = tmp_path / "store/files/md5" / key[:2] / key[2:]
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(content)
    store = f"[core]\n    remote = store\n['remote \"store\"']\n    url = {tmp_path / 'store'}\n"
    (tmp_path / ".dvc/config.local").write_text(store)
    place = fetch("fashion-mnist", checkout, source="dvc")
    assert {path.name: path.read_bytes() for path in place.iterdir()} == FILES


def test_what_a_killed_fetch_had_put_aside_comes_back(checkout):
    aside = checkout / ".fetch-fashion-mnist-killed/aside/fashion-mnist"
    aside.mkdir(parents=True)
    (aside / "notes.txt").write_text("mine")
    (aside / "a-images").write_text("damaged")
    lines: list[str] = []
    place = fetch("fashion-mnist", checkout, say=lines.append)
    assert f"{place}: put aside by a fetch that was killed, put back" in lines
    assert (place / "notes.txt").read_text() == "mine"
    assert (place / "a-images").read_bytes() == FILES["a-images"]
    assert not list(checkout.glob(".fetch-*"))


def test_what_was_put_aside_is_kept_where_the_set_is_there_again(checkout):
    aside = checkout / ".fetch-fashion-mnist-killed/aside/fashion-mnist"
    for folder in (aside, checkout / "fashion-mnist"):
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text(folder.parent.name)
    fetch("fashion-mnist", checkout)
    assert (checkout / "fashion-mnist.earlier/notes.txt").read_text() == "aside"
    assert (checkout / "fashion-mnist/notes.txt").read_text() == checkout.name


def test_without_cache_and_remote_the_sources_are_asked(checkout, server, dvc):
    lines: list[str] = []
    server.answers.clear()
    with pytest.raises(InterplayError, match=r"tried dvc, published"):
        fetch("fashion-mnist", checkout, say=lines.append)
    assert "fashion-mnist: dvc: neither its cache nor a remote has fashion-mnist" in lines
    assert not (checkout / "fashion-mnist").exists()


def test_data_put_there_by_hand_are_handed_over(checkout, dvc):
    (checkout / "cifar-10-python.tar.gz").write_bytes(CONTENT)
    lines: list[str] = []
    fetch("cifar10", checkout, say=lines.append)
    assert lines[1:] == ["cifar10: handed to DVC"]
    key = md5(CONTENT)
    assert (checkout.parent / ".dvc/cache/files/md5" / key[:2] / key[2:]).read_bytes() == CONTENT
    fetch("cifar10", checkout, say=lines.append)
    assert len(lines) == 3  # "verified", and nothing more


def test_a_repository_is_found_above_the_data_folder(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    assert repository(tmp_path / "a/b") in (None, *tmp_path.parents)
    (tmp_path / ".dvc").mkdir()
    assert repository(tmp_path / "a/b") == tmp_path


def test_the_declarations_hold_no_stage_and_name_what_is_pinned(root):
    import yaml

    declared = yaml.safe_load((root / "dvc.yaml").read_text())
    assert set(declared) == {"params", "metrics", "plots", "artifacts"}
    assert all((root / path).is_file() for path in declared["params"])
    pinned = {path.stem: yaml.safe_load(path.read_text())["outs"][0]["path"] for path in (root / "data").glob("*.dvc")}
    assert {name: entry["path"] for name, entry in declared["artifacts"].items()} == {
        name: f"data/{path}" for name, path in pinned.items()
    }


def test_dvc_reads_the_declarations(root, dvc, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in (".dvc/config", "dvc.yaml", *(f"data/{path.name}" for path in (root / "data").glob("*.dvc"))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    shutil.copytree(root / "config", tmp_path / "config")
    assert "not in cache" in dvc(tmp_path, "status")
    assert "analytics = false" in (root / ".dvc/config").read_text()
