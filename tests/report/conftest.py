"""A small results folder as the other rooms would leave it, and the configuration that goes with it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from interplay.evidence.conditions import Conditions
from interplay.evidence.verdicts import DegreeShown, RecordUsed, Rung, Verdict, write_verdicts
from interplay.evidence.words import word
from interplay.figures.style import house_style
from interplay.records import Record, collect_provenance, text_digest, write_record

CATALOGUE = {
    "documents": {
        "metrics24": "Exploring Information-Theoretic Metrics (arXiv 2409.16767)",
        "interplay24": "Unveiling the Dynamics of Information Interplay (ICML 2024)",
        "matrixssl23": "Matrix Information Theory for Self-Supervised Learning",
    },
    "exhibits": [
        {
            "ids": ["metrics24/fig2"],
            "kind": "figure",
            "module": "entropy_over_training",
            "title": "Accuracy and entropy over training",
            "shows": "Test accuracy and matrix entropy (nats) over training.",
            "needs": ["supervised/*/plain/*"],
        },
        {
            "ids": ["metrics24/fig9", "interplay24/fig7"],
            "kind": "figure",
            "module": "grokking",
            "title": "Grokking",
            "shows": "Train and test accuracy on modular addition over steps.",
            "needs": ["grokking/*"],
        },
        {
            "ids": ["metrics24/fig7"],
            "kind": "figure",
            "module": "connectivity",
            "title": "Linear mode connectivity",
            "shows": "Accuracy along the interpolation of two models.",
            "needs": ["mode_connectivity/*"],
        },
        {
            "ids": ["metrics24/table3", "interplay24/table2"],
            "kind": "table",
            "module": "supervised_accuracy",
            "title": "Supervised accuracy",
            "shows": "Test accuracy in percent, published beside ours.",
            "needs": ["supervised/*/plain/*"],
        },
        {
            "ids": ["matrixssl23/table4"],
            "kind": "table",
            "module": "ablation",
            "title": "Ablation of gamma",
            "shows": "Linear evaluation against gamma.",
            "needs": ["self_supervised/*"],
        },
    ],
}
TABLE = """# Supervised test accuracy in percent. [tier smoke | 3 seeds]
published data,data read,method,published,ours,difference
CIFAR-10,Fashion-MNIST (for CIFAR-10),Fully supervised,95.35,86.71874999,missing
CIFAR-10,Fashion-MNIST (for CIFAR-10),MAX MI,95.52,86.52,missing
CIFAR-100,Glyphs-100 (for CIFAR-100),Fully supervised,80.77,missing,missing
"""
OVERRIDES = {
    "supervised": ["iterations: 1048576 -> 600", "data.cifar10: cifar10 -> fashion-mnist"],
    "grokking": ["steps: 20000 -> 2000"],
}
REFERENCE = "reference/supervised-review-offline"
SUPERVISED = ["supervised/cifar10/plain/seed0", "supervised/cifar10/plain/seed1"]
FOR_CIFAR = {"cifar10": "fashion-mnist"}


def conditions(data: dict[str, str], scale: float | None = None, departures: int = 1) -> Conditions:
    """As those that `interplay.evidence` finds, of runs with that many departures from what was published."""
    same = all(name == used for name, used in data.items())
    overridden = tuple(f"setting{number}: 2 -> 1" for number in range(departures))
    return Conditions(data=data, data_share=float(same), protocol_share=0.9, scale=scale, overridden=overridden)


def a_rung(
    ruling: str, basis: str | None, sentence: str, *, level: str = "smoke", records: Sequence[str] = (), **changes: Any
) -> Rung:
    """What a level says, in the word that goes with its class of evidence."""
    asks, error = changes.pop("asks", False), changes.get("error")
    content = {
        "level": level,
        "tier": "smoke" if level.startswith("smoke") else "review",
        "data": "offline",
        "ruling": ruling,
        "basis": basis,
        "word": word(ruling, basis, asks, error),
        "sentence": sentence,
        "degree": DegreeShown(),
        "evidence": {},
        "conditions": None,
        "overrides": (),
        "records": tuple(RecordUsed(name=name, digest=digest_of(level, name)) for name in records),
    }
    return Rung.model_validate(content | changes)


def a_verdict(claim_id: str, said_in: Sequence[tuple[str, str, str]], statement: str, *rungs: Rung, **changes: Any):
    """A verdict as `interplay.evidence` writes it; each place is document, where, and an exhibit or nothing."""
    content = {
        "id": claim_id,
        "said_in": [
            {"document": document, "where": where, "exhibits": [exhibit] if exhibit else []}
            for document, where, exhibit in said_in
        ],
        "statement": statement,
        "weight": "detail",
        "asks": False,
        "test": "trend",
        "note": "",
        "verdict": rungs[0].word,
        "decided_by": 0,
        "ladder": rungs,
    }
    return Verdict.model_validate(content | changes)


def sample_verdicts() -> list[Verdict]:
    """One verdict of every class of evidence, a question, a claim of two documents, and two that were not judged."""
    return [
        a_verdict(
            "features_entropy_rises",
            [("metrics24", "V-A, Fig. 2", "metrics24/fig2")],
            "The entropy of the features rises over training.",
            a_rung(
                *("holds", "substitute data", "It rises in each of 3 runs (Spearman at least 0.97)."),
                level=REFERENCE,
                records=SUPERVISED[:1],
                degree=DegreeShown(
                    effect=0.9734, low=0.91, high=0.99, threshold=0.5, runs=3, p=0.002, variation=0.04, flips_at=()
                ),
                evidence={"spearman_min": 0.9734, "runs": 3.0},
                conditions=conditions(FOR_CIFAR, 0.0146, 11),
            ),
            a_rung(
                *("undecided", "substitute data", "One of 2 runs is too short to tell."),
                records=SUPERVISED,
                conditions=conditions(FOR_CIFAR, 1.2e-5, 24),
            ),
            weight="headline",
        ),
        a_verdict(
            "max_mi_wins",
            [("metrics24", "VIII-C, TABLE III", "metrics24/table3")],
            "MAX MI is more accurate than plain training.",
            a_rung(
                *("undecided", "substitute data", "Three seeds cannot tell 0.2 points apart."),
                records=SUPERVISED[:1],
                degree=DegreeShown(effect=-0.2, low=-1.0, high=0.6, threshold=0.0, runs=3, flips_at=(0.5, 1.5)),
                evidence={"p": 0.41, "difference": -0.2},
                conditions=conditions(FOR_CIFAR),
            ),
            weight="supporting",
        ),
        a_verdict(
            "grokking_delay",
            [("interplay24", "5.3, Fig. 7", "interplay24/fig7"), ("metrics24", "VI-C, Fig. 9", "metrics24/fig9")],
            "Test accuracy follows train accuracy much later.",
            a_rung(
                *("fails", "reduced protocol", "Test accuracy follows after 1.2 times as many steps, not 10."),
                records=["grokking/modular-addition/seed0"],
                evidence={"factor": 1.2, "limit": None},
                conditions=conditions({}),
            ),
            a_rung(
                *("undecided", "reduced protocol", "One run is not enough."),
                level="smoke+weight_decay",
                leaning="holds",
                conditions=conditions({}, departures=2),
            ),
            weight="headline",
        ),
        a_verdict(
            "theorem_4_4",
            [("matrixssl23", "Theorem 4.4", "")],
            "The uniformity loss equals the entropy up to a factor of 2.",
            a_rung(
                *("wrong as printed", "theory", "As printed it is off by 5.2; with 2/d it holds."),
                error="false",
                records=["theory/matrixssl23"],
                evidence={"printed": 5.158, "mended": 1e-15},
                conditions=conditions({}),
            ),
            weight="headline",
            note="A factor that depends on the dimension was lost.",
        ),
        a_verdict(
            "printed_ordering",
            [("metrics24", "abstract, TABLE III", "metrics24/table3")],
            "As printed, MAX MI beats plain training.",
            a_rung("holds", "printed table", "Printed: 95.52 against 95.35."),
        ),
        a_verdict(
            "linear_evaluation",
            [("matrixssl23", "5, Table 4", "matrixssl23/table4")],
            "Matrix-SSL reaches 73.6 % after 400 epochs.",
            a_rung("not run", None, "Not judged: no record matches self_supervised/*."),
        ),
        a_verdict(
            "barrier_is_high",
            [("metrics24", "VI-B, Fig. 7", "metrics24/fig7")],
            "The two networks are not linearly connected.",
            a_rung("not representative", None, "It asks that the children moved away from their parent."),
        ),
        a_verdict(
            "note_q1_sample",
            [("note", "open question 1, the sentence after the second of its two equations", "")],
            "Does MIR at half of training foretell the final accuracy?",
            a_rung(
                *("undecided", "substitute data", "Spearman's rho +0.41 (95 % interval -0.20 to 0.83)."),
                asks=True,
                records=SUPERVISED,
                evidence={"rho": 0.41},
                conditions=conditions(FOR_CIFAR),
            ),
            asks=True,
        ),
    ]


@cache
def sample_records(level: str) -> dict[str, Record]:
    """The records of a level by name."""
    changes = {} if level == "smoke" else {"tier": "review"}
    runs = [("supervised", "cifar10/plain/seed0", 21.5, changes)]
    if level == "smoke":
        runs += [
            ("supervised", "cifar10/plain/seed1", 20.25, {"seed": 1}),
            ("grokking", "modular-addition/seed0", 95.0, {}),
            ("theory", "matrixssl23", 2.0, {}),
        ]
    records = (a_record(experiment, run, seconds, **own) for experiment, run, seconds, own in runs)
    return {record.name: record for record in records}


def digest_of(level: str, name: str) -> str:
    """Of a record of the sample."""
    return text_digest(sample_records(level)[name].model_dump_json(indent=1) + "\n")


def a_record(experiment: str, run: str, seconds: float, **changes: object) -> Record:
    """A record through the real schema, its provenance collected here and now."""
    data = {"supervised": {"fashion-mnist/train": "87be02d01f80ee86"}}.get(experiment, {})
    provenance = collect_provenance(
        code="0" * 16,
        device="cpu",
        threads=1,
        data=data,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        wall_seconds=seconds,
        seconds={"training": seconds},
    ).model_copy(update={"peak_memory_mib": 512.0 + seconds, "git_commit": "c0ffee" * 6 + "c0ff", "git_dirty": False})
    supervised = experiment == "supervised"
    content = {
        "experiment": experiment,
        "run": run,
        "tier": "smoke",
        "data_mapping": "offline",
        "dataset": "cifar10" if supervised else None,
        "dataset_used": "fashion-mnist" if supervised else None,
        "seed": 0,
        "protocol": {"iterations": 600, "optimizer": {"learning_rate": 0.03}},
        "overrides": OVERRIDES.get(experiment, []),
        "metrics": {"best_test_accuracy": math.nan},
        "provenance": provenance,
    }
    return Record.model_validate(content | changes)


def write_sample_config(folder: Path) -> None:
    """A configuration with a catalogue and descriptions, but no plan."""
    (folder / "data").mkdir(parents=True)
    (folder / "catalogue").mkdir()
    documents, exhibits = ({key: CATALOGUE[key]} for key in ("documents", "exhibits"))
    (folder / "documents.yaml").write_text(yaml.safe_dump(documents, sort_keys=False), encoding="utf-8")
    (folder / "catalogue/all.yaml").write_text(yaml.safe_dump(exhibits, sort_keys=False), encoding="utf-8")
    (folder / "data" / "offline.yaml").write_text("description: real data without a host\n", encoding="utf-8")


def write_sample_results(root: Path) -> None:
    """Smoke with records, verdicts, two figures of three and one table of two; reference runs beside it."""
    for level in ("smoke", REFERENCE):
        for name, record in sample_records(level).items():
            write_record(record, root / level / "records" / f"{name}.json")
    folder = root / "smoke"
    write_verdicts(sample_verdicts(), folder / "verdicts.json")
    for name, width in (("metrics24/fig2", 7.2), ("metrics24/fig9", 3.5), ("interplay24/fig7", 3.5)):
        draw_sample(folder / "figures" / f"{name}.svg", width)
    for name in ("metrics24/table3", "interplay24/table2"):
        path = folder / "tables" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TABLE, encoding="utf-8")


def draw_sample(path: Path, width: float) -> None:
    """A real drawing by matplotlib, with clip paths and glyphs whose ids repeat from figure to figure."""
    with house_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, 2.3))
        axes = figure.subplots()
        axes.plot(range(30), [1 - math.exp(-step / 8) for step in range(30)], label="ours")
        axes.axhline(0.95, linestyle=":", color="#555555", label="at collapse")
        axes.set_xlabel("step")
        axes.legend()
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=200, metadata={"Software": None})


@pytest.fixture(scope="session", autouse=True)
def _pinned_commit() -> Iterator[None]:
    """The commit is an input of the report; here it must not change while the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interplay.report.gather.git_state", lambda: ("ab" * 20, False))
        yield


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Results and configuration; not to be changed."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample_results(folder / "results")
    write_sample_config(folder / "config")
    return folder / "results" / "smoke", folder / "config"


@pytest.fixture
def own_sample(sample: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The same, to be changed by a test."""
    shutil.copytree(sample[0].parent, tmp_path / "results")
    shutil.copytree(sample[1], tmp_path / "config")
    return tmp_path / "results" / "smoke", tmp_path / "config"
