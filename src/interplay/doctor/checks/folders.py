"""Folders that are written to, and file systems that keep what the workflow relies on."""

from __future__ import annotations

from collections.abc import Iterator

from interplay.doctor.diagnosis import Diagnosis, check, mend, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs

_LOCAL_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "9p", "afs")
_CLUSTER = ("ceph", "lustre", "gpfs", "beegfs", "glusterfs", "fuse.glusterfs", "fuse.sshfs", "fuse.s3fs")
OVER_A_NETWORK = frozenset((*_LOCAL_NETWORK, *_CLUSTER))
ELSEWHERE = "put the checkout on a disk of this machine (cp -r)"


@check("rights", quick=True)
def rights(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Results, data and the workflow's own folders can be written."""
    refused = {name: folder for name, folder in machine.folders.items() if folder.refused}
    for name, folder in refused.items():
        found = f"{folder.path} cannot be written ({folder.refused})"
        to_fetch = any(one.state in ("missing", "damaged") and not one.by_hand for one in machine.assets)
        if name == "data" and not to_fetch:
            yield note(
                f"{found}; all data are there", "what is decoded of them cannot be kept, which costs seconds a job"
            )
        else:
            yield mend(found, f"mend the rights of that folder, or {ELSEWHERE}")
    if not refused:
        yield ok(f"{', '.join(machine.folders)} can be written")


@check("file system", quick=True)
def file_system(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Locks exclude, and a file takes another's place at once."""
    kinds = {}
    for folder in machine.folders.values():
        where = f"{folder.path} ({folder.kind or 'unknown file system'} at {folder.mount})"
        if folder.locks is False:
            yield mend(f"{where} keeps no locks, so that two workflows could meet", ELSEWHERE)
            return
        if folder.replaces is False:
            yield mend(
                f"{where} cannot put a file in another's place, so that a crash could leave half a file", ELSEWHERE
            )
            return
        kinds[str(folder.mount)] = folder.kind
    remote = [f"{mount} is {kind}" for mount, kind in kinds.items() if kind in OVER_A_NETWORK]
    if remote:
        yield note(
            f"{', '.join(remote)}; locks and renames work from here, whether they do between machines cannot be seen",
            "run one workflow at a time in this checkout",
        )
    else:
        names = sorted({kind or "unknown" for kind in kinds.values()})
        yield ok(f"{', '.join(names)}: locks exclude, files replace each other")
