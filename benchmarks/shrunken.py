"""Copies of the checkout in which the whole DAG takes a minute or less: small forms of every experiment, some exhibits.

The small forms stand in `tests/workflow/shrunken/`. Tests and the campaign of crashes run the real workflow on them.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
FORMS = ROOT / "tests/workflow/shrunken"
# What the small forms of the experiments suffice for, of every kind that there is.
EXHIBITS = (
    "metrics24/fig2",
    "metrics24/fig4",
    "metrics24/fig9",
    "metrics24/table2",
    "metrics24/table2.training",
    "metrics24/table3",
    "metrics24/fig7.barriers",
    "interplay24/fig6",
    "note/c2.reliable",
)


def copy_code(folder: Path) -> None:
    """Copy what the workflow is made of, and the pins of the data, into `folder`, which need not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name in ("workflow", "profiles", "config", "src"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (folder / "data").mkdir()
    for path in (ROOT / "data").glob("*.dvc"):
        shutil.copy(path, folder / "data")


def shrink(config: Path, exhibits: Collection[str]) -> None:
    """Give every experiment of the smoke tier its small form, on digits in place of all images; keep some exhibits."""
    for path in (config / "tiers/smoke").glob("*.yaml"):
        path.unlink()
    for path in FORMS.glob("*.yaml"):
        shutil.copy(path, config / "tiers/smoke")
    for path in (config / "catalogue").glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        content["exhibits"] = [entry for entry in content["exhibits"] if entry["ids"][0] in exhibits]
        path.write_text(yaml.safe_dump(content))
    (config / "coverage.yaml").unlink()  # it speaks of the whole catalogue
    path = config / "tiers/smoke.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"disk_gb": 0.01}))
    path = config / "data" / "offline.yaml"
    mapping = yaml.safe_load(path.read_text())
    del mapping["experiments"]
    for entry in mapping["datasets"].values():
        entry |= {"use": "digits", "num_classes": 10, "image": [1, 8, 8], "horizontal_flip": False}
    path.write_text(yaml.safe_dump(mapping))


def keep_experiments(checkout: Path, kept: Collection[str]) -> None:
    """Take the declarations of all other experiments out of a copy of the checkout, and their headlines."""
    for form in FORMS.glob("*.yaml"):
        if form.stem in kept:
            continue
        module = checkout / "src/interplay/protocols" / form.stem
        module = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
        module.write_text(f"{module.read_text()}\nEXPERIMENT = None\n")
        (checkout / "config/tiers/smoke" / form.name).unlink()
    for path in (checkout / "config/catalogue").glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        headlines = content.get("headlines", [])
        content["headlines"] = [entry for entry in headlines if entry["runs"].partition("/")[0] in kept]
        path.write_text(yaml.safe_dump(content))


def override(config: Path, experiment: str, **values: object) -> None:
    """Lay further values over the small form of an experiment."""
    path = config / "tiers/smoke" / f"{experiment}.yaml"
    content = yaml.safe_load(path.read_text())
    content["overrides"] |= values
    path.write_text(yaml.safe_dump(content))
