"""What compression25 says of sizes: operations and memory of Algorithm 1 (Theorem 4), weights of f+; counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from math import log2
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from interplay.collapse import LayerCollapse, OnePassLayerCollapse
from interplay.experiments.theory.registry import Draws, check, finding
from interplay.models.compression_cnn import CnnShape
from interplay.models.compression_operations import operations
from interplay.records import Finding


@dataclass(frozen=True)
class Size:
    """N samples in C classes, and an encoder from `inputs` to D values: one evaluation costs about 2 inputs D."""

    samples: int = 1024
    classes: int = 32
    dimension: int = 128
    inputs: int = 4


@dataclass(frozen=True)
class Cost:
    """Arithmetic operations, and entries of the largest tensor that was made."""

    time: int
    space: int


class Counting(TorchDispatchMode):
    """Counts what is computed under it: 2 m k n for a matrix product, n^3 for eigenvectors, else entries touched."""

    operations: int = 0
    largest: int = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        outputs = [leaf.numel() for leaf in tree_leaves(made) if isinstance(leaf, Tensor)]
        touched = [leaf.numel() for leaf in tree_leaves((args, kwargs or {})) if isinstance(leaf, Tensor)]
        if func.is_view:  # nothing is computed
            return made
        packet = func.overloadpacket
        if packet in (torch.ops.aten.mm, torch.ops.aten.matmul):  # undecomposed in inference mode
            self.operations += 2 * args[0].shape[0] * args[0].shape[1] * args[1].shape[1]
        elif packet == torch.ops.aten.addmm_:
            self.operations += 2 * args[1].shape[0] * args[1].shape[1] * args[2].shape[1]
        elif packet in (torch.ops.aten._linalg_eigh, torch.ops.aten.linalg_eigh):
            self.operations += args[0].shape[-1] ** 3
        elif packet == torch.ops.aten.index_add_:  # in place: what is added, not what it is added to
            self.operations += int(args[3].numel())
        elif packet == torch.ops.aten.index:
            self.operations += max(outputs, default=0)
        else:
            self.operations += max([*outputs, *touched], default=0)
        self.largest = max([self.largest, *outputs])
        return made


Route = Callable[[Size, Callable[[int], tuple[Tensor, Tensor]]], None]
BATCH = 32  # samples at a time: no more than classes, so that a batch is no larger than the means


def in_two_passes(size: Size, evaluated: Callable[[int], tuple[Tensor, Tensor]]) -> None:
    """Algorithm 1 as this package has it."""
    first = LayerCollapse(size.classes)
    for start in range(0, size.samples, BATCH):
        outputs, labels = evaluated(start)
        first.update({"layer": outputs}, labels)
    second = first.second_pass()
    for start in range(0, size.samples, BATCH):
        outputs, labels = evaluated(start)
        second.update({"layer": outputs}, labels)
    second.compute()


def by_covariance(size: Size, evaluated: Callable[[int], tuple[Tensor, Tensor]]) -> None:
    """The other route, of Eq. (2.1): the covariance matrix in one pass."""
    collector = OnePassLayerCollapse(size.classes)
    for start in range(0, size.samples, BATCH):
        outputs, labels = evaluated(start)
        collector.update({"layer": outputs}, labels)
    collector.compute()


def cost(route: Route, size: Size, rng: np.random.Generator) -> Cost:
    """What a route costs at a size, evaluating the encoder included."""
    encoder = torch.from_numpy(rng.normal(size=(size.inputs, size.dimension)))
    inputs = torch.from_numpy(rng.normal(size=(size.samples, size.inputs)))
    labels = torch.arange(size.samples) % size.classes

    def evaluated(start: int) -> tuple[Tensor, Tensor]:
        part = slice(start, start + BATCH)
        return (inputs[part] @ encoder).relu(), labels[part]  # of full rank, unlike the product

    counted = Counting()  # type: ignore[no-untyped-call]
    with counted:
        route(size, evaluated)
    return Cost(counted.operations, counted.largest)


def growth(route: Route, names: Sequence[str], rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Exponents by which time and space grow with some numbers of `Size`: log2 of the ratio when one is doubled."""
    size = Size()
    base = cost(route, size, rng)
    grown = {}
    for name in names:
        doubled = cost(route, replace(size, **{name: 2 * getattr(size, name)}), rng)
        grown[name] = log2(doubled.time / base.time), log2(doubled.space / base.space)
    return grown


@check("compression25/theorem-4-complexity")
def two_passes_in_linear_time_and_memory(draws: Draws) -> Finding:
    """O(N (E + C D)) time and O(C D) space: no exponent above 1, and none of space above 0 in N and E."""
    found = growth(in_two_passes, [field.name for field in fields(Size)], draws.rng)
    other = growth(by_covariance, ["dimension"], draws.rng)
    excess = [time - 1 for time, _ in found.values()]
    excess += [space - (name in ("classes", "dimension")) for name, (_, space) in found.items()]
    return finding(
        max(0.0, *excess),
        0.1,
        time_with_samples=found["samples"][0],
        time_with_classes=found["classes"][0],
        time_with_dimension=found["dimension"][0],
        time_with_encoder=found["inputs"][0],
        space_with_samples=found["samples"][1],
        space_with_classes=found["classes"][1],
        space_with_dimension=found["dimension"][1],
        time_of_covariance_with_dimension=other["dimension"][0],
        space_of_covariance_with_dimension=other["dimension"][1],
        note="operations counted, as exponents when one number is doubled; forming the covariance grows with the "
        "square of the dimension instead",
    )


@check("compression25/section-3-3-weights")
def weights_of_the_last_layer(draws: Draws) -> Finding:
    """The last layer of the networks that this package trains, on the images of both data sets."""
    shapes = [CnnShape("f_plus", image) for image in ((3, 32, 32), (1, 28, 28))]
    heads = [row["parameters"] for shape in shapes for row in operations(shape) if row["operation"] == "linear"]
    return finding(
        max(abs(count - 2570) for count in heads), weights=heads[0], note="256 x 10 and 10 more of the bias, exactly"
    )
