"""Arrays in a `.safetensors` file, read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.memory import check_fits


class SafetensorsArray:
    """One array of a file: its shape is known, its values are read when asked for."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        with _opened(path) as file:
            self.shape = tuple(int(size) for size in file.get_slice(name).get_shape())

    def blocks(self, rows: int) -> Iterator[Tensor]:
        """Blocks of at most `rows` along the first axis, in order."""
        for start in range(0, self.shape[0], rows):
            # Opened anew each time: the file is mapped, and the part of the map that was read counts as memory of this
            # process until it is closed.
            with _opened(self._path) as file:
                block = file.get_slice(self._name)[start : start + rows].clone()
            yield block

    def whole(self) -> Tensor:
        """All values."""
        check_fits(
            2 * 8 * prod(self.shape),
            f"{self._path}: {self._name}: values of shape {list(self.shape)}",
            "use a machine with more memory",
        )
        with _opened(self._path) as file:
            values: Tensor = file.get_tensor(self._name).clone()
        return values


def safetensors_arrays(path: Path) -> dict[str, SafetensorsArray]:
    """The arrays of a file by name; nothing but the header is read."""
    with _opened(path) as file:
        names = list(file.keys())
    return {name: SafetensorsArray(path, name) for name in names}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (OSError, SafetensorError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise InterplayError(f"{path}: cannot be read as .safetensors ({' '.join(str(error).split())})") from None
