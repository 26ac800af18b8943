"""Exhibits found, missing, differing and broken."""

from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.protocols.catalogue import load_catalogue
from interplay.report import exhibits
from interplay.report.exhibits import parse_table, svg_size, view_exhibit

NAMES = ["supervised/cifar10/plain/seed0", "grokking/modular-addition/seed0"]


def find(sample, exhibit_id, kind="figure", names=NAMES):
    results, config = sample
    return view_exhibit(load_catalogue(config).find(exhibit_id, kind), results, names)


def test_a_figure_lies_beside_the_page_with_a_small_picture(sample):
    view = find(sample, "metrics24/fig9")
    assert view.content.uri == view.content.path == "figures/metrics24/fig9.svg"
    assert view.content.thumbnail == "figures/metrics24/fig9.small.webp"
    assert (view.problem, view.absent_ids, view.records) == ("", (), 1)


def test_a_figure_without_bitmap_is_its_own_small_picture(own_sample):
    (own_sample[0] / "figures/metrics24/fig2.png").unlink()
    assert find(own_sample, "metrics24/fig2").content.thumbnail == "figures/metrics24/fig2.svg"


def test_a_figure_knows_its_printed_size(sample):
    assert find(sample, "metrics24/fig2").content.size == (round(7.2 * 96), round(2.3 * 96))


def test_an_exhibit_absent_under_one_id_names_that_id(own_sample):
    (own_sample[0] / "figures/metrics24/fig9.svg").unlink()
    view = find(own_sample, "metrics24/fig9")
    assert view.content.path == "figures/interplay24/fig7.svg"
    assert view.absent_ids == ("metrics24/fig9",)


def test_copies_that_differ_are_reported(own_sample):
    path = own_sample[0] / "figures/interplay24/fig7.svg"
    path.write_bytes(path.read_bytes() + b"\n")
    assert "differ" in find(own_sample, "metrics24/fig9").problem


@pytest.mark.parametrize(
    ("names", "reason"), [([], "no record matches mode_connectivity/*"), (["mode_connectivity/a"], "was not made")]
)
def test_a_missing_exhibit_says_why(sample, names, reason):
    view = find(sample, "metrics24/fig7", names=names)
    assert view.content is None
    assert reason in view.problem


def test_a_large_drawing_gives_way_to_its_smaller_bitmap(own_sample, monkeypatch):
    monkeypatch.setattr(exhibits, "LARGEST_SVG", 10)
    png = own_sample[0] / "figures/metrics24/fig2.png"
    png.unlink()
    assert find(own_sample, "metrics24/fig2").content.path.endswith(".svg")
    png.write_bytes(b"\x89PNG small")
    assert find(own_sample, "metrics24/fig2").content.path == "figures/metrics24/fig2.png"


def test_a_file_that_is_no_drawing_is_one_clear_line(own_sample):
    (own_sample[0] / "figures/metrics24/fig2.svg").write_text("<html>", encoding="utf-8")
    with pytest.raises(InterplayError, match="not an SVG image"):
        find(own_sample, "metrics24/fig2")


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        (b'width="72pt" height="36pt"', (96, 48)),
        (b"height='1in' width='2.54cm'", (96, 96)),
        (b'width="50%" height="5"', (0, 0)),
        (b'width="10"', (0, 0)),
        (b'stroke-width="3" height="4"', (0, 0)),
    ],
)
def test_sizes_of_drawings(tmp_path, attributes, size):
    assert svg_size(b"<?xml version='1.0'?><svg " + attributes + b"><rect width='9'/></svg>", tmp_path) == size


def test_a_table_keeps_missing_cells_apart_from_empty_agreement():
    table = parse_table(
        b"# Caption. [origin]\nmethod,published,ours\nplain,95.35,86.71874999\nMAX MI,95.52\nx,missing,\n", "t"
    )
    assert table.caption == "Caption. [origin]"
    assert [column.role for column in table.columns] == ["", "published", "ours"]
    assert [column.numeric for column in table.columns] == [False, True, True]
    assert [[cell.missing for cell in row] for row in table.rows] == [[0, 0, 0], [0, 0, 1], [0, 1, 1]]
    assert table.rows[0][2].text == "86.72"
    assert table.missing == 3


def test_cells_may_hold_commas_quotes_and_spreads():
    table = parse_table('a,b\n"x, ""y""",15.56±0.55\nz,<1e-3\n'.encode(), "t")
    assert table.rows[0][0].text == 'x, "y"'
    assert table.columns[1].numeric


@pytest.mark.parametrize("content", [b"", b"# only a caption\n", b"a,b\n1,2,3\n", b"\xff\xfe"])
def test_a_broken_table_is_one_clear_line(content):
    with pytest.raises(InterplayError, match=r"table1\.csv: .*make it anew"):
        parse_table(content, "table1.csv")
