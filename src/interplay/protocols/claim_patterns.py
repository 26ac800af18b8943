"""Claims that are said of several data sets, networks or layers, written once and expanded.

A file of claims may name `patterns`: for each a set of members by key, every member with values for placeholders. A
claim `over` one or more of them stands once for each member (for each combination, of several), with `<name>` in its
texts replaced by the member's value; `<pattern>` itself is the member's key. A text that is a placeholder and nothing
else takes the value as it is, a number or a list too.

What several claims of a file share is written once, too, and named where it is used: `thresholds` (a claim's
`threshold: <name>`) and `preconditions` (names among its `valid_if`).
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
SHARED = ("patterns", "thresholds", "preconditions")


def expand_claims(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The content of a file of claims, with one claim for each member of a pattern and names replaced.

    `with`, by key of a member, holds fields of the claim that are otherwise for that member alone; `only` lists the
    keys that the claim is said of, where it is not all.

    Raises:
        InterplayError: a pattern, a member, a placeholder, a threshold or a precondition that is not there; one line.
    """
    patterns = content.get("patterns") or {}
    if not isinstance(patterns, dict) or not all(isinstance(members, dict) for members in patterns.values()):
        raise InterplayError(f"{path}: patterns: give for each its members by key")
    for kind in ("thresholds", "preconditions"):
        if not isinstance(content.get(kind) or {}, dict):
            raise InterplayError(f"{path}: {kind}: give them by name")
    bare = {key: value for key, value in content.items() if key not in SHARED}
    claims = content.get("claims")
    if not isinstance(claims, list):
        return bare
    expanded: list[Any] = []
    for claim in claims:
        expanded += _expand(claim, patterns, path) if isinstance(claim, dict) and "over" in claim else [claim]
    return bare | {"claims": [_looked_up(claim, content, path) for claim in expanded]}


def _looked_up(claim: Any, content: Mapping[str, Any], path: Path) -> Any:
    """A claim with the thresholds and preconditions that it names in their place."""
    if not isinstance(claim, dict):
        return claim
    where = f"{path}: claim {claim.get('id', 'without id')}"
    found: dict[str, Any] = {}
    if isinstance(claim.get("threshold"), str):
        found["threshold"] = _named(claim["threshold"], "thresholds", content, where)
    if isinstance(claim.get("valid_if"), list):
        found["valid_if"] = [
            _named(given, "preconditions", content, where) if isinstance(given, str) else given
            for given in claim["valid_if"]
        ]
    return claim | found


def _named(name: str, kind: str, content: Mapping[str, Any], where: str) -> Any:
    known = content.get(kind) or {}
    if name not in known:
        raise InterplayError(f"{where}: no {name!r} in {kind}; there are {', '.join(known) or 'none'}")
    return known[name]


def _expand(claim: dict[str, Any], patterns: Mapping[str, Any], path: Path) -> Iterator[Any]:
    where = f"{path}: claim {claim.get('id', 'without id')}"
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
        yield _fill(fields, values, where)


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
