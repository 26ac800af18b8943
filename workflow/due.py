"""What Snakemake would run now and why, read from its own plan: the same files, parameters and notes, nothing is run.

Snakemake says that parameters changed; `interplay.records.ingredients` says what the digests among them stand for.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.cli import parse_args, parse_config
from snakemake.io import Mtime, _IOFile
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)

from interplay.errors import InterplayError
from interplay.markup import one_line, say, some_of
from interplay.records.ingredients import Ingredients

UNKNOWN = "made with others than these, of which only the digest was kept"


@dataclass(frozen=True)
class Due:
    """One job that would run.

    Attributes:
        rule: its name.
        why: each reason in one line, the nearest first.
        waits_for: rules among those that would run whose outputs it reads.
        seconds: that it took when it was last run here; None where there is no note of it.
        threads, memory_mib, gpu: what it asks for.
        priority: those with a higher one are started first.
    """

    rule: str
    why: tuple[str, ...]
    waits_for: tuple[str, ...]
    seconds: float | None
    threads: int
    memory_mib: int
    gpu: int
    priority: int


@dataclass(frozen=True)
class Plan:
    """The jobs that would run, in the order of the DAG, and what is left as it is.

    Attributes:
        due: what would run.
        left: rules of which everything is up to date.
        unknown: those among `left` of which Snakemake has no notes: restored results, and files that were there before.
    """

    due: tuple[Due, ...]
    left: tuple[str, ...]
    unknown: tuple[str, ...]


def main() -> int:
    """Read arguments of Snakemake, and what is to be taken for existing, and say which rules would run."""
    asked = json.load(sys.stdin)
    try:
        plan = read_plan(asked["arguments"], asked["there"])
    except InterplayError as error:
        say(f"error: {one_line(str(error))}", err=True)
        return 2
    say(json.dumps([one.rule for one in plan.due]))
    return 0


@contextlib.contextmanager
def _pretending(files: Collection[str], gone: Collection[str]) -> Iterator[None]:
    """Let Snakemake believe that files are there, of an age that tells it nothing, and that others are not."""
    exists, mtime = _IOFile.exists_local, _IOFile.mtime_uncached

    async def exists_local(file: Any) -> bool:
        return str(file.file) in files or (str(file.file) not in gone and await exists(file))

    async def mtime_uncached(file: Any, skip_storage: bool = False) -> Any:
        return Mtime(local=0.0) if str(file.file) in files else await mtime(file, skip_storage)

    _IOFile.exists_local, _IOFile.mtime_uncached = exists_local, mtime_uncached
    try:
        yield
    finally:
        _IOFile.exists_local, _IOFile.mtime_uncached = exists, mtime


def read_plan(arguments: Sequence[str], there: Collection[str] = (), gone: Collection[str] = ()) -> Plan:
    """Let Snakemake plan by the arguments of its command line, as it would before it runs anything.

    What is `there`, as its rules name it, it takes for existing, and what is `gone` for missing.

    Raises:
        InterplayError: there is no plan; one line.
    """
    told, silent = io.StringIO(), OutputSettings(dryrun=True, quiet={Quietness.RULES, Quietness.PROGRESS})
    with contextlib.redirect_stderr(io.StringIO()):  # which profiles are in use
        _, given = parse_args(list(arguments))
    with _pretending(there, gone), contextlib.redirect_stderr(told), SnakemakeApi(silent) as api:
        try:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=given.cores or 1, resources=given.resources),
                config_settings=ConfigSettings(config=parse_config(given.config), config_args=given.config),
            )
            dag_settings = DAGSettings(
                targets=given.targets,
                forcerun=given.forcerun,
                force_incomplete=given.rerun_incomplete,
                rerun_triggers=given.rerun_triggers,
            )
            workflow.dag(dag_settings).execute_workflow(
                executor="dryrun", execution_settings=ExecutionSettings(lock=False)
            )
        except Exception as error:
            api.print_exception(error)
            raise InterplayError(f"Snakemake cannot plan: {told.getvalue() or error}") from error
        return _plan(workflow._workflow)


def _plan(workflow: Any) -> Plan:
    dag, ingredients = workflow.dag, workflow.globals["INGREDIENTS"]
    ordered = [job for level in dag.toposorted() for job in sorted(level, key=lambda job: job.rule.name)]
    ordered = [job for job in ordered if not job.rule.norun]
    due = [job for job in ordered if dag.needrun(job)]
    left = [job for job in ordered if not dag.needrun(job)]
    return Plan(
        due=tuple(_due(workflow, ingredients, job) for job in due),
        left=tuple(job.rule.name for job in left),
        unknown=tuple(job.rule.name for job in left if not workflow.persistence.has_metadata(job)),
    )


def _due(workflow: Any, ingredients: Ingredients, job: Any) -> Due:
    needed = [other for other in workflow.dag.dependencies[job] if workflow.dag.needrun(other)]
    return Due(
        rule=job.rule.name,
        why=tuple(dict.fromkeys(_reasons(workflow, ingredients, job))),
        waits_for=tuple(sorted(other.rule.name for other in needed)),
        seconds=_took(workflow.persistence, job),
        threads=job.threads,
        memory_mib=int(job.resources.get("mem_mb", 0)),
        gpu=int(job.resources.get("gpu", 0)),
        priority=job.priority,
    )


def _took(notes: Any, job: Any) -> float | None:
    known = [note for path in job.output if (note := notes.metadata(path)) and note.endtime and note.starttime]
    return max(known[0].endtime - known[0].starttime, 0.0) if known else None


def _reasons(workflow: Any, ingredients: Ingredients, job: Any) -> Iterator[str]:
    """Everything that Snakemake found, and what it did not look for any more because one reason was enough."""
    reason, notes = workflow.dag.reason(job), workflow.persistence
    if reason.forced:
        yield "forced"
    yield from _changed_parameters(ingredients, job, notes)
    if any(notes.code_changed(job)):
        yield "the command of its rule changed"
    yield from _changed_inputs(job, notes)
    if missing := sorted(map(str, reason.missing_output)):
        yield f"missing: {some_of(missing, 1)}"
    if incomplete := sorted(map(str, reason.incomplete_output)):
        yield f"left half-written: {some_of(incomplete, 1)}"
    if newer := sorted(map(str, reason.updated_input - reason.updated_input_run)):
        yield f"newer than what was made of it: {some_of(newer, 1)}"
    remade = sorted(
        {
            maker.rule.name
            for maker, files in workflow.dag.dependencies[job].items()
            if not reason.updated_input_run.isdisjoint(files)
        }
    )
    if remade:
        yield f"reads what {some_of(remade, 1)} makes anew"
    if not reason:
        yield "its output is needed"


def _changed_parameters(ingredients: Ingredients, job: Any, notes: Any) -> Iterator[str]:
    change = notes.params_changed(job)
    if not change:
        return
    before = {one: ingredients.find(_value(one)) for one in sorted(change.only_old)}
    unknown = []
    for name, value in job.params.items():
        if repr(value) not in change.only_new:
            continue
        kept = ingredients.find(str(value))
        pair = next((one for one, was in before.items() if kept and was and was.kind == kept.kind), None)
        if kept is None:
            gone = [one for one, was in before.items() if was is None]
            yield f"{name}: {gone[0] if len(gone) == 1 else 'another value'} -> {value!r}"
        elif pair is None:
            unknown.append(name)
        else:
            was = before.pop(pair)
            assert was is not None
            yield from _together(ingredients.changes(was, kept))
    if unknown:
        yield f"{UNKNOWN} ({', '.join(unknown)})"


def _together(lines: list[str]) -> list[str]:
    """`plain/seed0: protocol.steps: 1 -> 2` of several runs as one line that counts the runs."""
    runs: dict[str, list[str]] = {}
    for line in lines:
        run, colon, rest = line.partition(": ")
        is_of_run = colon and ": " in rest and not run.startswith(("claim ", "file ", "record ", "module "))
        runs.setdefault(rest if is_of_run else line, []).append(run if is_of_run else "")
    return [
        line if names in ([""], [""] * len(names)) else f"{line} ({some_of(names, 1)})" for line, names in runs.items()
    ]


def _changed_inputs(job: Any, notes: Any) -> Iterator[str]:
    if not any(notes.input_changed(job)):
        return
    now = set(map(str, job.input))
    before = {path for one in job.output for path in notes.input(one) or ()}
    if new := sorted(now - before):
        yield f"reads now as well: {some_of(new, 1)}"
    if gone := sorted(before - now):
        yield f"reads no longer: {some_of(gone, 1)}"


def _value(written: str) -> str:
    try:
        return str(ast.literal_eval(written))
    except (SyntaxError, ValueError):
        return written


if __name__ == "__main__":
    sys.exit(main())
