"""The published values: typed, read from `config/published/`, and told apart from what is missing in the documents."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from interplay.errors import InterplayError
from interplay.protocols.places import Document
from interplay.protocols.sourced import Strict, read_yaml, validate
from interplay.records import visible_files

MISSING = "missing"
Mark = Literal["best", "second"]
NUMBER = re.compile(r"(?P<value>-?\d+(?:\.(?P<digits>\d+))?)(?:±(?P<spread>\d+(?:\.\d+)?))?")
SIZE = re.compile(r"\d+(?:x\d+)+")


@dataclass(frozen=True)
class Cell:
    """One cell of a published table. `value` is None where the document leaves it blank; `spread` where it prints none.

    `rounding` is half a unit of the last digit printed: how far the number that was rounded may lie away.
    """

    document: str
    table: str
    row: str
    column: str
    printed: str
    value: float | None
    spread: float | None
    rounding: float
    unit: str
    note: str

    @property
    def missing(self) -> bool:
        """Whether the document leaves this cell blank."""
        return self.value is None


class PublishedTable(Strict):
    """A table of a document, row by row as printed."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+/table[0-9.]+$")]
    printed_as: str
    where: str
    shows: str
    quantity: str
    unit: str | dict[str, str] = Field(description="one unit, or one by column")
    spread: str = Field(description="what the spread behind ± is over, as far as the document says")
    row_levels: tuple[str, ...]
    column_levels: tuple[str, ...]
    columns: tuple[str, ...] = Field(min_length=1)
    rows: dict[str, str] = Field(min_length=1, description="cells as printed, separated by spaces")
    names_printed: dict[str, str] = Field(default_factory=dict, description="rows that the document calls otherwise")
    notes: dict[str, str] = Field(default_factory=dict, description="by row")
    marks: dict[str, str] = Field(
        default_factory=dict, description="by row, for each column: best or second as the document marks it, else -"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.document not in get_args(Document):
            raise ValueError(f"{self.id}: no such document; there are {', '.join(get_args(Document))}")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns: one appears twice")
        for row, text in self.rows.items():
            cells = text.split()
            if len(cells) != len(self.columns):
                raise ValueError(f"row {row!r} has {len(cells)} cells for {len(self.columns)} columns; write 'missing'")
            for cell in cells:
                if not (cell == MISSING or NUMBER.fullmatch(cell) or SIZE.fullmatch(cell)):
                    raise ValueError(f"row {row!r}: {cell!r} is no number, number±spread, size (4x4x256) or 'missing'")
            if MISSING in cells and row not in self.notes:
                raise ValueError(f"row {row!r}: a missing cell needs a note")
        for row, text in self.marks.items():
            if len(text.split()) != len(self.columns) or not set(text.split()) <= {*get_args(Mark), "-"}:
                raise ValueError(f"marks: row {row!r}: write best, second or - for each of {len(self.columns)} columns")
        for name in (*self.names_printed, *self.notes, *self.marks):
            if name not in self.rows:
                raise ValueError(f"there is no row {name!r}")
        if isinstance(self.unit, dict) and set(self.unit) != set(self.columns):
            raise ValueError("unit: give one unit, or one for each column")
        return self

    @property
    def document(self) -> str:
        """The document's key."""
        return self.id.split("/")[0]

    @property
    def source(self) -> str:
        """Where the table stands."""
        return f"{self.document}, {self.printed_as} (section {self.where})"

    def cell(self, row: str, column: str) -> Cell:
        """The cell in `row` and `column`.

        Raises:
            InterplayError: the table has no such row or column.
        """
        if row not in self.rows:
            raise InterplayError(f"{self.id} has no row {row!r}; rows are {', '.join(self.rows)}")
        if column not in self.columns:
            raise InterplayError(f"{self.id} has no column {column!r}; columns are {', '.join(self.columns)}")
        printed = self.rows[row].split()[self.columns.index(column)]
        unit = self.unit if isinstance(self.unit, str) else self.unit[column]
        value, spread, rounding = _parse(printed)
        note = self.notes.get(row, "")
        return Cell(self.document, self.id, row, column, printed, value, spread, rounding, unit, note)

    def mark(self, row: str, column: str) -> Mark | None:
        """How the document marks a cell: best or second best; None where it does not."""
        if row not in self.marks:
            return None
        found = self.marks[row].split()[self.columns.index(column)]
        return "best" if found == "best" else "second" if found == "second" else None

    def cells(self) -> Iterator[Cell]:
        """All cells, row by row, the missing ones among them."""
        return (self.cell(row, column) for row in self.rows for column in self.columns)


def _parse(printed: str) -> tuple[float | None, float | None, float]:
    if match := NUMBER.fullmatch(printed):
        spread = match["spread"]
        rounding = 0.5 * 10.0 ** -len(match["digits"] or "")
        return float(match["value"]), None if spread is None else float(spread), rounding
    if SIZE.fullmatch(printed):
        return float(math.prod(int(part) for part in printed.split("x"))), None, 0.0
    return None, None, 0.0


class Statement(Strict):
    """A value that stands in a document's running text only."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+/[a-z0-9_]+$")]
    where: str
    shows: str
    printed: str
    value: float
    unit: str


class _StatementFile(Strict):
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Published:
    """Everything that the documents print, by id."""

    tables: dict[str, PublishedTable]
    statements: dict[str, Statement]

    def table(self, table: str) -> PublishedTable:
        """The table with that id, such as `metrics24/table2`.

        Raises:
            InterplayError: there is none.
        """
        if table not in self.tables:
            raise InterplayError(f"no published table {table!r}; there are {', '.join(sorted(self.tables))}")
        return self.tables[table]

    def cell(self, table: str, row: str, column: str) -> Cell:
        """One cell of one table.

        Raises:
            InterplayError: there is no such table, row or column.
        """
        return self.table(table).cell(row, column)

    def statement(self, statement: str) -> Statement:
        """The value in running text with that id.

        Raises:
            InterplayError: there is none.
        """
        if statement not in self.statements:
            known = ", ".join(sorted(self.statements))
            raise InterplayError(f"no published statement {statement!r}; there are {known}")
        return self.statements[statement]


def load_published(root: Path) -> Published:
    """Read `<root>/<document>/<table>.yaml` and `<root>/statements.yaml`, where `root` is `config/published`.

    Raises:
        InterplayError: nothing is there, or a file does not fit; one line that names file and key.
    """
    tables: dict[str, PublishedTable] = {}
    for path in visible_files(root, "*/*.yaml"):
        table = validate(PublishedTable, read_yaml(path), path)
        expected = f"{path.parent.name}/{path.stem}"
        if table.id != expected:
            raise InterplayError(f"{path}: id: {table.id} in the place of {expected}; rename the file or the table")
        tables[table.id] = table
    if not tables:
        raise InterplayError(f"{root}: no published tables found; run from the repository root or pass --config")
    path = root / "statements.yaml"
    statements = validate(_StatementFile, read_yaml(path), path).statements
    by_id = {statement.id: statement for statement in statements}
    if len(by_id) != len(statements):
        raise InterplayError(f"{path}: an id appears twice")
    return Published(tables, by_id)
