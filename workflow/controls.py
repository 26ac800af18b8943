"""Run the negative controls of a tier and put every claim to them: what `make controls` does.

Controls that are runs go below `results/controls/<control>/`; what is there already is not run again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clusters import alone, shared_profile
from entry import ends_in_one_line, interrupted
from interplay.errors import InterplayError
from interplay.protocols.controls import load_controls
from interplay.protocols.setup import load_setup
from interplay.protocols.tiers import check_device
from interplay.records.machine import bound_threads, settle
from reproduce import CONFIG, LOCK, ROOT, activated, cores_given, not_all_made, parser_of, run_snakemake
from supervision import INTERRUPTED, die_with_parent, run_marked

FOLDER = Path("results/controls")


@ends_in_one_line
def main() -> int:
    arguments = parser_of(__doc__).parse_args()
    os.chdir(ROOT)
    die_with_parent()
    if arguments.data or arguments.set:
        raise InterplayError(
            "controls are of a tier as it is configured, with data of their own: leave out DATA and SET"
        )
    settle(os.environ)
    bound_threads(os.environ)
    plain = load_setup(CONFIG, arguments.tier)
    device = check_device(arguments.device or plain.tier.compute.device)
    profile = shared_profile(arguments.profile)
    cores = cores_given(arguments.cores, profile)
    results = Path("results") / plain.folder
    with alone(LOCK, profile):
        if status := run_snakemake(plain, device, cores, ["records"], profile=profile):
            return not_all_made(status, results)
        for name, control in load_controls(CONFIG).items():
            if control.surrogate is None:
                setup = load_setup(CONFIG, arguments.tier, control.data, control.set)
                status = run_snakemake(setup, device, cores, ["records"], FOLDER / name, profile=profile)
                if status:
                    return not_all_made(status, FOLDER / name)
        command = ["controls", "--results", str(results), "--runs", str(FOLDER)]
        status = run_marked([sys.executable, "-m", "interplay", *command], LOCK, activated(os.environ))
    return interrupted() if status == INTERRUPTED else status


if __name__ == "__main__":
    sys.exit(main())
