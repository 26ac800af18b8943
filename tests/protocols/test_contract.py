"""What every experiment owes the house, found by the same scan as the plan's: a new one fails here until it has all."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import pytest

from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims, selectors
from interplay.protocols.experiments import experiments, find_experiment
from interplay.protocols.json_schema import json_schemas
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_published_protocol, load_setup
from interplay.protocols.sourced import differences, lay_over, read_yaml, validate
from interplay.protocols.tiers import TierOverrides
from interplay.records import code_digest, module_digests

TIERS = ("smoke", "review", "paper")
pytestmark = pytest.mark.parametrize("name", list(experiments()))


def unfolded(config, name, tier):
    """Setup and runs; what stands in for published weights has runs under the mapping alone that puts it there."""
    setup = load_setup(config, tier)
    if not setup.unfold(name):
        setup = replace(setup, mapping=load_setup(config, "smoke").mapping)
    return setup, setup.unfold(name)


def test_its_published_protocol_is_complete_and_every_leaf_has_a_source(config, name):
    values, sources = load_published_protocol(config, name)
    validate(find_experiment(name).protocol, values, name)
    assert sources and all(source.strip() for source in sources.values())


@pytest.mark.parametrize("tier", TIERS)
def test_its_runs_say_what_sets_them_apart_and_what_they_take(config, name, tier):
    setup, runs = unfolded(config, name, tier)
    assert runs
    assert len({run.name for run in runs}) == len(runs)
    for run in runs:
        assert type(run.protocol) is find_experiment(name).protocol
        assert type(run.settings).model_config["frozen"] and type(run.settings).model_config["extra"] == "forbid"
        assert isfinite(run.cost.operations) and run.cost.operations > 0
        assert 256 <= run.cost.memory_mib < 2**20 and 0 < run.cost.share <= 1
        assert isinstance(run.accelerator, bool)
        assert all(model.partition("/")[0] in (name, *find_experiment(name).reads) for model in run.models)
        assert all(need.partition("/")[0] in (name, *find_experiment(name).reads) for need in run.needs)
    # Of one data set: what a protocol has otherwise for another is told by the data set's name.
    varied = {(run.dataset, repr(run.settings), tuple(run.variation(setup.protocols[name]))) for run in runs}
    told = {(dataset, settings) for dataset, settings, _ in varied}
    assert len(varied) == len(told), "settings tell apart what the protocol tells apart"


def test_it_costs_more_as_published_than_in_smoke(config, name):
    largest = {tier: max(run.cost.operations for run in unfolded(config, name, tier)[1]) for tier in ("smoke", "paper")}
    assert largest["paper"] > largest["smoke"]


def test_smoke_changes_it(config, name):
    """A published protocol that fits two cores in minutes is none that is known here."""
    path = config / "tiers/smoke" / f"{name}.yaml"
    changes = validate(TierOverrides, read_yaml(path), path)
    assert changes.overrides or changes.without
    assert load_setup(config, "smoke").overrides[name]


def test_its_shrunken_form_is_smaller_than_smoke(root, config, name):
    path = root / "tests/workflow/shrunken" / f"{name}.yaml"
    changes = validate(TierOverrides, read_yaml(path), path)
    published, _ = load_published_protocol(config, name)
    assert differences(published, lay_over(published, changes.overrides))


def test_it_is_carried_out_by_a_module_of_its_name(name):
    from importlib import import_module

    assert callable(import_module(f"interplay.experiments.{name}").run)
    assert len(code_digest(f"interplay.experiments.{name}")) == 16


def test_it_is_carried_out_without_its_siblings(name):
    """What several need is in `training`, so that none changes another by what it does for itself."""
    siblings = {f"interplay.experiments.{other}" for other in experiments() if other != name}
    needed = module_digests(f"interplay.experiments.{name}")
    assert not [module for module in needed if ".".join(module.split(".")[:3]) in siblings]


def test_its_digest_covers_how_torch_is_set_up(name):
    """The runner does that for it: threads, determinism, precision."""
    from interplay.training import configure_torch

    assert configure_torch.__module__ in module_digests(f"interplay.experiments.{name}")


def test_its_schema_is_written(config, name):
    file = f"protocol-{name}.json"
    assert (config / "schemas" / file).read_text() == json_schemas()[file]


def test_it_has_a_page_that_says_how_to_run_it(root, name):
    page = (root / "docs/experiments" / f"{name}.md").read_text()
    assert page.startswith(f"# `{name}`: ")
    assert f"interplay run {name}" in page


def test_something_is_claimed_of_it_and_shown(config, name):
    claims = load_claims(config / "claims")
    assert any(selector.startswith(f"{name}/") for claim in claims for selector in selectors(claim))
    catalogue = load_catalogue(config)
    mine = [one for one in catalogue.exhibits if any(need.startswith(f"{name}/") for need in one.needs)]
    assert mine
    assert catalogue.headlines_of(name), "DVC compares commits by its headline metrics"
    assert any(one.plot for one in mine), "DVC plots one of its figures"


def test_every_job_of_it_has_resources(config, name):
    for job in plan_jobs(load_setup(config, "review"), [name]):
        assert job.memory_mib > 0 and job.operations > 0
        assert job.accelerator == any(run.accelerator for run in job.runs)


def test_no_list_names_it(root, name):
    """Adding an experiment touches no file of another: neither code, nor workflow, nor the GPU script."""
    if name == "theory":
        return  # "theory" is also a word
    shared = [*(root / "workflow").rglob("*.smk"), root / "Snakefile", root / "benchmarks/gpu_session.sh"]
    shared += [path for path in (root / "src/interplay/protocols").glob("*.py") if path.stem not in experiments()]
    shared += (root / "src/interplay/experiments").glob("*.py")
    shared = [path for path in shared if path.stem not in experiments()]
    named = [path for path in shared if f'"{name}"' in path.read_text()]
    assert not named
