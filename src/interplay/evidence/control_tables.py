"""What came out on the negative controls, as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

from interplay.evidence.controls import ControlResult
from interplay.markup import plain_table
from interplay.protocols.controls import Control, ControlName


def render_controls(results: Sequence[ControlResult], controls: Mapping[ControlName, Control], width: int = 100) -> str:
    """Counts by control; then every claim that came out on one, the reason for it, or what was read there."""
    rows = []
    for name in controls:
        put = [result for result in results if result.control == name and result.share is not None]
        passed = [result for result in put if result.passed]
        excused = sum(bool(result.excused) for result in passed)
        rows.append([name, *map(str, (len(put), len(passed), excused, len(passed) - excused))])
    head = ["control", "claims put to it", "came out", "with a reason", "vacuous"]
    lines = [plain_table(head, rows, "lrrrr", width=width)]
    for title, excused in (("vacuous: come out where they cannot be so", False), ("come out with a reason", True)):
        told = [result for result in results if result.passed and bool(result.excused) == excused]
        if told:
            lines += ["", f"{title}:"]
            lines += [
                fill(
                    f"{result.claim} ({result.control}, {result.share:.0%}): {result.excused or result.sentence}",
                    width,
                    initial_indent="  ",
                    subsequent_indent="    ",
                    break_on_hyphens=False,
                )
                for result in told
            ]
    unused = sorted(
        {result.claim for result in results if result.excused and result.share is not None and not result.passed}
    )
    if unused:
        lines += ["", "give a reason for coming out, and do not: " + ", ".join(unused)]
    return "\n".join(lines)
