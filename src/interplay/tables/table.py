"""A table in memory, and its three written forms."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

MISSING = "–"
Value = str | float | int | None


@dataclass(frozen=True)
class Table:
    """Rows with columns in order; a missing number is None and is shown as a dash, never as a blank or a zero."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Value], ...]
    caption: str
    decimals: int = 2

    def frame(self) -> pd.DataFrame:
        """The table as text, rounded, missing cells marked."""
        cells = [[self._show(row.get(name)) for name in self.columns] for row in self.rows]
        return pd.DataFrame(cells, columns=self.columns)

    def _show(self, value: Value) -> str:
        if value is None or value != value:
            return MISSING
        return f"{value:.{self.decimals}f}" if isinstance(value, float) else str(value)

    def csv(self, origin: str) -> str:
        """Comma-separated values in full precision, after a comment line that says where they come from."""
        frame = pd.DataFrame([[row.get(name) for name in self.columns] for row in self.rows], columns=self.columns)
        return f"# {self.caption} [{origin}]\n" + frame.to_csv(index=False, na_rep="missing")

    def markdown(self, origin: str) -> str:
        """A Markdown table with its caption."""
        frame = self.frame()
        lines = ["| " + " | ".join(self.columns) + " |", "|" + " --- |" * len(self.columns)]
        lines += ["| " + " | ".join(row) + " |" for row in frame.itertuples(index=False, name=None)]
        return "\n".join([*lines, "", f"{self.caption} {MISSING}: missing. [{origin}]", ""])

    def latex(self, origin: str) -> str:
        """A LaTeX table in booktabs style."""
        styled = self.frame().style.hide(axis="index")
        body = styled.format(escape="latex").to_latex(hrules=True)
        caption = self.caption.replace("%", r"\%").replace("_", r"\_")
        head = f"% {origin}\n% needs the package booktabs\n"
        return f"{head}\\begin{{table}}\n\\caption{{{caption}}}\n{body}\\end{{table}}\n"
