"""A record is held against the plan of now: protocol, data, pins and code."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

import interplay.archive.currency as currency
from interplay.archive.contents import sound
from interplay.archive.currency import changed_since, judged_by
from interplay.protocols.datasets import DATASETS
from interplay.protocols.plan import code_of, plan_jobs
from interplay.protocols.setup import load_setup
from interplay.protocols.tiers import Compute
from interplay.protocols.weights import WEIGHTS
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
        ({"settings": {"temperature": 2.0}}, "settings.temperature: 2.0 -> 1.0"),
    ],
)
def test_another_protocol_data_set_or_seed_is_named(setup, case, changes, line):
    record, run = case
    for key in {"protocol", "settings"} & set(changes):
        changes = {key: getattr(record, key) | changes[key]}
    assert changed_since(record.model_copy(update=changes), setup, "supervised", run, {}) == [line]


def test_what_a_run_finds_out_of_its_settings_is_no_change(root, planned_record):
    setup = load_setup(root / "config", "smoke")
    run = next(run for run in setup.unfold("supervised") if run.settings.weight is None)
    record = planned_record(setup, "supervised", run)
    found = record.model_copy(update={"settings": record.settings | {"weight": 0.1, "num_classes": 10}})
    assert changed_since(found, setup, "supervised", run, {}) == []


def test_other_arithmetic_is_named_where_the_device_has_any(setup, case):
    record, run = case
    asked = replace(setup, tier=setup.tier.model_copy(update={"compute": Compute(device="auto", precision="bf16")}))
    assert changed_since(record, asked, "supervised", run, {}) == [], "a CPU has single precision alone"
    card = record.provenance.model_copy(update={"device": "cuda: a card"})
    record = record.model_copy(update={"provenance": card})
    assert changed_since(record, setup, "supervised", run, {}) == []
    assert changed_since(record, asked, "supervised", run, {}) == ["compute.precision: as published -> bf16"]
    reduced = record.model_copy(update={"overrides": asked.overrides_of("supervised", run)})
    assert changed_since(reduced, asked, "supervised", run, {}) == []
    assert changed_since(reduced, setup, "supervised", run, {}) == ["compute.precision: bf16 -> as published"]


def test_a_seed_more_changes_no_record_of_another(setup, planned_record):
    (run, *_) = setup.unfold("grokking")
    record = planned_record(setup, "grokking", run)
    more = record.model_copy(update={"overrides": [*record.overrides, "seeds: [0] -> [0, 1]"]})
    assert changed_since(more, setup, "grokking", run, {}) == []


def test_what_protocols_say_is_not_taken_for_what_stands_in_none(setup):
    for name, protocol in setup.protocols.items():
        assert not {name, *type(protocol).model_fields} & {"data", "weights", "compute"}


def test_other_weights_are_named(root, planned_record):
    setup = load_setup(root / "config", "review", "published")
    (run, *_) = setup.unfold("cross_modal")
    record, (form, *_) = planned_record(setup, "cross_modal", run), WEIGHTS["clip-rn50-openai"].forms
    (pin,) = form.files.values()
    for digest, said in ((pin.sha256[:16], []), ("0" * 16, [f"data clip-rn50-openai: {'0' * 16} -> "])):
        read = record.provenance.model_copy(update={"data": {"clip-rn50-openai": digest}})
        lines = changed_since(record.model_copy(update={"provenance": read}), setup, "cross_modal", run, {})
        assert [line[: len(said[0])] for line in lines] == said
    own = [*record.overrides, "weights.clip-rn50-openai: clip-rn50-openai -> run:clip_pretraining/small/seed0"]
    lines = changed_since(record.model_copy(update={"overrides": own}), setup, "cross_modal", run, {})
    assert lines == ["weights.clip-rn50-openai: run:clip_pretraining/small/seed0 -> as published"]


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
