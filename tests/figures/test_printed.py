"""Printed values in figures: comparable ones marked with their margin, others hollow and said to be apart."""

import pytest
from matplotlib import pyplot as plt

from interplay.evidence.conditions import why_apart
from interplay.evidence.published import load_published
from interplay.figures.beside import Beside
from interplay.figures.printed import WITHHELD, mark_accuracy
from interplay.figures.style import house_style
from interplay.protocols.claim_files import load_claims


@pytest.fixture
def run(make_record):
    def make(used, overrides=()):
        name = {"experiment": "supervised", "run": "cifar10/plain/seed0", "dataset": "cifar10"}
        mapping = "published" if used == "cifar10" else "offline"
        return make_record(**name, dataset_used=used, data_mapping=mapping, overrides=list(overrides))

    return make


@pytest.fixture
def marked(config):
    beside = Beside(load_claims(config / "claims"), load_published(config / "published"))

    def mark(record):
        with house_style():
            _, axes = plt.subplots()
            mark_accuracy(axes, [record], beside)
        return {line.get_label(): line for line in axes.lines}

    return mark


def test_the_published_run_has_the_printed_value_with_the_margin_of_its_claim(run, marked):
    lines = marked(run("cifar10"))
    (label,) = [name for name in lines if name.startswith("printed")]
    assert label == "printed, best accuracy, with the margin of the claim"
    assert list(lines[label].get_ydata()) == pytest.approx([0.9535])
    (margin,) = [line for name, line in lines.items() if name != label]
    assert margin.get_ydata()[1] - margin.get_ydata()[0] > 0.001
    assert sum(margin.get_ydata()) / 2 == pytest.approx(0.9535)


@pytest.mark.parametrize(
    ("used", "overrides", "why"),
    [
        ("fashion-mnist", [], "other data"),
        ("cifar10", ["optimizer.epochs: 200 -> 1"], "other protocol"),
        ("cifar10", ["seeds: [0, 1] -> [0]"], ""),
    ],
)
def test_what_cannot_be_compared_stands_apart_and_says_so(run, marked, used, overrides, why):
    record = run(used, overrides)
    assert why_apart(record) == why
    lines = marked(record)
    assert (WITHHELD in lines) == bool(why)
    if why:
        assert lines[WITHHELD].get_markerfacecolor() == "white" and len(lines) == 1
        assert lines[WITHHELD].get_xdata()[0] > 1, "beside the panel, not among what was measured"


def test_without_published_values_there_is_no_mark(run):
    _, axes = plt.subplots()
    mark_accuracy(axes, [run("cifar10")], Beside())
    assert not axes.lines
