import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from interplay.data.images import load_splits
from interplay.errors import InterplayError
from interplay.experiments.temperature import clustering, embed
from interplay.models import WideResNet
from interplay.protocols.temperature import TSNE
from interplay.training import information_metrics

NETWORKS = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0, 1],
    "iterations": 20,
    "image_pooling": 1,
    "variants": {"temperatures": [4], "label_smoothing": [], "seeds": [0, 1]},
    "children": {"seeds": []},
    "trajectory": {"points": 2, "information_sample": 64, "final_sample": 64, "batch_size": 32},
}
EMBEDDING = {"temperatures": [1], "sample": 60, "perplexity": 10, "iterations": 250}


@pytest.fixture(scope="module")
def trained(small_setup, do_in, tmp_path_factory):
    """Setup and results after networks of two temperatures have been trained, and the records of what was measured."""
    results = tmp_path_factory.mktemp("results")
    setup = small_setup("supervised", **NETWORKS)
    measuring = small_setup("temperature", clustering_sample=100, tsne=EMBEDDING)
    setup = replace(setup, protocols=setup.protocols | {"temperature": measuring.protocols["temperature"]})
    networks = {}
    for pattern in ("cifar10/plain/*", "cifar10/temperature-4/*"):
        networks |= {record.run: record for record in do_in(setup, "supervised", pattern, results)}
    records = {record.run: record for record in do_in(setup, "temperature", "cifar10/*", results)}
    return setup, results, networks, records


def naive_silhouette(points, clusters):
    """The mean of (b - a) / max(a, b), sample by sample."""
    values = []
    for i, point in enumerate(points):
        distances = np.array([np.sqrt(((point - other) ** 2).sum()) for other in points])
        own = [j for j in range(len(points)) if clusters[j] == clusters[i] and j != i]
        if not own:
            values.append(0.0)
            continue
        a = distances[own].mean()
        b = min(distances[clusters == c].mean() for c in set(clusters.tolist()) - {clusters[i]})
        values.append((b - a) / max(a, b))
    return np.mean(values)


def naive_davies_bouldin(points, clusters):
    """The mean over classes of the largest (S_i + S_j) / M_ij (metrics24 V-B)."""
    names = sorted(set(clusters.tolist()))
    centres = {c: points[clusters == c].mean(0) for c in names}
    scatter = {c: np.mean([np.linalg.norm(p - centres[c]) for p in points[clusters == c]]) for c in names}
    return np.mean(
        [
            max((scatter[i] + scatter[j]) / np.linalg.norm(centres[i] - centres[j]) for j in names if j != i)
            for i in names
        ]
    )


@pytest.mark.parametrize("spread", [0.1, 1.0, 5.0])
def test_clustering_is_what_the_formulas_of_the_document_give(spread):
    draw = np.random.default_rng(0)
    clusters = np.array([0] * 7 + [1] * 5 + [2] * 4 + [5])  # one class of a single sample, two without any
    points = draw.normal(size=(6, 3))[clusters] + spread * draw.normal(size=(len(clusters), 3))
    found = clustering(torch.tensor(points, dtype=torch.float32), torch.tensor(clusters))
    assert found["silhouette"] == pytest.approx(naive_silhouette(points, clusters), abs=1e-5)
    assert found["davies_bouldin"] == pytest.approx(naive_davies_bouldin(points, clusters), rel=1e-5)


def test_tight_classes_score_better_on_both_indices():
    centres = torch.eye(3)[torch.arange(30) % 3]
    noise = torch.randn(30, 3, generator=torch.Generator().manual_seed(0))
    tight, loose = (clustering(centres + width * noise, torch.arange(30) % 3) for width in (0.05, 0.5))
    assert tight["silhouette"] > loose["silhouette"]
    assert tight["davies_bouldin"] < loose["davies_bouldin"]


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_too_few_images_to_compare_are_one_line(labels):
    with pytest.raises(InterplayError, match=r"clustering_sample: 3 images of \d classes cannot be compared") as caught:
        clustering(torch.randn(3, 2), torch.tensor(labels))
    assert "\n" not in str(caught.value)


def test_an_embedding_is_the_same_for_the_same_seed_and_keeps_classes_together():
    labels = torch.arange(60) % 3
    features = 10 * torch.eye(3)[labels] + torch.randn(60, 3, generator=torch.Generator().manual_seed(1))
    settings = TSNE(temperatures=(1.0,), sample=60, perplexity=10, iterations=250)
    rows = embed(features, labels, settings, seed=0)
    assert rows == embed(features, labels, settings, seed=0)
    assert [row["label"] for row in rows] == labels.tolist()
    places = np.array([[row["x"], row["y"]] for row in rows])
    assert naive_silhouette(places, labels.numpy()) > 0.5


