"""Before Snakemake looks at what there is: take away what is there and broken, so that it is made again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from shlex import quote

from faults import broken_notes, cannot_be_read, faults, misplaced, said, stuck_note
from interplay import markup
from interplay.errors import InterplayError
from outputs import NOTES

Say = Callable[[str], None]

tell = partial(markup.say, err=True)  # as all that is said before a workflow starts


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
    for fault in faults(out, planned, notes):
        path, name = fault.path, fault.path.relative_to(out).as_posix()
        done = _set_aside(path) if fault.aside else _take_away(path)
        # Nothing asks for a network but the runs that read it.
        again = ", made again when a run reads it" if name.startswith("models/") else ", to be made again"
        if fault.wrong:
            say(f"{path}: {fault.wrong}; {done}{again if name in planned else ''}")
    for note in broken_notes(notes):
        try:
            shutil.rmtree(note) if note.is_dir() else note.unlink()
        except OSError as error:
            raise stuck_note(error, notes) from error
        say(f"{note}: a broken note of Snakemake; taken away")


def _take_away(path: Path) -> str:
    folder = path.is_dir() and not path.is_symlink()
    try:
        path.rmdir() if folder else path.unlink(missing_ok=True)
    except OSError as error:
        if folder:
            raise misplaced(path) from error
        raise InterplayError(
            f"{path}: damaged, and cannot be taken away ({said(error)}); delete it, or mend the rights of its folder "
            f"(chmod u+wx {quote(str(path.parent))}), then run the same command again"
        ) from error
    return "taken away"


def _set_aside(path: Path) -> str:
    aside = path.with_name(f"{path.name}.earlier")
    try:
        path.replace(aside)
    except OSError as error:
        raise cannot_be_read(path, error) from error
    return f"set aside as {aside.name}"
