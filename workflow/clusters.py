"""Where a profile sends the jobs of a workflow, and the end of those that one which was killed left on a cluster.

Jobs of Slurm bear a name of the checkout, by which they are found again from any machine of the cluster.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from interplay.errors import InterplayError

CALL_SECONDS = 60


@dataclass(frozen=True)
class Profile:
    """A folder with settings of Snakemake.

    Attributes:
        executor: `local`, or the plugin that submits jobs.
        config: values of the configuration, `name=value`.
        storage: where files are staged, a prefix like `s3://bucket/folder`; empty where all machines share a folder.
    """

    path: Path
    executor: str
    config: tuple[str, ...] = ()
    storage: str = ""

    @property
    def here(self) -> bool:
        """Whether jobs run on this machine."""
        return self.executor == "local"


def load_profile(path: Path) -> Profile:
    """A profile for which everything is there.

    Raises:
        InterplayError: no profile, one that cannot be read, or one whose plugin or cluster is missing here.
    """
    file = path / "config.yaml"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(str(one.parent) for one in sorted(Path("profiles").glob("*/config.yaml")))
        raise InterplayError(f"PROFILE={path}: no {file} ({error.strerror}); there are {known}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InterplayError(f"{file}: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise InterplayError(f"{file}: expected settings, `name: value` each, as in profiles/default")
    config = content.get("config", [])
    if not isinstance(config, list) or not all(isinstance(one, str) and "=" in one for one in config):
        raise InterplayError(f"{file}: config: expected a list of name=value")
    storage = str(content.get("default-storage-prefix", ""))
    profile = Profile(path, str(content.get("executor", "local")), tuple(config), storage)
    _check_installed(profile, content.get("default-storage-provider"))
    return profile


def _check_installed(profile: Profile, provider: str | None) -> None:
    name = profile.executor
    if provider and importlib.util.find_spec(f"snakemake_storage_plugin_{provider}") is None:
        raise InterplayError(
            f"{profile.path}: the storage plugin {provider} is not installed and in no lock; "
            f".venv/bin/python -m pip install snakemake-storage-plugin-{provider}"
        )
    if not profile.here and importlib.util.find_spec(f"snakemake_executor_plugin_{name.replace('-', '_')}") is None:
        raise InterplayError(
            f"{profile.path}: the executor plugin {name} is not installed; slurm and kubernetes come by "
            "make setup EXTRAS=clusters"
        )
    if name == "slurm" and shutil.which("sbatch") is None:
        raise InterplayError(f"{profile.path}: no sbatch here; start it on a login node of the cluster")


def job_prefix(lock: Path) -> str:
    """What the names of a checkout's jobs on a cluster begin with."""
    return f"interplay-{hashlib.sha256(str(lock.resolve()).encode()).hexdigest()[:12]}"


@contextmanager
def none_left_behind(profile: Profile, lock: Path) -> Iterator[None]:
    """End this checkout's jobs on the cluster that a killed workflow left, and at the end those of this one.

    That there may be some is noted beside the lock, so that a later workflow looks for them whatever its profile.

    Raises:
        InterplayError: they cannot be ended.
    """
    note = lock.with_suffix(".submitted")
    if note.is_file():
        cancel_jobs(job_prefix(lock))
        note.unlink()
    if profile.executor != "slurm":
        yield
        return
    note.touch()
    try:
        yield
    finally:
        cancel_jobs(job_prefix(lock))
        note.unlink()


def cancel_jobs(prefix: str) -> list[str]:
    """End one's own jobs of Slurm whose names begin with `prefix`, and wait until none of them runs.

    Returns:
        their numbers.
    """
    found: list[str] = []
    for _ in range(CALL_SECONDS):
        listed = _call("squeue", "--me", "--noheader", "--format", "%A %j")
        jobs = [line.split()[0] for line in listed.splitlines() if line.split()[1].startswith(prefix)]
        if not jobs:
            return found
        found += [job for job in jobs if job not in found]
        _call("scancel", *jobs)
        time.sleep(1)
    raise InterplayError(f"jobs {', '.join(found)} of an earlier workflow do not end; see squeue --me")


def _call(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InterplayError(f"{command[0]}: {error}; jobs of an earlier workflow may still be at work") from error
    if done.returncode and command[0] == "squeue":
        raise InterplayError(f"squeue: {done.stderr.strip()}; jobs of an earlier workflow may still be at work")
    return done.stdout
