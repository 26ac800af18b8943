from __future__ import annotations

import shutil

import pytest
import yaml

from interplay.errors import InterplayError
from interplay.evidence import load_published
from interplay.evidence.published import PublishedTable

TABLE = {
    "id": "note/table1",
    "printed_as": "Table 1",
    "where": "1",
    "shows": "something",
    "quantity": "accuracy",
    "unit": "percent",
    "spread": "none printed",
    "row_levels": ["method"],
    "column_levels": ["data set"],
    "columns": ["a", "b"],
    "rows": {"ours": "1.50±0.25 -2", "theirs": "4x4x8 missing"},
    "notes": {"theirs": "a dash"},
}


def test_cells_are_parsed_with_their_digits():
    table = PublishedTable.model_validate(TABLE)
    first, second, size, missing = table.cells()
    assert (first.value, first.spread, first.rounding) == (1.5, 0.25, pytest.approx(0.005))
    assert (second.value, second.spread, second.rounding) == (-2.0, None, 0.5)
    assert (size.value, size.rounding) == (128.0, 0.0)
    assert missing.missing and missing.value is None and missing.note == "a dash"


@pytest.mark.parametrize(
    "change, said",
    [
        ({"rows": {"ours": "1.5"}, "notes": {}}, "1 cells for 2 columns"),
        ({"rows": {"ours": "1.5 1,6"}, "notes": {}}, "'1,6' is no number"),
        ({"rows": {"ours": "1.5 -"}, "notes": {}}, "'-' is no number"),
        ({"rows": {"ours": "1.5 missing"}, "notes": {}}, "needs a note"),
        ({"columns": ["a", "a"]}, "appears twice"),
        ({"unit": {"a": "percent"}}, "one for each column"),
        ({"notes": {"theirs": "a dash", "nobody": "x"}}, "nobody"),
        ({"colour": "red"}, "colour"),
        ({"id": "novel/table1"}, "no such document"),
    ],
)
def test_a_bad_table_is_one_line_with_the_file(tmp_path, change, said):
    path = tmp_path / "note" / "table1.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(TABLE | change), encoding="utf-8")
    with pytest.raises(InterplayError) as caught:
        load_published(tmp_path)
    assert said in str(caught.value) and "table1.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_file_name_and_id_must_agree(tmp_path):
    path = tmp_path / "note" / "table2.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(TABLE), encoding="utf-8")
    with pytest.raises(InterplayError, match="in the place of note/table2"):
        load_published(tmp_path)


def test_nothing_to_read(tmp_path):
    with pytest.raises(InterplayError, match="--config"):
        load_published(tmp_path)


def test_statement_ids_are_unique(tmp_path, config):
    shutil.copytree(config / "published", tmp_path / "published")
    path = tmp_path / "published" / "statements.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["statements"].append(content["statements"][0])
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(InterplayError, match="appears twice"):
        load_published(tmp_path / "published")


def test_unknown_names_list_the_known(published):
    with pytest.raises(InterplayError, match="metrics24/table3"):
        published.cell("metrics24/table9", "x", "y")
    with pytest.raises(InterplayError, match="MAX MI"):
        published.cell("metrics24/table3", "MAXMI", "CIFAR-10")
    with pytest.raises(InterplayError, match="CIFAR-100"):
        published.cell("metrics24/table3", "MAX MI", "SVHN")
    with pytest.raises(InterplayError, match="metrics24/ln9"):
        published.statement("metrics24/ln8")


def test_source_names_document_table_and_section(published):
    assert published.table("metrics24/table3").source == "metrics24, TABLE III (section VIII-C)"
