"""What is there and broken among results, and among the notes of Snakemake: looked at, not touched.

Snakemake believes a file that is there and not older than its inputs. After a loss of power it may be empty; a full
disk may have cut off the notes of Snakemake itself, which then stumbles over them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from shlex import quote
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from interplay.archive.contents import MANIFEST
from interplay.errors import InterplayError
from interplay.protocols.frozen_claims import NAME as FROZEN_CLAIMS
from interplay.protocols.frozen_claims import read_frozen
from interplay.records import read_record
from interplay.records.integrity import KINDS, damage
from interplay.records.store import OtherVersionError
from outputs import NOTES, note_on

OWN = (FROZEN_CLAIMS, MANIFEST)  # beside the outputs
# Where runs keep what is not done, and the records and networks of those that are, as long as their job is not done.
PROGRESS = re.compile(r"checkpoints/(.+)\.(?:checkpoint|finished\.json|finished\.safetensors)")
UNFINISHED = re.compile(r"\..+\.[a-z0-9_]{8}")  # as `replacing` names what it has not finished
ABANDONED_SECONDS = 600.0  # unfinished files that nobody has touched for so long, nobody will finish
PICTURES = re.compile(r'(?:src|href)="(figures/[^"]+)"')


class _Note(BaseModel):
    """What Snakemake reads of a note on an output, and of what type."""

    rule: str | None = None
    input: list[str] | None = None
    log: list[str] | None = None
    shellcmd: str | None = None
    params: list[str] | None = None
    code: str | None = None
    record_format_version: int = 0
    conda_env: str | None = None
    container_img_url: str | None = None
    software_stack_hash: str | None = None
    job_hash: int | None = None
    starttime: float | None = None
    endtime: float | None = None
    incomplete: bool | None = None
    external_jobid: str | None = None
    input_checksums: dict[str, str] | None = None


@dataclass(frozen=True)
class Fault:
    """A file that is there and broken, or a folder in its place.

    `wrong` says how in a few words; nothing is said of what a killed process left half-written. A record of another
    version of the schema is whole, and set `aside`.
    """

    path: Path
    wrong: str
    aside: bool = False


@dataclass(frozen=True)
class Place:
    """A folder of results, the paths below it that the plan and the catalogue make, and Snakemake's notes."""

    out: Path
    planned: Collection[str]
    notes: Path

    def makes(self, path: Path) -> bool:
        """Whether a file there is made by the workflow, as planned or, by its note, earlier; all else is the user's."""
        return path.relative_to(self.out).as_posix() in self.planned or note_on(path, self.notes).is_file()

    def keeps(self, path: Path) -> bool:
        """Whether a planned run keeps its progress there."""
        found = PROGRESS.fullmatch(path.relative_to(self.out).as_posix())
        return found is not None and f"records/{found[1]}.json" in self.planned

    def logs(self, path: Path) -> bool:
        """Whether a rule may log there."""
        return path.suffix == ".log" and path.relative_to(self.out).parts[0] == "logs"


def faults(out: Path, planned: Collection[str], notes: Path = NOTES) -> Iterator[Fault]:
    """What `mend` takes away or sets aside of one results folder, one after the other; nothing is touched.

    Raises:
        InterplayError: where `mend` stops.
    """
    place, page = Place(out, planned, notes), out / "report/index.html"
    _check_frozen(out / FROZEN_CLAIMS)
    whole_report = True
    for path in _walk(place):
        if fault := _judge(path, place):
            whole_report &= not (fault.wrong and path.is_relative_to(page.parent))
            if path != page:
                yield fault
    if page.is_dir() or not os.path.lexists(page):
        return
    if fault := _judge(page, place):
        yield fault
    elif not whole_report or _lacks_pictures(page):  # its folder counts as made while it is there
        yield Fault(page, "not all of the report is there")


def _check_frozen(path: Path) -> None:
    """What claims were before anything was seen cannot be made again once something was."""
    if not os.path.lexists(path):
        return
    try:
        wrong = damage(path)
        if wrong is None:
            read_frozen(path.parent)
    except (OSError, InterplayError) as error:
        wrong = said(error) if isinstance(error, OSError) else str(error).removeprefix(f"{path}: ").partition("; ")[0]
    if wrong:
        raise InterplayError(
            f"{path}: {wrong}; it says what the claims were before results were seen, so it is never made anew beside "
            "them: bring it back (git checkout, make restore or a backup), then run the same command again"
        )


