"""A data set in memory, and the digest of its content that goes into every record's provenance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from interplay.data.content import UNLABELLED, arrays_digest
from interplay.errors import InterplayError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels of one split.

    `images` is uint8 [N, C, H, W]; `labels` is int64 [N] with values in 0 .. num_classes - 1, or all `UNLABELLED`.
    """

    name: str
    split: str
    images: Tensor
    labels: Tensor
    num_classes: int
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != torch.uint8 or images.ndim != 4:
            raise InterplayError(f"{self._where}: images must be uint8 [N, C, H, W], not {_kind(images)}")
        if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
            raise InterplayError(f"{self._where}: labels must be int64 [{len(images)}], not {_kind(labels)}")
        if len(self.class_names) != self.num_classes:
            raise InterplayError(f"{self._where}: {len(self.class_names)} class names for {self.num_classes} classes")
        outside = labels[(labels < UNLABELLED) | (labels >= self.num_classes)]
        if len(outside):
            raise InterplayError(
                f"{self._where}: label {int(outside[0])} lies outside 0 .. {self.num_classes - 1}; "
                "the file is corrupt, delete it and fetch it again"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def _where(self) -> str:
        return f"{self.name} ({self.split})"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """[channels, height, width]."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    @cached_property
    def digest(self) -> str:
        """`data_digest` of this data set, computed once."""
        return data_digest(self)

    def subset(self, indices: Tensor) -> Dataset:
        """The samples at `indices` (int64 [n]), copied, in that order."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])


def data_digest(dataset: Dataset) -> str:
    """The first 16 hexadecimal digits of SHA-256 over shapes, pixels and labels; names do not count."""
    return arrays_digest(dataset.images.cpu().numpy(), dataset.labels.cpu().numpy())


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
