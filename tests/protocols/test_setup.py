import re
import shutil
from dataclasses import replace

import pytest
import yaml

from interplay.errors import InterplayError
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.experiments import experiments
from interplay.protocols.mappings import Substitute
from interplay.protocols.plan import select_runs
from interplay.protocols.setup import load_published_protocol, load_setup


@pytest.fixture
def editable(tmp_path, config):
    """A copy of the configuration that a test may spoil."""
    shutil.copytree(config, tmp_path / "config")
    return tmp_path / "config"


def change(path, *keys, value):
    content = yaml.safe_load(path.read_text())
    node = content
    for key in keys[:-1]:
        node = node.setdefault(key, {})
    node[keys[-1]] = value
    path.write_text(yaml.safe_dump(content))


def test_paper_is_exactly_what_was_published(config):
    setup = load_setup(config, "paper")
    for name in experiments():
        values, sources = load_published_protocol(config, name)
        dumped = setup.protocols[name].model_dump(mode="json")
        assert yaml.safe_load(yaml.safe_dump(values)) == dumped
        assert setup.overrides[name] == []
        assert all(sources.values())


def test_values_that_the_documents_print(config):
    supervised, grokking = (load_published_protocol(config, name)[0] for name in ("supervised", "grokking"))
    assert supervised["iterations"] == 2**20
    assert supervised["batch_size"] == 64
    assert supervised["optimizer"]["learning_rate"] == 0.03
    assert supervised["optimizer"]["weight_decay"] == 5e-4
    assert (grokking["modulus"], grokking["train_fraction"]) == (113, 0.3)


def test_only_smoke_ends_a_run_of_grokking_when_it_has_grokked(config):
    """The published run goes on; smoke knows neither when a seed generalises nor, within its bound, whether it does."""
    for tier, ends in (("smoke", True), ("review", False), ("paper", False)):
        protocol = load_setup(config, tier).protocols["grokking"]
        assert (protocol.grokked.accuracy, protocol.grokked.ends_run) == (0.99, ends)


def test_overrides_are_listed_one_by_one(config):
    overrides = load_setup(config, "smoke").overrides
    assert "iterations: 1048576 -> 1000" in overrides["supervised"]
    assert "modulus: 113 -> 53" in overrides["grokking"]


def test_data_that_take_the_place_of_others_follow_from_the_run(config):
    """Whatever key of the protocol names them."""
    setup = load_setup(config, "smoke")
    for experiment, pattern in (("supervised", "cifar100/plain/seed0"), ("temperature", "cifar100/t1/seed0")):
        (run,) = select_runs(setup, experiment, pattern)
        lines = setup.overrides_of(experiment, run)
        assert {"data.cifar100: cifar100 -> glyphs100", "data.cifar100.horizontal_flip: -> False"} <= set(lines)
        assert not any(line.startswith("data.cifar10:") for line in lines)


def test_arithmetic_of_less_precision_is_an_override(config):
    setup = load_setup(config, "smoke")
    tier = setup.tier.model_copy(update={"compute": setup.tier.compute.model_copy(update={"precision": "bf16"})})
    (run,) = select_runs(setup, "grokking", "*/seed0")
    line = "compute.precision: fp32 -> bf16"
    assert line in replace(setup, tier=tier).overrides_of("grokking", run)
    assert line not in setup.overrides_of("grokking", run)
    # As on a CPU, which has no other.
    assert line not in replace(setup, tier=tier).overrides_of("grokking", run, "fp32")


def test_a_number_written_otherwise_is_no_override(editable):
    text = "overrides: {optimizer: {learning_rate: 3e-2}, iterations: 1048576}\n"
    (editable / "tiers/paper").mkdir()
    (editable / "tiers/paper/supervised.yaml").write_text(text)
    assert load_setup(editable, "paper").overrides["supervised"] == []


