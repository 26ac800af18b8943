"""The catalogue of data sets, fetching and verifying them, splits, and augmentation on the device.

Names that need torch are imported when first asked for, so that fetching and planning stay quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from interplay.data.catalogue import CATALOGUE, DatasetInfo, dataset_info

if TYPE_CHECKING:
    from interplay.data.augment import average_pool, flip_and_crop
    from interplay.data.dataset import Dataset, data_digest
    from interplay.data.loading import load
    from interplay.data.normalise import Normalisation
    from interplay.data.splits import first_per_class, indices_within_class, stratified_sample, stratified_split

_LAZY = {
    "Dataset": "interplay.data.dataset",
    "data_digest": "interplay.data.dataset",
    "Normalisation": "interplay.data.normalise",
    "average_pool": "interplay.data.augment",
    "first_per_class": "interplay.data.splits",
    "flip_and_crop": "interplay.data.augment",
    "indices_within_class": "interplay.data.splits",
    "load": "interplay.data.loading",
    "stratified_sample": "interplay.data.splits",
    "stratified_split": "interplay.data.splits",
}

__all__ = [
    "CATALOGUE",
    "Dataset",
    "DatasetInfo",
    "Normalisation",
    "average_pool",
    "data_digest",
    "dataset_info",
    "first_per_class",
    "flip_and_crop",
    "indices_within_class",
    "load",
    "stratified_sample",
    "stratified_split",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
