"""The transcription in config/published: complete, and consistent where the documents print a number twice."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from interplay.evidence import load_published

PUBLISHED = load_published(Path(__file__).resolve().parents[1] / "config" / "published")

SHAPES = {
    "metrics24/table1": (11, 11, 1),
    "metrics24/table2": (16, 7, 0),
    "metrics24/table3": (3, 2, 0),
    "interplay24/table1": (16, 7, 0),
    "interplay24/table2": (3, 2, 0),
    "matrixssl23/table1": (9, 3, 2),
    "matrixssl23/table2": (9, 6, 4),
    "matrixssl23/table3": (11, 2, 0),
    "matrixssl23/table4": (1, 7, 0),
    "matrixssl23/table5": (1, 3, 0),
    "compression25/table3.1": (4, 2, 0),
    "compression25/table3.2": (4, 3, 0),
}


def test_every_table_of_the_catalogue_is_there():
    assert set(PUBLISHED.tables) == set(SHAPES)


@pytest.mark.parametrize("table", SHAPES)
def test_rows_columns_and_missing_cells(table):
    rows, columns, missing = SHAPES[table]
    cells = list(PUBLISHED.table(table).cells())
    assert len(PUBLISHED.table(table).rows) == rows
    assert len(PUBLISHED.table(table).columns) == columns
    assert len(cells) == rows * columns
    assert sum(cell.missing for cell in cells) == missing
    assert all(cell.note for cell in cells if cell.missing)


@pytest.mark.parametrize("table", SHAPES)
def test_cells_lie_in_the_range_of_their_unit(table):
    for cell in PUBLISHED.table(table).cells():
        assert cell.unit in {"percent", "nats", "features"}
        if cell.missing:
            continue
        assert cell.value > 0
        if cell.unit == "percent":
            assert cell.value < 100
        assert cell.spread is None or 0 <= cell.spread < 15


@pytest.mark.parametrize(
    "first, second", [("metrics24/table2", "interplay24/table1"), ("metrics24/table3", "interplay24/table2")]
)
def test_tables_printed_in_both_papers_agree(first, second):
    one, other = PUBLISHED.table(first), PUBLISHED.table(second)
    assert dict(one.rows) == dict(other.rows)
    assert one.columns == other.columns


def test_spreads_are_printed_in_the_semi_supervised_tables_only():
    for name, table in PUBLISHED.tables.items():
        with_spread = [cell.spread is not None for cell in table.cells()]
        assert all(with_spread) if name in ("metrics24/table2", "interplay24/table1") else not any(with_spread)


def test_corner_cells_as_printed():
    assert PUBLISHED.cell("metrics24/table2", "Pi Model", "CIFAR-10/10").printed == "79.18±1.11"
    best = PUBLISHED.cell("metrics24/table2", "FreeMatch + MIN HD", "STL-10/1000")
    assert (best.value, best.spread, best.rounding) == (5.30, 0.18, pytest.approx(0.005))
    assert PUBLISHED.cell("metrics24/table1", "UCF101", "1").value == 58.2
    assert PUBLISHED.cell("matrixssl23/table2", "VICReg", "detection/AP").value == 40.0
    assert PUBLISHED.cell("compression25/table3.1", "f- on CIFAR-10", "Test loss").unit == "nats"


def test_ablations_repeat_the_accuracy_of_the_main_table():
    main = PUBLISHED.cell("matrixssl23/table1", "Matrix-SSL", "100").value
    assert PUBLISHED.cell("matrixssl23/table4", "Accuracy", "1").value == main
    assert PUBLISHED.cell("matrixssl23/table5", "Top-1 accuracy", "4").value == main


def test_gains_in_the_text_follow_from_the_tables():
    def value(table, row, column):
        return PUBLISHED.cell(table, row, column).value

    simclr = value("matrixssl23/table1", "Matrix-SSL", "100") - value("matrixssl23/table1", "SimCLR", "100")
    gsm8k = value("matrixssl23/table3", "Llemma-MetaMath 7B/CE + MCE", "GSM8K") - value(
        "matrixssl23/table3", "Llemma-MetaMath 7B/CE", "GSM8K"
    )
    assert simclr == pytest.approx(PUBLISHED.statement("matrixssl23/gain_over_simclr").value)
    assert gsm8k == pytest.approx(PUBLISHED.statement("matrixssl23/gain_on_gsm8k").value)


def test_layer_sizes_follow_from_the_architecture():
    """compression25 2.3: f+ pools by 2 with 64, 128, 256 channels; f- by 3 with a quarter of them; all padded."""
    for data, side in (("CIFAR-10", 32), ("Fashion-MNIST", 28)):
        for net, pool, widths in (("f+", 2, (64, 128, 256)), ("f-", 3, (16, 32, 64))):
            edge = side
            for layer, width in zip(("1", "2", "3"), widths, strict=True):
                edge //= pool
                cell = PUBLISHED.cell("compression25/table3.2", f"{net} on {data}", layer)
                assert (cell.printed, cell.value) == (f"{edge}x{edge}x{width}", edge * edge * width)


def test_values_in_running_text():
    assert PUBLISHED.statement("metrics24/ln9").value == pytest.approx(math.log(9), abs=1e-15)
    assert PUBLISHED.statement("metrics24/ln99").value == pytest.approx(math.log(99), abs=1e-15)
    assert PUBLISHED.statement("compression25/largest_information").value == pytest.approx(math.log2(10), abs=1e-15)
    assert PUBLISHED.statement("compression25/last_layer_weights").value == 256 * 10 + 10
    documents = {table.document for table in PUBLISHED.tables.values()}
    assert {name.split("/")[0] for name in PUBLISHED.statements} == documents
