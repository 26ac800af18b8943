from math import isnan

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.collapse import LayerCollapse, OnePassLayerCollapse
from interplay.errors import InterplayError


def batches(outputs, labels, size):
    for start in range(0, len(labels), size):
        yield {name: h[start : start + size] for name, h in outputs.items()}, labels[start : start + size]


def two_passes(outputs, labels, classes, sizes=(32, 50), **options):
    first = LayerCollapse(classes, **options)
    for batch in batches(outputs, labels, sizes[0]):
        first.update(*batch)
    second = first.second_pass()
    for batch in batches(outputs, labels, sizes[1]):
        second.update(*batch)
    return second.compute()


def one_pass(outputs, labels, classes, size=32):
    collector = OnePassLayerCollapse(classes)
    for batch in batches(outputs, labels, size):
        collector.update(*batch)
    return collector.compute()


@pytest.mark.parametrize("shares", [[0.25] * 4, [0.7, 0.2, 0.05, 0.05], [0.5, 0, 0.3, 0.2]])
@pytest.mark.parametrize("measure", [two_passes, one_pass])
def test_every_layer_against_the_dense_definition(measure, shares, by_definition, make_clusters):
    features, labels = make_clusters(shares, 24, 220, 0.7)
    outputs = {
        "conv": features.view(-1, 6, 2, 2).float(),
        "relu": features.clamp(min=3),
        "narrow": features[:, :2],  # fewer dimensions than classes
        "doubled": torch.cat([features[:, :2]] * 2, dim=1),  # Sigma_B of rank 2 in 4 dimensions
    }
    found = measure(outputs, labels, 4)
    assert list(found) == list(outputs)
    for name, output in outputs.items():
        assert found[name] == pytest.approx(by_definition(output, labels), rel=1e-6), name


def test_the_scale_of_the_printed_algorithm_is_mended(by_definition, make_clusters):
    """Alg. 1 as printed (class means 1/N, result without C) is far off; what is built here is the definition."""
    features, labels = make_clusters([0.1] * 10, 12, 400, 0.8)
    labels = torch.arange(10).repeat(40)
    classes, total = 10, 400
    sums = torch.zeros(10, 12, dtype=torch.float64).index_add_(0, labels, features)
    means = sums / total
    centred = means - sums.sum(0) / total
    values, vectors = torch.linalg.eigh(centred @ centred.T)
    kept = values > 1e-10 * values[-1]
    kappa = (features - means[labels]) @ centred.T @ vectors[:, kept] / values[kept]
    printed = float(kappa.square().sum()) / total
    expected = by_definition(features, labels)
    assert two_passes({"h": features}, labels, classes)["h"] == pytest.approx(expected, rel=1e-9)
    assert printed != pytest.approx(expected, rel=0.5)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40), st.floats(1e-3, 1e3))
def test_neither_batches_nor_scale_matter(seed, first, second, scale):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(60, 5, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (60,), generator=generator)
    whole = two_passes({"h": features}, labels, 3, (60, 60))["h"]
    assert two_passes({"h": features * scale}, labels, 3, (first, second))["h"] == pytest.approx(whole, rel=1e-6)
    assert one_pass({"h": features * scale + 1}, labels, 3, first)["h"] == pytest.approx(whole, rel=1e-6)


def test_passes_over_parts_of_the_data_are_merged(by_definition, make_clusters):
    features, labels = make_clusters([0.3, 0.3, 0.4], 7, 100, 0.5)
    parts = [({"h": features[:30]}, labels[:30]), ({"h": features[30:]}, labels[30:])]
    firsts = [LayerCollapse(3) for _ in range(2)]
    for first, part in zip(firsts, parts, strict=True):
        first.update(*part)
    whole = LayerCollapse(3).merge(firsts[0]).merge(firsts[1])
    seconds = [whole.second_pass() for _ in range(2)]
    for second, part in zip(seconds, parts, strict=True):
        second.update(*part)
    assert seconds[0].merge(seconds[1]).compute()["h"] == pytest.approx(by_definition(features, labels))


def test_a_layer_close_to_collapse_keeps_its_digits(by_definition, make_clusters):
    features, labels = make_clusters([0.25] * 4, 6, 200, 1e-6)
    expected = by_definition(features - features.mean(0), labels)
    assert two_passes({"h": features}, labels, 4)["h"] == pytest.approx(expected, rel=1e-6)
    assert one_pass({"h": features}, labels, 4)["h"] == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("measure", [two_passes, one_pass])
def test_a_layer_that_separates_nothing_is_nan(measure):
    found = measure({"constant": torch.full((40, 3), 0.7)}, torch.arange(40) % 4, 4)
    assert isnan(found["constant"])


def test_the_relative_cut_is_passed_on(make_clusters):
    features, labels = make_clusters([0.5, 0.3, 0.2], 3, 90, 0.1)
    loose, strict = (two_passes({"h": features}, labels, 3, relative_cut=cut)["h"] for cut in (1e-10, 0.9))
    assert strict < loose


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_cuda_device(make_clusters):
    features, labels = make_clusters([0.25] * 4, 6, 200, 0.5)
    for measure in (two_passes, one_pass):
        expected = measure({"h": features}, labels, 4)["h"]
        assert measure({"h": features.cuda()}, labels.cuda(), 4)["h"] == pytest.approx(expected)


