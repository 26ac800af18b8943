"""What of each tier fits this machine, about how long it takes, and which job limits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from interplay.doctor.assets import look_at_assets
from interplay.doctor.checks.accelerator import fits_on
from interplay.doctor.examine import examine
from interplay.doctor.look import results_bytes
from interplay.doctor.machine import Machine
from interplay.doctor.needs import needs_of
from interplay.doctor.sizes import gibibytes
from interplay.protocols.forecast import Estimate, Measured, duration, forecast
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import Setup, load_setup
from interplay.protocols.sourced import read_yaml, validate
from interplay.protocols.tiers import Tier
from interplay.records import visible_files

HEAD = ("tier", "data", "jobs", "fits", "in memory", "on a card", "would take about", "longest job", "largest job")


@dataclass(frozen=True)
class Fit:
    """How one tier with one data mapping fits a machine.

    Attributes:
        tier, data: by name.
        jobs: number of jobs, and `in_memory` of those that fit this machine's.
        using_cards: number of jobs that use a card, and `on_card` of those that fit the largest card.
        lacking: checks that would stop it.
        seconds: of all jobs of known cost, as many at once as there is room for; None where none is known.
        unknown: number of jobs whose cost is not known.
        longest: the longest job and its seconds, `largest` the one that declares most memory, and that (MiB).
    """

    tier: str
    data: str
    jobs: int
    in_memory: int
    using_cards: int
    on_card: int
    lacking: tuple[str, ...]
    seconds: float | None
    unknown: int
    longest: tuple[str, float] | None
    largest: tuple[str, int] | None

    @property
    def row(self) -> tuple[str, ...]:
        """Cells of a table, under `HEAD`."""
        time = "not known" if self.seconds is None else duration(self.seconds)
        time += f", {self.unknown} jobs not known" if self.unknown and self.seconds is not None else ""
        all_fit = self.in_memory == self.jobs and self.on_card == self.using_cards
        return (
            self.tier,
            self.data,
            str(self.jobs),
            f"no: {', '.join(self.lacking)}" if self.lacking else "yes" if all_fit else "in part",
            f"{self.in_memory} of {self.jobs}",
            f"{self.on_card} of {self.using_cards}" if self.using_cards else "on the CPU",
            time,
            f"{self.longest[0]}, {duration(self.longest[1])}" if self.longest else "",
            f"{self.largest[0]}, {gibibytes(self.largest[1])}" if self.largest else "",
        )


def fit_tiers(
    machine: Machine,
    earlier: Sequence[Measured],
    config: Path,
    results: Path,
    data: Path,
    device: str | None = None,
) -> list[Fit]:
    """Every tier of the configuration with every data mapping that it allows.

    Args:
        machine: what was seen of this one, with those of its cards alone that torch can compute on.
        earlier: runs from which times are scaled.
        config: folder of the configuration.
        results: folder below which tiers write theirs.
        data: the data folder.
        device: on which all is to run; None is the one of each tier.

    Raises:
        InterplayError: the configuration is not valid.
    """
    fits = []
    for path in visible_files(config / "tiers", "*.yaml"):
        for mapping in validate(Tier, read_yaml(path), path).data:
            setup = load_setup(config, path.stem, mapping)
            fits.append(_fit(setup, device or setup.tier.compute.device, machine, earlier, results, data))
    return fits


def _fit(setup: Setup, device: str, machine: Machine, earlier: Sequence[Measured], results: Path, data: Path) -> Fit:
    on = "cpu" if device == "auto" and not machine.cards else device
    needs = needs_of(setup, on, machine.cores, whole=False)
    seen = replace(
        machine, assets=look_at_assets(needs, data, read=False), results_bytes=results_bytes(results / setup.folder)
    )
    stopping = [found.check for found in examine(seen, needs, quick=True) if found.state == "mend"]
    memory, cards = needs.memory_of_jobs(cards=True), needs.on_cards()
    estimates = forecast(plan_jobs(setup), earlier, on)
    known = [one for one in estimates if one.seconds is not None]
    last = max(known, key=lambda one: one.seconds or 0.0, default=None)
    return Fit(
        tier=setup.tier_name,
        data=setup.data_name,
        jobs=len(estimates),
        in_memory=sum(size <= machine.memory.total_mib for size in memory.values()),
        using_cards=len(cards),
        on_card=sum(fits_on(machine.cards, size) for size in cards.values()),
        lacking=tuple(dict.fromkeys(stopping)),
        seconds=makespan(known, machine, needs.at_once) if known else None,
        unknown=len(estimates) - len(known),
        longest=(f"{last.job.experiment}/{last.job.name}", last.seconds or 0.0) if last else None,
        largest=next(iter(memory.items()), None),
    )


def makespan(known: Sequence[Estimate], machine: Machine, at_once: int) -> float:
    """Seconds of jobs that share cores and one card, however many there are: no less than the longest takes.

    The profile of one machine (`profiles/default`) lets one job at a time use a card.
    """
    slots = {"cpu": at_once * min(1.0, machine.quota or 1.0), "cuda": 1.0}
    spans = [max((one.seconds or 0.0 for one in known), default=0.0)]
    for kind, places in slots.items():
        spans.append(sum(one.seconds or 0.0 for one in known if one.device == kind) / places)
    return max(spans)
