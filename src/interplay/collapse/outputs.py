"""Outputs of layers as collectors take them: checked, detached and flat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from interplay.errors import InterplayError
from interplay.information import check_labels
from interplay.information.checks import check_finite, check_tensor


def flat_outputs(layer_outputs: Any, known: Mapping[str, int]) -> dict[str, Tensor]:
    """Outputs `[n, ...]` as detached matrices `[n, D]`, if they are the layers and sizes `known` (when any are)."""
    if not isinstance(layer_outputs, Mapping):
        said = type(layer_outputs).__name__
        raise InterplayError(
            f"layer_outputs: expected a mapping of names to outputs, got {said}; pass {{'name': output}}"
        )
    if not layer_outputs:
        raise InterplayError("layer_outputs: no layer given")
    if known and set(known) != set(layer_outputs):
        odd = sorted(set(known) ^ set(layer_outputs))
        raise InterplayError(f"layer_outputs: not the same layers as before, differing in {', '.join(odd)}")
    flat: dict[str, Tensor] = {}
    for name, output in layer_outputs.items():
        check_tensor(output, f"layer_outputs[{name!r}]")
        if output.ndim < 2:
            raise InterplayError(
                f"layer_outputs[{name!r}]: expected a tensor [samples, ...], got shape {list(output.shape)}"
            )
        flat[name] = output.detach().flatten(1)
        check_finite(flat[name], f"layer_outputs[{name!r}]")
        if name in known and known[name] != flat[name].shape[1]:
            raise InterplayError(
                f"layer_outputs[{name!r}]: expected {known[name]} values a sample as before, got {flat[name].shape[1]}"
            )
    return flat


def check_same_layers(mine: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Raise an InterplayError unless layers and shapes agree where both have any."""
    if mine and theirs and {n: t.shape for n, t in mine.items()} != {n: t.shape for n, t in theirs.items()}:
        raise InterplayError("merge: the collectors hold different layers")


def matching_labels(labels: Any, num_classes: int, outputs: Mapping[str, Tensor]) -> Tensor:
    """The labels as int64, if they fit every layer's output."""
    sizes = {name: len(output) for name, output in outputs.items()}
    name, size = next(iter(sizes.items()))
    for other, count in sizes.items():
        if count != size:
            raise InterplayError(f"layer_outputs[{other!r}]: {count} samples, and {size} of {name!r}")
    if isinstance(labels, Tensor) and labels.ndim == 1 and len(labels) != size:
        raise InterplayError(f"layer_outputs[{name!r}]: {size} samples for {len(labels)} labels")
    return check_labels(labels, num_classes, size)
