"""`interplay controls`: put every claim to the negative controls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Config
from interplay.markup import show


@app.command()
def controls(
    results: Annotated[Path, typer.Option(help="Results folder of one tier, whose claims are put to the controls.")],
    runs: Annotated[Path, typer.Option(help="Folder with the runs of the controls, one folder for each.")],
    config: Config = Path("config"),
) -> None:
    """Tell which claims come out where they cannot be so, and are vacuous; exit status 1 if there are any.

    The runs are made by `make controls`. A claim that must come out on a control says why (`passes`).
    """
    from interplay.evidence import load_published
    from interplay.evidence.control_tables import render_controls
    from interplay.evidence.controls import put_to_controls
    from interplay.evidence.levels_at_hand import load_level
    from interplay.protocols.claim_files import load_claims
    from interplay.protocols.controls import load_controls

    claims = load_claims(config / "claims")
    named = load_controls(config)
    found = {name: next(iter(sorted((runs / name).glob("*/records"))), None) for name in named}
    run = {name: load_level(path.parent, claims, config) for name, path in found.items() if path is not None}
    put = put_to_controls(claims, named, load_level(results, claims, config), run, load_published(config / "published"))
    show(render_controls(put, named))
    if any(result.passed and not result.excused for result in put):
        raise typer.Exit(1)
