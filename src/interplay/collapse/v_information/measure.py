"""Sufficiency and minimality of every layer: compression25 sec. 1.3 and 2.2, as coded and as defined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from interplay.collapse.v_information.bits import label_entropy, v_information
from interplay.collapse.v_information.decoders import DecoderSettings
from interplay.collapse.v_information.feed import Draw, Key, Samples
from interplay.collapse.v_information.interim import Interim
from interplay.collapse.v_information.relabelling import relabel
from interplay.collapse.v_information.training import DecoderLosses, readings_of, rows_of, train_decoders
from interplay.errors import InterplayError
from interplay.information import check_labels
from interplay.information.checks import check_tensor
from interplay.models import CompressionCNN

LAYERS = (0, 1, 2, 3)


@dataclass(frozen=True)
class LabelledImages:
    """Images `[N, channels, height, width]`, on the network's device and in its precision, and labels `[N]`."""

    images: Tensor
    labels: Tensor


@torch.inference_mode(False)  # decoders are trained, wherever the network is being evaluated
def sufficiency_and_minimality(
    network: CompressionCNN,
    splits: Mapping[str, LabelledImages],
    settings: DecoderSettings,
    draw: Draw,
    *,
    layers: Sequence[int] = LAYERS,
    folded: bool | None = None,
    interim: Interim | None = None,
) -> dict[str, float]:
    """I_V(h^l -> y) and I_V(h^l -> Dec(x, Y)) in bits of every layer on every split, the latter as the thesis codes it.

    One decoder reads the label y from h^l, and one each reads the N_D relabellings (`relabel`) from the h^l of all
    classes together, not knowing y. So minimality here is the mean of I_V(h -> n_y), a joint quantity, and not of the
    I_V(h | y = y -> n_y) of the definition, for which see `minimality_given_label`. The N_D relabellings have decoders
    of their own rather than heads on one trunk: the definition takes the infimum for each by itself, and compression25
    Fig. 2.2 and the public code have decoders that share nothing but the frozen encoder.

    `interim` keeps what is done of it (see `train_decoders`).

    Returns:
        `sufficiency_<split>_l<l>` and `minimality_<split>_l<l>`, from the mean loss of a decoder's last epoch as the
        public code has it, and the same with `_frozen` appended, from its loss afterwards; see `DecoderLosses`.
    """
    splits = _checked(network, splits)
    sets = []
    for name, split in splits.items():
        everything = torch.arange(len(split.labels), device=split.labels.device).unsqueeze(0)
        labels = {"y": split.labels} | _relabellings(split.labels, network.shape.num_classes)
        sets.append(Samples(name, split.images, labels, everything))
    readings = _train(network, sets, layers, settings, draw, folded, interim or Interim())
    columns: dict[str, float] = {}
    for one in sets:
        for layer in layers:
            for measure, questions in (("sufficiency", ["y"]), ("minimality", [q for q in one.labels if q != "y"])):
                found = [(readings[Key(layer, one.name, 0, q)], label_entropy(one.labels[q])) for q in questions]
                columns |= _columns(f"{measure}_{one.name}_l{layer}", found)
    return columns


@torch.inference_mode(False)
def minimality_given_label(
    network: CompressionCNN,
    splits: Mapping[str, LabelledImages],
    settings: DecoderSettings,
    draw: Draw,
    *,
    layers: Sequence[int] = LAYERS,
    folded: bool | None = None,
    interim: Interim | None = None,
) -> dict[str, float]:
    """I_V(h^l -> Dec(x, Y)) in bits of every layer on every split as it is defined: given y.

    For every class and relabelling a decoder of its own, trained on the samples of that class alone: C times the
    decoders of `sufficiency_and_minimality`, each on a C-th of the samples. Batches that pass the encoder hold equally
    many samples of each class, so that representations are those of the network at work; a class with fewer samples
    than the largest repeats some of them. `interim` keeps what is done of it (see `train_decoders`).

    Returns:
        `minimality_given_label_<split>_l<l>` and the same with `_frozen` appended.
    """
    splits = _checked(network, splits)
    sets = []
    for name, split in splits.items():
        labels = _relabellings(split.labels, network.shape.num_classes)
        sets.append(Samples(name, split.images, labels, _by_class(split.labels)))
    readings = _train(network, sets, layers, settings, draw, folded, interim or Interim())
    columns: dict[str, float] = {}
    for one in sets:
        for layer in layers:
            found = [
                (readings[Key(layer, one.name, part, question)], label_entropy(labels[indices]))
                for part, indices in enumerate(one.parts)
                for question, labels in one.labels.items()
            ]
            columns |= _columns(f"minimality_given_label_{one.name}_l{layer}", found)
    return columns


def _checked(network: CompressionCNN, splits: Mapping[str, LabelledImages]) -> dict[str, LabelledImages]:
    """The splits with labels as int64, or an InterplayError that names the split and what is wrong with it."""
    if not isinstance(network, CompressionCNN):
        raise InterplayError(f"network: expected a CompressionCNN, got {type(network).__name__}")
    found = {}
    for name, split in splits.items():
        try:
            check_tensor(split.images, "images")
            if split.images.ndim != 4:
                raise InterplayError(
                    f"images: expected [samples, channels, height, width], got shape {list(split.images.shape)}"
                )
            labels = check_labels(split.labels, network.shape.num_classes, len(split.images))
        except InterplayError as error:
            raise InterplayError(f"V-information: {name}: {error}") from None
        found[name] = LabelledImages(split.images, labels)
    return found


def _columns(name: str, found: Sequence[tuple[DecoderLosses, float]]) -> dict[str, float]:
    return {
        name: fmean(v_information(reading.last_epoch, entropy) for reading, entropy in found),
        f"{name}_frozen": fmean(v_information(reading.frozen, entropy) for reading, entropy in found),
    }


def _relabellings(labels: Tensor, num_classes: int) -> dict[str, Tensor]:
    return {f"digit {i}": column for i, column in enumerate(relabel(labels, num_classes).unbind(1))}


def _by_class(labels: Tensor) -> Tensor:
    """Indices of the samples of each class `[classes, size of the largest]`; smaller classes start again."""
    members = [(labels == value).nonzero().flatten() for value in labels.unique()]
    size = max(len(indices) for indices in members)
    return torch.stack([indices[torch.arange(size, device=labels.device) % len(indices)] for indices in members])


def _train(
    network: CompressionCNN,
    sets: Sequence[Samples],
    layers: Sequence[int],
    settings: DecoderSettings,
    draw: Draw,
    folded: bool | None,
    interim: Interim,
) -> dict[Key, DecoderLosses]:
    """All sets together where their sizes allow it."""
    if not sets:
        raise InterplayError("V-information: no data; give at least one split")
    groups: dict[tuple[object, ...], list[Samples]] = {}
    for one in sets:
        groups.setdefault((tuple(one.parts.shape), len(one.labels)), []).append(one)
    readings: dict[Key, DecoderLosses] = {}
    for number, group in enumerate(groups.values()):
        train = partial(train_decoders, network, group, layers, settings, draw, folded=folded, interim=interim)
        rows, _ = interim.once(f"group {number}", partial(_rows, train))
        readings |= readings_of(rows)
    return readings


def _rows(train: Callable[[], dict[Key, DecoderLosses]]) -> list[Any]:
    return rows_of(train())
