"""Runs by setting and method: a run is named `<experiment>/<setting>/<method>/seed<n>`, a setting like `cifar10/40`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from interplay.records import Record

Methods = dict[str, list[Record]]


def setting_and_method(record: Record) -> tuple[str, str]:
    """The two parts of a run's name before its seed; empty where the name has no such part."""
    parts = record.run.split("/")
    return "/".join(parts[:-2]), parts[-2] if len(parts) > 1 else ""


def by_setting(records: Iterable[Record], methods: Collection[str]) -> dict[str, Methods]:
    """The runs of some methods in each setting, both by name, methods in the order given."""
    found: dict[str, Methods] = defaultdict(lambda: {name: [] for name in methods})
    for record in sorted(records, key=lambda record: record.name):
        setting, method = setting_and_method(record)
        if method in methods:
            found[setting][method].append(record)
    return {setting: {name: runs for name, runs in found[setting].items() if runs} for setting in sorted(found)}
