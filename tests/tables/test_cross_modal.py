"""Tables of cross-modal fine-tuning: TABLE I in its own form, accuracies, and what is not run."""

from __future__ import annotations

import csv
import io

import pytest

from interplay.errors import InterplayError
from interplay.evidence.published import load_published
from interplay.tables.cross_modal import accuracies, weights
from interplay.tables.table import Marked


@pytest.fixture
def published(config):
    return load_published(config / "published")


@pytest.fixture
def make(make_record, cross_modal_runs):
    return lambda **fields: cross_modal_runs(make_record, **fields)


def test_printed_numbers_stand_as_printed_and_the_missing_cell_stays_missing(published):
    table = weights.make([], published)
    assert [(row["data set"], row["of"]) for row in table.rows] == [
        (row, "printed") for row in published.table("metrics24/table1").rows
    ]
    food = next(row for row in table.rows if row["data set"] == "Food101")
    assert food["1"] is None and food["0.5"] == Marked(91.9, "bold") and food["best weight"] == "0.5"
    pets = next(row for row in table.rows if row["data set"] == "OxfordPets")
    assert pets["best weight"] == "0.1, 0.5, 0.6"
    assert "Not run: EuroSAT, OxfordPets" in table.caption and "Data read: none" in table.caption
    written = list(csv.DictReader(io.StringIO(table.csv("x").split("\n", 1)[1])))
    assert [row["1"] for row in written if row["data set"] == "Food101"] == ["missing"]


def test_ours_stand_below_the_printed_row_for_each_variant_with_their_best_weight(make, published):
    used = {"eurosat": "glyphs100"}
    table = weights.make(make(datasets=("eurosat", "imagenet"), weights=(0, 0.5, 0.9, 1), used=used), published)
    rows = {(row["data set"], row["of"]): row for row in table.rows}
    assert len(rows) == 11 + 2 * 2
    ours = rows["EuroSAT", "CMA, released code"]
    assert (ours["classes"], ours["seeds"], ours["data read"]) == (10, 3, "Glyphs-100 (for EuroSAT)")
    assert ours["0.1"] is None, "a weight that was not run is missing"
    assert isinstance(ours["0.9"], Marked) and 60 < ours["0.9"].value < 70, "in percent, like the printed ones"
    assert ours["best weight"] == "0.9" and ours["best weight by seed"].startswith("0.9")
    assert rows["ImageNet", "CMA, Algorithm 1"]["best weight"] == "0"
    assert "Glyphs-100 (for EuroSAT), ImageNet" in table.caption
    assert "**" in table.markdown("x")


def test_a_record_without_its_sweep_is_one_line(make, published):
    broken = [run.model_copy(update={"tables": {}}) for run in make(datasets=("dtd",), seeds=(1,))]
    with pytest.raises(InterplayError, match="base_to_new/dtd/seed1: no table sweep"):
        weights.make(broken, published)


def without_published(run):
    rows = [row for row in run.tables["sweep"] if row["variant"] != "published"]
    return run.model_copy(update={"tables": run.tables | {"sweep": rows}})


def test_a_variant_that_was_not_swept_has_no_row_and_one_that_some_runs_lack_is_refused(make, published):
    runs = [run for run in make(datasets=("dtd",)) if run.settings["kind"] == "base_to_new"]
    rows = weights.make([without_published(run) for run in runs], published).rows
    assert [row["of"] for row in rows if row["data set"] == "DTD"] == ["printed", "CMA, released code"]
    with pytest.raises(InterplayError, match="its table sweep has no rows of published"):
        weights.make([without_published(runs[0]), *runs[1:]], published)


def test_every_quantity_has_a_row_for_each_data_set_and_the_mean_of_all(make, published):
    records = make(shots=(1, 16))
    table = accuracies.make(records, published)
    read = list(dict.fromkeys(row["read"] for row in table.rows))
    assert read == ["1 shot", "16 shots", "mean over shots", "base", "new", "harmonic mean"]
    assert len(table.rows) == len(read) * 12
    rows = {(row["read"], row["data set"]): row for row in table.rows}
    runs = [run for run in records if run.settings["kind"] == "few_shot" and run.settings["shots"] == 16]
    by_hand = {
        seed: sum(run.metrics["accuracy_cma_released"] for run in runs if run.seed == seed) / 11 for seed in (1, 2, 3)
    }
    shown = rows["16 shots", "mean of eleven"]["CMA, released code"]
    assert shown.startswith(f"{100 * sum(by_hand.values()) / 3:.1f}±")
    paired = [run.metrics["accuracy_cma_released"] - run.metrics["accuracy_coop"] for run in runs]
    assert rows["16 shots", "mean of eleven"]["difference"] == pytest.approx(100 * sum(paired) / len(paired))
    assert rows["new", "mean of eleven"]["won"] == "11 of 11; 11 of 11"
    assert rows["new", "DTD"]["won"] is None and rows["harmonic mean", "DTD"]["CLIP alone"] is None


def test_what_was_not_run_is_named_and_has_no_mean(make, published):
    table = accuracies.make(make(datasets=("eurosat", "dtd"), shots=(1,)), published)
    rows = {(row["read"], row["data set"]): row for row in table.rows}
    assert rows["1 shot", "mean of eleven"]["baseline"] is None
    assert rows["1 shot", "mean of eleven"]["won"] == "2 of 2; 2 of 2"
    assert rows["1 shot", "ImageNet"]["VNE"] is None and rows["1 shot", "DTD"]["VNE"] is not None
    assert "Not run, few-shot: OxfordPets, Caltech101" in table.caption
    assert "No mean over 11 data sets" in table.caption
