"""Bringing what was published beside the results, with DVC, and verifying every file of it."""

from __future__ import annotations

import re
from pathlib import Path

from interplay.archive.bench import REMOTE, Bench, size_of
from interplay.archive.contents import MANIFEST, Level, Say, parts_of
from interplay.archive.manifest import FileHashes, Pin, Published, hashes, parse_manifest, pin_path
from interplay.dvc import Said
from interplay.errors import InterplayError

REJECTED = "fetched, but its hash is another"
AGAIN = "run the same command again; if it stays so, "


def bring_manifest(made: Bench, pin: Pin, folder: Path) -> Published:
    """The list of what was published, held against the pin.

    Raises:
        InterplayError: the remote does not have it, or has another.
    """
    place = made.results / folder.name
    made.results.mkdir()
    pin_path(place).write_bytes(pin_path(folder).read_bytes())
    path = place / MANIFEST
    said = made.dvc("pull", "-r", REMOTE, str(path.relative_to(made.root)))
    if not path.is_file():
        out = pin.output(MANIFEST)
        reason = _reason(said, out.md5 if out is not None else "")
        raise InterplayError(
            f"{folder / MANIFEST}: cannot be had from {made.remote} ({reason}); {AGAIN}give another REMOTE, or publish "
            "again"
        )
    if (found := hashes(path).sha256) != pin.meta.manifest_sha256:
        raise InterplayError(
            f"{folder / MANIFEST}: SHA-256 {found[:16]}... where {pin_path(folder)} pins "
            f"{pin.meta.manifest_sha256[:16]}...; what {made.remote} has is not what was published"
        )
    return parse_manifest(path.read_bytes(), str(folder / MANIFEST))


def bring_files(made: Bench, pin: Pin, published: Published, folder: Path, level: Level, say: Say) -> None:
    """Let DVC bring what a level needs beside, and verify every file of it.

    Raises:
        InterplayError: a file is missing or damaged; one line.
    """
    parts = [part for part in parts_of(level) if pin.output(part) is not None]
    wanted = {path: one for path, one in published.files.items() if path.split("/")[0] in parts}
    say(f"{folder.name}: {len(wanted)} files, {size_of(sum(one.size for one in wanted.values()))}, from {made.remote}")
    place = made.results / folder.name
    said = made.dvc("pull", "-r", REMOTE, *(str((place / part).relative_to(made.root)) for part in parts))
    faults = {path: fault for path, one in wanted.items() if (fault := _fault(place / path, one)) is not None}
    if not faults:
        return
    # DVC lays out a part whole or not at all: where a file cannot be had its neighbours are missing too.
    gone = [path for path in faults if not made.cached(wanted[path].md5).is_file()]
    damaged = [path for path in faults if path not in gone and (place / path).is_file()]
    for path in damaged:  # or every later restore would take it from the cache
        made.cached(wanted[path].md5).unlink(missing_ok=True)
    if damaged:
        fault = f"damaged in DVC's cache ({faults[damaged[0]]}), removed from it now"
        raise InterplayError(named(folder, damaged, fault, "run the same command again"))
    refused = [path for path in gone if f"failed to transfer '{wanted[path].md5}'" in said.complaints]
    publish = "`make publish` where the results are, or give another REMOTE"
    for part in parts:
        files = [path for path in wanted if path.split("/")[0] == part]
        out = pin.output(part)
        if out is None or out.nfiles is None or not set(files) <= set(faults):
            continue
        reason = _reason(said, out.md5)
        if set(files) <= set(gone) - set(refused) or (not gone and reason == REJECTED):
            raise InterplayError(
                f"{folder / part}: none of its {len(files)} files can be had from {made.remote} "
                f"({reason}); {AGAIN}their list, {_key(out.md5)}, is missing there or damaged: {publish}"
            )
    first = (refused or gone or list(faults))[0]
    reason = _reason(said, wanted[first].md5) if gone else said.error or "no reason given"
    mend = f"delete {_key(wanted[first].md5)} there and {publish}" if reason == REJECTED else publish
    fault = f"cannot be had from {made.remote} ({reason})"
    raise InterplayError(named(folder, refused or gone or list(faults), fault, f"{AGAIN}{mend}"))


def _reason(said: Said, md5: str) -> str:
    """Why DVC did not bring the object with that hash, which is not in its cache."""
    if found := re.search(rf"failed to transfer '{re.escape(md5)}' - (.*)", said.complaints):
        return found[1]
    if f"\nmd5: {md5}\n" in said.complaints:
        return "not found there, or no answer"
    return REJECTED if "Checkout failed" in said.complaints else said.error or "no reason given"


def _key(md5: str) -> str:
    """Where a remote of DVC keeps what has that hash."""
    return f"files/md5/{md5[:2]}/{md5[2:]}"


def named(folder: Path, paths: list[str], fault: str, mend: str) -> str:
    """One line that names the first of some files, how many more there are, and how to mend it."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{folder / paths[0]}{more}: {fault}; {mend}"


def _fault(path: Path, wanted: FileHashes) -> str | None:
    if not path.is_file():
        return "missing"
    found = hashes(path)
    return None if found == wanted else f"SHA-256 {found.sha256[:16]}..., published {wanted.sha256[:16]}..."
