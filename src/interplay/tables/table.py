"""A table in memory, and its three written forms."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from interplay.markup import (
    Emphasis,
    csv_cell,
    csv_comment,
    latex_emphasis,
    latex_table,
    latex_text,
    markdown_emphasis,
    markdown_table,
    markdown_text,
    one_line,
)

MISSING = "–"
Value = str | float | int | None


@dataclass(frozen=True)
class Marked:
    """A value that Markdown and LaTeX set in bold or underline; in CSV it is the value alone."""

    value: Value
    emphasis: Emphasis


Cell = Value | Marked


@dataclass(frozen=True)
class Table:
    """Rows with columns in order; a missing number is None and is shown as a dash, never as a blank or a zero."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]
    caption: str
    decimals: int = 2

    def csv(self, origin: str) -> str:
        """Comma-separated values in full precision, after a comment line that says where they come from."""
        text = io.StringIO()
        text.write(f"# {csv_comment(f'{self.caption} [{origin}]')}\n")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(csv_cell, self.columns))
        for row in self.rows:
            values = [_plain(row.get(name)) for name in self.columns]
            writer.writerow([_csv(value) for value in values])
        return text.getvalue()

    def markdown(self, origin: str) -> str:
        """A Markdown table with its caption."""
        cells = [
            [self._set(row.get(name), markdown_text, markdown_emphasis) for name in self.columns] for row in self.rows
        ]
        table = markdown_table([markdown_text(name) for name in self.columns], cells, self._align())
        return f"{table}\n\n{markdown_text(self.caption)} {MISSING}: missing. [{markdown_text(origin)}]\n"

    def latex(self, origin: str) -> str:
        """A LaTeX table in booktabs style."""
        cells = [[self._set(row.get(name), latex_text, latex_emphasis) for name in self.columns] for row in self.rows]
        table = latex_table([latex_text(name) for name in self.columns], cells, self._align())
        head = f"% {one_line(origin)}\n% needs the package booktabs\n"
        return f"{head}\\begin{{table}}\n\\caption{{{latex_text(self.caption)}}}\n{table}\n\\end{{table}}\n"

    def _set(self, cell: Cell, text: Callable[[str], str], emphasised: Callable[[str, Emphasis], str]) -> str:
        shown = text(self._show(_plain(cell)))
        return emphasised(shown, cell.emphasis) if isinstance(cell, Marked) and shown else shown

    def _show(self, value: Value) -> str:
        if _is_missing(value):
            return MISSING
        return f"{value:.{self.decimals}f}" if isinstance(value, float) else str(value)

    def _align(self) -> str:
        """Numbers to the right, so that their points stand below one another."""
        texts = {name for row in self.rows for name in self.columns if isinstance(_plain(row.get(name)), str)}
        return "".join("l" if name in texts else "r" for name in self.columns)


def _plain(cell: Cell) -> Value:
    return cell.value if isinstance(cell, Marked) else cell


def _csv(value: Value) -> Value:
    if _is_missing(value):
        return "missing"
    return csv_cell(value) if isinstance(value, str) else value


def _is_missing(value: Value) -> bool:
    return value is None or value != value
