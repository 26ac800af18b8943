"""`interplay metrics`: the headline metrics of an experiment, for DVC."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Config, TierResults
from interplay.markup import say


@app.command()
def metrics(
    experiment: Annotated[str, typer.Argument(help="name of an experiment, like supervised")],
    results: TierResults = Path("results/smoke"),
    config: Config = Path("config"),
) -> None:
    """Write a few metrics of an experiment, means over runs by variant, as JSON that `dvc metrics` compares."""
    from interplay.evidence.headlines import write_headlines

    say(write_headlines(experiment, results, config))
