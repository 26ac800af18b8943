"""The cells of Table II beside our runs: which are compared, by which margin, and what is withheld and why."""

from __future__ import annotations

import pytest

from interplay.evidence.semi_supervised import ROWS, error_cells, folder_of, margin_in


@pytest.fixture
def cell_runs(make):
    """Runs of a method with given best errors (shares), of the published protocol on the published data."""

    def some(setting, folder, errors, tier="paper", data="published", used=None, **fields):
        dataset, labels = setting.split("/")
        return [
            make(
                f"semi_supervised/{setting}/{folder}/seed{seed}",
                seed=seed,
                tier=tier,
                data=data,
                dataset=dataset,
                dataset_used=used or dataset,
                settings={"method": folder.partition("-")[0], "labels": int(labels), "split": "test"},
                metrics={"best_test_error": error, "test_error": error + 0.01},
                **fields,
            )
            for seed, error in enumerate(errors)
        ]

    return some


def found(records, published):
    return {(one.name, one.column): one for one in error_cells(records, published)}


def test_rows_and_columns_are_those_of_the_document(published):
    table = published.table("metrics24/table2")
    assert tuple(ROWS.values()) == tuple(table.rows)
    assert [folder_of(column) for column in table.columns] == [
        *("cifar10/10", "cifar10/40", "cifar10/250", "cifar100/400", "cifar100/2500", "stl10/40", "stl10/1000")
    ]
    cells = error_cells([], published)
    assert len(cells) == 17 * 7 and {one.verdict for one in cells} == {"not run"}


def test_the_margin_could_not_let_one_value_pass_for_another(published):
    table = published.table("metrics24/table2")
    assert margin_in(table, "CIFAR-10/40") == pytest.approx((4.90 - 4.66) / 2)
    assert margin_in(table, "STL-10/40") == pytest.approx((15.56 - 14.93) / 2)


def test_the_best_error_is_compared_where_all_is_as_published(cell_runs, published):
    records = cell_runs("cifar10/40", "freematch", (0.0489, 0.0490, 0.0491))
    records += cell_runs("cifar10/40", "fixmatch", (0.30, 0.31, 0.30))
    cells = found(records, published)
    same, other = cells["FreeMatch", "CIFAR-10/40"], cells["FixMatch", "CIFAR-10/40"]
    assert (same.mean, same.spread) == (pytest.approx(4.9), pytest.approx(0.01))
    assert same.last == pytest.approx([5.89, 5.90, 5.91])
    assert (same.verdict, other.verdict) == ("reproduced", "deviates")
    assert other.outcome.numbers["difference"] == pytest.approx(30.33 - 7.47, abs=0.01)


@pytest.mark.parametrize(
    "change, why",
    [
        ({"used": "fashion-mnist", "data": "offline"}, "other data"),
        ({"overrides": ["iterations: 1048576 -> 200"]}, "other protocol"),
        ({"overrides": ["seeds: [0, 1, 2] -> [0]"]}, "reproduced"),
    ],
)
def test_what_is_withheld_says_why(cell_runs, published, change, why):
    records = cell_runs("cifar10/40", "freematch", (0.0489, 0.0490, 0.0491), **change)
    assert found(records, published)["FreeMatch", "CIFAR-10/40"].verdict == why


def test_a_variant_has_its_own_row_and_meets_the_same_value(cell_runs, published):
    records = cell_runs("cifar100/400", "freematch", (0.50, 0.51, 0.50))
    records += cell_runs("cifar100/400", "freematch-decay0.001", (0.3798, 0.3799, 0.3797))
    cells = found(records, published)
    text, code = cells["FreeMatch", "CIFAR-100/400"], cells["FreeMatch, weight decay 0.001", "CIFAR-100/400"]
    assert text.verdict == "deviates" and code.mean == pytest.approx(37.98) and code.printed == text.printed
    assert cells["FreeMatch, weight decay 0.001", "CIFAR-10/40"].runs == ()


def test_the_sweep_and_the_baseline_are_compared_with_nothing(cell_runs, make, published):
    swept = make(
        "semi_supervised/cifar10/sweep/max_mi-0.1/seed0",
        settings={"method": "max_mi", "split": "validation"},
        metrics={"best_validation_error": 0.1},
    )
    cells = found([swept, *cell_runs("cifar10/40", "labelled_only", (0.8,))], published)
    assert cells["FreeMatch + MAX MI", "CIFAR-10/40"].runs == ()
    assert cells["labelled images only", "CIFAR-10/40"].verdict == "nothing printed"


def test_decisions_have_to_survive_among_all_cells(cell_runs, published):
    """One cell decided by a hair among many that are not: by itself p is below 5 %, among all of them it is chance."""
    hair = cell_runs("cifar10/40", "freematch", (0.0520, 0.0524, 0.0512))
    alone = found(hair, published)["FreeMatch", "CIFAR-10/40"]
    assert alone.verdict == "deviates" and 0.005 < alone.outcome.degree.p < 0.05
    open_ones = [
        run
        for method in ("fixmatch", "uda", "dash", "mpl", "vat", "mixmatch", "remixmatch", "pi_model", "flexmatch")
        for run in cell_runs("cifar10/40", method, (0.04, 0.5, 0.2))
    ]
    among = found([*hair, *open_ones], published)["FreeMatch", "CIFAR-10/40"]
    assert among.verdict == "underpowered"
