"""The commands that remake what the report shows, as a person would type them in the repository's root."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from interplay.protocols.catalogue import Exhibit


@dataclass(frozen=True)
class Commands:
    """Commands for one tier and data mapping; `smoke` is the default of `make` and needs no options.

    The values are those of records and verdicts, and somebody may paste the command: a shell takes each as one word.
    """

    folder: str
    tier: str
    data: str

    @property
    def options(self) -> str:
        """What `make` must be told."""
        return "" if self.tier == "smoke" else f" TIER={quote(self.tier)} DATA={quote(self.data)}"

    @property
    def everything(self) -> str:
        """The whole DAG."""
        return f"make reproduce{self.options}"

    @property
    def report(self) -> str:
        """This report alone, from what is there."""
        return f"interplay report --results {quote(self.folder)}"

    @property
    def verdicts(self) -> str:
        """All verdicts, from the records that are there."""
        return f"interplay verdicts --results {quote(self.folder)}"

    def claim(self, claim_id: str) -> str:
        """One claim and the minimal subgraph below it."""
        return f"make claim ID={quote(claim_id)}{self.options}"

    def exhibit(self, exhibit: Exhibit) -> str:
        """One figure or table and the runs that it needs."""
        return f"make {exhibit.kind} ID={quote(exhibit.ids[0])}{self.options}"

    def exhibit_by_hand(self, exhibit: Exhibit) -> str:
        """The same from records that are there."""
        return f"interplay {exhibit.kind} {quote(exhibit.ids[0])} --results {quote(self.folder)}"

    def run(self, experiment: str, run: str = "*") -> str:
        """Some runs of an experiment, without Snakemake."""
        which = f" --run {quote(run)}" if run != "*" else ""
        return f"interplay run {quote(experiment)}{which} --tier {quote(self.tier)} --data {quote(self.data)}"
