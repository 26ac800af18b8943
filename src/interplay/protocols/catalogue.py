"""The catalogue: which figures and tables exist, from which records they are drawn, and which module draws them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from interplay.errors import InterplayError
from interplay.protocols.claims import Document
from interplay.protocols.selectors import Selector
from interplay.protocols.sourced import Strict, read_yaml, validate
from interplay.records import Record, code_digest, select_records, stamp, text_digest


class Exhibit(Strict):
    """A figure or table of a document, under each of its numbers."""

    ids: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+/(fig|table|q|c)[0-9.a-z]+$")], ...] = Field(min_length=1)
    kind: Literal["figure", "table"]
    module: str = Field(description="module in interplay.figures or interplay.tables with one function `draw`/`make`")
    title: str
    shows: str
    needs: tuple[Selector, ...] = Field(min_length=1)

    @property
    def name(self) -> str:
        """`<document>_<number>` of its first id, as in rule names."""
        return self.ids[0].replace("/", "_").replace(".", "_")

    @property
    def package(self) -> str:
        """Full name of the module."""
        return f"interplay.{self.kind}s.{self.module}"

    def records(self, results: Path) -> list[Record]:
        """The records that the exhibit is made from.

        Raises:
            InterplayError: there are none under `results`.
        """
        records = select_records(results, self.needs)
        if not records:
            command = f"make {self.kind} ID={self.ids[0]}"
            raise InterplayError(f"{self.ids[0]}: no records under {results / 'records'}; run `{command}`")
        return records

    def origin(self, records: Sequence[Record]) -> str:
        """Digests of the code and of `records`, and their stamp: what a file made from them says of itself."""
        content = "".join(record.model_dump_json() for record in records)
        return f"code {code_digest(self.package)}; records {text_digest(content)}; {stamp(records)}"


class Catalogue(Strict):
    """The content of `config/catalogue.yaml`."""

    documents: dict[Document, str]
    exhibits: tuple[Exhibit, ...]

    def find(self, exhibit_id: str, kind: str) -> Exhibit:
        """The exhibit with that id.

        Raises:
            InterplayError: there is none of that kind.
        """
        for exhibit in self.exhibits:
            if exhibit.kind == kind and exhibit_id in exhibit.ids:
                return exhibit
        known = ", ".join(name for exhibit in self.exhibits if exhibit.kind == kind for name in exhibit.ids)
        raise InterplayError(f"{kind} {exhibit_id!r} is not in the catalogue; there are {known}")


def load_catalogue(config: Path) -> Catalogue:
    """Read `config/catalogue.yaml`."""
    path = config / "catalogue.yaml"
    catalogue = validate(Catalogue, read_yaml(path), path)
    ids = [name for exhibit in catalogue.exhibits for name in exhibit.ids]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise InterplayError(f"{path}: {twice[0]} appears twice")
    return catalogue
