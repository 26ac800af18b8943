"""How often the judges err: every rule on simulated runs, under a false claim and under a true one.

    python benchmarks/judges.py [--repeats 400] [--only trend ...] [--runs 1 2 3 5 10] [--readings 20 60 200]

Prints for each rule and number of runs the share of claims confirmed and convicted, in per cent: "holds" of a false
claim and "fails" of a true one are errors, aimed at 5 % at most; "holds" of a true one and "fails" of a false one are
power. False claims lie on the boundary wherever there is one, which is where they are confirmed most often. The whole
takes some minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np
from tabulate import tabulate

from interplay.evidence import bootstrap, rankings, ranks
from interplay.evidence.judges import judge_test
from interplay.evidence.published import Published, PublishedTable
from interplay.protocols import claims as kinds
from interplay.protocols.quantities import Crossing
from interplay.records import Provenance, Record

Rng = np.random.Generator
Series = np.ndarray[Any, np.dtype[np.float64]]
RUNS, READINGS = (1, 2, 3, 5, 10), (20, 60, 200)
AIM = 0.05
FLAT = CURVE = "x/a/*"
RESAMPLES = 999  # of the bootstraps, whose intervals are shown more often than they decide


@dataclass(frozen=True)
class Scenario:
    """A rule, what is simulated, whether the claim is true of it, and how to draw records.

    `draw(rng, runs, readings)` gives records; `series` says whether the number of readings matters.
    """

    rule: str
    what: str
    true: bool
    test: kinds.Test
    draw: Callable[[Rng, int, int], list[Record]]
    series: bool = False


@dataclass(frozen=True)
class Rates:
    """Shares of claims confirmed and convicted."""

    holds: float
    fails: float

    def error(self, true: bool) -> float:
        """The share of wrong rulings."""
        return self.fails if true else self.holds

    def power(self, true: bool) -> float:
        """The share of right ones."""
        return self.holds if true else self.fails


TEMPLATE = Record(
    experiment="x",
    run="a/0",
    tier="paper",
    data_mapping="published",
    dataset="cifar10",
    seed=0,
    protocol={},
    provenance=Provenance(
        git_commit="0" * 40,
        git_dirty=False,
        code_digest="0" * 16,
        packages={},
        python="3.11",
        platform="none",
        hardware="none",
        device="cpu",
        threads=1,
        data={},
        started="2024-01-01T00:00:00+00:00",
        wall_seconds=1.0,
        peak_memory_mib=1.0,
    ),
)
PUBLISHED = Published(
    {
        "note/table1": PublishedTable(
            id="note/table1",
            printed_as="1",
            where="1",
            shows="x",
            quantity="x",
            unit="x",
            spread="x",
            row_levels=("x",),
            column_levels=("x",),
            columns=("plain", "spread"),
            rows={"x": "10.0000000 10.0000000±1.0000000"},
        ),
        "note/table2": PublishedTable(
            id="note/table2",
            printed_as="2",
            where="1",
            shows="x",
            quantity="x",
            unit="x",
            spread="x",
            row_levels=("x",),
            column_levels=("x",),
            columns=("x",),
            rows={name: str(place) for place, name in enumerate("abcdefgh", start=1)},
        ),
    },
    {},
)


def record(group: str, seed: int, **fields: Any) -> Record:
    """A record of a group, without validation: thousands are drawn."""
    return TEMPLATE.model_copy(update={"run": f"{group}/{seed}", "seed": seed, **fields})


def metrics(columns: dict[str, Series], group: str = "a") -> list[Record]:
    """A run for each value of the columns."""
    count = len(next(iter(columns.values())))
    return [record(group, seed, metrics={name: float(v[seed]) for name, v in columns.items()}) for seed in range(count)]


def trajectories(curves: Callable[[Rng, int], dict[str, Series]]) -> Callable[[Rng, int, int], list[Record]]:
    """Runs that have the series of `curves`, drawn anew for each."""

    def draw(rng: Rng, runs: int, readings: int) -> list[Record]:
        return [
            record("a", seed, trajectory={"step": np.arange(float(readings)), **curves(rng, readings)})
            for seed in range(runs)
        ]

    return draw


def white(rng: Rng, n: int) -> Series:
    """Independent values."""
    return rng.normal(size=n)


def autoregressive(rng: Rng, n: int, phi: float = 0.8) -> Series:
    """AR(1), stationary."""
    noise, values = rng.normal(size=n) * sqrt(1 - phi**2), np.empty(n)
    values[0] = rng.normal()
    for index in range(1, n):
        values[index] = phi * values[index - 1] + noise[index]
    return values


def walk(rng: Rng, n: int) -> Series:
    """A random walk without drift."""
    return np.cumsum(rng.normal(size=n))


def saturating(rng: Rng, n: int) -> Series:
    """A learning curve from 0 to 1, at a speed that differs from run to run."""
    return 1 - np.exp(-rng.uniform(3, 8) * np.linspace(0, 1, n))


NOISE: dict[str, Callable[[Rng, int], Series]] = {"white noise": white, "AR(1), .8": autoregressive}
DRIFTLESS = NOISE | {"random walk": walk}


def bump(rng: Rng, n: int) -> Series:
    """Rises and falls again by its whole range, a third of the way."""
    return np.exp(-(((np.linspace(0, 1, n) - rng.uniform(0.3, 0.45)) / 0.15) ** 2))


def sag(rng: Rng, n: int) -> Series:
    """Falls below its start within a tenth of training and rises again."""
    t = np.linspace(0, 1, n)
    return np.exp(-t / 0.05) + 0.6 * (1 - np.exp(-t / rng.uniform(0.3, 0.5)))


def fallen(n: int, fall: float) -> Series:
    """Rises to 1 within a quarter of training, falls from its middle on, and stays for its last seventh."""
    t = np.linspace(0, 1, n)
    return np.minimum(1, 4 * t) - fall * np.clip((t - 0.5) / 0.35, 0, 1)


def shapes() -> Iterator[Scenario]:
    """Trend, dip, peak."""
    rising = kinds.TrendTest(kind="trend", runs=CURVE, series="y", direction="rising")
    dip = kinds.DipTest(kind="dip", runs=CURVE, series="y")
    peak = kinds.PeakTest(kind="peak", runs=CURVE, series="y", shape="peak")
    for test, shape in ((rising, saturating), (dip, sag), (peak, bump)):
        for name, noise in DRIFTLESS.items():
            yield Scenario(test.kind, name, False, test, trajectories(lambda r, n, f=noise: {"y": f(r, n)}), True)
        for name, noise in NOISE.items():
            size = 0.03 if test is dip else 0.1
            curve = trajectories(lambda r, n, f=noise, g=shape, s=size: {"y": g(r, n) + s * f(r, n)})
            yield Scenario(test.kind, f"its shape, {size:g} {name}", True, test, curve, True)
    for test, sign in ((rising, -1), (dip, 1), (peak, 1)):
        curve = trajectories(lambda r, n, s=sign: {"y": s * saturating(r, n) + 0.02 * white(r, n)})
        yield Scenario(test.kind, f"{'falling' if sign < 0 else 'rising'} learning curve", False, test, curve, True)


def comovement() -> Iterator[Scenario]:
    """Correlation of two series."""
    together = kinds.CorrelationTest(kind="correlation", runs=CURVE, first="a", second="b", sign="positive")
    mild = together.model_copy(update={"sign": "mild"})
    for name, noise in DRIFTLESS.items():
        pair = trajectories(lambda r, n, f=noise: {"a": f(r, n), "b": f(r, n)})
        yield Scenario("correlation", f"two of {name}", False, together, pair, True)
    for name, noise in NOISE.items():
        pair = trajectories(lambda r, n, f=noise: {c: saturating(r, n) + 0.05 * f(r, n) for c in ("a", "b")})
        yield Scenario("correlation", f"two learning curves, {name}", False, together, pair, True)
    yield Scenario("correlation", "curves that wiggle together", True, together, trajectories(_wiggling), True)
    yield Scenario("mild correlation", "rho .5, the margin", False, mild, trajectories(_correlated(0.52)), True)
    yield Scenario("mild correlation", "rho .9", False, mild, trajectories(_correlated(0.91)), True)
    yield Scenario("mild correlation", "rho 0", True, mild, trajectories(_correlated(0.0)), True)


def _wiggling(rng: Rng, n: int) -> dict[str, Series]:
    shared = 0.05 * white(rng, n)
    return {name: saturating(rng, n) + shared + 0.03 * white(rng, n) for name in ("a", "b")}


def _correlated(r: float) -> Callable[[Rng, int], dict[str, Series]]:
    def draw(rng: Rng, n: int) -> dict[str, Series]:
        one, two = rng.normal(size=(2, n))
        return {"a": one, "b": r * one + sqrt(1 - r**2) * two}

    return draw


def limits() -> Iterator[Scenario]:
    """Bounds of numbers, series within bounds, falls, turns, delays."""
    bound = kinds.BoundTest(kind="bound", runs=FLAT, metric="m", at_least=0.0)
    both = bound.model_copy(update={"at_most": 3.0})
    shapes_of_noise: dict[str, Callable[[Rng, int], Series]] = {
        "normal": lambda r, n: r.normal(size=n),
        "heavy tails (t, 4)": lambda r, n: r.standard_t(4, size=n),
        "skewed up": lambda r, n: r.lognormal(0, 0.5, n) - np.exp(0.125),
        "skewed down": lambda r, n: np.exp(0.125) - r.lognormal(0, 0.5, n),
    }
    for name, noise in shapes_of_noise.items():
        draw = lambda r, runs, _, f=noise: metrics({"m": f(r, runs)})  # noqa: E731
        yield Scenario("bound", f"mean on the bound, {name}", False, bound, draw)
        yield Scenario("bound", f"just inside, {name}", True, bound, draw)
    for shift, true in ((2, True), (-2, False)):
        draw = lambda r, runs, _, s=shift: metrics({"m": s + r.normal(size=runs)})  # noqa: E731
        yield Scenario("bound", f"{abs(shift)} deviations {'in' if true else 'out'}side", true, bound, draw)
    for middle, what, true in (
        (0.0, "mean on a bound", False),
        (1.5, "5 deviations inside", True),
        (-1.5, "outside", False),
    ):
        draw = lambda r, runs, _, m=middle: metrics({"m": m + 0.3 * r.normal(size=runs)})  # noqa: E731
        yield Scenario("bound, two", what, true, both, draw)
    stays = kinds.StaysTest(kind="stays", runs=CURVE, series=("y",), at_least=0.0)
    for offset, what, true in ((0.0, "around the bound", False), (1.5, "above it", True), (-1.5, "below it", False)):
        for name, noise in NOISE.items():
            curve = trajectories(lambda r, n, o=offset, f=noise: {"y": o + 0.5 * r.normal() + 0.2 * f(r, n)})
            yield Scenario("stays", f"{what}, {name}", true, stays, curve, True)
    yield Scenario(
        "stays", "random walk from the bound", False, stays, trajectories(lambda r, n: {"y": walk(r, n)}), True
    )
    fall = kinds.NoFallTest(kind="no_fall", runs=CURVE, series=("y",), within=0.2)
    for size, what, true in (
        (0.2, "falls by the margin", False),
        (0.0, "rises", True),
        (0.6, "falls thrice it", False),
    ):
        curve = trajectories(lambda r, n, s=size: {"y": fallen(n, s + 0.05 * r.normal()) + 0.02 * white(r, n)})
        yield Scenario("no fall", what, true, fall, curve, True)
    turn = kinds.TurnTest(kind="turn", runs=CURVE, series="y", earliest=0.25, latest=0.5)
    for at, what, true in ((0.25, "at the earliest", False), (0.375, "midway", True), (0.7, "too late", False)):
        yield Scenario("turn", what, true, turn, _valleys(at), True)
    delay = kinds.DelayTest(kind="delay", runs=CURVE, first="a", second="b", threshold=0.5, factor=3.0)
    sooner = kinds.SoonerTest(
        kind="sooner",
        runs=CURVE,
        first=Crossing(series="a", at_least=0.5),
        second=Crossing(series="b", at_least=0.5),
        factor=3.0,
    )
    for test in (delay, sooner):
        for ratio, what, true in ((3.0, "the factor", False), (6.0, "twice it", True), (1.5, "half of it", False)):
            yield Scenario(test.kind, f"{what} on average", true, test, _steps(ratio), True)


def _valleys(at: float) -> Callable[[Rng, int, int], list[Record]]:
    def draw(rng: Rng, runs: int, readings: int) -> list[Record]:
        steps = np.linspace(0, 1, readings)
        return [
            record("a", seed, trajectory={"step": steps, "y": np.abs(steps - at - 0.04 * rng.normal())})
            for seed in range(runs)
        ]

    return draw


def _steps(ratio: float) -> Callable[[Rng, int, int], list[Record]]:
    def draw(rng: Rng, runs: int, readings: int) -> list[Record]:
        steps, found = np.linspace(0, 1, readings), []
        for seed in range(runs):
            first = 0.1 * np.exp(0.15 * rng.normal())
            second = first * ratio * np.exp(0.15 * rng.normal())
            columns = {"step": steps, "a": (steps >= first) * 1.0, "b": (steps >= second) * 1.0}
            found.append(record("a", seed, trajectory=columns))
        return found

    return draw


def orderings() -> Iterator[Scenario]:
    """Groups, pairs, differences of differences, signs."""
    ordering = kinds.OrderingTest(kind="ordering", metric="m", greater="x/a/*", lesser="x/b/*")
    contrast = kinds.ContrastTest(kind="contrast", runs=(FLAT,), larger="m", smaller="k")
    inter = kinds.InteractionTest(kind="interaction", metric="m", greater=("x/a/*", "x/b/*"), lesser=("x/c/*", "x/d/*"))
    for gain in (0.0, 1.5):
        what = f"difference {gain:g} deviations" if gain else "no difference"

        def paired(r: Rng, runs: int, _: int, g: float = gain) -> list[Record]:
            luck = 3 * r.normal(size=runs)
            noise = r.normal(size=(2, runs)) / sqrt(2)
            return metrics({"m": g + luck + noise[0]}, "a") + metrics({"m": luck + noise[1]}, "b")

        def unpaired(r: Rng, runs: int, _: int, g: float = gain) -> list[Record]:
            others = [
                one.model_copy(update={"seed": 100 + one.seed}) for one in metrics({"m": r.normal(size=runs)}, "b")
            ]
            return metrics({"m": g + 2 * r.normal(size=runs)}, "a") + others

        def same_runs(r: Rng, runs: int, _: int, g: float = gain) -> list[Record]:
            return metrics({"m": g + r.normal(size=runs) / sqrt(2), "k": r.normal(size=runs) / sqrt(2)})

        def four(r: Rng, runs: int, _: int, g: float = gain) -> list[Record]:
            groups = zip("abcd", (g, 0, 0, 0), strict=True)
            return [one for name, m in groups for one in metrics({"m": m + r.normal(size=runs) / 2}, name)]

        yield Scenario("ordering, paired", what, gain > 0, ordering, paired)
        yield Scenario("ordering, Welch", what, gain > 0, ordering, unpaired)
        yield Scenario("contrast", what, gain > 0, contrast, same_runs)
        yield Scenario("interaction", what, gain > 0, inter, four)
    agreement = kinds.AgreementTest(kind="agreement", runs=FLAT, first="m", second="k")
    for share in (0.5, 0.99, 0.01):
        draw = lambda r, runs, _, s=share: metrics(  # noqa: E731
            {"m": np.ones(runs), "k": np.where(r.random(runs) < s, 1.0, -1.0)}
        )
        yield Scenario("agreement", f"same sign in {100 * share:g} %", share > 0.5, agreement, draw)


def across() -> Iterator[Scenario]:
    """Two metrics of the same runs over eleven data sets, of which each seed has one run."""
    names = tuple("abcdefghijk")
    # Data sets differ in what the method does to them, by as much as seeds do: `shifts` are true differences.
    alternating = [(-1.0) ** place for place in range(10)]
    for quantifier, shifts, what, true in (
        ("mean", [*alternating, 0.0], "no difference on average", False),
        ("mean", [shift + 1.5 for shift in (*alternating, 0.0)], "1.5 deviations on average", True),
        ("most", [20.0] * 5 + [0.0] * 6, "five clear, six none", False),
        ("most", [20.0] * 8 + [-20.0] * 3, "eight clear", True),
        ("most", [20.0] * 6 + [0.0] * 5, "six clear, five none", True),
        ("most", [20.0] * 3 + [-20.0] * 8, "eight the reverse", False),
        ("all", [20.0] * 10 + [0.0], "ten clear, one none", False),
        ("all", [20.0] * 11, "all clear", True),
        ("all", [20.0] * 10 + [-20.0], "one the reverse", False),
    ):
        test = kinds.AcrossTest.model_validate(
            {"kind": "across", "runs": ["x/*"], "datasets": names, "larger": "m", "smaller": "k"}
            | {"quantifier": quantifier}
        )
        yield Scenario(f"across, {quantifier}", what, true, test, _over_datasets(names, shifts))


def _over_datasets(names: Sequence[str], shifts: Sequence[float]) -> Callable[[Rng, int, int], list[Record]]:
    def draw(rng: Rng, runs: int, _: int) -> list[Record]:
        return [
            record(name, seed, dataset=name, metrics={"m": shift + rng.normal(), "k": 0.0})
            for name, shift in zip(names, shifts, strict=True)
            for seed in range(runs)
        ]

    return draw


def places() -> Iterator[Scenario]:
    """The place of a method among six in three settings, and the ranking of eight methods against a printed one."""
    place = kinds.RankTest(
        kind="rank",
        runs=("x/*",),
        metric="m",
        member="a",
        among=tuple("abcdef"),
        first=2,
        lower_is_better=True,
        quantifier="most",
    )
    ahead, level, behind = -5.0, 0.0, 5.0
    for others, what, true in (
        ((ahead, level, behind, behind, behind), "level with the third", False),
        ((ahead, level, behind, behind, behind), "level with the second", True),
        ((behind,) * 5, "first by 5 deviations", True),
        ((ahead,) * 5, "last by 5 deviations", False),
    ):
        yield Scenario("rank", what, true, place, _learners(("s", "t", "u"), (0.0, *others)))
    ranking = kinds.RankingTest(
        kind="ranking", runs=("x/*",), metric="m", table="note/table2", column="x", rows={c: c for c in "abcdefgh"}
    )
    for means, what, true in (
        ((0.0,) * 8, "methods alike", False),
        ((1, 2, 3, 6, 4, 8, 5, 7), "tau .5 of the means", True),
        ((1, 2, 3, 4, 5, 6, 7, 8), "the same order", True),
        ((8, 7, 6, 5, 4, 3, 2, 1), "the reverse", False),
    ):
        for noise in (0.5, 5.0) if any(means) else (1.0,):
            name = f"{what}, noise {noise:g}" if any(means) else what
            yield Scenario("ranking", name, true, ranking, _learners(("s",), means, noise))


def _learners(
    settings: Sequence[str], means: Sequence[float], noise: float = 1.0
) -> Callable[[Rng, int, int], list[Record]]:
    def draw(rng: Rng, runs: int, _: int) -> list[Record]:
        return [
            record(f"{setting}/{name}", seed, metrics={"m": mean + noise * rng.normal()})
            for setting in settings
            for name, mean in zip("abcdefgh", means, strict=False)
            for seed in range(runs)
        ]

    return draw


def cells() -> Iterator[Scenario]:
    """Agreement with a printed value whose own runs had a standard deviation of 1."""
    for column in ("spread", "plain"):
        test = kinds.ValueTest(
            kind="value", runs=FLAT, metric="m", margin=4.0, table="note/table1", row="x", column=column
        )
        of_theirs = 1 / sqrt(3) if column == "spread" else 1.0
        for off, what, true in (
            (4.0, "off by the margin", False),
            (0.0, "agrees", True),
            (12.0, "off by thrice it", False),
        ):
            draw = lambda r, runs, _, o=off, s=of_theirs: metrics(  # noqa: E731
                {"m": 10 + o + s * r.normal() + r.normal(size=runs)}
            )
            yield Scenario(f"value, {column}", what, true, test, draw)


def settings() -> Iterator[Scenario]:
    """Responses, flatness, associations, predictions."""
    response = kinds.ResponseTest(kind="response", runs=(FLAT,), setting="s", metric="m", direction="rising")
    flat = kinds.FlatTest(kind="flat", runs=(FLAT,), setting="s", metric="m", within=2.0)
    association = kinds.AssociationTest(kind="association", runs=(FLAT,), first="m", second="k", sign="positive")
    for slope, what, true in ((0.0, "none", False), (2.0, "2 deviations a step", True), (-2.0, "the reverse", False)):
        for count in (3, 5):
            draw = _over_settings(lambda r, s, b=slope: {"m": b * s + r.normal()}, count)
            yield Scenario(f"response, {count} values", what, true, response, draw)
    for off, what, true in ((2.0, "differs by the margin", False), (0.0, "the same", True), (6.0, "thrice it", False)):
        draw = _over_settings(lambda r, s, o=off: {"m": o * (s == 2) + 0.7 * r.normal()}, 3)
        yield Scenario("flat", what, true, flat, draw)
    for shared, what, true in ((0.0, "none", False), (1.0, "clear", True), (-1.0, "the reverse", False)):
        draw = _over_settings(lambda r, s, c=shared: {"m": (m := r.normal()), "k": c * m + 0.4 * r.normal()}, 5)
        yield Scenario("association", what, true, association, draw)
    for count in (5, 12):
        prediction = kinds.PredictionTest(kind="prediction", runs=(FLAT,), series="y", metric="m", at=0.5)
        for shared, what, true in ((0.0, "none", False), (1.0, "clear", True)):
            yield Scenario(f"prediction, {count}", what, true, prediction, _configurations(count, shared, 0.0))
        better = prediction.model_copy(update={"baseline": "z"})
        for own, other, what, true in (
            (1.0, 1.0, "as good", False),
            (2.0, 0.0, "better", True),
            (0.0, 2.0, "worse", False),
        ):
            yield Scenario(f"prediction, lead, {count}", what, true, better, _configurations(count, own, other))


def _over_settings(of: Callable[[Rng, float], dict[str, float]], count: int) -> Callable[[Rng, int, int], list[Record]]:
    def draw(rng: Rng, runs: int, _: int) -> list[Record]:
        return [
            record(f"a/{setting}", seed, settings={"s": setting}, metrics=of(rng, float(setting)))
            for setting in range(count)
            for seed in range(runs)
        ]

    return draw


def _configurations(count: int, own: float, other: float) -> Callable[[Rng, int, int], list[Record]]:
    def draw(rng: Rng, runs: int, _: int) -> list[Record]:
        found = []
        for setting in range(count):
            end = rng.normal()
            one, two = own * end + rng.normal() / 2, other * end + rng.normal() / 2
            for seed in range(runs):
                noise = 0.1 * rng.normal(size=3)
                columns = {"step": [0.0, 1.0], "y": [one + noise[0]] * 2, "z": [two + noise[1]] * 2}
                metric = {"m": end + noise[2]}
                found.append(record(f"a/{setting}", seed, settings={"s": setting}, trajectory=columns, metrics=metric))
        return found

    return draw


def stopping() -> Iterator[Scenario]:
    """A criterion that loses accuracy, over twelve configurations."""
    test = kinds.StoppingTest(kind="stopping", runs=(FLAT,), criterion="stopping_mir", patience=0.2, within=0.05)
    for lost, what, true in (
        (0.05, "loses the margin", False),
        (0.0, "loses nothing", True),
        (0.15, "thrice it", False),
    ):
        yield Scenario("stopping", what, true, test, _stopped(lost))


def _stopped(lost: float) -> Callable[[Rng, int, int], list[Record]]:
    def draw(rng: Rng, runs: int, _: int) -> list[Record]:
        steps = np.arange(21.0)
        found = []
        for setting in range(12):
            own = lost + 0.03 * rng.normal()
            for seed in range(runs):
                accuracy = np.where(steps < 20, 0.8, 0.8 + own + 0.01 * rng.normal())
                columns = {"step": steps, "stopping_mir": -np.abs(steps - 10), "stopped_accuracy": accuracy}
                found.append(record(f"a/{setting}", seed, settings={"s": setting}, trajectory=columns))
        return found

    return draw


SCENARIOS = [
    scenario
    for family in (shapes, comovement, limits, orderings, across, places, cells, settings, stopping)
    for scenario in family()
]


def lighten() -> None:
    """Let judges draw fewer resamples."""
    bootstrap.RESAMPLES, ranks.MOST_ORDERS, rankings.RESAMPLES = RESAMPLES, RESAMPLES, RESAMPLES


def rates(scenario: Scenario, runs: int, readings: int, repeats: int, seed: int = 0) -> Rates:
    """Rulings of the real judge on `repeats` draws."""
    rng = np.random.default_rng([seed, runs, readings])
    rulings = [judge_test(scenario.test, scenario.draw(rng, runs, readings), PUBLISHED).ruling for _ in range(repeats)]
    return Rates(rulings.count("holds") / repeats, rulings.count("fails") / repeats)


def table(scenarios: Sequence[Scenario], counts: Sequence[int], readings: Sequence[int], repeats: int) -> str:
    """Errors and power of each scenario in per cent, a column for each number of runs."""
    rows: list[list[str]] = []
    worst: dict[Literal["confirmed", "convicted"], tuple[float, str]] = {}
    for scenario in scenarios:
        for points in readings if scenario.series else readings[:1]:
            found = [rates(scenario, runs, points, repeats) for runs in counts]
            kind: Literal["confirmed", "convicted"] = "convicted" if scenario.true else "confirmed"
            for runs, one in zip(counts, found, strict=True):
                where = f"{scenario.rule}: {scenario.what}, {runs} runs" + f", {points} readings" * scenario.series
                worst[kind] = max(worst.get(kind, (0.0, "")), (one.error(scenario.true), where))
            cells = [f"{100 * one.error(scenario.true):.1f} / {100 * one.power(scenario.true):.0f}" for one in found]
            truth = "true" if scenario.true else "false"
            rows.append([scenario.rule, scenario.what, truth, str(points) if scenario.series else "", *cells])
    head = ["rule", "simulated", "claim", "readings", *(f"{n} run{'s' * (n > 1)}" for n in counts)]
    sums = [f"Most often wrongly {kind}: {100 * rate:.1f} % ({where})" for kind, (rate, where) in worst.items()]
    width = 2 * sqrt(AIM * (1 - AIM) / repeats)
    note = f"Errors / power in per cent of {repeats} draws each; two standard errors at 5 % are {100 * width:.1f} %."
    return "\n".join([tabulate(rows, head, "github", disable_numparse=True), "", note, *sums])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--only", nargs="*", default=[], help="rules whose names start so")
    parser.add_argument("--runs", nargs="*", type=int, default=RUNS)
    parser.add_argument("--readings", nargs="*", type=int, default=READINGS)
    asked = parser.parse_args()
    chosen = [one for one in SCENARIOS if not asked.only or one.rule.startswith(tuple(asked.only))]
    if not chosen:
        parser.error(f"no such rule; there are: {', '.join(sorted({one.rule for one in SCENARIOS}))}")
    lighten()
    print(table(chosen, asked.runs, asked.readings, asked.repeats))


if __name__ == "__main__":
    main()
