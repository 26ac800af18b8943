"""Data sets and weights as they lie in a folder, told by declarations of small files."""

import hashlib
from pathlib import PurePosixPath

import pytest

from interplay.data.fetching.verify import note_all, stamps
from interplay.data.ledger import Ledger
from interplay.doctor import assets
from interplay.doctor.assets import look_at_assets
from interplay.protocols.assets import FilePin, HttpSource, Pinned
from interplay.protocols.datasets import DATASETS
from interplay.protocols.weights import WEIGHTS

CONTENT = b"images" * 100


def pin(path, content=CONTENT):
    files = {PurePosixPath(path).name: FilePin(size=len(content), sha256=hashlib.sha256(content).hexdigest())}
    return Pinned(path=path, files=files, sources=(HttpSource(name="here", url=f"http://127.0.0.1:9/{path}"),))


@pytest.fixture
def small(monkeypatch, of_tier):
    """A tier that reads CIFAR-10, of a few bytes, and nothing else."""
    changed = DATASETS["cifar10"].model_copy(update={"pinned": pin("cifar.tar.gz")})
    monkeypatch.setitem(DATASETS._entries, "cifar10", changed)
    needs = of_tier("review", "published")
    runs = tuple(one for one in needs.runs if one.datasets == ("cifar10",) and not one.weights)
    return of_tier("review", "published", runs=runs)


def test_nothing_there_is_to_be_fetched_and_unpacked(small, tmp_path):
    (found,) = look_at_assets(small, tmp_path, read=True)
    assert (found.name, found.state, found.size) == ("cifar10", "missing", 600)
    assert found.unpacked == 60_000 * (3 * 32 * 32 + 8)


def test_what_is_there_counts_once_it_was_read(small, tmp_path):
    (tmp_path / "cifar.tar.gz").write_bytes(CONTENT)
    (found,) = look_at_assets(small, tmp_path, read=False)
    assert found.state == "there"
    (found,) = look_at_assets(small, tmp_path, read=True)
    assert found.state == "verified"


def test_what_was_verified_before_is_not_read_again(small, tmp_path, monkeypatch):
    (tmp_path / "cifar.tar.gz").write_bytes(CONTENT)
    pinned, ledger = DATASETS["cifar10"].pinned, Ledger(tmp_path, "cifar10")
    note_all(pinned, tmp_path, ledger, stamps(pinned, tmp_path))
    ledger.save()
    monkeypatch.setattr(assets, "file_fault", lambda *_: pytest.fail("it was read"))
    (found,) = look_at_assets(small, tmp_path, read=True)
    assert found.state == "verified"


def test_a_very_large_set_is_left_to_the_run_that_reads_it(small, tmp_path, monkeypatch):
    (tmp_path / "cifar.tar.gz").write_bytes(CONTENT)
    monkeypatch.setattr(assets, "READ_AT_MOST", 10)
    (found,) = look_at_assets(small, tmp_path, read=True)
    assert found.state == "there"


@pytest.mark.parametrize(
    ("content", "read", "fault"),
    [(CONTENT[:-1], False, "599 bytes, pinned 600"), (CONTENT[:-1] + b"x", True, "is altered")],
)
def test_damage_is_seen_by_size_at_once_and_by_content_when_read(small, tmp_path, content, read, fault):
    (tmp_path / "cifar.tar.gz").write_bytes(content)
    (found,) = look_at_assets(small, tmp_path, read=read)
    assert found.state == "damaged"
    assert fault in found.fault


def test_decoded_copies_that_are_there_take_no_more_room(small, tmp_path):
    (tmp_path / ".decoded").mkdir()
    (tmp_path / ".decoded/cifar10-train.safetensors").touch()
    (found,) = look_at_assets(small, tmp_path, read=False)
    assert found.unpacked == 10_000 * (3 * 32 * 32 + 8)


def test_of_files_that_hold_the_same_weights_one_is_enough(of_tier, tmp_path, monkeypatch):
    name = "clip-rn50-openai"
    forms = (pin("weights/a.pt", b"first"), pin("weights/b.safetensors", b"second form"))
    monkeypatch.setitem(WEIGHTS._entries, name, WEIGHTS[name].model_copy(update={"forms": forms}))
    published = of_tier("review", "published")
    needs = of_tier("review", "published", runs=tuple(one for one in published.runs if one.weights == (name,))[:1])
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/b.safetensors").write_bytes(b"second form")
    found = {one.name: one for one in look_at_assets(needs, tmp_path, read=False)}
    assert (found[name].state, found[name].size) == ("there", 11)


def test_what_users_put_in_place_is_there_once_its_folder_holds_something(of_tier, tmp_path):
    needs = of_tier("paper", "published")
    states = {one.name: one.state for one in look_at_assets(needs, tmp_path, read=False) if one.by_hand}
    assert set(states) == {"imagenet", "stanford-cars", "ucf101"}
    assert set(states.values()) == {"missing"}
    (tmp_path / "ucf101").mkdir()
    assert {one.name: one.state for one in look_at_assets(needs, tmp_path, read=False)}["ucf101"] == "missing"
    (tmp_path / "ucf101/list.txt").touch()
    assert {one.name: one.state for one in look_at_assets(needs, tmp_path, read=False)}["ucf101"] == "there"
