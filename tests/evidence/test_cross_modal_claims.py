"""The claims on cross-modal fine-tuning, put to runs in which they are so, are not so, and in which nothing is."""

from __future__ import annotations

import pytest

from interplay.evidence import judge
from interplay.evidence.controls import put_to_controls
from interplay.protocols.claim_files import load_claims
from interplay.protocols.controls import Control

SMOKE = {"seeds": (1, 2), "shots": (1, 4, 16), "weights": (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1)}
SHUFFLED = {"shuffled": Control(description="chance", surrogate="shuffled", draws=20)}


@pytest.fixture(scope="module")
def claims(config):
    found = load_claims(config / "claims")
    return [claim for claim in found if any(need.startswith("cross_modal/") for need in claim.needs)]


@pytest.fixture(scope="module")
def records(cross_modal_runs, make):
    def some(**fields):
        def build(experiment, run, **more):
            return make(f"{experiment}/{run}", tier="review", **more)

        return cross_modal_runs(build, **fields)

    return some


@pytest.fixture(scope="module")
def whole(records):
    return records()


@pytest.fixture
def verdicts(claims, level, published):
    def of(runs):
        return {one.id: one.ladder[0] for one in judge(claims, [level(runs, "review")], published)}

    return of


def changed(records, change, kind="few_shot"):
    """The records with the metrics of one kind of runs changed."""
    return [
        run.model_copy(update={"metrics": run.metrics | change(run.metrics)}) if run.settings["kind"] == kind else run
        for run in records
    ]


def exchange(first, second):
    def change(metrics):
        pairs = [(name, name.replace(f"_{first}", f"_{second}")) for name in metrics if name.endswith(f"_{first}")]
        return {a: metrics[b] for a, b in pairs} | {b: metrics[a] for a, b in pairs}

    return change


def test_there_are_claims_on_every_sentence_for_both_variants(claims):
    ids = {claim.id for claim in claims}
    pairs = {name for name in ids if name.startswith("cross_modal_cma_") and "as_printed" not in name}
    assert {name.replace("_cma_", "_cma_as_printed_", 1) for name in pairs} <= ids and len(pairs) >= 20
    by_id = {claim.id: claim for claim in claims}
    for name in pairs:
        other = by_id[name.replace("_cma_", "_cma_as_printed_", 1)]
        assert other.weight == "detail", "the released code speaks for the sentence"
        text = by_id[name].test.model_dump_json().replace("released", "published")
        assert text == other.test.model_dump_json()


def test_every_number_that_a_claim_reads_is_recorded(whole, verdicts):
    """None is `not run`, neither with all weights and shots nor with those of the coarsest tier."""
    assert {name: one.sentence for name, one in verdicts(whole).items() if one.ruling == "not run"} == {}


def test_no_claim_lacks_anything_at_the_coarsest_tier(records, verdicts):
    assert {name: one.sentence for name, one in verdicts(records(**SMOKE)).items() if one.ruling == "not run"} == {}


def test_what_is_so_in_the_runs_comes_out(whole, verdicts):
    found = verdicts(whole)
    for name in (
        "cross_modal_cma_beats_coop",
        "cross_modal_cma_beats_vne",
        "cross_modal_cma_beats_vne_on_most_datasets",
        "cross_modal_vne_texts_more_alike_than_coop",
        "cross_modal_vne_texts_more_alike_than_cma",
        "cross_modal_cma_brings_modalities_closer_than_vne",
        "cross_modal_cma_beats_cocoop_on_new_classes",
        "cross_modal_cma_beats_vne_in_harmonic_mean",
        "cross_modal_cma_keeps_generalisation",
        "cross_modal_cma_aligns_better_than_cocoop",
        "cross_modal_cma_more_similar_overall_than_vne",
        "cross_modal_cma_weights_improve_most_datasets",
        "cross_modal_cma_high_weight_for_few_classes_eurosat",
        "cross_modal_cma_only_beats_ce_only_eurosat",
        "cross_modal_cma_degrades_imagenet",
        "cross_modal_cma_moderate_weight_typical",
        "note_q2_best_weight_falls_with_classes",
    ):
        assert found[name].ruling == "holds", found[name].sentence


