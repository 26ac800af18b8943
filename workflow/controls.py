"""Run the negative controls of a tier and put every claim to them: what `make controls` does.

Controls that are runs go below `results/controls/<control>/`; what is there already is not run again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from clusters import alone
from interplay.errors import InterplayError
from interplay.protocols.controls import load_controls
from interplay.protocols.setup import load_setup
from interplay.protocols.tiers import check_device
from interplay.records.machine import bound_threads, settle
from reproduce import CONFIG, LOCK, ROOT, cores_given, fail, run_snakemake
from supervision import BusyError, die_with_parent

FOLDER = Path("results/controls")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tier", default="smoke", help="the tier whose claims are put to the controls")
    parser.add_argument("--device", default="", help="cpu, cuda, cuda:N or auto; the tier's own if not given")
    parser.add_argument("--cores", default="", help="at most, and if not given, all that this process may use")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    die_with_parent()
    try:
        settle(os.environ)
        bound_threads(os.environ)
        plain = load_setup(CONFIG, arguments.tier)
        device = check_device(arguments.device or plain.tier.compute.device)
        with alone(LOCK):
            status = run_snakemake(plain, device, cores_given(arguments.cores), ["records"])
            for name, control in load_controls(CONFIG).items():
                if control.surrogate is None and not status:
                    setup = load_setup(CONFIG, arguments.tier, control.data, control.set)
                    status = run_snakemake(setup, device, cores_given(arguments.cores), ["records"], FOLDER / name)
    except InterplayError as error:
        return fail(str(error), 2)
    except BusyError as busy:
        return fail(f"another workflow is at work in this checkout ({busy}); wait or stop it", 1)
    if status:
        return status
    command = ["controls", "--results", f"results/{plain.folder}", "--runs", str(FOLDER)]
    return subprocess.call([sys.executable, "-m", "interplay", *command])


if __name__ == "__main__":
    sys.exit(main())
