"""DVC as a neighbour: asked for a copy before the sources are, and handed what was fetched. It may be absent."""

from __future__ import annotations

import os
from pathlib import Path

from interplay.data.fetching.http import SourceFailure
from interplay.dvc import dvc_executable, repository, run_dvc
from interplay.protocols.assets import Pinned


def take_from_dvc(name: str, pinned: Pinned, root: Path, staging: Path) -> None:
    """Copy a set out of DVC's cache, or else out of the remote if one is configured, to `staging`.

    `dvc get` rather than `dvc checkout` or `pull`: it writes where it is told to, so that what it brings is verified
    like everything else, and a failure leaves the data folder as it was. It would rather copy what lies in the
    workspace than ask the cache, so a damaged set is put aside meanwhile.

    Raises:
        SourceFailure: neither has it.
    """
    executable, repo = dvc_executable(), repository(root)
    if executable is None or repo is None:
        raise SourceFailure("not installed" if executable is None else f"no repository of its own around {root}")
    if not (root / f"{name}.dvc").is_file():
        raise SourceFailure(f"{root / f'{name}.dvc'} is not there")
    path = os.path.relpath(root.resolve() / pinned.path, repo)
    place, aside = root / pinned.path, aside_of(pinned, staging.parent)
    if place.exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        place.replace(aside)
    try:
        failed = run_dvc([executable, "get", "-q", str(repo), path, "-o", str(staging.resolve())], repo).error
    finally:
        if aside.exists():
            aside.replace(place)
    if failed is not None:
        raise SourceFailure(f"neither its cache nor a remote has {name}")


def aside_of(pinned: Pinned, folder: Path) -> Path:
    """Where a set is put aside within the folder of a fetch; one that is killed leaves it there."""
    return folder / "aside" / pinned.path


def hand_to_dvc(name: str, pinned: Pinned, root: Path) -> str | None:
    """Let DVC keep what lies verified in the data folder, after which `dvc status` is clean.

    Returns:
        What happened in a few words, or None where DVC has it already.
    """
    executable, repo = dvc_executable(), repository(root)
    if executable is None or repo is None:
        return "DVC is not installed, left to itself" if executable is None else None
    known, declared = pinned.dvc_md5, root / f"{name}.dvc"
    if known is None or not declared.is_file() or (repo / ".dvc/cache/files/md5" / known[:2] / known[2:]).exists():
        return None
    failed = run_dvc([executable, "commit", "-q", "-f", str(declared.resolve())], repo).error
    return "handed to DVC" if failed is None else f"in place, but `dvc commit {declared}` fails: {failed}"
