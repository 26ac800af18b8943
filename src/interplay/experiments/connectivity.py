"""Linear mode connectivity: accuracy, loss and information between two children of one initialisation.

Source: metrics24 VI-B with Fig. 7 and 8, interplay24 5.2 with Fig. 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from interplay.data.images import Images
from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result
from interplay.experiments.networks import load_trained
from interplay.experiments.paths import barrier_explained, path_metrics
from interplay.information import batch_information, exact_information
from interplay.models import WideResNet, interpolate
from interplay.protocols.connectivity import ConnectivityProtocol, ConnectivityRun
from interplay.records import Record
from interplay.training import accuracy_and_loss, evaluate

READINGS = ("mir", "hdr", "feature_entropy")  # exact, and `_batch`: mean over batches
NORM_BATCH = 500  # images of a batch while statistics are recomputed


def run(protocol: ConnectivityProtocol, run: ConnectivityRun, context: Context) -> Result:
    """Read the path between two children twice: with interpolated batch-norm statistics and with recomputed ones.

    Statistics that fit neither child can by themselves cost all accuracy between the ends, so that a barrier with
    interpolated statistics alone says little about the loss landscape (docs/facts.md#linear-mode-connectivity).
    """
    if run.settings.initialisation == "same":
        check_siblings([record for name in run.models for record in context.earlier if record.name == name])
    (first, second), splits = load_trained(context, run.models)
    clock = perf_counter()
    test = splits.held_out.sample(protocol.test_sample)
    rows = _path(protocol, first.network, second.network, test, splits.train.sample(protocol.norm_sample).images)
    metrics: dict[str, float] = {}
    for statistics, suffix in (("interpolated", ""), ("recomputed", "_recomputed")):
        chosen = [row for row in rows if row["statistics"] == statistics]
        columns = {name: [row[name] for row in chosen] for name in rows[0] if name != "statistics"}
        metrics |= {f"{name}{suffix}": value for name, value in path_metrics(columns, test.num_classes).items()}
    metrics["barrier_explained"] = barrier_explained(
        metrics["accuracy_barrier"], metrics["accuracy_barrier_recomputed"]
    )
    metrics["distance"] = relative_distance(first.network, second.network)
    return Result(
        metrics=metrics,
        tables={"path": rows},
        settings={"num_classes": test.num_classes, "test_sample": len(test.labels)},
        seconds={"evaluation": perf_counter() - clock},
        data=splits.digests,
    )


def check_siblings(records: Iterable[Record]) -> None:
    """Refuse networks that do not share their initialisation, which follows from seed, architecture and data set.

    Raises:
        InterplayError: the records differ in one of these.
    """
    first, *others = records
    for other in others:
        for what, one, two in (
            ("seed", first.seed, other.seed),
            ("data set", first.dataset_used, other.dataset_used),
            ("architecture", _architecture(first), _architecture(other)),
        ):
            if one != two:
                raise InterplayError(
                    f"{other.name} does not share the initialisation of {first.name}: {what} {two} in place of {one}; "
                    "train both children again from one configuration"
                )


def recompute_statistics(network: nn.Module, images: Tensor) -> None:
    """Batch-norm statistics anew, in place: means of the statistics of equal batches of `images`, once through.

    Args:
        images: `[N, channels, height, width]`, training images without augmentation.
    """
    with torch.no_grad():
        update_bn(images.tensor_split(-(-len(images) // NORM_BATCH)), network)


def relative_distance(first: nn.Module, second: nn.Module) -> float:
    """|h1 - h2| over the mean of |h1| and |h2|, of the parameters without buffers."""
    with torch.no_grad():
        one, two = (
            torch.cat([parameter.double().flatten() for parameter in network.parameters()])
            for network in (first, second)
        )
        return float(2 * (one - two).norm() / (one.norm() + two.norm()))


def _path(
    protocol: ConnectivityProtocol, first: WideResNet, second: WideResNet, test: Images, norm_images: Tensor
) -> list[dict[str, Any]]:
    network, ends = deepcopy(first), (first.state_dict(), second.state_dict())
    rows = []
    for point in range(protocol.points):
        weight = point / (protocol.points - 1)
        network.load_state_dict(interpolate(*ends, weight))
        rows.append({"weight": weight, "statistics": "interpolated", **_read(network, test, protocol.batch_size)})
        recompute_statistics(network, norm_images)
        rows.append({"weight": weight, "statistics": "recomputed", **_read(network, test, protocol.batch_size)})
    return rows


@torch.no_grad()
def _read(network: WideResNet, test: Images, batch_size: int) -> dict[str, float]:
    features, logits = evaluate(network, test.images)
    result = accuracy_and_loss(logits, test.labels, "test")
    exact = exact_information(features, test.labels, network.head.weight)
    by_batch = batch_information(features, test.labels, network.head.weight, batch_size)
    return {
        "accuracy": result["test_accuracy"],
        "loss": result["test_loss"],
        **{name: exact[name] for name in READINGS},
        **{f"{name}_batch": by_batch[name] for name in READINGS},
    }


def _architecture(record: Record) -> Any:
    return record.protocol["architectures"][record.dataset]
