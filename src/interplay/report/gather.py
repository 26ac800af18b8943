"""Reads a results folder into a `Report`. Whatever is missing is named in it; only what cannot be read is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from interplay import __version__
from interplay.errors import InterplayError
from interplay.evidence.inputs import setup_of
from interplay.evidence.summary import count_verdicts
from interplay.evidence.verdicts import RecordUsed, Verdict, read_verdicts
from interplay.evidence.words import WORDS
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims, selectors
from interplay.protocols.places import Document
from interplay.protocols.sourced import read_yaml
from interplay.records import Record, select_records, text_digest
from interplay.records.provenance import git_state
from interplay.report.commands import Commands
from interplay.report.exhibits import view_exhibit
from interplay.report.model import ClaimRow, DocumentRow, RecordRef, RecordState, Report
from interplay.report.runs import (
    count_planned,
    list_environments,
    list_experiments,
    list_runs,
    list_sources,
    list_substitutions,
)


def gather_report(results: Path, config: Path) -> Report:
    """Gather everything that `results` holds, in the light of the catalogue and the plan in `config`.

    Raises:
        InterplayError: no such folder, nothing in it, records of several setups, or a file that cannot be read.
    """
    if not results.is_dir():
        raise InterplayError(f"{results}: no such folder; make it with `make reproduce` or name another with --results")
    catalogue = load_catalogue(config)
    records = select_records(results, ["*"])
    verdicts_path = results / "verdicts.json"
    if not records and not verdicts_path.is_file():
        raise InterplayError(f"{results}: neither records nor verdicts to report on; make them with `make reproduce`")
    tier, data = setup_of(results, records, config=config)
    folder = f"results/{results.resolve().name}"
    commands = Commands(folder, tier, data)
    verdicts = read_verdicts(verdicts_path) if verdicts_path.is_file() else []
    problem = "" if verdicts else f"Missing: no claim has been judged. Make the verdicts with: {commands.verdicts}"
    names = [record.name for record in records]
    views = [view_exhibit(exhibit, results, names) for exhibit in catalogue.exhibits]
    commit, dirty = git_state()
    return Report(
        folder=folder,
        tier=tier,
        data=data,
        tier_description=_description(config / "tiers" / f"{tier}.yaml"),
        data_description=_description(config / "data" / f"{data}.yaml"),
        substitutions=list_substitutions(records),
        git_commit=commit,
        git_dirty=dirty,
        version=__version__,
        commands=commands,
        verdicts_problem=problem,
        counts={ruling: sum(verdict.verdict == ruling for verdict in verdicts) for ruling in WORDS},
        documents=_documents(catalogue.documents, verdicts, records, config),
        figures=tuple(view for view in views if view.exhibit.kind == "figure"),
        tables=tuple(view for view in views if view.exhibit.kind == "table"),
        experiments=list_experiments(records, count_planned(config, tier, data)),
        runs=list_runs(records),
        environments=list_environments(records),
        sources=list_sources(records),
    )


def _description(path: Path) -> str:
    return str(read_yaml(path).get("description", "")) if path.is_file() else ""


def _documents(
    titles: Mapping[Document, str], verdicts: Sequence[Verdict], records: Sequence[Record], config: Path
) -> tuple[DocumentRow, ...]:
    counts = count_verdicts(verdicts)
    named = {str(key): title for key, title in titles.items()}
    needs = _needs(config) if verdicts else {}
    by_name = {record.name: record for record in records}
    digests = {record.name: text_digest(record.model_dump_json(indent=1) + "\n") for record in records}
    rows = []
    for key in dict.fromkeys((*named, *counts)):
        own = [verdict for verdict in verdicts if key in verdict.documents]
        claims = tuple(_claim(verdict, needs.get(verdict.id, ()), by_name, digests) for verdict in own)
        rows.append(DocumentRow(key, named.get(key, key), counts.get(key, dict.fromkeys(WORDS, 0)), claims))
    return tuple(rows)


def _needs(config: Path) -> dict[str, tuple[str, ...]]:
    """What each claim reads, so that one which was not run can still say which experiment it waits for."""
    folder = config / "claims"
    return {claim.id: selectors(claim) for claim in load_claims(folder)} if folder.is_dir() else {}


def _claim(verdict: Verdict, needs: Iterable[str], by_name: dict[str, Record], digests: dict[str, str]) -> ClaimRow:
    used = [by_name[ref.name] for ref in verdict.rung.records if ref.name in by_name]
    experiments = {record.experiment for record in used} | {need.partition("/")[0] for need in needs}
    return ClaimRow(
        verdict=verdict,
        records=tuple(RecordRef(ref.name, ref.digest, _state(ref, digests)) for ref in verdict.rung.records),
        experiments=tuple(sorted(experiments)),
        seconds=sum(record.provenance.wall_seconds for record in used),
        peak_memory_mib=max((record.provenance.peak_memory_mib for record in used), default=0.0),
    )


def _state(ref: RecordUsed, digests: dict[str, str]) -> RecordState:
    if ref.name not in digests:
        return "gone"
    return "found" if digests[ref.name] == ref.digest else "changed"
