import shutil
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from interplay.models import WideResNet
from interplay.protocols.cost import forecast, measured_runs, needed_jobs, operations, wide_resnet_operations
from interplay.protocols.plan import plan_jobs, select_runs
from interplay.protocols.setup import load_setup
from interplay.protocols.supervised import Architecture
from interplay.records import write_record


@pytest.fixture(scope="module")
def smoke(config):
    return load_setup(config, "smoke")


@pytest.mark.parametrize(
    ("depth", "width", "groups", "image"),
    [(10, 1, 3, (1, 14, 14)), (28, 2, 3, (3, 32, 32)), (28, 2, 4, (3, 96, 96)), (16, 8, 3, (3, 32, 32))],
)
def test_operations_are_those_that_torch_counts(depth, width, groups, image):
    with torch.device("meta"):
        model, batch = WideResNet(depth, width, 10, in_channels=image[0], groups=groups), torch.empty(1, *image)
    with FlopCounterMode(display=False) as counter:
        model(batch)
    counted = counter.get_total_flops()
    assert wide_resnet_operations(Architecture(depth=depth, width=width, groups=groups), image) == pytest.approx(
        counted, rel=0.05
    )


def record_of(setup, run, make_record, seconds):
    return make_record(
        run=run.name,
        dataset=run.dataset,
        dataset_used=run.dataset_used,
        protocol=setup.protocols["supervised"].model_dump(mode="json"),
        settings=run.settings,
        provenance=make_record().provenance.model_copy(update={"seconds": {"training": seconds}}),
    )


def test_a_forecast_scales_with_the_operations(smoke, config, tmp_path, make_record):
    jobs = plan_jobs(smoke, ["supervised"])
    run = next(job for job in jobs if job.name == "cifar10/plain").runs[0]
    write_record(record_of(smoke, run, make_record, 20.0), tmp_path / "smoke/records/supervised/a.json")
    earlier = measured_runs(smoke, tmp_path)
    estimates = {one.job.name: one for one in forecast(smoke, jobs, earlier)}
    assert estimates["cifar10/plain"].seconds == pytest.approx(60.0)  # three seeds like the one measured
    sweep = estimates["cifar10/sweep"]
    assert sweep.seconds == pytest.approx(20.0 * 5 * 300 / 1000)
    review = load_setup(config, "review", "offline")
    big = next(
        one for one in forecast(review, plan_jobs(review, ["supervised"]), earlier) if "plain/seed0" in one.job.name
    )
    ratio = operations(review, "supervised", big.job.runs[0]) / operations(smoke, "supervised", run)
    assert big.seconds == pytest.approx(20.0 * ratio)
    assert "times" in big.basis


def test_without_earlier_runs_the_cost_is_unknown_not_zero(smoke):
    assert {one.seconds for one in forecast(smoke, plan_jobs(smoke), [])} == {None}


def test_a_claim_needs_the_jobs_behind_its_records_and_theirs(smoke):
    names = {job.name for job in needed_jobs(plan_jobs(smoke), ["supervised/cifar10/max_mi/*"])}
    assert names == {"cifar10/max_mi", "cifar10/sweep"}
    assert {job.name for job in needed_jobs(plan_jobs(smoke), ["theory/metrics24"])} == {"all"}
    assert needed_jobs(plan_jobs(smoke), []) == []


def measured(setup, experiment, pattern, folder, make_record, seconds):
    """Records of one run of `experiment` and of the network that it measured, as a finished tier leaves them."""
    run = select_runs(setup, experiment, pattern)[0]
    for name, one in ((experiment, run), ("supervised", select_runs(setup, "supervised", "cifar10/plain/seed0")[0])):
        record = record_of(setup, one, make_record, seconds).model_copy(
            update={"experiment": name, "protocol": setup.protocols[name].model_dump(mode="json"), "seed": one.seed}
        )
        write_record(record, folder / f"records/{name}/{one.name}.json")
    return run


@pytest.mark.parametrize(
    ("experiment", "pattern"),
    [
        ("temperature", "cifar10/t1/seed0"),
        ("connectivity", "cifar10/*/seed0"),
        ("pruning", "cifar10/*-0.9/seed0"),
        ("estimators", "cifar10/seed0"),
    ],
)
def test_what_smoke_measured_is_scaled_by_the_size_of_its_own_networks(
    smoke, config, tmp_path, make_record, experiment, pattern
):
    """The record of a smaller tier says what was measured, and only its neighbours how large the networks were."""
    run = measured(smoke, experiment, pattern, tmp_path / "smoke", make_record, 3.0)
    review = load_setup(config, "review", "offline")
    there = {one.experiment: one for one in measured_runs(review, tmp_path)}
    assert there[experiment].operations == operations(smoke, experiment, run)
    job = next(job for job in plan_jobs(review, [experiment]) if job.runs[0].dataset == "cifar10")
    (estimate,) = forecast(review, [job], list(there.values()))
    ratio = operations(review, experiment, job.runs[0]) / operations(smoke, experiment, run)
    assert ratio > 10
    assert estimate.seconds == pytest.approx(3.0 * ratio)


def test_without_the_networks_records_nothing_is_scaled(smoke, tmp_path, make_record):
    measured(smoke, "connectivity", "cifar10/*/seed0", tmp_path / "smoke", make_record, 3.0)
    shutil.rmtree(tmp_path / "smoke/records/supervised")
    assert measured_runs(smoke, tmp_path) == []


def test_the_embedding_counts_where_it_is_made_and_nowhere_else(smoke):
    def cost(name):
        return operations(smoke, "temperature", select_runs(smoke, "temperature", name)[0])

    first, second = smoke.protocols["supervised"].variants.seeds[:2]
    shown = smoke.protocols["temperature"].tsne.temperatures
    others = [t for t in smoke.protocols["supervised"].variants.temperatures if t not in shown]
    assert others
    alone = cost(f"cifar10/t1/seed{second}")
    assert {cost(f"cifar10/t{t:g}/seed{seed}") for t in others for seed in (first, second)} == {alone}
    assert {cost(f"cifar10/t{t:g}/seed{second}") for t in shown} == {alone}
    assert min(cost(f"cifar10/t{t:g}/seed{first}") for t in shown) > 1.5 * alone


def test_points_and_images_of_a_path_cost_what_they_cost(smoke):
    run = select_runs(smoke, "connectivity", "cifar10/*/seed0")[0]
    protocol = smoke.protocols["connectivity"]

    def cost(**changes):
        changed = replace(smoke, protocols=smoke.protocols | {"connectivity": protocol.model_copy(update=changes)})
        return operations(changed, "connectivity", run)

    assert cost(points=2 * protocol.points) == pytest.approx(2 * cost())
    image = cost(norm_sample=protocol.norm_sample + 1) - cost()
    assert cost(test_sample=protocol.test_sample + 1) - cost() == pytest.approx(2 * image)  # read twice at each point


def test_a_claim_on_a_path_needs_both_children(smoke):
    names = {job.name for job in needed_jobs(plan_jobs(smoke), ["connectivity/cifar100/lr0.1/*"])}
    assert names == {"cifar100", "cifar100/plain", "cifar100/child-lr0.1-b"}
