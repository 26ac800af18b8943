"""How far batch estimates lie from exact values, and what other normalisations of features would read.

Source: the note, next checks 2 (batch sizes) and 3 (normalisations); metrics24 V reads batches of 64.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from interplay.data.images import Images
from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result
from interplay.experiments.networks import load_trained
from interplay.information import (
    FEATURE_NORMS,
    batch_information,
    class_vectors,
    exact_information,
    paired_information,
)
from interplay.information.batch import NAMES
from interplay.models import WideResNet
from interplay.protocols.estimators import EstimatorsProtocol, EstimatorsRun
from interplay.training import build_network, evaluate, generator, on_device

QUANTITIES = ("feature_entropy", "mir", "hdr")
NORM_NAMES = {"l2": "l2", "batch": "batch_norm", "layer": "layer_norm"}  # in the names of metrics

Row = dict[str, Any]


def run(protocol: EstimatorsProtocol, run: EstimatorsRun, context: Context) -> Result:
    """Compare estimates on the features of a plain network, and normalisations on it and its initialisation."""
    (trained,), splits = load_trained(context, run.models)
    assert run.dataset is not None
    clock = perf_counter()
    sample = splits.held_out.sample(protocol.sample)
    start = build_network(
        trained.protocol,
        run.dataset,
        in_channels=splits.train.image_shape[0],
        num_classes=splits.train.num_classes,
        seed=trained.record.seed,
    )
    start = on_device(start, context.device)
    features, _ = evaluate(trained.network, sample.images)
    batches = batch_estimates(protocol, features, sample.labels, trained.network.head.weight, run.seed)
    normalisations = [
        row
        for state, network in (("start", start), ("end", trained.network))
        for row in read_normalisations(network, sample, trained.protocol.trajectory.batch_size, state)
    ]
    return Result(
        metrics=batch_metrics(batches, protocol.tolerance) | normalisation_metrics(normalisations),
        tables={"batches": batches, "normalisations": normalisations},
        settings={"num_classes": sample.num_classes, "sample": len(sample.labels)},
        seconds={"evaluation": perf_counter() - clock},
        data=splits.digests,
    )


def draw_batches(samples: int, size: int, draws: int, seed: int) -> Tensor:
    """Indices `[draws, size]` of random batches; no sample is twice in one batch.

    Raises:
        InterplayError: a batch would be larger than all samples together.
    """
    if size > samples:
        raise InterplayError(
            f"batch_sizes: {size} exceeds the {samples} samples; leave it out or raise `sample` of the protocol"
        )
    draw = generator(seed, "batches", size)
    return torch.stack([torch.randperm(samples, generator=draw)[:size] for _ in range(draws)])


@torch.no_grad()
def batch_estimates(
    protocol: EstimatorsProtocol, features: Tensor, labels: Tensor, head: Tensor, seed: int
) -> list[Row]:
    """A row for every quantity and batch size: `draws` estimates from one random batch each against the exact value.

    `mean`, `std` (of one batch, not of the mean) and `rmse` (around the exact value) are over the draws; undefined
    estimates, of batches of one class, do not count. `chance`, `chance_std` and `exact_chance` are the same for labels
    permuted within the batch, or within all samples. The entropy of features knows no labels. Neither does HDR depend
    on the pairing: it compares two entropies, so that its value by chance is its value. Batches of a large part of the
    samples err less than batches of unseen images would.

    Args:
        features: `[N, d]`; labels: `[N]`; head: `[C, d]`.
    """
    draw = generator(seed, "permuted labels")
    exact = exact_information(features, labels, head)
    permuted = labels[torch.randperm(len(labels), generator=draw).to(labels.device)]
    by_chance = exact_information(features, permuted, head)
    vectors = class_vectors(head, labels, len(labels))
    rows = []
    for size in protocol.batch_sizes:
        chosen = draw_batches(len(labels), size, protocol.draws, seed)
        order = torch.stack([torch.randperm(size, generator=draw) for _ in chosen])
        drawn, shuffled = (index.flatten().to(features.device) for index in (chosen, chosen.gather(1, order)))
        readings = paired_information(features[drawn], vectors[drawn], size)[0]
        chance = paired_information(features[drawn], vectors[shuffled], size)[0]
        for quantity in QUANTITIES:
            column, knows_labels = NAMES.index(quantity), quantity != "feature_entropy"
            rows.append(
                {
                    "quantity": quantity,
                    "batch_size": size,
                    **_spread(readings[:, column], exact[quantity]),
                    "chance": float(chance[:, column].nanmean()) if knows_labels else nan,
                    "chance_std": _std(chance[:, column]) if knows_labels else nan,
                    "exact": exact[quantity],
                    "exact_chance": by_chance[quantity] if knows_labels else nan,
                }
            )
    return rows


def read_normalisations(network: WideResNet, sample: Images, batch_size: int, state: str) -> list[Row]:
    """A row for every normalisation of features: exact over the sample, and means over consecutive batches."""
    features, _ = evaluate(network, sample.images)
    head = network.head.weight
    rows = []
    for norm in FEATURE_NORMS:
        exact = exact_information(features, sample.labels, head, normalise=norm)
        by_batch = batch_information(features, sample.labels, head, batch_size, normalise=norm)
        rows.append(
            {
                "normalisation": norm,
                "state": state,
                **{name: exact[name] for name in QUANTITIES},
                **{f"{name}_batch": by_batch[name] for name in QUANTITIES},
            }
        )
    return rows


def batch_metrics(rows: Sequence[Row], tolerance: float) -> dict[str, float]:
    """Exact value, bias, spread and error by batch size, and the smallest reliable size, of every quantity."""
    metrics: dict[str, float] = {}
    for quantity in QUANTITIES:
        chosen = [row for row in rows if row["quantity"] == quantity]
        metrics[f"{quantity}_exact"] = chosen[0]["exact"]
        for row in chosen:
            size = row["batch_size"]
            metrics[f"{quantity}_bias_{size}"] = row["mean"] - row["exact"]
            metrics[f"{quantity}_std_{size}"] = row["std"]
            metrics[f"{quantity}_rmse_{size}"] = row["rmse"]
        metrics[f"reliable_batch_{quantity}"] = reliable_size(chosen, tolerance)
    return metrics


def reliable_size(rows: Sequence[Row], tolerance: float) -> float:
    """The smallest batch size from which on every size is reliable; NaN if the largest is not.

    Reliable is a root mean square error of at most `tolerance` times what the quantity has to tell: of MIR, how far the
    exact value lies from its value by chance. The pairing of features and labels changes neither the entropy of
    features nor HDR; theirs is the exact value itself, the distance from features all alike, or from equal entropies.

    Args:
        rows: of one quantity, as `batch_estimates` gives them, in any order of sizes.
        tolerance: a share.
    """
    smallest = nan
    for row in sorted(rows, key=lambda row: row["batch_size"], reverse=True):
        told = row["exact"] - row["exact_chance"] if row["quantity"] == "mir" else row["exact"]
        if isnan(row["rmse"]) or not row["rmse"] <= tolerance * abs(told):
            break
        smallest = float(row["batch_size"])
    return smallest


def normalisation_metrics(rows: Sequence[Row]) -> dict[str, float]:
    """Exact MIR and HDR of the trained network by normalisation, and how far training moved each."""
    at = {(row["normalisation"], row["state"]): row for row in rows}
    metrics: dict[str, float] = {}
    for quantity in ("mir", "hdr"):
        for norm, name in NORM_NAMES.items():
            start, end = (at[norm, state][quantity] for state in ("start", "end"))
            metrics |= {f"{quantity}_{name}": end, f"{quantity}_{name}_change": end - start}
    return metrics


def _spread(values: Tensor, exact: float) -> dict[str, float]:
    rmse = (values - exact).square().nanmean().sqrt()
    return {"mean": float(values.nanmean()), "std": _std(values), "rmse": float(rmse)}


def _std(values: Tensor) -> float:
    """Standard deviation over the defined draws; NaN for fewer than two."""
    defined = values[~values.isnan()]
    return float(defined.std()) if len(defined) > 1 else nan
