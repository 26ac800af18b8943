"""The figures of networks that were trained once and measured again: do they show what the records hold?"""

import importlib

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from interplay.errors import InterplayError
from interplay.evidence.prediction import predictive_correlations
from interplay.evidence.stopping import PATIENCES, stop
from interplay.figures import label_smoothing
from interplay.figures.connectivity import path_frame
from interplay.figures.normalisations import exact_value
from interplay.figures.responses import span
from interplay.figures.style import house_style
from interplay.figures.temperature_tsne import OTHERS, strong_classes
from interplay.protocols.catalogue import load_catalogue


@pytest.fixture
def draw(results, config):
    """Draw an exhibit from the records, each changed by `change` first, or left out where that gives None."""

    def drawn(exhibit_id, change=lambda record: record):
        exhibit = load_catalogue(config).find(exhibit_id, "figure")
        records = [changed for record in exhibit.records(results) if (changed := change(record)) is not None]
        with house_style():
            return importlib.import_module(exhibit.package).draw(records), records

    return drawn


def points(axes, label):
    """The points of a curve, by its label."""
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line.get_xydata()


def without(metric):
    return lambda record: record.model_copy(
        update={"metrics": {name: value for name, value in record.metrics.items() if name != metric}}
    )


def without_table(name):
    return lambda record: record.model_copy(
        update={"tables": {key: rows for key, rows in record.tables.items() if key != name}}
    )


def test_entropy_stands_against_temperature(draw):
    figure, records = draw("metrics24/fig3")
    for axes, dataset in zip(figure.axes[2:], ("cifar10", "cifar100"), strict=True):
        shown = points(axes, "features, exact")
        assert list(shown[:, 0]) == [1, 3, 10]
        for temperature, value in shown:
            runs = [r for r in records if r.dataset == dataset and r.settings["temperature"] == temperature]
            assert value == pytest.approx(np.mean([run.metrics["feature_entropy"] for run in runs]))
        assert axes.get_xscale() == "log"


def test_clustering_stands_against_temperature(draw):
    figure, _ = draw("metrics24/fig4")
    rising = points(figure.axes[0], "silhouette coefficient (high: clear clusters)")
    falling = points(figure.axes[2], "Davies-Bouldin index (low: clear clusters)")
    assert list(rising[:, 1]) == pytest.approx([0.155, 0.155 + 0.1 * np.log10(3), 0.255])
    assert list(falling[:, 1]) == pytest.approx([2.025, 2.025 - 0.4 * np.log10(3), 1.625])


def test_the_embedding_shows_every_point_once_ten_classes_in_colour_the_rest_in_grey(draw):
    figure, records = draw("metrics24/fig5")
    assert [axes.get_title().splitlines()[0].split(", ")[1] for axes in figure.axes] == ["T = 1", "T = 10"]
    for axes, temperature in zip(figure.axes, (1, 10), strict=True):
        (record,) = [r for r in records if r.settings["temperature"] == temperature]
        shown = np.vstack([collection.get_offsets() for collection in axes.collections])
        there = np.array([(row["x"], row["y"]) for row in record.tables["tsne"]])
        assert np.allclose(shown[np.lexsort(shown.T)], there[np.lexsort(there.T)])
        assert len(axes.get_xticks()) == len(axes.get_yticks()) == 0
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["90 others", *(f"class {index}" for index in range(0, 100, 10))]
    others, marked = figure.axes[0].collections[:2]
    assert len(others.get_offsets()) == 450 and len(marked.get_offsets()) == 50
    assert {tuple(colour) for colour in others.get_facecolors()} == {to_rgba(OTHERS)}
    assert len({tuple(colour) for colour in marked.get_facecolors()}) == 10
    size, dpi = others.get_sizes()[0] ** 0.5, 200 / 72
    assert size * dpi > 6, "a dot of a few pixels is no dot"


@pytest.mark.parametrize(("classes", "strong"), [(10, list(range(10))), (3, [0, 1, 2]), (100, list(range(0, 100, 10)))])
def test_strong_classes_are_spread_over_all(classes, strong):
    assert strong_classes(classes) == strong