def test_more_neighbours_than_images_are_one_line():
    settings = TSNE(temperatures=(1.0,), sample=60, perplexity=30, iterations=250)
    with pytest.raises(InterplayError, match=r"tsne.perplexity: 30 neighbours .* 20 images"):
        embed(torch.randn(20, 3), torch.arange(20), settings, seed=0)


def test_accuracy_and_loss_are_those_of_the_training_record(trained):
    """The same network on the same images at the same temperature; the record of training measured it on its own."""
    _, _, networks, records = trained
    assert len(records) == 4
    for record in records.values():
        name = "plain" if record.settings["temperature"] == 1 else "temperature-4"
        parent = networks[f"cifar10/{name}/seed{record.seed}"]
        assert record.metrics["test_accuracy"] == parent.metrics["test_accuracy"]
        assert record.metrics["test_loss"] == pytest.approx(parent.metrics["test_loss"], rel=1e-6)


def test_the_temperature_counts_at_test_too(trained, tmp_path):
    _, results, _, records = trained
    test = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1).held_out
    for name, folder, temperature in (("t1", "plain", 1.0), ("t4", "temperature-4", 4.0)):
        network = WideResNet(10, 1, 10, in_channels=1)
        network.load_state_dict(load_file(results / f"models/supervised/cifar10/{folder}/seed0.safetensors"))
        with torch.no_grad():
            logits = network.eval()(test.images).double()
        metrics = records[f"cifar10/{name}/seed0"].metrics
        for key, divisor in (("test_loss", temperature), ("test_loss_at_one", 1.0)):
            probabilities = (logits / divisor).exp()
            chosen = probabilities[torch.arange(len(test.labels)), test.labels] / probabilities.sum(1)
            assert metrics[key] == pytest.approx(float(-chosen.log().mean()), rel=1e-4)
    plain, warm = (records[f"cifar10/{name}/seed0"].metrics for name in ("t1", "t4"))
    assert plain["test_loss"] == plain["test_loss_at_one"]
    assert warm["test_loss"] != pytest.approx(warm["test_loss_at_one"], rel=0.01)


def test_information_and_clustering_are_read_on_one_sample(trained, tmp_path):
    _, results, _, records = trained
    record = records["cifar10/t4/seed1"]
    assert record.settings["clustering_sample"] == 100
    assert record.settings["batch_size"] == 32
    assert record.settings["num_classes"] == 10
    sample = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1).held_out.sample(100)
    network = WideResNet(10, 1, 10, in_channels=1)
    network.load_state_dict(load_file(results / "models/supervised/cifar10/temperature-4/seed1.safetensors"))
    with torch.no_grad():
        features = network.eval().features(sample.images)
    expected = information_metrics(features, sample.labels, network.head.weight, 32) | clustering(
        features, sample.labels
    )
    assert {name: record.metrics[name] for name in expected} == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert record.metrics["silhouette"] == pytest.approx(
        naive_silhouette(features.numpy().astype(np.float64), sample.labels.numpy()), abs=1e-5
    )
    assert record.metrics["nc1"] > 0


def test_features_are_embedded_for_the_temperatures_asked_for_and_the_first_seed(trained):
    _, _, _, records = trained
    assert {run for run, record in records.items() if "tsne" in record.tables} == {"cifar10/t1/seed0"}
    rows = records["cifar10/t1/seed0"].tables["tsne"]
    assert len(rows) == 60
    assert set(rows[0]) == {"x", "y", "label"}


def test_provenance_names_data_and_time(trained):
    _, _, _, records = trained
    for record in records.values():
        assert set(record.provenance.data) == {"digits/train", "digits/test"}
        assert set(record.provenance.seconds) == {"evaluation"}


def test_without_its_network_nothing_is_measured(trained, do_in, tmp_path):
    setup, finished, _, _ = trained
    results = shutil.copytree(finished, tmp_path / "results")
    (results / "models/supervised/cifar10/temperature-4/seed0.safetensors").unlink()
    with pytest.raises(InterplayError, match="run supervised/cifar10/temperature-4/seed0 first"):
        do_in(setup, "temperature", "cifar10/t4/seed0", results)
    (results / "records/supervised/cifar10/plain/seed0.json").unlink()
    with pytest.raises(InterplayError, match="run supervised/cifar10/plain/seed0 first"):
        do_in(setup, "temperature", "cifar10/t1/seed0", results)
