"""Gathering: what is there, what is missing, what has changed since it was judged."""

from __future__ import annotations

import shutil

import pytest

from interplay.errors import InterplayError
from interplay.evidence.summary import RULINGS
from interplay.records import read_record, write_record
from interplay.report import gather_report


def test_everything_is_gathered(sample):
    report = gather_report(*sample)
    assert (report.tier, report.data, report.folder) == ("smoke", "offline", "results/smoke")
    assert report.data_description == "real data without a host"
    assert report.substitutions == ("Fashion-MNIST (for CIFAR-10)",)
    assert [report.counts[ruling] for ruling in RULINGS] == [1, 1, 1, 1, 1, 0, 0, 0, 1] and report.questions == 1
    assert {kind: number for kind, number in report.errors.items() if number} == {"false": 1}
    assert [document.key for document in report.documents] == ["metrics24", "interplay24", "matrixssl23", "note"]
    assert len(report.claims) == 6
    assert report.seconds == 138.75
    assert report.peak_memory_mib == 607.0
    assert report.overrides == 3
    assert not report.as_published


def test_a_claim_knows_the_cost_of_its_records(sample):
    claims = {claim.verdict.id: claim for claim in gather_report(*sample).claims}
    assert claims["features_entropy_rises"].seconds == 41.75
    assert claims["features_entropy_rises"].experiments == ("supervised",)
    assert claims["linear_evaluation"].experiments == ()


def test_a_claim_not_run_knows_from_the_configuration_what_it_waits_for(own_sample):
    results, config = own_sample
    (config / "claims").mkdir()
    (config / "claims" / "self_supervised.yaml").write_text(
        "claims: [{id: linear_evaluation, document: matrixssl23, where: Table 1, says: s, needs: [self_supervised/*],"
        " test: {kind: bound, runs: self_supervised/*, metric: accuracy}}]\n",
        encoding="utf-8",
    )
    claims = {claim.verdict.id: claim for claim in gather_report(results, config).claims}
    assert claims["linear_evaluation"].experiments == ("self_supervised",)


def test_records_that_changed_or_went_since_the_verdict_are_told(own_sample):
    results, config = own_sample
    changed = results / "records/supervised/cifar10/plain/seed1.json"
    write_record(read_record(changed).model_copy(update={"metrics": {"best_test_accuracy": 0.9}}), changed)
    (results / "records/theory/matrixssl23.json").unlink()
    states = {
        claim.verdict.id: [record.state for record in claim.records] for claim in gather_report(results, config).claims
    }
    assert states["features_entropy_rises"] == ["found", "changed"]
    assert states["theorem_4_4"] == ["gone"]
    assert states["grokking_delay"] == ["found"]


def test_without_verdicts_the_report_says_so(own_sample):
    results, config = own_sample
    (results / "verdicts.json").unlink()
    report = gather_report(results, config)
    assert "no claim has been judged" in report.verdicts_problem
    assert report.claims == ()
    assert len(report.runs) == 4


def test_without_records_the_verdicts_still_show(own_sample):
    results, config = own_sample
    shutil.rmtree(results / "records")
    report = gather_report(results, config)
    assert (report.runs, len(report.claims), report.tier) == ((), 6, "smoke")
    assert {record.state for claim in report.claims for record in claim.records} == {"gone"}


def test_only_the_published_protocol_on_published_data_counts_as_published(own_sample):
    results, config = own_sample
    (results / "verdicts.json").unlink()
    for path in sorted((results / "records").rglob("*.json")):
        changes = {"tier": "paper", "data_mapping": "published", "dataset_used": "cifar10", "overrides": []}
        write_record(read_record(path).model_copy(update=changes), path)
    assert gather_report(results, config).as_published
    write_record(read_record(path).model_copy(update={"overrides": ["draws: 1000 -> 200"]}), path)
    assert not gather_report(results, config).as_published


def test_a_folder_that_is_not_there(sample, tmp_path):
    with pytest.raises(InterplayError, match="no such folder; make it with"):
        gather_report(tmp_path / "nowhere", sample[1])


def test_a_folder_with_nothing_in_it(sample, tmp_path):
    with pytest.raises(InterplayError, match="neither records nor verdicts"):
        gather_report(tmp_path, sample[1])


def test_a_missing_catalogue(sample, tmp_path):
    with pytest.raises(InterplayError, match=r"documents\.yaml: cannot be read"):
        gather_report(sample[0], tmp_path)


def test_verdicts_that_cannot_be_read(own_sample):
    results, config = own_sample
    (results / "verdicts.json").write_text('[{"id": "x"}]', encoding="utf-8")
    with pytest.raises(InterplayError, match=r"verdicts\.json: not a list of verdicts"):
        gather_report(results, config)


def test_a_broken_record(own_sample):
    results, config = own_sample
    (results / "records/theory/matrixssl23.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InterplayError, match="not a valid record"):
        gather_report(results, config)
