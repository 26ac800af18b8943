"""Data and weights that are not there (any more), fetched before anything else that reads them is planned.

Snakemake takes whatever reads what it has to fetch for stale, finished jobs among it: what it is told not to compare by
time (`ancient`) it leaves alone only where it exists. So what due jobs lack is fetched in a call of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from faults import ABANDONED_SECONDS, UNFINISHED
from interplay.data.ledger import FOLDER, UNPACKED
from interplay.errors import InterplayError
from interplay.markup import last_line
from interplay.protocols.datasets import DATASETS, files_of
from interplay.protocols.plan import Job, record_path
from interplay.protocols.weights import WEIGHTS, fetched_mark
from interplay.records.integrity import KINDS

UNPACKED_SECONDS = 3600.0  # an archive that was unpacked is read for a minute
DUE = Path(__file__).with_name("due.py")


def files_read(job: Job, data: Path) -> list[str]:
    """What a job's rule reads below the data folder; weights are told by a mark."""
    paths = [path for name in job.datasets for path in files_of(DATASETS[name])]
    return sorted({str(data / path) for path in (*paths, *map(fetched_mark, job.weights))})


def lost(jobs: Iterable[Job], out: Path, data: Path) -> list[str]:
    """What finished jobs have read and is not there any more; what only others read is fetched on their way.

    A job is finished that left its records: nothing but a run that reads it asks for a network.
    """
    finished = (job for job in jobs if all((out / record_path(job.experiment, run.name)).exists() for run in job.runs))
    empty = set(empty_marks(data))
    read = {path for job in finished for path in files_read(job, data)}
    return sorted(path for path in read if path in empty or not Path(path).exists())


def lacking(jobs: Iterable[Job], gone: Iterable[str], due: Iterable[str], data: Path) -> list[str]:
    """Of what is `gone`, what the jobs read whose rules are `due`."""
    wanted, chosen = set(gone), set(due)
    return sorted({path for job in jobs if job.slug in chosen for path in files_read(job, data) if path in wanted})


def empty_marks(data: Path) -> list[str]:
    """Marks of weights whose files are gone, whichever of those that may serve."""
    without = [name for name, info in WEIGHTS.items() if not any((data / form.path).exists() for form in info.forms)]
    return [str(mark) for mark in (data / fetched_mark(name) for name in without) if mark.exists()]


def drop_marks(data: Path) -> None:
    """Forget that weights were brought whose files are gone."""
    for mark in empty_marks(data):
        Path(mark).unlink(missing_ok=True)


def sweep(data: Path) -> None:
    """Remove what killed processes left of decoded and of unpacked data; nobody works at what is so old."""
    for path in (data / FOLDER).glob(".*"):
        unpacked = path.name.startswith(UNPACKED) and path.is_dir()
        half_written = UNFINISHED.fullmatch(path.name) and Path(path.name[:-9]).suffix in KINDS and not path.is_dir()
        if not (unpacked or half_written):
            continue
        with suppress(OSError):  # gone meanwhile, or another user's: rubbish does no harm
            youngest = max(one.lstat().st_mtime for one in (path, *path.rglob("*")))
            if time.time() - youngest > (UNPACKED_SECONDS if unpacked else ABANDONED_SECONDS):
                shutil.rmtree(path) if unpacked else path.unlink()


def due_rules(arguments: Sequence[str], there: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """Rules that Snakemake would run by these arguments if what is `there` were there.

    Raises:
        InterplayError: it cannot plan; one line.
    """
    asked = json.dumps({"arguments": list(arguments), "there": list(there)})
    done = subprocess.run(
        [sys.executable, str(DUE)], input=asked, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InterplayError(last_line(done.stderr).removeprefix("error: "))
    return list(json.loads(done.stdout.splitlines()[-1]))
