"""Every drawing of the thesis: nothing is cut off, and each shows what its record says."""

import importlib
from math import log2, sqrt, tanh

import numpy as np
import pytest
from matplotlib.colors import to_hex

from interplay.errors import InterplayError
from interplay.figures.compression import collapse_3d, gaps, law_in_depth, learning_curves, relabelling, tanh_bins
from interplay.figures.compression.minimality_network import split_at
from interplay.figures.compression.network_drawing import parameters
from interplay.figures.compression.timeline import KINDS
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
    "minimality_network": "architecture",
    "random_labels": "random_labels",
}
MODULES = [*PARTS, "tanh_bins", "collapse_3d", "relabelling"]
SPREAD = ["collapse", "gaps", "planes", "random_labels"]  # with what several runs add


def module_of(name):
    return importlib.import_module(f"interplay.figures.compression.{name}")


def drawn(name, records, *beside):
    with house_style():
        figure = module_of(name).draw(records, *beside)
        figure.canvas.draw()
    return figure


def data_lines(axes):
    """Curves of runs: not empty entries of legends, nor lines of theory and of claims, which have two points."""
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


@pytest.fixture
def records_of(scenarios, run_of, make_record):
    def make(name, seeds=2):
        if name in PARTS:
            networks = ("f_plus",) if name in ("information", "planes", "random_labels") else ("f_plus", "f_minus")
            return scenarios(PARTS[name], networks, seeds)
        if name == "tanh_bins":
            return [make_record(experiment="theory", run="compression25", dataset=None, dataset_used=None)]
        return [run_of("f_plus", "fashion-mnist", 0, "toy" if name == "collapse_3d" else "architecture")]

    return make


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "seeds"), [*((name, 1) for name in MODULES), *((name, 3) for name in SPREAD)])
def test_every_figure_is_drawn_and_nothing_is_cut_off(records_of, name, seeds):
    figure = drawn(name, records_of(name, seeds))
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    inside = box.x0 > -0.02 and box.y0 > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02
    assert inside, f"{box} on {width} x {height} inches"


@pytest.mark.parametrize("name", MODULES)
def test_every_frame_is_tidy(records_of, name):
    frame = module_of(name).tidy(records_of(name))
    assert len(frame) and all(isinstance(column, str) for column in frame)
    assert not frame.duplicated().any()
    assert all(not isinstance(value, list | dict | tuple) for value in frame.iloc[0])


@pytest.mark.parametrize("name", ["architectures", "minimality_network", "relabelling", "tanh_bins"])
def test_frames_of_what_rests_on_no_run_name_neither_tier_nor_seed(records_of, name):
    assert not {"tier", "seed", "data_read"} & {*module_of(name).tidy(records_of(name))}


def test_curves_are_those_of_the_record(scenarios):
    runs = scenarios(seeds=1)
    figure = drawn("learning_curves", runs)
    titles = [axes.get_title() for axes in figure.axes[:4]]
    assert [title.split(" ")[0] for title in titles] == ["$f_+$", "$f_-$", "$f_+$", "$f_-$"]
    assert "(for CIFAR-10)" in titles[0] and titles[2].endswith("Fashion-MNIST")
    run = next(run for run in runs if run.name == "compression/fashion-mnist/f_plus/seed0")
    lines = [line.get_ydata().tolist() for line in data_lines(figure.axes[2])]
    assert lines == [run.trajectory["train_accuracy"][1:], run.trajectory["test_accuracy"]]


def test_an_error_of_half_a_percent_can_be_seen():
    values = np.linspace(-0.1, 1, 23)
    assert learning_curves._unstretched(learning_curves._stretched(values)) == pytest.approx(values)
    assert 1 - learning_curves._stretched(np.array([0.995])) == pytest.approx(sqrt(0.005))


