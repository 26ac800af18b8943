"""Fetching one data set: whoever asks finds either nothing or the verified whole, at any time."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from interplay.data.catalogue import DatasetInfo, dataset_info
from interplay.data.fetching.apt import fetch_apt
from interplay.data.fetching.dvc import hand_to_dvc, take_from_dvc
from interplay.data.fetching.http import Progress, SourceFailure, fetch_http
from interplay.data.fetching.pins import HttpSource, Pinned, Source, read_pin
from interplay.data.fetching.verify import fault
from interplay.errors import InterplayError

Say = Callable[[str], None]
Attempt = tuple[str, Callable[[Path], None]]  # a name, and what brings the set to a path


def fetch(
    name: str,
    root: Path,
    *,
    say: Say = print,
    progress: Progress = lambda done, total: None,
    source: str | None = None,
) -> Path | None:
    """Bring a data set into the data folder `root`, verified against its pin.

    Tried in order: what is there already, DVC's cache or remote, the sources of `sources.yaml`; or only the one that
    is named `source`. Each failure is one line to `say`. Downloads happen in a folder beside the target, which is
    removed whatever happens; one that a killed process left is removed by the next. Two at a time wait for each other.

    Returns:
        Where the set lies; None for one that needs no file.

    Raises:
        InterplayError: unknown data set or source, no pin for it, nothing delivered it, or the disk refuses.
    """
    info = dataset_info(name)
    if not info.fetched:
        return _at_hand(info, root, say)
    pinned = read_pin(name, root)
    attempts = _attempts(pinned, root, progress, source)
    place = root / pinned.path
    try:
        with _alone(root / f"{name}.dvc", lambda: say(f"{name}: another fetch is under way, waiting for it")):
            if not _is_there(pinned, place, say):
                _bring(pinned, place, attempts, say)
            handed = hand_to_dvc(pinned, root)
            if handed:
                say(f"{name}: {handed}")
    except OSError as error:
        raise InterplayError(
            f"{name}: {error.filename or root}: {error.strerror or error}; mend that and rerun"
        ) from error
    return place


def _at_hand(info: DatasetInfo, root: Path, say: Say) -> Path | None:
    if info.origin == "installed":
        say(f"{info.name}: comes with scikit-learn, nothing to fetch")
        return None
    from interplay.data.glyphs import read_glyphs

    for split in info.splits:
        read_glyphs(root, info.name, split)
    say(f"{info.name}: rendered")
    return None


def _is_there(pinned: Pinned, place: Path, say: Say) -> bool:
    if not place.exists():
        return False
    wrong = fault(pinned, place)
    say(f"{pinned.name}: {place} is there, " + ("verified" if wrong is None else f"but {wrong}; fetching it again"))
    return wrong is None


def _attempts(pinned: Pinned, root: Path, progress: Progress, only: str | None) -> list[Attempt]:
    attempts: list[Attempt] = [("dvc", partial(take_from_dvc, pinned, root))]
    attempts += [(source.name, partial(_from_source, source, pinned, progress)) for source in pinned.sources]
    if only is None:
        return attempts
    chosen = [attempt for attempt in attempts if attempt[0] == only]
    if not chosen:
        raise InterplayError(f"{pinned.name} has no source {only!r}; it has: {', '.join(name for name, _ in attempts)}")
    return chosen


def _from_source(source: Source, pinned: Pinned, progress: Progress, staging: Path) -> None:
    if isinstance(source, HttpSource):
        fetch_http(source, pinned, staging, progress)
    else:
        fetch_apt(source, pinned, staging)


def _bring(pinned: Pinned, place: Path, attempts: list[Attempt], say: Say) -> None:
    prefix = f".fetch-{pinned.name}-"
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in place.parent.glob(f"{prefix}*"):  # nobody else is at work here: see `_alone`
        shutil.rmtree(left, ignore_errors=True)
    for source, deliver in attempts:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=place.parent) as folder:
            staging = Path(folder) / "set"
            say(f"{pinned.name}: trying {source}")
            try:
                deliver(staging)
                wrong = fault(pinned, staging)
                if wrong is not None:
                    raise SourceFailure(wrong)
            except SourceFailure as failure:
                say(f"{pinned.name}: {source}: {failure}")
                continue
            _move(pinned, staging, place)
            say(f"{pinned.name}: verified, now at {place}")
            return
    raise InterplayError(
        f"{pinned.name}: no source delivered it (tried {', '.join(name for name, _ in attempts)}); "
        f"try again later, or put it at {place} by hand, where it is verified"
    )


def _move(pinned: Pinned, staging: Path, place: Path) -> None:
    """Put the verified set in its place; in a folder that is there already, file by file, leaving others alone."""
    if not place.is_dir():
        staging.replace(place)
        return
    for name in pinned.files:
        pinned.locate(name, staging).replace(pinned.locate(name, place))


@contextmanager
def _alone(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock on a file that exists anyway; the system lets go of it if this process dies."""
    # Opened for writing, though nothing is written: network file systems lock exclusively only what can be written.
    with lock.open("r+b" if os.access(lock, os.W_OK) else "rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
