"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Tier = Annotated[str, typer.Option("--tier", help="smoke, review or paper")]
Data = Annotated[str | None, typer.Option("--data", help="published or offline; the tier's own default if not given")]
Config = Annotated[Path, typer.Option("--config", help="folder with protocols, tiers, data mappings and claims")]
Results = Annotated[Path, typer.Option("--results", help="folder below which results/<tier> is written")]
DataRoot = Annotated[Path, typer.Option("--data-root", help="folder of the data sets")]
TierResults = Annotated[Path, typer.Option("--results", help="folder of one tier's results, like results/smoke")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="CPU threads; the tier's number if not given")]
Device = Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:N or auto; the tier's own if not given")]
Chosen = Annotated[
    list[str] | None,
    typer.Option("--set", help="override <experiment>.path.to.key=value (YAML); may be given again; results go apart"),
]