def test_the_law_of_an_exact_progression_is_drawn_at_minus_1(run_of):
    columns = {"step": [0.0, 1.0, 2.0], "train_accuracy": [0.1, 0.2, 1.0]}
    for split in ("train", "test"):
        columns |= {f"collapse_{split}_l{layer}": [8 * r**layer for r in (0.5, 0.25, 0.2)] for layer in (1, 2, 3)}
    correlation, ratio, unevenness = drawn("law_in_depth", [run_of(trajectory=columns)]).axes
    assert data_lines(correlation)[0].get_ydata() == pytest.approx([-1, -1, -1])
    for line in data_lines(ratio):
        assert line.get_ydata() == pytest.approx([0.5, 0.25, 0.2])
    assert data_lines(unevenness)[0].get_ydata() == pytest.approx([1, 1, 1])


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


def test_gaps_that_only_rise_together_are_told_from_gaps_that_move_together(run_of):
    run = run_of()
    rng = np.random.default_rng(1)
    size = len(run.trajectory["step"])
    columns = run.trajectory | {"train_loss": [0.0] * size, "test_loss": np.arange(1.0, size + 1).tolist()}
    for layer, steps in ((1, rng.normal(1, 0.4, size)), (2, -np.ones(size))):
        columns[f"collapse_train_l{layer}"] = [0.0] * size
        columns[f"collapse_test_l{layer}"] = np.cumsum(steps).tolist()
    columns["test_loss"] = np.cumsum(rng.uniform(0.5, 1.5, size)).tolist()
    found = gaps.correlations(gaps.tidy([run.model_copy(update={"trajectory": columns})])).set_index(["layer", "of"])
    assert found.loc[(1, "levels"), "rho"] > 0.95 and abs(found.loc[(1, "changes"), "rho"]) < 0.5
    assert found.loc[(2, "levels"), "rho"] == pytest.approx(-1)


def test_gaps_say_when_there_are_none(run_of):
    run = run_of()
    columns = run.trajectory | {"test_loss": [0.0] * len(run.trajectory["step"])}
    texts = [text.get_text() for text in drawn("gaps", [run.model_copy(update={"trajectory": columns})]).axes[0].texts]
    assert texts == ["no epoch with a\npositive gap"]


def test_the_drift_is_relative_to_frozen_weights(run_of):
    below = drawn("drift", [run_of()]).axes[1]
    first = data_lines(below)[0].get_ydata()[0]
    assert first == pytest.approx(100 * 0.2 * np.exp(-1 / 5)), "the row before training has none"


def test_the_ratio_of_both_splits_is_below_the_curves(run_of):
    run = run_of()
    below = drawn("collapse", [run]).axes[1]
    expected = np.array(run.trajectory["collapse_test_l1"]) / run.trajectory["collapse_train_l1"]
    assert data_lines(below)[0].get_ydata() == pytest.approx(expected)


def test_minimality_as_coded_and_as_defined_are_both_there(run_of):
    run = run_of(part="information")
    axes = drawn("information", [run]).axes
    assert [axis.get_title() for axis in axes[:5]] == [*(f"layer {layer}" for layer in range(4)), "at the last epoch"]
    coded, defined, depth = axes[5], axes[10], axes[9]
    assert data_lines(coded)[0].get_ydata().tolist() == run.trajectory["minimality_train_l0"]
    column = run.trajectory["minimality_given_label_train_l0"]
    assert data_lines(defined)[0].get_ydata().tolist() == [value for value in column if value == value]
    assert coded.get_ylim()[1] > log2(10)
    ends = [run.trajectory[f"minimality_train_l{layer}"][-1] for layer in range(4)]
    assert data_lines(depth)[0].get_ydata() == pytest.approx(ends)


def test_what_was_not_measured_is_said(run_of):
    run = run_of(part="information")
    columns = {name: values for name, values in run.trajectory.items() if "given_label" not in name}
    lesser = run.model_copy(update={"trajectory": columns})
    assert "not measured in this tier" in [text.get_text() for text in drawn("information", [lesser]).axes[10].texts]
    assert len(drawn("planes", [lesser]).axes) == 2, "a plane, and the falls beside it"
    assert len(drawn("planes", [run]).axes) == 4


