"""Gathering: what is there, what is missing, what has changed since it was judged."""

from __future__ import annotations

import shutil

import pytest

from interplay.errors import InterplayError
from interplay.protocols.claim_files import load_claims
from interplay.protocols.coverage_summary import coverage_summary
from interplay.protocols.frozen_claims import freeze_claims
from interplay.records import read_record, write_record
from interplay.report import gather_report


def by_id(report):
    return {claim.verdict.id: claim for claim in report.claims}


def test_everything_is_gathered(sample):
    report = gather_report(*sample)
    assert (report.tier, report.data, report.folder) == ("smoke", "offline", "results/smoke")
    assert report.data_description == "real data without a host"
    assert report.substitutions == ("Fashion-MNIST (for CIFAR-10)",)
    assert [document.key for document in report.documents] == ["metrics24", "interplay24", "matrixssl23", "note"]
    assert (report.own.seconds, report.own.peak_memory_mib, report.own.overrides) == (138.75, 607.0, 3)


def test_a_claim_of_two_documents_counts_in_both_and_once_among_all(sample):
    report = gather_report(*sample)
    assert len(report.claims) == 8
    assert {document.key: len(document.claims) for document in report.documents} == {
        "metrics24": 5,
        "interplay24": 1,
        "matrixssl23": 2,
        "note": 1,
    }
    assert report.counts["reduced protocol"] == {"fails": 1}
    assert sum(document.counts["reduced protocol"]["fails"] for document in report.documents) == 2


def test_every_level_that_was_heard_is_there_with_its_runs(sample):
    levels = {level.name: level for level in gather_report(*sample).levels}
    assert list(levels) == ["smoke", "reference/supervised-review-offline"]
    reference = levels["reference/supervised-review-offline"]
    assert (reference.tier, len(reference.runs), reference.speaks_for) == ("review", 1, 1)
    assert levels["smoke"].speaks_for == 5  # two were not judged


def test_a_claim_knows_the_cost_of_the_records_that_speak(sample):
    claims = by_id(gather_report(*sample))
    assert claims["features_entropy_rises"].seconds == 21.5  # the reference run's, not those of smoke
    assert claims["features_entropy_rises"].reference.speaks
    assert not claims["features_entropy_rises"].at("smoke").speaks
    assert claims["features_entropy_rises"].experiments == ("supervised",)
    assert claims["linear_evaluation"].experiments == ()


def test_a_claim_not_run_knows_from_the_configuration_what_it_waits_for(own_sample):
    results, config = own_sample
    (config / "claims").mkdir()
    (config / "claims" / "self_supervised.yaml").write_text(
        "claims: [{id: linear_evaluation, said_in: [{document: matrixssl23, where: Table 1}], says: s, "
        "needs: [self_supervised/*], test: {kind: bound, runs: self_supervised/*, metric: accuracy}}]\n",
        encoding="utf-8",
    )
    assert by_id(gather_report(results, config))["linear_evaluation"].experiments == ("self_supervised",)


def test_what_changed_since_the_claims_were_frozen_is_told(own_sample):
    results, config = own_sample
    assert gather_report(results, config).changed_claims == ()
    (config / "claims").mkdir()
    claims = config / "claims/one.yaml"
    text = (
        "claims: [{id: a, said_in: [{document: note, where: here}], says: s, needs: [x/*], "
        "test: {kind: bound, runs: x/*, metric: accuracy, at_least: 0.5}}]\n"
    )
    claims.write_text(text, encoding="utf-8")
    freeze_claims(load_claims(config / "claims"), results)
    assert gather_report(results, config).changed_claims == ()
    claims.write_text(text.replace("0.5", "0.4"), encoding="utf-8")
    assert gather_report(results, config).changed_claims == ("a: changed",)


def test_coverage_is_that_of_the_configuration(sample, config):
    assert gather_report(*sample).coverage is None
    found = gather_report(sample[0], config).coverage
    assert found == coverage_summary(config)


def test_records_that_changed_or_went_since_the_verdict_are_told(own_sample):
    results, config = own_sample
    changed = results / "records/supervised/cifar10/plain/seed1.json"
    write_record(read_record(changed).model_copy(update={"metrics": {"best_test_accuracy": 0.9}}), changed)
    (results / "records/theory/matrixssl23.json").unlink()
    (results.parent / "reference/supervised-review-offline/records/supervised/cifar10/plain/seed0.json").unlink()
    rows = {
        (claim.verdict.id, row.rung.level): [record.state for record in row.records]
        for claim in gather_report(results, config).claims
        for row in claim.rungs
    }
    assert rows["features_entropy_rises", "smoke"] == ["found", "changed"]
    assert rows["features_entropy_rises", "reference/supervised-review-offline"] == ["gone"]
    assert rows["theorem_4_4", "smoke"] == ["gone"]
    assert rows["grokking_delay", "smoke"] == ["found"]


def test_a_folder_of_reference_runs_has_a_report_of_its_own(sample):
    results, config = sample
    report = gather_report(results.parent / "reference/supervised-review-offline", config)
    assert report.folder == "results/reference/supervised-review-offline"
    assert (report.level, report.tier, report.claims) == ("reference/supervised-review-offline", "review", ())
    assert report.commands.claim("x") == "make claim ID=x TIER=review DATA=offline"
    assert "no claim has been judged" in report.verdicts_problem


def test_without_verdicts_the_report_says_so(own_sample):
    results, config = own_sample
    (results / "verdicts.json").unlink()
    report = gather_report(results, config)
    assert "no claim has been judged" in report.verdicts_problem
    assert report.claims == ()
    assert len(report.own.runs) == 4


def test_without_records_the_verdicts_still_show(own_sample):
    results, config = own_sample
    shutil.rmtree(results / "records")
    report = gather_report(results, config)
    assert (report.own.runs, len(report.claims), report.tier) == ((), 8, "smoke")
    states = {record.state for claim in report.claims for row in claim.rungs for record in row.records}
    assert states == {"gone", "found"}  # those of the reference runs are still there


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
