"""YAML as people expect it: plain words stay words, a key stands once, and what is wrong is one line with its place.

PyYAML reads YAML 1.1, in which `no` is false, `1:30` is 90, `010` is 8 and `3e-2` a string, and the last of two equal
keys wins in silence. Here the core schema of YAML 1.2 holds.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Hashable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from interplay.errors import InterplayError

MAX_BYTES = 2**20  # the largest file of ours has 60 kB; without libyaml PyYAML reads some 500 kB a second
MAX_DEPTH = 50
MAX_INTEGER = 2**63  # what numpy and torch take for one; Python would refuse to print one of some thousand digits
MAX_VALUES = 200_000  # aliases of aliases may stand for billions

_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NULL = re.compile(r"~|null|Null|NULL|")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class _Loader(yaml.SafeLoader):
    """Plain scalars by the core schema of YAML 1.2, keys once, bounded depth."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.depth >= MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, f"nested more than {MAX_DEPTH} deep", mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first: dict[Any, int] = {}
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in first:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is given twice, first in line {first[key]}; keep one", key_node.start_mark
                )
            if isinstance(key, Hashable):
                first[key] = key_node.start_mark.line + 1
        return super().construct_mapping(node, deep)


for _tag, _pattern, _starts in (
    ("bool", _BOOL, "tTfF"),
    ("null", _NULL, ["~", "n", "N", ""]),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),  # after int: the first that fits is taken
    ("merge", re.compile("<<"), "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern.pattern})$"), list(_starts))


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    value = int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    if abs(value) > MAX_INTEGER:
        raise ValueError("a whole number beyond 64 bits; write it with an exponent")
    return value


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
for _tag in ("binary", "timestamp", "omap", "pairs", "set"):  # values that JSON has no type for
    del _Loader.yaml_constructors[f"tag:yaml.org,2002:{_tag}"]


class _FastLoader(_Loader):
    """The same, five times as fast: events come from libyaml, nodes and values are made of them by the code above."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._events = yaml.cyaml.CParser(text)  # type: ignore[attr-defined]

    def check_event(self, *choices: Any) -> bool:
        return bool(self._events.check_event(*choices))

    def peek_event(self) -> Any:
        return self._events.peek_event()

    def get_event(self) -> Any:
        return self._events.get_event()


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        InterplayError: the file is missing, is not YAML in UTF-8, gives a key twice, is huge or nested without end, or
            is not a mapping; one line with its place.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror})") from error
    content = parse_yaml(_decoded(raw, path), str(path))
    if content is None:
        raise InterplayError(f"{path}: empty; expected keys and values at the top level")
    if not isinstance(content, dict):
        raise InterplayError(f"{path}: expected keys and values at the top level, found {_kind(content)}")
    return content


def parse_yaml(text: str, where: str) -> Any:
    """The value that a YAML text stands for; None for an empty one.

    Args:
        text: the YAML.
        where: the file, or whatever messages name.

    Raises:
        InterplayError: it is not YAML, gives a key twice, or is huge or nested without end; one line.
    """
    if len(text) > MAX_BYTES:
        raise InterplayError(f"{where}: larger than {MAX_BYTES // 2**20} MiB, which no configuration is")
    if yaml.__with_libyaml__:
        with suppress(InterplayError):  # in other words than PyYAML's own, which are the same everywhere
            return _parse(text, where, _FastLoader)
    return _parse(text, where, _Loader)


def _parse(text: str, where: str, kind: type[_Loader]) -> Any:
    try:
        loader = kind(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            if _values(node, {}, where) > MAX_VALUES:
                raise InterplayError(f"{where}: its aliases unfold into more than {MAX_VALUES} values; write them out")
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InterplayError(f"{where}:{line}: character {error.character:#x} is not allowed in YAML") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        tab = "; indent with spaces" if r"'\t'" in problem else ""
        place = f"{where}:{mark.line + 1}" if mark else where
        raise InterplayError(f"{place}: not valid YAML ({problem}{tab})") from error
    except (ValueError, OverflowError, LookupError, AttributeError) as error:
        # A number of thousands of digits, or a value that its explicit tag does not fit (`!!bool maybe`).
        raise InterplayError(f"{where}: not valid YAML ({' '.join(str(error).split())})") from error


def _decoded(raw: bytes, path: Path) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        raise InterplayError(f"{path}: UTF-16 or UTF-32, expected UTF-8; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InterplayError(f"{path}:{line}: byte {raw[error.start]:#x} is not UTF-8; save it as UTF-8") from error


def _values(node: yaml.Node, known: dict[int, int | None], where: str) -> int:
    """How many values a node stands for, with all aliases unfolded."""
    if id(node) in known:
        count = known[id(node)]
        if count is None:
            raise InterplayError(f"{where}:{node.start_mark.line + 1}: an alias within what it stands for")
        return count
    known[id(node)] = None
    children = node.value if isinstance(node, yaml.SequenceNode) else []
    if isinstance(node, yaml.MappingNode):
        children = [child for pair in node.value for child in pair]
    known[id(node)] = count = 1 + sum(_values(child, known, where) for child in children)
    return count


def _kind(content: Any) -> str:
    return "a list" if isinstance(content, list) else f"{content!r}"[:40]
