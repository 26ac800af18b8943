"""A few metrics of an experiment by variant, means over runs: what DVC shows and compares between commits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import Any

from interplay.errors import InterplayError
from interplay.protocols.catalogue import Headline, load_catalogue
from interplay.records import Record, select_records, write_text_atomically
from interplay.records.values import metric

FINDINGS = "findings"  # stands for all checks of theory in a record


def headlines(records: Sequence[Record], asked: Sequence[Headline]) -> dict[str, Any]:
    """Means over the runs of each variant, with their number as `runs`, nested as the names of the runs are.

    A run is named `<variant>/seed<n>`, or by its variant alone. Metrics that are not finite in every run are left out:
    JSON has no word for them. `findings` counts checks of theory, and those that hold as printed.

    Raises:
        InterplayError: a record lacks a metric.
    """
    variants: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        variants[record.run.rpartition("/seed")[0] or record.run].append(record)
    tree: dict[str, Any] = {}
    for variant, runs in sorted(variants.items()):
        names = [name for one in asked if fnmatchcase(runs[0].name, one.runs) for name in one.metrics]
        if names:
            leaf = tree
            for part in variant.split("/"):
                leaf = leaf.setdefault(part, {})
            leaf |= {"runs": len(runs)} | _means(runs, names)
    return tree


def write_headlines(experiment: str, results: Path, config: Path) -> Path:
    """Write the headline metrics of an experiment to `<results>/metrics/<experiment>.json`.

    Raises:
        InterplayError: the catalogue names none for it, its records do not exist, or one lacks a metric.
    """
    asked = load_catalogue(config).headlines_of(experiment)
    records = select_records(results, [one.runs for one in asked])
    if not records:
        where = results / "records" / experiment
        raise InterplayError(f"{experiment}: no records under {where}; run `interplay run {experiment}`")
    path = results / "metrics" / f"{experiment}.json"
    write_text_atomically(path, json.dumps(headlines(records, asked), indent=1, allow_nan=False) + "\n")
    return path


def _means(runs: Sequence[Record], names: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in dict.fromkeys(names):
        if name == FINDINGS:
            checks = [finding for run in runs for finding in run.findings.values()]
            found |= {FINDINGS: len(checks), "hold_as_printed": sum(one.printed.holds for one in checks)}
            continue
        values = [metric(run, name) for run in runs]
        if all(isfinite(value) for value in values):
            found[name] = fmean(values)
    return found
