"""The same numbers at any scale and offset of the features, in memory and in a stream."""

from __future__ import annotations

import dataclasses
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.collapse import LayerCollapse, OnePassLayerCollapse, neural_collapse

scales = st.floats(-150, 150).map(lambda exponent: 10.0**exponent)
offsets = st.floats(-11, 11).map(lambda exponent: 10.0**exponent)


def features_labels_head(seed=0, samples=90):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    means, labels = normal(4, 6), torch.arange(samples) % 4
    return means[labels] + 0.3 * normal(samples, 6), labels, normal(4, 6), normal(4)


def signs(*arguments):
    return dataclasses.asdict(neural_collapse(*arguments))


def two_passes(h, labels, size):
    first = LayerCollapse(4)
    parts = list(zip(h.split(size), labels.split(size), strict=True))
    for part, names in parts:
        first.update({"h": part}, names)
    second = first.second_pass()
    for part, names in parts:
        second.update({"h": part}, names)
    return second.compute()["h"]


def one_pass(h, labels, size):
    collector = OnePassLayerCollapse(4)
    for part, names in zip(h.split(size), labels.split(size), strict=True):
        collector.update({"h": part}, names)
    return collector.compute()["h"]


@settings(max_examples=40)
@given(scales, scales, st.integers(0, 50))
def test_scale_does_not_matter(scale, head_scale, seed):
    z, labels, weights, bias = features_labels_head(seed)
    expected = signs(z, labels, weights, bias)
    # The bias scales with what it is added to.
    found = signs(z * scale, labels, weights * head_scale, bias * scale * head_scale)
    assert found == pytest.approx(expected, rel=1e-9)


@settings(max_examples=40)
@given(scales, offsets, st.integers(0, 50))
def test_neither_do_scale_and_offset_together(scale, offset, seed):
    z, labels, weights, _ = features_labels_head(seed)
    # Beside an offset of 1e11 float64 keeps the fifth digit of the spread: compare with what it keeps.
    kept = ((z + offset) - offset).clone()
    expected = signs(kept, labels, weights)
    found = signs((kept + offset) * scale, labels, weights)
    for name in ("nc1", "nc2", "nc2_equinorm", "nc2_equiangular", "nc3", "num_classes"):
        assert found[name] == pytest.approx(expected[name], rel=1e-4 if offset > 1e6 else 1e-8), name


@pytest.mark.parametrize("measure", [two_passes, one_pass])
@settings(max_examples=30)
@given(scale=scales, offset=offsets, size=st.integers(1, 90))
def test_streams_do_not_mind_either(measure, scale, offset, size):
    z, labels, *_ = features_labels_head()
    kept = (z + offset) - offset
    expected = neural_collapse(kept, labels).nc1
    rel = 1e-4 if offset > 1e6 else 1e-7
    assert measure((kept + offset) * scale, labels, size) == pytest.approx(expected, rel=rel)


def test_figures_of_the_fault():
    """1e100 gave an NC2 of 1, 1e154 a LinAlgError, an offset of 1e11 spreads an NC1 of 1e9."""
    z, labels, *_ = features_labels_head()
    expected = signs(z, labels)
    for changed, rel in ((z * 1e100, 1e-10), (z * 1e154, 1e-10), (z * 1e300, 1e-10), (z * 1e-310, 1e-2)):
        assert signs(changed, labels) == pytest.approx(expected, rel=rel, nan_ok=True)
    assert signs(z + 1e11, labels)["nc1"] == pytest.approx(expected["nc1"], rel=1e-4)


def test_passes_with_units_of_their_own_are_merged():
    z, labels, *_ = features_labels_head()
    z[:30] *= 0  # says nothing about the scale
    z[60:] = z[60:] * 1e3 + 1e6
    cuts = [slice(0, 30), slice(30, 60), slice(60, 90)]
    expected = two_passes(z, labels, 90)
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        merged = LayerCollapse(4)
        for place in order:
            part = LayerCollapse(4)
            part.update({"h": z[cuts[place]]}, labels[cuts[place]])
            merged.merge(part)
        second = merged.second_pass()
        second.update({"h": z}, labels)
        assert second.compute()["h"] == pytest.approx(expected, rel=1e-9)
        torch.testing.assert_close(
            merged.class_means()["h"], torch.stack([z[labels == c].mean(0) for c in range(4)]), rtol=1e-12, atol=1e-9
        )


def test_a_first_batch_of_zeros_does_not_settle_the_scale():
    z, labels, *_ = features_labels_head()
    z[:30] = 0
    expected = two_passes(z, labels, 90)
    for measure in (two_passes, one_pass):
        assert measure(z * 1e200, labels, 30) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("small", [1e-90, 1e-160, 1e-300])
@pytest.mark.parametrize("scale", [1.0, 1e290])
def test_a_first_batch_that_is_nothing_beside_the_others_does_not_settle_the_scale(small, scale, monkeypatch):
    """The squares of the others overflowed in its unit: one pass said 0, exact collapse, and NC4 was anything."""
    z, labels, weights, bias = features_labels_head()
    z[:30] = 0
    expected = signs(z, labels, weights, bias * 0)
    generator = torch.Generator().manual_seed(1)
    tiny = small * torch.randn(30, z.shape[1], generator=generator, dtype=torch.float64)
    z[:30] = tiny
    z *= scale
    for measure in (two_passes, one_pass):
        assert measure(z, labels, 30) == pytest.approx(expected["nc1"], rel=1e-9)
    merged = LayerCollapse(4)
    for rows in (slice(0, 30), slice(30, None)):
        part = LayerCollapse(4)
        part.update({"h": z[rows]}, labels[rows])
        merged.merge(part)
    second = merged.second_pass()
    second.update({"h": z}, labels)
    assert second.compute()["h"] == pytest.approx(expected["nc1"], rel=1e-9)
    monkeypatch.setattr(sys.modules["interplay.collapse.neural_collapse"], "_ENTRIES", 30 * z.shape[1])
    found = signs(z, labels, weights, bias * 0)
    for name in ("nc1", "nc2", "nc3", "nc4"):
        # Samples that were zeros chose the first class; those that are not quite choose any.
        assert found[name] == pytest.approx(expected[name], rel=1e-9, abs=30 / len(z) if name == "nc4" else 1e-12), name


@pytest.mark.parametrize("dimension", [3, 30])
def test_more_classes_than_dimensions_take_the_smaller_matrix(dimension, by_definition):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(100) % 20
    z = torch.randn(20, dimension, generator=generator, dtype=torch.float64)[labels]
    z += 0.2 * torch.randn(100, dimension, generator=generator, dtype=torch.float64)
    assert neural_collapse(z, labels).nc1 == pytest.approx(by_definition(z, labels), rel=1e-8)


def test_matrices_of_many_classes_are_made_in_blocks(monkeypatch):
    arguments = features_labels_head()
    expected = signs(*arguments)
    # By name in sys.modules: the package has a function of the module's name.
    monkeypatch.setattr(sys.modules["interplay.collapse.neural_collapse"], "_ENTRIES", 7)
    assert signs(*arguments) == pytest.approx(expected)
