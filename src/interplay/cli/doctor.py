"""`interplay doctor`: whether this machine can do what a tier asks, and what to mend if not."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Chosen, Config, Data, DataRoot, Device, Results, Tier
from interplay.markup import plain_table, say, show


@app.command()
def doctor(
    tier: Tier = "smoke",
    data: Data = None,
    device: Device = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="only what `make reproduce` looks at before it starts")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online/--offline", help="ask the sources of data that are not there, for some seconds")
    ] = True,
    config: Config = Path("config"),
    results: Results = Path("results"),
    data_root: DataRoot = Path("data"),
    chosen: Chosen = None,
) -> None:
    """Check this machine: a line per check, `ok`, `note` or `mend`, and what to do; exit status 1 to mend something."""
    from interplay.doctor import examine, needs_of
    from interplay.doctor.look import look, look_closely
    from interplay.protocols.setup import load_setup
    from interplay.protocols.tiers import check_device
    from interplay.records.machine import usable_cores

    setup = load_setup(config, tier, data, chosen or ())
    asked = check_device(device) if device else None
    device = asked or setup.tier.compute.device
    own = results / setup.folder
    needs = needs_of(setup, device, usable_cores(), whole=not quick, made=own)
    machine = look(needs, own, data_root) if quick else look_closely(needs, own, data_root, online=online)
    found = examine(machine, needs, quick=quick)
    for one in found:
        say(one)
    if not quick:
        from interplay.doctor.checks.accelerator import usable_cards
        from interplay.doctor.fitting import HEAD, fit_tiers
        from interplay.protocols.forecast import measured_runs

        usable = replace(machine, cards=usable_cards(machine, needs))
        rows = [fit.row for fit in fit_tiers(usable, measured_runs(results), config, results, data_root, asked)]
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        show(f"\n{plain_table(HEAD, rows, 'llrllllll', width=width, wrap=len(HEAD) - 1)}")
    stopping = list(dict.fromkeys(one.check for one in found if one.state == "mend"))
    where = f"tier {setup.tier_name}, {setup.data_name} data, {len(needs.runs):,} runs left"
    verdict = f"to mend first: {', '.join(stopping)}" if stopping else "nothing to mend"
    show(f"\n{where}: {verdict}")
    if stopping:
        sys.exit(1)
