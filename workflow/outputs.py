"""What the workflow makes, file by file, as its rules have it, and where Snakemake's notes on it lie."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims, selectors
from interplay.protocols.plan import Job, needed_jobs
from interplay.records.selection import UNPLANNED

NOTES = Path(".snakemake")
PICTURES = (".svg", ".png", ".small.webp")  # of a figure, beside the report


@dataclass(frozen=True)
class Made:
    """What one rule makes of records: paths below the results folder, and globs on the records that it reads.

    `asked` is set where the rule is no part of everything and runs only if it is asked for by name.
    """

    rule: str
    outputs: tuple[str, ...]
    needs: tuple[str, ...]
    asked: bool = False


@cache
def made_of_records(config: Path) -> tuple[Made, ...]:
    """Figures, tables, headline metrics, verdicts and the report.

    Raises:
        InterplayError: the configuration cannot be read; one line.
    """
    catalogue = load_catalogue(config)
    found = [Made(f"{one.kind}_{one.name}", one.files, one.needs) for one in catalogue.exhibits]
    for experiment, headlines in catalogue.headlines.items():
        needs = tuple(one.runs for one in headlines)
        found.append(Made(f"metrics_{experiment}", (f"metrics/{experiment}.json",), needs))
    for claim in load_claims(config / "claims"):
        found.append(Made(f"claim_{claim.id}", (f"claims/{claim.id}.json",), tuple(selectors(claim)), asked=True))
    report = ("report/index.html", "report/appendix.md", "report/figures")
    return (*found, Made("judge_claims", ("verdicts.json",), ("*",)), Made("make_report", report, ("*",)))


def outputs_of(jobs: Iterable[Job], made: Iterable[Made]) -> frozenset[str]:
    """All files, below the results folder, that some jobs and the rules after them make."""
    files = [path for job in jobs for path in job.outputs] + [path for one in made for path in one.outputs]
    drawn = [path.removesuffix(".svg") for path in files if path.startswith("figures/") and path.endswith(".svg")]
    return frozenset((*files, UNPLANNED, *(f"report/{path}{end}" for path in drawn for end in PICTURES)))


def asked_of(
    targets: Sequence[Path | str], out: Path, jobs: Sequence[Job], made: Sequence[Made]
) -> tuple[list[Job], list[Made]]:
    """The jobs and the rules after them that Snakemake looks at for `targets`, as `run_snakemake` takes them."""
    if not targets:
        return list(jobs), [one for one in made if not one.asked]
    if list(targets) == ["records"]:
        return list(jobs), []
    wanted = {str(target) for target in targets}
    chosen = [one for one in made if wanted & {f"{out}/{path}" for path in one.outputs}]
    return needed_jobs(jobs, [glob for one in chosen for glob in one.needs]), chosen


def files_of(kind: str, name: str, out: Path, config: Path) -> list[Path]:
    """All files of one figure, table or claim that there is, whoever asks for it: what a command makes, or plans."""
    if kind == "claim":
        return [out / f"claims/{name}.json"]
    made = load_catalogue(config).find(name, kind).files
    return [out / path for path in made if path.rpartition(".")[0] == f"{kind}s/{name}"]


def note_on(output: Path, notes: Path = NOTES) -> Path:
    """Where Snakemake's note on an output lies, which is named as its rule names it; there may be none."""
    folder = notes / "metadata"
    size = (os.pathconf(folder, "PC_NAME_MAX") if folder.is_dir() else 255) - 1
    name = urlsafe_b64encode(str(output).encode()).decode()
    parts = [name[start : start + size] for start in range(0, len(name), size)]
    return folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
