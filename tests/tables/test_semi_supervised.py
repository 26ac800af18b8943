"""Tables of semi-supervised learning: marks as in the document, ours beside it, and the power of the comparison."""

from __future__ import annotations

import csv
import io

import pytest
from scipy import stats

from interplay.evidence.published import load_published
from interplay.tables import semi_supervised, semi_supervised_cells, semi_supervised_power, weight_sweep
from interplay.tables.table import Marked


@pytest.fixture
def published(config):
    return load_published(config / "published")


@pytest.fixture
def runs(make_record):
    def some(method, errors, setting="cifar10/40", used="fashion-mnist"):
        dataset, labels = setting.split("/")
        return [
            make_record(
                experiment="semi_supervised",
                run=f"{setting}/{method}/seed{seed}",
                dataset=dataset,
                dataset_used=used,
                seed=seed,
                settings={"method": method, "labels": int(labels), "split": "test"},
                metrics={"best_test_error": error, "test_error": error + 0.02},
            )
            for seed, error in enumerate(errors)
        ]

    return some


def marks(table, of):
    found = {}
    for row in table.rows:
        for column, cell in row.items():
            if row["of"] == of and isinstance(cell, Marked):
                found.setdefault(column, {})[row["method"]] = cell.emphasis
    return found


def test_printed_numbers_are_marked_best_and_second_best(published):
    found = marks(semi_supervised.make([], published), "printed")
    assert found == {
        "CIFAR-10/10": {"FreeMatch + MIN HD": "bold", "FreeMatch + MAX MI": "underline"},
        "CIFAR-10/40": {"FreeMatch + MIN HD": "bold", "FreeMatch + MAX MI": "underline"},
        "CIFAR-10/250": {"SoftMatch": "bold", "FreeMatch + MAX MI": "underline"},
        "CIFAR-100/400": {"FreeMatch + MAX MI": "bold", "SoftMatch": "underline"},
        "CIFAR-100/2500": {"FreeMatch + MAX MI": "bold", "FreeMatch + MIN HD": "underline"},
        "STL-10/40": {"OTMatch": "bold", "FreeMatch + MIN HD": "underline"},
        "STL-10/1000": {"FreeMatch + MAX MI": "bold", "FreeMatch + MIN HD": "underline"},
    }


def test_the_marks_are_those_of_the_document_as_far_as_its_text_has_kept_them(published):
    table = published.table("interplay24/table1")
    found = marks(semi_supervised.make([], published), "printed")
    kept = {(row, column): table.mark(row, column) for row in table.rows for column in table.columns}
    kept = {place: mark for place, mark in kept.items() if mark is not None}
    assert len(kept) == 7
    for (row, column), mark in kept.items():
        assert found[column][row] == {"best": "bold", "second": "underline"}[mark]


def test_ours_stand_below_the_printed_row_with_spread_and_seeds(runs, published):
    records = [*runs("labelled_only", (0.5,)), *runs("freematch", (0.38, 0.40)), *runs("max_mi", (0.38, 0.36, 0.37))]
    table = semi_supervised.make(records, published)
    rows = {(row["method"], row["of"]): row["CIFAR-10/40"] for row in table.rows}
    assert len(table.rows) == 16 + 3
    assert rows["labelled images only", "ours"] == "50.00 (1)"
    assert ("labelled images only", "printed") not in rows
    assert rows["FreeMatch", "ours"] == Marked("39.00±1.41 (2)", "underline")
    assert rows["FreeMatch + MAX MI", "ours"] == Marked("37.00±1.00 (3)", "bold")
    assert marks(table, "ours") == {"CIFAR-10/40": {"FreeMatch": "underline", "FreeMatch + MAX MI": "bold"}}, (
        "the baseline is none of the methods that are ranked"
    )
    assert "not run 110, other data 2" in table.caption and "Fashion-MNIST (for CIFAR-10)" in table.caption
    markdown, latex = table.markdown("x"), table.latex("x")
    assert "**37.00±1.00 (3)**" in markdown and "<ins>39.00±1.41 (2)</ins>" in markdown
    assert r"\textbf{37.00±1.00 (3)}" in latex and r"\underline{39.00±1.41 (2)}" in latex
    written = list(csv.DictReader(io.StringIO(table.csv("x").split("\n", 1)[1])))
    assert any(row["CIFAR-10/40"] == "37.00±1.00 (3)" for row in written), "no markup in CSV"


