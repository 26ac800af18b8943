"""What was run, as the records tell it."""

from __future__ import annotations

import pytest

from interplay.protocols.plan import code_of, plan_jobs
from interplay.protocols.setup import load_setup
from interplay.records import code_digest, select_records
from interplay.report import runs


@pytest.fixture(scope="module")
def records(sample):
    return select_records(sample[0], ["*"])


def test_runs_are_sorted_by_time(records):
    rows = runs.list_runs(records)
    assert [row.seconds for row in rows] == [95.0, 21.5, 20.25, 2.0]
    assert rows[1].dataset == "Fashion-MNIST (for CIFAR-10)"


def test_experiments_add_up(records):
    rows = {row.name: row for row in runs.list_experiments(records, {"supervised": 7, "mode_connectivity": 3})}
    assert (rows["supervised"].runs, rows["supervised"].planned, rows["supervised"].seconds) == (2, 7, 41.75)
    assert rows["supervised"].peak_memory_mib == 512 + 21.5
    assert (rows["mode_connectivity"].runs, rows["mode_connectivity"].planned) == (0, 3)
    assert rows["theory"].planned is None
    assert rows["grokking"].code == {"0" * 16: 1}
    assert rows["grokking"].code_now == (code_digest(*code_of("grokking", {})),)


def test_an_override_of_some_runs_only_is_counted(records):
    supervised = [record for record in records if record.experiment == "supervised"]
    changed = [
        supervised[0],
        supervised[1].model_copy(update={"overrides": ["iterations: 1048576 -> 600", "b: 1 -> 2"]}),
    ]
    (row,) = runs.list_experiments(changed, {})
    assert row.overrides == {
        "b: 1 -> 2": 1,
        "data.cifar10: cifar10 -> fashion-mnist": 1,
        "iterations: 1048576 -> 600": 2,
    }


def test_the_plan_is_counted_run_by_run(config):
    jobs = plan_jobs(load_setup(config, "smoke", "offline"))
    counts = runs.count_planned(config, "smoke", "offline")
    assert sum(counts.values()) == sum(len(job.runs) for job in jobs)
    assert set(counts) == {job.experiment for job in jobs}


def test_a_configuration_without_tiers_has_no_plan(sample):
    assert runs.count_planned(sample[1], "smoke", "offline") == {}


def test_environments_are_told_apart(records):
    assert len(runs.list_environments(records)) == 1
    other = records[0].provenance.model_copy(update={"device": "NVIDIA H200"})
    places = runs.list_environments([records[0].model_copy(update={"provenance": other}), *records[1:]])
    assert [(place.device, place.runs) for place in places] == [("cpu", 3), ("NVIDIA H200", 1)]


def test_changed_data_shows_as_two_digests(records):
    supervised = [record for record in records if record.experiment == "supervised"]
    other = supervised[0].provenance.model_copy(update={"data": {"fashion-mnist/train": "f" * 16}})
    found = runs.list_sources([supervised[0].model_copy(update={"provenance": other}), supervised[1]])
    assert found[0].digests == {"87be02d01f80ee86": 1, "f" * 16: 1}


def test_a_run_that_reads_no_data_puts_none_in_the_place_of_another(make_record):
    swapped = make_record(dataset="cifar10", dataset_used="fashion-mnist")
    drawn = make_record(dataset="cifar10", dataset_used=None)
    assert runs.list_substitutions([swapped, drawn]) == ("Fashion-MNIST (for CIFAR-10)",)
