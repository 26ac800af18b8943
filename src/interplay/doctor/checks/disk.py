"""Room on the disks for results, for data that are still to come, and for what is unpacked of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from interplay.doctor.diagnosis import Diagnosis, check, mend, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs
from interplay.doctor.sizes import megabytes
from interplay.records.disk import TO_FREE

FILES_A_RUN = 10  # record, figures, logs and checkpoints; smoke leaves fewer than three


@check("disk", quick=True)
def disk(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Each disk has room for what will be written on it.

    Of a part of the tier its share of the runs is an estimate, since runs write unequal amounts: it stops nothing.
    """
    fetched = sum(one.size for one in machine.assets if one.state in ("missing", "damaged"))
    unpacked = sum(one.unpacked for one in machine.assets)
    whole = (needs.disk_gb or 0.0) * 1e9
    results = max(0.0, min(whole - machine.results_bytes, whole * needs.share))
    wanted: dict[Path, dict[str, float]] = defaultdict(dict)
    wanted[machine.folders["results"].mount]["results"] = results
    wanted[machine.folders["data"].mount] |= {"data": fetched, "unpacked data": unpacked}
    if machine.dvc:
        wanted[machine.folders[".cache"].mount]["data in DVC's cache"] = fetched
    for name in ("results", "data", ".cache"):
        folder = machine.folders[name]
        uses = wanted.pop(folder.mount, None)
        if uses is None:
            continue
        parts = ", ".join(f"{use} {megabytes(size)}" for use, size in uses.items() if size >= 1e6)
        found = f"{megabytes(folder.free)} free on {folder.mount}, {megabytes(sum(uses.values()))} still needed"
        found += f" ({parts})" if parts else ""
        sure = sum(size for use, size in uses.items() if use != "results" or needs.share == 1)
        if folder.free < sum(uses.values()):
            yield (mend if folder.free < sure else note)(found, TO_FREE)
        elif folder.free_files is not None and folder.free_files < FILES_A_RUN * len(needs.runs):
            yield mend(f"{found}, but room for {folder.free_files} more files (inodes)", TO_FREE)
        else:
            yield ok(found)
    if needs.disk_gb is None:
        yield note(
            f"tier {needs.tier} does not declare what its results take", "add disk_gb to its file in config/tiers"
        )
