"""The bounds of claims in figures: which of them, where, and under which name."""

import pytest
from matplotlib import pyplot as plt

from interplay.figures.limits import Limit, draw_limits, limits
from interplay.figures.style import house_style
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.claims import Claim


def claim(name="c", **test):
    return Claim(id=name, said_in=[{"document": "note", "where": "x"}], says="x", needs=[], test=test)


def asked(quantity, runs, test, among=()):
    return [(one.low, one.high, one.within) for one in limits([claim(**test)], quantity, runs, among)]


@pytest.fixture
def runs(make_record):
    return [
        make_record(experiment="supervised", run=f"cifar10/t{rate:g}/seed{seed}", seed=seed, settings={"rate": rate})
        for rate in (0.1, 0.01)
        for seed in (0, 1)
    ]


ALL = "supervised/cifar10/*"


@pytest.mark.parametrize(
    ("quantity", "test", "expected"),
    [
        ("mir", {"kind": "bound", "runs": ALL, "metric": "mir", "at_most": 0.4}, [(None, 0.4, None)]),
        ("mir", {"kind": "bound", "runs": ALL, "metric": "hdr", "at_most": 0.4}, []),
        ("mir", {"kind": "bound", "runs": "grokking/*", "metric": "mir", "at_most": 0.4}, []),
        ("mir", {"kind": "stays", "runs": ALL, "series": ["mir", "hdr"], "at_least": 0.1}, [(0.1, None, None)]),
        (
            "mir",
            {"kind": "flat", "runs": [ALL], "setting": "rate", "metric": "mir", "within": 0.05},
            [(None, None, 0.05)],
        ),
        (
            "b",
            {"kind": "delay", "runs": ALL, "first": "a", "second": "b", "threshold": 0.99, "factor": 2},
            [(0.99, None, None)],
        ),
        (
            "mir",
            {"kind": "bound", "runs": ALL, "metric": {"series": "mir", "take": "least"}, "at_least": 0.2},
            [(0.2, None, None)],
        ),
        ("mir", {"kind": "bound", "runs": ALL, "metric": {"series": "mir", "take": "range"}, "at_most": 0.2}, []),
        ("mir", {"kind": "trend", "runs": ALL, "series": "mir", "direction": "rising"}, []),
    ],
)
def test_what_a_claim_asks_of_a_quantity(runs, quantity, test, expected):
    assert asked(quantity, runs, test) == expected


def test_a_claim_on_one_end_of_a_setting_is_drawn_where_the_runs_are_at_that_end(runs):
    test = {"kind": "bound", "runs": ALL, "metric": "mir", "at_most": 0.4}
    test["only"] = {"setting": "rate", "end": "highest"}
    assert asked("mir", runs[:2], test, runs) and not asked("mir", runs[2:], test, runs)


def test_lines_stand_at_the_bounds_and_are_named_once():
    found = [Limit("a", "mir", low=0.2), Limit("b", "mir", low=0.2, high=0.9), Limit("c", "mir", within=0.1)]
    with house_style():
        _, axes = plt.subplots()
        draw_limits(axes, found, around=0.5)
        draw_limits(axes, [Limit("d", "lost", high=0.02)], of=", lost", offset=0.8, scale=-1)
    assert [line.get_ydata()[0] for line in axes.lines] == pytest.approx([0.2, 0.9, 0.78])
    assert sorted(axes.get_legend_handles_labels()[1]) == [
        "claimed, lost: at most 0.02",
        "claimed: at least 0.2",
        "claimed: at most 0.9",
        "claimed: differences within 0.1",
    ]
    box = axes.patches[0].get_bbox()
    assert (box.y0, box.y1) == pytest.approx((0.45, 0.55))


def test_claims_that_name_a_figure_reach_it(config):
    """The claims of the project, so that a renamed field of a test does not quietly empty the figures."""
    claims = load_claims(config / "claims")
    figures = {one.ids[0]: one for one in load_catalogue(config).exhibits if one.kind == "figure"}
    assert figures["note/q3.scatter"].claimed_as == {"note/q3.scatter", "note/q3"}
    assert figures["compression25/fig3.2"].claimed_as == {"compression25/fig3.2"}
    for name in ("metrics24/fig9", "interplay24/fig5", "interplay24/fig6", "note/q3.scatter"):
        mine = [one for one in claims if figures[name].claimed_as.intersection(one.exhibits)]
        assert any(hasattr(one.test, field) for one in mine for field in ("at_most", "at_least", "within", "threshold"))
