"""Features of frozen encoders: computed once by zero-shot runs for all others, or anew where views are random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from interplay.data import ImageFiles, Images
from interplay.errors import InterplayError
from interplay.experiments.context import Context
from interplay.experiments.cross_modal.views import random_views, read_split
from interplay.models.dual_encoder import FrozenClip
from interplay.protocols.cross_modal import CrossModalProtocol
from interplay.records import Record
from interplay.training import EpochOrder, Source

AT_ONCE = 100  # images that are encoded together, as many as the reference tests together
TENSORS = ("test_features", "test_labels", "train_labels", "pool_index", "pool_features")


@dataclass(frozen=True)
class Features:
    """What a zero-shot run leaves of a data set.

    Attributes:
        test_features, test_labels: float32 `[N, d]` and int64 `[N]`, of the test images or a sample of them.
        train_labels: int64, of all training images.
        pool_index, pool_features: the training images that any run draws, ascending int64 `[P]`, and their features
            `[P, d]`.
        class_names: of the C classes.
        record: of the run.
    """

    test_features: Tensor
    test_labels: Tensor
    train_labels: Tensor
    pool_index: Tensor
    pool_features: Tensor
    class_names: tuple[str, ...]
    record: Record

    def of(self, chosen: Tensor) -> Tensor:
        """Features `[n, d]` of the training images at `chosen`, int64 `[n]`, all of which must be in the pool."""
        return self.pool_features[torch.searchsorted(self.pool_index, chosen.to(self.pool_index.device))]


@torch.no_grad()
def encode(clip: FrozenClip, images: Images | ImageFiles) -> Tensor:
    """Features `[N, d]` of all images, each encoded once."""
    return torch.cat([clip.encode_images(batch) for batch, _ in images.batches(AT_ONCE)])


def read_features(context: Context, name: str) -> Features:
    """The features that the run `name` left, on the device.

    Raises:
        InterplayError: its file is not what such a run leaves.
    """
    path = context.models[name]
    record = next(record for record in context.earlier if record.name == name)
    try:
        tensors = load_file(path, device=str(context.device))
        names = tuple(str(row["name"]) for row in record.tables["classes"])
        return Features(**{key: tensors[key] for key in TENSORS}, class_names=names, record=record)
    except (SafetensorError, KeyError) as error:
        raise InterplayError(f"{path}: not the features that {name} leaves ({error}); run {name} again") from error


class FeatureStream:
    """Batches of features that are there already. A `Source`.

    Args:
        features: `[n, d]`; labels: `[n]`.
        order: of the batches.
    """

    def __init__(self, features: Tensor, labels: Tensor, order: EpochOrder) -> None:
        self.features, self.labels, self.order = features, labels, order

    def batch(self, step: int) -> Mapping[str, Tensor]:
        """The step's features and labels."""
        index = self.order(step)
        return {"feature": self.features[index], "label": self.labels[index]}


class EncodedStream:
    """Batches of images that are encoded as they come. A `Source`."""

    def __init__(self, images: Source, clip: FrozenClip) -> None:
        self.images, self.clip = images, clip

    def batch(self, step: int) -> Mapping[str, Tensor]:
        """The step's features and labels."""
        batch = self.images.batch(step)
        return {"feature": self.clip.encode_images(batch["image"]), "label": batch["label"]}


def training_source(
    protocol: CrossModalProtocol,
    context: Context,
    clip: FrozenClip,
    features: Features,
    chosen: Tensor,
    *,
    batch_size: int,
    seed: int,
) -> tuple[Source, dict[str, str]]:
    """Batches of the training images at `chosen`, and the digests of the data that are read for them.

    With `views` "centre" nothing is encoded: the features are there. With "random" every step has views of its own.
    """
    if protocol.views == "centre":
        order = EpochOrder(len(chosen), batch_size, seed, "order", device=context.device)
        labels = features.train_labels[chosen.to(context.device)]
        return FeatureStream(features.of(chosen), labels, order), features.record.provenance.data
    substitute = context.substitute
    assert substitute is not None
    images = read_split(substitute.use, "train", context, clip)
    flip = protocol.flip if substitute.horizontal_flip is None else substitute.horizontal_flip
    own = images.subset(chosen)
    stream = random_views(own, clip, batch_size, seed, scale=protocol.crop_scale, flip=flip)
    return EncodedStream(stream, clip), features.record.provenance.data | {images.name: images.digest}
