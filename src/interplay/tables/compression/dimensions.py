"""compression25, table of sec. 3.3: dimensionality of every layer of the four scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from interplay.errors import InterplayError
from interplay.evidence.published import Published
from interplay.evidence.scenarios import scenarios
from interplay.records import Record
from interplay.tables.table import Table, Value

PUBLISHED = "compression25/table3.2"
LAYERS = ("1", "2", "3")


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per scenario: height x width x channels of h^1 .. h^3, from the networks at work.

    Raises:
        InterplayError: a record has no table operations.
    """
    rows: list[dict[str, Value]] = []
    for key, runs in scenarios(records).items():
        found = sizes(runs[0])
        known = key.row in published.table(PUBLISHED).rows
        printed = {layer: published.cell(PUBLISHED, key.row, layer).printed if known else None for layer in LAYERS}
        row: dict[str, Value] = {"scenario": key.row}
        for layer in LAYERS:
            row |= {f"published, l = {layer}": printed[layer], f"ours, l = {layer}": found.get(layer)}
        row["equal"] = ("yes" if printed == found else "no") if known else None
        rows.append(row)
    caption = (
        "Height x width x channels of each layer's representation, as networks built as published gave it; no data is "
        "read for that, and tiers and substitutes for data change nothing."
    )
    return Table(tuple(rows[0]), tuple(rows), caption)


def sizes(record: Record) -> dict[str, str]:
    """Sizes by layer, 1 .. 3, in the published form.

    Raises:
        InterplayError: the record has no table operations.
    """
    rows = record.tables.get("operations")
    if not rows:
        raise InterplayError(f"{record.name}: the record has no table operations; delete it and rerun")
    # The last operation of a layer makes its representation.
    found = {str(row["layer"]): f"{row['height']}x{row['width']}x{row['channels']}" for row in rows}
    return {layer: found[layer] for layer in LAYERS if layer in found}
