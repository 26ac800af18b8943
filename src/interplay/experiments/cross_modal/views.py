"""A data set's images as the encoders take them, in memory or streamed from files; and what a training step sees."""

from __future__ import annotations

import torch

from interplay.data import ImageFiles, Images, load, load_files
from interplay.data.batches import View
from interplay.data.clip_images import as_clip_takes, evaluation_transform, training_transform, training_view
from interplay.data.streamed import Transform
from interplay.experiments.context import Context
from interplay.models.dual_encoder import FrozenClip
from interplay.protocols.datasets import dataset_info
from interplay.training import EpochOrder, FileStream, Source, Stream


def read_split(name: str, split: str, context: Context, clip: FrozenClip) -> Images | ImageFiles:
    """The centres of all images of a split; of sets of image files nothing is decoded yet.

    Raises:
        InterplayError: the data set is not in place, with what to do about it; or is not what it should be.
    """
    if in_memory(name):
        return as_clip_takes(load(name, split, context.data_root), clip.image_size).to(context.device)
    return load_files(
        name,
        split,
        context.data_root,
        context.device,
        transform=evaluation_transform(clip.image_size),
        workers=torch.get_num_threads() - 1,
    )


def in_memory(name: str) -> bool:
    """Whether a data set's images are all of one size, and so fit into memory as bytes."""
    return dataset_info(name).image_shape is not None


def random_views(
    images: Images | ImageFiles, clip: FrozenClip, batch_size: int, seed: int, *, scale: tuple[float, float], flip: bool
) -> Source:
    """Batches of images, each with `image`, a part of it drawn anew in every step, and `label`."""
    size = clip.image_size
    if isinstance(images, Images):
        view: View = training_view(size, scale=scale, flip=flip)
        order = EpochOrder(len(images), batch_size, seed, "order", device=images.device)
        return Stream(images, order, {"image": view}, seed)
    transform: Transform = training_transform(size, scale=scale, flip=flip)
    return FileStream(images, EpochOrder(len(images), batch_size, seed, "order"), {"image": transform}, seed)
