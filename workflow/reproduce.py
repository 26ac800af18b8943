"""Run the workflow for one tier and data mapping, all of it or one exhibit: what `make reproduce` does.

Snakemake decides what there is to do; around it this takes care that only one workflow runs in a checkout, that none of
its processes outlives it, and that it ends with the verdicts. Killed at any moment, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from clusters import HERE, Profile, alone, given_profile, job_prefix
from data_files import drop_marks, due_rules, lacking, lost, sweep
from entry import ends_in_one_line, fail, interrupted
from interplay.doctor import Needs, needs_of, quick_examination
from interplay.errors import InterplayError
from interplay.markup import say, show
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import Setup, load_setup
from interplay.protocols.tiers import check_device
from interplay.records.machine import bound_threads, settle, usable_cores, usable_memory
from interplay.records.store import check_writable
from mending import mend
from outputs import NOTES, files_of, made_of_records, outputs_of
from stale import enter, examine
from supervision import INTERRUPTED, die_with_parent, marked, run_marked

ROOT = Path(__file__).resolve().parents[1]
CONFIG = Path("config")
LOCK = Path(".cache/reproduce.lock")


@ends_in_one_line
def main() -> int:
    arguments = _parse()
    os.chdir(ROOT)
    die_with_parent()
    setup, device = asked_for(arguments)
    profile = given_profile(arguments.profile)
    cores = cores_given(arguments.cores, profile)
    results = Path("results") / setup.folder
    targets, read = _targets(arguments, results)
    # A login node need not be able to do what compute nodes do.
    needs = needs_of(setup, device, cores or 1, read, ROOT, whole=False, made=results)
    if profile.here and not _is_able(needs, results, profile.data):
        return 2
    where = f"{cores} cores" if profile.here else f"jobs by {profile.executor}"
    say(f"tier {setup.tier_name}, {setup.data_name} data, {where}, into {results}", err=True)
    with alone(LOCK, profile):
        status = run_snakemake(setup, device, cores, targets, profile=profile)
    if status:
        return not_all_made(status, results)
    if profile.storage:
        say(f"everything is below {profile.storage}/{results}")
    else:
        _summarise(arguments, results, targets)
    return 0


def parser_of(description: str) -> argparse.ArgumentParser:
    """The options that say what is to be made and with what, whether it is made or planned."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--tier", default="smoke", help="smoke, review or paper")
    parser.add_argument("--data", default="", help="offline or published; the tier's own default if not given")
    parser.add_argument("--set", default="", help="overrides <experiment>.path.to.key=value, separated by spaces")
    parser.add_argument("--device", default="", help="cpu, cuda, cuda:N or auto; the tier's own if not given")
    parser.add_argument("--cores", default="", help="at most, and if not given, all that this process may use")
    parser.add_argument("--profile", default="", help="settings of Snakemake; profiles/default if not given")
    return parser


def asked_for(arguments: argparse.Namespace) -> tuple[Setup, str]:
    """The setup and the device that the options of `parser_of` say, in an environment that workflows can stand in.

    Raises:
        InterplayError: one line on what is given wrongly.
    """
    settle(os.environ)
    bound_threads(os.environ)
    setup = load_setup(CONFIG, arguments.tier, arguments.data or None, overrides_given(arguments.set))
    return setup, check_device(arguments.device or setup.tier.compute.device)


def _parse() -> argparse.Namespace:
    parser = parser_of(__doc__)
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--figure", help="make this figure only, e.g. metrics24/fig2")
    one.add_argument("--table", help="make this table only, e.g. interplay24/table1")
    one.add_argument("--claim", help="judge this claim only")
    return parser.parse_args()


def overrides_given(given: str) -> list[str]:
    """The overrides of `SET=`, one by one."""
    try:
        return shlex.split(given)
    except ValueError as error:
        raise InterplayError(f"SET={given}: {error}; quote values with spaces, like 'grokking.seeds=[0, 1]'") from error


def cores_given(given: str, profile: Profile = HERE) -> int | None:
    """As many as asked for, at most those that this process may use.

    Where jobs go to a cluster, as many as asked for, and None for no limit but that of the profile.
    """
    usable = usable_cores()
    if given and (not (given.isascii() and given.isdecimal()) or int(given) < 1):
        raise InterplayError(f"CORES={given} is no number of cores; give a whole number from 1 up")
    if not profile.here:
        return int(given) if given else None
    if given and int(given) > usable:
        say(f"CORES={given}: this process may use {usable} cores, so {usable}", err=True)
    return min(int(given), usable) if given else usable


def _is_able(needs: Needs, results: Path, data: Path) -> bool:
    """Whether this machine can do it: the quick part of `make doctor`, silent where all is well."""
    found = quick_examination(needs, results, data, ROOT)
    for one in found:
        say(one, err=True)
    stopping = dict.fromkeys(one.check for one in found if one.state == "mend")
    if stopping:
        less = "one claim or figure may need less"
        fail(f"nothing was started; mend first: {', '.join(stopping)} (`make doctor` looks closer; {less})", 2)
    return not stopping


