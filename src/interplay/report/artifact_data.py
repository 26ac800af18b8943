"""Data sets and weights: from where, how much, under which licence, and which tiers read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from interplay.markup import markdown_code as code
from interplay.markup import markdown_table, markdown_text
from interplay.protocols.assets import AptSource, DatasetInfo, Pinned, WeightsInfo
from interplay.protocols.datasets import DATASETS
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import read_yaml, validate
from interplay.protocols.tiers import Tier
from interplay.protocols.weights import WEIGHTS
from interplay.records import visible_files


def sources(config: Path) -> str:
    """A row for each set of files: those that are fetched, and those that users put in place themselves."""
    readers = _readers(config)
    shown: list[DatasetInfo | WeightsInfo] = []
    shown += [info for info in DATASETS.values() if (info.pinned or info.placed) and not info.permuted_from]
    rows = [
        [code(info.name), markdown_text(info.title), _size(info), _from(info), markdown_text(info.licence), by]
        for info in [*shown, *WEIGHTS.values()]
        for by in (", ".join(readers.get(info.name, ())) or "no tier",)
    ]
    return markdown_table(("name", "what", "size", "sources, in the order tried", "licence", "read by"), rows)


def licence_of(name: str) -> str:
    """The licence of a data set or weights; `unknown` of one that the catalogue does not have."""
    info = DATASETS.get(name) or WEIGHTS.get(name)
    return info.licence if info is not None else "unknown"


def source_of(name: str) -> str:
    """Where a data set or weights come from, in Markdown; `unknown` of one that the catalogue does not have."""
    info = DATASETS.get(name) or WEIGHTS.get(name)
    return _from(info) if info is not None else "unknown"


def origins() -> dict[str, list[str]]:
    """Title, licence and source of all data sets and weights by name: what is said of them wherever they are named."""
    known: dict[str, DatasetInfo | WeightsInfo] = {**DATASETS, **WEIGHTS}
    return {name: [info.title, info.licence, _from(info)] for name, info in known.items()}


def _readers(config: Path) -> dict[str, list[str]]:
    """Tiers and data mappings by the sets and weights that they read, those too that other sets are made of."""
    found: dict[str, list[str]] = {}
    for path in visible_files(config / "tiers", "*.yaml"):
        for data in validate(Tier, read_yaml(path), path).data:
            jobs = plan_jobs(load_setup(config, path.stem, data))
            read = {origin for job in jobs for name in job.datasets for origin in _origins(name)}
            for name in sorted(read | {name for job in jobs for name in job.weights}):
                found.setdefault(name, []).append(f"{path.stem} {data}")
    return found


def _origins(name: str) -> Sequence[str]:
    info = DATASETS[name]
    shared = (info.permuted_from,) if info.permuted_from else info.drawn_from
    return (name, *(origin for made_of in shared for origin in _origins(made_of)))


def _forms(info: DatasetInfo | WeightsInfo) -> tuple[Pinned, ...]:
    if isinstance(info, WeightsInfo):
        return info.forms
    return (info.pinned,) if info.pinned else ()


def _size(info: DatasetInfo | WeightsInfo) -> str:
    forms = _forms(info)
    if not forms:
        return "not pinned"
    size = forms[0].size
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _from(info: DatasetInfo | WeightsInfo) -> str:
    """`published (www.cs.toronto.edu), debian (package dataset-fashion-mnist)`, or how it comes about."""
    said = []
    for form in _forms(info):
        for source in form.sources:
            where = f"package {source.package}" if isinstance(source, AptSource) else urlsplit(source.url).hostname
            said.append(f"{source.name} ({where})")
    if said:
        return markdown_text(", ".join(said))
    assert isinstance(info, DatasetInfo)
    if info.placed is not None:
        return markdown_text(f"by hand: {info.placed.how}")
    if info.origin == "installed":
        return markdown_text(f"comes with {info.library}")
    made_of = ", ".join(code(name) for name in info.drawn_from)
    return f"rendered here from {made_of or f'what {info.library} ships'}"