@pytest.mark.parametrize(
    "values, looks",
    [
        ({"a": 1.0, "b": 1.0, "c": 2.0, "d": 3.0}, {"a": "bold", "b": "bold", "c": "underline"}),
        ({"a": 1.0}, {}),
        ({}, {}),
    ],
)
def test_equal_numbers_are_marked_alike(values, looks):
    assert semi_supervised.best_two(values) == looks


def test_each_cell_has_a_row_with_both_errors_and_why_nothing_is_compared(runs, published):
    table = semi_supervised_cells.make(runs("freematch", (0.38, 0.40)), published)
    assert len(table.rows) == 17 * 7
    (row,) = [
        r for r in table.rows if r["method"] == "FreeMatch" and (r["published data"], r["labels"]) == ("CIFAR-10", 40)
    ]
    assert (row["printed"], row["± (printed)"], row["seeds"]) == (4.90, 0.04, 2)
    assert (row["ours, best"], row["ours, last"]) == (pytest.approx(39), pytest.approx(41))
    assert (row["difference"], row["verdict"]) == (None, "other data")
    assert {r["verdict"] for r in table.rows if r is not row} == {"not run"}


def test_the_power_of_the_printed_comparison(runs, published):
    table = semi_supervised_power.make([*runs("freematch", (0.40, 0.41)), *runs("min_hd", (0.39, 0.405))], published)
    rows = {(row["published data"], row["labels"], row["proposal"]): row for row in table.rows}
    assert len(rows) == 14
    row = rows["STL-10", 40, "FreeMatch + MAX MI"]
    assert row["difference"] == pytest.approx(-1.05)
    test = stats.ttest_ind_from_stats(15.56, 0.55, 3, 16.61, 1.19, 3, equal_var=False, alternative="greater")
    assert row["p, 3 runs"] == pytest.approx(test.pvalue)
    row = rows["CIFAR-10", 40, "FreeMatch + MIN HD"]
    # Normal theory asks for 2 z^2 s^2 / d^2; the t-test of few seeds for a little more.
    normal = (stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) ** 2 * (0.04**2 + 0.25**2) / 0.27**2
    assert normal < row["seeds needed"] <= normal + 2
    assert row["million steps"] == pytest.approx(2 * row["seeds needed"] * 1.048576)
    assert row["our difference"] == pytest.approx(0.75) and row["± (pairs)"] == pytest.approx(0.3536, abs=1e-4)
    assert row["pairs"] == 2 and row["pairs needed"] > 2
    other = rows["CIFAR-10", 40, "FreeMatch + MAX MI"]
    assert (other["pairs"], other["our difference"], other["pairs needed"]) == (0, None, None)


def test_the_sweep_is_that_of_supervised_training_with_freematch_in_the_place_of_no_term(make_record, published):
    records = [
        make_record(
            experiment="semi_supervised",
            run=f"cifar10/sweep/{method}-{weight:g}/seed0",
            settings={"method": method, "weight": weight, "split": "validation"},
            metrics={"validation_accuracy": accuracy},
        )
        for method, weight, accuracy in (("freematch", 0.0, 0.9), ("max_mi", 0.1, 0.7), ("max_mi", 0.01, 0.8))
    ]
    rows = [(row["objective"], row["weight"], row["chosen"]) for row in weight_sweep.make(records, published).rows]
    assert rows == [("no term (FreeMatch)", 0.0, ""), ("MAX MI", 0.01, "yes"), ("MAX MI", 0.1, "")]
