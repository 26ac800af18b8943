from fnmatch import fnmatchcase
from math import prod

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from interplay.errors import InterplayError
from interplay.models import CnnShape, CompressionCNN
from interplay.protocols.compression import CompressionProtocol, CompressionSettings
from interplay.protocols.compression.cost import layer_operations
from interplay.protocols.plan import plan_jobs, select_runs
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import lay_over, validate


@pytest.fixture(scope="module", params=["smoke", "paper"])
def setup(config, request):
    return load_setup(config, request.param)


def changed(config, **overrides):
    protocol = load_setup(config, "smoke").protocols["compression"]
    return validate(CompressionProtocol, lay_over(protocol.model_dump(), overrides), "tier")


def test_what_the_thesis_prints(config):
    protocol = load_setup(config, "paper").protocols["compression"]
    assert protocol.optimizer.learning_rate == 2e-3
    assert protocol.optimizer.weight_decay == torch.optim.AdamW([torch.zeros(1)]).defaults["weight_decay"]
    assert (protocol.epochs, protocol.stop_at_loss) == (50, 0.02)
    assert all(cnn.channels == (64, 128, 256) for cnn in protocol.networks.values())
    assert protocol.variants_run == ()


def test_four_scenarios_twice_on_four_different_data_sets(setup):
    runs = {run.name: run for run in select_runs(setup, "compression", "*")}
    for dataset in ("cifar10", "fashion-mnist"):
        for network in ("f_plus", "f_minus"):
            geometry, information = runs[f"{dataset}/{network}/seed0"], runs[f"{dataset}/{network}/information/seed0"]
            assert geometry.settings == CompressionSettings(network=network, part="geometry")
            assert information.settings == CompressionSettings(network=network, part="information")
            assert runs[f"{dataset}/{network}/architecture"].reads == ()
    assert "fashion-mnist/f_plus/random_labels/seed0" in runs
    datasets = setup.mapping.of("compression").datasets
    assert len({datasets[name].use for run in runs.values() for name in run.reads}) == 2


@pytest.mark.parametrize("part", ["geometry", "information"])
def test_one_pattern_selects_one_part_of_a_data_set(setup, part):
    for pattern in (f"fashion-mnist/{part}", f"*/{part}"):
        runs = select_runs(setup, "compression", pattern)
        assert {run.settings.part for run in runs} == {part}
        assert {run.settings.network for run in runs} == {"f_plus", "f_minus"}
        assert {fnmatchcase(run.family, pattern) for run in runs} == {True}


def test_offline_data_differ_by_experiment(config):
    smoke = load_setup(config, "smoke")

    def overrides(experiment, pattern):
        (run,) = select_runs(smoke, experiment, pattern)
        return smoke.overrides_of(experiment, run)

    assert "data.cifar10: cifar10 -> glyphs10" in overrides("compression", "cifar10/f_plus/seed0")
    assert "data.cifar10: cifar10 -> fashion-mnist" in overrides("supervised", "cifar10/plain/seed0")
    for pattern in ("fashion-mnist/f_plus/seed0", "cifar10/f_plus/architecture"):
        assert not any(line.startswith("data.") for line in overrides("compression", pattern))
    reads = {job.experiment: job.datasets for job in plan_jobs(smoke) if job.name.startswith("cifar10/")}
    assert reads["compression"] == ("glyphs10",)
    assert reads["supervised"] == ("fashion-mnist",)


def test_information_may_be_read_of_fewer_networks_than_are_trained(config):
    setup = load_setup(config, "smoke")
    setup.protocols["compression"] = changed(config, seeds=[3, 4], information={"seeds": [4]})
    names = {run.name for run in select_runs(setup, "compression", "cifar10/f_plus/*") if run.settings.variant is None}
    assert {name for name in names if "seed" in name} == {
        *("cifar10/f_plus/seed3", "cifar10/f_plus/seed4", "cifar10/f_plus/information/seed4")
    }
    with pytest.raises(InterplayError, match=r"information\.seeds: 5 is none of seeds"):
        changed(config, information={"seeds": [5]})


def test_variants_multiply_what_is_trained(config):
    setup = load_setup(config, "smoke")
    plain = select_runs(setup, "compression", "*")
    setup.protocols["compression"] = changed(config, variants_run=["raw_pixels", "public_code"])
    runs = {run.name: run for run in select_runs(setup, "compression", "*")}
    assert len(runs) == len(plain) + 2 * 2 * 2 * (3 + 1)  # of three seeds, V-information of one
    assert runs["cifar10/f_plus/raw_pixels/information/seed0"].settings.variant == "raw_pixels"
    assert {run.name for run in select_runs(setup, "compression", "*/geometry")} >= {
        run.name for run in plain if run.settings.part == "geometry"
    }


