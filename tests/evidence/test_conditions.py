from __future__ import annotations

import pytest

from interplay.evidence.conditions import basis_of, conditions_of, departures
from interplay.records import Finding, Residual


def test_the_weakest_run_gives_the_class_of_the_evidence(make):
    published = make("supervised/a", dataset="cifar10", dataset_used="cifar10", overrides=["seeds: [0] -> [0, 1]"])
    reduced = make("supervised/b", dataset="cifar10", dataset_used="cifar10", overrides=["iterations: 100 -> 10"])
    substitute = make("supervised/c", dataset="cifar10", dataset_used="fashion-mnist")
    theory = make("theory/x", dataset=None, findings={"x": Finding(printed=Residual(value=0.0, tolerance=1.0))})
    made = make("grokking/x", dataset=None)
    assert basis_of([]) == "printed table" and basis_of([theory]) == "theory"
    assert basis_of([published, made]) == "published protocol"
    assert basis_of([published, reduced]) == "reduced protocol"
    assert basis_of([published, reduced, substitute]) == "substitute data"


def test_fewer_seeds_are_the_same_protocol(make):
    record = make("supervised/a", overrides=["children.seeds: [0, 1, 2] -> [0]", "steps: 10 -> 5"])
    assert departures(record) == ["steps: 10 -> 5"]


def test_conditions_tell_data_protocol_and_scale_apart(make):
    protocol = {"steps": 5, "optimizer": {"rate": 0.1, "decay": 0.0}, "batch": 64}
    runs = [
        make(
            "supervised/a",
            dataset="cifar10",
            dataset_used="fashion-mnist",
            protocol=protocol,
            operations=10.0,
            overrides=["steps: 10 -> 5"],
        ),
        make("supervised/b", dataset="cifar10", dataset_used="cifar10", protocol=protocol, operations=30.0),
    ]
    found = conditions_of(runs, {"supervised/a": 100.0, "supervised/b": 30.0})
    assert found.data == {"cifar10": "cifar10, fashion-mnist"}
    assert found.data_share == 0.5 and found.protocol_share == pytest.approx((3 / 4 + 1) / 2)
    assert found.scale == pytest.approx((0.1 + 1) / 2) and found.overridden == ("steps: 10 -> 5",)
    assert conditions_of(runs, {"supervised/a": 100.0}).scale is None
    assert conditions_of([], {}) is None
