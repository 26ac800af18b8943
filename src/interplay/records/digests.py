"""Digests of code and text, so that a result can tell whether it is stale.

Snakemake notices a changed script, not a changed module behind it; the digest of all that a module depends on, handed
to a rule as a parameter, closes that gap. It is of what the code does: a comment makes nothing run again.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from interplay.errors import InterplayError
from interplay.records.syntax import canonical, for_type_checkers, running, walk

PACKAGE = "interplay"
SOURCE = Path(__file__).resolve().parent.parent
_DOTTED = re.compile(rf"({PACKAGE}(?:\.\w+)+)(?::(\w+))?")  # `interplay.x.y` or `interplay.x.y:z`
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_DECLARATIONS = (ast.Import, ast.ImportFrom, *_DEFINITIONS, *_ASSIGNMENTS)

Name = tuple[str, str | None]  # a module, and what is wanted of it; None is all of it


@dataclass(frozen=True)
class Module:
    """What the digests know of one module."""

    name: str
    is_package: bool
    digest: str
    uses: tuple[Name, ...]  # everything of this package that it imports or names in a string
    bound: Mapping[str, Name]  # names that it hands on from elsewhere, lazily or not
    defined: frozenset[str]  # names that it defines itself
    for_effect: tuple[Name, ...]  # imports of which no name is handed on or used: they register something
    acts: bool  # it does more, when it is imported, than import and define


def text_digest(text: str | bytes) -> str:
    """The first 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


@cache
def code_digest(*modules: str) -> str:
    """Digest of `modules` and of every module of this package that they depend on, directly or not.

    Raises:
        InterplayError: one of them is not valid Python.
    """
    return text_digest("".join(f"{name}:{digest}\n" for name, digest in module_digests(*modules).items()))


def module_digests(*modules: str) -> dict[str, str]:
    """The digest of each module that `code_digest` covers, by name, sorted: tells which one changed.

    A name that is imported from a package counts as the module that defines it, not as all that the package imports.
    A string such as "interplay.data.readers.cifar:read_cifar10" is an import too; one for type checkers is none.

    Raises:
        InterplayError: one of them is not valid Python.
    """
    closure: dict[str, str] = {}
    queue = list(modules)
    while queue:
        name = queue.pop()
        module = _module(name)
        if module is not None and name not in closure:
            closure[name] = module.digest
            queue += _needed(name)
    return dict(sorted(closure.items()))


def forget_code() -> None:
    """Read the sources anew; within a process they are read once, as Python itself does."""
    for cached in (code_digest, _module, _needed):
        cached.cache_clear()


@cache
def _needed(name: str) -> frozenset[str]:
    """The modules that `name` needs directly."""
    module = _module(name)
    assert module is not None
    seen: set[Name] = set()
    return frozenset().union(*(_defining(origin, wanted, seen) for origin, wanted in module.uses)) - {name}


def _defining(name: str, wanted: str | None, seen: set[Name]) -> set[str]:
    """The modules to which `from name import wanted` leads, but for what was `seen` on the way already."""
    module = _module(name)
    if module is None or (name, wanted) in seen:
        return set()
    seen.add((name, wanted))
    if wanted is None or not module.is_package or wanted in module.defined:
        return {name}
    # Importing `a.b` runs `a/__init__.py` first, but what that hands on for others does not change what `b` computes;
    # what it does does.
    found = {name} if module.acts else set[str]()
    found = found.union(*(_defining(origin, effect, seen) for origin, effect in module.for_effect))
    below = f"{name}.{wanted}"
    handed_on = module.bound.get(wanted, (name, wanted))
    if handed_on != (name, wanted):
        return found | _defining(*handed_on, seen)
    return found | {below if _module(below) is not None else name}


@cache
def _module(name: str) -> Module | None:
    """The module of that name; None for what is not a module of this package."""
    first, *rest = name.split(".")
    if first != PACKAGE:
        return None
    base = SOURCE.joinpath(*rest)
    package = base / "__init__.py"
    path = package if package.is_file() else base.with_suffix(".py")
    if not path.is_file():
        return None
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise InterplayError(
            f"{path}:{getattr(error, 'lineno', None) or 1}: not valid Python ({getattr(error, 'msg', error)})"
        ) from error
    home = name if path == package else name.rpartition(".")[0]
    nodes = list(walk(tree))
    imports = [found for node in nodes for found in _imports(node, home)]
    strings: list[Name] = [
        (match[1], match[2])
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (match := _DOTTED.fullmatch(node.value))
    ]
    body = running(tree.body)
    exported = {item for key, value in _literals(body) if key == "__all__" for item in value}
    used = {node.id for node in nodes if isinstance(node, ast.Name)} | exported
    here = [found for statement in body for found in _imports(statement, home)]
    bound = {
        **{key: target for block in tree.body for key, target in _typed(block, home)},
        **{key: target for _, value in _literals(body) if isinstance(value, dict) for key, target in _lazy(value)},
        **{key: target for key, target in here if key},
    }
    return Module(
        name=name,
        is_package=path == package,
        digest=text_digest(canonical(tree)),
        uses=tuple(target for _, target in imports) + tuple(strings),
        bound=bound,
        defined=frozenset(_defined(body)),
        for_effect=tuple(target for key, target in here if exported and key not in used),
        acts=any(not isinstance(statement, _DECLARATIONS) for statement in body),
    )


def _imports(node: ast.AST, home: str) -> Iterator[tuple[str, Name]]:
    """What an import statement takes from this package, each with the name that it binds; `home` is its package."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == PACKAGE:
                yield alias.asname or PACKAGE, (alias.name, None)
    elif isinstance(node, ast.ImportFrom):
        above = home.split(".")[: len(home.split(".")) - node.level + 1] if node.level else []
        origin = ".".join([*above, *([node.module] if node.module else [])])
        if origin.split(".")[0] == PACKAGE:
            for alias in node.names:
                wanted = None if alias.name == "*" else alias.name
                yield alias.asname or alias.name, (origin, wanted)


def _typed(statement: ast.stmt, home: str) -> Iterator[tuple[str, Name]]:
    """Imports for type checkers: they say where a name comes from that `__getattr__` fetches."""
    if isinstance(statement, ast.If) and for_type_checkers(statement):
        for inner in statement.body:
            yield from _imports(inner, home)


def _lazy(table: Mapping[object, object]) -> Iterator[tuple[str, Name]]:
    """Rows of a table such as `{"Dataset": "interplay.data.dataset"}`, from which `__getattr__` fetches."""
    for key, value in table.items():
        match = _DOTTED.fullmatch(value) if isinstance(value, str) else None
        if isinstance(key, str) and match is not None:
            yield key, (match[1], match[2] or key)


def _literals(body: Iterable[ast.stmt]) -> Iterator[tuple[str, dict[object, object] | list[str]]]:
    """Names that are bound to a literal list or dictionary."""
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(
            statement.value, ast.List | ast.Dict | ast.Tuple
        ):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            try:
                yield getattr(target, "id", ""), ast.literal_eval(statement.value)
            except ValueError:
                continue  # not made of literals


def _defined(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names that a module defines at its top level, `__getattr__` and the like not among them."""
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            yield statement.name
        elif isinstance(statement, _ASSIGNMENTS):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
