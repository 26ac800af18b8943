"""Numeric checks of theory: does the statement hold as printed, or only when mended?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from interplay.evidence.outcomes import NotRunError, Outcome, Ruling, short
from interplay.protocols.claims import FindingTest
from interplay.records import Finding, Record

ORDER: tuple[Ruling, ...] = ("fails", "wrong as printed", "holds")  # the gravest first


def judge_finding(test: FindingTest, records: Sequence[Record]) -> Outcome:
    """Rule on checks of theory: all must hold. The gravest outcome counts, of several checks and of several records.

    - the statement holds as printed: `holds`;
    - it fails, and its mended form holds: `wrong as printed`;
    - otherwise (the mended form fails too, or there is none): `fails`. A counterexample alone does not convict the
      source, since a broken metric of ours would look the same; that the mended form holds tells the two apart.
    """
    outcomes: list[Outcome] = []
    for name in test.findings:
        found = [record.findings[name] for record in records if name in record.findings]
        if not found:
            raise NotRunError(f"no record among {', '.join(record.name for record in records)} has {name!r}")
        outcomes += [_judge_one(finding) for finding in found]
    gravest = min(outcomes, key=lambda outcome: ORDER.index(outcome.ruling))
    places = len(test.findings)
    said = gravest.sentence if places == 1 else f"Checked as each of {places} places prints it. {gravest.sentence}"
    return replace(gravest, sentence=said)


def _judge_one(finding: Finding) -> Outcome:
    printed, mended = finding.printed, finding.mended
    numbers = {"printed_residual": printed.value, "tolerance": printed.tolerance} | finding.values
    if mended is not None:
        numbers |= {"mended_residual": mended.value, "mended_tolerance": mended.tolerance}
    ruling: Ruling
    if printed.holds:
        ruling, said = "holds", f"holds as printed: residual {_against(printed.value, printed.tolerance)}"
    else:
        said = f"fails as printed: residual {_against(printed.value, printed.tolerance)}"
        if mended is not None:
            said += f"; mended, {'it holds' if mended.holds else 'it fails too'}"
            said += f": {_against(mended.value, mended.tolerance)}"
            ruling = "wrong as printed" if mended.holds else "fails"
        else:
            ruling, said = "fails", said + "; no mended form is known"
        if ruling == "wrong as printed" and finding.values:
            shown = (f"{name.replace('_', ' ')} {short(value)}" for name, value in finding.values.items())
            said += "; " + ", ".join(shown)
    note = f" {finding.note.strip()}" if finding.note.strip() else ""
    return Outcome(ruling, f"The statement {said}.{note}", numbers)


def _against(value: float, tolerance: float) -> str:
    return f"{short(value)} ({'within' if value <= tolerance else 'beyond'} {short(tolerance)})"