def test_planes_have_circles_on_train_and_hollow_squares_on_test(run_of):
    run = run_of(part="information")
    train, *_ = drawn("planes", [run]).axes[0].collections
    assert train.get_offsets().data[:, 0] == pytest.approx(run.trajectory["minimality_train_l0"])
    assert train.get_offsets().data[:, 1] == pytest.approx(run.trajectory["sufficiency_train_l0"])
    test = drawn("planes", [run]).axes[0].collections[4]
    assert len(train.get_facecolors()) and not len(test.get_facecolors())
    assert test.get_sizes()[-1] > test.get_sizes()[0]


def test_a_plane_has_one_scale_on_both_axes_and_its_corner_too(run_of):
    plane = drawn("planes", [run_of(part="information")]).axes[0]
    (corner,) = plane.child_axes
    for axes in (plane, corner):
        assert np.ptp(axes.get_xlim()) == pytest.approx(np.ptp(axes.get_ylim()))
        box = axes.get_window_extent()
        assert box.width == pytest.approx(box.height, rel=0.02)


def test_a_fall_is_measured_from_the_highest_before(run_of):
    run = run_of(part="information")
    columns = run.trajectory | {"minimality_train_l1": [1.0, 3.0, *([2.5] * (len(run.trajectory["step"]) - 2))]}
    frame = module_of("planes").tidy([run.model_copy(update={"trajectory": columns})])
    own = frame[(frame["kind"] == "as coded") & (frame["layer"] == 1) & (frame["split"] == "train")]
    assert own["fall"].tolist()[:3] == pytest.approx([0.0, 0.0, 0.5])


def test_paths_of_three_runs_are_their_mean_beside_each_of_them(scenarios):
    runs = [run for run in scenarios("information", ("f_plus",), seeds=3) if run.dataset == "fashion-mnist"]
    frame = module_of("planes").tidy(runs)
    own = frame[(frame["kind"] == "as coded") & (frame["layer"] == 3) & (frame["split"] == "train")]
    path = module_of("planes").mean_path(own)
    shared = min(run.trajectory["step"][-1] for run in runs)
    assert path["epoch"].max() == shared
    expected = np.mean([run.trajectory["sufficiency_train_l3"][5] for run in runs])
    assert path.set_index("epoch").loc[5.0, "sufficiency"] == pytest.approx(expected)


def test_true_labels_stand_beside_random_ones(run_of):
    random, true = run_of("f_plus", "fashion-mnist", 0, "random_labels"), run_of("f_plus", "fashion-mnist")
    frame = module_of("random_labels").tidy([random, true, run_of("f_plus", "cifar10")])
    assert set(frame["labels"]) == {"random", "true"}
    assert set(frame["dataset"]) == {"fashion-mnist"}, "no scenario that was not trained on random labels"
    assert len(data_lines(drawn("random_labels", [random, true]).axes[0])) == 4
    assert len(data_lines(drawn("random_labels", [random]).axes[0])) == 2


def test_bars_of_the_time_line_follow_each_other(run_of):
    bars = drawn("timeline", [run_of(part="information")]).axes[0].patches
    assert [bar.get_width() for bar in bars] == [4.0, 2.0, 80.0], "means over the epochs that have the phase"
    assert [bar.get_x() for bar in bars] == [0.0, 4.0, 6.0]
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [colour.lower() for colour in KINDS.values()]


@pytest.mark.parametrize(("size", "base"), [(1000, 10), (125, 5), (1, 2), (101, 10)])
def test_indices_from_the_first_to_the_last_are_shown(size, base):
    shown = relabelling.shown_indices(size, base)
    assert shown[0] == 0 and shown[-1] == size - 1
    assert shown == sorted(set(shown))


