import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from interplay.data import dataset_info
from interplay.models import WideResNet
from interplay.protocols.cost import forecast, measured_runs, needed_jobs, operations, wide_resnet_operations
from interplay.protocols.plan import plan_jobs
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


@pytest.mark.parametrize("mapping", ["published", "offline"])
def test_the_mappings_state_classes_and_shapes_of_the_catalogue(config, mapping):
    for substitute in load_setup(config, "paper", mapping).mapping.datasets.values():
        info = dataset_info(substitute.use)
        assert (substitute.num_classes, substitute.image) == (info.num_classes, tuple(info.image_shape))


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