def test_overrides_of_ones_own_are_validated_recorded_and_kept_apart(config):
    chosen = ("supervised.optimizer.learning_rate=0.05", "supervised.optimizer.momentum=0.8", "grokking.seeds=[3]")
    setup = load_setup(config, "smoke", None, chosen)
    assert setup.protocols["supervised"].optimizer.learning_rate == 0.05
    assert setup.protocols["supervised"].optimizer.weight_decay == 0.005  # the tier's
    assert {"optimizer.learning_rate: 0.03 -> 0.05", "optimizer.momentum: 0.9 -> 0.8"} <= set(
        setup.overrides["supervised"]
    )
    assert setup.protocols["grokking"].seeds == (3,)
    assert setup.folder.startswith("smoke+") and setup.folder != load_setup(config, "smoke", None, chosen[:1]).folder


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ("supervised.iterations", "write path.to.key=value"),
        ("supervised", "write path.to.key=value"),
        ("supervised=3", "name a key of supervised"),
        ("supervized.iterations=3", "experiment 'supervized' is unknown"),
        ("supervised.iterations=many", "--set supervised: iterations: Input should be a valid integer"),
        ("supervised.steps=3", "--set supervised: steps: Extra inputs"),
        ("grokking.seeds=[1", "not valid YAML"),
        ("grokking..seeds=1", "write path.to.key=value"),
    ],
)
def test_a_wrong_override_of_ones_own_is_one_line(config, chosen, says):
    with pytest.raises(InterplayError, match=re.escape(says)) as caught:
        load_setup(config, "smoke", None, [chosen])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ("supervised.sweep.iterations=1", "--set supervised.sweep.iterations=1: supervised: trajectory.points: "),
        ("supervised.seeds=[0, 1, 2]", None),
        ("pruning.seeds=[7]", "--set pruning.seeds=[7]: pruning: seeds: 7 has no plain run"),
        ("supervised.variants.temperatures=[2]", "--set supervised.variants.temperatures=[2]: temperature: tsne"),
    ],
)
def test_what_does_not_fit_together_is_laid_to_ones_own_overrides(config, chosen, says):
    if says is None:
        load_setup(config, "smoke", None, [chosen])
        return
    with pytest.raises(InterplayError, match=re.escape(says)):
        load_setup(config, "smoke", None, [chosen])


def test_a_flip_that_the_data_force_is_an_override(config):
    """In either direction."""
    setup = load_setup(config, "smoke")
    (run,) = select_runs(setup, "supervised", "cifar10/plain/seed0")
    for flip in (True, False, None):
        datasets = setup.mapping.datasets | {"cifar10": Substitute(use="fashion-mnist", horizontal_flip=flip)}
        mapping = setup.mapping.model_copy(update={"datasets": datasets})
        lines = replace(setup, mapping=mapping).overrides_of("supervised", run)
        assert (f"data.cifar10.horizontal_flip: -> {flip}" in lines) == (flip is not None)


def test_a_tier_may_leave_out_a_data_set(editable):
    change(editable / "tiers/smoke/supervised.yaml", "without", value=["cifar100"])
    change(editable / "tiers/smoke/supervised.yaml", "overrides", "architectures", value={"cifar10": {"depth": 16}})
    change(editable / "tiers/smoke/supervised.yaml", "overrides", "children", "learning_rates", value={})
    setup = load_setup(editable, "smoke")
    assert set(setup.protocols["supervised"].architectures) == {"cifar10"}
    assert set(setup.protocols["supervised"].children.learning_rates) == {"cifar10"}
    for name in ("supervised", "temperature", "pruning", "estimators", "connectivity"):
        assert {run.dataset for run in setup.unfold(name)} == {"cifar10"}
    assert any(line.startswith("architectures.cifar100: ") for line in setup.overrides["supervised"])
    # What a tier overrides in it, as a copy of another tier may, does not bring it back.
    change(editable / "tiers/smoke/supervised.yaml", "overrides", "architectures", "cifar100", value={"width": 1})
    assert set(load_setup(editable, "smoke").protocols["supervised"].architectures) == {"cifar10"}
    change(editable / "tiers/smoke/supervised.yaml", "without", value=["cifar1000"])
    with pytest.raises(InterplayError, match="without: no data set 'cifar1000'"):
        load_setup(editable, "smoke")


def test_a_tier_may_leave_out_a_key(editable):
    change(editable / "tiers/smoke/compression.yaml", "without", value=["networks.f_minus"])
    setup = load_setup(editable, "smoke")
    assert set(setup.protocols["compression"].networks) == {"f_plus"}
    change(editable / "tiers/smoke/compression.yaml", "without", value=["networks.f_zero"])
    with pytest.raises(InterplayError, match=r"without: the protocol has no networks\.f_zero"):
        load_setup(editable, "smoke")


