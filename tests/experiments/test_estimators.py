from dataclasses import replace
from math import isnan, log, nan

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.experiments.estimators import QUANTITIES, batch_estimates, batch_metrics, draw_batches, reliable_size
from interplay.information import exact_information, gram_matrix, matrix_entropy, mir
from interplay.protocols.estimators import EstimatorsProtocol

SUPERVISED = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0],
    "variants": {"seeds": [0]},
    "children": {"seeds": [0]},
    "iterations": 8,
    "image_pooling": 1,
    "trajectory": {"points": 3, "information_sample": None, "final_sample": None, "batch_size": 64},
}


def protocol(*sizes, draws=4, tolerance=0.1):
    return EstimatorsProtocol(batch_sizes=sizes, draws=draws, sample=None, tolerance=tolerance)


def sample(samples, classes=5, d=9, seed=0):
    generator = torch.Generator().manual_seed(seed)
    head = torch.randn(classes, d, generator=generator)
    labels = torch.randint(classes, (samples,), generator=generator)
    return head[labels] + torch.randn(samples, d, generator=generator), labels, head


def by_size(rows, quantity):
    return {row["batch_size"]: row for row in rows if row["quantity"] == quantity}


@pytest.mark.parametrize("samples", [30, 90], ids=["fewer than dimensions", "more"])
def test_a_batch_of_all_samples_reads_the_exact_value(samples):
    features, labels, head = sample(samples)
    rows = batch_estimates(protocol(samples), features, labels, head, seed=0)
    exact = exact_information(features, labels, head)
    for quantity in QUANTITIES:
        row = by_size(rows, quantity)[samples]
        assert row["exact"] == pytest.approx(exact[quantity], abs=1e-9)
        assert (row["mean"], row["std"], row["rmse"]) == pytest.approx((exact[quantity], 0, 0), abs=1e-7)


def test_estimates_are_the_definitions_on_the_drawn_batches():
    features, labels, head = sample(100)
    rows = batch_estimates(protocol(12, 25), features, labels, head, seed=3)
    for size in (12, 25):
        batches = draw_batches(100, size, 4, seed=3)
        values = [float(mir(gram_matrix(features[chosen]), gram_matrix(head[labels[chosen]]))) for chosen in batches]
        row = by_size(rows, "mir")[size]
        exact = float(mir(gram_matrix(features), gram_matrix(head[labels])))
        assert row["exact"] == pytest.approx(exact, abs=1e-9)
        assert row["mean"] == pytest.approx(np.mean(values))
        assert row["std"] == pytest.approx(np.std(values, ddof=1))
        assert row["rmse"] == pytest.approx(np.sqrt(np.mean((np.array(values) - exact) ** 2)))
    metrics = batch_metrics(rows, 0.1)
    assert metrics["mir_bias_12"] == pytest.approx(by_size(rows, "mir")[12]["mean"] - metrics["mir_exact"])


def test_chance_is_that_of_permuted_labels_and_hdr_does_not_know_it():
    features, labels, head = sample(400)
    rows = batch_estimates(protocol(20, 400, draws=60), features, labels, head, seed=0)
    of_mir, of_hdr, of_entropy = (by_size(rows, name) for name in ("mir", "hdr", "feature_entropy"))
    generator = np.random.default_rng(0)

    def directly(size):
        chosen = generator.permutation(400)[:size]
        shuffled = labels[chosen][generator.permutation(size)]
        return float(mir(gram_matrix(features[chosen]), gram_matrix(head[shuffled])))

    direct = [directly(20) for _ in range(60)]
    error = np.std(direct) / np.sqrt(60)
    assert of_mir[20]["chance"] == pytest.approx(np.mean(direct), abs=5 * error)
    assert of_mir[20]["chance_std"] == pytest.approx(np.std(direct), rel=0.5)
    assert of_mir[20]["exact_chance"] == pytest.approx(directly(400), abs=0.01)
    assert of_mir[20]["chance"] > of_mir[20]["exact_chance"] + 0.1  # few samples share much by chance
    for size in (20, 400):
        assert of_hdr[size]["chance"] == pytest.approx(of_hdr[size]["mean"])
        assert isnan(of_entropy[size]["chance"]) and isnan(of_entropy[size]["exact_chance"])


