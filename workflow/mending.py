"""Before Snakemake looks at what there is: take away what is there and broken, so that it is made again.

Snakemake believes a file that is there and not older than its inputs. After a loss of power it may be empty; a full
disk may have cut off the notes of Snakemake itself, which then stumbles over them.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from pathlib import Path
from shlex import quote
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from interplay import markup
from interplay.errors import InterplayError
from interplay.records import read_record
from interplay.records.integrity import KINDS, damage
from interplay.records.store import OtherVersionError

NOTES = Path(".snakemake")
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


_tell = partial(markup.say, err=True)


def mend(out: Path, notes: Path = NOTES, say: Say = _tell) -> None:
    """Take away broken files of one results folder, and broken notes of Snakemake; `say` names each.

    A record of another version of the schema is whole, and set aside as `<name>.json.earlier`.

    Raises:
        InterplayError: something cannot be read, or a folder lies where a file belongs; one line, with what to do.
    """
    broken = [path for path in _walk(out) if _mend_file(path, out, say)]
    page = out / "report/index.html"
    if page.is_file() and (any("report" in path.parts for path in broken) or _lacks_pictures(page)):
        page.unlink()  # its folder counts as made while it is there
        say(f"{page}: not all of the report is there; taken away, to be made again")
    _mend_notes(notes, say)


def _walk(out: Path) -> Iterator[Path]:
    """What lies below `out`: files, and folders that bear a file's name."""
    for folder, folders, files in os.walk(out):
        misplaced = [name for name in folders if Path(name).suffix in KINDS]
        folders[:] = [name for name in folders if name not in misplaced]
        yield from (Path(folder, name) for name in (*misplaced, *files))


def _mend_file(path: Path, out: Path, say: Say) -> bool:
    """Take a file away if it is broken; whether it was."""
    try:
        if path.is_dir():
            return _mend_folder(path, say)
        if path.name.startswith("."):
            if UNFINISHED.fullmatch(path.name) and time.time() - path.lstat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
            return False
        wrong = None if path.suffix not in KINDS else "it leads nowhere" if not path.exists() else damage(path)
        if wrong is None and path.suffix == ".json" and path.is_relative_to(out / "records"):
            wrong = _unreadable(path, say)
    except FileNotFoundError:  # gone meanwhile
        return False
    except OSError as error:
        hint = f"make it readable (chmod u+rw {quote(str(path))}) or delete it, then run the same command again"
        raise InterplayError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()}); {hint}") from error
    if wrong:
        say(f"{path}: {wrong}; taken away, to be made again")
        path.unlink(missing_ok=True)
    return bool(wrong)


def _mend_folder(path: Path, say: Say) -> bool:
    try:
        path.rmdir()
    except OSError as error:
        raise InterplayError(f"{path}: a folder where a file belongs; move or delete it") from error
    say(f"{path}: an empty folder where a file belongs; taken away")
    return True


def _unreadable(path: Path, say: Say) -> str | None:
    """What is wrong with a record; one of another version is moved out of the way."""
    try:
        read_record(path)
    except OtherVersionError as error:
        aside = path.with_name(f"{path.name}.earlier")
        path.replace(aside)
        say(f"{error}; set aside as {aside.name}, to be made again")
    except InterplayError as error:
        return str(error).removeprefix(f"{path}: ").partition("; ")[0]
    return None


def _lacks_pictures(page: Path) -> bool:
    """Whether a picture that the page shows is not there."""
    named = set(PICTURES.findall(page.read_text(encoding="utf-8", errors="replace")))
    return any(not (page.parent / unescape(unquote(name))).is_file() for name in named)


def _mend_notes(notes: Path, say: Say) -> None:
    """Take away notes that Snakemake would stumble over; the files that they are about are then taken as they are."""
    for kind in ("metadata", "incomplete"):
        for folder, folders, files in os.walk(notes / kind):
            misplaced = [name for name in folders if not name.startswith("@")]  # so long paths are divided
            folders[:] = [name for name in folders if name not in misplaced]
            for name in misplaced:
                shutil.rmtree(Path(folder, name))
            broken = [name for name in files if kind == "metadata" and not _is_note(Path(folder, name))]
            for name in broken:
                Path(folder, name).unlink()
            for name in (*misplaced, *broken):
                say(f"{Path(folder, name)}: a broken note of Snakemake; taken away")


def _is_note(path: Path) -> bool:
    try:
        _Note.model_validate_json(path.read_bytes())
    except ValidationError:
        return False
    return True
