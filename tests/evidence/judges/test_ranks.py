"""The place of a method among others, and the ranking of all, against what is known of the means behind the runs."""

from __future__ import annotations

import numpy as np
import pytest

from interplay.evidence.judges import judge_test
from interplay.evidence.methods import by_setting, setting_and_method
from interplay.evidence.rankings import (
    CLEAR_AGREEMENT,
    Ranked,
    fewest_against,
    kendall,
    rank_agreement,
    seeds_to_rank,
)
from interplay.protocols.rank_tests import RankingTest, RankTest

FIVE = ("a", "b", "c", "d", "e")
PLACE = RankTest(
    kind="rank",
    runs=("learn/*",),
    metric="error",
    member="a",
    among=FIVE,
    first=2,
    lower_is_better=True,
    quantifier="most",
)
ROWS = {
    "fixmatch": "FixMatch",
    "uda": "UDA",
    "mpl": "MPL",
    "freematch": "FreeMatch",
    "otmatch": "OTMatch",
    "softmatch": "SoftMatch",
    "vat": "VAT",
    "mixmatch": "MixMatch",
}
RANKING = RankingTest(
    kind="ranking",
    runs=("learn/x/*",),
    metric="error",
    table="metrics24/table2",
    column="CIFAR-10/40",
    rows=ROWS,
)


@pytest.fixture
def runs(make):
    """`runs(setting, means, seeds, noise)`: runs of each method around its mean."""

    def some(setting, means, seeds=3, noise=0.01):
        rng = np.random.default_rng(len(setting))
        return [
            make(f"learn/{setting}/{method}/seed{seed}", seed=seed, metrics={"error": mean + noise * rng.normal()})
            for method, mean in means.items()
            for seed in range(seeds)
        ]

    return some


def spaced(order, step=0.3):
    return {method: 0.1 + step * place for place, method in enumerate(order)}


def test_runs_are_told_apart_by_the_parts_of_their_names(make, runs):
    assert setting_and_method(make("learn/a/40/fixmatch/seed1")) == ("a/40", "fixmatch")
    found = by_setting(runs("y", spaced("ba")) + runs("x", spaced("ac")), ("a", "b"))
    assert {name: list(methods) for name, methods in found.items()} == {"x": ["a"], "y": ["a", "b"]}


@pytest.mark.parametrize(
    "orders, ruling",
    [
        (("abcde", "bacde", "cdeab"), "holds"),  # in two of three settings
        (("abcde", "bcade", "cdeab"), "fails"),  # in one
    ],
)
def test_a_place_in_most_settings(runs, published, orders, ruling):
    records = [one for name, order in zip("xyz", orders, strict=True) for one in runs(name, spaced(order))]
    outcome = judge_test(PLACE, records, published)
    assert outcome.ruling == ruling, outcome.sentence
    assert outcome.numbers["place x"] == 1 and outcome.numbers["place z"] == 4
    assert outcome.numbers["settings"] == 3


def test_every_setting_and_higher_is_better(runs, published):
    records = [one for name in "xy" for one in runs(name, spaced("edcba"))]
    best = PLACE.model_copy(update={"lower_is_better": False, "quantifier": "all", "first": 1})
    assert judge_test(best, records, published).ruling == "holds"
    worst = best.model_copy(update={"member": "e"})
    assert judge_test(worst, records, published).ruling == "fails"


def test_what_seeds_leave_open_says_how_many_would_do(runs, published):
    close = runs("x", spaced("abcde", step=0.01), noise=0.03)
    outcome = judge_test(PLACE, close, published)
    assert outcome.ruling == "undecided" and "seeds would decide" in outcome.sentence
    single = judge_test(PLACE, runs("x", spaced("cdeab"), seeds=1), published)
    assert single.ruling == "undecided" and single.leaning == "fails" and "One seed" in single.sentence


def test_the_seeds_that_it_names_would_do(runs, published):
    """Twice as many decide it: the number is of a power of .8 for the hardest comparison, and several must come out."""
    outcome = judge_test(PLACE, runs("x", spaced("abcde", step=0.01), noise=0.015, seeds=4), published)
    seeds = int(outcome.sentence.split("about ")[1].split()[0])
    assert seeds > 4
    more = runs("x", spaced("abcde", step=0.01), noise=0.015, seeds=2 * seeds)
    assert judge_test(PLACE, more, published).ruling == "holds"


def test_settings_without_all_methods_do_not_tell(runs, published):
    part = runs("y", spaced("bcde"))
    assert judge_test(PLACE, part, published).ruling == "not run"
    outcome = judge_test(PLACE, part + runs("x", spaced("abcde")), published)
    assert outcome.numbers["settings"] == 1 and outcome.ruling == "holds"


