"""What a half-finished run was made by, part by part, so that what changed since can be named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interplay.records.disk import explain
from interplay.records.schema import Record, Strict
from interplay.records.store import write_text_atomically

KEEP_VARIABLE = "INTERPLAY_KEEP_CHECKPOINTS"
HOW_TO_KEEP = f"{KEEP_VARIABLE}=1 takes it over"

Identity = Mapping[str, str]


def make_identity(
    modules: Mapping[str, str], values: Mapping[str, Any], inputs: Mapping[str, str], device: str
) -> dict[str, str]:
    """Everything that decides a run's result, as one flat mapping.

    Args:
        modules: the digest of each module that takes part, as `module_digests` gives them.
        values: the protocol, the run, the data mapping: plain values, nested as they are.
        inputs: the digest of each record, data set or file of weights that is read, by name.
        device: where it runs.
    """
    return {
        "device": device,
        **dict(_flat(values)),
        **{f"input {name}": digest for name, digest in inputs.items()},
        **{f"module {name}": digest for name, digest in modules.items()},
    }


def changes(saved: Identity, now: Identity) -> list[str]:
    """What differs between two identities: `learning_rate: 0.03 -> 0.1`, `module interplay.data.augment changed`."""
    found = []
    for key in dict.fromkeys((*now, *saved)):
        old, new = saved.get(key), now.get(key)
        if old == new:
            continue
        if key.startswith(("input ", "module ")):
            found.append(f"{key} {'is new' if old is None else 'is gone' if new is None else 'changed'}")
        else:
            found.append(f"{key}: {_short(old)} -> {_short(new)}")
    return found


def first_of(lines: list[str], most: int = 2) -> str:
    """The first changes in one line, and how many more there are."""
    more = len(lines) - most
    return "; ".join(lines[:most]) + (f"; and {more} more" if more > 0 else "")


class KeptRun(Strict):
    """A finished run's record, kept outside the workflow's outputs until its whole job is done."""

    identity: dict[str, str]
    record: Record


def keep_run(path: Path, identity: Identity, record: Record) -> None:
    """Write the record of a finished run, and what made it, to `path`, atomically."""
    write_text_atomically(path, KeptRun(identity=dict(identity), record=record).model_dump_json(indent=1) + "\n")


def kept_run(path: Path, identity: Identity) -> tuple[Record | None, list[str]]:
    """The record kept at `path`, and why it is not as `identity` would make it now.

    Returns:
        The record, None where there is none or it cannot be read; and what changed since, or the reason why it cannot
        be read. A record with no changes can be taken over as it is.
    """
    if not path.is_file():
        return None, []
    try:
        kept = KeptRun.model_validate_json(path.read_bytes())
    except OSError as error:
        return None, [explain(error, path) or str(error)]
    except ValidationError as error:
        return None, [f"{path}: not a kept record ({error.errors()[0]['msg']})"]
    return kept.record, changes(kept.identity, identity)


def _flat(values: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{where}.{key}" if where else str(key)
        if isinstance(value, Mapping) and value:
            yield from _flat(value, name)
        else:
            yield name, json.dumps(value, sort_keys=True, default=str)


def _short(text: str | None) -> str:
    if text is None:
        return "unset"
    return text if len(text) <= 40 else f"{text[:37]}..."
