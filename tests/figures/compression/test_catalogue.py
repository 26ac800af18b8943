"""The thesis' entries of the catalogue: every number is there, each reads the runs that it should, and is drawn."""

import importlib

import pandas as pd
import pytest

from interplay.figures.draw import draw_exhibit
from interplay.figures.style import house_style
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.plan import matching_records, plan_jobs
from interplay.protocols.setup import load_setup
from interplay.records import write_record

NUMBERS = ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.2.drift", *(f"3.{n}" for n in range(3, 9))]


@pytest.fixture
def exhibits(config):
    return {one.ids[0]: one for one in load_catalogue(config).exhibits if one.ids[0].startswith("compression25/")}


@pytest.fixture
def results(tmp_path, scenarios, run_of, make_record):
    """A record of every run, and runs of a variant, which no figure may mistake for the text's."""
    records = [make_record(experiment="theory", run="compression25", dataset=None, dataset_used=None)]
    for part in ("", "information", "random_labels", "architecture"):
        records += scenarios(part)
    records.append(run_of("f_minus", "fashion-mnist", 0, "toy"))
    for part, end in (("", ""), ("information", "information/")):
        other = {"network": "f_plus", "part": part or "geometry", "variant": "bfloat16", "num_classes": 10}
        records.append(run_of(part=part, run=f"cifar10/f_plus/bfloat16/{end}seed0", settings=other))
    for record in records:
        write_record(record, tmp_path / "records" / record.experiment / f"{record.run}.json")
    return tmp_path


def test_every_figure_and_table_of_the_thesis_is_there(exhibits):
    assert set(exhibits) == {f"compression25/fig{number}" for number in NUMBERS} | {
        f"compression25/table{number}" for number in ("3.1", "3.1.variants", "3.2")
    }


def test_each_is_drawn_from_the_records_that_it_names(exhibits, results):
    for exhibit in exhibits.values():
        if exhibit.kind == "figure":
            with house_style():
                assert importlib.import_module(exhibit.package).draw(exhibit.records(results)).axes


@pytest.mark.parametrize("number", ["2.1", "3.2.drift"])
def test_one_is_written_in_three_formats_with_its_frame(exhibits, results, config, number):
    written = draw_exhibit(f"compression25/fig{number}", results, config)
    assert [path.name for path in written] == [f"fig{number}.{suffix}" for suffix in ("svg", "pdf", "png", "csv")]
    assert all(path.stat().st_size > 1000 for path in written)
    frame = pd.read_csv(written[-1])
    assert len(frame) > 1 and ("tier" in frame) == (number == "3.2.drift")
    assert ("rests on no run" in frame["stamp"][0]) == exhibits[f"compression25/fig{number}"].analytic


def test_variants_are_in_their_table_alone(exhibits, results):
    for name, exhibit in exhibits.items():
        variants = [run.name for run in exhibit.records(results) if run.settings.get("variant")]
        assert bool(variants) == (name == "compression25/table3.1.variants")


@pytest.mark.parametrize("tier", ["smoke", "paper"])
def test_the_plan_makes_what_each_needs(exhibits, config, tier):
    jobs = plan_jobs(load_setup(config, tier))
    for name, exhibit in exhibits.items():
        assert matching_records(jobs, exhibit.needs), f"{name}: the tier {tier} has no record for it"
