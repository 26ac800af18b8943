import csv
import importlib
import io
import itertools
import re

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from interplay.errors import InterplayError
from interplay.figures import draw as drawing
from interplay.figures.axes import collapse_mir, step_ticks
from interplay.figures.draw import draw_exhibit
from interplay.figures.style import house_style
from interplay.protocols.catalogue import load_catalogue
from interplay.records import read_record, write_record

STEPS = [0.0, 1.0, 10.0, 100.0, 1000.0]


def figures(config):
    """Those of supervised training, of networks measured again, and of grokking."""
    exhibits = load_catalogue(config).exhibits
    return [one for one in exhibits if one.kind == "figure" and not one.ids[0].startswith("compression25/")]


def test_every_figure_is_drawn_whole_in_three_formats_under_all_its_ids(results, config, monkeypatch):
    drawn, close = [], plt.close
    monkeypatch.setattr(drawing.plt, "close", drawn.append)
    for exhibit in figures(config):
        written = draw_exhibit(exhibit.ids[0], results, config)
        assert {path.relative_to(results / "figures").as_posix() for path in written} == {
            f"{name}.{suffix}" for name in exhibit.ids for suffix in ("svg", "pdf", "png", "csv")
        }
        assert all(path.stat().st_size > 1000 for path in written if path.suffix != ".csv")
        for suffix in ("svg", "png", "csv"):  # a figure of two documents is one picture
            same = {(results / "figures" / f"{name}.{suffix}").read_bytes() for name in exhibit.ids}
            assert len(same) == 1
        figure = drawn.pop()
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        slack = 0.02  # inches, half the width of a letter
        whole = box.x0 > -slack and box.y0 > -slack and box.x1 < width + slack and box.y1 < height + slack
        assert whole, f"{exhibit.ids[0]} is cut off: {box} on {width} x {height} inches"
        close(figure)


def test_the_file_itself_says_where_it_comes_from(results, config):
    draw_exhibit("metrics24/fig2", results, config)
    svg = (results / "figures/metrics24/fig2.svg").read_text()
    assert re.search(r"code [0-9a-f]{16}; records [0-9a-f]{16}; tier smoke", svg)
    assert "tier smoke" in (results / "figures/metrics24/fig2.png").read_bytes().decode("latin1")


def test_the_frame_stands_beside_the_figure_as_dvc_reads_it(results, config):
    """No line of comment above the names of the columns; the stamp is a column that is filled once."""
    for exhibit in figures(config):
        draw_exhibit(exhibit.ids[0], results, config)
        text = (results / f"figures/{exhibit.ids[0]}.csv").read_text()
        rows = list(csv.DictReader(io.StringIO(text)))
        frame = importlib.import_module(exhibit.package).tidy(exhibit.records(results))
        assert list(rows[0]) == [*frame.columns, "stamp"] and len(rows) == len(frame)
        assert re.fullmatch(rf"{exhibit.ids[0]} \[code [0-9a-f]{{16}}; .* seeds?\]", rows[0]["stamp"])
        assert {row["stamp"] for row in rows[1:]} <= {""}
        assert all(
            value != "" for row in rows for name, value in row.items() if name not in ("stamp", "dataset", "data_read")
        )
        assert not frame.duplicated().any(), f"{exhibit.ids[0]}: an observation appears twice"


def test_numbers_keep_all_their_digits(results, config):
    draw_exhibit("metrics24/fig2", results, config)
    frame = pd.read_csv(results / "figures/metrics24/fig2.csv")
    record = read_record(results / "records/supervised/cifar10/plain/seed1.json")
    mine = frame[(frame["dataset"] == "cifar10") & (frame["seed"] == 1)]
    assert list(mine["feature_entropy"]) == record.trajectory["feature_entropy"]
    assert list(mine["step"]) == record.trajectory["step"]


def test_an_analytic_drawing_has_neither_tier_nor_seed(results, config):
    exhibit = load_catalogue(config).find("metrics24/fig2", "figure")
    records = exhibit.records(results)
    drawn = exhibit.model_copy(update={"analytic": True})
    assert "tier smoke" in exhibit.stamp(records)
    assert "tier" not in drawn.origin(records) and "seed" not in drawn.origin(records)
    assert [
        one.ids[0] for one in load_catalogue(config).exhibits if one.analytic and one.ids[0] == "compression25/fig1.2"
    ]


