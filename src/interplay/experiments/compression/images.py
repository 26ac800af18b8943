"""Images ready for the CNNs: the first of each class, pooled, as stored or scaled, on the device, shuffled once."""

from __future__ import annotations

from pathlib import Path

import torch

from interplay.data import Images, Normalisation, load
from interplay.data.randomness import generator
from interplay.errors import InterplayError


def load_images(
    name: str,
    split: str,
    root: Path,
    device: torch.device,
    how: Normalisation,
    *,
    per_class: int | None,
    classes: int | None = None,
    pooling: int = 1,
) -> Images:
    """A split, or of its first `classes` classes the first `per_class` images of each.

    Images are shuffled once, in the same way for all runs: where a data set comes sorted by class, batches of
    neighbours would have one class each, and batch normalisation would show the networks nothing else.
    """
    data = load(name, split, root).first_classes(classes)
    try:
        data = data.first_per_class(per_class)
    except InterplayError as error:
        raise InterplayError(f"{split}_per_class: {error}") from error
    data = data.shuffled(generator(0, "evaluation order", split)).pooled(pooling)
    return data.normalised(how).to(device, torch.channels_last)