@pytest.mark.parametrize("change", [{"member": "z"}, {"first": 5}])
def test_a_place_that_cannot_be_taken_is_refused(change):
    with pytest.raises(ValueError, match=r"among|first"):
        RankTest.model_validate(PLACE.model_dump() | change)


def printed(published, order=1.0):
    """Means in the printed order, evenly spaced, or in the reverse."""
    table = published.table("metrics24/table2")
    values = {method: order * table.cell(row, "CIFAR-10/40").value for method, row in ROWS.items()}
    ranked = sorted(values, key=values.get)
    return {method: 0.1 + 0.05 * ranked.index(method) for method in values}


def test_the_printed_ranking(runs, published):
    outcome = judge_test(RANKING, runs("x", printed(published)), published)
    assert outcome.ruling == "holds" and outcome.numbers["tau"] == pytest.approx(1)
    assert judge_test(RANKING, runs("x", printed(published), seeds=1), published).ruling == "holds"
    reverse = judge_test(RANKING, runs("x", printed(published, -1)), published)
    assert reverse.ruling == "fails" and reverse.numbers["tau"] == pytest.approx(-1)
    alone = judge_test(RANKING, runs("x", printed(published, -1), seeds=1), published)
    assert (alone.ruling, alone.leaning) == ("undecided", "fails"), "one seed convicts nobody"


def test_a_ranking_hidden_by_noise_is_open_and_says_what_it_takes(runs, published):
    hidden = judge_test(RANKING, runs("x", printed(published, -1), noise=0.3, seeds=2), published)
    assert hidden.ruling == "undecided", hidden.sentence
    assert "seeds would decide" in hidden.sentence
    few = {method: mean for method, mean in printed(published).items() if method in list(ROWS)[:5]}
    swapped = few | {"fixmatch": few["uda"], "uda": few["fixmatch"]}
    swapped |= {"freematch": few["otmatch"], "otmatch": few["freematch"]}
    outcome = judge_test(RANKING, runs("x", swapped), published)
    assert outcome.ruling == "undecided" and "More methods, not seeds" in outcome.sentence


def test_few_methods_make_no_ranking_and_two_settings_are_none(runs, published):
    means = printed(published)
    few = {method: means[method] for method in ("fixmatch", "uda", "mpl", "vat")}
    outcome = judge_test(RANKING, runs("x", few), published)
    assert outcome.ruling == "undecided" and "fewer than 5" in outcome.sentence
    both = RANKING.model_copy(update={"runs": ("learn/*",)})
    assert judge_test(both, runs("x", means) + runs("y", means), published).ruling == "not run"


def test_tau_is_scipys_with_ties():
    from scipy.stats import kendalltau

    rng = np.random.default_rng(0)
    one = rng.integers(0, 5, 12).tolist()
    others = rng.integers(0, 5, (20, 12)).astype(float)
    found = kendall(one, others)
    assert found == pytest.approx([kendalltau(one, row).statistic for row in others])
    assert kendall([1.0, 1.0], np.array([[1.0, 2.0]]))[0] == 0


@pytest.mark.parametrize("noise", [0.3, 2.0, 10.0])
def test_noise_does_not_convict_a_ranking_that_agrees(noise):
    """The true tau is .5, the boundary: however much seeds spread, it is denied in at most 5 of 100 cases."""
    true = np.array([1.0, 3.0, 2.0, 4.0, 6.0, 5.0, 8.0, 7.0])
    order = [1.0, 2.0, 3.0, 6.0, 4.0, 8.0, 5.0, 7.0]
    assert float(kendall(order, true[None])[0]) == pytest.approx(0.5)
    rng, denied = np.random.default_rng(1), 0
    for _ in range(40):
        ours = [(mean + noise * rng.normal(size=3)).tolist() for mean in true]
        denied += rank_agreement(Ranked(order, ours)).p_high <= 0.05
    assert denied <= 5


def test_how_many_pairs_against_the_order_bring_tau_below_a_half():
    for count in (5, 8, 16):
        order, wanted = list(range(count)), fewest_against(range(count))
        means = np.arange(float(count))
        swaps = 0
        while float(kendall(order, means[None])[0]) >= CLEAR_AGREEMENT:
            for place in range(count - 1):  # one step of bubble sort towards the reverse: one more pair against it
                if means[place] < means[place + 1]:
                    means[[place, place + 1]] = means[[place + 1, place]]
                    swaps += 1
                    break
        assert swaps == wanted


def test_seeds_to_rank_grow_with_the_spread():
    def reverse(spread):
        return Ranked(list(range(8)), [[8 - place - spread, 8 - place + spread] for place in range(8)])

    near, far = seeds_to_rank(reverse(0.5)), seeds_to_rank(reverse(3.0))
    assert near is not None and far is not None and near < far
    agreeing = Ranked(list(range(8)), [[place - 0.1, place + 0.1] for place in range(8)])
    assert seeds_to_rank(agreeing) is None
