"""Where a profile sends the jobs of a workflow, and the end of those that one which was killed left on a cluster.

Jobs of Slurm bear a name of the checkout, by which they are found again from any machine of the cluster.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from interplay.errors import InterplayError
from interplay.markup import last_line, say
from interplay.protocols.sourced import read_yaml
from supervision import sole_workflow

CALL_SECONDS = 60
PLUGIN = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Profile:
    """A folder with settings of Snakemake.

    Attributes:
        executor: `local`, or the plugin that submits jobs.
        config: values of the configuration, `name=value`.
        resources: what all jobs together may take, `name=number`.
        storage: where files are staged, a prefix like `s3://bucket/folder`; empty where all machines share a folder.
    """

    path: Path
    executor: str
    config: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    storage: str = ""

    @property
    def here(self) -> bool:
        """Whether jobs run on this machine."""
        return self.executor == "local"

    @property
    def data(self) -> Path:
        """The folder of data sets that its configuration names."""
        return Path(dict(one.split("=", 1) for one in self.config).get("data_root", "data"))

    @property
    def planning(self) -> Profile:
        """The one to plan by on this machine: wherever jobs go, the same are due."""
        return replace(HERE, config=self.config)


HERE = Profile(Path("profiles/default"), "local", resources=("gpu=1",))


def given_profile(given: str) -> Profile:
    """The profile of `PROFILE=`, or that of this machine; raises as `load_profile` does."""
    return load_profile(Path(given)) if given else HERE


def shared_profile(given: str) -> Profile:
    """The profile of `PROFILE=`, of which the results lie here.

    Raises:
        InterplayError: as for `load_profile`, and for one that stages its files elsewhere.
    """
    profile = given_profile(given)
    if profile.storage:
        raise InterplayError(
            f"{profile.path}: {profile.storage} is not looked into from here; only reproduce works with it"
        )
    return profile


def load_profile(path: Path) -> Profile:
    """A profile for which everything is there.

    Raises:
        InterplayError: no profile, one that cannot be read, or one whose plugin or cluster is missing here.
    """
    file = path / "config.yaml"
    if not file.is_file():
        known = ", ".join(str(one.parent) for one in sorted(Path("profiles").glob("*/config.yaml")))
        raise InterplayError(f"PROFILE={path}: no {file}; there are {known}")
    content = read_yaml(file)
    lists = {name: content.get(name, []) for name in ("config", "resources")}
    for name, entries in lists.items():
        if not isinstance(entries, list) or not all(isinstance(one, str) and "=" in one for one in entries):
            raise InterplayError(f"{file}: {name}: expected a list of name=value")
    words = {"executor": "local", "default-storage-provider": "", "default-storage-prefix": ""}
    given = {name: content.get(name, default) for name, default in words.items()}
    for name, value in given.items():
        if not isinstance(value, str):
            raise InterplayError(f"{file}: {name}: expected a word")
    executor, provider, storage = given.values()
    profile = Profile(path, executor, tuple(lists["config"]), tuple(lists["resources"]), storage)
    _check_installed(profile, provider)
    return profile


def _check_installed(profile: Profile, provider: str) -> None:
    name = profile.executor
    if provider and not _is_plugin("storage", provider):
        raise InterplayError(
            f"{profile.path}: the storage plugin {provider} is not installed and in no lock; "
            f".venv/bin/python -m pip install snakemake-storage-plugin-{provider}"
        )
    if not profile.here and not _is_plugin("executor", name):
        raise InterplayError(
            f"{profile.path}: the executor plugin {name} is not installed; slurm and kubernetes come by "
            "make setup EXTRAS=clusters"
        )
    if name == "slurm" and shutil.which("sbatch") is None:
        raise InterplayError(f"{profile.path}: no sbatch here; start it on a login node of the cluster")


def _is_plugin(kind: str, name: str) -> bool:
    module = f"snakemake_{kind}_plugin_{name.replace('-', '_')}"
    return PLUGIN.fullmatch(name) is not None and importlib.util.find_spec(module) is not None


def job_prefix(lock: Path) -> str:
    """What the names of a checkout's jobs on a cluster begin with."""
    return f"interplay-{hashlib.sha256(str(lock.resolve()).encode()).hexdigest()[:12]}"


@contextmanager
def alone(lock: Path, profile: Profile = HERE) -> Iterator[None]:
    """Hold the lock of a checkout, when all that a killed workflow left is ended: processes, and jobs on a cluster.

    Jobs of this one are ended when it ends. That there may be some is noted beside the lock, so that a later workflow
    looks for them whatever its profile.

    Raises:
        BusyError: another workflow is at work.
        InterplayError: the lock cannot be had, or jobs that were left cannot be ended.
    """
    note = lock.with_suffix(".submitted")
    with sole_workflow(lock):
        if note.is_file():
            try:
                cancel_jobs(job_prefix(lock))
            except InterplayError as error:
                hint = f"run it on a login node of the cluster, or delete {note} if no job of it is left (squeue --me)"
                raise InterplayError(f"{error}; {hint}") from error
            note.unlink()
        if profile.executor != "slurm":
            yield
            return
        note.touch()
        try:
            yield
        finally:
            _end_own(lock, note)


def _end_own(lock: Path, note: Path) -> None:
    """End the jobs of this workflow; where that fails what was made stands, and the next one tries again."""
    try:
        cancel_jobs(job_prefix(lock))
        note.unlink()
    except InterplayError as error:
        say(f"warning: {error}; the next make in this checkout ends them", err=True)


def cancel_jobs(prefix: str) -> None:
    """End one's own jobs of Slurm whose names begin with `prefix`, and wait until none of them runs.

    Raises:
        InterplayError: it cannot be known whether some are left, or they do not end; one line.
    """
    jobs: list[str] = []
    for _ in range(CALL_SECONDS):
        listed = _call("squeue", "--me", "--noheader", "--format", "%A %j")
        jobs = [line.split()[0] for line in listed.splitlines() if line.split()[1].startswith(prefix)]
        if not jobs:
            return
        _call("scancel", *jobs)
        time.sleep(1)
    raise InterplayError(f"jobs {', '.join(jobs)} of an earlier workflow do not end; see squeue --me")


def _call(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InterplayError(f"{command[0]}: {error}; jobs of a workflow may still be at work") from error
    if done.returncode and command[0] == "squeue":
        raise InterplayError(f"squeue: {last_line(done.stderr)}; jobs of a workflow may still be at work")
    return done.stdout