def _targets(arguments: argparse.Namespace, results: Path) -> tuple[list[Path], Sequence[str] | None]:
    """The files asked for, and globs on the records that they are made of; no file and no globs mean everything."""
    if arguments.claim is not None:
        from interplay.protocols.claim_files import find_claim, load_claims, selectors

        claim = find_claim(load_claims(CONFIG / "claims"), arguments.claim)
        return files_of("claim", claim.id, results, CONFIG), selectors(claim)
    for kind in ("figure", "table"):
        wanted = getattr(arguments, kind)
        if wanted is None:
            continue
        known = {name: one for one in load_catalogue(CONFIG).exhibits if one.kind == kind for name in one.ids}
        if wanted not in known:
            raise InterplayError(f"there is no {kind} {wanted!r}; give ID=, one of {', '.join(known)}")
        return files_of(kind, wanted, results, CONFIG), known[wanted].needs
    return [], None


def run_snakemake(
    setup: Setup,
    device: str,
    cores: int | None,
    targets: Sequence[Path | str],
    root: Path = Path("results"),
    variables: Mapping[str, str] = MappingProxyType({}),
    config: Path = CONFIG,
    profile: Profile = HERE,
) -> int:
    """Make `targets` (everything, without any) below `root`; what is there and broken is made again.

    `variables` of the environment come beside those of this process; `config` is the folder of the configuration.

    Returns:
        the exit status.

    Raises:
        InterplayError: the disk is full or read-only, or something below `root` can neither be read nor be taken away;
            one line.
    """
    for folder in (NOTES, root / setup.folder):
        check_writable(folder)  # Snakemake itself ends in tracebacks on a full disk
    mend(root / setup.folder, outputs_of(plan_jobs(setup), made_of_records(setup.config)))
    standing = examine(setup, root, targets)
    enter(standing)
    environment = activated(dict(os.environ) | dict(variables))
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT / "workflow/progress"), environment.get("PYTHONPATH")])
    )

    def make(files: Sequence[Path | str], forced: Iterable[str]) -> int:
        arguments = snakemake_arguments(setup, device, cores, files, root, config, profile, forced)
        return run_marked([sys.executable, "-m", "snakemake", "--logger", "interplay", *arguments], LOCK, environment)

    drop_marks(profile.data)
    sweep(profile.data)
    if not profile.storage and (gone := lost(standing.jobs, standing.out, profile.data)):
        arguments = snakemake_arguments(
            setup, device, cores or 1, targets, root, config, profile.planning, standing.forced
        )
        due = due_rules(arguments, gone, marked(LOCK, environment))
        # If they cannot be had, all that ever read them would be taken for stale.
        if (files := lacking(standing.jobs, gone, due, profile.data)) and (status := make(files, ())):
            return status
    return make(targets, standing.forced)


def activated(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables under which rules find `interplay` by its name, whether the environment is activated or not."""
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    return {**environment, "PATH": path}


def snakemake_arguments(
    setup: Setup,
    device: str,
    cores: int | None,
    targets: Sequence[Path | str],
    root: Path,
    config: Path,
    profile: Profile = HERE,
    forced: Iterable[str] = (),
) -> list[str]:
    """What Snakemake is told, whether it is to make `targets` or to say what that would take.

    `forced` are rules that are run though it takes their outputs for made: those that `stale.examine` found.
    """
    arguments = ["--profile", str(profile.path)]
    arguments += ["--workflow-profile", "none"]  # or profiles/default would override what another profile says
    arguments += ["--nolock"]  # the lock is ours, and no killed process leaves it behind
    arguments += ["--cores", str(cores)] if cores is not None else []
    if profile.here:  # jobs that do not fit beside each other wait for one another; one that is larger runs alone
        bounded = any(one.startswith("mem_mb=") for one in profile.resources)
        arguments += ["--resources", *profile.resources, *([] if bounded else [f"mem_mb={usable_memory().total_mib}"])]
    else:
        arguments += ["--local-cores", str(usable_cores())]
    arguments += ["--slurm-jobname-prefix", job_prefix(LOCK)] if profile.executor == "slurm" else []
    # What a profile says of the configuration would be overridden by what is said here.
    arguments += ["--config", *profile.config]
    arguments += [f"tier={setup.tier_name}", f"data={setup.data_name}", f"device={device}"]
    arguments += [f"results={root}", f"config={config}"]
    arguments += [f"set={json.dumps(setup.chosen)}"] if setup.chosen else []
    arguments += ["--forcerun", *forced] if forced else []
    return arguments + (["--", *map(str, targets)] if targets else [])


def not_all_made(status: int, results: Path) -> int:
    """Say that a workflow ended before everything was made, and why, and give its status back."""
    if status == INTERRUPTED:
        return interrupted()
    said = "not everything was made; see above"
    try:
        check_writable(results)
    except InterplayError as error:
        said = str(error).removesuffix(" and run the same command again")
    return fail(f"{said}. What was made is kept, the same command goes on", status)


def _summarise(arguments: argparse.Namespace, results: Path, targets: list[Path]) -> None:
    if arguments.claim is not None:
        from interplay.evidence import read_verdicts, render_ladder

        show(render_ladder(read_verdicts(targets[0])[0]))
    elif not targets:
        from interplay.evidence import read_verdicts, render_verdicts

        show(f"\n{render_verdicts(read_verdicts(results / 'verdicts.json'))}\n")
        say(f"report: {results / 'report/index.html'}")
    for target in targets:
        say(target)


if __name__ == "__main__":
    sys.exit(main())