@settings(max_examples=20)
@given(st.integers(2, 40), st.integers(1, 12), st.integers(0, 1000))
def test_the_entropy_of_a_batch_cannot_exceed_log_n(size, d, seed):
    features, labels, head = sample(40, d=d, seed=seed)
    row = by_size(batch_estimates(protocol(size), features, labels, head, seed), "feature_entropy")[size]
    assert row["mean"] <= log(size) + 1e-9
    assert row["exact"] == pytest.approx(float(matrix_entropy(gram_matrix(features))), abs=1e-9)


def test_batches_hold_no_sample_twice_and_no_more_than_there_are():
    batches = draw_batches(50, 20, 30, seed=0)
    assert batches.shape == (30, 20)
    assert all(len(set(batch.tolist())) == 20 for batch in batches)
    assert len({tuple(batch.tolist()) for batch in batches}) == 30
    with pytest.raises(InterplayError, match="batch_sizes: 51 exceeds the 50 samples"):
        draw_batches(50, 51, 2, seed=0)


def table(quantity, errors, exact, exact_chance):
    return [
        {"quantity": quantity, "batch_size": size, "rmse": error, "exact": exact, "exact_chance": exact_chance}
        for size, error in errors.items()
    ]


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ({8: 0.3, 16: 0.08, 32: 0.07, 64: 0.01}, 16),
        ({8: 0.05, 16: 0.3, 32: 0.07, 64: 0.01}, 32),  # 8 is reliable, 16 is not
        ({64: 0.01, 8: 0.3, 32: 0.07}, 32),
        ({8: 0.01, 16: 0.2}, nan),
        ({8: 0.01, 16: nan}, nan),
        ({8: 0.08, 16: 0.08}, 8),  # exactly the tolerance
    ],
)
def test_reliable_from_a_size_on(errors, expected):
    # A tenth of .9 - .1 for MIR, whether above or below chance, and of the value itself for the others.
    assert reliable_size(table("mir", errors, 0.9, 0.1), 0.1) == pytest.approx(expected, nan_ok=True)
    assert reliable_size(table("mir", errors, 0.1, 0.9), 0.1) == pytest.approx(expected, nan_ok=True)
    assert reliable_size(table("hdr", errors, 0.8, 0.8), 0.1) == pytest.approx(expected, nan_ok=True)
    assert reliable_size(table("feature_entropy", errors, 0.8, nan), 0.1) == pytest.approx(expected, nan_ok=True)


def test_a_run_reads_what_training_read(small_setup, do):
    setup = small_setup("supervised", **SUPERVISED)
    overrides = {"batch_sizes": [8, 64, 256], "draws": 3, "sample": None}
    estimators = small_setup("estimators", **overrides).protocols["estimators"]
    setup = replace(setup, protocols=setup.protocols | {"estimators": estimators})
    (trained,) = do(setup, "supervised", "cifar10/plain/seed0")
    (record,) = do(setup, "estimators", "cifar10/seed0")
    assert record.settings == {"num_classes": 10, "sample": 355}
    assert record.provenance.data == trained.provenance.data
    rows = {(row["normalisation"], row["state"]): row for row in record.tables["normalisations"]}
    for quantity in QUANTITIES:
        assert record.metrics[f"{quantity}_exact"] == pytest.approx(trained.metrics[quantity], abs=1e-6)
        for suffix in ("", "_batch"):
            columns = trained.trajectory[f"{quantity}{suffix}"]
            start, end = (rows["l2", state][f"{quantity}{suffix}"] for state in ("start", "end"))
            assert (start, end) == pytest.approx((columns[0], columns[-1]), abs=1e-6)
    for norm in ("batch", "layer"):
        columns = trained.trajectory[f"mir_batch_{norm}_norm"]
        start, end = (rows[norm, state]["mir_batch"] for state in ("start", "end"))
        assert (start, end) == pytest.approx((columns[0], columns[-1]), abs=1e-6)
    changes = {norm: rows[norm, "end"]["hdr"] - rows[norm, "start"]["hdr"] for norm in ("l2", "batch", "layer")}
    assert record.metrics["hdr_l2_change"] == pytest.approx(changes["l2"])
    assert record.metrics["hdr_batch_norm_change"] == pytest.approx(changes["batch"])
    assert record.metrics["mir_layer_norm"] == rows["layer", "end"]["mir"]
    assert len({round(change, 6) for change in changes.values()}) == 3
    assert {row["batch_size"] for row in record.tables["batches"]} == {8, 64, 256}
