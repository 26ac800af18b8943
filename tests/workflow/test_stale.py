"""What has no notes of Snakemake is held against the plan, and records of no planned run are left out, not deleted."""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import pytest

from interplay.protocols.plan import plan_jobs, record_path
from interplay.protocols.setup import load_setup
from interplay.records import read_record, select_records, write_record

FIGURE = "figures/metrics24/fig9"


@pytest.fixture
def stale(load_script):
    return load_script("workflow/stale.py")


@pytest.fixture(scope="module")
def setup(root):
    return load_setup(root / "config", "smoke")


@pytest.fixture
def folder(tmp_path, setup, planned_record, monkeypatch):
    """A folder of results with the records of one experiment, as they are planned, and a figure of them."""
    monkeypatch.chdir(tmp_path)
    (job,) = (job for job in plan_jobs(setup) if job.experiment == "grokking")
    for run in job.runs:
        path = tmp_path / "results/smoke" / record_path("grokking", run.name)
        write_record(planned_record(setup, "grokking", run), path)
    for suffix in ("svg", "pdf", "png", "csv"):
        path = tmp_path / f"results/smoke/{FIGURE}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return SimpleNamespace(out=tmp_path / "results/smoke", job=job, first=job.runs[0])


def noted(stale, setup):
    """Snakemake's notes on all that is there."""
    out = stale.Path("results/smoke")
    for path in [path for path in out.rglob("*") if path.is_file()]:
        note = stale.note_on(path)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text("{}")


def look(stale, setup, targets=()):
    return stale.examine(setup, stale.Path("results"), targets)


def change(folder, **values):
    path = folder.out / record_path("grokking", folder.first.name)
    record = read_record(path)
    write_record(record.model_copy(update=values), path)
    return record


def test_runs_as_they_are_planned_stay_and_what_is_drawn_without_a_note_is_drawn_anew(stale, setup, folder):
    assert look(stale, setup).forced == {"figure_metrics24_fig9": [stale.NO_NOTE]}


def test_what_has_notes_is_left_to_snakemake(stale, setup, folder):
    change(folder, seed=77)
    noted(stale, setup)
    assert look(stale, setup).forced == {}


def test_one_lost_note_of_a_job_is_enough_to_look(stale, setup, folder):
    change(folder, seed=77)
    noted(stale, setup)
    stale.note_on(stale.Path("results/smoke") / record_path("grokking", folder.job.runs[-1].name)).unlink()
    assert list(look(stale, setup).forced) == [folder.job.slug]


@pytest.mark.parametrize("how", ["newer", "older", "as it was, by cp"])
def test_a_record_that_was_copied_over_another_is_looked_at_though_that_had_a_note(stale, setup, folder, how):
    path = folder.out / record_path("grokking", folder.first.name)
    noted(stale, setup)
    began = path.stat().st_mtime
    stale.note_on(stale.Path("results/smoke") / record_path("grokking", folder.first.name)).write_text(
        json.dumps({"starttime": began})
    )
    change(folder, seed=77)
    if how == "as it was, by cp":
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    later = {"newer": 60.0, "older": -60.0}.get(how, 0.0)
    os.utime(path, (began + later, began + later))
    assert "seed: 77 -> 0" in look(stale, setup).forced[folder.job.slug]
    change(folder, seed=0)  # of the same settings
    os.utime(path, (began + later, began + later))
    assert look(stale, setup).forced == {}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"seed": 77}, "seed: 77 -> 0"),
        ({"tier": "review"}, "tier: review -> smoke"),
        ({"data_mapping": "published"}, "data mapping: published -> offline"),
        ({"protocol": {}}, "steps"),
        ({"provenance": {"code_digest": "0" * 16}}, "code of interplay.experiments.grokking changed"),
    ],
)
def test_a_run_that_was_made_otherwise_is_made_again_and_it_is_said_why(stale, setup, folder, values, said):
    if "provenance" in values:
        record = read_record(folder.out / record_path("grokking", folder.first.name))
        values = {"provenance": record.provenance.model_copy(update=values["provenance"])}
    change(folder, **values)
    standing = look(stale, setup)
    assert said in " ".join(standing.forced[folder.job.slug])
    lines = []
    stale.enter(standing, say=lines.append)
    assert lines[0].startswith(
        f"{folder.job.slug}: no note of Snakemake is of what is there, which is not as is planned now: "
    )
    assert all(line.endswith("; made again") for line in lines)


def test_only_what_is_asked_for_is_looked_at(stale, setup, folder):
    change(folder, seed=77)
    out = stale.Path("results/smoke")
    assert look(stale, setup, [stale.Path("data/fashion-mnist")]).forced == {}
    assert list(look(stale, setup, ["records"]).forced) == [folder.job.slug]
    assert list(look(stale, setup, [out / "figures/metrics24/fig2.csv"]).forced) == []
    assert set(look(stale, setup, [out / f"{FIGURE}.csv"]).forced) == {folder.job.slug, "figure_metrics24_fig9"}


def test_a_record_that_no_plan_has_is_left_out_and_counts_again_when_one_has_it(stale, setup, folder, monkeypatch):
    noted(stale, setup)
    before = [record.name for record in select_records(folder.out, ["grokking/*"])]
    jobs = plan_jobs(setup)
    fewer = [
        replace(job, runs=job.runs[1:]) if job.experiment == "grokking" else job
        for job in jobs
        if job.experiment != "grokking" or len(job.runs) > 1
    ]
    lost = f"grokking/{folder.first.name}"
    with monkeypatch.context() as patched:
        patched.setattr(stale, "plan_jobs", lambda _setup: fewer)
        standing = look(stale, setup)
        assert standing.unplanned == (lost,)
        assert list(standing.forced) == ["figure_metrics24_fig9"]
        lines = []
        stale.enter(standing, say=lines.append)
        assert [record.name for record in select_records(folder.out, ["grokking/*"])] == [
            x for x in before if x != lost
        ]
        assert f"kept and left out of everything, as no run of this plan makes them: records/{lost}.json; " in lines[0]
        # Killed now, it would be drawn anew all the same: its notes are gone.
        assert list(look(stale, setup).forced) == ["figure_metrics24_fig9"]
        noted(stale, setup)
        assert look(stale, setup).forced == {}
    standing = look(stale, setup)
    assert (standing.unplanned, list(standing.forced)) == ((), ["figure_metrics24_fig9"])
    stale.enter(standing, say=lines.append)
    assert [record.name for record in select_records(folder.out, ["grokking/*"])] == before


def test_a_file_of_the_user_among_records_hurts_nothing(stale, setup, folder):
    (folder.out / "records/grokking/mine.json").write_text('{"a": 1}')
    stale.enter(look(stale, setup), say=lambda line: None)
    assert len(select_records(folder.out, ["*"])) == len(folder.job.runs)
    assert json.loads((folder.out / "records/grokking/mine.json").read_text()) == {"a": 1}


@pytest.mark.parametrize("length", [10, 150, 400])
def test_a_note_lies_where_snakemake_puts_it(stale, tmp_path, length):
    from snakemake.persistence.file import FilePersistence

    own = FilePersistence.__new__(FilePersistence)
    own._max_len = None
    (tmp_path / "metadata").mkdir()
    output = "results/smoke/" + "x" * length
    assert str(stale.note_on(output, tmp_path)) == own._record_path(str(tmp_path / "metadata"), output)
