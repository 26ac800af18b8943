"""Every drawing of the thesis: nothing is cut off, and each shows what its record says."""

import importlib
from math import log2, sqrt, tanh

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from interplay.errors import InterplayError
from interplay.figures.compression import collapse_3d, gaps, law_in_depth, panels, relabelling, tanh_bins, timeline
from interplay.figures.compression.boxes import parameters
from interplay.figures.compression.minimality_network import split_at
from interplay.figures.style import house_style

PARTS = {
    "learning_curves": "",
    "collapse": "",
    "drift": "",
    "gaps": "",
    "law_in_depth": "",
    "information": "information",
    "planes": "information",
    "timeline": "information",
    "architectures": "architecture",
    "minimality_network": "information",
    "random_labels": "random_labels",
}


def drawn(module, records):
    with house_style():
        figure = importlib.import_module(f"interplay.figures.compression.{module}").draw(records)
        figure.canvas.draw()
    return figure


@pytest.fixture
def records_of(scenarios, run_of, make_record):
    def make(module):
        if module in PARTS:
            networks = ("f_plus",) if module in ("information", "planes", "random_labels") else ("f_plus", "f_minus")
            return scenarios(PARTS[module], networks)
        if module == "tanh_bins":
            return [make_record(experiment="theory", run="compression25", dataset=None, dataset_used=None)]
        return [run_of("f_plus", "fashion-mnist", 0, "toy" if module == "collapse_3d" else "architecture")]

    return make


@pytest.mark.parametrize("module", [*PARTS, "tanh_bins", "collapse_3d", "relabelling"])
def test_every_figure_is_drawn_and_nothing_is_cut_off(records_of, module):
    figure = drawn(module, records_of(module))
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    inside = box.x0 > -0.02 and box.y0 > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02
    assert inside, f"{box} on {width} x {height} inches"


def test_runs_of_different_length_have_a_mean_as_long_as_all_go_on():
    _, axes = plt.subplots()
    epochs = [np.arange(4.0), np.arange(3.0)]
    panels.draw_runs(axes, epochs, [np.array([1.0, 2, 3, 9]), np.array([3.0, np.nan, 5])], {"color": "k"})
    mean, rest = axes.lines
    assert mean.get_xdata().tolist() == [0, 2], "epochs that one run did not read are left out"
    assert mean.get_ydata().tolist() == [2, 4]
    assert rest.get_xdata().tolist() == [2, 3] and rest.get_ydata().tolist() == [3, 9]


def test_columns_without_any_reading_draw_nothing():
    _, axes = plt.subplots()
    panels.draw_runs(axes, [np.arange(3.0)], [np.full(3, np.nan)], {"color": "k"})
    assert not axes.lines


def test_curves_are_those_of_the_record(scenarios):
    figure = drawn("learning_curves", [run for run in scenarios() if run.seed == 0])
    titles = [axes.get_title() for axes in figure.axes[:4]]
    assert [title.split(" ")[0] for title in titles] == ["$f_+$", "$f_-$", "$f_+$", "$f_-$"]
    assert "(for CIFAR-10)" in titles[0] and titles[2].endswith("Fashion-MNIST")
    run = scenarios()[2]
    assert run.name == "compression/fashion-mnist/f_plus/seed0"
    lines = [line.get_ydata().tolist() for line in figure.axes[2].lines]
    assert lines[:2] == [run.trajectory["train_accuracy"][1:], run.trajectory["test_accuracy"]]


def test_the_law_of_an_exact_progression_is_drawn_at_minus_1(run_of):
    columns = {"step": [0.0, 1.0]}
    for split in ("train", "test"):
        columns |= {f"collapse_{split}_l{layer}": [8 * 0.5**layer, 8 * 0.25**layer] for layer in (1, 2, 3)}
    figure = drawn("law_in_depth", [run_of(trajectory=columns)])
    correlation, ratio = figure.axes
    assert correlation.lines[0].get_ydata() == pytest.approx([-1, -1])
    assert ratio.lines[0].get_ydata() == pytest.approx([0.5, 0.25])


def test_the_stretched_axis_is_undone_by_its_inverse():
    values = np.linspace(-1.2, 1, 23)
    assert law_in_depth._square(law_in_depth._root(values)) == pytest.approx(values)
    assert law_in_depth._root(np.array([-0.99])) == pytest.approx(sqrt(0.01))


def test_gaps_are_shown_where_the_generalisation_gap_is_positive(run_of):
    run = run_of()
    points = drawn("gaps", [run]).axes[0].collections[0].get_offsets().data
    gap = np.array(run.trajectory["test_loss"]) - np.array(run.trajectory["train_loss"])
    assert len(points) == (gap > 0).sum() == len(gap) - 1, "nothing is known before training"
    assert points[:, 0] == pytest.approx(gap[gap > 0])


def test_gaps_say_when_there_are_none(run_of):
    run = run_of()
    columns = run.trajectory | {"test_loss": [0.0] * len(run.trajectory["step"])}
    texts = [text.get_text() for text in drawn("gaps", [run.model_copy(update={"trajectory": columns})]).axes[0].texts]
    assert texts == ["no epoch with a\npositive gap"]
    assert gaps._range([float("nan")]) == "–" and gaps._range([0.5, 0.75]) == "0.50 to 0.75"


