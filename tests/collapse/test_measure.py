import json
from math import log

import pytest
import torch

from interplay.collapse import measure, neural_collapse
from interplay.errors import InterplayError
from interplay.information import DatasetInformation, batch_information


@pytest.fixture
def model(make_clusters):
    features, labels = make_clusters([0.4, 0.3, 0.2, 0.1], 12, 400, 0.5)
    return features, labels, torch.randn(4, 12, generator=torch.Generator().manual_seed(1)), torch.zeros(4)


def test_every_part_is_that_of_its_own_function(model):
    features, labels, weights, _ = model
    found = measure(*model, seed=3)
    collected = DatasetInformation(12, 4)
    collected.update(features, labels)
    expected = collected.compute(weights)
    assert found.dataset.mir == pytest.approx(expected.mir)
    assert found.dataset.feature_entropy == pytest.approx(expected.feature_entropy)
    assert found.collapse == neural_collapse(*model)
    assert found.at_collapse.mir == pytest.approx(1 / 3 + 2 * log(2) / (3 * log(3)))
    assert (found.num_samples, found.num_features, found.num_classes) == (400, 12, 4)


def test_the_batch_estimate_is_the_mean_over_shuffled_batches(model):
    features, labels, weights, _ = model
    whole = measure(*model, batch_size=400).batch
    expected = batch_information(features, labels, weights)
    assert (whole.batches, whole.size) == (1, 400)
    assert {name: whole.values[name] for name in expected} == pytest.approx(expected)
    small = measure(*model, batch_size=64).batch
    assert (small.batches, small.size) == (6, 64)
    assert small.values["mir"] > whole.values["mir"]  # what few samples add by chance
    assert 0 < small.values["mir_chance"] < small.values["mir"]
    assert measure(*model, batch_size=1000).batch.size == 400


def test_seeds_repeat_and_matter(model):
    first, again, other = (measure(*model, seed=seed).batch.values["mir"] for seed in (1, 1, 2))
    assert first == again != other


def test_sorted_samples_are_shuffled(model):
    """Batches of one class only would have a head entropy of 0."""
    features, labels, weights, bias = model
    order = labels.argsort()
    assert measure(features[order], labels[order], weights, bias, batch_size=20).batch.values["head_entropy"] > 0.5


def test_centring(model):
    features, labels, weights, bias = model
    found = measure(features, labels, weights, bias, centre=True)
    moved = measure(features - features.mean(0), labels, weights, bias)
    assert found.dataset.mir == pytest.approx(moved.dataset.mir)
    assert found.batch.values == pytest.approx(moved.batch.values)
    assert found.dataset.mir != pytest.approx(measure(*model).dataset.mir, abs=0.01)


def test_without_a_head_what_needs_none(model):
    features, labels, weights, _ = model
    found, full = measure(features, labels), measure(features, labels, weights)
    assert found.dataset.feature_entropy == pytest.approx(full.dataset.feature_entropy)
    assert found.dataset.feature_effective_rank == pytest.approx(full.dataset.feature_effective_rank)
    assert found.batch.values == pytest.approx({"feature_entropy": full.batch.values["feature_entropy"]})
    assert found.collapse.nc1 == full.collapse.nc1
    plain = found.as_json()
    assert plain["dataset"]["mir"] is None and plain["collapse"]["nc3"] is None
    # Labels without a head may be any whole numbers.
    assert measure(features, labels * 10**12).collapse == found.collapse


def test_one_class_or_one_sample_is_measured_as_far_as_it_can_be(model):
    features, labels, weights, _ = model
    one_class = measure(features, labels * 0, weights)
    assert one_class.collapse is None
    assert one_class.dataset.head_entropy == pytest.approx(0, abs=1e-12)
    assert one_class.as_json()["dataset"]["mir"] is None
    single = measure(features[:1], labels[:1], weights)
    json.dumps(single.as_json(), allow_nan=False)
    assert single.as_json()["dataset"]["mir"] is None


def test_json_is_valid_and_complete(model):
    plain = json.loads(json.dumps(measure(*model).as_json(), allow_nan=False))
    assert set(plain) >= {"dataset", "batch", "collapse", "at_collapse", "seed", "centred"}
    assert plain["dataset"]["method"] == "exact"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 1}, "batch_size: at least 2"),
        ({"labels": torch.tensor([0, 1])}, "labels: expected shape"),
        ({"head_weights": torch.ones(4, 3)}, "head_weights: expected 12 columns"),
    ],
)
def test_wrong_input(model, change, message):
    arguments = dict(zip(("features", "labels", "head_weights"), model[:3], strict=True)) | change
    with pytest.raises(InterplayError, match=message):
        measure(**arguments)


def test_moments_that_cannot_fit_are_refused_before_memory_is_taken():
    with pytest.raises(InterplayError, match="PCA"):
        measure(torch.ones(5000, 2000), torch.arange(5000), torch.ones(10_000, 2000, dtype=torch.float16))
