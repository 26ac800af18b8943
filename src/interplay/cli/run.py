"""`interplay run`: do runs of an experiment and write their records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Chosen, Config, Data, DataRoot, Device, KeepCheckpoints, Results, Threads, Tier
from interplay.markup import say


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="its name; a wrong one is answered with all that exist")],
    which: Annotated[str, typer.Option("--run", help="run, family or glob, like 'cifar10/plain/*'; all else")] = "*",
    tier: Tier = "smoke",
    data: Data = None,
    config: Config = Path("config"),
    results: Results = Path("results"),
    data_root: DataRoot = Path("data"),
    threads: Threads = None,
    device: Device = None,
    chosen: Chosen = None,
    keep_checkpoints: KeepCheckpoints = False,
) -> None:
    """Run an experiment and write one record per run.

    An interrupted command goes on where it stopped. Works without Snakemake, on CPU and GPU.
    """
    from interplay.protocols.claim_files import load_claims
    from interplay.protocols.frozen_claims import freeze_claims
    from interplay.protocols.plan import select_runs
    from interplay.protocols.setup import load_setup
    from interplay.protocols.tiers import check_device
    from interplay.records.machine import bounded

    setup = load_setup(config, tier, data, chosen or ())
    runs = select_runs(setup, experiment, which)

    wanted = check_device(device or setup.tier.compute.device)
    if wanted == "auto" and not any(run.accelerator for run in runs):
        wanted = "cpu"

    from interplay.experiments.runner import run_all
    from interplay.training import pick_device

    if setup.tier.freeze_claims and (config / "claims").is_dir():
        freeze_claims(load_claims(config / "claims"), results / setup.folder)

    written = run_all(
        setup,
        experiment,
        runs,
        results=results / setup.folder,
        data_root=data_root,
        device=pick_device(wanted, max(run.cost.share for run in runs)),
        threads=bounded(threads or setup.tier.threads),
        say=say,
        keep_checkpoints=keep_checkpoints,
    )
    folder = results / setup.folder / "records" / experiment
    say(f"{len(written)} record{'s' * (len(written) != 1)} under {folder}")
