"""`interplay fetch`: bring data sets and weights onto this machine, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.errors import InterplayError
from interplay.markup import visible


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Data sets or weights, e.g. fashion-mnist.", show_default=False)
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All data sets and weights of the catalogue (53 GB).")
    ] = False,
    root: Annotated[Path, typer.Option(help="The data folder of a checkout.")] = Path("data"),
    source: Annotated[str | None, typer.Option(help="Ask only this source of its entry, or dvc.")] = None,
) -> None:
    """Fetch data sets and weights, verified against their pins: DVC's cache or remote, else their sources.

    What lies in the data folder already is verified too, every byte of it, and fetched again if it is damaged.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from interplay.data.fetching import fetch as fetch_one
    from interplay.data.fetching import find_asset
    from interplay.protocols.datasets import DATASETS
    from interplay.protocols.weights import WEIGHTS

    known = [*DATASETS, *WEIGHTS]
    if everything == bool(names):
        raise InterplayError("name at least one data set, or give --all; known: " + ", ".join(known))
    wanted = known if everything else [find_asset(name).name for name in names or []]
    failures: list[str] = []
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(soft_wrap=True, highlight=False, markup=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", visible=False)

        def say(line: str) -> None:
            bar.reset(task, visible=False)
            console.print(visible(line), emoji=False)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None, visible=True)

        for name in wanted:
            try:
                fetch_one(name, root, say=say, progress=progress, source=source)
            except InterplayError as error:
                if len(wanted) == 1:
                    raise
                say(f"error: {error}")  # the others may still be had
                failures.append(name)
    if failures:
        raise InterplayError(f"not fetched: {', '.join(failures)}; the lines above say why")
