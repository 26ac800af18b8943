"""Figures beside the page: copied as they are, with small pictures, and nothing that is no longer shown."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread, imsave

from interplay.errors import InterplayError
from interplay.report import write_report
from interplay.report.figure_files import THUMBNAIL_PIXELS, thumbnail


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_drawings_are_copied_byte_for_byte(own_sample):
    results, _ = own_sample
    write_report(*own_sample)
    copies = results / "report/figures"
    assert files_below(copies) == {
        *("metrics24/fig2.svg", "metrics24/fig2.small.webp", "metrics24/fig9.svg", "metrics24/fig9.small.webp")
    }
    for name in ("fig2", "fig9"):
        original = results / f"figures/metrics24/{name}.svg"
        assert (copies / f"metrics24/{name}.svg").read_bytes() == original.read_bytes()


def test_what_is_no_longer_shown_goes(own_sample):
    results, _ = own_sample
    write_report(*own_sample)
    stale = results / "report/figures/other/fig1.svg"
    stale.parent.mkdir()
    stale.write_text("<svg/>", encoding="utf-8")
    stamp = results / "report/figures/.snakemake_timestamp"
    stamp.touch()
    for suffix in ("svg", "png"):
        (results / f"figures/metrics24/fig2.{suffix}").unlink()
    write_report(*own_sample)
    assert files_below(results / "report/figures") == {
        *("metrics24/fig9.svg", "metrics24/fig9.small.webp", ".snakemake_timestamp")
    }
    assert not stale.parent.exists()


def test_a_report_without_figures_still_has_their_folder(own_sample, tmp_path):
    results, config = own_sample
    write_report(results.parent / "reference/supervised-review-offline", config)
    assert (results.parent / "reference/supervised-review-offline/report/figures").is_dir()


def test_a_small_picture_is_the_mean_of_what_it_shows(tmp_path):
    """A bitmap of two halves keeps its halves, and its mean grey within what lossy coding costs."""
    path = tmp_path / "a.png"
    pixels = np.zeros((400, 1000, 3))
    pixels[:, :500] = 0.2
    pixels[:, 500:] = np.indices((400, 500)).sum(axis=0)[..., None] % 2  # a chequered board: its mean is one half
    imsave(path, pixels)
    small = imread(BytesIO(thumbnail(path)), format="webp")[..., :3] / 255.0
    assert small.shape[1] <= THUMBNAIL_PIXELS
    assert small.shape[0] / small.shape[1] == pytest.approx(0.4, abs=0.01)
    assert small[:, : small.shape[1] // 2 - 4].mean() == pytest.approx(0.2, abs=0.02)
    assert small[:, small.shape[1] // 2 + 4 :].mean() == pytest.approx(0.5, abs=0.02)


def test_a_file_that_is_no_bitmap_is_one_clear_line(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(InterplayError, match=r"a\.png: not a bitmap; delete it"):
        thumbnail(path)
