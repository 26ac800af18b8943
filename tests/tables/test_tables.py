import csv
import io

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from interplay.errors import InterplayError
from interplay.evidence.published import load_published
from interplay.records import write_record
from interplay.tables import supervised_accuracy, weight_sweep
from interplay.tables.make import make_exhibit
from interplay.tables.table import Table


@pytest.fixture
def final(make_record):
    def make(dataset, objective, seed, accuracy, used=None):
        return make_record(
            run=f"{dataset}/{objective}/seed{seed}",
            dataset=dataset,
            dataset_used=used or dataset,
            seed=seed,
            settings={"objective": objective, "weight": 0.1 if objective != "plain" else 0.0},
            metrics={"best_test_accuracy": accuracy},
        )

    return make


@pytest.fixture
def published(config):
    return load_published(config / "published")


def test_ours_stands_beside_the_published_value_with_spread_and_difference(final, published):
    records = [final("cifar10", "plain", seed, accuracy) for seed, accuracy in enumerate((0.95, 0.96, 0.97))]
    rows = {(row["published data"], row["method"]): row for row in supervised_accuracy.make(records, published).rows}
    assert len(rows) == 6
    row = rows["CIFAR-10", "Fully supervised"]
    assert row["published"] == 95.35
    assert row["ours"] == pytest.approx(96.0)
    assert row["± (seeds)"] == pytest.approx(1.0)
    assert row["difference"] == pytest.approx(0.65)
    assert rows["CIFAR-100", "MIN HD"]["published"] == 80.96
    assert rows["CIFAR-100", "MIN HD"]["ours"] is None


def test_no_difference_where_other_data_was_read(final, published):
    table = supervised_accuracy.make([final("cifar10", "plain", 0, 0.9, used="fashion-mnist")], published)
    row = table.rows[0]
    assert row["ours"] == pytest.approx(90.0)
    assert row["difference"] is None
    assert row["data read"] == "Fashion-MNIST (for CIFAR-10)"


def test_the_sweep_marks_the_smallest_of_the_best(make_record, published):
    records = [
        make_record(
            run=f"cifar10/sweep/max_mi-{weight:g}/seed0",
            settings={"objective": "max_mi", "weight": weight, "split": "validation"},
            metrics={"validation_accuracy": accuracy},
        )
        for weight, accuracy in ((0.1, 0.8), (0.01, 0.8), (1.0, 0.7))
    ]
    rows = weight_sweep.make(records, published).rows
    assert [(row["weight"], row["chosen"]) for row in rows] == [(0.01, "yes"), (0.1, ""), (1.0, "")]


def test_missing_stays_missing_in_every_form():
    table = Table(("a", "b"), ({"a": "x_1 & 5%", "b": None}, {"a": "y", "b": 1.23456}), "Caption with 5 %.")
    lines = table.markdown("origin").splitlines()
    assert lines[2:4] == ["| x_1 & 5% |    – |", "| y        | 1.23 |"]
    assert lines[-1] == "Caption with 5 %. –: missing. [origin]"
    frame = pd.read_csv(io.StringIO(table.csv("origin")), comment="#", dtype=str)
    assert list(frame["b"]) == ["missing", "1.23456"]
    latex = table.latex("origin")
    assert r"x\_1 \& 5\%" in latex
    assert r"\toprule" in latex and "–" in latex
    assert "\\begin{tabular}{lr}" in latex and r"\caption{Caption with 5 \%.}" in latex


def test_hostile_words_break_no_form():
    hostile = 'a | b, "c"\n# d & 5 % of e_f {g}\u202e'
    table = Table((hostile, "n"), ({hostile: hostile, "n": float("nan")}, {hostile: "[1em]", "n": 2}), f"{hostile} $x$")
    origin = "results/a\nb | commit"
    shown = 'a | b, "c" # d & 5 % of e_f {g}\\u202e'
    read = MarkdownIt("commonmark").enable("table").parse(table.markdown(origin))
    cells = ["".join(part.content for part in token.children) for token in read if token.type == "inline"]
    assert cells == [shown, "n", shown, "–", "[1em]", "2", f"{shown} $x$ –: missing. [results/a b | commit]"]
    comment, rest = table.csv(origin).split("\n", 1)
    assert comment.startswith("# ") and comment.endswith("[results/a b | commit]")
    assert list(csv.reader(io.StringIO(rest))) == [[hostile, "n"], [hostile, "missing"], ["[1em]", "2"]]
    latex = table.latex(origin)
    assert latex.splitlines()[0] == "% results/a b | commit"
    assert r"\# d \& 5 \% of e\_f \{g\}\textbackslash{}u202e \$x\$}" in latex
    assert "\n {}[1em]" in latex


def test_files_are_written_under_both_ids_and_name_their_origin(tmp_path, config, final):
    record = final("cifar10", "plain", 0, 0.9)
    write_record(record, tmp_path / "records" / "supervised" / f"{record.run}.json")
    written = make_exhibit("interplay24/table2", tmp_path, config)
    names = {path.relative_to(tmp_path / "tables").as_posix() for path in written}
    assert names == {
        f"{name}.{suffix}" for name in ("metrics24/table3", "interplay24/table2") for suffix in ("csv", "md", "tex")
    }
    assert all("tier smoke" in path.read_text() for path in written)


def test_without_records_there_is_one_line(tmp_path, config):
    with pytest.raises(InterplayError, match="run `make table ID=metrics24/table3`"):
        make_exhibit("metrics24/table3", tmp_path, config)
