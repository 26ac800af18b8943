"""One number out of a record, or one line that says that it is not there."""

from __future__ import annotations

from interplay.errors import InterplayError
from interplay.records.schema import Record


def metric(record: Record, name: str) -> float:
    """A metric of a run.

    Raises:
        InterplayError: it is not there.
    """
    if name not in record.metrics:
        raise InterplayError(f"{record.name}: no metric {name!r}; delete the record and rerun")
    return record.metrics[name]


def setting(record: Record, name: str) -> float:
    """A number among the settings of a run.

    Raises:
        InterplayError: it is not there.
    """
    value = record.settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InterplayError(f"{record.name}: its settings lack {name}; delete the record and rerun")
    return float(value)
