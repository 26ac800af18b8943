"""What follows from declarations and is kept in files: the tables in docs/data.md, the pins of DVC, dvc.yaml.

`python -m interplay.data.documents` in a checkout writes them anew; a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from interplay.data.ledger import FOLDER
from interplay.markup import markdown_table
from interplay.protocols.assets import Asset, DatasetInfo, Pinned, WeightsInfo
from interplay.protocols.datasets import DATASETS
from interplay.protocols.dvc_file import declarations
from interplay.protocols.labelled import SPLITS
from interplay.protocols.marked import read_page, replace_part
from interplay.protocols.weights import WEIGHTS
from interplay.records import write_text_atomically

MODULE = "interplay.data.documents"


def documents(
    checkout: Path, datasets: Mapping[str, DatasetInfo] = DATASETS, weights: Mapping[str, WeightsInfo] = WEIGHTS
) -> dict[Path, str]:
    """The text of every such file below a checkout as it should be; what stands around the generated parts is kept.

    Raises:
        InterplayError: docs/data.md is missing or has lost its marks, or the catalogue in config/ cannot be read.
    """
    data = checkout / "data"
    pinned = {name: info.pinned for name, info in datasets.items() if info.pinned and not info.permuted_from}
    texts = {data / f"{name}.dvc": text for name, form in pinned.items() if (text := _dvc(form)) is not None}
    placed = [f"/{info.placed.path}" for info in datasets.values() if info.placed]
    ignored = (
        [f"/{form.path}" for form in pinned.values()] + placed + ["/weights", f"/{SPLITS}", f"/{FOLDER}", "/.fetch-*"]
    )
    texts[data / ".gitignore"] = "".join(f"{line}\n" for line in ignored)
    page = checkout / "docs/data.md"
    table = replace_part(read_page(page), page, "data sets", MODULE, _datasets(datasets))
    texts[page] = replace_part(table, page, "weights", MODULE, _weights(weights))
    declared = checkout / "dvc.yaml"
    texts[declared] = f"{declarations(checkout / 'config')}artifacts:\n" + "".join(
        f"  {name}:\n    path: data/{form.path}\n    type: dataset\n    desc: {_described(datasets[name])}\n"
        for name, form in pinned.items()
        if form.dvc_md5 is not None
    )
    return texts


def write_documents(checkout: Path) -> list[Path]:
    """Write what differs, and remove the pins of sets that are gone.

    Returns:
        the files that changed.
    """
    texts = documents(checkout)
    gone = [path for path in sorted((checkout / "data").glob("*.dvc")) if path not in texts]
    for path in gone:
        path.unlink()
    changed = [path for path, text in texts.items() if not path.is_file() or read_page(path) != text]
    for path in changed:
        write_text_atomically(path, texts[path])
    return gone + changed


def _dvc(form: Pinned) -> str | None:
    """A `.dvc` file as `dvc add` writes it; None where DVC cannot know the files, for want of an MD5."""
    if form.dvc_md5 is None:
        return None
    files = f"  nfiles: {len(form.files)}\n" if form.is_folder else ""
    return f"outs:\n- md5: {form.dvc_md5}\n  size: {form.size}\n{files}  hash: md5\n  path: {form.path}\n"


def _described(info: Asset) -> str:
    return json.dumps(f"{info.title} ({info.citation})", ensure_ascii=False)


def _datasets(datasets: Mapping[str, DatasetInfo]) -> str:
    head, rows = ("name", "what", "images", "classes", "splits", "comes from", "licence"), []
    for info in datasets.values():
        shape = "x".join(map(str, info.image_shape)) if info.image_shape else "files of various sizes"
        splits = ", ".join(f"{split} {count:,}" for split, count in info.splits.items())
        origin = {
            "fetched": f"fetched, {_megabytes(info.pinned.size)}" if info.pinned else "",
            "installed": f"installed with {info.library}",
            "rendered": f"rendered here from {_material(info)}",
            "placed": f"put into `data/{info.placed.path}` by hand" if info.placed else "",
        }[info.origin]
        origin = f"made of `{info.permuted_from}`" if info.permuted_from else origin
        what = f"{info.title}: {info.description}"
        rows.append([f"`{info.name}`", what, shape, str(info.num_classes), splits, origin, info.licence])
    return markdown_table(head, rows)


def _material(info: DatasetInfo) -> str:
    """What a set is rendered from: other sets, or the fonts of a library."""
    return ", ".join(f"`{name}`" for name in info.drawn_from) or f"what {info.library} ships"


def _weights(weights: Mapping[str, WeightsInfo]) -> str:
    head, rows = ("name", "what", "files, the first at hand serves", "licence"), []
    for info in weights.values():
        files = ", ".join(f"`{form.path}` ({_megabytes(form.size)})" for form in info.forms)
        rows.append([f"`{info.name}`", f"{info.title}: {info.description}", files, info.licence])
    return markdown_table(head, rows)


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


if __name__ == "__main__":
    for path in write_documents(Path()):
        print(path)
