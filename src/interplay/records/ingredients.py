"""What the digests among a rule's parameters stand for, kept beside Snakemake's notes, so that what changed has a name.

Snakemake notes the parameters that a file was made with. Of a digest that tells only that there is another one now; of
what it is a digest is kept here: one file for each start of the workflow that brought digests which no earlier one had.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from interplay.records.digests import code_digest, module_digests, text_digest
from interplay.records.identity import Identity, changes, flat
from interplay.records.schema import Strict
from interplay.records.selection import visible_files
from interplay.records.store import write_text_atomically

FOLDER = Path(".snakemake/ingredients")


class Kept(Strict):
    """What a digest is of: of which parameter it was the value, and its parts by name."""

    kind: str
    parts: dict[str, str]


@dataclass
class Ingredients:
    """The digests of one plan. What they are of is put together only when it is asked for."""

    folder: Path = FOLDER
    _makers: dict[str, tuple[str, Callable[[], Identity]]] = field(default_factory=dict)
    _kept: dict[str, object] | None = None

    def stand_for(self, digest: str, kind: str, parts: Callable[[], Identity]) -> str:
        """Remember that `digest`, the value of the parameter `kind`, is one of `parts`.

        Returns:
            the digest.
        """
        self._makers[digest] = (kind, parts)
        return digest

    def digest(self, kind: str, parts: Mapping[str, str]) -> str:
        """A digest of `parts`, the value of the parameter `kind`."""
        return self.stand_for(text_digest(json.dumps([kind, parts], sort_keys=True)), kind, lambda: parts)

    def of_code(self, *modules: str) -> str:
        """The digest of some modules and of all that they depend on."""
        return self.stand_for(
            code_digest(*modules),
            "code",
            lambda: {f"module {name}": digest for name, digest in module_digests(*modules).items()},
        )

    def of_values(self, kind: str, values: Mapping[str, object]) -> str:
        """A digest of nested values."""
        return self.stand_for(text_digest(json.dumps([kind, values], sort_keys=True)), kind, lambda: flat(values))

    def keep(self) -> None:
        """Write down what the digests stand for, where it is not yet."""
        known = self._read()
        new = {digest: made for digest, made in self._makers.items() if digest not in known}
        if new:
            content = {digest: {"kind": kind, "parts": dict(parts())} for digest, (kind, parts) in new.items()}
            path = self.folder / f"{text_digest(''.join(sorted(content)))}.json"
            write_text_atomically(path, json.dumps(content))

    def find(self, digest: str) -> Kept | None:
        """What a digest of this plan or of an earlier one stands for; None where that was not kept, or is damaged."""
        if digest in self._makers:
            kind, parts = self._makers[digest]
            return Kept(kind=kind, parts=dict(parts()))
        if self._kept is None:
            self._kept = self._read()
        try:
            return Kept.model_validate(self._kept.get(digest))
        except ValidationError:
            return None

    def changes(self, before: Kept, now: Kept) -> list[str]:
        """What differs between two of a kind, by name; a part whose own parts are known is told by them."""
        found = []
        for key in dict.fromkeys((*now.parts, *before.parts)):
            old, new = before.parts.get(key), now.parts.get(key)
            if old == new:
                continue
            inner = [self.find(digest) for digest in (old, new) if digest is not None]
            if len(inner) == 2 and inner[0] is not None and inner[1] is not None:
                found += [f"{key}: {line}" for line in self.changes(inner[0], inner[1])]
            else:
                found += changes({} if old is None else {key: old}, {} if new is None else {key: new})
        return found

    def _read(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for path in visible_files(self.folder, "*.json"):
            try:
                content = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue  # a damaged file makes names unknown, not results stale
            found |= content if isinstance(content, dict) else {}
        return found
