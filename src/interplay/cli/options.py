"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.markup import say
from interplay.records.machine import usable_cores


def _at_most_usable(threads: int | None) -> int | None:
    if threads is None or threads <= (cores := usable_cores()):
        return threads
    say(f"--threads {threads}: this process may use {cores} cores, so {cores} threads", err=True)
    return cores


Tier = Annotated[str, typer.Option("--tier", help="smoke, review or paper")]
Data = Annotated[str | None, typer.Option("--data", help="published or offline; the tier's own default if not given")]
Config = Annotated[Path, typer.Option("--config", help="folder with protocols, tiers, data mappings and claims")]
Results = Annotated[Path, typer.Option("--results", help="folder below which results/<tier> is written")]
DataRoot = Annotated[Path, typer.Option("--data-root", help="folder of the data sets")]
TierResults = Annotated[Path, typer.Option("--results", help="folder of one tier's results, like results/smoke")]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        callback=_at_most_usable,
        help="CPU threads, bounded by the usable cores; the tier's by default",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device", help="cpu, cuda, cuda:N or auto; the tier's own if not given. A card is this job's until it ends"
    ),
]
Chosen = Annotated[
    list[str] | None,
    typer.Option("--set", help="override <experiment>.path.to.key=value (YAML); may be given again; results go apart"),
]
KeepCheckpoints = Annotated[
    bool,
    typer.Option(
        "--keep-checkpoints",
        envvar="INTERPLAY_KEEP_CHECKPOINTS",
        help="go on from what an earlier session left although code, protocol or inputs changed; the record says so",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="of all that is drawn at random")]
