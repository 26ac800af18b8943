"""Digests of code and text, so that a result can tell whether it is stale.

Snakemake notices a changed script, not a changed module behind it; the digest of a module's whole import closure,
handed to a rule as a parameter, closes that gap.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "interplay"
SOURCE = Path(__file__).resolve().parent.parent


def text_digest(text: str | bytes) -> str:
    """The first 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


@cache
def code_digest(*modules: str) -> str:
    """Digest of the sources of `modules` and of every module of this package that they import, directly or not."""
    closure: dict[str, Path] = {}
    queue = list(modules)
    while queue:
        name = queue.pop()
        path = _find(name)
        if path is None or name in closure:
            continue
        closure[name] = path
        queue += _imports(name, path)
    return text_digest("".join(f"{name}:{text_digest(path.read_bytes())}\n" for name, path in sorted(closure.items())))


def _find(module: str) -> Path | None:
    base = SOURCE.joinpath(*module.split(".")[1:])
    for candidate in (base / "__init__.py", base.with_suffix(".py")):
        if module.split(".")[0] == PACKAGE and candidate.is_file():
            return candidate
    return None


def _imports(module: str, path: Path) -> list[str]:
    """Absolute imports of this package in `path`; `from a import b` counts as `a` and as `a.b`.

    Importing `a.b` runs `a/__init__.py` first, but what that re-exports does not change what `b` computes, so parent
    packages count only where they are named themselves.
    """
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in found if name.split(".")[0] == PACKAGE and name != module]
