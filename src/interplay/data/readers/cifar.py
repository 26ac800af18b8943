"""CIFAR-10 and CIFAR-100 out of the official `python` archives, which are pickles: nothing in them is run.

A pickle may ask for any function to be called. Here it is given lists, dictionaries, text, numbers and arrays of bytes,
with stand-ins of our own in the place of numpy's functions; whatever else it asks for is refused.
"""

from __future__ import annotations

import pickle
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.content import Decoded
from interplay.data.stand_ins import StandIn
from interplay.data.unpacking import unpacked_for_now

_SHAPE = (3, 32, 32)


def read_cifar10(archive: Path, split: str) -> Decoded:
    """Images [N, 3, 32, 32] and labels of CIFAR-10."""
    batches = [f"data_batch_{part}" for part in range(1, 6)] if split == "train" else ["test_batch"]
    return _read(archive, "cifar-10-batches-py", batches, "labels", "batches.meta", "label_names")


def read_cifar100(archive: Path, split: str) -> Decoded:
    """Images [N, 3, 32, 32] and fine labels of CIFAR-100."""
    return _read(archive, "cifar-100-python", [split], "fine_labels", "meta", "fine_label_names")


def _read(archive: Path, folder: str, batches: list[str], labels: str, meta: str, names: str) -> Decoded:
    with unpacked_for_now(archive) as place:
        parts = [_unpickled(place / folder / name) for name in batches]
        class_names = _unpickled(place / folder / meta)[names]
    images = [np.asarray(part["data"]).reshape(-1, *_SHAPE) for part in parts]
    numbers = [np.asarray(part[labels], np.int64) for part in parts]
    return Decoded(np.concatenate(images), np.concatenate(numbers), tuple(map(str, class_names)))


def _unpickled(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"the archive holds no {path.parent.name}/{path.name}")
    with path.open("rb") as stream:
        content = _Unpickler(stream, encoding="latin1").load()  # text of Python 2 is bytes
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no dictionary")
    return {key: value.array if isinstance(value, _Array) else value for key, value in content.items()}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _Empty
        stands_in = {("numpy", "ndarray"): _Array, ("numpy", "dtype"): _Type, ("_codecs", "encode"): _Encoded}
        if (module, name) not in stands_in:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which could run code")
        return stands_in[module, name]


class _Type(metaclass=StandIn):
    """Stands for a data type, of which there is one."""

    def __init__(self, name: object, *_more: object) -> None:
        if name not in ("u1", "uint8"):
            raise ValueError(f"an array of {name!r}, not of bytes")

    def __setstate__(self, state: object) -> None:
        """Byte order and the like, of which bytes have none."""


class _Array(metaclass=StandIn):
    """Stands for an array, which comes as (version, shape, type, whether columns lie together, bytes)."""

    array: NDArray[np.uint8]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, by_columns, raw = state
        content = _bytes(raw)
        if type(kind) is not _Type or by_columns or prod(shape) != len(content):
            raise ValueError(f"an array of shape {shape} does not lie row by row in {len(content)} bytes")
        self.array = np.frombuffer(content, np.uint8).reshape(shape)


class _Empty(metaclass=StandIn):
    """Stands for the function that gives an array to be filled."""

    def __new__(cls, *_arguments: object) -> _Array:  # type: ignore[misc]
        return _Array()


class _Encoded(metaclass=StandIn):
    """Stands for the function that gives the bytes of a text."""

    def __new__(cls, content: str, _encoding: str = "latin1") -> bytes:  # type: ignore[misc]
        return _bytes(content)


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("latin1")
