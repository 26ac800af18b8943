"""A record is held against the plan of now: protocol, data, pins and code."""

from __future__ import annotations

import shutil

import pytest

import interplay.archive.currency as currency
from interplay.archive.contents import sound
from interplay.archive.currency import changed_since, judged_by
from interplay.protocols.datasets import DATASETS
from interplay.protocols.plan import code_of, plan_jobs
from interplay.records import module_digests


@pytest.fixture
def case(setup, planned_record):
    (run, *_) = setup.unfold("supervised")
    return planned_record(setup, "supervised", run), run


def test_what_was_made_as_is_planned_has_no_changes(setup, case):
    record, run = case
    assert changed_since(record, setup, "supervised", run, {}) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"protocol": {"iterations": 5}}, "protocol.iterations: 5 -> 4"),
        ({"datasets": {"cifar10": "fashion-mnist"}}, "data.cifar10: fashion-mnist -> digits"),
        ({"tier": "review"}, "tier: review -> smoke"),
        ({"data_mapping": "published"}, "data mapping: published -> offline"),
        ({"seed": 7}, "seed: 7 -> 0"),
    ],
)
def test_another_protocol_data_set_or_seed_is_named(setup, case, changes, line):
    record, run = case
    if "protocol" in changes:
        changes = {"protocol": record.protocol | changes["protocol"]}
    assert changed_since(record.model_copy(update=changes), setup, "supervised", run, {}) == [line]


def test_another_pin_of_the_data_is_named(setup, case):
    record, run = case
    pinned = DATASETS["digits"].digests["train"]
    for digest, lines in ((pinned, []), ("0" * 16, [f"data digits/train: {'0' * 16} -> {pinned}"])):
        read = record.provenance.model_copy(update={"data": {"digits/train": digest, "digits/labelled-4": "f" * 16}})
        assert changed_since(record.model_copy(update={"provenance": read}), setup, "supervised", run, {}) == lines


def test_other_code_is_named_down_to_the_module_where_that_is_known(setup, case):
    record, run = case
    made = record.provenance.model_copy(update={"code_digest": "0" * 16})
    record = record.model_copy(update={"provenance": made})
    assert changed_since(record, setup, "supervised", run, {}) == ["code of interplay.experiments.supervised changed"]
    others = {"interplay.training.loop": "0" * 16, "interplay.no.part.of.this.run": "0" * 16}
    before = module_digests(*code_of("supervised", {})) | others
    assert changed_since(record, setup, "supervised", run, before) == ["module interplay.training.loop changed"]


def test_a_job_that_rests_on_one_to_be_made_again_is_not_sound(setup):
    jobs = plan_jobs(setup)
    trained = next(job for job in jobs if job.slug == "run_supervised_cifar10_plain")
    found = {job.slug for job in sound(jobs, [job for job in jobs if job is not trained])}
    resting = {job.slug for job in jobs if set(job.inputs) & set(trained.outputs)}
    assert resting and found == {job.slug for job in jobs} - resting - {trained.slug}


def test_what_is_made_from_records_rests_on_claims_code_and_other_results(
    small_config, tmp_path, monkeypatch, make_record
):
    config, folder = tmp_path / "config", tmp_path / "results/smoke"
    shutil.copytree(small_config, config)
    folder.mkdir(parents=True)
    before = judged_by(config, folder, {"records/a/b.json": "1"})

    def changed():
        now = judged_by(config, folder, {"records/a/b.json": "1"})
        return {key for key in {*before, *now} if before.get(key) != now.get(key)}

    path = config / "claims/grokking.yaml"
    path.write_text(path.read_text() + "# a comment\n")
    assert changed() == set()
    path.write_text(path.read_text().replace("weight: supporting", "weight: detail", 1))
    assert changed() == {"input config/claims"}
    (tmp_path / "results/review/records/a").mkdir(parents=True)
    (tmp_path / "results/review/records/a/b.json").write_text(make_record().model_dump_json())
    assert changed() == {"input config/claims", "input results of other tiers"}
    assert {"module interplay.figures.draw", "module interplay.tables.make"} <= set(before)
    path = config / "tiers/smoke.yaml"
    path.write_text(path.read_text().replace("description: ", "description: Said otherwise. ", 1))
    assert changed() == {"input config/claims", "input config/tiers", "input results of other tiers"}
    modules = currency.module_digests
    monkeypatch.setattr(
        currency, "module_digests", lambda *names: modules(*names) | {"interplay.figures.grokking": "0"}
    )
    assert "module interplay.figures.grokking" in changed()
