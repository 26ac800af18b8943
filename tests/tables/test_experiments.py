"""Tables of networks that were trained once and measured again."""

from math import nan

import pytest

from interplay.errors import InterplayError
from interplay.evidence.published import load_published
from interplay.evidence.stopping import PATIENCES
from interplay.protocols.catalogue import load_catalogue
from interplay.tables import connectivity_barriers, early_stopping, reliable_batches


@pytest.fixture
def published(config):
    return load_published(config / "published")


@pytest.fixture
def pair(make_record):
    def make(dataset, rate, seed, barrier, recomputed, explained, **dropped):
        metrics = {
            "accuracy_barrier": barrier,
            "accuracy_barrier_recomputed": recomputed,
            "loss_barrier": 3 * barrier,
            "loss_barrier_recomputed": 3 * recomputed,
            "barrier_explained": explained,
            "distance": 0.5 + seed,
        }
        return make_record(
            experiment="connectivity",
            run=f"{dataset}/lr{rate:g}/seed{seed}",
            dataset=dataset,
            dataset_used=dataset,
            seed=seed,
            settings={"learning_rate": rate},
            metrics={name: value for name, value in metrics.items() if name not in dropped},
        )

    return make


def test_barriers_stand_in_points_by_falling_rate(pair, published):
    records = [
        pair("cifar100", 0.1, 0, 0.6, 0.5, 1 / 6),
        pair("cifar10", 0.01, 0, 0.004, 0.004, nan),
        pair("cifar10", 0.1, 0, 0.2, 0.05, 0.75),
        pair("cifar10", 0.1, 1, 0.4, 0.05, nan),
    ]
    table = connectivity_barriers.make(records, published)
    assert [(row["data read"], row["learning rate"]) for row in table.rows] == [
        ("CIFAR-10", "0.1"),
        ("CIFAR-10", "0.01"),
        ("CIFAR-100", "0.1"),
    ]
    first, low, _ = table.rows
    assert first["pairs"] == 2
    assert first["accuracy barrier"] == pytest.approx(30)
    assert first["± (pairs)"] == pytest.approx(20 / 2**0.5)
    assert first["accuracy barrier, recomputed"] == pytest.approx(5)
    assert first["loss barrier"] == pytest.approx(0.9)
    assert first["explained (%)"] == pytest.approx(75), "a seed without a barrier has nothing to explain"
    assert first["distance"] == pytest.approx(1.0)
    assert low["explained (%)"] is None
    assert low["± (pairs)"] is None


def test_a_barrier_that_is_missing_is_one_line(pair, published):
    with pytest.raises(InterplayError, match=r"lr0\.1/seed0: no metric 'distance'"):
        connectivity_barriers.make([pair("cifar10", 0.1, 0, 0.2, 0.1, 0.5, distance=None)], published)


@pytest.fixture
def estimated(make_record):
    def make(seed, **reliable):
        metrics = {}
        for quantity in ("feature_entropy", "mir", "hdr"):
            metrics |= {f"{quantity}_{what}": 0.5 + seed for what in ("exact", "bias_64", "std_64", "rmse_64")}
            metrics[f"reliable_batch_{quantity}"] = reliable.get(quantity, 64.0)
        return make_record(
            experiment="estimators",
            run=f"cifar10/seed{seed}",
            seed=seed,
            protocol={"batch_sizes": [64, 128, 512], "tolerance": 0.1},
            metrics=metrics,
        )

    return make


def test_the_smallest_reliable_batch_over_seeds(estimated, published):
    rows = reliable_batches.make([estimated(0, mir=128.0, hdr=nan), estimated(1, hdr=512.0)], published).rows
    assert [row["smallest reliable batch"] for row in rows] == ["64", "64 to 128", "512 to > 512"]
    assert [row["exact"] for row in rows] == [1.0] * 3
    alone = reliable_batches.make([estimated(0, hdr=nan)], published)
    assert alone.rows[2]["smallest reliable batch"] == "> 512"
    assert "at most 0.1 of what there is to tell" in alone.caption


@pytest.fixture
def stoppable(make_record):
    def make(seed, accuracies, split="test"):
        steps = [0.0, 25.0, 50.0, 75.0, 100.0]
        return make_record(
            run=f"cifar10/plain/seed{seed}",
            seed=seed,
            settings={"split": split},
            trajectory={
                "step": steps,
                "stopping_loss": [4.0, 3.0, 2.0, 1.0, 0.5],
                "stopping_mir": [0.1, 0.9, 0.5, 0.5, 0.5],
                "stopping_hdr": [0.5, 0.4, 0.1, 0.2, 0.2],
                "stopped_accuracy": accuracies,
            },
        )

    return make


def test_stopping_is_replayed_for_every_criterion_and_patience(stoppable, published):
    records = [
        stoppable(0, [0.1, 0.5, 0.7, 0.7, 0.8]),
        stoppable(1, [0.1, 0.7, 0.9, 0.8, 0.8]),
        stoppable(2, [0.0] * 5, split="validation"),
    ]
    rows = early_stopping.make(records, published).rows
    assert len(rows) == 3 * len(PATIENCES)
    shown = {(row["criterion"], row["patience (%)"]): row for row in rows}
    loss, mir, hdr = (shown[name, 100 * PATIENCES[0]] for name in ("loss", "MIR", "HDR"))
    assert [row["runs"] for row in rows] == [2] * len(rows), "the sweep of weights does not count"
    assert (loss["stopped"], loss["accuracy lost"], loss["iterations saved (%)"]) == (0, 0.0, 0.0)
    assert (mir["stopped"], mir["iterations saved (%)"]) == (2, 50.0)
    assert (mir["least lost"], mir["most lost"]) == (pytest.approx(10), pytest.approx(30))
    assert (hdr["least lost"], hdr["accuracy lost"]) == (pytest.approx(-10), pytest.approx(0)), "stopping may gain"


def test_a_criterion_that_is_missing_is_one_line(make_record, published):
    with pytest.raises(InterplayError, match="no column 'stopping_loss'"):
        early_stopping.make([make_record(trajectory={"step": [0.0], "stopped_accuracy": [0.1]})], published)


def test_the_catalogue_finds_them_beside_figures_of_their_own_ids(config):
    catalogue = load_catalogue(config)
    for table, figure in (("note/q3", "note/q3.scatter"), ("note/c2.reliable", "note/c2")):
        assert catalogue.find(table, "table").needs == catalogue.find(figure, "figure").needs
    assert catalogue.find("metrics24/fig7.barriers", "table").module == "connectivity_barriers"
