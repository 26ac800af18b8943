"""Writes what the report consists of, atomically."""

from __future__ import annotations

from pathlib import Path

from interplay.records import write_text_atomically
from interplay.report.appendix import render_appendix
from interplay.report.figure_files import write_figures
from interplay.report.gather import gather_report
from interplay.report.render import render_page


def write_report(results: Path, config: Path) -> list[Path]:
    """Write `report/index.html`, `appendix.md` and `figures/` beside it, below `results`: a folder that can be moved.

    Same inputs give the same bytes.

    Returns:
        the two pages.

    Raises:
        InterplayError: the folder is missing or empty, or something in it or in the configuration cannot be read.
    """
    report = gather_report(results, config)
    folder = results / "report"
    pages = {folder / "index.html": render_page(report), folder / "appendix.md": render_appendix(report)}
    write_figures(report.figures, results, folder)
    for path, text in pages.items():
        write_text_atomically(path, text)
    return list(pages)
