"""What `dvc.yaml` declares of configuration and results: parameters, metrics and plots, from what there is."""

from __future__ import annotations

from pathlib import Path

import yaml

from interplay.protocols.catalogue import Exhibit, load_catalogue
from interplay.records import visible_files

HEAD = """\
# What DVC is to show and compare between commits. No stages: Snakemake alone runs things (see docs/data.md).
# Made by `python -m interplay.data.documents` from config/ and the entries of data sets.
"""
TIER = "results/smoke"  # the tier that every commit can make; another one is compared by changing its name here


def declarations(config: Path) -> str:
    """`params`, `metrics` and `plots`: every experiment's protocol, headline metrics, and figures' frames.

    Raises:
        InterplayError: the catalogue cannot be read.
    """
    catalogue = load_catalogue(config)
    folders = ("tiers", "data", "experiments")
    content = {
        "params": [
            f"config/{folder}/{path.name}" for folder in folders for path in visible_files(config / folder, "*.yaml")
        ],
        "metrics": [f"{TIER}/metrics/{experiment}.json" for experiment in catalogue.headlines],
        "plots": [_plot(exhibit) for exhibit in catalogue.exhibits if exhibit.plot],
    }
    return HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _plot(exhibit: Exhibit) -> dict[str, dict[str, object]]:
    name, plot = exhibit.ids[0], exhibit.plot
    assert plot is not None
    return {
        name: {
            "template": plot.template,
            "title": f"{name}: {exhibit.title}",
            "x": plot.x,
            "y": {f"{TIER}/figures/{name}.csv": list(plot.y)},
            "x_label": plot.x.replace("_", " "),
            "y_label": ", ".join(plot.y).replace("_", " "),
        }
    }