def test_the_highest_rate_of_each_data_set_and_the_lower_ones(draw):
    highest, records = draw("metrics24/fig7")
    titles = [axes.get_title().splitlines() for axes in highest.axes[:4]]
    starts = [f"learning rate 0.1, {start}" for start in ("one initialisation", "different initialisations")]
    assert [title[1] for title in titles] == starts * 2
    assert titles[0][0] == "Fashion-MNIST (for CIFAR-10)"
    assert titles[0][2] == "accuracy barrier 0.710, recomputed 0.350"
    assert titles[1][2] == "accuracy barrier 0.800, recomputed 0.400"
    lower, _ = draw("metrics24/fig8")
    rates = [axes.get_title().splitlines()[1].split()[2] for axes in lower.axes[:4]]
    assert rates == ["0.01,", "0.01,", "0.001,", "0.001,"]
    runs = [r for r in records if r.name.startswith("connectivity/cifar10/lr0.1/")]
    paths = path_frame(runs)
    for row, name in enumerate(("accuracy", "loss", "mir", "hdr")):
        for statistics in ("interpolated", "recomputed"):
            shown = points(highest.axes[4 * row], f"{statistics} batch-norm statistics")
            rows = [row for run in runs for row in run.tables["path"] if row["statistics"] == statistics]
            expected = [np.mean([row[name] for row in rows if row["weight"] == weight]) for weight in shown[:, 0]]
            assert len(shown) == 11 and list(shown[:, 1]) == pytest.approx(list(expected))
    thin = points(highest.axes[8], "MIR, HDR: mean over batches of 64, recomputed")
    halfway = paths[(paths["weight"] == 0.5) & (paths["statistics"] == "recomputed")]
    assert thin[5, 1] == pytest.approx(halfway["mir_batch"].mean()) and len(halfway) == 2
    chance = [line.get_ydata()[0] for line in highest.axes[2].lines if len({*line.get_ydata()}) == 1]
    assert pytest.approx(1 / 100) in chance
    losses = [axes.get_ylim() for axes in highest.axes[4:8]]
    assert losses[0] == losses[1], "columns of one data set can be compared"


def test_without_controls_there_is_a_column_a_data_set(draw):
    same = {"initialisation": "same"}
    figure, _ = draw("metrics24/fig7", lambda r: r if same.items() <= r.settings.items() else None)
    assert len(figure.axes) == 8


def test_smoothing_shows_all_levels_and_their_span(draw):
    figure, records = draw("interplay24/fig5")
    frame = label_smoothing.tidy([r for r in records if r.dataset == "cifar10"])
    shown = points(figure.axes[2], "MIR, exact")
    assert [list(point) for point in shown] == [pytest.approx(pair) for pair in ([0, 0.6], [0.1, 0.61], [0.4, 0.64])]
    assert span(frame, "label_smoothing", "mir") == pytest.approx(0.04)
    assert figure.axes[2].get_title(loc="right") == "span over ε 0.040"


def test_pruning_shows_three_states_and_chance(draw):
    figure, _ = draw("interplay24/fig6")
    accuracy, mir = figure.axes[0], figure.axes[2]
    assert list(points(accuracy, "before pruning")[:, 1]) == pytest.approx([0.875] * 3)
    assert dict(points(accuracy, "pruned"))[0.1] == pytest.approx(0.87 - 0.8 * 0.9**4)
    assert dict(points(accuracy, "pruned and fine-tuned"))[0.1] == pytest.approx(0.875 - 0.1 * 0.9**4)
    assert list(points(mir, "unrelated features")[:, 1]) == [0.2] * 3
    shown = dict(points(mir, "pruned and fine-tuned"))
    assert shown[0.05] == pytest.approx(0.9 - 0.2 * 0.95**2)
    bottom = figure.axes[-1]
    assert bottom.get_xscale() == "log" and [text.get_text() for text in bottom.get_xticklabels()] == ["50", "90", "95"]
    places = bottom.transData.transform([(0.5, 0), (0.1, 0), (0.05, 0)])[:, 0]
    assert places[1] - places[0] < 3 * (places[2] - places[1]), "90 and 95 % do not crowd"


def test_a_second_scope_gets_columns_of_its_own(draw, make_record):
    def rescoped(record):
        if record.settings["sparsity"] == 0.5 or record.dataset != "cifar10":
            return record
        return record.model_copy(update={"settings": record.settings | {"scope": "layer"}})

    figure, _ = draw("interplay24/fig6", rescoped)
    assert len(figure.axes) == 15
    titles = [axes.get_title().splitlines()[1] for axes in figure.axes[:3]]
    assert titles == ["all weights ranked together", "weights ranked by layer", "all weights ranked together"]


