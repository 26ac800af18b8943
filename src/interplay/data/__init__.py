"""Fetching and verifying data sets, reading them, splits, batches, and augmentation on the device.

Names that need torch are imported when first asked for, so that fetching and planning stay quick. What data sets there
are is said in `interplay.protocols.datasets`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interplay.data.augment import average_pool, flip_and_crop
    from interplay.data.batches import Batches
    from interplay.data.content import UNLABELLED
    from interplay.data.loading import load, load_files
    from interplay.data.normalise import Normalisation
    from interplay.data.randaugment import rand_augment
    from interplay.data.splits import first_per_class, indices_within_class, stratified_sample, stratified_split
    from interplay.data.streamed import ImageFiles
    from interplay.data.strong import cutout, strong_view
    from interplay.data.tensors import Images
    from interplay.data.weights import load_weights

_LAZY = {
    "UNLABELLED": "interplay.data.content",
    "Batches": "interplay.data.batches",
    "ImageFiles": "interplay.data.streamed",
    "Images": "interplay.data.tensors",
    "Normalisation": "interplay.data.normalise",
    "average_pool": "interplay.data.augment",
    "cutout": "interplay.data.strong",
    "first_per_class": "interplay.data.splits",
    "flip_and_crop": "interplay.data.augment",
    "indices_within_class": "interplay.data.splits",
    "load": "interplay.data.loading",
    "load_files": "interplay.data.loading",
    "load_weights": "interplay.data.weights",
    "rand_augment": "interplay.data.randaugment",
    "stratified_sample": "interplay.data.splits",
    "stratified_split": "interplay.data.splits",
    "strong_view": "interplay.data.strong",
}

__all__ = [
    "UNLABELLED",
    "Batches",
    "ImageFiles",
    "Images",
    "Normalisation",
    "average_pool",
    "cutout",
    "first_per_class",
    "flip_and_crop",
    "indices_within_class",
    "load",
    "load_files",
    "load_weights",
    "rand_augment",
    "stratified_sample",
    "stratified_split",
    "strong_view",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
