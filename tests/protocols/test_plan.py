import ast
from dataclasses import replace
from pathlib import Path

import pytest

import interplay.experiments
from interplay.errors import InterplayError
from interplay.protocols.experiments import experiments, find_experiment
from interplay.protocols.plan import code_of, job_values, matching_records, plan_jobs, select_runs
from interplay.protocols.semi_supervised import METHOD_NAMES
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import remove
from interplay.records import module_digests


@pytest.fixture(scope="module")
def smoke(config):
    return load_setup(config, "smoke")


@pytest.fixture(scope="module")
def paper(config):
    return load_setup(config, "paper")


def test_both_tiers_unfold_into_the_runs_of_their_protocols(smoke, paper):
    for setup in (smoke, paper):
        protocol = setup.protocols["supervised"]
        runs = select_runs(setup, "supervised", "*")
        sets = len(protocol.architectures)
        by_objective = [run for run in runs if run.name.split("/")[1] in protocol.objectives]
        assert len(by_objective) == sets * len(protocol.objectives) * len(protocol.seeds)
        sweep = [run for run in runs if run.settings.split == "validation"]
        candidates = 1 + len(protocol.sweep.max_mi) + len(protocol.sweep.min_hd)
        assert len(sweep) == sets * candidates * len(protocol.sweep.seeds)
        variants = [run for run in runs if run.name.split("/")[1].startswith(("temperature", "smoothing"))]
        levels = len(protocol.variants.temperatures) + len(protocol.variants.label_smoothing)
        assert len(variants) == sets * levels * len(protocol.variants.seeds)
        children = [run for run in runs if run.name.split("/")[1].startswith("child")]
        rates = [rate for rates in protocol.children.learning_rates.values() for rate in rates]
        plain = rates.count(protocol.optimizer.learning_rate)  # at that rate the plain run is the first child
        assert len(children) == (2 * len(rates) - plain) * len(protocol.children.seeds)
        assert len(runs) == len(by_objective) + len(sweep) + len(variants) + len(children)


def test_a_variant_differs_from_the_plain_run_in_one_thing(paper):
    runs = {run.name: run for run in select_runs(paper, "supervised", "cifar10/*")}
    plain = runs["cifar10/plain/seed0"].settings
    for name, difference in {
        "cifar10/temperature-0.5/seed0": {"temperature": 0.5},
        "cifar10/temperature-10/seed2": {"temperature": 10},
        "cifar10/smoothing-0.4/seed1": {"label_smoothing": 0.4},
        "cifar10/child-lr0.03-b/seed0": {"child": "b"},
        "cifar10/child-lr0.003-a/seed1": {"learning_rate": 0.003},
        "cifar10/child-lr0.0003-b/seed1": {"learning_rate": 0.0003, "child": "b"},
    }.items():
        assert runs[name].settings == plain.model_copy(update=difference)


def test_networks_that_exist_are_not_trained_again(smoke, paper):
    """Temperature 1, the first child at the plain learning rate and what is pruned are the plain networks."""
    for setup in (smoke, paper):
        rate = setup.protocols["supervised"].optimizer.learning_rate
        plain = ("supervised/cifar10/plain/seed0",)
        assert select_runs(setup, "temperature", "cifar10/t1/seed0")[0].models == plain
        assert select_runs(setup, "pruning", "cifar10/global-0.9/seed0")[0].models == plain
        assert select_runs(setup, "estimators", "cifar10/seed0")[0].models == plain
        pair = select_runs(setup, "connectivity", f"cifar10/lr{rate:g}/seed0")[0].models
        assert pair == (*plain, f"supervised/cifar10/child-lr{rate:g}-b/seed0")
    assert select_runs(paper, "temperature", "cifar100/t10/seed1")[0].models == (
        "supervised/cifar100/temperature-10/seed1",
    )
    assert select_runs(paper, "connectivity", "cifar10/lr0.003/seed1")[0].models == tuple(
        f"supervised/cifar10/child-lr0.003-{child}/seed1" for child in "ab"
    )


