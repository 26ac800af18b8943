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
PLACEHOLDER = {"type": "string", "pattern": "<[a-z][a-z0-9_]*>"}


def json_schemas() -> dict[str, str]:
    """The text of each schema by file name, as it should stand in `config/schemas/`."""
    protocols = {f"protocol-{name}": experiment.protocol for name, experiment in experiments().items()}
    schemas = {name: model.model_json_schema() for name, model in (MODELS | protocols).items()}
    schemas["claims"] = as_written(schemas["claims"])
    return {f"{name}.json": _text(schema) for name, schema in schemas.items()}


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


def as_written(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a file of claims as people write it: with patterns, and with thresholds and preconditions by name.

    Wherever a claim has a value, `<placeholder>` may stand in a claim `over` a pattern.
    """
    defs = {name: _with_placeholders(node) for name, node in schema["$defs"].items()}
    claim = defs["Claim"]["properties"]
    kinds = ("Precondition", "GroupPrecondition", "AveragePrecondition")
    precondition = [{"$ref": f"#/$defs/{name}"} for name in kinds]
    claim |= {
        "over": _anything("patterns that the claim is said over", {"type": "string"}, _list({"type": "string"})),
        "only": _list({"type": "string"}) | {"description": "members of which alone it is said"},
        "with": _by_name({"type": "object"}) | {"description": "fields that are otherwise for one member, by its key"},
        "threshold": _anything("", {"type": "string"}, claim["threshold"]),
        "valid_if": _list(_anything("", {"type": "string"}, *precondition)),
    }
    properties = schema["properties"] | {
        "patterns": _by_name(_by_name({"type": ["object", "null"]})),
        "thresholds": _by_name({"$ref": "#/$defs/Threshold"}),
        "preconditions": _by_name(_anything("", *precondition)),
    }
    return schema | {"$defs": defs, "properties": properties}


def _with_placeholders(node: Any, key: str = "") -> Any:
    """A schema of which every value may be text with a placeholder; `kind` tells tests apart and stays as it is."""
    if isinstance(node, list):
        return [_with_placeholders(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {name: _with_placeholders(value, name) for name, value in node.items()}
    if key == "properties":
        return {name: value if name == "kind" else _anything("", PLACEHOLDER, value) for name, value in inner.items()}
    return inner | ({"items": _anything("", PLACEHOLDER, inner["items"])} if "items" in inner else {})


def _anything(description: str, *schemas: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(schemas)} | ({"description": description} if description else {})


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _by_name(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
