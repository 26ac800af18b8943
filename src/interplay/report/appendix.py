"""The artifact appendix in Markdown: a map from claim to experiment, command and cost, as reviewers ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from interplay.evidence.words import WORDS
from interplay.markup import markdown_code as _code
from interplay.markup import markdown_table
from interplay.markup import markdown_text as _text
from interplay.report import wording
from interplay.report.artifact_data import licence_of, source_of
from interplay.report.formats import count_of, format_duration, format_memory
from interplay.report.model import ClaimRow, Report
from interplay.report.tones import LABELS, ROWS, TONES, basis_key


def render_appendix(report: Report) -> str:
    """The appendix, as Markdown."""
    sections = (_introduction, _one_command, _claims, _exhibits, _cost, _machines, _data, _for_committees)
    return "\n\n".join("\n".join(section(report)) for section in sections) + "\n"


def _introduction(report: Report) -> list[str]:
    dirty = " with uncommitted changes" if report.git_dirty else ""
    levels = ", ".join(
        f"{_code(level.name)} ({_text(level.tier)} tier, {_text(level.data)} data, speaks for {level.speaks_for})"
        for level in report.levels
    )
    words = Counter(claim.verdict.verdict for claim in report.claims)
    counted = ", ".join(f"{words[word]} {word}" for word in WORDS if words[word])
    lines = [
        "# Artifact appendix",
        "",
        f"Results folder {_code(report.folder)}, tier {_code(report.tier)}, {_text(report.data)} data; made by "
        f"interplay {_text(report.version)} at commit {_code(report.git_commit)}{dirty}.",
        "",
        f"Every claim is judged on every level of evidence at hand, and the strongest that decides speaks: {levels}. "
        "Reproduced and deviates are said of the published protocol on the published data only.",
        "",
        _text(report.verdicts_problem or f"{count_of(len(report.claims), 'claim')}: {counted}."),
    ]
    if report.coverage:
        lines += ["", _text(f"{report.coverage}.")]
    if report.contradictions:
        lines += ["", "Levels of evidence disagree:", "", *(f"- {_text(str(one))}" for one in report.contradictions)]
    if report.changed_claims:
        changed = ", ".join(_code(line) for line in report.changed_claims)
        lines += ["", f"Changed since the claims were frozen for this tier: {changed}."]
    return lines


def _one_command(report: Report) -> list[str]:
    return [
        "## One command",
        "",
        f"    {report.commands.everything}",
        "",
        "runs whatever is missing or stale, and nothing else; it is safe to run twice. A claim, a figure or a table "
        "alone is built by the command in its row below, with the runs that it needs. Time and memory are those of the "
        "records that were used, on the machines named below.",
    ]


def _claims(report: Report) -> list[str]:
    tallied = [
        [name, *(str(report.counts[name][tone] or "") for tone in TONES)]
        for name in ROWS
        if report.counts[name].total()
    ]
    head = ("claim", "place", "verdict", "evidence", "level", "data read", "data published", "experiment", "command")
    return [
        "## Claims",
        "",
        "Unique claims by class of evidence and by what came out:",
        "",
        *_table(("evidence", *(LABELS[tone] for tone in TONES)), tallied),
        "",
        "One by one:",
        "",
        *_table((*head, "records", "time", "peak memory"), (_claim(report, claim) for claim in report.claims)),
    ]


def _claim(report: Report, claim: ClaimRow) -> list[str]:
    verdict, rung = claim.verdict, claim.verdict.rung
    records = claim.speaks.records
    return [
        _code(verdict.id),
        _text(verdict.source),
        verdict.verdict,
        basis_key(verdict),
        _code(rung.level),
        _text(", ".join(wording.data_read(rung))),
        _text(wording.data_published(rung) or "unknown here"),
        _text(", ".join(claim.experiments) or ("unknown" if verdict.verdict == "not run" else "none, printed numbers")),
        _code(report.commands.claim(verdict.id)),
        str(len(records)),
        format_duration(claim.seconds) if records else "no runs",
        format_memory(claim.peak_memory_mib) if records else "no runs",
    ]


def _exhibits(report: Report) -> list[str]:
    rows = (
        [
            ", ".join(_code(name) for name in view.exhibit.ids),
            _text(view.exhibit.title),
            _code(report.commands.exhibit(view.exhibit)),
            _code(f"{report.folder}/{view.content.path}") if view.content else "**missing**",
        ]
        for view in (*report.figures, *report.tables)
    )
    return ["## Figures and tables", "", *_table(("id", "title", "command", "file"), rows)]


def _cost(report: Report) -> list[str]:
    rows = [
        [
            _code(level.name),
            _text(row.name),
            f"{row.runs}{'' if row.planned is None else f' of {row.planned}'}",
            format_duration(row.seconds),
            format_memory(row.peak_memory_mib) if row.runs else "missing",
            _code(replace(report.commands, tier=level.tier, data=level.data).run(row.name)),
        ]
        for level in report.levels
        for row in level.experiments
    ]
    runs = sum(len(level.runs) for level in report.levels)
    peak = max(level.peak_memory_mib for level in report.levels)
    seconds = sum(level.seconds for level in report.levels)
    total = ["total", "", str(runs), format_duration(seconds), format_memory(peak), ""]
    head = ("level", "experiment", "runs", "time", "peak memory", "command without Snakemake")
    return ["## Time and memory", "", *_table(head, [*rows, total])]


def _machines(report: Report) -> list[str]:
    lines = ["## Hardware and software", ""]
    for level in report.levels:
        for place in level.environments:
            packages = ", ".join(f"{name} {version}" for name, version in place.packages.items())
            dirty = " with uncommitted changes" if place.git_dirty else ""
            lines.append(
                f"- {_code(level.name)}: {count_of(place.runs, 'run')} on {_text(place.hardware)}; device "
                f"{_text(place.device)}, {count_of(place.threads, 'thread')}; Python {_text(place.python)} on "
                f"{_text(place.platform)}; {_text(packages)}; commit {_code(place.git_commit)}{dirty}"
            )
    return lines if any(level.environments for level in report.levels) else [*lines, "Missing: there are no records."]


def _data(report: Report) -> list[str]:
    rows = (
        [
            _code(level.name),
            _code(source.name),
            ", ".join(f"{_code(digest)} ({number})" for digest, number in source.digests.items()),
        ]
        for level in report.levels
        for source in level.sources
    )
    read = sorted({source.name.partition("/")[0] for level in report.levels for source in level.sources})
    origins = ([_code(name), source_of(name), _text(licence_of(name))] for name in read)
    return [
        "## Data",
        "",
        "Digests of the content that was read, with the number of records that read it.",
        "",
        *_table(("level", "data set", "digest"), rows),
        "",
        "Where they come from, in the order tried, and under which licence, by the catalogue of this version:",
        "",
        *_table(("data set", "from", "licence"), origins),
    ]


def _for_committees(report: Report) -> list[str]:
    return [
        "## For artifact evaluation",
        "",
        "Badges, the NeurIPS checklist item by item, hardware, a path of ten minutes and one of half an hour are in "
        f"`ARTIFACT.md` of the repository; whether a machine can do this: `make doctor{report.commands.options}`. Time "
        "and memory above are computing, as the records say; the time that people spend was not measured.",
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = list(rows)
    return [markdown_table(head, body)] if body else ["None."]
