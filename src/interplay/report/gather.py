"""Reads a results folder into a `Report`. Whatever is missing is named in it; only what cannot be read is an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from interplay import __version__
from interplay.errors import InterplayError
from interplay.evidence.contradictions import contradictions
from interplay.evidence.inputs import setup_of
from interplay.evidence.levels_at_hand import name_of
from interplay.evidence.verdicts import Verdict, read_verdicts
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.coverage_summary import CoverageSummary, coverage_summary
from interplay.protocols.frozen_claims import changed_since, read_frozen
from interplay.protocols.sourced import read_yaml
from interplay.records import Record, select_records
from interplay.records.provenance import git_state
from interplay.report.claim_rows import Records, join_claims, records_by_level
from interplay.report.commands import Commands
from interplay.report.exhibits import view_exhibit
from interplay.report.level_rows import LevelRow
from interplay.report.model import ClaimRow, DocumentRow, ExhibitView, Report
from interplay.report.outline import outline
from interplay.report.runs import (
    count_planned,
    list_environments,
    list_experiments,
    list_runs,
    list_sources,
    list_substitutions,
)
from interplay.report.tones import tally


def gather_report(results: Path, config: Path) -> Report:
    """Gather everything that `results` holds, in the light of the catalogue and the plan in `config`.

    Raises:
        InterplayError: no such folder, nothing in it, records of several setups, or a file that cannot be read.
    """
    if not results.is_dir():
        raise InterplayError(f"{results}: no such folder; make it with `make reproduce` or name another with --results")
    catalogue = load_catalogue(config)
    own = select_records(results, ["*"])
    verdicts_path = results / "verdicts.json"
    if not own and not verdicts_path.is_file():
        raise InterplayError(f"{results}: neither records nor verdicts to report on; make them with `make reproduce`")
    tier, data = setup_of(results, own, config=config)
    folder = f"results/{name_of(results)}"
    commands = Commands(folder, tier, data)
    verdicts = read_verdicts(verdicts_path) if verdicts_path.is_file() else []
    problem = "" if verdicts else f"Missing: no claim has been judged. Make the verdicts with: {commands.verdicts}"
    names = [record.name for record in own]
    views = [view_exhibit(exhibit, results, names) for exhibit in catalogue.exhibits]
    records = records_by_level(results, own, verdicts)
    claims = join_claims(verdicts, records, catalogue.exhibits, config)
    commit, dirty = git_state()
    return Report(
        folder=folder,
        level=name_of(results),
        tier=tier,
        data=data,
        tier_description=_description(config / "tiers" / f"{tier}.yaml"),
        data_description=_description(config / "data" / f"{data}.yaml"),
        substitutions=list_substitutions(own),
        git_commit=commit,
        git_dirty=dirty,
        version=__version__,
        commands=commands,
        verdicts_problem=problem,
        counts=tally(verdicts),
        claims=claims,
        documents=_documents({str(key): title for key, title in catalogue.documents.items()}, claims, views),
        figures=tuple(view for view in views if view.exhibit.kind == "figure"),
        tables=tuple(view for view in views if view.exhibit.kind == "table"),
        levels=_levels(records, verdicts, count_planned(config, tier, data), (tier, data)),
        coverage=_coverage(config),
        changed_claims=_changed(results, config),
        contradictions=tuple(contradictions(verdicts)),
    )


def _description(path: Path) -> str:
    return str(read_yaml(path).get("description", "")) if path.is_file() else ""


def _documents(
    titles: Mapping[str, str], claims: Sequence[ClaimRow], views: Sequence[ExhibitView]
) -> tuple[DocumentRow, ...]:
    keys = dict.fromkeys((*titles, *(document for claim in claims for document in claim.verdict.documents)))
    sections = outline(keys, claims, views)
    rows = []
    for key in keys:
        own = tuple(claim for claim in claims if key in claim.verdict.documents)
        counts = tally([claim.verdict for claim in own])
        rows.append(DocumentRow(key, titles.get(key, key), counts, own, sections[key]))
    return tuple(rows)


def _levels(
    records: Records, verdicts: Sequence[Verdict], planned: dict[str, int], setup: tuple[str, str]
) -> tuple[LevelRow, ...]:
    speaks = Counter(verdict.rung.level for verdict in verdicts if verdict.rung.basis is not None)
    return tuple(
        _level(name, own, speaks[name], {} if number else planned, setup)
        for number, (name, own) in enumerate(records.items())
    )


def _level(
    name: str, records: Sequence[Record], speaks_for: int, planned: dict[str, int], setup: tuple[str, str]
) -> LevelRow:
    tier, data = (records[0].tier, records[0].data_mapping) if records else setup
    return LevelRow(
        name=name,
        tier=tier,
        data=data,
        speaks_for=speaks_for,
        experiments=list_experiments(records, planned),
        runs=list_runs(records),
        environments=list_environments(records),
        sources=list_sources(records),
    )


def _coverage(config: Path) -> CoverageSummary | None:
    return coverage_summary(config) if (config / "coverage.yaml").is_file() else None


def _changed(results: Path, config: Path) -> tuple[str, ...]:
    """What became of claims since they were frozen for this folder."""
    frozen = read_frozen(results)
    if frozen is None or not (config / "claims").is_dir():
        return ()
    return tuple(f"{name}: {what}" for name, what in changed_since(frozen, load_claims(config / "claims")).items())
