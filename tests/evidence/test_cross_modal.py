"""Runs by data set and seed, and means over the eleven that are never of fewer."""

from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.evidence.cross_modal import ROWS, by_dataset, by_seed, lacking, mean_over_datasets, of_kind
from interplay.protocols.cross_modal import CrossModalProtocol
from interplay.protocols.setup import load_setup


def test_data_sets_are_those_of_the_protocol_in_its_order_and_rows_those_of_the_table(config, published):
    protocol = load_setup(config, "paper", "published").protocols["cross_modal"]
    assert isinstance(protocol, CrossModalProtocol)
    assert tuple(ROWS) == protocol.datasets
    assert sorted(ROWS.values()) == sorted(published.table("metrics24/table1").rows)


def test_the_mean_is_of_all_data_sets_and_of_the_seeds_that_all_have():
    values = {name: {1: 0.1 * place, 2: 0.2 * place} for place, name in enumerate(ROWS)}
    assert mean_over_datasets(values) == {1: pytest.approx(0.5), 2: pytest.approx(1.0)}
    del values["dtd"][2]
    assert mean_over_datasets(values) == {1: pytest.approx(0.5)}
    del values["dtd"]
    assert mean_over_datasets(values) == {} and lacking(values) == ["DTD"]


def test_runs_of_a_seed_are_averaged_and_come_in_the_order_of_the_data_sets(make):
    runs = [
        make(
            f"cross_modal/few_shot/{name}/shots{shots}/seed1",
            seed=1,
            dataset=name,
            settings={"kind": "few_shot"},
            metrics={"accuracy_coop": shots / 10},
        )
        for name in ("imagenet", "eurosat")
        for shots in (1, 4)
    ]
    other = make("cross_modal/zero_shot/dtd/rn50/seed0", dataset="dtd", settings={"kind": "zero_shot"})
    found = by_dataset(of_kind([*runs, other], "few_shot"))
    assert list(found) == ["eurosat", "imagenet"]
    assert by_seed(found["eurosat"], "accuracy_coop") == {1: 0.25}
    with pytest.raises(InterplayError, match="no metric 'accuracy_vne'"):
        by_seed(found["eurosat"], "accuracy_vne")
