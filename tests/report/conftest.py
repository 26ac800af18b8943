"""A small results folder as the other rooms would leave it, and the configuration that goes with it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from interplay.evidence.verdicts import RecordUsed, Verdict, write_verdicts
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
# id, document, place, statement, verdict, sentence, evidence, kind of test, records
CLAIMS = (
    (
        *("features_entropy_rises", "metrics24", "V-A, Fig. 2", "The entropy of the features rises over training."),
        *("reproduced", "It rises in each of 3 runs (Spearman at least 0.97).", {"spearman_min": 0.9734, "runs": 3}),
        *("trend", ["supervised/cifar10/plain/seed0", "supervised/cifar10/plain/seed1"]),
    ),
    (
        *("max_mi_wins", "metrics24", "VIII-C, TABLE III", "MAX MI is more accurate than plain training."),
        *("underpowered", "Three seeds cannot tell 0.2 points apart.", {"p": 0.41, "difference": -0.2}),
        *("ordering", ["supervised/cifar10/plain/seed0"]),
    ),
    (
        *("grokking_delay", "interplay24", "5.3, Fig. 7", "Test accuracy follows train accuracy much later."),
        *("deviates", "Test accuracy follows after 1.2 times as many steps, not 10.", {"factor": 1.2, "limit": None}),
        *("delay", ["grokking/modular-addition/seed0"]),
    ),
    (
        *("theorem_4_4", "matrixssl23", "4, Thm 4.4", "The uniformity loss equals the entropy up to a factor of 2."),
        *(
            "wrong in the source",
            "As printed it is off by 5.2; with 2/d it holds.",
            {"printed": 5.158, "mended": 1e-15},
        ),
        *("finding", ["theory/matrixssl23"]),
    ),
    (
        *("linear_evaluation", "matrixssl23", "5, Table 1", "Matrix-SSL reaches 73.6 % after 400 epochs."),
        *("not run", "Not judged: no record matches self_supervised/*.", {}),
        *("value", []),
    ),
    (
        *("note_q1_sample", "note", "question 1", "Does MIR at half of training foretell the final accuracy?"),
        *("undecided", "Spearman's rho +0.41 (95 % interval -0.20 to 0.83).", {"rho": 0.41}),
        *("prediction", ["supervised/cifar10/plain/seed0", "supervised/cifar10/plain/seed1"]),
    ),
)


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


def write_sample_results(folder: Path) -> None:
    """Records, verdicts, two figures of three and one table of two."""
    records = {
        record.name: record
        for record in (
            a_record("supervised", "cifar10/plain/seed0", 21.5),
            a_record("supervised", "cifar10/plain/seed1", 20.25, seed=1),
            a_record("grokking", "modular-addition/seed0", 95.0),
            a_record("theory", "matrixssl23", 2.0),
        )
    }
    for name, record in records.items():
        write_record(record, folder / "records" / f"{name}.json")
    write_verdicts([a_verdict(*claim, records=records) for claim in CLAIMS], folder / "verdicts.json")
    for name, width in (("metrics24/fig2", 7.2), ("metrics24/fig9", 3.5), ("interplay24/fig7", 3.5)):
        draw_sample(folder / "figures" / f"{name}.svg", width)
    for name in ("metrics24/table3", "interplay24/table2"):
        path = folder / "tables" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TABLE, encoding="utf-8")


def a_verdict(
    claim_id: str,
    document: str,
    where: str,
    statement: str,
    ruling: str,
    sentence: str,
    evidence: dict[str, float | None],
    test: str,
    used: list[str],
    *,
    records: dict[str, Record],
) -> Verdict:
    """A verdict as `interplay.evidence` writes it."""
    digests = {name: text_digest(records[name].model_dump_json(indent=1) + "\n") for name in used}
    return Verdict(
        id=claim_id,
        document=document,
        where=where,
        source=f"{document}, {where}",
        statement=statement,
        verdict=ruling,
        error="false" if ruling == "wrong in the source" else None,
        sentence=sentence,
        evidence=evidence,
        test=test,
        tier="smoke",
        data="offline",
        overrides=tuple(sorted({line for name in used for line in records[name].overrides})),
        records=tuple(RecordUsed(name=name, digest=digest) for name, digest in digests.items()),
        note="",
    )


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


@pytest.fixture(scope="session", autouse=True)
def _pinned_commit() -> Iterator[None]:
    """The commit is an input of the report; here it must not change while the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERPLAY_GIT_COMMIT", "ab" * 20)
        yield


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Results and configuration; not to be changed."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample_results(folder / "results" / "smoke")
    write_sample_config(folder / "config")
    return folder / "results" / "smoke", folder / "config"


@pytest.fixture
def own_sample(sample: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The same, to be changed by a test."""
    shutil.copytree(sample[0].parent, tmp_path / "results")
    shutil.copytree(sample[1], tmp_path / "config")
    return tmp_path / "results" / "smoke", tmp_path / "config"
