"""Publishing the results of a tier: to a DVC remote, with a pin that is committed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

import yaml

from interplay import __version__
from interplay.archive.bench import REMOTE, Bench, bench, size_of
from interplay.archive.contents import MANIFEST, MODELS, PUBLISHED, RECORDS, Say, made_files, planned_made
from interplay.archive.currency import changed_since, decided_by, judged_by
from interplay.archive.manifest import Meta, Published, hashes, pin_path, skeleton
from interplay.errors import InterplayError
from interplay.protocols.experiments import AnyRun
from interplay.protocols.frozen_claims import NAME as FROZEN_CLAIMS
from interplay.protocols.plan import Job, plan_jobs, record_path
from interplay.protocols.setup import Setup
from interplay.records import Record, module_digests, read_record, write_bytes_atomically
from interplay.records.disk import explain
from interplay.records.identity import first_of
from interplay.records.integrity import damage
from interplay.records.provenance import git_state

LESS = "--partial takes what there is"


def publish(setup: Setup, results: Path, *, remote: str | None, partial: bool = False, say: Say = print) -> Path:
    """Send what the results folder of a setup holds to a DVC remote, and write the pin of it.

    Args:
        setup: tier, data mapping and overrides whose results they are.
        results: folder of all results.
        remote: URL, folder or name of the remote; None is DVC's default.
        partial: also where results are missing.
        say: told what happens, line by line.

    Returns:
        the path of the pin, which is to be committed.

    Raises:
        InterplayError: results are missing or damaged, were made otherwise than is planned now, or cannot be sent.
    """
    folder = results / setup.folder
    jobs = finished_jobs(setup, folder, partial=partial)
    if not partial:
        check_made(setup, folder, f"; {LESS}")
    published = describe(setup, folder, jobs)
    say(f"{setup.folder}: {len(published.files)} files, {size_of(sum(one.size for one in published.files.values()))}")
    with bench(results, remote) as made:
        content = _send(made, folder, published, say)
    write_bytes_atomically(folder / MANIFEST, published.as_json())
    path = pin_path(folder)
    write_bytes_atomically(path, content)
    return path


def finished_jobs(
    setup: Setup, folder: Path, *, partial: bool = False, parts: Collection[str] = (RECORDS, MODELS)
) -> list[Job]:
    """The jobs of the plan whose outputs are all there, made as is planned now.

    Args:
        setup: tier, data mapping and overrides whose results they are.
        folder: of the results.
        partial: those that are finished, where others are not.
        parts: of a folder of results, the outputs in which are to be there.

    Raises:
        InterplayError: there are none; one of them was made otherwise; some are missing, and not `partial`.
    """
    jobs = plan_jobs(setup)
    lacking = {
        job.slug: [path for path in job.outputs if path.split("/")[0] in parts and not (folder / path).is_file()]
        for job in jobs
    }
    finished = [job for job in jobs if not lacking[job.slug]]
    missing = [path for paths in lacking.values() for path in paths]
    if missing and (not partial or not finished):
        less = "" if partial or not finished else f"; {LESS}"
        # Those of jobs whose records are all here, which nothing asks for again.
        networks = [path for paths in lacking.values() if all(map(_is_network, paths)) for path in paths]
        named, what = (networks, "networks") if networks else (missing, "results")
        how = mended(setup, folder, networks[0]) if networks else f"{reproduce(setup)} makes them"
        raise InterplayError(f"{folder}: {len(named)} {what} are missing ({named[0]}, ...); {how}{less}")
    stale = [
        f"{job.experiment}/{run.name} ({first_of(changed)})"
        for job in finished
        for run in job.runs
        if (changed := changed_since(_record(folder, job, run), setup, job.experiment, run, {}))
    ]
    if stale:
        more = f" and {len(stale) - 1} more" if len(stale) > 1 else ""
        raise InterplayError(
            f"{folder}: made otherwise than is planned now: {stale[0]}{more}; {reproduce(setup)} makes them anew"
        )
    return finished


def check_made(setup: Setup, folder: Path, less: str = "") -> None:
    """See that all is there that is made from the records.

    Raises:
        InterplayError: it is not; one line, which ends with `less`.
    """
    if missing := _lacks(setup, folder):
        made = f"{reproduce(setup)} makes them from the records"
        raise InterplayError(f"{folder}: {len(missing)} results are missing ({missing[0]}, ...); {made}{less}")


def _lacks(setup: Setup, folder: Path) -> list[str]:
    return [path for path in planned_made(setup.config) if not (folder / path).is_file()]


def check_whole(setup: Setup, folder: Path, paths: Iterable[str]) -> None:
    """See that files are what was written, by all that is known of them; each is read as a whole.

    Raises:
        InterplayError: one is damaged or cannot be read; one line.
    """
    for path in paths:
        try:
            wrong = damage(folder / path, thorough=True)
        except OSError as error:
            raise InterplayError(explain(error, folder / path) or f"{folder / path}: {error}") from error
        if wrong:
            raise InterplayError(f"{folder / path}: {wrong}; {mended(setup, folder, path)}")


def mended(setup: Setup, folder: Path, path: str) -> str:
    """What makes again a file of the results that is missing or damaged."""
    if path == FROZEN_CLAIMS:
        return "bring it back (git checkout, make restore or a backup); nothing makes it again"
    if _is_network(path):
        record = folder / RECORDS / Path(path).relative_to(MODELS).with_suffix(".json")
        return f"delete {record}, and {reproduce(setup)} does that run again (it asks for records alone)"
    return f"{reproduce(setup)} makes it again"


def _is_network(path: str) -> bool:
    return path.startswith(f"{MODELS}/")


def reproduce(setup: Setup) -> str:
    """The command that makes what is missing of a setup."""
    return f"`make reproduce TIER={setup.tier_name} DATA={setup.data_name}`"


def _record(folder: Path, job: Job, run: AnyRun) -> Record:
    return read_record(folder / record_path(job.experiment, run.name))


def describe(setup: Setup, folder: Path, jobs: Iterable[Job]) -> Published:
    """The list of what is published: outputs of `jobs`, and what was made from the records.

    Raises:
        InterplayError: one of them is damaged; one line.
    """
    jobs = list(jobs)
    commit, dirty = git_state()
    # What was made of some of the records would pass for what is made of all, and a part of it for all of it.
    made = made_files(folder) if len(jobs) == len(plan_jobs(setup)) and not _lacks(setup, folder) else []
    paths = [path for job in jobs for path in job.outputs]
    paths += [FROZEN_CLAIMS] if (folder / FROZEN_CLAIMS).is_file() else []
    check_whole(setup, folder, (*paths, *made))
    files = {path: hashes(folder / path) for path in (*paths, *made)}
    records = {path: one.sha256 for path, one in files.items() if path.startswith("records/")}
    return Published(
        tier=setup.tier_name,
        data=setup.data_name,
        chosen=setup.chosen,
        version=__version__,
        git_commit=commit,
        git_dirty=dirty,
        modules={
            name: module_digests(*(one for job in jobs if job.experiment == name for one in job.code))
            for name in sorted({job.experiment for job in jobs})
        },
        jobs={job.slug: decided_by(setup, job) for job in jobs},
        judged_by=judged_by(setup.config, folder, records),
        files=dict(sorted(files.items())),
    )


def _send(made: Bench, folder: Path, published: Published, say: Say) -> bytes:
    """Hand everything to DVC and to the remote; the bytes of the pin."""
    name = folder.name
    place = made.results / name
    for path in published.files:
        copy = place / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, copy)
    manifest = published.as_json()
    (place / MANIFEST).write_bytes(manifest)
    parts = [part for part in (MANIFEST, *PUBLISHED) if (place / part).exists()]
    sha256 = hashes(place / MANIFEST).sha256
    meta = Meta(
        tier=published.tier,
        data=published.data,
        git_commit=published.git_commit,
        git_dirty=published.git_dirty,
        manifest_sha256=sha256,
    )
    pin = pin_path(place)
    pin.write_text(yaml.safe_dump(skeleton(name, parts, meta), sort_keys=False, allow_unicode=True), encoding="utf-8")
    target = str(pin.relative_to(made.root))
    for arguments, what in (
        (("commit", "-q", "-f", target), "DVC cannot take the files up"),
        (("push", "-r", REMOTE, target), f"{made.remote} does not take the files"),
    ):
        said = made.dvc(*arguments)
        if said.error is not None:
            refused = re.search(r"failed to transfer '[^']*' - (.*)", said.complaints)
            raise InterplayError(f"{what}: {refused[1] if refused else said.error}")
    altered = [path for path, one in published.files.items() if hashes(place / path) != one]
    if altered:
        raise InterplayError(f"{folder / altered[0]}: changed while it was published; run the same command again")
    say(f"{name}: sent to {made.remote}")
    return pin.read_bytes()
