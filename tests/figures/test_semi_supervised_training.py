"""The course of semi-supervised training, drawn from synthetic records: who stands where, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from interplay.errors import InterplayError
from interplay.figures import semi_supervised_training as training
from interplay.figures.beside import Beside
from interplay.figures.style import house_style
from interplay.records import select_records


@pytest.fixture
def records(results):
    return select_records(results, ["semi_supervised/*"])


@pytest.fixture
def panels(records):
    with house_style():
        return np.array(training.draw(records).axes).reshape(2, 5)


def line(axes, label):
    (found,) = [one for one in axes.get_lines() if one.get_label() == label]
    return found.get_xydata()


def test_each_setting_has_a_row_and_each_quantity_a_column(panels):
    assert [axes.get_title() for axes in panels[0]] == list(training.COLUMNS.values())
    assert [axes.get_ylabel() for axes in panels[:, 0]] == [
        "Fashion-MNIST\n(for CIFAR-10)\n40 labels",
        "Glyphs-100\n(for CIFAR-100)\n400 labels",
    ]
    assert [bool(axes.get_xlabel()) for axes in panels[:, 0]] == [False, True]
    assert panels[0, 2].get_yscale() == "log"


def test_lines_are_means_over_seeds_of_the_methods_as_they_are(panels):
    error = line(panels[0, 0], "FreeMatch + MAX MI")
    assert error[-1] == pytest.approx((1000, 0.385)), "mean of .38 and .39"
    assert line(panels[1, 1], "FreeMatch + MAX MI")[-1, 1] == pytest.approx(0.55)
    assert line(panels[0, 0], "FreeMatch")[-1, 1] == pytest.approx(0.405), "another weight decay is another curve"


def test_the_baseline_makes_no_pseudo_labels(panels):
    named = [[one.get_label() for one in axes.get_lines()] for axes in panels[0]]
    assert ["labelled images only" in labels for labels in named] == [True, True, True, False, False]
    assert np.isnan(line(panels[0, 3], "FixMatch")).sum() == 0, "before the first step there is none"


def test_the_frame_has_a_row_for_each_step_of_each_run_shown(records):
    frame = training.tidy(records)
    assert len(frame) == 2 * 2 * 5 * 6  # data sets, seeds, methods, steps
    assert set(frame["method"]) == {"labelled_only", "fixmatch", "freematch", "max_mi", "min_hd"}
    assert frame.loc[frame["method"] == "labelled_only", "mask_rate"].isna().all()


def test_the_reference_has_rows_of_its_own(records):
    reference = [one.model_copy(update={"tier": "review"}) for one in records if one.dataset == "cifar10"]
    with house_style():
        axes = np.array(training.draw(records, Beside(reference=reference)).axes).reshape(3, 5)
    assert axes[2, 0].get_ylabel().endswith("40 labels\nreview protocol")


def test_what_a_record_lacks_is_one_line(records):
    broken = next(one for one in records if "/freematch/" in one.name)
    columns = {name: column for name, column in broken.trajectory.items() if name != "mask_rate"}
    with pytest.raises(InterplayError, match="freematch/seed0: no column 'mask_rate'"):
        training.tidy([broken.model_copy(update={"trajectory": columns})])
