"""What claims ask, and what the thesis prints, is where the figures draw it."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from interplay.evidence.published import load_published
from interplay.figures.beside import Beside, load_beside
from interplay.figures.compression import collapse, gaps, information, law_in_depth, learning_curves, planes
from interplay.figures.compression.claimed import shade, shade_turns
from interplay.figures.limits import COLOUR, Limit
from interplay.figures.printed import PLACE, WITHHELD
from interplay.figures.style import house_style
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claims import Claim


def claim_of(test):
    said = [{"document": "compression25", "where": "3.1", "exhibits": ["compression25/fig3.1"]}]
    needs = [test["runs"]]
    return Claim.model_validate(
        {"id": "compression25_x", "said_in": said, "says": "x", "needs": needs, "test": test, "weight": "detail"}
        if "weight" in Claim.model_fields
        else {"id": "compression25_x", "said_in": said, "says": "x", "needs": needs, "test": test}
    )


def drawn(module, records, beside):
    with house_style():
        figure = module.draw(records, beside)
        figure.canvas.draw()
    return figure


def shaded(axes):
    """Left, right, lower and upper end of what is shaded in the colour of claims."""
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    ours = [box for box in boxes if to_hex(box.get_facecolor()) == COLOUR.lower()]
    return [(box.get_x(), box.get_x() + box.get_width(), box.get_y(), box.get_y() + box.get_height()) for box in ours]


def test_a_region_reaches_from_its_bound_to_the_axis_and_from_where_it_is_judged_to_the_end():
    _, axes = plt.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 1))
    assert shade(axes, [Limit("a", "x", low=0.9, since=0.2), Limit("b", "x", low=0.9, since=0.2)], 10)
    assert shaded(axes) == [pytest.approx((2, 10, 0.9, 1))], "equal ones once"
    assert shade(axes, [Limit("a", "x", high=0.3, since=1.0)], 10)
    assert shaded(axes)[1] == pytest.approx((9.3, 10, 0, 0.3)), "what is judged at the end is a strip there"
    assert not shade(axes, [Limit("a", "x", within=0.1)], 10)
    assert shade_turns(axes, [Limit("a", "x", between=(3, 4))])
    assert shaded(axes)[2][:2] == (3, 4)


@pytest.mark.parametrize("bound", [0.9, 0.97])
def test_a_bound_of_a_claim_moves_what_is_drawn(scenarios, bound):
    runs = scenarios(seeds=1)
    test = {"kind": "bound", "runs": "compression/*/f_plus/seed*", "metric": "train_accuracy", "at_least": bound}
    axes = drawn(learning_curves, runs, Beside([claim_of(test)])).axes
    assert [box[2] for axis in axes[:4] for box in shaded(axis)] == [bound, bound], "in the panels of f+ alone"


def test_layers_are_bounded_by_shares_of_the_most_possible(run_of):
    runs = [run_of(part="information")]
    series = [{"column": "minimality_train_l1", "of": "label_entropy"}]
    test = {"kind": "stays", "runs": "compression/*/f_plus/information/seed*", "series": series, "at_most": 0.5}
    axes = drawn(information, runs, Beside([claim_of(test | {"since": 0.5})])).axes
    most = information.maximum(runs[0], "minimality").bits
    (box,) = shaded(axes[6])
    assert (box[0], box[3]) == pytest.approx((10.0, 0.5 * most))
    assert not any(shaded(axis) for index, axis in enumerate(axes) if index != 6)


def test_a_difference_from_train_is_shaded_around_the_curve_on_train(run_of):
    run = run_of(part="information")
    series = [{"column": "sufficiency_train_l3", "minus": "sufficiency_test_l3"}]
    test = {"kind": "stays", "runs": "compression/*/f_plus/information/seed*", "series": series, "at_least": 0.2}
    axis = drawn(information, [run], Beside([claim_of(test)])).axes[3]
    edges = [line.get_ydata() for line in axis.lines if to_hex(line.get_color()) == COLOUR.lower()]
    assert np.asarray(edges[0]) == pytest.approx(np.array(run.trajectory["sufficiency_train_l3"]) - 0.2)


def test_a_fall_that_claims_allow_is_shaded(run_of):
    runs = [run_of(part="information")]
    test = {"kind": "no_fall", "runs": "compression/*/f_plus/information/seed*", "series": ["minimality_train_l1"]}
    figure = drawn(planes, runs, Beside([claim_of(test | {"within": 0.07})]))
    assert [box[3] for axis in figure.axes for box in shaded(axis)] == [pytest.approx(0.07)]


def test_the_law_and_the_order_of_layers_are_marked_from_where_they_are_judged(run_of):
    runs = [run_of()]
    glob = {"runs": "compression/*/f_plus/seed*", "since": 0.2}
    depth = [{"columns": "collapse_train", "statistic": "correlation"}]
    law = {"kind": "stays", "series": depth, "at_most": -0.9}
    (top, *_) = drawn(law_in_depth, runs, Beside([claim_of(law | glob)])).axes
    assert shaded(top)[0][:2] == pytest.approx((4, 20)) and shaded(top)[0][3] == -0.9
    order = {"kind": "stays", "series": [{"column": "collapse_train_l1", "minus": "collapse_train_l2"}], "at_least": 0}
    above, _ = drawn(collapse, runs, Beside([claim_of(order | glob)])).axes
    assert [line.get_xdata() for line in above.lines if to_hex(line.get_color()) == COLOUR.lower()] == [[4, 4]]


@pytest.mark.parametrize(("sign", "ends"), [("mild", (-0.5, 0.5)), ("positive", (0.5, 1.0))])
def test_correlations_have_their_claimed_place(run_of, sign, ends):
    series = {
        "first": {"column": "test_loss", "minus": "train_loss"},
        "second": {"column": "collapse_test_l2", "minus": "collapse_train_l2"},
    }
    test = {"kind": "correlation", "runs": "compression/*/f_plus/seed*", "sign": sign, **series}
    (box,) = shaded(drawn(gaps, [run_of()], Beside([claim_of(test)])).axes[-1])
    assert box == pytest.approx((1.6, 2.4, *ends))


def diamonds(axes):
    return [line for line in axes.lines if line.get_marker() == "D" and len(line.get_xdata())]


@pytest.mark.parametrize("same", [True, False])
def test_printed_values_stand_apart_where_they_are_not_compared(run_of, config, same):
    changes = {"overrides": []} if same else {}
    run = run_of("f_plus", "fashion-mnist", **changes)
    beside = Beside((), load_published(config / "published"))
    above, below = drawn(learning_curves, [run], beside).axes
    (accuracy,), (loss,) = diamonds(above), diamonds(below)
    assert (accuracy.get_ydata()[0], loss.get_ydata()[0]) == pytest.approx((0.91, 0.323))
    assert (accuracy.get_markerfacecolor() == "white") == (not same)
    words = [text.get_text() for text in above.figure.legends[0].get_texts()]
    assert (WITHHELD in words) == (not same)


def test_the_margin_of_a_claim_is_drawn_around_the_printed_value(run_of, config):
    test = {"kind": "value", "runs": "compression/*/f_plus/seed*", "metric": "test_accuracy", "scale": 100}
    cell = {"table": "compression25/table3.1", "row": "f+ on Fashion-MNIST", "column": "Test accuracy"}
    beside = Beside([claim_of(test | cell | {"margin": 2.0})], load_published(config / "published"))
    above, _ = drawn(learning_curves, [run_of("f_plus", "fashion-mnist", overrides=[])], beside).axes
    ends = [line.get_ydata() for line in above.lines if PLACE in line.get_xdata()]
    assert [pytest.approx(list(pair)) for pair in ends if len(pair) == 2] == [[0.89, 0.93]]


@pytest.mark.parametrize("number", ["1.1", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8"])
def test_claims_of_the_catalogue_are_found_for_the_figures_that_they_name(config, tmp_path, scenarios, number):
    exhibit = load_catalogue(config).find(f"compression25/fig{number}", "figure")
    assert load_beside(exhibit, scenarios(seeds=1), tmp_path, config).claims


def test_claims_that_name_another_place_are_found_where_they_are_judged(config, tmp_path, scenarios):
    catalogue = load_catalogue(config)
    for number, quantity in (
        ("3.4", "unevenness of collapse_train in depth"),
        ("3.6", "minimality_given_label_train_l1"),
        ("3.8", "minimality_given_label_train_l1"),
        ("3.1", "train_loss"),
        ("1.1", "test_accuracy"),
    ):
        exhibit = catalogue.find(f"compression25/fig{number}", "figure")
        part = "information" if number in ("3.6", "3.8") else ""
        networks = ("f_minus",) if number == "3.8" else ("f_plus",)
        records = scenarios(part, networks, seeds=1)
        assert load_beside(exhibit, records, tmp_path, config).limits(quantity, records), number


def test_a_claim_on_published_data_is_not_drawn_on_others(run_of):
    test = {"kind": "bound", "runs": "compression/*/f_plus/seed*", "metric": "train_loss", "at_least": 0.02}
    claim = claim_of(test).model_copy(update={"data": ("published",)})
    beside = Beside([claim])
    assert not beside.limits("train_loss", [run_of(data_mapping="offline")])
    assert beside.limits("train_loss", [run_of(data_mapping="published")])
