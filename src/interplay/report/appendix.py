"""The artifact appendix in Markdown: a map from claim to experiment, command and cost, as reviewers ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interplay.evidence.words import WORDS
from interplay.markup import markdown_code as _code
from interplay.markup import markdown_table
from interplay.markup import markdown_text as _text
from interplay.report.formats import count_of, format_duration, format_memory
from interplay.report.model import ClaimRow, Report


def render_appendix(report: Report) -> str:
    """The appendix, as Markdown."""
    sections = (_introduction, _one_command, _claims, _exhibits, _cost, _machines, _data)
    return "\n\n".join("\n".join(section(report)) for section in sections) + "\n"


def _introduction(report: Report) -> list[str]:
    dirty = " with uncommitted changes" if report.git_dirty else ""
    honest = (
        "Protocols and data sets are those of the documents; the numbers are measurements of ours."
        if report.as_published
        else f"These are not the papers' numbers: {count_of(report.overrides, 'deviation')} from the published "
        f"protocols and {_text(report.data)} data are in force. `index.html` beside this file lists each."
    )
    counted = ", ".join(f"{report.counts[ruling]} {ruling}" for ruling in WORDS if report.counts[ruling])
    return [
        "# Artifact appendix",
        "",
        f"Results folder {_code(report.folder)}, tier {_code(report.tier)}, {_text(report.data)} data; made by "
        f"interplay {_text(report.version)} at commit {_code(report.git_commit)}{dirty}.",
        "",
        honest,
        "",
        _text(report.verdicts_problem or f"{count_of(len(report.claims), 'claim')}: {counted}."),
    ]


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
    head = ("claim", "place", "verdict", "experiment", "command", "records", "time", "peak memory")
    return ["## Claims", "", *_table(head, (_claim(report, claim) for claim in report.claims))]


def _claim(report: Report, claim: ClaimRow) -> list[str]:
    verdict = claim.verdict
    return [
        _code(verdict.id),
        _text(verdict.source),
        verdict.verdict,
        _text(", ".join(claim.experiments) or ("unknown" if verdict.verdict == "not run" else "none, printed numbers")),
        _code(report.commands.claim(verdict.id)),
        str(len(claim.records)),
        format_duration(claim.seconds) if claim.records else "no runs",
        format_memory(claim.peak_memory_mib) if claim.records else "no runs",
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
            _text(row.name),
            f"{row.runs}{'' if row.planned is None else f' of {row.planned}'}",
            format_duration(row.seconds),
            format_memory(row.peak_memory_mib) if row.runs else "missing",
            _code(report.commands.run(row.name)),
        ]
        for row in report.experiments
    ]
    total = ["total", str(len(report.runs)), format_duration(report.seconds), format_memory(report.peak_memory_mib), ""]
    head = ("experiment", "runs", "time", "peak memory", "command without Snakemake")
    return ["## Time and memory", "", *_table(head, [*rows, total])]


def _machines(report: Report) -> list[str]:
    lines = ["## Hardware and software", ""]
    for place in report.environments:
        packages = ", ".join(f"{name} {version}" for name, version in place.packages.items())
        dirty = " with uncommitted changes" if place.git_dirty else ""
        lines.append(
            f"- {count_of(place.runs, 'run')} on {_text(place.hardware)}; device {_text(place.device)}, "
            f"{count_of(place.threads, 'thread')}; Python {_text(place.python)} on {_text(place.platform)}; "
            f"{_text(packages)}; commit {_code(place.git_commit)}{dirty}"
        )
    return lines if report.environments else [*lines, "Missing: there are no records."]


def _data(report: Report) -> list[str]:
    rows = (
        [
            _code(source.name),
            ", ".join(f"{_code(digest)} ({number})" for digest, number in source.digests.items()),
        ]
        for source in report.sources
    )
    return [
        "## Data",
        "",
        "Digests of the content that was read, with the number of records that read it. Records do not carry licences; "
        "those of the data sets are listed where the data sets are documented, in `docs/data.md`.",
        "",
        *_table(("data set", "digest"), rows),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = list(rows)
    return [markdown_table(head, body)] if body else ["None."]
