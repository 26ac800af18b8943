"""JSON schemas of everything that people write in `config/` and that programs read in `results/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from interplay.protocols.catalogue import CatalogueFile, Documents
from interplay.protocols.claims import ClaimFile
from interplay.protocols.coverage import CoverageFile
from interplay.protocols.experiments import experiments
from interplay.protocols.mappings import DataMapping
from interplay.protocols.tiers import Tier, TierOverrides
from interplay.records import Record, write_text_atomically

MODELS: dict[str, type[BaseModel]] = {
    "tier": Tier,
    "tier-overrides": TierOverrides,
    "data-mapping": DataMapping,
    "claims": ClaimFile,
    "catalogue": CatalogueFile,
    "coverage": CoverageFile,
    "documents": Documents,
    "record": Record,
}


def json_schemas() -> dict[str, str]:
    """The text of each schema by file name, as it should stand in `config/schemas/`."""
    protocols = {f"protocol-{name}": experiment.protocol for name, experiment in experiments().items()}
    return {f"{name}.json": _text(model.model_json_schema()) for name, model in (MODELS | protocols).items()}


def write_schemas(folder: Path) -> list[Path]:
    """Write all schemas to `folder` and remove those of models that are gone.

    Returns:
        the files that changed.
    """
    wanted = json_schemas()
    changed = []
    for path in sorted(folder.glob("*.json")):
        if path.name not in wanted:
            path.unlink()
            changed.append(path)
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text_atomically(path, text)
            changed.append(path)
    return changed


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
