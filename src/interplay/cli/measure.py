"""`interplay measure`: information and neural collapse of a model of one's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Seed
from interplay.markup import show

if TYPE_CHECKING:
    from interplay.collapse import Measurement


@app.command()
def measure(
    file: Annotated[Path, typer.Argument(help=".npz or .safetensors with features, labels and, if any, the head")],
    batch_size: Annotated[int, typer.Option(help="samples in a batch of the batch estimate")] = 64,
    centre: Annotated[bool, typer.Option(help="subtract the mean of all features first")] = False,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for programs")] = False,
) -> None:
    """Measure entropies, MIR, HDR and NC1 to NC4 of saved features.

    FILE holds the arrays features [N, d], labels [N] and, if there is a linear head, head_weights [C, d] and head_bias
    [C].
    """
    from interplay.collapse import measure_file

    found = measure_file(file, centre=centre, batch_size=batch_size, seed=seed)
    if as_json:
        show(json.dumps(found.as_json(), indent=2, allow_nan=False))
        return
    show(f"{information_table(found)}\n\n{collapse_table(found)}")


def information_table(found: Measurement) -> str:
    """Entropies and ratios: over all samples, in batches, by chance, and in theory at collapse."""
    from interplay.markup import plain_table

    said = "centred features" if found.centred else "features as they are"
    title = f"{found.num_samples} samples, {found.num_features} {said}, {found.num_classes} classes"
    head = ("", "all samples", f"batches of {found.batch.size}", "at collapse")
    whole, batch, theory = found.as_json()["dataset"], found.batch.values, found.at_collapse
    entropy = theory.entropy if theory else None
    rank = found.num_classes - 1.0 if theory else None
    rows = [("H(features)", "feature_entropy", entropy), ("effective rank", "feature_effective_rank", rank)]
    if found.has_head:
        rows += [
            ("H(head)", "head_entropy", entropy),
            ("mutual information", "mutual_information", theory.mir * theory.entropy if theory else None),
            ("MIR", "mir", theory.mir if theory else None),
            ("MIR by chance", "mir_chance", None),
            ("HDR", "hdr", theory.hdr if theory else None),
        ]
    cells = [[name, _text(whole[key]), _text(batch.get(key)), _text(predicted)] for name, key, predicted in rows]
    table = plain_table(head, cells, "lrrr")
    return f"Information: {title}\n\n{table}\n\n{_caption(found)}"


def collapse_table(found: Measurement) -> str:
    """NC1 to NC4."""
    from interplay.markup import plain_table

    value = asdict(found.collapse) if found.collapse else {}
    rows = (
        ("NC1", "nc1", "scatter within over between classes"),
        ("NC2", "nc2", "class means: distance from a simplex"),
        ("- norms", "nc2_equinorm", "coefficient of variation"),
        ("- angles", "nc2_equiangular", "mean |cos + 1/(C-1)|"),
        ("NC3", "nc3", "distance of head from class means, both of norm 1"),
        ("NC4", "nc4", "share where head and nearest class mean disagree"),
    )
    cells = [[name, _text(value.get(key)), meaning] for name, key, meaning in rows]
    table = plain_table(("", "value", "what it is"), cells, "lrl")
    return f"Neural collapse (0 at collapse)\n\n{table}"


def _caption(found: Measurement) -> str:
    how = found.dataset
    said = "Entropies in nats."
    if how.method == "quadrature":
        said += f" Joint entropy by quadrature, standard error {how.standard_error:.1g} nats."
    if how.num_zero:
        said += f" {how.num_zero} samples of zeros left out."
    if not found.centred:
        said += " Values at collapse hold for centred features (--centre)."
    return said


def _text(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:.4g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"
