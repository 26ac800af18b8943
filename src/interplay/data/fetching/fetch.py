"""Fetching a data set or weights: whoever asks finds either nothing or the verified whole, at any time."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from interplay.data.fetching.apt import fetch_apt
from interplay.data.fetching.deb import fetch_deb
from interplay.data.fetching.dvc import aside_of, hand_to_dvc, take_from_dvc
from interplay.data.fetching.http import Progress, SourceFailure, fetch_http
from interplay.data.fetching.verify import fault, note_all, stamps
from interplay.data.ledger import FOLDER, Ledger
from interplay.data.locking import alone
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo, DebSource, HttpSource, Pinned, Source, WeightsInfo
from interplay.protocols.datasets import DATASETS, dataset_info
from interplay.protocols.weights import WEIGHTS, weights_info
from interplay.records.disk import explain

Say = Callable[[str], None]


@dataclass(frozen=True)
class Attempt:
    """One source, what it brings, and what brings that to a path."""

    source: str
    pinned: Pinned
    deliver: Callable[[Path], None]


def find_asset(name: str) -> DatasetInfo | WeightsInfo:
    """The data set or the weights of that name.

    Raises:
        InterplayError: neither; the message names the nearest.
    """
    nearest = [name] if name in WEIGHTS else difflib.get_close_matches(name.lower(), [*DATASETS, *WEIGHTS], n=1)
    return weights_info(name) if any(near in WEIGHTS for near in nearest) else dataset_info(name)


def fetch(
    what: str | DatasetInfo | WeightsInfo,
    root: Path,
    *,
    say: Say = print,
    progress: Progress = lambda done, total: None,
    source: str | None = None,
) -> Path | None:
    """Bring a data set or weights into the data folder `root`, verified against its pin.

    What lies there already is verified, every byte of it, and fetched again if it is damaged. Tried in order: DVC's
    cache or remote, then its sources; or only the one that is named `source`. Each failure is one line to `say`.
    Downloads happen in a folder beside the target, which is removed whatever happens; one that a killed process left is
    removed by the next. Two at a time wait for each other.

    Of a set that is made of others, those are fetched, and its own content is verified.

    Returns:
        Where it lies; None for a data set that needs no file, whose content is verified all the same, and for one that
        users put in place themselves, whose files are counted.

    Raises:
        InterplayError: unknown name or source, nothing delivered it, a set that users put in place is not there, the
            content of one that needs no file is not the pinned one, or the disk refuses.
    """
    info = find_asset(what) if isinstance(what, str) else what
    name = info.name
    if not root.is_dir():
        raise InterplayError(f"{root}: no such folder; --root must name the data folder of a checkout")
    forms = info.forms if isinstance(info, WeightsInfo) else ((info.pinned,) if info.pinned else ())
    if not forms:
        assert isinstance(info, DatasetInfo)
        for made_of in info.drawn_from:
            fetch(made_of, root, say=say, progress=progress, source=source)
        _at_hand(info, root, say)
        return None
    attempts = _attempts(name, forms, root, progress, source)
    ledger = Ledger(root, name)
    try:
        with alone(_lock(name, root), lambda: say(f"{name}: another fetch is under way, waiting for it")):
            seen = {path: stamp for form in forms for path, stamp in stamps(form, root).items()}
            found = next((form for form in forms if _is_there(name, form, root / form.path, say)), None)
            pinned = found if found is not None else _bring(name, root, attempts, say)
            note_all(pinned, root, ledger, seen if found is not None else stamps(pinned, root))
            ledger.save()
            handed = hand_to_dvc(name, pinned, root)
            if handed:
                say(f"{name}: {handed}")
    except OSError as error:
        said = explain(error, Path(error.filename) if error.filename else root)
        raise InterplayError(f"{name}: {said or error}") from error
    return root / pinned.path


def _at_hand(info: DatasetInfo, root: Path, say: Say) -> None:
    from interplay.data.decoding import decode

    if info.placed is not None:
        from interplay.data.unpacked import open_files

        counts = [f"{split} {len(open_files(info, split, root)[0].labels):,}" for split in info.splits]
        say(f"{info.name}: {root / info.placed.path} is there ({', '.join(counts)})")
        return
    for split in info.splits:
        decode(info, split, root)
    how = f"comes with {info.library}, nothing to fetch" if info.origin == "installed" else "rendered"
    say(f"{info.name}: {how}, verified")


def _is_there(name: str, pinned: Pinned, place: Path, say: Say) -> bool:
    if not place.exists():
        return False
    wrong = fault(pinned, place)
    say(f"{name}: {place} is there, " + ("verified" if wrong is None else f"but {wrong}; fetching it again"))
    return wrong is None


def _attempts(name: str, forms: tuple[Pinned, ...], root: Path, progress: Progress, only: str | None) -> list[Attempt]:
    attempts = [Attempt("dvc", form, partial(take_from_dvc, name, form, root)) for form in forms if form.dvc_md5]
    attempts += [
        Attempt(source.name, form, partial(_from_source, source, form, progress))
        for form in forms
        for source in form.sources
    ]
    if only is None:
        return attempts
    chosen = [attempt for attempt in attempts if attempt.source == only]
    if not chosen:
        known = ", ".join(attempt.source for attempt in attempts)
        raise InterplayError(f"{name} has no source {only!r}; it has: {known}")
    return chosen


def _from_source(source: Source, pinned: Pinned, progress: Progress, staging: Path) -> None:
    if isinstance(source, HttpSource):
        fetch_http(source, pinned, staging, progress)
    elif isinstance(source, DebSource):
        fetch_deb(source, pinned, staging, progress)
    else:
        fetch_apt(source, pinned, staging)


def _bring(name: str, root: Path, attempts: list[Attempt], say: Say) -> Pinned:
    prefix = f".fetch-{name}-"
    for left in root.glob(f"{prefix}*"):  # nobody else is at work here: see `alone`
        for attempt in attempts:
            _put_back(aside_of(attempt.pinned, left), root / attempt.pinned.path, say)
        shutil.rmtree(left, ignore_errors=True)
    for attempt in attempts:
        pinned, place = attempt.pinned, root / attempt.pinned.path
        with tempfile.TemporaryDirectory(prefix=prefix, dir=root) as folder:
            staging = Path(folder) / "set"
            say(f"{name}: trying {attempt.source}")
            try:
                attempt.deliver(staging)
                wrong = fault(pinned, staging)
                if wrong is not None:
                    raise SourceFailure(wrong)
            except SourceFailure as failure:
                say(f"{name}: {attempt.source}: {failure}")
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            _move(pinned, staging, place)
            say(f"{name}: verified, now at {place}")
            return pinned
    places = " or ".join(dict.fromkeys(str(root / attempt.pinned.path) for attempt in attempts))
    raise InterplayError(
        f"{name}: no source delivered it (tried {', '.join(attempt.source for attempt in attempts)}); "
        f"try again later, or put it at {places} by hand, where it is verified"
    )


def _put_back(aside: Path, place: Path, say: Say) -> None:
    """Put back what a killed fetch had put aside: it may be whole, and in a folder may lie files of others."""
    if aside.exists():
        place = place.with_name(f"{place.name}.earlier") if place.exists() else place
        place.parent.mkdir(parents=True, exist_ok=True)
        aside.replace(place)
        say(f"{place}: put aside by a fetch that was killed, put back")


def _move(pinned: Pinned, staging: Path, place: Path) -> None:
    """Put the verified set in its place; in a folder that is there already, file by file, leaving others alone."""
    if not place.is_dir():
        staging.replace(place)
        return
    for name in pinned.files:
        pinned.locate(name, staging).replace(pinned.locate(name, place))


def _lock(name: str, root: Path) -> Path:
    """A file to lock: the one that pins the set for DVC, which exists anyway, or one among what is safe to delete."""
    declared = root / f"{name}.dvc"
    if declared.is_file():
        return declared
    lock = root / FOLDER / f"{name}.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    return lock
