"""What a level brings, over every tier as it is configured."""

from __future__ import annotations

import pytest

from interplay.archive.contents import measures_networks, planned_made
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup


def test_what_is_to_be_made_of_records_is_what_the_rules_make(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "workflow")
    from outputs import made_of_records

    config = root / "config"
    made = {path for one in made_of_records(config) if not one.asked for path in one.outputs}
    assert set(planned_made(config)) == made - {"report/figures"}  # a folder


@pytest.mark.parametrize(
    ("tier", "data"),
    [
        ("smoke", "offline"),
        ("review", "offline"),
        ("review", "published"),
        ("paper", "offline"),
        ("paper", "published"),
    ],
)
def test_what_only_measures_networks_is_the_same_whatever_a_tier_bundles(root, tier, data):
    """Where jobs are single runs, few-shot learning reads networks and leaves none, and trains all the same."""
    jobs = plan_jobs(load_setup(root / "config", tier, data))
    measuring = [job for job in jobs if measures_networks(job)]
    assert {job.experiment for job in measuring} == {"connectivity", "pruning", "temperature", "estimators"}
    for job in measuring:
        assert any(path.startswith("models/") for path in job.inputs), "on restored networks it can be done again"
        assert all(path.startswith("records/") for path in job.outputs), "no other job waits for a network of its"
    kept = {path for job in jobs if job not in measuring for path in job.outputs}
    assert all(kept.issuperset(job.inputs) for job in jobs), "what is left rests on nothing that is left out"