def test_a_tier_may_change_more_under_one_data_mapping(editable):
    path = editable / "tiers/review/supervised.yaml"
    change(
        path, "with_data", value={"published": {"without": ["cifar100"]}, "offline": {"overrides": {"batch_size": 7}}}
    )
    published = load_setup(editable, "review", "published").protocols["supervised"]
    offline = load_setup(editable, "review", "offline").protocols["supervised"]
    assert "cifar100" not in published.architectures and published.batch_size != 7
    assert "cifar100" in offline.architectures and offline.batch_size == 7
    assert (
        published.iterations == offline.iterations != load_setup(editable, "paper").protocols["supervised"].iterations
    )


def test_a_tier_of_ones_own_is_a_tier(editable):
    shutil.copy(editable / "tiers/smoke.yaml", editable / "tiers/overnight.yaml")
    (editable / "tiers/overnight").mkdir()
    (editable / "tiers/overnight/theory.yaml").write_text("overrides: {draws: 20}\n")
    setup = load_setup(editable, "overnight")
    assert setup.folder == "overnight" and setup.protocols["theory"].draws == 20
    assert setup.protocols["grokking"].modulus == 113


def test_what_holds_for_the_networks_is_listed_with_what_is_measured_on_them(config):
    setup = load_setup(config, "smoke")
    overrides = {name: setup.overrides_of(name, setup.unfold(name)[0]) for name in experiments()}
    for name in ("temperature", "connectivity", "pruning", "estimators"):
        assert "supervised.iterations: 1048576 -> 1000" in overrides[name]
        assert "supervised.architectures.cifar10.depth: 28 -> 10" in overrides[name]
        inherited = {line.removeprefix("supervised.") for line in overrides[name]}
        assert set(overrides["supervised"]) <= inherited | {line for line in overrides[name] if "data." in line}
        assert len(set(overrides[name])) == len(overrides[name])
    assert "points: 21 -> 11" in overrides["connectivity"]
    assert not any(line.startswith("supervised.") for name in ("theory", "grokking") for line in overrides[name])


def test_folders_tell_data_mappings_apart(config):
    assert load_setup(config, "smoke").folder == "smoke"
    assert load_setup(config, "review", "published").folder == "review"
    assert load_setup(config, "review", "offline").folder == "review-offline"


@pytest.mark.parametrize(
    ("tier", "data", "says"),
    [
        ("smok", None, "tier 'smok' is unknown; choose one of paper, review, smoke"),
        ("smoke", "real", "data mapping 'real' is unknown"),
        ("smoke", "published", "tier smoke runs on offline or permuted data only"),
    ],
)
def test_unknown_tiers_and_mappings(config, tier, data, says):
    with pytest.raises(InterplayError, match=says):
        load_setup(config, tier, data)


