"""Publishing: what is sent, what the pin says, and what is refused."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from interplay.archive.manifest import hashes, parse_manifest, read_pin
from interplay.archive.publish import describe, finished_jobs, publish
from interplay.errors import InterplayError
from interplay.protocols.plan import plan_jobs
from interplay.records.seals import is_sealed, seal

RECORD = "records/grokking/modular-addition/seed0.json"


def test_the_pin_is_a_file_of_dvc_and_names_neither_remote_nor_machine(published, reviewer, dvc, remote):
    results, place = published
    text = (results / "smoke.dvc").read_text()
    pin = read_pin(results / "smoke")
    assert {out.path for out in pin.outs} == {
        f"smoke/{part}"
        for part in ("published.json", "records", "models", "figures", "tables", "metrics", "verdicts.json", "report")
    }
    assert len(text) < 2000, "small enough to be committed"
    manifest = (results / "smoke/published.json").read_text()
    for machine in (str(place), str(results), "logs/"):
        assert machine not in text + manifest
    # Whoever knows DVC only needs nothing of ours.
    dvc(reviewer.parent, "remote", "add", "-q", "--local", "--default", "here", str(remote))
    dvc(reviewer.parent, "pull", "-q", "results/smoke.dvc")
    assert (reviewer / "smoke" / RECORD).read_bytes() == (results / "smoke" / RECORD).read_bytes()
    assert "up to date" in dvc(reviewer.parent, "status", "results/smoke.dvc")


def test_every_published_file_is_listed_with_its_hashes(published, contents):
    folder = published[0] / "smoke"
    listed = parse_manifest((folder / "published.json").read_bytes(), "published.json").files
    here = {name for name in contents(folder) if not name.startswith("logs/") and name != "published.json"}
    assert set(listed) == here
    assert all(hashes(folder / name) == one for name, one in listed.items())


def test_what_is_missing_is_not_published_unless_asked(setup, finished, tmp_path):
    (finished / "smoke" / RECORD).unlink()
    with pytest.raises(InterplayError, match=rf"1 results are missing \({RECORD}, ...\); `make reproduce"):
        publish(setup, finished, remote=str(tmp_path / "remote"))
    assert not (tmp_path / "remote").exists() and not (finished / "smoke.dvc").exists()
    jobs = finished_jobs(setup, finished / "smoke", partial=True)
    listed = describe(setup, finished / "smoke", jobs).files
    assert len(jobs) == len(plan_jobs(setup)) - 1
    assert RECORD not in listed and "verdicts.json" not in listed, (
        "verdicts on some records would pass for those on all"
    )


@pytest.mark.parametrize(
    "gone", ["figures/metrics24/fig9.csv", "verdicts.json", "report/appendix.md", "metrics/theory.json"]
)
def test_what_is_missing_of_what_is_made_of_records_is_not_published_unless_asked(setup, finished, tmp_path, gone):
    (finished / "smoke" / gone).unlink()
    said = rf"1 results are missing \({gone}, ...\); `make reproduce TIER=smoke DATA=offline` makes them .*; --partial"
    with pytest.raises(InterplayError, match=said):
        publish(setup, finished, remote=str(tmp_path / "remote"))
    publish(setup, finished, remote=str(tmp_path / "remote"), partial=True, say=lambda line: None)
    parts = {out.path.partition("/")[2] for out in read_pin(finished / "smoke").outs}
    assert parts == {"published.json", "records", "models"}, "a part would pass for the whole"


def test_a_lost_network_is_not_said_to_come_back_by_itself(setup, finished, tmp_path):
    lost = "models/supervised/cifar10/plain/seed0.safetensors"
    (finished / "smoke" / lost).unlink()
    with pytest.raises(InterplayError, match=rf"1 networks are missing \({lost}, ...\); ") as refused:
        publish(setup, finished, remote=str(tmp_path / "remote"))
    record = finished / "smoke/records/supervised/cifar10/plain/seed0.json"
    assert f"; delete {record}, and `make reproduce TIER=smoke" in str(refused.value)
    assert record.is_file()


def flipped(path):
    """A bit of a file flipped; its size, and whether it can be read, stay."""
    content = bytearray(path.read_bytes())
    content[content.index(b"wall_seconds") + 15 if path.suffix == ".json" else -2] ^= 1
    with path.open("r+b") as stream:  # in place, so that what is noted on the file stays
        stream.write(content)


@pytest.mark.parametrize("path", [RECORD, "models/supervised/cifar10/plain/seed0.safetensors"])
def test_what_is_not_what_was_written_is_not_published(setup, finished, tmp_path, path):
    place = finished / "smoke" / path
    seal(place)
    if not is_sealed(place):
        pytest.skip("this file system keeps no seals")
    flipped(place)
    with pytest.raises(InterplayError, match=rf"smoke/{path}: it is not what was written; ") as refused:
        publish(setup, finished, remote=str(tmp_path / "remote"), say=lambda line: None)
    assert ("; delete " if path.startswith("models") else "; `make reproduce ") in str(refused.value)
    assert not (finished / "smoke.dvc").exists() and not (tmp_path / "remote").exists()


@pytest.mark.parametrize("path", ["models/supervised/cifar10/plain/seed0.safetensors", "figures/metrics24/fig9.svg"])
def test_what_is_cut_off_is_not_published_though_nothing_is_noted_on_it(setup, finished, tmp_path, path):
    place = finished / "smoke" / path
    place.write_bytes(place.read_bytes()[:-3])
    with pytest.raises(InterplayError, match=rf"smoke/{path}: it is (not whole|cut off or no safetensors file); "):
        publish(setup, finished, remote=str(tmp_path / "remote"), say=lambda line: None)


def test_what_was_made_otherwise_than_is_planned_is_not_published(setup, finished, tmp_path):
    path = finished / "smoke" / RECORD
    record = json.loads(path.read_text())
    record["protocol"]["steps"] = 5
    path.write_text(json.dumps(record))
    with pytest.raises(
        InterplayError, match=r"otherwise .*: grokking/modular-addition/seed0 \(protocol\.steps: 5 -> 6\)"
    ):
        publish(setup, finished, remote=str(tmp_path / "remote"))


def test_uncommitted_changes_stand_in_list_and_pin(setup, finished, tmp_path, monkeypatch):
    monkeypatch.setattr("interplay.archive.publish.git_state", lambda: ("a" * 40, True))
    publish(setup, finished, remote=str(tmp_path / "remote"), say=lambda line: None)
    listed = parse_manifest((finished / "smoke/published.json").read_bytes(), "published.json")
    assert (listed.git_commit, listed.git_dirty) == ("a" * 40, True)
    assert read_pin(finished / "smoke").meta.git_dirty


def test_a_remote_that_refuses_is_named_in_one_line_and_no_pin_is_written(setup, finished, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InterplayError) as refused:
        publish(setup, finished, remote=str(tmp_path / "file"))
    assert str(refused.value).startswith(f"{tmp_path / 'file'} does not take the files: ")
    assert not (finished / "smoke.dvc").exists() and not list(finished.glob(".dvc-bench-*"))


@pytest.mark.parametrize(
    "path", ["../records/a.json", "records/../../a", "/etc/passwd", "logs/a", "records/a\n.json", "records/./a", ""]
)
def test_a_list_that_names_other_places_is_refused(published, path):
    listed = json.loads((published[0] / "smoke/published.json").read_bytes())
    listed["files"][path] = listed["files"][RECORD]
    with pytest.raises(InterplayError, match=r"no (place|name) for a published file"):
        parse_manifest(json.dumps(listed).encode(), "published.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outs": [{"path": "../config", "md5": "0" * 32, "size": 1}]}, "'../config' is no part of what is published"),
        ({"outs": [{"path": "smoke/records", "md5": "x", "size": 1}]}, "outs.0.md5"),
        ({"outs": []}, "lacks smoke/published.json"),
        ({"meta": {}}, "meta.tier"),
    ],
)
def test_a_pin_that_is_none_is_refused_in_one_line(published, reviewer, change, said):
    pin = yaml.safe_load((reviewer / "smoke.dvc").read_text()) | change
    (reviewer / "smoke.dvc").write_text(yaml.safe_dump(pin))
    with pytest.raises(InterplayError, match=r"smoke\.dvc: ") as refused:
        read_pin(reviewer / "smoke")
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_results_that_change_while_they_are_sent_are_not_published(setup, finished, tmp_path, monkeypatch):
    copy = shutil.copyfile

    def later(source, target):
        if str(source).endswith(RECORD):
            source.write_text(source.read_text() + " ")
        return copy(source, target)

    monkeypatch.setattr("interplay.archive.publish.shutil.copyfile", later)
    with pytest.raises(InterplayError, match=rf"{RECORD}: changed while it was published"):
        publish(setup, finished, remote=str(tmp_path / "remote"))
    assert not (finished / "smoke.dvc").exists()
