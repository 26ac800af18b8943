"""Figures of cross-modal fine-tuning, from synthetic records: what stands where, and what is said to be missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from interplay.errors import InterplayError
from interplay.evidence.cross_modal import ROWS
from interplay.figures.beside import load_beside
from interplay.figures.cross_modal import base_to_new, best_weight, diagram, shots, similarity, similarity_few_shot
from interplay.figures.cross_modal.panels import MEAN
from interplay.figures.style import house_style
from interplay.protocols.catalogue import load_catalogue

SOME = ("eurosat", "dtd", "imagenet")


@pytest.fixture
def make(make_record, cross_modal_runs):
    return lambda **fields: cross_modal_runs(make_record, **fields)


@pytest.fixture
def whole(make):
    return make(shots=(1, 4, 16))


def drawn(module, records, *more):
    with house_style():
        return module.draw(records, *more)


def line(axes, label):
    (found,) = [one for one in axes.get_lines() if one.get_label() == label]
    return np.asarray(found.get_xydata())


def points(axes, label):
    return np.vstack([one.get_xydata() for one in axes.get_lines() if one.get_label() == label])


def mean_of(records, kind, metric, **settings):
    runs = [run for run in records if run.settings["kind"] == kind]
    runs = [run for run in runs if all(run.settings[name] == value for name, value in settings.items())]
    return np.mean([run.metrics[metric] for run in runs])


def test_few_shot_has_a_panel_for_the_mean_and_each_data_set_with_zero_shot_at_none(whole):
    figure = drawn(shots, whole)
    assert len(figure.axes) == 12
    mean, first = figure.axes[:2]
    assert mean.get_title() == "mean over 11 data sets" and first.get_title() == "EuroSAT, 10 classes"
    own = line(mean, "CMA, released code")
    assert own[:, 0].tolist() == [1, 3, 5]
    wanted = [mean_of(whole, "few_shot", "accuracy_cma_released", shots=k) for k in (1, 4, 16)]
    assert own[:, 1] == pytest.approx(wanted)
    star = line(first, "CLIP without training")
    assert star.tolist() == [[0, pytest.approx(0.4)]]
    assert [text.get_text() for text in figure.axes[-1].get_xticklabels()] == ["0", "1", "4", "16"]


@pytest.mark.parametrize("module", [shots, base_to_new])
def test_without_all_data_sets_there_is_no_mean_and_what_lacks_is_named(make, module):
    figure = drawn(module, make(datasets=SOME, shots=(1, 4)))
    mean = figure.axes[0]
    assert mean.get_title() == "no mean over 11 data sets" and not mean.get_lines()
    said = mean.texts[0].get_text().replace("\n", " ")
    assert said.startswith("not run: OxfordPets, Caltech101") and said.endswith("SUN397")
    assert [axes.get_title() for axes in figure.axes].count("Food101: not run") == 1
    assert MEAN not in set(module.tidy(make(datasets=SOME, shots=(1, 4)))["dataset"])


def test_methods_a_hair_apart_do_not_fill_the_axis(whole):
    def alike(run):
        same = {name: 0.4 for name in run.metrics if name.startswith("accuracy_")}
        return run.model_copy(update={"metrics": run.metrics | same | {"zero_shot_accuracy": 0.401}})

    low, high = drawn(shots, [alike(run) for run in whole]).axes[1].get_ylim()
    assert high - low >= 0.05 and low < 0.4 < high


def test_the_frame_of_few_shot_has_each_run_once_and_the_mean_by_seed(whole):
    frame = shots.tidy(whole)
    of_sets = frame.loc[frame["dataset"] != MEAN]
    assert len(of_sets) == 11 * 3 * (3 * 4 + 1) and not frame.duplicated().any()
    means = frame.loc[(frame["dataset"] == MEAN) & (frame["method"] == "vne") & (frame["shots"] == 16)]
    assert sorted(means["seed"]) == [1, 2, 3]


def test_base_to_new_shows_each_method_within_each_quantity(whole):
    figure = drawn(base_to_new, whole)
    mean = figure.axes[0]
    new = points(mean, "CMA, Algorithm 1")
    assert new[:, 0].round().tolist() == [0, 1, 2]
    for place, quantity in enumerate(("base_accuracy", "new_accuracy", "harmonic_mean")):
        assert new[place, 1] == pytest.approx(mean_of(whole, "base_to_new", f"{quantity}_cma_published"))
    zero = base_to_new.tidy(whole)
    zero = zero.loc[(zero["method"] == "zero_shot") & (zero["dataset"] == "eurosat")].set_index("quantity")["value"]
    assert zero["harmonic_mean"].iloc[0] == pytest.approx(2 * 0.45 * 0.46 / 0.91)


def test_similarities_have_a_line_for_the_mean_and_each_data_set(whole):
    axes = drawn(similarity, whole).axes
    assert [panel.get_title() for panel in axes] == ["image and text of its class", "all images and texts"]
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names[:2] == ["mean over 11", "EuroSAT"] and len(names) == 12
    vne = points(axes[0], "VNE")
    assert vne[:, 1].round().tolist() == list(range(12))
    assert vne[0, 0] == pytest.approx(mean_of(whole, "base_to_new", "class_similarity_vne"))
    few = drawn(similarity_few_shot, whole).axes
    assert [panel.get_title() for panel in few][2] == "texts of two classes"
    assert points(few[2], "VNE")[0, 0] == pytest.approx(mean_of(whole, "few_shot", "text_similarity_vne"))


def test_the_best_weight_stands_at_its_number_of_classes_beside_the_printed_one(whole, config, tmp_path):
    beside = load_beside(load_catalogue(config).find("note/q2", "figure"), whole, tmp_path, config)
    axes = drawn(best_weight, whole, beside).axes
    ours = points(axes[0], "CMA, released code")
    runs = [run for run in whole if run.dataset == "eurosat" and run.settings["kind"] == "base_to_new"]
    assert ours[ours[:, 0] == 10][:, 1] == pytest.approx(np.mean([run.metrics["best_weight_released"] for run in runs]))
    (label,) = {one.get_label() for one in axes[0].get_lines() if "printed" in one.get_label()}
    assert "rank correlation -0.46 (p = 0.082), without ties -0.64 (p = 0.032)" in label
    printed = points(axes[0], label)
    assert sorted(printed[printed[:, 0] == 37][:, 1]) == [0.1, 0.6], "weights that share the best number"
    curves = {one.get_gid(): np.asarray(one.get_xydata()) for one in axes[2].get_lines() if one.get_gid()}
    assert set(curves) == set(ROWS)
    gain = mean_of(whole, "base_to_new", "new_accuracy_released_0.5") - mean_of(
        whole, "base_to_new", "new_accuracy_cocoop"
    )
    assert np.mean([curve[5, 1] for curve in curves.values()]) == pytest.approx(100 * gain)


def test_equal_numbers_of_classes_do_not_hide_each_other(whole):
    places = sorted(set(points(drawn(best_weight, whole).axes[0], "CMA, released code")[:, 0].tolist()))
    assert len(places) == 11 and all(later / sooner > 1.04 for sooner, later in pairwise(places))


def test_the_diagram_shows_the_batch_of_the_run_that_kept_one(whole):
    records = [run for run in whole if run.dataset == "eurosat" and run.settings["kind"] == "few_shot"]
    figure = drawn(diagram, records)
    steps, coop, cma = figure.axes[0], *figure.axes[1:3]
    assert len(steps.texts) == 8
    assert coop.get_title().startswith("CoOp: mean entropy") and cma.get_title().startswith("CMA, released code")
    frame = diagram.tidy(records)
    images = frame.loc[(frame["member"] == "coop") & (frame["modality"] == "image")]
    shown = np.vstack([dots.get_offsets() for dots in coop.collections])
    assert {tuple(row) for row in images[["first", "second"]].to_numpy()} <= {tuple(row) for row in shown}
    legend = [text.get_text() for text in figure.axes[3].get_legend().get_texts()]
    assert legend[0].startswith("annual crop land 0 (1 image): H = ")


@pytest.mark.parametrize(
    "module, kind, says",
    [(diagram, "few_shot", "no table pipeline"), (best_weight, "base_to_new", "no table sweep")],
)
def test_a_record_without_its_table_is_one_line(whole, module, kind, says):
    bare = [run.model_copy(update={"tables": {}}) for run in whole if run.settings["kind"] == kind]
    with pytest.raises(InterplayError, match=says):
        drawn(module, bare)
