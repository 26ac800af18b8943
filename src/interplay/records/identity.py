"""What a half-finished run was made by, part by part, so that what changed since can be named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError
from interplay.records.disk import cannot_read_now
from interplay.records.schema import SCHEMA_VERSION, Record, Strict
from interplay.records.seals import is_broken
from interplay.records.store import set_aside, version_said, write_text_atomically

KEEP_VARIABLE = "INTERPLAY_KEEP_CHECKPOINTS"
HOW_TO_KEEP = f"{KEEP_VARIABLE}=1 takes it over"

Identity = Mapping[str, str]
DIGESTED = ("input ", "module ", "record ", "claim ", "file ")  # of these a digest stands there, which says nothing


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
        **flat(values),
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
        if key.startswith(DIGESTED):
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


def taken_over(
    path: Path, identity: Identity, *, name: str, say: Callable[[str], None], keep: bool = False
) -> Record | None:
    """The record kept at `path`, where it is as `identity` would make it now, or `keep` takes it over all the same.

    Where it is neither, `say` tells why in one line; `name` is the run. A record that was kept although something had
    changed says so in its provenance. One that is damaged or of another version of the schema is set aside.

    Raises:
        InterplayError: it cannot be read now, which says nothing about it.
    """
    content = b""
    try:
        if not path.is_file():
            return None
        content = path.read_bytes()
        if is_broken(path):
            raise ValueError
        kept = KeptRun.model_validate_json(content)
    except (OSError, MemoryError) as error:
        reason = cannot_read_now(error) or str(error)
        raise InterplayError(f"{name}: the finished record {path} cannot be read now ({reason}); it is kept") from error
    except ValueError:
        version = version_said(content, "record")
        other = version not in (None, SCHEMA_VERSION)
        wrong = f"is of version {version} of the schema" if other else "is damaged"
        say(f"{name}: the finished record {path} {wrong}; set aside as {set_aside(path).name}, starting anew")
        return None
    changed = changes(kept.identity, identity)
    if changed and not keep:
        say(f"{name}: its finished record is not taken over: {first_of(changed)}; {HOW_TO_KEEP}")
        return None
    if not changed:
        say(f"{name}: done in an earlier session, taken over")
        return kept.record
    say(f"{name}: done in an earlier session, taken over although: {first_of(changed)}")
    origin = kept.record.provenance
    origin = origin.model_copy(update={"taken_over": [*origin.taken_over, *changed]})
    return kept.record.model_copy(update={"provenance": origin})


def flat(values: Mapping[str, Any]) -> dict[str, str]:
    """Nested values by dotted key, each as JSON."""
    return dict(_leaves(values))


def _leaves(values: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{where}.{key}" if where else str(key)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, name)
        else:
            yield name, json.dumps(value, sort_keys=True, default=str)


def _short(text: str | None) -> str:
    if text is None:
        return "unset"
    return text if len(text) <= 40 else f"{text[:37]}..."