def test_the_same_records_give_the_same_bytes_and_others_do_not(results, config, make_record):
    def drawn():
        draw_exhibit("metrics24/fig9", results, config)
        return [(results / f"figures/metrics24/fig9.{suffix}").read_bytes() for suffix in ("svg", "pdf", "png")]

    first = drawn()
    assert drawn() == first
    path = results / "records/grokking/modular-addition/seed0.json"
    path.write_text(path.read_text().replace('"wall_seconds": 1.0', '"wall_seconds": 2.0'))
    assert drawn()[0] != first[0], "the digest of the records is part of the file"


def test_the_line_of_theory_is_the_printed_value():
    assert collapse_mir(3) == pytest.approx(0.5)
    assert collapse_mir(10) == pytest.approx(0.95235, abs=1e-5)
    assert collapse_mir(100) == pytest.approx(0.99781, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"trajectory": {"step": STEPS}}, "no column 'test_accuracy'"),
        ({"settings": {}}, "settings lack num_classes"),
        ({"dataset": None}, "no data set in the record"),
    ],
)
def test_a_record_that_does_not_fit_is_one_line(results, config, make_record, change, says):
    path = results / "records/supervised/cifar10/plain/seed0.json"
    write_record(read_record(path).model_copy(update=change), path)
    (path.parent / "seed1.json").unlink()
    with pytest.raises(InterplayError, match=says):
        draw_exhibit("metrics24/fig2", results, config)


def test_nothing_is_half_written_when_drawing_fails(results, config, monkeypatch):
    module = importlib.import_module("interplay.figures.grokking")

    def broken(records, beside):
        raise InterplayError("no")

    monkeypatch.setattr(module, "draw", broken)
    with pytest.raises(InterplayError, match="no"):
        draw_exhibit("metrics24/fig9", results, config)
    assert not (results / "figures").exists()
    assert drawing.FORMATS == ("svg", "pdf", "png")


def test_seeds_that_grok_at_different_steps_have_lines_of_their_own_to_the_last_step_of_any(make_record):
    """No mean over them, which would be of fewer runs from the end of the first on; step 0 is a dot of its own."""
    module = importlib.import_module("interplay.figures.grokking")
    protocol = {"modulus": 53, "train_fraction": 0.35, "trajectory": {"batch_size": 64}}
    records = []
    for seed, steps in ((0, STEPS[:-1]), (1, STEPS)):
        columns = {
            name: [0.1 * place + 0.01 * seed + step / 9999 for step in steps]
            for place, name in enumerate(module.COLUMNS)
        }
        records.append(make_record(seed=seed, protocol=protocol, trajectory={"step": steps, **columns}))
    with house_style():
        figure = module.draw(records)
    drawn = [tuple(line.get_ydata()) for axes in figure.axes for line in axes.lines]
    assert all(tuple(record.trajectory[name][1:]) in drawn for record in records for name in module.COLUMNS)
    dots = [float(dot.get_offsets()[0, 1]) for axes in figure.axes for dot in axes.collections]
    assert sorted(dots) == pytest.approx(sorted(one.trajectory[name][0] for one in records for name in module.COLUMNS))
    assert len({tuple(line) for line in drawn if len(line) > 2}) == 2 * len(module.COLUMNS)
    bottom = figure.axes[-1]
    assert bottom.get_xscale() == "log" and bottom.get_xlim()[0] < STEPS[1] / 2
    assert [label.get_text() for label in bottom.get_xticklabels()] == ["0", "1", "10", "100", "1,000"]
    assert len(bottom.get_xticks(minor=True)) > 20
    assert "n = 2 runs" in figure.axes[0].get_title()


@pytest.mark.parametrize("last", [1000, 2000, 4807, 20000, 50000])
def test_ticks_of_steps_keep_their_distance(last):
    with house_style():
        _, axes = plt.subplots()
        step_ticks(axes, last / 200, last)
    ticks = axes.get_xticks()
    assert ticks[0] == 0 and ticks[-1] == last
    assert all(later >= 3 * sooner for sooner, later in itertools.pairwise(ticks[1:]))
