import pickle
from itertools import pairwise
from math import isnan

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.information import DatasetInformation, effective_rank, normalise_rows


def collect(features, labels, classes, **options):
    collected = DatasetInformation(features.shape[1], classes, **options)
    collected.update(features, labels)
    return collected


@pytest.mark.parametrize(
    ("classes", "d", "samples", "noise"), [(4, 6, 200, 1.0), (10, 32, 500, 0.3), (7, 5, 90, 3.0), (3, 80, 40, 1.0)]
)
def test_equals_the_n_by_n_definition(classes, d, samples, noise, naive, make_clusters):
    features, labels, weights = make_clusters(classes, d, samples, noise)
    found = collect(features, labels, classes).compute(weights)
    reference = naive(features, labels, weights)
    assert found.feature_entropy == pytest.approx(reference.feature, abs=1e-10)
    assert found.head_entropy == pytest.approx(reference.head, abs=1e-10)
    assert found.joint_entropy == pytest.approx(reference.joint, abs=1e-10)
    assert found.mutual_information == pytest.approx(reference.feature + reference.head - reference.joint, abs=1e-10)
    assert found.mir == pytest.approx(reference.mir, abs=1e-10)
    assert found.hdr == pytest.approx(reference.hdr, abs=1e-10)
    assert found.feature_effective_rank == pytest.approx(float(effective_rank(normalise_rows(features))), rel=1e-6)
    assert (found.num_samples, found.method, found.standard_error) == (samples, "exact", 0)


def test_more_classes_than_dimensions_and_a_class_that_never_occurs(naive, make_clusters):
    features, labels, weights = make_clusters(9, 4, 120, 1.0)
    kept = labels != 5
    features, labels = features[kept], labels[kept]
    weights[5] = 0  # no sample: its direction is not asked for
    found = collect(features, labels, 9).compute(weights)
    assert found.mir == pytest.approx(naive(features, labels, weights).mir, abs=1e-10)
    assert 0 < found.mir_chance < 1


def test_the_head_may_have_another_dimension_than_the_features(naive, make_clusters):
    features, labels, _ = make_clusters(5, 8, 100, 1.0)
    weights = torch.randn(5, 3)
    assert collect(features, labels, 5).compute(weights).mir == pytest.approx(naive(features, labels, weights).mir)


streams = st.tuples(st.integers(2, 6), st.integers(1, 9), st.integers(2, 40), st.integers(0, 10_000))


def draw(stream):
    classes, d, samples, seed = stream
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(samples, d, generator=generator, dtype=torch.float64)
    labels = torch.randint(classes, (samples,), generator=generator)
    return features, labels, torch.randn(classes, d, generator=generator, dtype=torch.float64), classes


def same(first, second, chance=True):
    names = ["feature_entropy", "head_entropy", "joint_entropy", "mutual_information", "num_samples"]
    names += ["mir", "hdr"] + (["mir_chance"] if chance else [])
    for name in names:
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-8, nan_ok=True), name


@settings(max_examples=30)
@given(streams)
def test_ratios_are_in_the_unit_interval(stream):
    features, labels, weights, classes = draw(stream)
    found = collect(features, labels, classes).compute(weights)
    for value in (found.mir, found.hdr, found.mir_chance):
        assert isnan(value) or -1e-7 <= value <= 1 + 1e-7
    assert found.mutual_information >= -1e-10


@settings(max_examples=30)
@given(streams, st.lists(st.integers(1, 39), max_size=4), st.floats(0.01, 100), st.randoms(use_true_random=False))
def test_neither_batches_nor_order_nor_length_matter(stream, cuts, scale, random):
    features, labels, weights, classes = draw(stream)
    whole = collect(features, labels, classes).compute(weights)

    parts = DatasetInformation(features.shape[1], classes)
    edges = sorted({0, len(labels), *(c for c in cuts if c < len(labels))})
    for start, stop in pairwise(edges):
        parts.update(features[start:stop] * scale, labels[start:stop])
    same(whole, parts.compute(weights * scale))

    order = list(range(len(labels)))
    random.shuffle(order)
    same(whole, collect(features[order], labels[order], classes).compute(weights), chance=False)


