"""`interplay verdicts`: judge the claims on the records of one results folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.markup import say, show


@app.command()
def verdicts(
    results: Annotated[Path, typer.Option(help="Results folder of one tier; its records are judged.")],
    config: Annotated[Path, typer.Option(help="Folder with claims/ and published/.")] = Path("config"),
    claim: Annotated[str | None, typer.Option(help="Judge this claim only (its id).")] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="File to write [default: <results>/verdicts.json, <results>/verdicts/<claim>.json]."),
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Plain text with the reasons, for logs.")] = False,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="Other results folders that count [default: reference/* and all tiers beside it]."),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Judge this folder's records only.")] = False,
    tier: Annotated[str | None, typer.Option(help="Tier, where there are no records yet to tell it.")] = None,
    data: Annotated[str | None, typer.Option(help="Data mapping, where there are no records yet.")] = None,
) -> None:
    """Give every claim a verdict on the strongest evidence at hand and write them as JSON."""
    from interplay.evidence import judge, load_published, render_ladder, render_verdicts, write_verdicts
    from interplay.evidence.levels_at_hand import load_levels
    from interplay.evidence.summary import render_counts
    from interplay.protocols.claim_files import find_claim, load_claims

    claims = load_claims(config / "claims")
    if claim is not None:
        claims = [find_claim(claims, claim)]
    others = [] if alone else beside
    levels = load_levels(results, claims, config, tier, data, others, partial(say, err=True))
    judged = judge(claims, levels, load_published(config / "published"))
    default = results / "verdicts.json" if claim is None else results / "verdicts" / f"{claim}.json"
    write_verdicts(judged, output or default)
    if summary:
        show(render_verdicts(judged))
    elif claim is not None:
        show(render_ladder(judged[0]))
    else:
        say(f"Verdicts on {', '.join(level.name for level in levels)}")
        show(f"\n{render_counts(judged)}\n")
        say(f"written to {output or default}")
