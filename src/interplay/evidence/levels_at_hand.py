"""The levels of evidence at hand: folders of results, each of one tier and one data mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from interplay.errors import InterplayError
from interplay.evidence.conditions import published_operations
from interplay.evidence.inputs import find_records, setup_of
from interplay.protocols.claims import Claim, DataName, TierName
from interplay.records import Record
from interplay.records.selection import REFERENCE, folders_beside


@dataclass(frozen=True)
class Level:
    """The records of one folder of results.

    Raises:
        InterplayError: two records share a name, or one is of another tier or mapping than the level.
    """

    name: str
    tier: TierName
    data: DataName
    records: Sequence[Record]
    published_operations: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [record.name for record in self.records]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InterplayError(f"two records are called {twice[0]}; judge one results folder at a time")
        for record in self.records:
            if (record.tier, record.data_mapping) != (self.tier, self.data):
                raise InterplayError(
                    f"record {record.name} is of tier {record.tier} on {record.data_mapping} data, "
                    f"not of {self.tier} on {self.data}; judge each results folder by itself"
                )

    @cached_property
    def names(self) -> frozenset[str]:
        """Of the records."""
        return frozenset(record.name for record in self.records)


def load_levels(
    results: Path,
    claims: Sequence[Claim],
    config: Path,
    tier: str | None = None,
    data: str | None = None,
    beside: Sequence[Path] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Level]:
    """The folder that was asked about, then those `beside` it: by default, all that `folders_beside` finds.

    Of those found, one that cannot be read (left by an older version, say) is left out, and `say` told why.

    Raises:
        InterplayError: a folder that was named does not exist, holds records of several setups, or cannot be read.
    """
    levels = [load_level(results, claims, config, tier, data)]
    for folder in folders_beside(results) if beside is None else beside:
        try:
            records = find_records(folder, claims)
            levels += [_level_of(folder, records, config)] if records else []
        except InterplayError as error:
            if beside is not None:
                raise
            say(f"not counted: {error}")
    return levels


def load_level(
    folder: Path, claims: Sequence[Claim], config: Path, tier: str | None = None, data: str | None = None
) -> Level:
    """The records of a folder that one of the claims is about.

    Raises:
        InterplayError: the folder does not exist, holds records of several setups, or one that cannot be read.
    """
    return _level_of(folder, find_records(folder, claims), config, tier, data)


def _level_of(
    folder: Path, records: Sequence[Record], config: Path, tier: str | None = None, data: str | None = None
) -> Level:
    names = setup_of(folder, records, tier, data, config)
    return Level(name_of(folder), *names, records, published_operations(config))


def name_of(folder: Path) -> str:
    """`smoke`, or `reference/grokking-paper`."""
    path = folder.resolve()
    return f"{REFERENCE}/{path.name}" if path.parent.name == REFERENCE else path.name
