"""Tables and text in Markdown, LaTeX and plain text. tabulate lays tables out; here is what it leaves to its callers.

tabulate aligns and frames; its LaTeX escapes what LaTeX gives a meaning, its Markdown escapes nothing. No form of it
keeps a cell to one line or hides what would turn a terminal or a line of text around, so that is done here for all.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from tabulate import LATEX_ESCAPE_RULES, tabulate

Rows = Iterable[Sequence[str]]
Emphasis = Literal["bold", "underline"]

SIDES = {"l": "left", "r": "right"}
GAP = 2  # between columns of plain text
LEAST = 8  # letters that a column which breaks its lines keeps, however narrow the terminal


def visible(text: str) -> str:
    """`text` with everything but spaces that cannot be seen as its code, `\\u202e`: line feeds, too.

    That is what Python calls not printable: control characters (an escape sequence recolours a terminal), marks and
    overrides of writing direction (one that is not closed mirrors the rest of the line), other spaces, invisible joints
    and tags, halves of surrogate pairs (which no file can hold).
    """
    return text if text.isprintable() else "".join(sign if sign.isprintable() else _code(sign) for sign in text)


def _code(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 2**16 else f"\\U{ord(sign):08x}"


def one_line(text: str) -> str:
    """`text` with single spaces between its words, and what cannot be seen as its code, `\\u202e`."""
    return visible(" ".join(text.split()))


def some_of(names: Sequence[str], most: int = 2) -> str:
    """The first names in one line, and how many more there are: `a, b and 3 more`."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def last_line(text: str) -> str:
    """The last line of what a program said that is not empty, where it says at the end why it failed."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no reason given")


def say(line: object, *, err: bool = False) -> None:
    """Print one line, on standard output or error: what a name of a file or a record holds cannot break out of it."""
    print(visible(str(line)), file=sys.stderr if err else sys.stdout, flush=True)


def show(text: str) -> None:
    """Print text of several lines, each as `say` does."""
    for line in text.split("\n"):
        say(line)


def markdown_text(text: str) -> str:
    """One line that Markdown shows as it is: what could open emphasis, code, a link, a tag or an entity is escaped.

    A vertical bar needs no escape in running text; `markdown_table` escapes it in a table, whatever the cell holds.
    """
    line = re.sub(r"([\\`*<>\[\]~])", r"\\\1", one_line(text))
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)  # within a word it opens nothing: `train_mir`
    return re.sub(r"&(?=#?\w+;)", r"\\&", line)


def markdown_emphasis(markdown: str, emphasis: Emphasis) -> str:
    """Markdown in bold, or underlined by the one tag for it that GitHub keeps."""
    return f"**{markdown}**" if emphasis == "bold" else f"<ins>{markdown}</ins>"


def markdown_code(text: str) -> str:
    """A code span, fenced by more backticks than it holds in a row."""
    line = one_line(text)
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{line}{space}{fence}"


def markdown_table(head: Sequence[str], rows: Rows, align: str | None = None) -> str:
    """A table as GitHub reads it; cells are Markdown.

    Args:
        head: titles of the columns.
        rows: cells as text, which is never taken for a number: `1.20` stays `1.20`.
        align: `l` or `r` for each column, as in LaTeX, by padding; None leaves cells as long as they are, for prose in
            cells, where a longer cell would change every line of the table.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    first, rule, *rest = _lay_out([_cell(title) for title in head], cells, "github", align).splitlines()
    return "\n".join([first, rule if align else re.sub("-+", "---", rule), *rest])


def _cell(text: str) -> str:
    """One line without a bar that would end the cell, not even within a code span or after a backslash.

    An odd number of backslashes before the bar is made even first: the last would escape the one that is added.
    """
    return re.sub(r"(\\*)\|", lambda found: found[1] + "\\" * (len(found[1]) % 2 + 1) + "|", one_line(text))


def csv_cell(text: str) -> str:
    """Text for CSV: an apostrophe stands before what a spreadsheet would take for a formula, and might run.

    Carriage returns, which `csv` writes without quotes, become line feeds. Numbers are not for this function.
    """
    clean = re.sub("\r\n?", "\n", text)
    return f"'{clean}" if clean.lstrip().startswith(("=", "+", "-", "@")) else clean


def csv_comment(text: str) -> str:
    """One line of comment in which a spreadsheet, that knows no comments, finds no formula after any comma."""
    return re.sub(r"([,;]\s*)(?=[=+@-])", r"\1'", one_line(text).replace('"', "'"))


def latex_text(text: str) -> str:
    """One line that LaTeX sets as it is."""
    return "".join(LATEX_ESCAPE_RULES.get(sign, sign) for sign in one_line(text))


def latex_emphasis(latex: str, emphasis: Emphasis) -> str:
    """LaTeX in bold, or underlined."""
    return f"\\textbf{{{latex}}}" if emphasis == "bold" else f"\\underline{{{latex}}}"


def latex_table(head: Sequence[str], rows: Rows, align: str | None = None) -> str:
    """A `tabular` in the style of booktabs; titles and cells are LaTeX, as `latex_text` makes it."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    body = _lay_out([one_line(title) for title in head], cells, "latex_raw", align or "l" * len(head))
    # tabulate has no style of booktabs that leaves cells alone; of its rules, no cell can be one.
    rules = iter(("\\toprule", "\\midrule", "\\bottomrule"))
    body = re.sub(r"^\\hline$", lambda _: next(rules), body, flags=re.MULTILINE)
    # `\\` and `\midrule` before it would take `[` for their option, even on the next line, and `\\` a star.
    return re.sub(r"^( *)(?=[\[*])", r"\1{}", body, flags=re.MULTILINE)


def plain_table(
    head: Sequence[str], rows: Rows, align: str | None = None, *, width: int | None = None, wrap: int = 0
) -> str:
    """Columns of text two spaces apart, without lines between or around, for terminals and logs.

    Args:
        head: titles of the columns.
        rows: cells as text.
        align: `l` or `r` for each column; all to the left where None.
        width: letters in a line at most, as far as breaking the lines of one column allows; None never breaks a line.
        wrap: that column.
    """
    # The titles are a row like the others: above a row of titles of its own, tabulate makes columns two wider.
    cells = [[one_line(cell) for cell in row] for row in (head, *rows)]
    most: list[int | None] | None = None
    if width is not None:
        longest = [max(map(len, column)) + GAP for column in zip(*cells, strict=True)]
        most = [None] * len(head)
        most[wrap] = max(LEAST, width - sum(longest) + longest[wrap])
    return _lay_out((), cells, "plain", align or "l" * len(head), most)


def _lay_out(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    form: str,
    align: str | None,
    widths: Sequence[int | None] | None = None,
) -> str:
    text = tabulate(
        rows,
        head,
        tablefmt=form,
        disable_numparse=True,  # `1.20` is not 1.2
        stralign="left" if align else None,
        colalign=[SIDES[letter] for letter in align] if align and rows else None,
        maxcolwidths=widths,
    )
    return "\n".join(line.rstrip() for line in str(text).splitlines())
