"""Images ready for training: pooled, normalised, on the device, split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from interplay.data.augment import average_pool
from interplay.data.dataset import Dataset
from interplay.data.loading import load
from interplay.data.normalise import Normalisation
from interplay.data.randomness import generator
from interplay.data.splits import stratified_sample, stratified_split


@dataclass(frozen=True)
class Images:
    """Normalised images `[N, channels, height, width]` in float32 and labels `[N]`, on the device."""

    images: Tensor
    labels: Tensor
    num_classes: int

    def sample(self, size: int | None) -> Images:
        """A fixed random sample, the same in every run; all images where `size` is None or not smaller."""
        if size is None or size >= len(self.labels):
            return self
        chosen = torch.randperm(len(self.labels), generator=generator(0, "evaluation sample"))[:size]
        chosen = chosen.to(self.labels.device)
        return Images(self.images[chosen], self.labels[chosen], self.num_classes)


@dataclass(frozen=True)
class Splits:
    """Training and held-out images, and the digests of the data sets that they come from."""

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
    """Train and test; or, with a validation fraction, the training data split in two, test never read.

    The validation split and the sample depend on nothing but the data, so that all runs compare on the same images.
    """
    train = load(name, "train", root)
    digests = {f"{name}/train": train.digest}
    if train_sample is not None:
        train = train.subset(stratified_sample(train.labels, train_sample, seed=0))
    if validation_fraction is None:
        held_out = load(name, "test", root)
        digests[f"{name}/test"] = held_out.digest
    else:
        kept, validating = stratified_split(train.labels, validation_fraction, seed=0)
        train, held_out = train.subset(kept), train.subset(validating)
    return Splits(*_prepare(train, held_out, pooling, device), digests)


def _prepare(train: Dataset, held_out: Dataset, pooling: int, device: torch.device) -> tuple[Images, Images]:
    pooled = [average_pool(part.images, pooling) for part in (train, held_out)]
    normalise = Normalisation.of(pooled[0])
    ready = [
        Images(normalise(images).to(device), part.labels.to(device), part.num_classes)
        for images, part in zip(pooled, (train, held_out), strict=True)
    ]
    return ready[0], ready[1]
