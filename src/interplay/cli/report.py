"""`interplay report`: the HTML page and the artifact appendix of one results folder."""

from __future__ import annotations

from pathlib import Path

from interplay.cli import app
from interplay.cli.options import Config, TierResults
from interplay.markup import say


@app.command()
def report(results: TierResults = Path("results/smoke"), config: Config = Path("config")) -> None:
    """Gather verdicts, figures, tables and provenance into a page that can be moved, and the artifact appendix."""
    from interplay.report import write_report

    for path in write_report(results, config):
        say(path)
