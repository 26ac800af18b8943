from __future__ import annotations

from math import acos, exp, isnan, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from interplay.errors import InterplayError
from interplay.evidence.layers import (
    THREE_FALLING,
    gaps,
    law_in_depth,
    laws_over_epochs,
    layer_columns,
    pearson,
    relative_bias,
)

positive = st.floats(1e-3, 1e3)


@given(first=positive, ratio=st.floats(0.05, 0.95), layers=st.integers(2, 8))
@settings(max_examples=50)
def test_an_exact_geometric_progression_has_r_minus_1_and_its_own_ratio(first, ratio, layers):
    law = law_in_depth([first * ratio**layer for layer in range(layers)])
    assert law.correlation == pytest.approx(-1.0, abs=1e-9)
    assert law.ratio == pytest.approx(ratio, rel=1e-9)


def test_rising_values_have_r_plus_1_and_equal_ones_none():
    assert law_in_depth([1.0, 3.0, 9.0]).correlation == pytest.approx(1.0)
    flat = law_in_depth([2.0, 2.0, 2.0])
    assert isnan(flat.correlation) and flat.ratio == pytest.approx(1.0)


@pytest.mark.parametrize("values", [[1.0], [1.0, 0.0, 2.0], [1.0, float("nan"), 2.0], [1.0, -1.0, 2.0]])
def test_without_positive_values_there_is_no_law(values):
    law = law_in_depth(values)
    assert isnan(law.correlation) and isnan(law.ratio)


@given(st.lists(positive, min_size=3, max_size=6, unique=True))
@settings(max_examples=50)
def test_the_law_is_the_least_squares_line_of_the_logarithms(values):
    fit = stats.linregress(range(1, len(values) + 1), np.log(values))
    law = law_in_depth(values)
    assert law.correlation == pytest.approx(fit.rvalue, abs=1e-7)
    assert law.ratio == pytest.approx(exp(fit.slope), rel=1e-7)


def test_a_single_step_reaches_the_bound_of_three_falling_values():
    assert law_in_depth([1.0, 1.0, exp(-3)]).correlation == pytest.approx(THREE_FALLING)


@given(st.lists(positive, min_size=3, max_size=3, unique=True))
@settings(max_examples=100)
def test_three_falling_values_never_correlate_less(values):
    assert law_in_depth(sorted(values, reverse=True)).correlation <= THREE_FALLING + 1e-9


def test_three_random_values_correlate_strongly_one_time_in_five():
    draws = np.random.default_rng(0).normal(size=(5_000, 3))
    r = np.abs([pearson([1, 2, 3], row) for row in draws])
    assert np.mean(r >= 0.95) == pytest.approx(2 * acos(0.95) / pi, abs=0.015)


def test_laws_use_the_layers_numbers():
    laws = laws_over_epochs({1: [4.0, 1.0], 3: [1.0, 4.0]})
    assert [law.ratio for law in laws] == pytest.approx([0.5, 2.0])


def test_pearson_agrees_with_numpy_and_is_nan_for_constants():
    first, second = np.random.default_rng(1).normal(size=(2, 20))
    assert pearson(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert isnan(pearson([1.0, 1.0], [1.0, 2.0])) and isnan(pearson([1.0], [2.0]))
    assert isnan(pearson([0.1 + 0.2] * 5, [0.3, 0.1, 0.2, 0.5, 0.4]))


def test_gaps_keep_the_epochs_with_a_positive_generalisation_gap():
    found = gaps([2.0, 1.0, 0.5, 0.1, 0.1], [1.9, 1.1, 0.8, 0.7, 0.9], [5.0] * 5, [6.0, 6.1, 6.3, 6.6, float("nan")])
    assert found.epochs.tolist() == [1, 2, 3]
    assert found.generalisation == pytest.approx([0.1, 0.3, 0.6])
    assert found.compression == pytest.approx([1.1, 1.3, 1.6])
    assert found.pearson == pytest.approx(1.0) and found.spearman == pytest.approx(1.0)


def test_no_positive_gap_gives_no_points():
    found = gaps([1.0, 1.0], [0.5, 0.5], [1.0, 1.0], [2.0, 2.0])
    assert len(found.epochs) == 0 and isnan(found.pearson) and isnan(found.spearman)


def test_the_bias_of_the_drift_is_relative():
    assert relative_bias([1.2, 2.0], [1.35, 1.0]) == pytest.approx([0.125, -0.5])
    assert isnan(relative_bias([0.0], [0.0])[0])


def test_columns_come_by_layer(make_record):
    record = make_record(
        trajectory={
            "step": [0.0],
            "collapse_train_l2": [2.0],
            "collapse_train_l1": [1.0],
            "collapse_train_drifting_l1": [3.0],
        }
    )
    assert {layer: column.tolist() for layer, column in layer_columns(record, "collapse_train").items()} == {
        1: [1.0],
        2: [2.0],
    }
    with pytest.raises(InterplayError, match="no column sufficiency_train_l"):
        layer_columns(record, "sufficiency_train")
