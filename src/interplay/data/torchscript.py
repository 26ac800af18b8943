"""The tensors of a TorchScript archive, without loading the program that it holds.

The archive is a zip file: `data.pkl` pickles the tree of modules, in which tensors refer to the raw storages `data/<n>`
and modules to classes under `__torch__`, whose code lies in `code/`. Here the tree is unpickled with nothing but bare
containers in the place of those classes; `code/` is never read.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interplay.data.stand_ins import StandIn
from interplay.errors import InterplayError

_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def is_torchscript(path: Path) -> bool:
    """Whether the file is an archive that holds a program."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())


def read_torchscript(path: Path) -> dict[str, Tensor]:
    """All parameters and buffers by their dotted names, as in the `state_dict` of the module; shared modules once.

    Raises:
        InterplayError: the archive is damaged, or its tree of modules asks for anything but modules and tensors,
            or holds none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (tree,) = (name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl"))
            folder = tree.removesuffix("/data.pkl")
            if f"{folder}/byteorder" in archive.namelist() and archive.read(f"{folder}/byteorder") != b"little":
                raise InterplayError(f"{path}: stored in another byte order; convert it to safetensors")
            with archive.open(tree) as stream:
                root = _TreeUnpickler(stream, archive, folder).load()
    except (zipfile.BadZipFile, pickle.UnpicklingError, OSError, EOFError, NotImplementedError) as error:
        raise InterplayError(f"{path}: its tensors cannot be read without running it ({error})") from error
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, RuntimeError) as error:
        raise InterplayError(f"{path}: not a whole TorchScript archive ({' '.join(str(error).split())})") from error
    if not (tensors := dict(_walk(root, "", set()))):
        raise InterplayError(f"{path}: holds no tensors")
    return tensors


class _Module(metaclass=StandIn):
    """Stands for any module of the tree: its attributes and nothing else."""


class _Rebuilt(metaclass=StandIn):
    """Stands for the function that gives a tensor in its storage; one that reaches beyond it is refused by torch."""

    def __new__(  # type: ignore[misc]
        cls, storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_more: Any
    ) -> Tensor:
        return storage.as_strided(size, stride, offset)


class _TreeUnpickler(pickle.Unpickler):
    def __init__(self, stream: Any, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(stream)
        self._archive, self._folder = archive, folder
        self._storages: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "__torch__":
            return _Module
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Rebuilt
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if module == "torch.jit._pickle" and name.startswith("build_"):
            return list
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, reference: Any) -> Tensor:
        kind, dtype, key, _device, count = reference
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError(f"it refers to a {kind}")
        if key not in self._storages:
            raw = bytearray(self._archive.read(f"{self._folder}/data/{key}"))
            self._storages[key] = (
                torch.frombuffer(raw, dtype=dtype, count=count) if count else torch.empty(0, dtype=dtype)
            )
        return self._storages[key]


def _walk(module: Any, prefix: str, seen: set[int]) -> list[tuple[str, Tensor]]:
    """The tensors below a module. One that stands at several places counts at the first: paths can double per level."""
    seen.add(id(module))
    found: list[tuple[str, Tensor]] = []
    for name, value in vars(module).items():
        if isinstance(value, Tensor):
            found.append((prefix + name, value))
        elif isinstance(value, _Module) and id(value) not in seen:
            found += _walk(value, f"{prefix}{name}.", seen)
    return found