@pytest.mark.parametrize(
    ("keys", "value", "says"),
    [
        (("overrides", "supervised", "batchsize"), 3, "batchsize: Extra inputs"),
        (("overrides", "supervised", "iterations"), "many", "iterations: Input should be a valid integer"),
        (("overrides", "supervised", "iterations"), -1, "iterations: Input should be greater than 0"),
        (("overrides", "supervised", "architectures", "cifar10", "depth"), 11, "a Wide ResNet has 6n \\+ 4 layers"),
        (("overrides", "supervised", "trajectory", "points"), 100000, "exceed iterations"),
        (("overrides", "supervised", "seeds"), [0, 0], "each once"),
        (
            ("overrides", "supervised", "variants", "temperatures"),
            [0, 10],
            "variants.temperatures.0: .* greater than 0",
        ),
        (("overrides", "supervised", "variants", "temperatures"), [-2], "variants.temperatures.0: .* greater than 0"),
        (("overrides", "supervised", "variants", "temperatures"), [1, 10], "1 is the plain runs"),
        (("overrides", "supervised", "variants", "temperatures"), [3, 3.0], "temperatures: 3.0 is listed twice"),
        (("overrides", "supervised", "variants", "label_smoothing"), [1.0], "label_smoothing.0: .* less than 1"),
        (("overrides", "supervised", "variants", "label_smoothing"), [-0.1], "label_smoothing.0: .* greater than 0"),
        (("overrides", "supervised", "variants", "seeds"), [0, 7], "variants.seeds: 7 has no plain run"),
        (("overrides", "supervised", "children", "seeds"), [8], "children.seeds: 8 has no plain run"),
        (("overrides", "supervised", "children", "learning_rates", "stl10"), [0.1], "stl10 is not among the archit"),
        (
            ("overrides", "temperature", "tsne", "temperatures"),
            [1, 7],
            "tsne.temperatures: no network of temperature 7",
        ),
        (("overrides", "temperature", "tsne", "perplexity"), 5000, "perplexity 5000 needs a larger sample"),
        (("overrides", "connectivity", "points"), 4, "points: .* greater than or equal to 5"),
        (("overrides", "pruning", "sparsities"), [0.5, 1.0], "sparsities.1: .* less than 1"),
        (("overrides", "pruning", "sparsities"), [-0.5], "sparsities.0: .* greater than or equal to 0"),
        (("overrides", "pruning", "sparsities"), [0.5, 0.5], "sparsities: 0.5 is listed twice"),
        (("overrides", "pruning", "seeds"), [0, 9], "pruning: seeds: 9 has no plain run"),
        (("overrides", "supervized", "seeds"), [0], "experiment 'supervized' is unknown"),
        (("overrides", "grokking", "train_fraction"), 1.0, "train_fraction: Input should be less than 1"),
        (("overrides", "grokking", "grokked", "accuracy"), 0, "grokked.accuracy: Input should be greater than 0"),
        (("overrides", "grokking", "grokked", "accuracy"), 99, "grokked.accuracy: Input should be less than or equal"),
        (("overrides", "grokking", "grokked", "readings"), 0, "grokked.readings: Input should be greater than 0"),
        (("overrides", "grokking", "grokked", "readings"), 121, r"readings \(121\) exceed trajectory.points \(120\)"),
        (("overrides", "grokking", "grokked", "ends"), True, "grokked.ends: Extra inputs"),
        (("bundle",), "all", "bundle"),
        (("colour",), "red", "colour: Extra inputs"),
    ],
)
def test_a_wrong_override_is_one_line_that_names_file_and_key(editable, keys, value, says):
    first, *others = keys
    if first == "overrides":  # of one experiment
        path, keys = editable / "tiers/smoke" / f"{others[0]}.yaml", (first, *others[1:])
    else:
        path = editable / "tiers/smoke.yaml"
    if not path.exists():
        path.write_text("{}")
    change(path, *keys, value=value)
    with pytest.raises(InterplayError, match=says) as caught:
        load_setup(editable, "smoke")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_published_value_without_a_source_is_refused(editable):
    change(editable / "experiments" / "supervised.yaml", "batch_size", value=64)
    with pytest.raises(InterplayError, match="batch_size: write it as"):
        load_setup(editable, "paper")


def test_broken_yaml_names_the_line(editable):
    path = editable / "experiments" / "grokking.yaml"
    path.write_text("modulus: {value: 113\n")
    with pytest.raises(InterplayError, match=r"grokking.yaml:\d+: not valid YAML"):
        load_setup(editable, "paper")


def test_a_mapping_without_a_needed_data_set_is_refused(editable):
    path = editable / "data" / "offline.yaml"
    content = yaml.safe_load(path.read_text())
    del content["datasets"]["cifar100"]
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InterplayError, match="cifar100 missing"):
        load_setup(editable, "smoke")


def test_hidden_files_beside_the_configuration_are_no_configuration(editable):
    """As macOS leaves them on file systems of others: binary, by the name of the file that they belong to."""
    before = load_setup(editable, "smoke")
    for folder in ("tiers", "tiers/smoke", "data", "claims", "catalogue", "published/metrics24"):
        (editable / folder / "._x.yaml").write_bytes(b"\x00\x05\x16\x07\x00")
    assert load_setup(editable, "smoke") == before
    assert load_claims(editable / "claims")
    assert load_catalogue(editable).exhibits
    with pytest.raises(InterplayError, match="choose one of paper, review, smoke"):
        load_setup(editable, "none")