def test_new_labels_are_the_digits_of_the_index_in_classes_of_the_published_size(run_of):
    run = run_of(part="architecture")
    assert run.protocol["train_per_class"] == 100 and run.overrides == ["train_per_class: 1000 -> 100"]
    frame = relabelling.tidy([run])
    shown = relabelling.shown_indices(1000, 10)
    assert frame[frame["label"] == 3]["index"].tolist() == shown
    assert all(index == y0 + 10 * y1 + 100 * y2 for index, y0, y1, y2 in frame.iloc[:, 1:].itertuples(index=False))
    _, below = drawn("relabelling", [run]).axes
    assert [text.get_text() for text in below.texts][: len(shown)] == [str(index % 10) for index in shown]


def test_tanh_is_within_5_percent_of_its_line_up_to_the_edge():
    edge = tanh_bins.nearly_linear_up_to(0.05)
    assert tanh(edge) == pytest.approx(0.95 * edge)
    assert 0.39 < edge < 0.4
    frame = tanh_bins.tidy([])
    assert set(frame["bin"]) == set(range(30))


def test_collapse_of_a_regular_triangle_is_complete(run_of):
    run = run_of("f_minus", "fashion-mnist", 0, "toy")
    means = {0: (1, 0, 0), 1: (-0.5, sqrt(3) / 2, 0), 2: (-0.5, -sqrt(3) / 2, 0)}
    rows = [
        {"state": state, "kind": kind, "label": label, **dict(zip("xyz", map(float, point), strict=True))}
        for state in ("start", "end")
        for kind in ("sample", "sample", "class_mean", "weight")
        for label, point in means.items()
    ]
    found = collapse_3d.properties(collapse_3d.tidy([run.model_copy(update={"tables": {"collapse_3d": rows}})]))
    for name, (_, at_collapse) in collapse_3d.PROPERTIES.items():
        assert found[found["property"] == name]["value"].tolist() == pytest.approx([at_collapse] * 6, abs=1e-9)


def test_the_plane_of_the_means_lies_flat():
    means = np.random.default_rng(0).normal(size=(3, 3))
    assert np.ptp((means @ collapse_3d._turn(means))[:, 2]) == pytest.approx(0, abs=1e-12)


def test_a_decoder_is_what_lies_above_its_layer(run_of):
    rows = run_of(part="architecture").tables["operations"]
    encoder, decoder = split_at(rows, 2)
    assert encoder[-1]["layer"] == 2 and decoder[0]["layer"] == 3
    assert parameters(encoder) + parameters(decoder) == parameters(rows)
    frame = module_of("minimality_network").tidy([run_of(part="architecture")])
    copies = frame.groupby("part")["copies"].unique().map(list).to_dict()
    assert copies == {"encoder": [1], "decoder": [3]}, "1,000 samples a class have indices of three digits"


def test_sizes_on_other_images_are_written_below_those_drawn(scenarios):
    texts = [text.get_text() for text in drawn("architectures", scenarios("architecture")).axes[0].texts]
    assert texts.count("16×16×64") == 2 and texts.count("14×14×64") == 2


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("collapse", {"trajectory": {"step": [0.0]}}, "no column collapse_train_l"),
        ("learning_curves", {"trajectory": {"step": [0.0]}}, "no column 'train_accuracy'"),
        ("timeline", {"trajectory": {"step": [0.0]}}, "no column seconds_"),
        ("architectures", {"tables": {}}, "no table operations"),
        ("collapse_3d", {}, "no table collapse_3d"),
        ("learning_curves", {"settings": {}}, "settings lack network"),
        ("learning_curves", {"settings": {"network": "vgg"}}, "no scenario of compression25"),
        ("relabelling", {"protocol": {}, "overrides": []}, "protocol lacks train_per_class"),
    ],
)
def test_a_record_that_does_not_fit_is_one_line(run_of, name, change, says):
    with pytest.raises(InterplayError, match=says):
        drawn(name, [run_of(**change)])
