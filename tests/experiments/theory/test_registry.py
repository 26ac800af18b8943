from math import isnan, nan

import numpy as np
import pytest

from interplay.experiments.theory import registry
from interplay.experiments.theory.registry import Draws, check, finding, run_check, worst


def test_draws_hand_out_one_generator_count_times():
    draws = Draws(np.random.default_rng(0), 100)
    assert len(list(draws)) == 100 and len(list(draws.fewer(4))) == 25 and len(list(draws.fewer(50))) == 10
    assert all(rng is draws.rng for rng in draws)


def test_an_undefined_residual_is_never_lost():
    assert worst([1, 3.0, np.float64(2)]) == 3.0
    assert isnan(worst([1.0, nan, 3.0])) and isnan(worst([nan, 1.0]))
    assert not finding(worst([0.0, nan])).printed.holds


def test_a_finding_depends_on_seed_and_name_only():
    first = run_check("matrixssl23/lemma-c-1", 0, 20)
    run_check("matrixssl23/lemma-5-2", 0, 20)
    assert run_check("matrixssl23/lemma-c-1", 0, 20) == first
    assert run_check("matrixssl23/lemma-c-1", 1, 20) != first


def test_two_checks_cannot_share_a_name(monkeypatch):
    monkeypatch.setattr(registry, "CHECKS", {})
    check("metrics24/x")(lambda draws: finding(0.0))
    with pytest.raises(ValueError, match="metrics24/x"):
        check("metrics24/x")(lambda draws: finding(0.0))
