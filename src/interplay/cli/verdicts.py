"""`interplay verdicts`: judge the claims on the records of one results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app


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
    tier: Annotated[str | None, typer.Option(help="Tier, where there are no records yet to tell it.")] = None,
    data: Annotated[str | None, typer.Option(help="Data mapping, where there are no records yet.")] = None,
) -> None:
    """Give every claim a verdict and write them as JSON."""
    from interplay.evidence import judge, load_published, render_verdicts, write_verdicts
    from interplay.evidence.inputs import find_records, setup_of
    from interplay.evidence.summary import render_counts
    from interplay.protocols.claim_files import find_claim, load_claims

    claims = load_claims(config / "claims")
    if claim is not None:
        claims = [find_claim(claims, claim)]
    records = find_records(results, claims)
    tier_name, data_name = setup_of(results, records, tier, data, config)
    judged = judge(claims, records, load_published(config / "published"), tier_name, data_name)
    default = results / "verdicts.json" if claim is None else results / "verdicts" / f"{claim}.json"
    write_verdicts(judged, output or default)
    if summary:
        typer.echo(render_verdicts(judged))
    elif claim is not None:
        typer.echo(f"{claim}: {judged[0].verdict}. {judged[0].sentence}")
    else:
        typer.echo(f"Verdicts: tier {tier_name}, {data_name} data\n\n{render_counts(judged)}\n")
        typer.echo(f"written to {output or default}")
