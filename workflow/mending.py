"""Before Snakemake looks at what there is: take away what is there and broken, so that it is made again.

Snakemake believes a file that is there and not older than its inputs. After a loss of power it may be empty; a full
disk may have cut off the notes of Snakemake itself, which then stumbles over them.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from shlex import quote
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from interplay import markup
from interplay.archive.contents import MANIFEST
from interplay.errors import InterplayError
from interplay.protocols.frozen_claims import NAME as FROZEN_CLAIMS
from interplay.protocols.frozen_claims import read_frozen
from interplay.records import read_record
from interplay.records.integrity import KINDS, damage
from interplay.records.store import OtherVersionError
from outputs import NOTES, note_on

OWN = (FROZEN_CLAIMS, MANIFEST)  # beside the outputs
UNFINISHED = re.compile(r"\..+\.[a-z0-9_]{8}")  # as `replacing` names what it has not finished
ABANDONED_SECONDS = 600.0  # unfinished files that nobody has touched for so long, nobody will finish
PICTURES = re.compile(r'(?:src|href)="(figures/[^"]+)"')

Say = Callable[[str], None]


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


tell = partial(markup.say, err=True)  # as all that is said before a workflow starts


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
        """Whether it lies where jobs keep their progress and their logs."""
        return path.relative_to(self.out).parts[0] in ("checkpoints", "logs")


def mend(out: Path, planned: Collection[str], notes: Path = NOTES, say: Say = tell) -> None:
    """Take away broken outputs of one results folder, and broken notes of Snakemake; `say` names each.

    What is neither `planned` nor known to Snakemake's notes is left alone, and so are checkpoints, which jobs judge
    when they read them. A record of another version of the schema is whole, and set aside as `<name>.json.earlier`.

    Args:
        out: the folder of results, as Snakemake's rules name it.
        planned: paths below it that the plan and the catalogue make.
        notes: where Snakemake keeps its notes.
        say: told each thing that was done.

    Raises:
        InterplayError: something cannot be read or taken away, a folder lies where a file belongs, or the frozen claims
            are damaged; one line, with what to do.
    """
    place = Place(out, planned, notes)
    _check_frozen(out / FROZEN_CLAIMS)
    broken = [path for path in _walk(place) if _mend_file(path, place, say)]
    page = out / "report/index.html"
    if page.is_file() and (any("report" in path.parts for path in broken) or _lacks_pictures(page)):
        _take_away(page)  # its folder counts as made while it is there
        say(f"{page}: not all of the report is there; taken away, to be made again")
    _mend_notes(notes, say)


def _check_frozen(path: Path) -> None:
    """What claims were before anything was seen cannot be made again once something was."""
    if not os.path.lexists(path):
        return
    try:
        wrong = damage(path)
        if wrong is None:
            read_frozen(path.parent)
    except (OSError, InterplayError) as error:
        wrong = _said(error) if isinstance(error, OSError) else str(error).removeprefix(f"{path}: ").partition("; ")[0]
    if wrong:
        raise InterplayError(
            f"{path}: {wrong}; it says what the claims were before results were seen, so it is never made anew beside "
            "them: bring it back (git checkout, make restore or a backup), then run the same command again"
        )


def _stop(error: OSError) -> None:
    raise InterplayError(
        f"{error.filename}: the folder cannot be read ({_said(error)}); mend its rights (chmod u+rwx), then run the "
        "same command again"
    ) from error


def _walk(place: Place) -> Iterator[Path]:
    """What lies below a folder of results: files, and folders that bear a file's name and lie where it belongs."""
    for folder, folders, files in os.walk(place.out, onerror=_stop):
        bear = [Path(folder, name) for name in folders if Path(name).suffix in KINDS]
        misplaced = [path for path in bear if place.keeps(path) or place.makes(path)]
        folders[:] = [name for name in folders if Path(folder, name) not in misplaced]
        yield from (*misplaced, *(Path(folder, name) for name in files))


def _mend_file(path: Path, place: Place, say: Say) -> bool:
    """Take a file away if it is broken; whether it was."""
    try:
        if path.is_dir():
            return _mend_folder(path, say)
        if path.name.startswith("."):
            _clear_abandoned(path, place)
            return False
        if path.suffix not in KINDS or place.keeps(path) or not place.makes(path):
            return False
        wrong = _wrong_with(path, place.out, say)
    except FileNotFoundError:  # gone meanwhile
        return False
    except OSError as error:
        raise _cannot_be_read(path, error) from error
    if wrong:
        _take_away(path)
        again = ", to be made again" if path.relative_to(place.out).as_posix() in place.planned else ""
        say(f"{path}: {wrong}; taken away{again}")
    return bool(wrong)


