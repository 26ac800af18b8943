"""`interplay figure` and `interplay table`: draw one exhibit from records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Config, TierResults
from interplay.markup import say


@app.command()
def figure(
    exhibit: Annotated[str, typer.Argument(help="id in the catalogue, like metrics24/fig2")],
    results: TierResults = Path("results/smoke"),
    config: Config = Path("config"),
) -> None:
    """Draw a figure, as SVG, PDF and PNG, under each of its numbers."""
    from interplay.figures.draw import draw_exhibit

    for path in draw_exhibit(exhibit, results, config):
        say(path)


@app.command()
def table(
    exhibit: Annotated[str, typer.Argument(help="id in the catalogue, like metrics24/table3")],
    results: TierResults = Path("results/smoke"),
    config: Config = Path("config"),
) -> None:
    """Make a table, as CSV, Markdown and LaTeX, published values beside ours."""
    from interplay.tables.make import make_exhibit

    for path in make_exhibit(exhibit, results, config):
        say(path)