def test_all_that_is_measured_on_networks_waits_for_their_records_and_weights(smoke, paper):
    for setup in (smoke, paper):
        jobs = plan_jobs(setup)
        made = {path for job in jobs for path in job.outputs}
        for name, experiment in experiments().items():
            if not experiment.reads:
                continue
            own = [job for job in jobs if job.experiment == name]
            assert own, f"{name} has no jobs"
            assert any(run.models for job in own for run in job.runs)
            for job in own:
                here = {f"{name}/{run.name}" for run in job.runs}
                names = {model for run in job.runs for model in run.models} - here
                expected = {f"records/{model}.json" for model in names} | {
                    f"models/{model}.safetensors" for model in names
                }
                assert set(job.inputs) == expected <= made


def test_smoke_bundles_families_and_paper_does_not(smoke, paper):
    assert max(len(job.runs) for job in plan_jobs(smoke)) > 1
    assert {len(job.runs) for job in plan_jobs(paper)} == {1}


def test_every_need_is_the_output_of_another_job_and_there_is_no_cycle(smoke, paper):
    for setup in (smoke, paper):
        jobs = plan_jobs(setup)
        made = {path: job.slug for job in jobs for path in job.outputs}
        assert len(made) == sum(len(job.outputs) for job in jobs), "two jobs write the same file"
        done = set()
        waiting = list(jobs)
        while waiting:
            ready = [job for job in waiting if all(made[path] in done for path in job.inputs)]
            assert ready, "a cycle"
            done |= {job.slug for job in ready}
            waiting = [job for job in waiting if job not in ready]


def test_rule_names_are_unique_and_valid(smoke, paper):
    for setup in (smoke, paper):
        slugs = [job.slug for job in plan_jobs(setup)]
        assert len(set(slugs)) == len(slugs)
        assert all(slug.isidentifier() for slug in slugs)


def test_a_final_run_waits_for_the_sweep_of_its_own_objective_only(smoke):
    run = select_runs(smoke, "supervised", "cifar10/max_mi/seed0")[0]
    assert run.needs
    assert all(name.startswith("supervised/cifar10/sweep/max_mi-") for name in run.needs)
    assert select_runs(smoke, "supervised", "cifar10/plain/seed0")[0].needs == ()


def test_selection_by_run_family_and_glob(smoke):
    assert len(select_runs(smoke, "supervised", "cifar10/plain/seed0")) == 1
    assert len(select_runs(smoke, "supervised", "cifar10/plain")) == 3
    assert len(select_runs(smoke, "supervised", "*/plain/*")) == 6
    with pytest.raises(InterplayError, match="no run matches"):
        select_runs(smoke, "supervised", "cifar11/*")
    with pytest.raises(InterplayError, match="experiment 'supervized' is unknown"):
        select_runs(smoke, "supervized", "*")


def test_a_change_of_one_protocol_leaves_other_jobs_alone(smoke):
    protocols = dict(smoke.protocols)
    protocols["grokking"] = protocols["grokking"].model_copy(update={"steps": 10})
    before = {job.slug: job.digest for job in plan_jobs(smoke)}
    after = {job.slug: job.digest for job in plan_jobs(replace(smoke, protocols=protocols))}
    changed = {slug for slug in before if before[slug] != after[slug]}
    assert changed == {slug for slug in before if slug.startswith("run_grokking")} != set()


def test_records_for_a_claim_are_those_that_its_globs_name(smoke):
    jobs = plan_jobs(smoke)
    paths = matching_records(jobs, ["supervised/cifar10/plain/*", "grokking/*/seed0"])
    assert paths == [
        *(f"records/supervised/cifar10/plain/seed{k}.json" for k in range(3)),
        "records/grokking/modular-addition/seed0.json",
    ]


