"""`interplay publish`, `interplay restore` and `interplay export`: results that travel."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Chosen, Config, Data, Results, Tier
from interplay.markup import say

Remote = Annotated[
    str | None,
    typer.Option(help="URL of a remote of DVC, a folder, or a name that DVC knows; DVC's default if not given"),
]


@app.command()
def publish(
    remote: Remote = None,
    tier: Tier = "smoke",
    data: Data = None,
    config: Config = Path("config"),
    results: Results = Path("results"),
    chosen: Chosen = None,
    partial: Annotated[bool, typer.Option("--partial", help="What there is, though records are missing.")] = False,
) -> None:
    """Send a tier's records, networks, figures, tables, verdicts and report to a DVC remote, and write their pin."""
    from interplay.archive.publish import publish as send
    from interplay.protocols.setup import load_setup

    setup = load_setup(config, tier, data, chosen or ())
    pin = send(setup, results, remote=remote, partial=partial, say=say)
    say(f"{pin}: commit it (git add {quote(str(pin))}); `make restore TIER={tier}` then brings these results anywhere")


@app.command()
def restore(
    remote: Remote = None,
    tier: Tier = "smoke",
    data: Data = None,
    level: Annotated[str, typer.Option(help="records, checkpoints (and records of what trained them), or all")] = "all",
    config: Config = Path("config"),
    results: Results = Path("results"),
    chosen: Chosen = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results here that differ.")] = False,
) -> None:
    """Bring what was published of a tier, verified against its pin, and name what is not what is planned now.

    `make restore` does the same and then tells Snakemake what need not be made.
    """
    from interplay.archive.contents import as_level
    from interplay.archive.restore import restore as bring
    from interplay.protocols.setup import load_setup

    setup = load_setup(config, tier, data, chosen or ())
    brought = bring(setup, results, remote=remote, level=as_level(level), force=force, say=say)
    say(f"left to be made: {len(brought.to_do)} jobs" if brought.to_do else "no run is left to be done")


@app.command()
def export(
    output: Annotated[Path, typer.Option(help="The archive to write, a .zip.")],
    tier: Tier = "smoke",
    data: Data = None,
    config: Config = Path("config"),
    results: Results = Path("results"),
    chosen: Chosen = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an archive that is there.")] = False,
) -> None:
    """Pack results, protocols, lock, pins and licences into one archive with an RO-Crate that describes them."""
    from interplay.archive.export import export as pack
    from interplay.protocols.setup import load_setup

    pack(load_setup(config, tier, data, chosen or ()), results, output, force=force, say=say)
