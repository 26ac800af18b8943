import pytest

from interplay.errors import InterplayError
from interplay.experiments.weight_selection import select_weight


def swept(make_record, weight, accuracy, split="validation", seed=0):
    return make_record(
        run=f"cifar10/sweep/max_mi-{weight:g}/seed{seed}",
        seed=seed,
        settings={"objective": "max_mi", "weight": weight, "split": split},
        metrics={"validation_accuracy": accuracy},
    )


def test_the_best_mean_over_seeds_is_chosen(make_record):
    records = [swept(make_record, 0.1, accuracy, seed=seed) for seed, accuracy in enumerate((0.9, 0.5))]
    records += [swept(make_record, 1.0, accuracy, seed=seed) for seed, accuracy in enumerate((0.75, 0.75))]
    weight, rows = select_weight(records)
    assert weight == 1.0
    assert [row["weight"] for row in rows] == [0.1, 1.0]
    assert rows[0]["validation_accuracy"] == pytest.approx(0.7)


def test_of_equals_the_smaller_weight(make_record):
    assert select_weight([swept(make_record, w, 0.8) for w in (1.0, 0.1)])[0] == 0.1


def test_a_weight_is_never_chosen_on_test(make_record):
    with pytest.raises(InterplayError, match="validation data only"):
        select_weight([swept(make_record, 0.1, 0.8, split="test")])
    with pytest.raises(InterplayError, match="no records of a sweep"):
        select_weight([])