def _stop(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):  # nothing was made there yet, or it is gone meanwhile
        return
    raise InterplayError(
        f"{error.filename}: the folder cannot be read ({said(error)}); mend its rights (chmod u+rwx), then run the "
        "same command again"
    ) from error


def _walk(place: Place) -> Iterator[Path]:
    """What lies below a folder of results: files, and folders that bear a file's name and lie where it belongs."""
    for folder, folders, files in os.walk(place.out, onerror=_stop):
        bear = [Path(folder, name) for name in folders if Path(name).suffix in KINDS]
        misplaced = [path for path in bear if place.makes(path) or place.keeps(path) or place.logs(path)]
        folders[:] = [name for name in folders if Path(folder, name) not in misplaced]
        yield from (*misplaced, *(Path(folder, name) for name in files))


def _judge(path: Path, place: Place) -> Fault | None:
    try:
        if path.is_dir():
            if any(path.iterdir()):
                raise misplaced(path)
            return Fault(path, "an empty folder where a file belongs")
        if path.name.startswith("."):
            return Fault(path, "") if _is_abandoned(path, place) else None
        if path.suffix not in KINDS or not place.makes(path):
            return None
        if wrong := damage(path) if path.exists() else "it leads nowhere":
            return Fault(path, wrong)
        if path.suffix == ".json" and path.is_relative_to(place.out / "records"):
            return _unreadable(path)
    except FileNotFoundError:  # gone meanwhile
        return None
    except OSError as error:
        raise cannot_be_read(path, error) from error
    return None


def misplaced(path: Path) -> InterplayError:
    """A folder that is not empty where a file belongs."""
    return InterplayError(f"{path}: a folder where a file belongs; move or delete it")


def cannot_be_read(path: Path, error: OSError) -> InterplayError:
    """What cannot be read just now, which says nothing about it."""
    hint = f"make it readable (chmod u+rw {quote(str(path))}) or delete it, then run the same command again"
    return InterplayError(f"{path}: cannot be read ({said(error)}); {hint}")


def _is_abandoned(path: Path, place: Place) -> bool:
    """Whether a killed process left it half-written of a file of ours."""
    if not UNFINISHED.fullmatch(path.name):
        return False
    whole = path.with_name(path.name[1:-9])  # what it was to become
    ours = whole.name in OWN or place.makes(whole) or place.keeps(whole)
    return ours and time.time() - path.lstat().st_mtime > ABANDONED_SECONDS


def said(error: OSError) -> str:
    """What the system says, in a few words."""
    return (error.strerror or str(error)).lower()


def _unreadable(path: Path) -> Fault | None:
    """What is wrong with a record.

    Raises:
        OSError: it cannot be read now, which says nothing about it.
    """
    try:
        read_record(path)
    except InterplayError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        wrong = str(error).removeprefix(f"{path}: ").partition("; ")[0]
        return Fault(path, wrong, aside=isinstance(error, OtherVersionError))
    return None


def _lacks_pictures(page: Path) -> bool:
    """Whether a picture that the page shows is not there."""
    named = set(PICTURES.findall(page.read_text(encoding="utf-8", errors="replace")))
    return any(not (page.parent / unescape(unquote(name))).is_file() for name in named)


def broken_notes(notes: Path = NOTES) -> Iterator[Path]:
    """Notes that Snakemake would stumble over; without them what they are about is held against the plan.

    Raises:
        InterplayError: one of them cannot be read.
    """
    for kind in ("metadata", "incomplete"):
        if not (notes / kind).is_dir():
            continue
        for folder, folders, files in os.walk(notes / kind, onerror=_stop):
            misplaced = [name for name in folders if not name.startswith("@")]  # so long paths are divided
            folders[:] = [name for name in folders if name not in misplaced]
            yield from (Path(folder, name) for name in misplaced)
            try:
                yield from [Path(folder, name) for name in files if kind == "metadata" and not _is_note(folder, name)]
            except OSError as error:
                raise stuck_note(error, notes) from error


def stuck_note(error: OSError, notes: Path) -> InterplayError:
    """A note of Snakemake that the system keeps from being read or taken away."""
    return InterplayError(
        f"{error.filename}: a note of Snakemake that can neither be read nor taken away ({said(error)}); "
        f"mend the rights (chmod -R u+rwX {quote(str(notes))}), then run the same command again"
    )


def _is_note(folder: str, name: str) -> bool:
    try:
        _Note.model_validate_json(Path(folder, name).read_bytes())
    except ValidationError:
        return False
    return True
