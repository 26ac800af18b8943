"""What was published comes back as it was, at three levels, or one line says why not."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from interplay.archive.contents import measures_networks
from interplay.archive.publish import publish
from interplay.archive.restore import restore
from interplay.errors import InterplayError
from interplay.protocols.plan import plan_jobs, record_path
from interplay.protocols.setup import load_setup
from interplay.records.seals import is_sealed, seal

RECORD, OTHER = "records/grokking/modular-addition/seed0.json", "records/theory/interplay24.json"


@pytest.fixture
def bring(setup, reviewer, remote):
    """Restores from the remote of the test; what was said comes along."""

    def run(**options):
        lines = []
        chosen = {"setup": setup, "results": reviewer, "remote": str(remote)} | options
        return restore(chosen.pop("setup"), chosen.pop("results"), say=lines.append, **chosen), "\n".join(lines)

    return run


def test_all_comes_back_as_it_was_and_nothing_else_is_left(setup, published, reviewer, bring, contents):
    (reviewer / ".dvc-bench-killed/results").mkdir(parents=True)
    brought, _ = bring()
    expected = contents(published[0])
    del expected["smoke/logs/run/theory.log"]
    assert contents(reviewer) == expected
    assert [path.name for path in reviewer.glob(".*")] == []
    assert brought.made and not brought.to_do and not brought.stale
    assert set(brought.current) == {path for job in plan_jobs(setup) for path in job.outputs}
    times = {path.stat().st_mtime_ns for path in reviewer.glob("smoke/**/*") if path.is_file()}
    assert len(times) == 1, "something would be newer than what was made from it"
    own = reviewer / "own"
    own.touch()
    seal(own)
    if is_sealed(own):  # this file system keeps seals
        assert is_sealed(reviewer / "smoke" / RECORD)


def test_a_file_that_differs_here_is_never_replaced_unasked(reviewer, bring, contents):
    mine = reviewer / "smoke" / RECORD
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    before = contents(reviewer)
    with pytest.raises(InterplayError, match=rf"smoke/{RECORD}: not what was published; .*FORCE=1"):
        bring(level="records")
    assert contents(reviewer) == before
    _, said = bring(level="records", force=True)
    assert f"replaced: {mine}" in said
    kept = reviewer / "smoke" / OTHER
    inode = kept.stat().st_ino
    _, said = bring(level="records")
    assert " 0 of them new here" in said and kept.stat().st_ino == inode


def test_records_alone_leave_no_run_to_be_done(setup, bring, reviewer):
    brought, _ = bring(level="records")
    assert {path.name for path in (reviewer / "smoke").iterdir()} == {"records", "published.json"}
    assert not brought.made and not brought.to_do
    records = {record_path(job.experiment, run.name) for job in plan_jobs(setup) for run in job.runs}
    assert set(brought.files) == records


def test_a_network_that_differs_here_is_named_though_records_alone_are_brought(setup, published, reviewer, bring):
    """The runs of those records would be entered as made, and their networks with them."""
    trained = next(job for job in plan_jobs(setup) if job.slug == "run_supervised_cifar10_plain")
    (record, *_), (path, *others) = trained.outputs[:1], [one for one in trained.outputs if one.startswith("models/")]
    mine = reviewer / "smoke" / path
    mine.parent.mkdir(parents=True)
    mine.write_text("a network of mine")
    for other in others:
        shutil.copy(published[0] / "smoke" / other, reviewer / "smoke" / other)
    with pytest.raises(InterplayError, match=rf"smoke/{path}: not what was published; move it away, or FORCE=1"):
        bring(level="records")
    assert not (reviewer / "smoke" / record).exists()
    brought, said = bring(level="records", force=True)
    assert f"moved away: {mine}, now {mine.name}.before-restore" in said
    assert record in brought.current and not mine.exists()
    assert mine.with_name(f"{mine.name}.before-restore").read_text() == "a network of mine"
    assert all((reviewer / "smoke" / other).is_file() for other in others)
    mine.write_text("another network of mine")
    _, said = bring(level="records", force=True)
    assert f"moved away: {mine}, now {mine.name}.before-restore-2" in said
    assert mine.with_name(f"{mine.name}.before-restore").read_text() == "a network of mine", "the only copy of it"
    assert mine.with_name(f"{mine.name}.before-restore-2").read_text() == "another network of mine"


def test_what_is_restored_is_flushed_with_its_folder_as_every_output_is(reviewer, bring, monkeypatch):
    flushed, real = set(), os.fsync

    def fsync(descriptor):
        flushed.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("which files are open is not told here")
    monkeypatch.setattr(os, "fsync", fsync)
    brought, _ = bring(level="records")
    assert {str((reviewer / "smoke" / path).resolve().parent) for path in brought.files} <= flushed


def test_a_place_that_cannot_be_written_is_one_line(reviewer, bring, monkeypatch):
    def replace(self, target):
        raise OSError(errno.EXDEV, "no link", str(self))

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(InterplayError, match=rf"^{reviewer}/smoke/records/\S+: invalid cross-device link$"):
        bring(level="records")


def test_a_job_of_which_one_record_is_here_is_left_to_be_done(setup, finished, fresh, tmp_path):
    family = next(job for job in plan_jobs(setup) if len(job.runs) > 1 and not job.runs[0].keeps_model)
    first, *others = family.outputs
    mine = (finished / "smoke" / first).read_bytes()
    for path in others:
        (finished / "smoke" / path).unlink()
    options = {"remote": f"{tmp_path / 'remote'}/", "say": lambda line: None}
    publish(setup, finished, partial=True, **options)
    shutil.copy(finished / "smoke.dvc", fresh)
    (fresh / "smoke" / first).parent.mkdir(parents=True)
    (fresh / "smoke" / first).write_bytes(mine)
    assert [job.slug for job in restore(setup, fresh, **options).to_do] == [family.slug]


def test_from_checkpoints_the_runs_are_left_that_only_measure_networks(setup, bring, reviewer):
    brought, _ = bring(level="checkpoints")
    measuring = [job for job in plan_jobs(setup) if measures_networks(job)]
    assert {job.experiment for job in measuring} == {"connectivity", "pruning", "temperature", "estimators"}
    assert [job.slug for job in brought.to_do] == [job.slug for job in measuring]
    for job in plan_jobs(setup):
        assert all((reviewer / "smoke" / path).is_file() != measures_networks(job) for path in job.outputs)
        assert set(job.inputs) <= set(brought.files), "a run that is left would want another retrained"


def test_from_checkpoints_few_shot_learning_is_restored_though_a_tier_bundles_by_run(setup, finished, fresh, tmp_path):
    by_run = replace(setup, tier=setup.tier.model_copy(update={"bundle": "run"}))
    options = {"remote": f"{tmp_path / 'remote'}/", "say": lambda line: None}
    publish(by_run, finished, **options)
    shutil.copy(finished / "smoke.dvc", fresh)
    brought = restore(by_run, fresh, level="checkpoints", **options)
    few_shot = [run.name for run in by_run.unfold("cross_modal") if run.settings.kind == "few_shot"]
    assert few_shot and {record_path("cross_modal", name) for name in few_shot} <= set(brought.files)
    assert {job.experiment for job in brought.to_do} == {"connectivity", "pruning", "temperature", "estimators"}


@pytest.mark.parametrize("how", ["missing", "damaged", "truncated"])
def test_a_file_that_the_remote_has_not_right_is_named_and_nothing_is_written(
    how, published, reviewer, remote, bring, contents, stored
):
    place = stored(remote, (published[0] / "smoke" / RECORD).read_bytes())
    if how == "missing":
        place.unlink()
    else:
        place.write_bytes(place.read_bytes()[:100] + (b"" if how == "truncated" else b"#" + place.read_bytes()[101:]))
    with pytest.raises(InterplayError) as refused:
        bring()
    line = str(refused.value)
    reason = "No such file or directory" if how == "missing" else "(fetched, but its hash is another)"
    assert f"smoke/{RECORD}: cannot be had from {remote} (" in line and reason in line and "\n" not in line
    advice = f"delete files/md5/{place.parent.name}/{place.name} there and `make publish`"
    assert "); run the same command again; " in line and (advice in line) == (how != "missing")
    assert set(contents(reviewer)) == {"smoke.dvc"}
    # What is mended on the remote is brought, though the damaged copy had been brought before.
    place.write_bytes((published[0] / "smoke" / RECORD).read_bytes())
    brought, _ = bring(level="records")
    assert RECORD in brought.files


def test_a_list_of_files_that_is_missing_is_named(published, reviewer, remote, bring, contents, stored):
    outs = yaml.safe_load((reviewer / "smoke.dvc").read_text())["outs"]
    (md5,) = [out["md5"] for out in outs if out["path"] == "smoke/records"]
    (remote / "files/md5" / md5[:2] / md5[2:]).unlink()
    said = rf"smoke/records: none of its \d+ files .*; if it stays so, their list, files/md5/{md5[:2]}/{md5[2:]}, is"
    with pytest.raises(InterplayError, match=said):
        bring(level="records")
    stored(remote, (published[0] / "smoke/published.json").read_bytes()).unlink()
    shutil.rmtree(reviewer.parent / ".dvc/cache")  # which has it from the first time
    with pytest.raises(InterplayError, match=r"smoke/published.json: cannot be had from .*give another REMOTE"):
        bring(level="records")
    assert set(contents(reviewer)) == {"smoke.dvc"}


def test_a_list_of_files_that_leads_outside_is_thrown_away(reviewer, remote, bring, tmp_path):
    outs = yaml.safe_load((reviewer / "smoke.dvc").read_text())["outs"]
    (md5,) = [out["md5"] for out in outs if out["path"] == "smoke/records"]
    place = remote / "files/md5" / md5[:2] / md5[2:]
    listed = json.loads(place.read_text())
    for up in range(1, 7):
        listed.append({"md5": listed[0]["md5"], "relpath": "../" * up + "outside.json"})
    place.write_text(json.dumps(listed))
    with pytest.raises(InterplayError, match=r"smoke/records.* \(fetched, but its hash is another\); run the same"):
        bring(level="records")
    assert not list(tmp_path.rglob("outside.json"))


def test_what_was_damaged_in_the_cache_is_brought_again(published, reviewer, bring, stored):
    bring(level="records")
    shutil.rmtree(reviewer / "smoke")
    place = stored(reviewer.parent / ".dvc/cache", (published[0] / "smoke" / RECORD).read_bytes())
    place.chmod(0o644)
    place.write_bytes(b"x" + place.read_bytes()[1:])
    place.chmod(0o444)  # DVC takes what is read-only in its cache for right
    with pytest.raises(InterplayError, match=rf"{RECORD}: .*run the same command again"):
        bring(level="records")
    brought, _ = bring(level="records")
    assert RECORD in brought.files


def test_a_part_of_what_is_made_of_records_does_not_pass_for_the_whole(setup, finished, fresh, tmp_path, monkeypatch):
    """As where an earlier version had published it: what is missing here was never compared."""
    options = {"remote": f"{tmp_path / 'remote'}/", "say": lambda line: None}
    (finished / "smoke/report/index.html").unlink()
    monkeypatch.setattr("interplay.archive.publish.planned_made", lambda config: [])
    publish(setup, finished, **options)
    shutil.copy(finished / "smoke.dvc", fresh)
    brought = restore(setup, fresh, **options)
    assert "verdicts.json" in brought.files and not brought.made


@pytest.fixture
def changed(small_config, tmp_path):
    """A plan in which grokking takes a step more."""
    config = tmp_path / "config"
    shutil.copytree(small_config, config)
    path = config / "tiers/smoke/grokking.yaml"
    tier = yaml.safe_load(path.read_text())
    tier["overrides"]["steps"] += 1
    path.write_text(yaml.safe_dump(tier))
    return load_setup(config, "smoke")


@pytest.mark.parametrize(
    ("state", "offered"), [(("a" * 40, False), True), (("a" * 40, True), False), (("unknown", False), False)]
)
def test_a_commit_is_offered_only_where_it_has_the_plan(
    setup, changed, finished, fresh, tmp_path, monkeypatch, state, offered
):
    options = {"remote": f"{tmp_path / 'remote'}/", "say": lambda line: None}
    monkeypatch.setattr("interplay.archive.publish.git_state", lambda: state)
    publish(setup, finished, **options)
    shutil.copy(finished / "smoke.dvc", fresh)
    lines = []
    restore(changed, fresh, level="records", **options | {"say": lines.append})
    assert any(line.startswith("left out: 1 runs in all") for line in lines)
    assert any(f"`git checkout {state[0]}` has the plan" in line for line in lines) == offered


def test_what_is_planned_otherwise_now_is_named_and_left_out(changed, reviewer, bring):
    """A protocol that changed: its runs are not taken for done, nor is what was made from their records."""
    brought, said = bring(setup=changed)
    assert (
        "left out: grokking/modular-addition/seed0, made otherwise than is planned now: protocol.steps: 6 -> 7" in said
    )
    assert "left out: figures, tables, metrics, verdicts and report" in said
    assert set(brought.stale) == {"grokking/modular-addition/seed0"}
    assert [job.experiment for job in brought.to_do] == ["grokking"]
    assert not (reviewer / "smoke" / RECORD).exists() and not (reviewer / "smoke/report").exists()
    assert (reviewer / "smoke" / OTHER).is_file()
    assert RECORD not in brought.current and OTHER in brought.current


@pytest.mark.parametrize("how", ["another version", "an unknown field"])
def test_a_record_that_cannot_be_read_is_left_out_and_all_else_comes(
    setup, finished, fresh, tmp_path, monkeypatch, how
):
    """As where an older or newer code had published it."""
    options = {"remote": f"{tmp_path / 'remote'}/", "say": lambda line: None}
    path = finished / "smoke" / RECORD
    record = json.loads(path.read_text())
    record |= {"schema_version": record["schema_version"] + 1} if how == "another version" else {"of_later": 1}
    path.write_text(json.dumps(record))
    monkeypatch.setattr("interplay.archive.publish.changed_since", lambda *given: [])
    monkeypatch.setattr("interplay.archive.publish.read_record", lambda path: None)
    publish(setup, finished, **options)
    shutil.copy(finished / "smoke.dvc", fresh)
    lines = []
    brought = restore(setup, fresh, **options | {"say": lines.append})
    (line,) = [line for line in lines if "grokking" in line]
    assert line.startswith("left out: grokking/modular-addition/seed0, made otherwise than is planned now: ")
    assert ("another version of the schema" if how == "another version" else "not a valid record (of_later: ") in line
    assert ".dvc-bench" not in line
    assert RECORD not in brought.files and OTHER in brought.files
    assert [job.experiment for job in brought.to_do] == ["grokking"]


def test_without_a_pin_or_a_remote_one_line_says_what_to_do(setup, reviewer, fresh, bring):
    with pytest.raises(InterplayError, match=r"no remote; give one with REMOTE="):
        bring(remote=None)
    with pytest.raises(InterplayError, match=r"DVC knows no remote 'nowhere' \(it knows none\)"):
        bring(remote="nowhere")
    (reviewer / "smoke.dvc").unlink()
    with pytest.raises(InterplayError, match=r"smoke.dvc: not there, so nothing of smoke has been published"):
        bring()
