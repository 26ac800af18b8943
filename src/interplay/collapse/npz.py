"""Arrays in an `.npz` archive, read in order and in parts: the memory it takes does not depend on the file."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.memory import check_fits

_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_REMEDY = "save it anew with numpy.savez"

# What zipfile, its decompressors and numpy's parser of headers raise on bytes that are not what they should be.
_DAMAGE = (
    *(OSError, ValueError, EOFError, RuntimeError, OverflowError, TypeError, KeyError, IndexError, SyntaxError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
)


class NpzArray:
    """One array of an archive: its shape and type are known, its values are read when asked for.

    Raises:
        InterplayError: a method of compression or an encryption that Python cannot read, a damaged header, Python
            objects, or a header that claims other bytes than there are.
    """

    def __init__(self, path: Path, info: zipfile.ZipInfo) -> None:
        self._path, self._info = path, info
        self._said = f"{path}: {info.filename}"
        if info.flag_bits & 0x1:
            raise InterplayError(f"{self._said} is encrypted; {_REMEDY}")
        if info.compress_type not in _READABLE:
            method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
            raise InterplayError(f"{self._said} is compressed by {method}, which Python cannot read; {_REMEDY}")
        with self._opened() as stream:
            self.shape, self._fortran, self._dtype = _header(stream)
            held = info.file_size - stream.tell()
        if self._dtype.hasobject or self._dtype.kind not in "fiubc" or self._dtype.shape:
            raise InterplayError(f"{self._said} cannot be read as .npz: {_objects(self._dtype)}; save numbers")
        claimed = prod(self.shape) * self._dtype.itemsize
        if claimed != held:
            shape = list(self.shape)
            raise InterplayError(
                f"{self._said} is damaged: its header tells of shape {shape}, {claimed} bytes, and {held} are there; "
                f"{_REMEDY}"
            )

    def blocks(self, rows: int) -> Iterator[Tensor]:
        """Blocks of at most `rows` along the first axis, in order; all bytes are verified by the time of the last."""
        if self._fortran and len(self.shape) > 1:  # columns lie together: rows come only from the whole
            yield from self.whole().split(rows)
            return
        with self._opened() as stream:
            _header(stream)
            total = self.shape[0]
            for start in range(0, total, rows):
                yield self._read(stream, (min(rows, total - start), *self.shape[1:]))
            _finish(stream)

    def whole(self) -> Tensor:
        """All values.

        Raises:
            InterplayError: as the class, or no room for them.
        """
        check_fits(
            3 * prod(self.shape) * self._dtype.itemsize,
            f"{self._said}: values of shape {list(self.shape)}",
            "use a machine with more memory" if not self._fortran else "save the array in C order (ascontiguousarray)",
        )
        with self._opened() as stream:
            _header(stream)
            found = self._read(stream, self.shape[::-1] if self._fortran else self.shape)
            _finish(stream)
        return found.permute(*range(found.ndim)[::-1]).contiguous() if self._fortran else found

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._info) as stream:
                yield stream
        except InterplayError:
            raise
        except _DAMAGE as error:
            raise InterplayError(f"{self._said} cannot be read as .npz ({_one_line(error)}); {_REMEDY}") from None

    def _read(self, stream: IO[bytes], shape: tuple[int, ...]) -> Tensor:
        values = np.empty(shape, dtype=self._dtype)
        left = values.reshape(-1).view(np.uint8)  # the same memory
        while len(left):
            part = stream.read(min(len(left), 2**22))
            if not part:
                raise EOFError("the values end too early")
            left[: len(part)] = np.frombuffer(part, dtype=np.uint8)
            left = left[len(part) :]
        # torch has neither bytes in the other order nor numbers wider than float64.
        wide = self._dtype.kind == "f" and self._dtype.itemsize > 8
        native = np.dtype(np.float64) if wide else self._dtype.newbyteorder("=")
        with np.errstate(over="ignore"):
            return torch.from_numpy(values.astype(native, copy=False))


def npz_arrays(path: Path) -> dict[str, NpzArray]:
    """The arrays of an archive by name; nothing but their headers is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (NotImplementedError, *_DAMAGE) as error:
        raise InterplayError(f"{path}: cannot be read as .npz ({_one_line(error)})") from None
    found: dict[str, NpzArray] = {}
    for info in members:
        name = info.filename.removesuffix(".npy")
        if name in found:
            raise InterplayError(f"{path}: cannot be read as .npz ({info.filename} is there twice)")
        if name == info.filename:
            raise InterplayError(f"{path}: {info.filename} is no array; {_REMEDY}")
        found[name] = NpzArray(path, info)
    return found


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns lie together, and type, from the header; the stream is at the first value then."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if version not in readers:
        raise ValueError(f"version {version} of the array format")
    try:
        return readers[version](stream)
    except (MemoryError, tokenize.TokenError) as error:  # of Python's parser, on what is nested or never closed
        raise ValueError("a header that nobody can parse") from error


def _finish(stream: IO[bytes]) -> None:
    """Read on to the end, at which the check sum is compared."""
    if stream.read(1):
        raise ValueError("more values than the header tells of")


def _objects(dtype: np.dtype[Any]) -> str:
    return "it holds Python objects" if dtype.hasobject else f"it holds {dtype}, no numbers"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
