"""Pages that people write, with parts between marks that a command writes from what is declared."""

from __future__ import annotations

from pathlib import Path

from interplay.errors import InterplayError

BEGIN, END = "<!-- {}: made by `python -m {}` -->", "<!-- end of {} -->"


def replace_part(page: str, path: Path, name: str, module: str, content: str) -> str:
    """The page with `content` between the marks of the part `name`; what stands around them is kept.

    Args:
        page: the text of the page.
        path: where it lies, for the error.
        name: of the part, as in its marks.
        module: that writes it, run by `python -m`.
        content: Markdown.

    Raises:
        InterplayError: the marks are gone.
    """
    begin, end = BEGIN.format(name, module), END.format(name)
    before, opened, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise InterplayError(f"{path}: the marks of the table of {name} are gone; put `{begin}` and `{end}` back")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def read_page(path: Path) -> str:
    """The text of a page.

    Raises:
        InterplayError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror}); run this in a checkout") from error
