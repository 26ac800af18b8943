"""Features of networks trained at several softmax temperatures: entropy, clustering quality, embedding.

Source: metrics24 V-B with Fig. 3 to 5.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from sklearn import manifold
from sklearn.metrics import davies_bouldin_score, silhouette_score
from torch import Tensor

from interplay.collapse import neural_collapse
from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result
from interplay.experiments.networks import load_trained
from interplay.protocols.temperature import TSNE, TemperatureProtocol, TemperatureRun
from interplay.training import accuracy_and_loss, evaluate, generator, information_metrics


def run(protocol: TemperatureProtocol, run: TemperatureRun, context: Context) -> Result:
    """Accuracy and loss over the test set, entropy and clustering of its features over a sample.

    The loss is read at the temperature that the network was trained at, and without one. Temperatures of Fig. 5 are
    embedded for the first seed only: t-SNE is for looking.
    """
    (trained,), splits = load_trained(context, run.models)
    clock = perf_counter()
    network, test, temperature = trained.network, splits.held_out, run.settings.temperature
    _, logits = evaluate(network, test.images)
    metrics = accuracy_and_loss(logits / temperature, test.labels, "test")
    metrics["test_loss_at_one"] = accuracy_and_loss(logits, test.labels, "test")["test_loss"]

    sample = test.sample(protocol.clustering_sample)
    features, _ = evaluate(network, sample.images)
    batch_size = trained.protocol.trajectory.batch_size
    metrics |= information_metrics(features, sample.labels, network.head.weight, batch_size)
    metrics |= clustering(features, sample.labels)
    metrics["nc1"] = neural_collapse(features, sample.labels).nc1

    tables = {}
    if run.settings.embedded:
        shown = test.sample(protocol.tsne.sample)
        tables["tsne"] = embed(evaluate(network, shown.images)[0], shown.labels, protocol.tsne, run.seed)
    return Result(
        metrics=metrics,
        tables=tables,
        settings={"num_classes": test.num_classes, "clustering_sample": len(sample.labels), "batch_size": batch_size},
        seconds={"evaluation": perf_counter() - clock},
        data=splits.digests,
    )


def clustering(features: Tensor, labels: Tensor) -> dict[str, float]:
    """`silhouette` (higher is better) and `davies_bouldin` (lower is better) with the true classes as clusters.

    Args:
        features: `[N, d]`, as they are, compared by Euclidean distance.
        labels: `[N]`.

    Raises:
        InterplayError: fewer than two classes, or no class of two samples.

    Source: metrics24 sec. V-B; both indices as in scikit-learn (docs/facts.md#clustering-indices).
    """
    classes, count = len(labels.unique()), len(labels)
    if not 1 < classes < count:
        raise InterplayError(
            f"clustering_sample: {count} images of {classes} classes cannot be compared; take more, or null for all"
        )
    points, clusters = features.double().cpu().numpy(), labels.cpu().numpy()
    return {
        "silhouette": float(silhouette_score(points, clusters)),
        "davies_bouldin": float(davies_bouldin_score(points, clusters)),
    }


def embed(features: Tensor, labels: Tensor, settings: TSNE, seed: int) -> list[dict[str, Any]]:
    """Rows `{x, y, label}` of a t-SNE in two dimensions, started from the principal components.

    Raises:
        InterplayError: not more samples than the perplexity.
    """
    if settings.perplexity >= len(labels):
        raise InterplayError(
            f"tsne.perplexity: {settings.perplexity:g} neighbours cannot be found among {len(labels)} images; lower it"
        )
    method = manifold.TSNE(
        perplexity=settings.perplexity,
        max_iter=settings.iterations,
        init="pca",
        random_state=generator(seed, "t-SNE").initial_seed() % 2**32,
    )
    places = method.fit_transform(features.double().cpu().numpy())
    return [
        {"x": float(x), "y": float(y), "label": int(label)}
        for (x, y), label in zip(places, labels.tolist(), strict=True)
    ]
