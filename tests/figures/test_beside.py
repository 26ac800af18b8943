"""What figures show beside their records: runs of the reference, bounds of claims."""

import pandas as pd
import pytest

from interplay.figures import draw as drawing
from interplay.figures import grokking
from interplay.figures.beside import Beside, load_beside
from interplay.figures.draw import draw_exhibit
from interplay.figures.style import house_style
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.claims import DelayTest
from interplay.records import read_record, write_record


@pytest.fixture
def smoke(results, tmp_path):
    """The records as those of a tier below a root, with one of them made again at review scale as reference."""
    tier = tmp_path / "root/smoke"
    tier.mkdir(parents=True)
    (results / "records").rename(tier / "records")
    for name in ("supervised/cifar10/plain/seed0", "grokking/modular-addition/seed0"):
        record = read_record(tier / f"records/{name}.json")
        for made, folder in (({"tier": "review"}, "a"), ({"tier": "review"}, "b-again"), ({}, "same-tier")):
            path = tmp_path / f"root/reference/{folder}/records/{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_record(record.model_copy(update=made), path)
    return tier


def test_the_reference_is_what_has_the_same_name_and_was_made_otherwise(smoke, config):
    exhibit = load_catalogue(config).find("metrics24/fig2", "figure")
    records = exhibit.records(smoke)
    (one,) = load_beside(exhibit, records, smoke, config).reference
    assert (one.name, one.tier) == ("supervised/cifar10/plain/seed0", "review")
    without = exhibit.model_copy(update={"reference": False})
    assert load_beside(without, records, smoke, config).reference == []


@pytest.mark.parametrize("name", ["metrics24/fig2", "metrics24/fig6", "interplay24/fig1", "metrics24/fig9"])
def test_a_column_of_its_own_shows_the_reference_under_its_name(smoke, config, name, monkeypatch):
    drawn = []
    monkeypatch.setattr(drawing.plt, "close", drawn.append)
    draw_exhibit(name, smoke, config)
    titles = [axes.get_title() for axes in drawn[0].axes]
    assert sum("reference: review protocol" in title for title in titles) == 1
    frame = pd.read_csv(smoke / f"figures/{name}.csv")
    assert set(frame["tier"]) == {"smoke", "review"}
    box, (width, height) = drawn[0].get_tightbbox(), drawn[0].get_size_inches()
    assert box.x0 > -0.02 and box.y0 > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02


def test_bounds_of_claims_are_in_the_figure(smoke, config, monkeypatch):
    drawn = []
    monkeypatch.setattr(drawing.plt, "close", drawn.append)
    draw_exhibit("interplay24/fig5", smoke, config)
    (legend,) = drawn[0].legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert "claimed: differences within 0.01" in texts and "claimed: differences within 0.05" in texts
    accuracy = drawn[0].axes[0]
    box = accuracy.patches[0].get_bbox()
    assert box.y1 - box.y0 == pytest.approx(0.01)
    low, high = accuracy.get_ylim()
    assert (box.y1 - box.y0) / (high - low) > 0.1, "the margin can be seen"


def test_what_is_claimed_of_the_moment_of_memorising_stands_at_that_moment(make_record, config):
    exhibit = load_catalogue(config).find("metrics24/fig9", "figure")
    steps = [0.0, 10.0, 100.0, 1000.0, 10000.0]
    columns = dict.fromkeys(grokking.COLUMNS, [0.5] * 5)
    columns |= {"train_accuracy": [0.0, 0.5, 1.0, 1.0, 1.0], "test_accuracy": [0.0, 0.0, 0.02, 0.1, 1.0]}
    records = [
        make_record(
            experiment="grokking",
            run="modular-addition/seed0",
            protocol={"modulus": 50, "train_fraction": 0.3, "trajectory": {"batch_size": 64}},
            trajectory={"step": steps, **columns},
        )
    ]
    claims = [one for one in load_claims(config / "claims") if exhibit.claimed_as.intersection(one.exhibits)]
    with house_style():
        figure = grokking.draw(records, Beside(claims))
    accuracy = figure.axes[0]
    (line,) = [one for one in accuracy.lines if "where train is full" in str(one.get_label())]
    (asked,) = {one.test.at_most for one in claims if getattr(one.test, "at_most", None)}
    assert list(line.get_ydata()) == pytest.approx([asked / 50] * 2)
    assert line.get_xdata()[0] < 100 < line.get_xdata()[1]
    (delay,) = {one.test.factor for one in claims if isinstance(one.test, DelayTest)}
    (span,) = [one for one in accuracy.patches if str(one.get_label()).startswith("claimed: test not before")]
    assert span.get_bbox().x1 == pytest.approx(100 * delay)
