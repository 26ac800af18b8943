import importlib
import re

import pytest
from matplotlib import pyplot as plt

from interplay.errors import InterplayError
from interplay.figures import draw as drawing
from interplay.figures.axes import collapse_mir, curve
from interplay.figures.draw import draw_exhibit
from interplay.figures.style import house_style
from interplay.protocols.catalogue import load_catalogue
from interplay.records import write_record

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
            f"{name}.{suffix}" for name in exhibit.ids for suffix in ("svg", "pdf", "png")
        }
        assert all(path.stat().st_size > 1000 for path in written)
        for suffix in ("svg", "png"):  # a figure of two documents is one picture
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


def test_the_same_records_give_the_same_bytes_and_others_do_not(results, config, make_record):
    def drawn():
        draw_exhibit("metrics24/fig9", results, config)
        return [(results / f"figures/metrics24/fig9.{suffix}").read_bytes() for suffix in ("svg", "pdf", "png")]

    first = drawn()
    assert drawn() == first
    path = results / "records/grokking/modular-addition/seed0.json"
    path.write_text(path.read_text().replace('"wall_seconds": 1.0', '"wall_seconds": 2.0'))
    assert drawn()[0] != first[0], "the digest of the records is part of the file"


def test_curves_show_the_mean_and_the_range_over_seeds(make_record):
    records = [
        make_record(seed=seed, trajectory={"step": STEPS, "mir": [seed + value for value in STEPS]}) for seed in (0, 2)
    ]
    with house_style():
        _, axes = plt.subplots()
        curve(axes, records, "mir", "MIR", {"color": "k", "linestyle": "-"})
    line = axes.lines[0].get_ydata()
    assert list(line) == [1 + value for value in STEPS]
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 0.0
    assert band[:, 1].max() == 1002.0


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
    from interplay.records import read_record

    write_record(read_record(path).model_copy(update=change), path)
    (path.parent / "seed1.json").unlink()
    with pytest.raises(InterplayError, match=says):
        draw_exhibit("metrics24/fig2", results, config)


def test_nothing_is_half_written_when_drawing_fails(results, config, monkeypatch):
    module = importlib.import_module("interplay.figures.grokking")

    def broken(_records):
        raise InterplayError("no")

    monkeypatch.setattr(module, "draw", broken)
    with pytest.raises(InterplayError, match="no"):
        draw_exhibit("metrics24/fig9", results, config)
    assert not (results / "figures").exists()
    assert drawing.FORMATS == ("svg", "pdf", "png")


def test_seeds_that_grok_at_different_steps_have_lines_of_their_own_to_the_last_step_of_any(make_record):
    """No mean over them, which would be of fewer runs from the end of the first on."""
    names = [f"{split}_{name}" for split in ("train", "test") for name in ("accuracy", "mir", "hdr")]
    names += ["train_mir_batch", "train_hdr_batch"]
    protocol = {"modulus": 53, "train_fraction": 0.35, "trajectory": {"batch_size": 64}}
    records = []
    for seed, steps in ((0, STEPS[:-1]), (1, STEPS)):
        columns = {
            name: [0.1 * place + 0.01 * seed + step / 9999 for step in steps] for place, name in enumerate(names)
        }
        records.append(make_record(seed=seed, protocol=protocol, trajectory={"step": steps, **columns}))
    with house_style():
        figure = importlib.import_module("interplay.figures.grokking").draw(records)
    drawn = [tuple(line.get_ydata()) for axes in figure.axes for line in axes.lines]
    assert all(tuple(record.trajectory[name]) in drawn for record in records for name in names)
    assert len(drawn) == 2 * len(names)
    assert figure.axes[2].get_xlim()[1] == STEPS[-1]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["train pairs", "test pairs"]
