"""Protocol files in which every value carries its source, and overrides laid over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from interplay.errors import InterplayError
from interplay.protocols.yaml_files import parse_yaml
from interplay.protocols.yaml_files import read_yaml as read_yaml  # handed on

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")
# Seeds of torch are signed 64-bit numbers.
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Strict(BaseModel):
    """Unknown keys and numbers that are not finite are errors; values never change after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def each_once(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Refuse a value that is listed twice, as a validator of a field: both runs would have one name."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"{value} is listed twice; give each once")
    return values


def split_sources(content: Mapping[str, Any], path: Path, where: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """Split a published protocol, whose leaves are `{value: ..., source: ...}`, into values and sources by dotted key.

    Raises:
        InterplayError: a leaf has no source.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for key, node in content.items():
        name = f"{where}.{key}" if where else str(key)
        if isinstance(node, Mapping) and set(node) == {"value", "source"}:
            values[key], sources[name] = node["value"], str(node["source"])
        elif isinstance(node, Mapping):
            values[key], below = split_sources(node, path, name)
            sources |= below
        else:
            raise InterplayError(f"{path}: {name}: write it as {{value: ..., source: ...}}; every value has a source")
    return values, sources


def lay_over(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `overrides` merged in: mappings merge, anything else is replaced. Validation of keys comes after."""
    merged = dict(base)
    for key, value in overrides.items():
        below = merged.get(key)
        merged[key] = lay_over(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return merged


def leave_out(content: Any, name: str) -> Any:
    """`content` without the keys and list items that are called `name`, at any depth."""
    if isinstance(content, Mapping):
        return {key: leave_out(value, name) for key, value in content.items() if key != name}
    if isinstance(content, list | tuple):
        return [leave_out(value, name) for value in content if value != name]
    return content


def remove(content: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any] | None:
    """`content` without what stands at `path`; None where nothing does."""
    first, *others = path
    if not isinstance(content, Mapping) or first not in content:
        return None
    if not others:
        return {key: value for key, value in content.items() if key != first}
    below = remove(content[first], others)
    return None if below is None else {**content, first: below}


def parse_override(text: str) -> tuple[list[str], Any]:
    """`path.to.key=value` as the path and the value, which is read as YAML.

    Raises:
        InterplayError: it is of another form.
    """
    path, equals, value = text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise InterplayError(f"--set {text}: write path.to.key=value, for example supervised.iterations=100")
    return keys, parse_yaml(value, f"--set {text}")


def differences(base: Mapping[str, Any], changed: Mapping[str, Any], where: str = "") -> list[str]:
    """What `changed` sets otherwise than `base`, one line `key: old -> new` each, sorted."""
    lines: list[str] = []
    for key in sorted({*base, *changed}, key=str):
        name = f"{where}.{key}" if where else str(key)
        old, new = base.get(key), changed.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            lines += differences(old, new, name)
        elif old != new:
            lines.append(f"{name}: {_short(old)} -> {_short(new)}")
    return lines


def _short(value: Any) -> str:
    return "unset" if value is None else str(value)


def validate(model: type[Model], content: Mapping[str, Any], path: Path | str) -> Model:
    """`content` as a `model`.

    Raises:
        InterplayError: one line with the first offending key, and how many more there are.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InterplayError(f"{path}: {first_problem(error)}") from error


def first_problem(error: ValidationError) -> str:
    """`key: what is wrong (and n more)`."""
    problems = error.errors()
    where = "".join(f"{part}." for part in problems[0]["loc"]).removesuffix(".")
    message = problems[0]["msg"].removeprefix("Value error, ")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return (f"{where}: " if where else "") + message + more
