"""The archive for a deposit: complete, the same for the same content, and its RO-Crate can be read back."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from interplay.archive.export import export
from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup

ROOT = Path(__file__).resolve().parents[2]
RECORD = "results/smoke/records/supervised/cifar10/plain/seed0.json"
RUNG = {
    "level": "smoke",
    "tier": "smoke",
    "data": "offline",
    "ruling": "holds",
    "basis": None,
    "word": "holds on substitute data",
    "sentence": "shown in 1 of 1 runs",
    "degree": {},
    "evidence": {},
    "conditions": None,
    "overrides": [],
    "records": [{"name": "supervised/cifar10/plain/seed0", "digest": "0" * 16}],
}
VERDICT = {
    "id": "a_claim",
    "said_in": [],
    "statement": "Entropy rises.",
    "weight": "headline",
    "asks": False,
    "test": "trend",
    "note": "",
    "verdict": "holds on substitute data",
    "decided_by": 0,
    "ladder": [RUNG],
}


@pytest.fixture
def checkout(pristine, small_config, tmp_path):
    """A checkout with finished results, a verdict among them."""
    folder = tmp_path / "checkout"
    shutil.copytree(pristine, folder / "results", copy_function=shutil.copyfile)  # without their seals
    shutil.copytree(small_config, folder / "config")
    for name in ("LICENSE", "CITATION.cff", "README.md", "dvc.yaml", "envs", "data"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, folder)
    for name in ("envs", "data"):
        (folder / name).mkdir()
        for path in (*(ROOT / name).glob("*.lock"), *(ROOT / name).glob("*.dvc")):
            shutil.copy(path, folder / name)
    (folder / "results/smoke/verdicts.json").write_text(json.dumps([VERDICT]))
    path = folder / RECORD
    record = json.loads(path.read_text())
    record["provenance"]["data"] = {
        f"{name}/{split}": DATASETS[name].digests[split]
        for name, split in (("digits", "train"), ("fashion-mnist", "test"))
    }
    path.write_text(json.dumps(record))
    return folder


@pytest.fixture
def pack(checkout, tmp_path):
    def run(name="out.zip", folder=checkout):
        export(load_setup(folder / "config"), folder / "results", tmp_path / name, say=lambda line: None)
        return tmp_path / name

    return run


def test_everything_that_a_reader_needs_is_in_it(pack, checkout, contents):
    with zipfile.ZipFile(pack()) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        for name in names:
            if name != "ro-crate-metadata.json":
                assert packed.read(name) == (checkout / name).read_bytes()
    results = {f"results/{name}" for name in contents(checkout / "results")}
    unpacked = {name for name in results if name.startswith(("results/smoke/logs", "results/smoke/models"))}
    assert {name for name in names if name.startswith("results/")} == results - unpacked
    assert {"LICENSE", "CITATION.cff", "envs/requirements.lock", "data/cifar10.dvc", "config/tiers/smoke.yaml"} <= set(
        names
    )
    assert names[0] == "ro-crate-metadata.json"


def test_the_same_content_gives_the_same_bytes_whenever_and_wherever(pack, checkout, tmp_path):
    first = pack().read_bytes()
    shutil.copytree(checkout, tmp_path / "else/where")
    for path in (tmp_path / "else/where").rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o755 if path.is_dir() else 0o600)
    assert pack("again.zip", tmp_path / "else/where").read_bytes() == first
    (checkout / "results/smoke/metrics/theory.json").write_text("{}")
    assert pack("changed.zip").read_bytes() != first


def test_it_says_neither_where_it_was_made_nor_by_whom(pack, tmp_path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "whoever-made-it")  # the user's own name may be any word
    with zipfile.ZipFile(pack()) as packed:
        text = b"".join(packed.read(name) for name in packed.namelist())
        metadata = json.loads(packed.read("ro-crate-metadata.json"))
    for place in (tmp_path, ROOT):  # a path, not the end of an address
        assert not re.search(rb"(?<![\w.-])" + re.escape(str(place).encode()), text)
    assert "agent" not in {key for entity in metadata["@graph"] for key in entity}
    assert getpass.getuser() == "whoever-made-it"
    assert "whoever-made-it" not in json.dumps(metadata)


def test_rocrate_reads_it_back(pack, setup, tmp_path):
    rocrate = pytest.importorskip("rocrate.rocrate", reason="rocrate belongs to the extra `archive`")
    with zipfile.ZipFile(pack()) as packed:
        packed.extractall(tmp_path / "unpacked")
        names = set(packed.namelist())
    crate = rocrate.ROCrate(tmp_path / "unpacked")
    assert {entity.id for entity in crate.data_entities if entity.type == "File"} == names - {"ro-crate-metadata.json"}
    runs = {action["name"]: action for action in crate.get_by_type("CreateAction")}
    assert set(runs) == {f"{job.experiment}/{run.name}" for job in plan_jobs(setup) for run in job.runs}
    run = runs["supervised/cifar10/plain/seed0"]
    started, ended = (datetime.fromisoformat(run[key]) for key in ("startTime", "endTime"))
    assert (ended - started).total_seconds() == 1
    assert run["instrument"]["name"] == "interplay" and run["instrument"]["version"]
    assert [one.id for one in run["result"]] == [RECORD]
    inputs = {one.id: one for one in run["object"]}
    assert {"#data/digits", "#data/fashion-mnist", "config/experiments/supervised.yaml"} == set(inputs)
    pinned = DATASETS["fashion-mnist"].pinned
    files = {part["name"]: part for part in inputs["#data/fashion-mnist"]["hasPart"]}
    assert {name: part["sha256"] for name, part in files.items()} == {
        name: pin.sha256 for name, pin in pinned.files.items()
    }
    assert all(url.startswith("http") for part in files.values() for url in part["contentUrl"])
    assert "MIT" in inputs["#data/fashion-mnist"]["license"]["name"]
    assert crate.license.id == "LICENSE"
    (review,) = crate.get_by_type("ClaimReview")
    assert review["claimReviewed"] == VERDICT["statement"]
    assert review["reviewRating"]["ratingValue"] == VERDICT["verdict"]
    assert [one.id for one in review["isBasedOn"]] == [RECORD]


def test_every_reference_within_the_description_leads_somewhere(pack):
    with zipfile.ZipFile(pack()) as packed:
        graph = json.loads(packed.read("ro-crate-metadata.json"))["@graph"]
    known = {entity["@id"] for entity in graph}
    assert len(known) == len(graph)

    def references(value):
        if isinstance(value, dict):
            yield from [value["@id"]] if set(value) == {"@id"} else []
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    wanted = {one for entity in graph for value in entity.values() for one in references(value)}
    assert {one for one in wanted if not one.startswith("https://w3id.org/")} <= known


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("results/smoke/records", "no records to pack; `make reproduce TIER=smoke"),
        (
            "results/smoke/tables",
            r"results are missing \(tables/\S+, ...\); `make reproduce TIER=smoke DATA=offline` makes",
        ),
        ("results/smoke/metrics/theory.json", r"1 results are missing \(metrics/theory.json, ...\); `make reproduce"),
        ("CITATION.cff", r"CITATION.cff: missing; an archive needs it"),
    ],
)
def test_what_is_missing_is_named_in_one_line_and_no_archive_is_left(pack, checkout, tmp_path, gone, said):
    place = checkout / gone
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    with pytest.raises(InterplayError, match=said) as refused:
        pack()
    assert "\n" not in str(refused.value) and not (tmp_path / "out.zip").exists()


def test_a_file_that_names_a_place_on_this_machine_is_not_packed(pack, checkout):
    (checkout / "results/smoke/report/index.html").write_text(f"<p>{checkout.resolve()}/results</p></html>\n")
    with pytest.raises(InterplayError, match=r"report/index.html: names .*, a place on this machine"):
        pack()


@pytest.mark.parametrize("text", ["/root", "in /root/results.", "file:///root/results", "<p>/root</p>"])
def test_a_place_just_below_the_root_is_found_too(pack, checkout, monkeypatch, text):
    monkeypatch.setenv("HOME", "/root")
    (checkout / "results/smoke/report/index.html").write_text(f"{text}\n</html>\n")
    with pytest.raises(InterplayError, match=r"report/index.html: names /root, a place on this machine"):
        pack()


@pytest.mark.parametrize("text", ["/roots", "example.org/root", "/root-mean-square", "square/root", "/root.txt"])
def test_what_only_begins_or_ends_like_a_place_is_packed(pack, checkout, monkeypatch, text):
    monkeypatch.setenv("HOME", "/root")
    (checkout / "results/smoke/report/index.html").write_text(f"{text}\n</html>\n")
    assert pack().is_file()


def test_a_record_of_another_run_than_its_place_says_is_not_packed(pack, checkout, tmp_path):
    """What it says of itself would lead out of the results, and out of wherever the archive is unpacked."""
    (checkout / "secret.json").write_text("{}")
    path = checkout / RECORD
    record = json.loads(path.read_text())
    path.with_name("seed9.json").write_text(json.dumps(record | {"experiment": "../../..", "run": "secret"}))
    with pytest.raises(InterplayError, match=r"plain/seed9.json: the record of ../../../secret, a copy perhaps"):
        pack()
    path.with_name("seed9.json").write_text(json.dumps(record))
    with pytest.raises(InterplayError, match=r"plain/seed9.json: the record of supervised/cifar10/plain/seed0, a copy"):
        pack()
    assert not (tmp_path / "out.zip").exists()


def test_records_made_otherwise_than_is_planned_now_are_not_packed(pack, checkout):
    path = checkout / "results/smoke/records/grokking/modular-addition/seed0.json"
    record = json.loads(path.read_text())
    record["protocol"]["steps"] = 5
    path.write_text(json.dumps(record))
    with pytest.raises(InterplayError, match=r"made otherwise than is planned now: grokking/modular-addition/seed0 \("):
        pack()
    path.unlink()
    with pytest.raises(InterplayError, match=r"1 results are missing \(records/grokking/modular-addition/seed0.json"):
        pack()


def test_what_is_damaged_is_not_packed(pack, checkout, tmp_path):
    (checkout / "results/smoke/report/index.html").write_text("<p>cut o")
    with pytest.raises(InterplayError, match=r"report/index.html: it is not whole; `make reproduce TIER=smoke"):
        pack()
    assert not (tmp_path / "out.zip").exists()


def test_networks_need_not_be_here(pack, checkout):
    shutil.rmtree(checkout / "results/smoke/models")
    assert pack().is_file()


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([{key: value for key, value in VERDICT.items() if key != "statement"}], "0.statement: Field required"),
        ([VERDICT, {key: value for key, value in VERDICT.items() if key != "decided_by"}], "1.decided_by: Field req"),
        ([VERDICT | {"ladder": []}], "decided_by: 0 is no rung of a ladder of 0"),
        ([VERDICT | {"decided_by": -1}], "decided_by: -1 is no rung of a ladder of 1"),
        ({}, "file: Input should be a valid"),
    ],
)
def test_damaged_verdicts_are_one_line_and_no_archive_without_reviews(pack, checkout, tmp_path, verdicts, said):
    (checkout / "results/smoke/verdicts.json").write_text(json.dumps(verdicts))
    with pytest.raises(InterplayError, match=r"verdicts.json: not a list of verdicts \(") as refused:
        pack()
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert not (tmp_path / "out.zip").exists()


def test_an_archive_that_is_there_is_replaced_only_where_asked(pack, checkout, tmp_path):
    first = pack()
    with pytest.raises(InterplayError, match=r"out.zip: is there already; .*FORCE=1"):
        pack()
    first.write_bytes(b"")
    export(load_setup(checkout / "config"), checkout / "results", first, force=True, say=lambda line: None)
    assert zipfile.is_zipfile(first)


def test_a_name_that_is_too_long_is_one_line(pack):
    with pytest.raises(InterplayError, match=r"a\.zip: file name too long$"):
        pack(f"{'a' * 300}.zip")


def test_code_is_described_as_the_records_have_it(pack, checkout):
    """The version that made a record, not the one that packs it."""
    path = checkout / RECORD
    record = json.loads(path.read_text())
    record["provenance"] |= {"git_commit": "a" * 40, "git_dirty": False}
    record["provenance"]["packages"]["interplay"] = "0.0.7"
    path.write_text(json.dumps(record))
    with zipfile.ZipFile(pack()) as packed:
        graph = {one["@id"]: one for one in json.loads(packed.read("ro-crate-metadata.json"))["@graph"]}
    made = graph[f"#code/{'a' * 40}"]
    assert (made["version"], made["identifier"]) == ("0.0.7", "a" * 40)
    others = [one for one in graph.values() if one["@type"] == "SoftwareApplication" and one is not made]
    assert others and all(one["version"] != "0.0.7" and "softwareVersion" not in one for one in others)


def test_code_with_uncommitted_changes_is_not_called_the_commit(pack, checkout):
    path = checkout / RECORD
    record = json.loads(path.read_text())
    record["provenance"] |= {"git_commit": "a" * 40, "git_dirty": True}
    path.write_text(json.dumps(record))
    other = path.parents[3] / "theory/interplay24.json"
    clean = json.loads(other.read_text())
    clean["provenance"] |= {"git_commit": "a" * 40, "git_dirty": False}
    other.write_text(json.dumps(clean))
    with zipfile.ZipFile(pack()) as packed:
        graph = {one["@id"]: one for one in json.loads(packed.read("ro-crate-metadata.json"))["@graph"]}
    ran = graph["#run/supervised/cifar10/plain/seed0"]["instrument"]["@id"]
    assert graph[ran]["identifier"] == f"{'a' * 40} with uncommitted changes"
    assert graph[ran]["description"] == f"The package interplay at commit {'a' * 40} with uncommitted changes."
    other_ran = graph["#run/theory/interplay24"]["instrument"]["@id"]
    assert graph[other_ran]["identifier"] == "a" * 40
