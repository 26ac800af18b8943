"""The catalogue: which figures and tables exist, from which records they are drawn, and which module draws them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import Field

from interplay.errors import InterplayError
from interplay.protocols.places import Document, ExhibitId
from interplay.protocols.selectors import Selector
from interplay.protocols.sourced import Strict, read_yaml, validate
from interplay.records import Record, code_digest, select_records, stamp, text_digest, visible_files

ANALYTIC = "analytic drawing, rests on no run"


class Plot(Strict):
    """What `dvc plots show` draws of the CSV beside a figure: columns `y` against column `x`."""

    x: str
    y: tuple[str, ...] = Field(min_length=1)
    template: Literal["linear", "scatter"] = "scatter"


class Headline(Strict):
    """The few metrics by which commits are compared (`dvc metrics diff`), of the runs that a glob names."""

    runs: Selector
    metrics: tuple[str, ...] = Field(min_length=1)


class Exhibit(Strict):
    """A figure or table of a document, under each of its numbers."""

    ids: tuple[ExhibitId, ...] = Field(min_length=1)
    kind: Literal["figure", "table"]
    module: str = Field(description="module of a figure, with `tidy` and `draw`, or of a table, with `make`")
    title: str
    shows: str
    needs: tuple[Selector, ...] = Field(min_length=1)
    reference: bool = Field(default=False, description="also shows records of results/reference of the same names")
    plot: Plot | None = Field(default=None, description="of a figure: what DVC plots of it")
    judged: tuple[str, ...] = Field(default=(), description="globs of ids of claims on it that name another place")
    marks: tuple[ExhibitId, ...] = Field(default=(), description="tables of which a figure marks printed values")
    analytic: bool = Field(default=False, description="rests on no run: neither tier nor seed changes it")

    @property
    def name(self) -> str:
        """`<document>_<number>` of its first id, as in rule names."""
        return self.ids[0].replace("/", "_").replace(".", "_")

    @property
    def package(self) -> str:
        """Full name of the module."""
        return f"interplay.{self.kind}s.{self.module}"

    @property
    def code(self) -> tuple[str, str]:
        """The modules that make it: its own, and the one that draws or writes every exhibit of its kind."""
        return self.package, f"interplay.{self.kind}s.{'draw' if self.kind == 'figure' else 'make'}"

    @property
    def files(self) -> tuple[str, ...]:
        """All that is made of it, below a folder of results."""
        suffixes = ("svg", "pdf", "png", "csv") if self.kind == "figure" else ("csv", "md", "tex")
        return tuple(f"{self.kind}s/{name}.{suffix}" for name in self.ids for suffix in suffixes)

    @property
    def claimed_as(self) -> frozenset[str]:
        """The ids by which claims name what is shown: its own, `note/q3` of `note/q3.scatter`, tables marked in it."""
        views = (name.rpartition(".") for name in self.ids)
        return frozenset((*self.ids, *self.marks)) | {base for base, _, view in views if view.isalpha()}

    def shows_claim(self, claim_id: str, named: Iterable[str]) -> bool:
        """Whether a claim is judged on what it shows: one that has it among the exhibits `named`, or is listed."""
        return not self.claimed_as.isdisjoint(named) or any(fnmatchcase(claim_id, glob) for glob in self.judged)

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

    def stamp(self, records: Sequence[Record]) -> str:
        """Tier, data, overrides and seeds of `records`; of an analytic drawing, that it rests on no run."""
        return ANALYTIC if self.analytic else stamp(records)

    def origin(self, records: Sequence[Record]) -> str:
        """Digests of the code and of `records`, and their stamp: what a file made from them says of itself."""
        content = "".join(record.model_dump_json() for record in records)
        return f"code {code_digest(*self.code)}; records {text_digest(content)}; {self.stamp(records)}"


class CatalogueFile(Strict):
    """The content of a file in `config/catalogue/`, called like the experiment: its exhibits and headline metrics."""

    exhibits: tuple[Exhibit, ...]
    headlines: tuple[Headline, ...] = ()


class TextMark(Strict):
    """How a text of a document is told: a line of it, and the digest of the one from which places were taken."""

    line: str
    digest: str = Field(pattern=r"^[0-9a-f]{16}$", description="first 16 digits of SHA-256 of the whole text")


class Documents(Strict):
    """The content of `config/documents.yaml`: titles by key, and how their texts are told where they are at hand."""

    documents: dict[Document, str]
    texts: dict[Document, TextMark] = Field(default_factory=dict)


class Catalogue(Strict):
    """All figures and tables, document by document in the order of their numbers."""

    documents: dict[Document, str]
    exhibits: tuple[Exhibit, ...]
    headlines: dict[str, tuple[Headline, ...]] = Field(default_factory=dict, description="by experiment")

    def headlines_of(self, experiment: str) -> tuple[Headline, ...]:
        """The headline metrics of an experiment.

        Raises:
            InterplayError: the catalogue names none.
        """
        if experiment not in self.headlines:
            known = ", ".join(self.headlines)
            raise InterplayError(f"experiment {experiment!r} has no headlines in the catalogue; these have: {known}")
        return self.headlines[experiment]

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


def load_documents(config: Path) -> Documents:
    """Read `config/documents.yaml`.

    Raises:
        InterplayError: it is missing or does not fit; one line.
    """
    path = config / "documents.yaml"
    return validate(Documents, read_yaml(path), path)


def load_catalogue(config: Path) -> Catalogue:
    """Read `config/documents.yaml` and the files of `config/catalogue/`.

    Raises:
        InterplayError: a file is missing or does not fit, or two exhibits share an id; one line.
    """
    documents = load_documents(config).documents
    origin: dict[str, Path] = {}
    exhibits: list[Exhibit] = []
    headlines: dict[str, tuple[Headline, ...]] = {}
    for path in visible_files(config / "catalogue", "*.yaml"):
        content = validate(CatalogueFile, read_yaml(path), path)
        if content.headlines:
            headlines[path.stem] = content.headlines
        for headline in content.headlines:
            if not headline.runs.startswith(f"{path.stem}/"):
                raise InterplayError(f"{path}: headlines: {headline.runs} is not of {path.stem}; move it to its file")
        for exhibit in content.exhibits:
            for name in exhibit.ids:
                if name in origin:
                    raise InterplayError(f"{path}: {name} appears twice (also in {origin[name]})")
                origin[name] = path
            exhibits.append(exhibit)
    order = list(documents)
    ordered = tuple(sorted(exhibits, key=lambda one: _place(one.ids[0], order)))
    return Catalogue(documents=documents, exhibits=ordered, headlines=headlines)


def _place(exhibit_id: str, documents: Sequence[str]) -> tuple[int, list[tuple[int, str]]]:
    """Document by document, and within one by number: fig2 comes before fig10."""
    document, _, number = exhibit_id.partition("/")
    parts = re.findall(r"\d+|[a-z.]+", number)
    rank = documents.index(document) if document in documents else len(documents)
    return rank, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
