"""The runs that semi-supervised training unfolds into, and what is refused before anything runs."""

from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.protocols.semi_supervised import METHOD_NAMES
from interplay.protocols.setup import load_setup


@pytest.fixture(scope="module")
def published(config):
    return load_setup(config, "paper")


def runs(setup):
    return {run.name: run for run in setup.unfold("semi_supervised")}


def test_every_cell_of_the_printed_table_is_run_with_three_seeds(published):
    settings = {"cifar10": (10, 40, 250), "cifar100": (400, 2500), "stl10": (40, 1000)}
    names = runs(published)
    for dataset, numbers in settings.items():
        for number in numbers:
            for method in METHOD_NAMES:
                for seed in range(3):
                    assert f"{dataset}/{number}/{method}/seed{seed}" in names


def test_published_values_reach_the_runs(published):
    found = runs(published)
    assert found["stl10/40/freematch/seed0"].protocol.views.crop_padding == 12
    assert found["cifar10/40/freematch/seed0"].protocol.views.crop_padding == 4
    assert found["cifar100/400/freematch/seed0"].protocol.optimizer.weight_decay == 5e-4
    assert found["cifar100/400/freematch-decay0.001/seed0"].protocol.optimizer.weight_decay == 1e-3
    assert "cifar100/400/vat-decay0.001/seed0" not in found
    shapes = {
        name: (a.depth, a.width, a.groups) for name, a in found["stl10/40/vat/seed0"].protocol.architectures.items()
    }
    assert shapes == {"cifar10": (28, 2, 3), "cifar100": (28, 8, 3), "stl10": (28, 2, 4)}


def test_weights_of_both_objectives_wait_for_the_sweep_of_their_data_set(published):
    found = runs(published)
    for method in ("max_mi", "min_hd"):
        run = found[f"cifar100/2500/{method}/seed1"]
        assert run.settings.weight is None
        swept = {name.removeprefix("semi_supervised/") for name in run.needs}
        assert f"cifar100/sweep/{method}-0.001/seed0" in swept
        assert all(found[name].settings.split == "validation" and found[name].dataset == "cifar100" for name in swept)
    assert not found["cifar100/2500/freematch/seed1"].needs


def test_smoke_runs_all_methods_once_and_the_principal_ones_everywhere(config):
    found = runs(load_setup(config, "smoke"))
    finals = {tuple(name.split("/")[:3]) for name in found if "sweep" not in name}
    for dataset, number in (("cifar10", "40"), ("cifar100", "400"), ("stl10", "40")):
        assert {method for d, n, method in finals if (d, n) == (dataset, number)} == set(METHOD_NAMES)
    everywhere = {(d, n) for d, n, method in finals if method == "min_hd"}
    assert len(everywhere) == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("labels={cifar10: [15]}", "cannot be shared equally among 10 classes"),
        ("labels={cifar10: [100000]}", "more than its 60000 training images"),
        ("labels={stl10: [1500]}", "digits: 1500 labels are more than its 1442 training images"),
        ("labels={svhn: [40]}", "svhn is not among the architectures"),
        ("principal=[fixmach]", "method 'fixmach' is unknown; choose among labelled_only"),
        ("others=[fixmatch]", "fixmatch is among the principal methods already"),
        ("methods.fixmatch.threshold=1.5", "methods.fixmatch.threshold"),
        ("methods.fixmatch.treshold=0.5", "methods.fixmatch.treshold"),
        ("by_dataset={cifar10: {iteration: 3}}", "by_dataset.cifar10.iteration"),
        ("sweep.labels={cifar10: 45}", "45 labels cannot be shared equally"),
        ("sweep.max_mi=[0.1]", "at least two candidate weights"),
        ("ema_decay=0", "Mean Teacher"),
        ("trajectory.points=100000", "exceed iterations"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line_before_anything_runs(config, change, words):
    with pytest.raises(InterplayError) as caught:
        load_setup(config, "smoke", None, [f"semi_supervised.{change}"])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "semi_supervised" in str(caught.value)


def test_seeds_beyond_the_fixed_lists_are_refused(config):
    with pytest.raises(InterplayError, match="fixed lists for seeds 0 to 7, none for 8"):
        load_setup(config, "paper", "published", ["semi_supervised.seeds=[8]"])


def test_cost_follows_images_and_steps(published):
    found = runs(published)
    cost = {
        name: found[f"cifar10/40/{name}/seed0"].cost.operations for name in ("labelled_only", "fixmatch", "pi_model")
    }
    assert cost["fixmatch"] == pytest.approx((1 + 2 * 7) * cost["labelled_only"])
    assert cost["pi_model"] == pytest.approx((1 + 4 / 3) * cost["labelled_only"])  # the target forward alone
    assert (
        found["cifar100/400/fixmatch/seed0"].cost.operations > 10 * found["cifar10/40/fixmatch/seed0"].cost.operations
    )
