"""A data set as semi-supervised learning uses it: few labelled images, many unlabelled, and held-out ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from interplay.data.augment import average_pool
from interplay.data.content import UNLABELLED
from interplay.data.labelled import LabelledSplit, kept_split
from interplay.data.loading import load
from interplay.data.normalise import Normalisation
from interplay.data.splits import stratified_sample
from interplay.data.tensors import Images
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import dataset_info
from interplay.protocols.labelled import check_labels

HIDDEN = "unlabelled"  # the split whose labels nobody has
_CHUNK = 512  # images pooled and moved at a time: 100,000 of 96x96 must not be held twice


@dataclass(frozen=True)
class SemiSplits:
    """What a run trains on and is measured on, as bytes on the device, normalised alike.

    Attributes:
        labelled: the labelled images, in the order of the data set.
        unlabelled: all images to train on, labelled ones among them. Their `labels` are the true ones, to observe
            pseudo-labels by and never to train on; all `UNLABELLED` for a set with a split of hidden labels.
        held_out: test, or a part of train that is in neither of the above.
        digests: of the content of the whole splits read, and the hash of the labelled subset, by name.
        labelled_split: which images are labelled, by which rule, and its hash.
    """

    labelled: Images
    unlabelled: Images
    held_out: Images
    digests: dict[str, str]
    labelled_split: LabelledSplit


def load_semi_supervised(
    name: str | DatasetInfo,
    root: Path,
    device: torch.device,
    *,
    pooling: int,
    num_labels: int,
    seed: int,
    train_sample: int | None = None,
    validation_fraction: float | None = None,
) -> SemiSplits:
    """Labelled, unlabelled and held-out images of a data set.

    The labelled images are drawn first, from the whole training split, so that they are the same whatever else is
    asked for. A set with a split `unlabelled` (STL-10) trains on that and on all of `train`, like TorchSSL; any other
    on `train`. Normalised by the images of `train` that are trained on.

    Args:
        name: of the catalogue, or an entry.
        root: the data folder, in which the labelled subset is kept as well.
        device: where the images go.
        pooling: side of the squares that are averaged; 1 leaves images as they are.
        num_labels: labelled images, equally many of each class.
        seed: of the labelled subset. What else is drawn depends on the data and on what is labelled alone.
        train_sample: images to train on (and to validate on) altogether, the labelled ones among them; the others are
            drawn with every class, and the hidden part, in its own proportion.
        validation_fraction: the share of the images drawn from `train` that is held out instead of the test split, with
            every class in its proportion among those that are not labelled. Test is never read then.

    Raises:
        InterplayError: as `load` and `kept_split`; a sample, a fraction or a pooling that the data do not allow.
    """
    info = dataset_info(name) if isinstance(name, str) else name
    check_labels(info, num_labels, [seed])
    train = load(info, "train", root)
    split = kept_split(root, train, num_labels, seed)
    digests = {train.name: train.digest, split.name: split.hash}
    hidden = load(info, HIDDEN, root) if HIDDEN in info.splits else None
    if hidden is not None:
        digests[hidden.name] = hidden.digest

    labelled = torch.tensor(split.indices)
    pool = train.labels if hidden is None else torch.cat([train.labels, hidden.labels])
    used = torch.ones(len(pool), dtype=torch.bool)
    used[labelled] = False
    if train_sample is not None:
        used = _sampled(pool, used, num_labels, train_sample)
    if validation_fraction is None:
        held_out = load(info, "test", root)
        digests[held_out.name] = held_out.digest
    else:
        validating = _validating(train.labels, used[: len(train)], num_labels, validation_fraction)
        held_out = train.subset(validating)
        used[: len(train)] &= ~validating
    used[labelled] = True

    kept = used[: len(train)]
    known = (train if bool(kept.all()) else train.subset(kept)).pooled(pooling)
    normalise = Normalisation.of(known.pixels)
    if hidden is None:
        unlabelled = known.to(device)
    else:
        unlabelled = _with_hidden(known, hidden, used[len(train) :].nonzero().flatten(), pooling, device)
    return SemiSplits(
        train.subset(labelled).pooled(pooling).normalised(normalise).to(device),
        unlabelled.normalised(normalise),
        held_out.pooled(pooling).normalised(normalise).to(device),
        digests,
        split,
    )


def _sampled(labels: Tensor, others: Tensor, num_labels: int, size: int) -> Tensor:
    """Which of the `others` (bool [n]), images that are not labelled, make `size` images together with the labelled."""
    total = num_labels + int(others.sum())
    if not num_labels <= size <= total:
        raise InterplayError(f"train_sample: {size} images with {num_labels} labels; ask for {num_labels} to {total}")
    return _some(labels, others, size - num_labels) if size > num_labels else torch.zeros_like(others)


def _validating(labels: Tensor, others: Tensor, num_labels: int, fraction: float) -> Tensor:
    """Which of the `others` (bool [n]), training images that are not labelled, validate."""
    if not 0 < fraction < 1:
        raise InterplayError(f"validation_fraction: must lie between 0 and 1, not {fraction}")
    available = int(others.sum())
    count = round(fraction * (available + num_labels))
    if not 1 <= count <= available:
        raise InterplayError(
            f"validation_fraction: {fraction} of {available + num_labels} images is {count}, but {available} are not "
            f"labelled; choose it so that 1 to {available} are held out"
        )
    return _some(labels, others, count)


def _some(labels: Tensor, among: Tensor, count: int) -> Tensor:
    """`count` of the samples marked in `among` (bool [n]), each class in its proportion, marked likewise."""
    members = among.nonzero().flatten()
    chosen = torch.zeros_like(among)
    chosen[members[stratified_sample(labels[members], count, seed=0)]] = True
    return chosen


def _with_hidden(known: Images, hidden: Images, chosen: Tensor, pooling: int, device: torch.device) -> Images:
    """`known` and the images of `hidden` at `chosen`, pooled, on the device; made there piece by piece, never twice."""
    pixels = torch.empty((len(known) + len(chosen), *known.pixels.shape[1:]), dtype=torch.uint8, device=device)
    pixels[: len(known)] = known.pixels.to(device)
    start = len(known)
    for indices in chosen.split(_CHUNK):
        pixels[start : start + len(indices)] = average_pool(hidden.pixels[indices], pooling).to(device)
        start += len(indices)
    labels = torch.full((len(pixels),), UNLABELLED, device=device)
    return replace(known, pixels=pixels, labels=labels, name=f"{known.name}+{HIDDEN}", digest="")
