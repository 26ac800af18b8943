"""Which records a results folder holds for some claims, and of which tier and data mapping they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

from interplay.errors import InterplayError
from interplay.protocols.claim_files import selectors
from interplay.protocols.claims import Claim, DataName, OurMapping, OurTier, TierName
from interplay.records import Record, select_records, visible_files


def find_records(results: Path, claims: Iterable[Claim]) -> list[Record]:
    """Read the records below `<results>/records` that one of the claims is about, and no others.

    Raises:
        InterplayError: the folder does not exist, or a record cannot be read.
    """
    if not results.is_dir():
        raise InterplayError(f"{results}: no such folder; make it with `make reproduce` or name another with --results")
    return select_records(results, {pattern for claim in claims for pattern in selectors(claim)})


def setup_of(
    results: Path,
    records: Sequence[Record],
    tier: str | None = None,
    data: str | None = None,
    config: Path | None = None,
) -> tuple[TierName, DataName]:
    """Tier and data mapping: as asked for, else as the records say, else as the folder's name says.

    The folder is called `<tier>` or `<tier>-<data>`; `smoke` alone means offline data, the other tiers published data.
    Without records, only tiers and mappings of `config` are believed (those that come along, where it has none).

    Raises:
        InterplayError: the records disagree, or there are none and the folder's name is no tier.
    """
    setups = sorted({(record.tier, record.data_mapping) for record in records})
    if len(setups) > 1:
        found = ", ".join(f"{one} on {other} data" for one, other in setups)
        raise InterplayError(f"{results}: records of several setups ({found}); keep each in a folder of its own")
    named = results.resolve().name.partition("+")[0].partition("-")
    fallback_tier = setups[0][0] if setups else named[0]
    fallback_data = setups[0][1] if setups else named[2] or ("offline" if named[0] == "smoke" else "published")
    if not setups:
        for value, kind, ours, option in (
            (tier or fallback_tier, "tiers", get_args(OurTier), "--tier"),
            (data or fallback_data, "data", get_args(OurMapping), "--data"),
        ):
            own = [path.stem for path in visible_files(config / kind, "*.yaml")] if config is not None else []
            if value not in (known := own or ours):
                raise InterplayError(f"{results}: {value!r} is none of {', '.join(known)}; say which with {option}")
    return tier or fallback_tier, data or fallback_data
