"""Publish, restore and pack a tier's results: what `make publish`, `make restore` and `make export` do.

Around the commands of `interplay` of the same names this takes care of Snakemake: what is published or packed is what a
dry run has nothing to say about, and what was restored is entered into Snakemake's notes, so that it need not be made
and a later change of code, protocol or claims makes it again.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from clusters import Profile, alone, shared_profile
from entry import ends_in_one_line
from faults import faults
from interplay.archive.contents import as_level
from interplay.archive.export import export
from interplay.archive.publish import mended, publish, reproduce
from interplay.archive.restore import Restored, restore
from interplay.errors import InterplayError
from interplay.markup import last_line, say
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import Setup
from interplay.records.identity import first_of
from reproduce import (
    CONFIG,
    LOCK,
    ROOT,
    activated,
    asked_for,
    cores_given,
    parser_of,
    snakemake_arguments,
)
from stale import examine
from supervision import die_with_parent, marked

RESULTS = Path("results")


@ends_in_one_line
def main() -> int:
    arguments = _parse()
    os.chdir(ROOT)
    die_with_parent()
    setup, device = asked_for(arguments)
    profile = shared_profile(arguments.profile)
    cores_given(arguments.cores, profile)  # wrong ones are refused here as everywhere
    with alone(LOCK):
        if arguments.what == "publish":
            _publish(setup, device, profile, arguments.remote or None)
        elif arguments.what == "export":
            _export(setup, device, profile, arguments)
        else:
            _restore(setup, device, profile, arguments)
    return 0


def _parse() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("what", choices=("publish", "restore", "export"))
    parser.add_argument("--remote", default="", help="URL, folder or name of a remote of DVC; its default if not given")
    parser.add_argument("--level", default="", help="records, checkpoints or all, which is the default")
    parser.add_argument("--force", default="", help="1: replace results here that differ, or an archive")
    parser.add_argument("--output", default="", help="the archive to write; results/<tier>.zip if not given")
    return parser.parse_args()


def _publish(setup: Setup, device: str, profile: Profile, remote: str | None) -> None:
    _check_nothing_is_due(setup, device, profile)
    pin = publish(setup, RESULTS, remote=remote, say=say)
    add = f"git add {quote(str(pin))}"
    say(f"{pin}: commit it ({add}); with it `make restore TIER={setup.tier_name}` brings these results")


def _export(setup: Setup, device: str, profile: Profile, arguments: argparse.Namespace) -> None:
    force = _forced(arguments)
    _check_nothing_is_due(setup, device, profile)
    output = Path(arguments.output) if arguments.output else RESULTS / f"{setup.folder}.zip"
    export(setup, RESULTS, output, force=force, say=say)


def _forced(arguments: argparse.Namespace) -> bool:
    if arguments.force not in ("", "0", "1"):
        raise InterplayError(f"FORCE={arguments.force}: give 1 to replace, 0 or nothing not to")
    return bool(arguments.force == "1")


def _check_nothing_is_due(setup: Setup, device: str, profile: Profile) -> None:
    """See that `make reproduce` would make nothing, and take nothing away."""
    told = _snakemake(setup, device, profile, ["--dry-run"])
    due = [rule for rule in re.findall(r"^ *(?:local)?rule (\w+):", told, flags=re.MULTILINE) if rule != "all"]
    standing, why = examine(setup, RESULTS, []), ""
    if not due and standing.forced:  # what it has no notes of Snakemake takes for made
        due = list(standing.forced)
        why = f" ({first_of(standing.forced[due[0]])})"
    if due:
        more = f" and {len(due) - 1} more" if len(due) > 1 else ""
        raise InterplayError(f"{standing.out}: not up to date: {due[0]}{why}{more} would run; {reproduce(setup)} first")
    for fault in faults(standing.out, standing.outputs):
        if fault.wrong:
            how = mended(setup, standing.out, fault.path.relative_to(standing.out).as_posix())
            raise InterplayError(f"{fault.path}: {fault.wrong}; {how}")


def _restore(setup: Setup, device: str, profile: Profile, arguments: argparse.Namespace) -> None:
    level = as_level(arguments.level or "all")
    force = _forced(arguments)
    brought = restore(setup, RESULTS, remote=arguments.remote or None, level=level, force=force, say=say)
    _enter(setup, device, profile, brought)
    names = [job.slug for job in brought.to_do]
    left = f"{len(names)} jobs: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}" if names else "no run"
    exhibits = "nothing else" if brought.made else "and figures, tables, metrics, verdicts and report, a minute or two"
    say(f"left to be done: {left}; {exhibits}")
    if names or not brought.made:
        say(f"`make reproduce TIER={setup.tier_name} DATA={setup.data_name}` does it")


def _enter(setup: Setup, device: str, profile: Profile, brought: Restored) -> None:
    """Let Snakemake take note of what was restored, each file with what decides it now."""
    out = RESULTS / setup.folder
    whole = brought.made and len(brought.current) == sum(len(job.outputs) for job in plan_jobs(setup))
    targets = [] if whole else [str(out / path) for path in brought.current if path.startswith("records/")]
    if whole or targets:
        _snakemake(setup, device, profile, ["--touch", "--forceall" if whole else "--force"], targets)


def _snakemake(setup: Setup, device: str, profile: Profile, options: Sequence[str], targets: Sequence[str] = ()) -> str:
    command = [sys.executable, "-m", "snakemake", *options]
    command += snakemake_arguments(setup, device, 1, targets, RESULTS, CONFIG, profile.planning)
    done = subprocess.run(command, env=marked(LOCK, activated(os.environ)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise InterplayError(f"Snakemake: {last_line(done.stderr)}")
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
