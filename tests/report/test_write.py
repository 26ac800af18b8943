"""Writing: both pages, all or nothing, in a folder that can be moved."""

from __future__ import annotations

import re

import pytest

from interplay.errors import InterplayError
from interplay.report import write_report


def test_page_and_appendix_are_written_and_written_alike_again(own_sample):
    results, config = own_sample
    paths = write_report(results, config)
    assert [path.relative_to(results).as_posix() for path in paths] == ["report/index.html", "report/appendix.md"]
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write_report(results, config)] == before


def test_the_reports_own_place_does_not_matter(own_sample):
    """No path of the machine gets into the page."""
    results, config = own_sample
    for path in write_report(results.resolve(), config):
        assert str(results.parent.parent) not in path.read_text(encoding="utf-8")


def test_a_failed_report_leaves_the_old_one_alone(own_sample):
    results, config = own_sample
    page, _ = write_report(results, config)
    before = page.read_bytes()
    (results / "tables/metrics24/table3.csv").write_text("", encoding="utf-8")
    with pytest.raises(InterplayError, match="an empty table"):
        write_report(results, config)
    assert page.read_bytes() == before
    assert sorted(path.name for path in page.parent.iterdir()) == ["appendix.md", "figures", "index.html"]


def test_everything_that_the_page_shows_lies_in_its_folder(own_sample):
    page, _ = write_report(*own_sample)
    shown = re.findall(r'(?:src|href)="([^"#?]+)"', page.read_text(encoding="utf-8"))
    files = [name for name in shown if not name.startswith("data:")]
    assert len(set(files)) == 4  # two drawings, and small pictures of them
    assert all((page.parent / name).is_file() for name in files)
    assert not any(name.startswith(("/", "..", "http")) for name in files)
