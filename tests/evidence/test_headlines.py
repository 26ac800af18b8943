"""What DVC compares between commits: means over the runs of each variant."""

import json
import shutil
from math import nan

import pytest

from interplay.errors import InterplayError
from interplay.evidence.headlines import headlines, write_headlines
from interplay.protocols.catalogue import Headline, load_catalogue
from interplay.records import Finding, write_record

ASKED = [Headline(runs="supervised/*", metrics=["mir", "hdr"])]


@pytest.fixture
def run(make_record):
    def make(name, **metrics):
        return make_record(experiment="supervised", run=name, metrics=metrics)

    return make


def test_variants_are_nested_as_runs_are_named_and_carry_means_with_their_number(run):
    records = [
        run("cifar10/plain/seed0", mir=0.2, hdr=0.1),
        run("cifar10/plain/seed1", mir=0.4, hdr=0.3),
        run("cifar10/smoothing-0.1/seed0", mir=0.5, hdr=0.0),
    ]
    assert headlines(records, ASKED) == {
        "cifar10": {
            "plain": {"runs": 2, "mir": pytest.approx(0.3), "hdr": pytest.approx(0.2)},
            "smoothing-0.1": {"runs": 1, "mir": 0.5, "hdr": 0.0},
        }
    }


def test_only_what_is_asked_of_is_there(run):
    asked = [Headline(runs="supervised/*/plain/*", metrics=["mir"])]
    found = headlines([run("cifar10/plain/seed0", mir=0.2, hdr=0.1), run("cifar10/other/seed0", mir=1.0)], asked)
    assert found == {"cifar10": {"plain": {"runs": 1, "mir": 0.2}}}


def test_a_metric_that_one_run_has_no_number_for_has_no_mean(run):
    found = headlines([run("a/seed0", mir=0.2, hdr=nan), run("a/seed1", mir=0.2, hdr=0.1)], ASKED)
    assert found == {"a": {"runs": 2, "mir": 0.2}}


def test_checks_of_theory_are_counted(make_record):
    checks = {name: {"printed": {"value": value, "tolerance": 0.1}} for name, value in (("a", 0.0), ("b", 1.0))}
    record = make_record(
        experiment="theory", run="metrics24", findings={name: Finding(**check) for name, check in checks.items()}
    )
    found = headlines([record], [Headline(runs="theory/*", metrics=["findings"])])
    assert found == {"metrics24": {"runs": 1, "findings": 2, "hold_as_printed": 1}}


def test_what_is_missing_is_one_line(run, tmp_path, config):
    with pytest.raises(InterplayError, match="no metric 'hdr'"):
        headlines([run("a/seed0", mir=0.2)], ASKED)
    with pytest.raises(InterplayError, match="no records under"):
        write_headlines("grokking", tmp_path, config)
    with pytest.raises(InterplayError, match="'nothing' has no headlines"):
        write_headlines("nothing", tmp_path, config)


def test_the_file_is_json_that_any_reader_takes(make_record, tmp_path, config):
    names = ("grokked", "steps", "test_accuracy", "test_mir", "test_hdr")
    record = make_record(experiment="grokking", run="modular-addition/seed0", metrics=dict.fromkeys(names, nan))
    write_record(record, tmp_path / "records/grokking/modular-addition/seed0.json")
    path = write_headlines("grokking", tmp_path, config)
    assert path == tmp_path / "metrics/grokking.json"
    assert json.loads(path.read_text()) == {"modular-addition": {"runs": 1}}


def test_headlines_stand_in_the_file_of_their_experiment(config, tmp_path):
    shutil.copytree(config / "catalogue", tmp_path / "catalogue")
    shutil.copy(config / "documents.yaml", tmp_path)
    path = tmp_path / "catalogue/grokking.yaml"
    path.write_text(path.read_text().replace('runs: "grokking/*"', 'runs: "pruning/*"'))
    with pytest.raises(InterplayError, match=r"grokking.yaml: headlines: pruning/\* is not of grokking"):
        load_catalogue(tmp_path)
