"""The two parts of a data set that training and evaluation use, as bytes on the device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interplay.data.loading import load
from interplay.data.normalise import Normalisation
from interplay.data.splits import stratified_sample, stratified_split
from interplay.data.tensors import Images
from interplay.errors import InterplayError

__all__ = ["Images", "Splits", "load_splits"]


@dataclass(frozen=True)
class Splits:
    """Training and held-out images, and the digests of the whole splits that they come from, by `name/split`."""

    train: Images
    held_out: Images
    digests: dict[str, str]


def load_splits(
    name: str,
    root: Path,
    device: torch.device,
    *,
    pooling: int,
    train_sample: int | None = None,
    validation_fraction: float | None = None,
) -> Splits:
    """Train and test, normalised by the training images; with a validation fraction, the training data split in two.

    In the second case test is never read. The validation split and the sample depend on nothing but the data, so that
    all runs compare on the same images.

    Raises:
        InterplayError: as `load`; a sample, a fraction or a pooling that the data do not allow, named by its key.
    """
    train = load(name, "train", root)
    digests = {train.name: train.digest}
    if train_sample is not None:
        train = train.subset(_named("train_sample", stratified_sample, train.labels, train_sample))
    if validation_fraction is None:
        held_out = load(name, "test", root)
        digests[held_out.name] = held_out.digest
    else:
        kept, validating = _named("validation_fraction", stratified_split, train.labels, validation_fraction)
        train, held_out = train.subset(kept), train.subset(validating)
    train, held_out = train.pooled(pooling), held_out.pooled(pooling)
    normalise = Normalisation.of(train.pixels)
    return Splits(train.normalised(normalise).to(device), held_out.normalised(normalise).to(device), digests)


def _named(key: str, choose: Callable[..., Any], labels: Tensor, amount: float) -> Any:
    try:
        return choose(labels, amount, seed=0)
    except InterplayError as error:
        raise InterplayError(f"{key}: {error}") from error
