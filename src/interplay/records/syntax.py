"""The syntax tree of a module in a form that only a change of behaviour changes, alike under every Python we support.

Comments, layout, docstrings and `if TYPE_CHECKING:` blocks do nothing when the module runs, so they are no part of it.
`ast.dump` will not do: what it leaves out differs between versions (fields that are empty, or new).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

# `ctx` follows from the place of a node, `kind` is the u of u"", the others are comments of type checkers.
IGNORED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def canonical(node: ast.AST) -> str:
    """A text that is equal for trees that run alike up to docstrings, `pass` and what is left to type checkers."""
    return "".join(_written(node))


def running(body: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The statements that do something: no docstring or other bare string, no `pass`, no block for type checkers."""
    kept: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.If) and for_type_checkers(statement):
            kept += running(statement.orelse)
        elif not isinstance(statement, ast.Pass) and not _bare_string(statement):
            kept.append(statement)
    return kept


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """`ast.walk` over what runs."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in IGNORED:
            continue
        for child in _children(value):
            if isinstance(child, ast.AST):
                yield from walk(child)


def for_type_checkers(statement: ast.If) -> bool:
    """Whether this is `if TYPE_CHECKING:`."""
    test = statement.test
    return "TYPE_CHECKING" in (getattr(test, "id", None), getattr(test, "attr", None))


def _bare_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _children(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    return running(value) if value and isinstance(value[0], ast.stmt) else value


def _written(node: Any) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        # `ascii`: which characters `repr` escapes depends on the version's Unicode tables.
        yield f"{type(node.value).__name__} {node.value!a};"
    elif isinstance(node, ast.JoinedStr):
        yield "JoinedStr["
        for part in _joined(node.values):
            yield from _written(part)
        yield "]"
    elif isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            children = _children(value)
            if name in IGNORED or children in ([], [None]) or _empty_format(value):
                continue  # newer versions have more fields; one that is empty says nothing
            yield f" {name}=["
            for child in children:
                yield from _written(child)
            yield "]"
        yield ";"
    else:
        yield f"{node!a};"


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string with neighbouring pieces of text as one: how they are split differs by version."""
    parts: list[ast.expr] = []
    for value in values:
        last = parts[-1] if parts else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            parts[-1] = ast.Constant(value=str(last.value) + str(value.value))
        elif not isinstance(value, ast.Constant) or value.value:
            parts.append(value)
    return parts


def _empty_format(value: Any) -> bool:
    return isinstance(value, ast.JoinedStr) and not value.values