def broken_outputs(out: Path, outputs: Iterable[str]) -> dict[str, str]:
    """What is wrong with some outputs below `out` that `mend` would take away or set aside; nothing is touched.

    Raises:
        InterplayError: one of them cannot be read; one line, with what to do.
    """
    found = {}
    for name in outputs:
        path = out / name
        if path.is_dir() or not os.path.lexists(path):
            continue
        try:
            if wrong := _wrong_with(path, out, None):
                found[name] = wrong
        except OSError as error:
            raise _cannot_be_read(path, error) from error
    return found


def _wrong_with(path: Path, out: Path, say: Say | None) -> str | None:
    wrong = damage(path) if path.exists() else "it leads nowhere"
    if wrong is None and path.suffix == ".json" and path.is_relative_to(out / "records"):
        wrong = _unreadable(path, say)
    return wrong


def _cannot_be_read(path: Path, error: OSError) -> InterplayError:
    hint = f"make it readable (chmod u+rw {quote(str(path))}) or delete it, then run the same command again"
    return InterplayError(f"{path}: cannot be read ({_said(error)}); {hint}")


def _clear_abandoned(path: Path, place: Place) -> None:
    """Remove what a killed process left half-written of a file of ours."""
    whole = path.with_name(path.name[1:-9])  # what it was to become
    ours = UNFINISHED.fullmatch(path.name) and (place.keeps(path) or whole.name in OWN or place.makes(whole))
    if ours and time.time() - path.lstat().st_mtime > ABANDONED_SECONDS:
        _take_away(path)


def _take_away(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InterplayError(
            f"{path}: damaged, and cannot be taken away ({_said(error)}); delete it, or mend the rights of its folder "
            f"(chmod u+wx {quote(str(path.parent))}), then run the same command again"
        ) from error


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _mend_folder(path: Path, say: Say) -> bool:
    try:
        path.rmdir()
    except OSError as error:
        raise InterplayError(f"{path}: a folder where a file belongs; move or delete it") from error
    say(f"{path}: an empty folder where a file belongs; taken away")
    return True


def _unreadable(path: Path, say: Say | None) -> str | None:
    """What is wrong with a record; one of another version is moved out of the way, where there is somebody to tell.

    Raises:
        OSError: it cannot be read now, which says nothing about it.
    """
    try:
        read_record(path)
    except OtherVersionError as error:
        if say is None:
            return "it is of another version of the schema"
        aside = path.with_name(f"{path.name}.earlier")
        path.replace(aside)
        say(f"{error}; set aside as {aside.name}, to be made again")
    except InterplayError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        return str(error).removeprefix(f"{path}: ").partition("; ")[0]
    return None


def _lacks_pictures(page: Path) -> bool:
    """Whether a picture that the page shows is not there."""
    named = set(PICTURES.findall(page.read_text(encoding="utf-8", errors="replace")))
    return any(not (page.parent / unescape(unquote(name))).is_file() for name in named)


def _mend_notes(notes: Path, say: Say) -> None:
    """Take away notes that Snakemake would stumble over; what they are about is then held against the plan."""
    for kind in ("metadata", "incomplete"):
        if not (notes / kind).is_dir():
            continue
        for folder, folders, files in os.walk(notes / kind, onerror=_stop):
            misplaced = [name for name in folders if not name.startswith("@")]  # so long paths are divided
            folders[:] = [name for name in folders if name not in misplaced]
            try:
                broken = [name for name in files if kind == "metadata" and not _is_note(Path(folder, name))]
                for name in (*misplaced, *broken):
                    note = Path(folder, name)
                    shutil.rmtree(note) if name in misplaced else note.unlink()
                    say(f"{note}: a broken note of Snakemake; taken away")
            except OSError as error:
                raise InterplayError(
                    f"{error.filename}: a note of Snakemake that can neither be read nor taken away ({_said(error)}); "
                    f"mend the rights (chmod -R u+rwX {quote(str(notes))}), then run the same command again"
                ) from error


def _is_note(path: Path) -> bool:
    try:
        _Note.model_validate_json(path.read_bytes())
    except ValidationError:
        return False
    return True
