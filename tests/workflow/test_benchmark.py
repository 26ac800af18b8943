"""The benchmark of the pipeline: what its meter writes, and how it is summed up."""

import json
import os
import re
import subprocess

import pipeline
import shrunken

from interplay.protocols.forecast import memory_mib
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup


def test_the_meter_runs_the_command_and_writes_what_it_took(root, tmp_path):
    pipeline.write_meter(tmp_path / "with space")
    log = tmp_path / "times.jsonl"
    environment = os.environ | {"INTERPLAY_TIMES": str(log), "PYTHONPATH": str(root / "src")}

    def call(*arguments):
        command = [str(tmp_path / "with space/interplay"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    assert call("--version").stdout.strip()
    assert call("figure", "no such").returncode == 2
    version, figure = pipeline.read_log(log)
    assert (version["what"], figure["what"]) == (["--version"], ["figure", "no such"])
    assert version["cpu"] > 0
    assert version["wall"] > 0
    assert version["peak"] > 1000


def test_times_are_summed_by_experiment_and_kind_the_costliest_first():
    def row(*what, wall=1.0, cpu=2.0):
        return {"what": list(what), "wall": wall, "cpu": cpu, "peak": 1024}

    rows = [row("run", "supervised", cpu=5.0), row("figure", "a"), row("figure", "b"), row("run", "supervised")]
    lines = pipeline.summarise([*rows, row("report", cpu=1.0)], 20.0).splitlines()
    head, _, *table = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    assert head == ["", "jobs", "wall s", "CPU s", "peak MiB"]
    assert table[0][:4] == ["supervised", "2", "2.0", "7.0"]
    assert table[1][:4] == ["figures", "2", "2.0", "4.0"]
    assert table[2][:4] == ["report", "1", "1.0", "1.0"]
    assert table[3] == ["Snakemake", "", "", "8.0", ""]
    assert table[4] == ["all", "5", "5.0", "20.0", ""]


def test_the_overhead_is_what_the_cores_did_beside_the_bare_runs():
    """Two cores for 100 s are 200 core-seconds; 160 of them were runs, of whose processes 150 s are in the records."""
    rows = [
        {"what": [*what], "wall": wall}
        for what, wall in (
            (("run", "supervised"), 100.0),
            (("run", "theory"), 60.0),
            (("fetch", "digits"), 4.0),
            (("figure", "a"), 10.0),
            (("report",), 6.0),
        )
    ]
    table = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in pipeline.overhead(rows, 100.0, 2, 150.0).splitlines()
    ]
    assert table[2:] == [
        ["runs", "160.0", "100.0%"],
        ["figures, tables, verdicts, report", "16.0", "10.0%"],
        ["fetching", "4.0", "2.5%"],
        ["planning, Snakemake, idle cores", "20.0", "12.5%"],
        ["of the runs, starting their processes", "10.0", ""],
        ["overhead over the bare runs", "40.0", "25.0%"],
    ]
    assert "no run was made" in pipeline.overhead(rows[2:], 100.0, 2, 0.0)


def test_a_log_gives_the_overhead_again(root, tmp_path, capsys, monkeypatch):
    log = tmp_path / "times.jsonl"
    rows = [
        {"what": ["run", "theory"], "wall": 8.0, "cpu": 9.0, "peak": 1024},
        {"what": ["workflow"], "wall": 5.0, "cpu": 10.0, "cores": 2, "runs": 7.0},
        {"what": ["workflow"], "wall": 10.0, "cpu": 10.0, "cores": 2, "runs": 7.0, "threads": 2},
    ]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr("sys.argv", ["pipeline.py", "--from-log", str(log)])
    pipeline.main()
    printed = capsys.readouterr().out
    assert "workflow" not in printed
    assert re.search(r"overhead over the bare runs +\| +2\.0 \| +25\.0% \|", printed)
    assert re.search(r"overhead over the bare runs +\| +4\.0 \| +25\.0% \|", printed)  # of 16 core-seconds


def test_the_job_that_comes_nearest_to_the_memory_it_asks_for_is_named(config, planned_record):
    setup = load_setup(config)
    jobs = plan_jobs(setup, ["theory", "grokking"])
    peaks = {"theory": 0.5 * memory_mib(jobs[0], "cpu"), "grokking": 1.5 * memory_mib(jobs[-1], "cpu")}
    records = []
    for job in jobs:
        for place, run in enumerate(job.runs):
            record = planned_record(setup, job.experiment, run)
            peak = peaks[job.experiment] if place == 0 else 1.0
            made = record.provenance.model_copy(update={"peak_memory_mib": peak})
            records.append(record.model_copy(update={"provenance": made}))
    said = pipeline.memory_use(records, jobs)
    assert said.startswith("memory: at most 150% of what is asked for (run_grokking_modular_addition: ")
    assert pipeline.memory_use([], jobs).startswith("no run was made")


def test_the_checkout_is_copied_without_its_data_and_results(root, tmp_path):
    shrunken.copy_code(tmp_path / "copy")
    names = {path.name for path in (tmp_path / "copy").iterdir()}
    assert names == {"Snakefile", "pyproject.toml", "workflow", "profiles", "config", "src", "data"}
    pins = sorted(path.name for path in (tmp_path / "copy/data").iterdir())
    assert [name for name in pins if name.endswith(".dvc")] == sorted(path.name for path in root.glob("data/*.dvc"))
    assert not [path for path in (tmp_path / "copy/data").rglob("*") if path.suffix not in (".dvc", ".yaml")]