def test_the_drift_is_relative_to_frozen_weights(run_of):
    figure = drawn("drift", [run_of()])
    below = figure.axes[1]
    assert below.lines[1].get_ydata()[0] == pytest.approx(0.2 * np.exp(-1 / 5)), "the row before training has none"


def test_minimality_as_coded_and_as_defined_are_both_there(run_of):
    run = run_of(part="information")
    _, coded, defined = drawn("information", [run]).axes
    assert coded.lines[0].get_ydata().tolist() == run.trajectory["minimality_train_l0"]
    column = run.trajectory["minimality_given_label_train_l0"]
    assert defined.lines[0].get_ydata().tolist() == [value for value in column if value == value]
    assert coded.get_ylim()[1] > log2(10)


def test_what_was_not_measured_is_said(run_of):
    run = run_of(part="information")
    columns = {name: values for name, values in run.trajectory.items() if "given_label" not in name}
    lesser = run.model_copy(update={"trajectory": columns})
    assert "not measured in this tier" in [text.get_text() for text in drawn("information", [lesser]).axes[2].texts]
    assert len(drawn("planes", [lesser]).axes) == 1
    assert len(drawn("planes", [run]).axes) == 2


def test_planes_have_circles_on_train_and_hollow_squares_on_test(run_of):
    run = run_of(part="information")
    train, *_ = drawn("planes", [run]).axes[0].collections
    assert train.get_offsets().data[:, 0] == pytest.approx(run.trajectory["minimality_train_l0"])
    assert train.get_offsets().data[:, 1] == pytest.approx(run.trajectory["sufficiency_train_l0"])
    test = drawn("planes", [run]).axes[0].collections[4]
    assert len(train.get_facecolors()) and not len(test.get_facecolors())
    assert test.get_sizes()[-1] > test.get_sizes()[0]


def test_bars_of_the_time_line_follow_each_other(run_of):
    figure = drawn("timeline", [run_of(part="information")])
    bars = figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == [4.0, 2.0, 80.0], "means over the epochs that have the phase"
    assert [bar.get_x() for bar in bars] == [0.0, 4.0, 6.0]
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [colour.lower() for colour in timeline.KINDS.values()]


@pytest.mark.parametrize(("size", "base"), [(1000, 10), (125, 5), (1, 2), (101, 10)])
def test_indices_from_the_first_to_the_last_are_shown(size, base):
    shown = relabelling.shown_indices(size, base)
    assert shown[0] == 0 and shown[-1] == size - 1
    assert shown == sorted(set(shown))


def test_new_labels_are_the_digits_of_the_index(run_of):
    figure = drawn("relabelling", [run_of(part="architecture")])
    _, below = figure.axes
    texts = [text.get_text() for text in below.texts]
    shown = relabelling.shown_indices(125, 10)
    assert texts[: len(shown)] == [str(index % 10) for index in shown]
    assert texts[-len(shown) :] == [str(index // 100) for index in shown]


def test_tanh_is_within_5_percent_of_its_line_up_to_the_edge():
    edge = tanh_bins.nearly_linear_up_to(0.05)
    assert tanh(edge) == pytest.approx(0.95 * edge)
    assert 0.39 < edge < 0.4


def test_a_regular_triangle_has_its_angles(run_of):
    means = np.array([[1, 0, 0], [-0.5, sqrt(3) / 2, 0], [-0.5, -sqrt(3) / 2, 0]])
    samples, labels = np.repeat(means, 2, axis=0), np.repeat(np.arange(3), 2)
    spread, angles, cosines = collapse_3d._numbers(samples, labels, means, 2 * means)
    assert spread == pytest.approx(0.0, abs=1e-12)
    assert angles == pytest.approx([120, 120, 120]) and cosines == pytest.approx([1, 1, 1])
    flat = (means + 1) @ collapse_3d._turn(means + 1)
    assert np.ptp(flat[:, 2]) == pytest.approx(0, abs=1e-12), "the plane of the means lies flat"


def test_a_decoder_is_what_lies_above_its_layer(run_of):
    rows = run_of(part="architecture").tables["operations"]
    encoder, decoder = split_at(rows, 2)
    assert encoder[-1]["layer"] == 2 and decoder[0]["layer"] == 3
    assert parameters(encoder) + parameters(decoder) == parameters(rows)


@pytest.mark.parametrize(
    ("module", "change", "says"),
    [
        ("collapse", {"trajectory": {"step": [0.0]}}, "no column collapse_train_l"),
        ("learning_curves", {"trajectory": {"step": [0.0]}}, "no column 'train_accuracy'"),
        ("timeline", {"trajectory": {"step": [0.0]}}, "no column seconds_"),
        ("architectures", {"tables": {}}, "no table operations"),
        ("collapse_3d", {}, "no table collapse_3d"),
        ("learning_curves", {"settings": {}}, "settings lack network"),
        ("learning_curves", {"settings": {"network": "vgg"}}, "no scenario of compression25"),
        ("relabelling", {"protocol": {}}, "protocol lacks train_per_class"),
    ],
)
def test_a_record_that_does_not_fit_is_one_line(run_of, module, change, says):
    with pytest.raises(InterplayError, match=says):
        drawn(module, [run_of(**change)])
