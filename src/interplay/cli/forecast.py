"""`interplay forecast`: what a tier, or one claim, will cost before it runs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Chosen, Config, Data, Device, Results, Tier
from interplay.markup import plain_table, say, show


@app.command()
def forecast(
    claim: Annotated[str | None, typer.Option("--claim", help="only what this claim needs")] = None,
    tier: Tier = "smoke",
    data: Data = None,
    device: Device = None,
    config: Config = Path("config"),
    results: Results = Path("results"),
    chosen: Chosen = None,
) -> None:
    """Forecast the time of every job, scaled from earlier runs on the same kind of device (results/, reference)."""
    from interplay.protocols.claim_files import find_claim, load_claims, selectors
    from interplay.protocols.forecast import duration, measured_runs
    from interplay.protocols.forecast import forecast as estimate
    from interplay.protocols.plan import needed_jobs, plan_jobs
    from interplay.protocols.setup import load_setup
    from interplay.protocols.tiers import check_device

    setup = load_setup(config, tier, data, chosen or ())
    jobs = plan_jobs(setup)
    if claim is not None:
        jobs = needed_jobs(jobs, selectors(find_claim(load_claims(config / "claims"), claim)))
    estimates = estimate(jobs, measured_runs(results), check_device(device or setup.tier.compute.device))
    rows = []
    for one in estimates:
        time = "unknown" if one.seconds is None else duration(one.seconds)
        rows.append([f"{one.job.experiment} {one.job.name}", str(len(one.job.runs)), one.device, time, one.basis])
    # Lines break for a person's terminal only: in a pipe, `grep` finds a job with its time on one line.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    head = ("job", "runs", "on", "time", "scaled from")
    show(plain_table(head, rows, "lrlrl", width=width, wrap=4))
    known = sum(one.seconds or 0.0 for one in estimates)
    unknown = sum(one.seconds is None for one in estimates)
    say(
        f"{len(estimates)} jobs of {sum(len(one.job.runs) for one in estimates)} runs, {duration(known)} of computing "
        f"if one follows the other" + (f", {unknown} of unknown cost" if unknown else "")
    )
