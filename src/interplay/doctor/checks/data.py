"""Data sets and weights: at hand and right, to be fetched, or to be put in place by hand."""

from __future__ import annotations

from collections.abc import Iterator

from interplay.doctor.diagnosis import Diagnosis, check, mend, note, ok
from interplay.doctor.machine import Asset, Machine
from interplay.doctor.needs import Needs
from interplay.doctor.sizes import megabytes


@check("data", quick=True)
def data(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Everything that is read is there or can be had without anyone's doing."""
    if not needs.assets:
        yield ok("no file is read")
    for asset in machine.assets:
        if asset.size or asset.by_hand:
            yield _one(asset)


def _one(asset: Asset) -> Diagnosis:
    mending = f"interplay fetch {asset.name}"
    if asset.state == "verified":
        return ok(f"{asset.name}: verified, {megabytes(asset.size)}")
    if asset.state == "damaged":
        return mend(f"{asset.name}: {asset.fault}{_answers(asset)}", f"{mending} puts the right file in its place")
    if asset.state == "there":
        how = (
            "put in place by hand, counted before it is used"
            if asset.by_hand
            else "of the right size, verified before use"
        )
        return ok(f"{asset.name}: {how}")
    if asset.by_hand:
        # No reason to stop: the jobs that read it fail with this instruction, and all others are done.
        return note(f"{asset.name}: not there and cannot be fetched, what reads it will not be run", asset.by_hand)
    found = f"{asset.name}: {megabytes(asset.size)} will be fetched{_answers(asset)}"
    if asset.sources is not None and " answers" not in asset.sources and "not asked" not in asset.sources:
        return note(found, f"see docs/data.md for closed networks, then {mending}")
    return ok(found)


def _answers(asset: Asset) -> str:
    return "" if asset.sources is None else f" ({asset.sources})"