def test_batches_show_estimate_exact_value_chance_and_cap(draw):
    figure, _ = draw("note/c2")
    entropy, mir, hdr = figure.axes[0], figure.axes[2], figure.axes[4]
    sizes = [8, 16, 32, 64, 128, 256]
    assert [list(point) for point in points(entropy, "ln n, the cap of n images")] == [
        pytest.approx([size, np.log(size)]) for size in sizes
    ]
    label = "mean of one batch's estimate"
    assert list(points(mir, label)[:, 1]) == pytest.approx([0.6 + 0.6 * 4 / size for size in sizes])
    (band,) = [one for one in mir.collections if one.get_label() == "± standard deviation of one batch"]
    at_64 = [y for x, y in band.get_paths()[0].vertices if x == 64]
    assert max(at_64) - min(at_64) == pytest.approx(2 * 0.3 * 0.6 / 8)
    assert points(mir, "the same with labels permuted: chance")[0, 1] == pytest.approx(0.05 + 0.3)
    assert points(mir, "smallest reliable batch")[0, 0] == 128
    titles = [axes.get_title(loc="right") for axes in (entropy, mir, hdr)]
    assert titles[:2] == ["reliable for every seed from 64", "reliable for every seed from 128"]
    assert titles[2] == "no size is reliable for every seed"


def test_normalisations_show_the_course_and_exact_ends(draw):
    figure, records = draw("note/c3")
    runs = [r for r in records if r.name.startswith("supervised/cifar10/")]
    shown = points(figure.axes[0], "layer norm, batches of 64")
    expected = np.mean([run.trajectory["mir_batch_layer_norm"] for run in runs], axis=0)
    assert list(shown[:, 1]) == pytest.approx(list(expected))
    (exact,) = [one for one in figure.axes[0].collections if one.get_label() == "layer norm, all images"]
    assert exact.get_offsets().tolist() == [pytest.approx(pair) for pair in ([0, 0.4], [1000, 0.7])]
    measured = next(r for r in records if r.name == "estimators/cifar10/seed0")
    assert exact_value(measured, "batch", "end", "hdr") == pytest.approx(0.1)


def test_predictions_are_those_of_the_evidence(draw):
    figure, records = draw("note/q1")
    runs = [r for r in records if r.dataset == "cifar10"]
    expected = predictive_correlations(runs, "hdr", "nc1")
    shown = points(figure.axes[2], "HDR at that time, exact")
    assert list(shown[:, 1]) == pytest.approx([one.rho for one in expected])
    assert [text.get_text() for text in figure.axes[2].get_xticklabels()] == [
        f"{100 * one.fraction:g}" for one in expected
    ]
    assert figure.axes[0].get_title() == "Fashion-MNIST (for CIFAR-10)\n10 runs of 5 configurations"


def test_stopping_shows_means_over_runs(draw):
    figure, records = draw("note/q3.scatter")
    runs = [r for r in records if r.dataset == "cifar10"]
    expected = set()
    for patience in PATIENCES:
        stops = [stop(run, "stopping_mir", patience) for run in runs]
        means = (np.mean([getattr(one, name) for one in stops]) for name in ("iterations_saved", "accuracy_lost"))
        expected.add(tuple(round(100 * mean, 6) for mean in means))
    shown = points(figure.axes[0], "MIR as the criterion")
    assert {(round(saved, 6), round(lost, 6)) for saved, lost in shown} == expected


@pytest.mark.parametrize(
    ("exhibit", "change", "says"),
    [
        ("metrics24/fig3", without("feature_entropy"), "no metric 'feature_entropy'"),
        ("metrics24/fig4", without("silhouette"), "no metric 'silhouette'"),
        ("metrics24/fig5", without_table("tsne"), "none has a table tsne"),
        ("metrics24/fig7", without_table("path"), "no table path"),
        ("metrics24/fig8", lambda r: r if r.settings["learning_rate"] == 0.1 else None, "the only learning rate"),
        ("interplay24/fig5", without("hdr_batch"), "no metric 'hdr_batch'"),
        ("interplay24/fig6", without("mir_features_chance"), "no metric 'mir_features_chance'"),
        ("interplay24/fig6", lambda r: r.model_copy(update={"settings": {}}), "settings lack scope"),
        ("note/c2", without_table("batches"), "no mean of feature_entropy in its table batches"),
        ("note/c3", without_table("normalisations"), "no mir under l2 at the start"),
        ("note/c3", lambda r: r if r.experiment == "supervised" else None, "both experiments are needed"),
        ("note/c3", lambda r: r.model_copy(update={"trajectory": {"step": [0.0]}}), "no column 'mir_batch'"),
        ("note/q1", lambda r: r if "plain" in r.name else None, "too few runs"),
        (
            "note/q3.scatter",
            lambda r: r.model_copy(update={"trajectory": {"step": [0.0]}}),
            "column 'stopping_loss'",
        ),
    ],
)
def test_what_a_record_lacks_is_one_line(draw, exhibit, change, says):
    with pytest.raises(InterplayError, match=says) as caught:
        draw(exhibit, change)
    assert "\n" not in str(caught.value)
