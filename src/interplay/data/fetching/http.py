"""Downloading over HTTP, into a folder that nobody else sees, never more than what is pinned."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from interplay.protocols.assets import FilePin, HttpSource, Pinned

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
_BLOCK = 1 << 18
_GZIP_OVERHEAD = 1 << 16  # what packing can add to bytes that do not pack
Progress = Callable[[int, int], None]  # (bytes so far, bytes in all or 0 where unknown)


class SourceFailure(Exception):
    """One source did not deliver; the message says why, in one line. The next source may."""


class _Sink:
    """A file that refuses to grow beyond `limit` bytes and tells how far it is."""

    def __init__(self, stream: IO[bytes], limit: int, told: Callable[[int], None] = lambda written: None) -> None:
        self._stream, self._limit, self._told, self._written = stream, limit, told, 0

    def write(self, block: bytes) -> int:
        self._written += len(block)
        if self._written > self._limit:
            raise SourceFailure(f"sends more than the {self._limit:,} bytes that can be right")
        self._told(self._written)
        return self._stream.write(block)

    def flush(self) -> None:
        """Left to the stream: flushing every block to the disk only costs time."""


def fetch_http(source: HttpSource, pinned: Pinned, staging: Path, progress: Progress) -> None:
    """Download every file of a set to its place below `staging`.

    Raises:
        SourceFailure: unreachable, refused, not found, cut off, or longer than pinned.
    """
    for name, pin in pinned.files.items():
        target = pinned.locate(name, staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        arrived = target.with_name(f"{target.name}.part")
        total = 0 if source.gzip else pin.size
        limit = pin.size + (_GZIP_OVERHEAD if source.gzip else 0)
        download(source.url_of(name), arrived, limit, progress, total)
        settle(arrived, target, name, pin, unpack=source.gzip)


def download(url: str, target: Path, limit: int, progress: Progress, total: int | None = None) -> None:
    """Download a URL to a file of at most `limit` bytes, `total` of which are told to be expected (0: not known).

    Raises:
        SourceFailure: unreachable, refused, not found, cut off, or longer than that.
    """
    with target.open("wb") as stream:
        _download(url, _Sink(stream, limit, partial(_tell, progress, limit if total is None else total)))


def _tell(progress: Progress, total: int, written: int) -> None:
    progress(written, total)


def settle(arrived: Path, target: Path, name: str, pin: FilePin, *, unpack: bool) -> None:
    """Turn what arrived into the pinned file, unpacking gzip where asked; `arrived` is consumed.

    Some servers unpack on the way, so that `unpack` looks at the first bytes before it acts.

    Raises:
        SourceFailure: the gzip stream is damaged or holds more than pinned.
    """
    with arrived.open("rb") as stream:
        packed = unpack and stream.read(2) == b"\x1f\x8b"
    if packed:
        try:
            with gzip.open(arrived) as stream, target.open("wb") as unpacked:
                sink = _Sink(unpacked, pin.size)
                while block := stream.read(_BLOCK):
                    sink.write(block)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:  # not a full disk, which fails every source alike
            raise SourceFailure(f"{name} is no whole gzip file ({error})") from error
        arrived.unlink()
    else:
        arrived.replace(target)


def _download(url: str, sink: _Sink) -> None:
    import pooch
    import requests

    # Servers must not compress on the way: the bytes are verified as they were published.
    download = pooch.HTTPDownloader(
        chunk_size=_BLOCK, timeout=(CONNECT_SECONDS, READ_SECONDS), headers={"Accept-Encoding": "identity"}
    )
    try:
        download(url, sink, None)
    except requests.exceptions.HTTPError as error:
        status = error.response.status_code if error.response is not None else "unknown"
        raise SourceFailure(f"{url} answers with HTTP status {status}") from error
    except requests.exceptions.ConnectTimeout as error:
        raise SourceFailure(f"{url} cannot be reached within {CONNECT_SECONDS:g} s") from error
    except requests.exceptions.Timeout as error:
        raise SourceFailure(f"{url} sends nothing for {READ_SECONDS:g} s") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise SourceFailure(f"{url} breaks off before the end") from error
    except requests.exceptions.ConnectionError as error:
        raise SourceFailure(f"{url} cannot be reached ({_reason(error)})") from error
    except requests.exceptions.RequestException as error:
        raise SourceFailure(f"{url} fails ({type(error).__name__})") from error


def _reason(error: BaseException) -> str:
    """The innermost reason that the operating system gave, without the layers of libraries around it."""
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        error = inner
        inner = inner.__cause__ or inner.__context__ or getattr(getattr(inner, "reason", None), "__cause__", None)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