def test_a_variant_is_what_its_overrides_make_of_the_protocol(config):
    """What ran stands in the run's own protocol; the rest is the text's."""
    setup = load_setup(config, "paper")
    text = setup.protocols["compression"]
    setup.protocols["compression"] = text.model_copy(update={"variants_run": ("public_code",)})
    (run,) = select_runs(setup, "compression", "cifar10/f_plus/public_code/seed0")
    assert (run.protocol.pixels, run.protocol.precision, run.protocol.epochs) == ("raw", "bfloat16", 20)
    assert run.protocol.information.sufficiency_epochs == 20 and run.protocol.information.minimality_epochs == 50
    assert run.protocol.stop_at_loss is run.protocol.information.stop_at_loss is None
    assert run.protocol.batch_size == text.batch_size and run.protocol.networks == text.networks
    assert "pixels: unit -> raw" in run.variation(setup.protocols["compression"])
    (plain,) = select_runs(setup, "compression", "cifar10/f_plus/seed0")
    assert plain.variation(setup.protocols["compression"]) == []
    assert plain.cost.operations > run.cost.operations  # of 20 epochs


def test_a_variant_that_does_not_fit_is_named(config):
    setup = load_setup(config, "smoke")
    changes = {"variants": {"wide": {"networks": {"f_plus": {"channels": [30, 32, 64]}}}}, "variants_run": ["wide"]}
    setup.protocols["compression"] = changed(config, **changes)
    with pytest.raises(InterplayError, match=r"compression: variants.wide: .* not all multiples of 4"):
        plan_jobs(setup, ["compression"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"variants_run": ["bf16"]}, "variants_run: no variant 'bf16'; there are raw_pixels, bfloat16"),
        ({"variants_run": ["bfloat16", "bfloat16"]}, "listed twice"),
        ({"networks": {"f_minus": {"channels": [30, 64, 64]}}}, "multiples of 4"),
        ({"networks": {"resnet": {"channels": [4, 4, 4], "image_pooling": 1}}}, "networks.resnet"),
        ({"random_labels": {"datasets": ["stl10"]}}, "stl10 is not among the datasets"),
        ({"toy": {"channels": [8, 8, 8]}}, "f_minus 2 features; space has 3"),
        ({"batch_size": 1}, "batch_size"),
        ({"seeds": []}, "at least one seed"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(config, wrong, words):
    with pytest.raises(InterplayError, match=words) as caught:
        changed(config, **wrong)
    assert "\n" not in str(caught.value)


def test_images_that_would_vanish_are_refused_before_anything_runs(config):
    setup = load_setup(config, "smoke")
    setup.protocols["compression"] = changed(config, networks={"f_minus": {"image_pooling": 2}})
    with pytest.raises(InterplayError, match="leaves images of 14x14 of glyphs10, and three poolings by 3 need 27x27"):
        plan_jobs(setup, ["compression"])
    variants = {"small": {"networks": {"f_minus": {"image_pooling": 2}}}}
    setup.protocols["compression"] = changed(config, variants=variants, variants_run=["small"])
    with pytest.raises(
        InterplayError, match=r"variants\.small\.networks\.f_minus\.image_pooling: 2 leaves images of 14"
    ):
        plan_jobs(setup, ["compression"])


@pytest.mark.parametrize(
    ("network", "image"), [("f_plus", (3, 32, 32)), ("f_plus", (1, 14, 14)), ("f_minus", (1, 28, 28))]
)
def test_operations_are_those_that_torch_counts(network, image):
    shape = CnnShape(network, image)
    with torch.device("meta"):
        model, batch = CompressionCNN(shape), torch.empty(1, *image)
    with FlopCounterMode(display=False) as counter:
        model(batch)
    head = 2 * shape.layer(3)[0] * 10
    assert sum(layer_operations(network, (64, 128, 256), image)) + head == counter.get_total_flops()


def test_v_information_costs_what_its_decoders_cost(config):
    """One epoch, layer 0 every time, one reading before and one after: counted by hand."""
    setup = load_setup(config, "smoke")
    setup.protocols["compression"] = changed(
        config,
        epochs=1,
        train_per_class=100,
        test_per_class=100,
        information={
            "every": 1,
            "per_class": 100,
            "sufficiency_epochs": 3,
            "minimality_epochs": 5,
            "given_label": False,
            "input_layer_once": False,
        },
    )
    runs = {run.settings.part: run for run in select_runs(setup, "compression", "cifar10/f_plus/*")}
    cost = {part: run.cost.operations for part, run in runs.items()}
    first, second, third = layer_operations("f_plus", (16, 32, 64), (1, 14, 14))
    forward = first + second + third
    assert cost["geometry"] == pytest.approx(forward * 1000 * (3 + 2))
    decoders = forward + (second + third) + third
    reading = 2000 * (5 * forward + 3 * (3 + 5 * 2) * decoders)  # two digits of a hundred samples
    assert cost["information"] - cost["geometry"] == pytest.approx(2 * reading)
    assert prod(cost.values()) > 0