H, Y = {"h": torch.ones(4, 3)}, torch.tensor([0, 1, 1, 0])


@pytest.mark.parametrize("kind", [LayerCollapse, OnePassLayerCollapse])
@pytest.mark.parametrize(
    ("outputs", "labels", "message"),
    [
        ({}, Y, "no layer given"),
        ({"g": torch.ones(4, 3)}, Y, "not the same layers as before, differing in g, h"),
        ({"h": torch.ones(4, 5)}, Y, "expected 3 values a sample as before, got 5"),
        ({"h": torch.ones(4)}, Y, "expected a tensor"),
        ({"h": torch.ones(4, 3) * torch.nan}, Y, r"layer_outputs\['h'\]: 12 of 12 values are NaN"),
        (H, Y[:2], "4 samples for 2 labels"),
        (H, Y + 1, "expected 0 to 1"),
    ],
)
def test_wrong_batches_are_refused_in_one_line(kind, outputs, labels, message):
    collector = kind(2)
    collector.update(H, Y)
    with pytest.raises(InterplayError, match=message) as caught:
        collector.update(outputs, labels)
    assert "\n" not in str(caught.value)


def test_a_first_pass_goes_on_from_its_saved_state():
    whole, start = LayerCollapse(2), LayerCollapse(2)
    for collector in (whole, start):
        collector.update({"h": H["h"][:2]}, Y[:2])
    resumed = LayerCollapse(2)
    resumed.load_state_dict(start.state_dict())
    start.update({"h": H["h"][:2]}, Y[:2])  # must not reach what was saved
    for collector in (whole, resumed):
        collector.update({"h": H["h"][2:]}, Y[2:])
    assert resumed.counts.tolist() == whole.counts.tolist()
    assert torch.equal(resumed.class_means()["h"], whole.class_means()["h"])


def different_passes():
    first = LayerCollapse(2)
    first.update(H, Y)
    second = first.second_pass()
    second.update({"h": torch.ones(3, 3)}, Y[:3])
    return second.compute()


def unrelated_merge():
    first, other = LayerCollapse(2), LayerCollapse(2)
    first.update(H, Y)
    other.update({"g": torch.ones(4, 3)}, Y)
    return first.merge(other)


def merge_across_first_passes():
    first, other = LayerCollapse(2), LayerCollapse(2)
    first.update(H, Y)
    other.update(H, 1 - Y * 0)
    return first.second_pass().merge(other.second_pass())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LayerCollapse(0), "at least 1"),
        (lambda: LayerCollapse(2).second_pass(), "no samples yet"),
        (lambda: OnePassLayerCollapse(2).compute(), "no samples yet"),
        (lambda: LayerCollapse(2).merge(LayerCollapse(3)), "num_classes differs"),
        (different_passes, "first 4, second 3"),
        (unrelated_merge, "different layers"),
        (merge_across_first_passes, "different first passes"),
    ],
)
def test_wrong_use_is_refused(call, message):
    with pytest.raises(InterplayError, match=message):
        call()


@pytest.mark.parametrize("kind", [LayerCollapse, OnePassLayerCollapse])
def test_what_is_refused_leaves_no_trace(kind):
    collector, clean = kind(2), kind(2)
    wrong = [({"h": H["h"], "g": torch.ones(3, 2)}, Y), (H, Y + 1), ({"h": H["h"] * torch.nan}, Y), (H, Y[:2])]
    for outputs, labels in wrong[:2]:  # as the first batch
        with pytest.raises(InterplayError):
            collector.update(outputs, labels)
    outputs = {"h": torch.randn(4, 3)}
    for each in (collector, clean):
        each.update(outputs, Y)
    for refused in wrong:  # and as a later one
        with pytest.raises(InterplayError):
            collector.update(*refused)
    if kind is OnePassLayerCollapse:
        assert collector.compute() == clean.compute()
    else:
        assert torch.equal(collector.class_means()["h"], clean.class_means()["h"])
        assert collector.counts.tolist() == clean.counts.tolist()


def test_a_refused_merge_leaves_counts_and_sums():
    first, other = LayerCollapse(2), LayerCollapse(2)
    first.update(H, Y)
    other.update({"g": torch.ones(4, 3)}, Y)
    with pytest.raises(InterplayError, match="different layers"):
        first.merge(other)
    assert first.counts.tolist() == [2, 2]
    with pytest.raises(InterplayError, match="expected a LayerCollapse, got dict"):
        first.merge({})
    second = first.second_pass()
    with pytest.raises(InterplayError, match="expected a LayerScatter"):
        second.merge(first)


def test_means_too_large_for_memory_are_refused_before_anything_is_taken():
    collector = LayerCollapse(10**7)
    with pytest.raises(InterplayError, match=r"means of 10000000 classes of layer 'h' with 100000 values need"):
        collector.update({"h": torch.ones(1, 100_000)}, torch.tensor([0]))