def test_exchanging_two_methods_turns_the_verdict_around(whole, verdicts):
    found = verdicts(changed(whole, exchange("cma_released", "coop")))
    assert found["cross_modal_cma_beats_coop"].ruling == "fails"
    assert found["cross_modal_cma_as_printed_beats_coop"].ruling == "fails"
    assert found["cross_modal_cma_beats_coop_on_most_datasets"].ruling == "fails"
    other = verdicts(changed(whole, exchange("cma_released", "cocoop"), "base_to_new"))
    assert other["cross_modal_cma_beats_cocoop_on_new_classes"].ruling == "fails"
    assert other["cross_modal_cma_aligns_better_than_cocoop"].ruling == "fails"


def test_methods_that_are_the_same_are_undecided(whole, verdicts):
    def same(metrics):
        return {name: metrics[name.rpartition("_cma_released")[0] + "_coop"] for name in metrics if "_cma_rel" in name}

    found = verdicts(changed(whole, same))
    assert found["cross_modal_cma_beats_coop"].ruling == "undecided"
    assert found["cross_modal_cma_beats_coop_on_most_datasets"].ruling == "undecided"


def test_a_data_set_that_was_not_run_is_named_never_dropped(records, verdicts):
    found = verdicts(records(datasets=("eurosat", "oxford-pets", "dtd", "caltech101", "imagenet")))
    for name in ("cross_modal_cma_beats_coop", "cross_modal_cma_beats_cocoop_on_new_classes"):
        assert found[name].ruling == "not run"
        assert "fgvc-aircraft, food101, ucf101, flowers102, stanford-cars, sun397" in found[name].sentence
    assert found["cross_modal_cma_only_beats_ce_only_eurosat"].ruling == "holds", "a data set by itself is judged"


@pytest.mark.parametrize(
    "kind, change, reason",
    [
        ("few_shot", lambda metrics: {"accuracy_coop": 0.1}, "sixteen images a class teach CoOp something"),
        ("few_shot", lambda m: {"zero_shot_accuracy": 1.5 / m["num_classes"]}, "CLIP can tell the classes"),
        ("base_to_new", lambda metrics: {"base_accuracy_cocoop": 0.1}, "base classes teach CoCoOp something"),
        ("base_to_new", lambda m: {"zero_shot_new_accuracy": 3 / m["num_classes"]}, "CLIP can tell the new classes"),
    ],
)
def test_prompts_that_do_not_learn_and_classes_that_cannot_be_told_are_not_representative(
    whole, verdicts, kind, change, reason
):
    """So are those fine-tuned on permuted labels, which fall below zero-shot."""
    found = verdicts(changed(whole, change, kind))
    mine = "cross_modal_cma_beats_coop" if kind == "few_shot" else "cross_modal_cma_beats_cocoop_on_new_classes"
    assert found[mine].ruling == "not representative" and reason in found[mine].sentence


def test_sixteen_shots_alone_have_to_teach_something(whole, verdicts):
    """At one shot CoOp falls below zero-shot, in the published curves too."""
    below = [run for run in whole if run.settings.get("shots") == 1 and run.settings["kind"] == "few_shot"]
    assert all(run.metrics["accuracy_coop"] < run.metrics["zero_shot_accuracy"] for run in below)
    assert verdicts(whole)["cross_modal_cma_beats_coop"].ruling == "holds"


def test_generalisation_is_not_kept_where_new_classes_lose_more_than_a_point(whole, verdicts):
    """A statement of no loss comes out wherever there is no difference, so that only harm can refute it."""

    def harmed(metrics):
        return {"new_accuracy_cma_released": metrics["new_accuracy_cma_released"] - 0.03}

    assert verdicts(changed(whole, harmed, "base_to_new"))["cross_modal_cma_keeps_generalisation"].ruling == "fails"


def test_dealt_out_anew_no_claim_comes_out(claims, whole, level, published):
    """Metrics dealt out within each run: which method, or which weight, is which is left to chance."""
    results = put_to_controls(claims, SHUFFLED, level(whole, "review"), {}, published)
    assert {result.claim: result.share for result in results if result.passed and not result.excused} == {}
    assert sum(result.share is not None for result in results) == len(claims)