@settings(max_examples=30)
@given(streams, st.permutations([0, 1, 2]))
def test_merging_is_associative_and_takes_any_order(stream, order):
    features, labels, weights, classes = draw(stream)
    thirds = [slice(0, 1), slice(1, len(labels) // 2 + 1), slice(len(labels) // 2 + 1, None)]

    def parts():
        found = []
        for third in thirds:
            part = DatasetInformation(features.shape[1], classes)
            if len(labels[third]):
                part.update(features[third], labels[third])
            found.append(part)
        return found

    a, b, c = parts()
    left = a.merge(b).merge(c).compute(weights)
    a, b, c = (parts()[i] for i in order)
    same(left, a.merge(b.merge(c)).compute(weights))
    same(left, collect(features, labels, classes).compute(weights), chance=False)


def test_merging_leaves_the_other_usable_and_collectors_travel_between_processes(make_clusters):
    features, labels, weights = make_clusters(4, 6, 100, 1.0)
    first, second = collect(features[:60], labels[:60], 4), collect(features[60:], labels[60:], 4)
    alone = second.compute(weights)
    first.merge(pickle.loads(pickle.dumps(second)))
    first.merge(DatasetInformation(6, 4))  # that saw nothing
    same(first.compute(weights), collect(features, labels, 4).compute(weights), chance=False)
    same(second.compute(weights), alone)


def test_a_mean_is_subtracted_before_normalising(naive, make_clusters):
    features, labels, weights = make_clusters(4, 6, 100, 1.0)
    features = features + 5
    mean = features.mean(0)
    found = collect(features, labels, 4, mean=mean).compute(weights)
    assert found.mir == pytest.approx(naive(features - mean, labels, weights).mir)
    assert found.mir != pytest.approx(collect(features, labels, 4).compute(weights).mir, abs=0.05)


def test_features_of_zero_do_not_count(naive, make_clusters):
    features, labels, weights = make_clusters(4, 6, 100, 1.0)
    padded = torch.cat([features, torch.zeros(9, 6)])
    found = collect(padded, torch.cat([labels, torch.ones(9, dtype=torch.int64)]), 4).compute(weights)
    assert (found.num_samples, found.num_zero) == (100, 9)
    assert found.mir == pytest.approx(naive(features, labels, weights).mir)


def test_the_callers_tensors_may_be_reused_and_gradients_are_not_kept(make_clusters):
    features, labels, weights = make_clusters(4, 6, 100, 1.0)
    expected = collect(features, labels, 4).compute(weights)
    buffer, marks = features.clone().requires_grad_(), labels.clone()
    collected = collect(buffer, marks, 4)
    with torch.no_grad():
        buffer.fill_(7)
        marks.zero_()
    same(collected.compute(weights.requires_grad_()), expected)


def test_low_precision_and_small_integers_are_taken(make_clusters):
    features, labels, weights = make_clusters(4, 6, 100, 1.0)
    low = features.bfloat16()
    found = collect(low, labels.to(torch.uint8), 4).compute(weights.float())
    same(found, collect(low.double(), labels, 4).compute(weights.float()))


def test_one_sample_has_entropy_zero_and_no_ratio():
    found = collect(torch.randn(1, 5), torch.tensor([2]), 4).compute(torch.randn(4, 5))
    assert (found.feature_entropy, found.head_entropy) == (pytest.approx(0), pytest.approx(0))
    assert isnan(found.mir) and isnan(found.hdr) and isnan(found.mir_chance)


def test_computing_again_after_more_samples_and_after_reset(make_clusters):
    features, labels, weights = make_clusters(4, 6, 100, 1.0)
    collected = collect(features[:50], labels[:50], 4)
    half = collected.compute(weights)
    collected.update(features[50:], labels[50:])
    same(collected.compute(weights), collect(features, labels, 4).compute(weights))
    collected.reset()
    collected.update(features[:50], labels[:50])
    same(collected.compute(weights), half)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_cuda_device(make_clusters):
    features, labels, weights = make_clusters(10, 64, 1000, 1.0)
    on_device = collect(features.cuda(), labels.cuda(), 10)
    expected = collect(features, labels, 10)
    same(on_device.compute(weights.cuda()), expected.compute(weights))
    same(expected.merge(on_device).compute(weights), on_device.merge(on_device).compute(weights), chance=False)


FEATURES, LABELS = torch.ones(4, 3), torch.tensor([0, 1, 1, 0])


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (torch.full((4, 3), float("nan")), LABELS, "features: 12 of 12 values are NaN"),
        (torch.ones(4, 2), LABELS, r"expected 3 columns, got shape \[4, 2\]"),
        (torch.ones(4, 3, 1), LABELS, "expected a matrix"),
        (torch.ones(0, 3), LABELS[:0], "empty"),
        (FEATURES, LABELS[:3], r"labels: expected shape \[4\]"),
        (FEATURES, LABELS.float(), "labels: expected integers, got torch.float32"),
        (FEATURES, LABELS + 1, "expected 0 to 1, got values from 1 to 2"),
        (FEATURES, LABELS - 1, "got values from -1 to 0"),
        (FEATURES, [0, 1, 1, 0], "expected a torch.Tensor, got list"),
    ],
)
def test_wrong_samples_are_refused_in_one_line_and_leave_no_trace(features, labels, message):
    collected = DatasetInformation(3, 2)
    with pytest.raises(InterplayError, match=message) as caught:
        collected.update(features, labels)
    assert "\n" not in str(caught.value)
    with pytest.raises(InterplayError, match="call update first"):
        collected.compute(torch.ones(2, 3))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (torch.ones(3, 3), r"head_weights: expected 2 rows, one per class, got shape \[3, 3\]"),
        (torch.ones(2), "head_weights: expected a matrix"),
        (torch.full((2, 3), float("inf")), "NaN or infinite"),
        (torch.tensor([[1.0, 0, 0], [0, 0, 0]]), r"rows \[1\] are zero"),
    ],
)
def test_wrong_heads_are_refused(weights, message):
    with pytest.raises(InterplayError, match=message):
        collect(FEATURES, LABELS, 2).compute(weights)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: DatasetInformation(4, 2), "num_features differs, 3 here and 4 there"),
        (lambda: DatasetInformation(3, 5), "num_classes differs"),
        (lambda: DatasetInformation(3, 2, chance=False), "chance differs"),
        (lambda: DatasetInformation(3, 2, mean=torch.ones(3)), "means"),
        (lambda: DatasetInformation(3, 2, class_frequencies=[1, 2]), "class_frequencies"),
        (lambda: "something", "expected a DatasetInformation, got str"),
    ],
)
def test_what_does_not_match_is_not_merged(other, message):
    with pytest.raises(InterplayError, match=message):
        DatasetInformation(3, 2).merge(other())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_features": 0, "num_classes": 2}, "num_features: at least 1"),
        ({"num_features": 3, "num_classes": 0}, "num_classes: at least 1"),
        ({"num_features": 3, "num_classes": 2, "mean": torch.ones(2)}, "mean: expected 3 finite values"),
        ({"num_features": 3, "num_classes": 2, "class_frequencies": [1]}, "expected 2 numbers"),
        ({"num_features": 3, "num_classes": 2, "class_frequencies": [0, 0]}, "not all zero"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(InterplayError, match=message):
        DatasetInformation(**options)


def test_only_zeros_so_far():
    with pytest.raises(InterplayError, match="all 4 samples so far are zero"):
        collect(torch.zeros(4, 3), LABELS, 2).compute(torch.ones(2, 3))


def test_rows_that_are_not_of_unit_length_weigh_by_their_square_and_classes_by_their_counts(naive):
    """A row of length l stands for l^2 unit rows in the features' entropy; the head's counts samples alike."""
    z = torch.randn(30, 6, dtype=torch.float64)
    labels, weights = torch.arange(30) % 3, torch.randn(3, 6, dtype=torch.float64)
    lengths = torch.where(torch.arange(30) < 9, 2.0, 1.0).double()
    rows = normalise_rows(z) * lengths[:, None]
    information = collect(rows, labels, 3, unit_rows=False)
    rows.zero_()  # the collector keeps a copy
    found = information.compute(weights)
    repeated = torch.arange(30).repeat_interleave(lengths.square().long())
    reference = naive(z[repeated], labels[repeated], weights)
    assert found.feature_entropy == pytest.approx(reference.feature, abs=1e-9)
    assert found.joint_entropy == pytest.approx(reference.joint, abs=1e-9)
    assert found.head_entropy == pytest.approx(naive(z, labels, weights).head, abs=1e-9)
    with pytest.raises(InterplayError, match="unit_rows differs"):
        information.merge(DatasetInformation(6, 3))


def test_the_chance_level_does_not_depend_on_the_length_of_rows():
    generator = torch.Generator().manual_seed(0)
    rows = normalise_rows(torch.randn(400, 6, generator=generator, dtype=torch.float64))
    labels, weights = torch.randint(4, (400,), generator=generator), torch.randn(4, 6, generator=generator)
    unit = collect(rows, labels, 4).compute(weights)
    longer = collect(3 * rows, labels, 4, unit_rows=False).compute(weights)
    assert longer.mir_chance == pytest.approx(unit.mir_chance, abs=1e-12)
    assert longer.mir == pytest.approx(unit.mir, abs=1e-12)
