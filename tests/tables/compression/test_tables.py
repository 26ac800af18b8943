import pytest

from interplay.errors import InterplayError
from interplay.tables.compression import accuracy, dimensions, variants


def test_accuracy_and_loss_stand_beside_the_published_ones(final, published):
    runs = [final("f_plus", "fashion-mnist", 0.90 + 0.01 * seed, 0.3, seed) for seed in range(3)]
    (row,) = accuracy.make(runs, published).rows
    assert row["scenario"] == "f+ on Fashion-MNIST"
    assert (row["published accuracy"], row["published loss"]) == (91.0, 0.323)
    assert row["our accuracy"] == pytest.approx(91.0) and row["± (accuracy)"] == pytest.approx(1.0)
    assert row["difference (accuracy)"] == pytest.approx(0.0, abs=1e-9)
    assert row["difference (loss)"] == pytest.approx(-0.023)
    assert row["no difference because of"] is None


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        (["networks.f_plus.channels: (64, 128, 256) -> (8, 16, 32)"], "overridden: networks"),
        (["train_per_class: 1000 -> 100", "epochs: 50 -> 5"], "overridden: epochs, train_per_class"),
        (["networks.f_minus.image_pooling: 1 -> 2", "seeds: [0] -> [0, 1]", "information.every: 1 -> 5"], None),
        (["data.cifar10: glyphs10 in its place"], None),
    ],
)
def test_a_difference_needs_the_published_network_and_samples(final, published, overrides, why):
    """Fashion-MNIST is read in every tier, so the data set alone does not make runs comparable."""
    (row,) = accuracy.make([final("f_plus", "fashion-mnist", overrides=overrides)], published).rows
    assert row["no difference because of"] == why
    assert (row["difference (accuracy)"] is None) == (row["difference (loss)"] is None) == (why is not None)


def test_other_data_leaves_no_difference(final, published):
    rows = accuracy.make([final("f_minus", "cifar10", used="glyphs10"), final("f_plus", "cifar10")], published).rows
    assert [row["scenario"] for row in rows] == ["f+ on CIFAR-10", "f- on CIFAR-10"]
    assert rows[1]["no difference because of"] == "other data" and rows[1]["difference (loss)"] is None
    assert rows[0]["difference (accuracy)"] == pytest.approx(14.7)


def test_sizes_are_compared_as_printed(final, published):
    record = final("f_minus", "cifar10")
    (row,) = dimensions.make([record], published).rows
    assert row["published, l = 1"] == row["ours, l = 1"] == "10x10x16"
    assert row["equal"] == "yes"
    other = [*record.tables["operations"][:-1], {"layer": 3, "height": 2, "width": 1, "channels": 64}]
    (row,) = dimensions.make([record.model_copy(update={"tables": {"operations": other}})], published).rows
    assert row["ours, l = 3"] == "2x1x64" and row["equal"] == "no"


def test_the_variant_nearest_to_each_published_number_is_named(final, published):
    runs = [
        final("f_plus", "fashion-mnist", 0.88, 0.32),
        final("f_plus", "fashion-mnist", 0.905, 0.5, variant="raw_pixels"),
        final("f_plus", "fashion-mnist", 0.91, 0.323, part="information"),
        final("f_plus", "cifar10", 0.8, 0.7, used="glyphs10"),
    ]
    rows = {(row["scenario"], row["variant"]): row for row in variants.make(runs, published).rows}
    assert rows["f+ on Fashion-MNIST", "as in the text"]["nearest in"] == "loss"
    assert rows["f+ on Fashion-MNIST", "raw_pixels"]["nearest in"] == "accuracy"
    assert rows["f+ on CIFAR-10", "as in the text"]["nearest in"] is None


@pytest.mark.parametrize(
    ("module", "change", "says"),
    [
        (accuracy, {"metrics": {}}, "no metric 'test_accuracy'"),
        (dimensions, {"tables": {}}, "no table operations"),
        (variants, {"settings": {"network": "f_plus", "part": "geometry"}}, "settings lack variant"),
    ],
)
def test_a_record_that_does_not_fit_is_one_line(final, published, module, change, says):
    with pytest.raises(InterplayError, match=says):
        module.make([final("f_plus", "cifar10").model_copy(update=change)], published)
