"""What a file of claims says once: claims on several data sets, networks or layers, thresholds, preconditions.

A file of claims may name `patterns`: for each a set of members by key, every member with values for placeholders. A
claim `over` one or more of them stands once for each member (for each combination, of several), with `<name>` in its
texts replaced by the member's value; `<pattern>` itself is the member's key. A text that is a placeholder and nothing
else takes the value as it is, a number or a list too.

It may also name `thresholds` and `preconditions`, to which the claims' `threshold` and `valid_if` then refer by name;
placeholders in them are those of the claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError

Values = Mapping[str, Any]
PLACEHOLDER = re.compile(r"<([a-z][a-z0-9_]*)>")


def expand_claims(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The content of a file of claims with every claim `over` a pattern replaced by one for each member.

    `with`, by key of a member, holds fields of the claim that are otherwise for that member alone; `only` lists the
    keys that the claim is said of, where it is not all.

    Raises:
        InterplayError: a pattern, a member or a placeholder that is not there; one line.
    """
    patterns = content.get("patterns") or {}
    if not isinstance(patterns, dict) or not all(isinstance(members, dict) for members in patterns.values()):
        raise InterplayError(f"{path}: patterns: give for each its members by key")
    names = {"threshold": content.get("thresholds") or {}, "valid_if": content.get("preconditions") or {}}
    if wrong := [name for name in ("thresholds", "preconditions") if not isinstance(content.get(name) or {}, dict)]:
        raise InterplayError(f"{path}: {wrong[0]}: give them by name")
    rest = {key: value for key, value in content.items() if key not in ("patterns", "thresholds", "preconditions")}
    claims = content.get("claims")
    if not isinstance(claims, list):
        return rest
    expanded: list[Any] = []
    for claim in claims:
        if not isinstance(claim, dict):
            expanded.append(claim)
            continue
        where = f"{path}: claim {claim.get('id', 'without id')}"
        for fields, values in _expand(claim, patterns, where) if "over" in claim else [(claim, None)]:
            filled = fields if values is None else _fill(fields, values, where)
            expanded.append(_look_up(filled, names, values or {}, where))
    return rest | {"claims": expanded}


def _expand(
    claim: dict[str, Any], patterns: Mapping[str, Any], where: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The claim's fields for every member, with the values of its placeholders."""
    over = [claim["over"]] if isinstance(claim["over"], str) else list(claim["over"])
    if unknown := [name for name in over if name not in patterns]:
        raise InterplayError(f"{where}: over: no pattern {unknown[0]!r}; there are {', '.join(patterns) or 'none'}")
    keys = {str(key) for name in over for key in patterns[name]}
    only, special = tuple(claim.get("only") or ()), claim.get("with") or {}
    for key in (*only, *special):
        if key not in keys:
            raise InterplayError(f"{where}: no member {key!r}; there are {', '.join(sorted(keys))}")
    bare = {name: value for name, value in claim.items() if name not in ("over", "only", "with")}
    for members in product(*(patterns[name].items() for name in over)):
        chosen = [str(key) for key, _ in members]
        # `only` narrows those patterns of which it names a member.
        narrowed = [name for name in over if any(str(key) in only for key in patterns[name])]
        if any(str(key) not in only for name, (key, _) in zip(over, members, strict=True) if name in narrowed):
            continue
        values: dict[str, Any] = {}
        for name, (key, member) in zip(over, members, strict=True):
            values |= {name: key} | (member or {})
        fields = bare | {name: value for key in chosen for name, value in special.get(key, {}).items()}
        yield fields, values


def _look_up(claim: dict[str, Any], names: Mapping[str, Mapping[str, Any]], values: Values, where: str) -> Any:
    """The claim with its thresholds and preconditions in place of their names."""

    def named(field: str, node: Any) -> Any:
        if not isinstance(node, str):
            return node
        if node not in names[field]:
            raise InterplayError(f"{where}: {field}: no {node!r}; there are {', '.join(names[field]) or 'none'}")
        return _fill(names[field][node], values, where)

    found = dict(claim)
    if "threshold" in found:
        found["threshold"] = named("threshold", found["threshold"])
    if isinstance(found.get("valid_if"), list):
        found["valid_if"] = [named("valid_if", node) for node in found["valid_if"]]
    return found


def _fill(node: Any, values: Values, where: str) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, values, where) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, values, where) for value in node]
    if not isinstance(node, str):
        return node
    names = PLACEHOLDER.findall(node)
    if unknown := [name for name in names if name not in values]:
        raise InterplayError(f"{where}: no value for <{unknown[0]}>; there are {', '.join(values)}")
    if len(names) == 1 and node == f"<{names[0]}>":
        return values[names[0]]
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), node)