def test_the_control_of_connectivity_joins_first_children_of_neighbouring_seeds_and_trains_nothing(smoke):
    runs = select_runs(smoke, "connectivity", "other-initialisation/*")
    trained = {f"supervised/{run.name}" for run in select_runs(smoke, "supervised", "*") if run.keeps_model}
    for run in runs:
        first, second = run.models
        assert (
            first.replace(f"seed{run.seed}", f"seed{run.seed + 1}") == second
            and run.settings.initialisation == "different"
        )
        assert {first, second} <= trained
    assert {run.settings.learning_rate for run in runs if run.dataset == "cifar10"} == {0.1, 0.01, 0.001}


def with_one_seed_more(setup):
    """Every experiment whose list of seeds decides no result, one run a job."""
    protocols = dict(setup.protocols)
    for name, protocol in protocols.items():
        if "seeds" in find_experiment(name).lists_runs:
            protocols[name] = protocol.vary({"seeds": [*protocol.seeds, max(protocol.seeds) + 1]})
    return replace(setup, protocols=protocols)


def test_one_seed_more_is_another_run_and_changes_none_of_the_others(smoke):
    alone = replace(smoke, tier=smoke.tier.model_copy(update={"bundle": "run"}))
    before, after = ({job.slug: job.digest for job in plan_jobs(setup)} for setup in (alone, with_one_seed_more(alone)))
    assert {name for name, one in experiments().items() if "seeds" in one.lists_runs} >= {"supervised", "grokking"}
    assert before.items() <= after.items()
    new = {slug.partition("_cifar")[0] for slug in after.keys() - before.keys()}
    assert {"run_supervised", "run_semi_supervised", "run_pruning", "run_compression"} <= new


@pytest.mark.parametrize("name", [name for name, one in experiments().items() if one.lists_runs])
def test_what_lists_runs_is_a_leaf_of_the_protocol_that_its_code_does_not_read(paper, name):
    leaves = find_experiment(name).lists_runs
    for leaf in leaves:
        assert remove(paper.protocols[name].model_dump(), leaf.split(".")) is not None, leaf
    words = {leaf.rpartition(".")[2] for leaf in leaves}
    base = Path(interplay.experiments.__path__[0])
    files = [base / f"{name}.py"] if (base / f"{name}.py").is_file() else list((base / name).rglob("*.py"))
    assert files
    read = {
        node.attr for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)
    }
    assert not words & read


def test_the_values_of_a_job_are_named_once_where_its_runs_agree(smoke):
    job = next(job for job in plan_jobs(smoke, ["grokking"]))
    values = job_values(smoke, job)
    assert values["protocol.modulus"] == str(smoke.protocols["grokking"].modulus)
    assert values["modular-addition/seed1: run.seed"] == "1"
    assert not [key for key in values if "protocol.seeds" in key]
    sweep = next(job for job in plan_jobs(smoke, ["supervised"]) if job.name == "cifar10/sweep")
    seeds = [key for key in job_values(smoke, sweep) if key.endswith(": run.name")]
    assert len(seeds) == len(sweep.runs)


def test_a_method_is_among_the_code_of_its_runs_and_of_no_others(paper):
    """Methods are found by a scan, so that no import of the experiment leads to them."""
    own = "interplay.experiments.semi_supervised.methods"
    runs = {run.settings.method: run for run in paper.unfold("semi_supervised")}
    assert set(runs) == set(METHOD_NAMES)
    code = {
        name: set(module_digests(*code_of("semi_supervised", run.settings.model_dump()))) for name, run in runs.items()
    }
    assert all(f"{own}.{name}" in found for name, found in code.items())
    assert [name for name, found in code.items() if f"{own}.dash" in found] == ["dash"]
    assert {name for name, found in code.items() if f"{own}.max_mi" in found} == {"max_mi", "min_hd"}


def test_what_fills_a_record_counts_for_every_run_and_the_runner_for_none():
    for name in experiments():
        found = module_digests(*code_of(name, {}))
        assert {f"interplay.experiments.{name}", "interplay.experiments.recording"} <= set(found)
        assert "interplay.experiments.runner" not in found
        assert not any(module.startswith("interplay.cli") for module in found)
