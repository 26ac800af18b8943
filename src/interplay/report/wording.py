"""A rung of the ladder in words: what was published, what was read, how like the two are, and how clear it came out."""

from __future__ import annotations

from interplay.evidence.verdicts import DegreeShown, Rung
from interplay.protocols.datasets import DATASETS
from interplay.report.formats import count_of, format_number

MATHEMATICS = "mathematics"
MADE = "generated data"
PRINTED = "printed numbers"
NOTHING = "nothing"


def data_title(name: str) -> str:
    """`CIFAR-10` for `cifar10`; a name that is no data set of ours stays."""
    return DATASETS[name].title if name in DATASETS else name


def data_read(rung: Rung) -> tuple[str, ...]:
    """What was read: titles of data sets, or where the numbers come from without any."""
    if rung.basis is None:
        return (NOTHING,)
    if rung.basis == "theory":
        return (MATHEMATICS,)
    if rung.basis == "printed table":
        return (PRINTED,)
    data = rung.conditions.data if rung.conditions else {}
    return tuple(dict.fromkeys(data_title(used) for used in data.values())) or (MADE,)


def data_in_words(rung: Rung) -> str:
    """`Fashion-MNIST for CIFAR-10`, `Fashion-MNIST, as published`; without data sets, what took their place.

    Nothing is a substitute for what has no data of its own: theory, printed tables, tasks such as modular addition.
    """
    if rung.basis is None:
        return "nothing was read"
    if rung.basis == "theory":
        return "mathematics: no data"
    if rung.basis == "printed table":
        return "the document's printed numbers"
    data = rung.conditions.data if rung.conditions else {}
    if not data:
        return "generated, as published"
    return "; ".join(
        f"{data_title(used)}, as published" if name == used else f"{data_title(used)} for {data_title(name)}"
        for name, used in data.items()
    )


def data_published(rung: Rung) -> str:
    """What the document read, as far as the runs know; empty where nothing was judged."""
    if rung.basis is None:
        return ""
    if rung.basis == "theory":
        return MATHEMATICS
    if rung.basis == "printed table":
        return PRINTED
    data = rung.conditions.data if rung.conditions else {}
    return ", ".join(map(data_title, data)) or "generated"


def likeness(rung: Rung) -> str:
    """`as published`, or the number of overrides of the published protocol and the share of its operations."""
    if rung.basis in (None, "theory", "printed table") or rung.conditions is None:
        return ""
    found = rung.conditions
    changed = count_of(len(found.overridden), "override") if found.overridden else ""
    scale = "" if found.scale is None else f"{scale_in_words(found.scale)} of the computation"
    if not changed and scale in ("", "all of the computation"):
        return "as published"
    return ", ".join(filter(None, (changed, scale)))


def scale_in_words(scale: float) -> str:
    """`all`, `62 %`, or `1/69` of the published operations; from a hundred on, two digits: `1/180,000`."""
    if scale >= 0.995:
        return "all"
    if scale >= 0.1:
        return _percent(scale)
    if scale <= 0:
        return "none"
    whole = round(1 / scale)
    digits = max(0, len(str(whole)) - 2)
    return f"1/{round(whole, -digits):,}"


def _percent(share: float) -> str:
    """Whole per cent; 99 where it would round to all, and `under 1 %` where it would to nothing."""
    if share <= 0:
        return "none"
    return "under 1 %" if share < 0.01 else f"{min(99, round(100 * share))} %"


def runs_of(rung: Rung) -> int:
    """Number of runs that were judged: what the judge counted, else the records that it used."""
    if rung.degree.runs is not None:
        return rung.degree.runs
    return len(rung.records) if rung.basis not in ("theory", "printed table") else 0


def effect_of(degree: DegreeShown) -> str:
    """`0.41 [0.20, 0.83]`, or nothing where no effect was estimated."""
    if degree.effect is None:
        return ""
    low, high = degree.low, degree.high
    interval = f" [{format_number(low)}, {format_number(high)}]" if low is not None and high is not None else ""
    return format_number(degree.effect) + interval


def margin_of(degree: DegreeShown) -> str:
    """`-0.09 to the threshold 0.5`, or nothing without effect and threshold."""
    if degree.effect is None or degree.threshold is None:
        return ""
    return f"{degree.effect - degree.threshold:+.3g} to the threshold {format_number(degree.threshold)}"


def flips_of(degree: DegreeShown) -> str:
    """Whether another threshold would have ruled otherwise; nothing where there is no threshold."""
    if degree.flips_at is None:
        return ""
    if not degree.flips_at:
        return "the ruling stands at half and at one and a half times the threshold"
    names = {0.5: "half", 1.5: "one and a half times"}
    at = " and at ".join(names.get(factor, f"{factor:g} times") for factor in degree.flips_at)
    return f"another ruling at {at} the threshold"


def degree_in_words(degree: DegreeShown) -> dict[str, str]:
    """What is known of how clearly it came out, by name, without what is not known."""
    words = {
        "effect": effect_of(degree),
        "margin": margin_of(degree),
        "p": "" if degree.p is None else format_number(degree.p),
        "coefficient of variation": "" if degree.variation is None else format_number(degree.variation),
        "runs": "" if degree.runs is None else count_of(degree.runs, "run"),
        "another threshold": flips_of(degree),
    }
    return {name: text for name, text in words.items() if text}
