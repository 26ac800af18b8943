"""Every public function of information, collapse and objectives, with every kind of wrong argument: one line each."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from torch import nn

from interplay import collapse, information, objectives
from interplay.collapse import v_information
from interplay.errors import InterplayError

Z = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(12) % 3
W = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
G = information.gram_matrix(Z)
P = torch.eye(4, dtype=torch.float64) / 4

# What stands where a tensor of real numbers belongs. Float8 has no arithmetic, a meta tensor no values.
NO_TENSORS = {
    "None": None,
    "list": [[1.0, 2.0], [3.0, 4.0]],
    "array": np.ones((12, 4)),
    "module": nn.Sequential(nn.Linear(4, 3)),
    "text": "features",
    "number": 3.0,
}
NO_VALUES = {
    "sparse": Z.to_sparse(),
    "float8": Z.to(torch.float8_e4m3fn),
    "complex": Z.to(torch.complex64),
    "integers": (10 * Z).int(),
    "meta": Z.to("meta"),
    "scalar": torch.tensor(1.0),
}
EMPTY = {"no rows": Z[:0], "no columns": Z[:, :0]}
NOT_FINITE = {"NaN": torch.where(Z > 0, torch.nan, Z), "infinite": torch.where(Z > 0, torch.inf, Z)}
NO_LABELS = NO_TENSORS | {
    "floats": Y.float(),
    "truth": Y > 0,
    "no labels": Y[:0],
    "too few": Y[:5],
    "negative": Y - 1,
    "matrix": Y[:, None],
    "sparse": Y.to_sparse(),
    "meta": Y.to("meta"),
    "beyond int64": torch.full((12,), 2**64 - 1, dtype=torch.uint64),
}
REAL = NO_TENSORS | NO_VALUES | EMPTY | NOT_FINITE
UNCHECKED = NO_TENSORS | NO_VALUES | EMPTY  # values are not looked at: they would have to be waited for on a GPU
LOSS = NO_TENSORS | NO_VALUES | NOT_FINITE  # a batch without samples has a loss of zero
COUNT = {"zero": 0, "negative": -1, "fraction": 1.5, "text": "3", "None": None, "truth": True, "list": [3]}
NUMBER = {"NaN": float("nan"), "infinite": float("inf"), "text": "1", "None": None, "list": [1.0], "truth": True}
SHARE = NUMBER | {"one": 1.0, "two": 2, "negative": -1e-3}
OPTIONAL_REAL = {name: value for name, value in REAL.items() if name != "None"}


def dataset(**options):
    return information.DatasetInformation(4, 3, **options)


def seen():
    collected = dataset()
    collected.update(Z, Y)
    return collected


def second():
    first = collapse.LayerCollapse(3)
    first.update({"h": Z}, Y)
    return first.second_pass()


# Each entry: a name, a function of the one argument that is wrong, and what it is given.
ENTRIES = [
    ("gram_matrix z", information.gram_matrix, REAL),
    ("normalise_rows z", information.normalise_rows, REAL),
    ("normalise_features z", information.normalise_features, UNCHECKED),
    ("check_matrix z", lambda z: information.check_matrix(z, "z"), REAL),
    ("check_labels labels", lambda y: information.check_labels(y, 3, 12), NO_LABELS),
    (
        "spectrum_entropy eigenvalues",
        information.spectrum_entropy,
        {k: v for k, v in UNCHECKED.items() if k != "scalar"},
    ),
    ("effective_rank A", information.effective_rank, REAL),
    ("matrix_entropy K", information.matrix_entropy, REAL),
    *(
        (
            f"{name} K{place}",
            lambda k, name=name, place=place: getattr(information, name)(*((k, G) if place == 1 else (G, k))),
            REAL,
        )
        for name in ("mutual_information", "mir", "hdr")
        for place in (1, 2)
    ),
    ("neural_collapse_values classes", information.neural_collapse_values, COUNT | {"one": 1}),
    *(
        (f"{name} {argument}", lambda x, name=name, a=argument: getattr(information, name)(**triple(a, x)), wrong)
        for name in ("batch_information", "exact_information")
        for argument, wrong in (("features", REAL), ("labels", NO_LABELS), ("head_weights", REAL))
    ),
    (
        "batch_information size",
        lambda n: information.batch_information(Z, Y, W, n),
        {k: v for k, v in COUNT.items() if k != "None"},
    ),
    ("class_vectors head", lambda w: information.class_vectors(w, Y, 12), REAL),
    ("class_vectors labels", lambda y: information.class_vectors(W, y, 12), NO_LABELS),
    ("paired_information first", lambda z: information.paired_information(z, Z), REAL),
    ("paired_information second", lambda z: information.paired_information(Z, z), REAL),
    (
        "paired_information norms",
        lambda n: information.paired_information(Z, Z, None, n),
        {"text": "l2", "none": [], "None": None, "other": ["l3"]},
    ),
    ("mean_readings", information.mean_readings, UNCHECKED | {"matrix": Z}),
    ("DatasetInformation d", lambda d: information.DatasetInformation(d, 3), COUNT),
    ("DatasetInformation C", lambda c: information.DatasetInformation(4, c), COUNT),
    ("DatasetInformation mean", lambda m: dataset(mean=m), OPTIONAL_REAL | {"three": torch.zeros(3)}),
    (
        "DatasetInformation frequencies",
        lambda f: dataset(class_frequencies=f),
        {"text": "abc", "two": [1, 1], "zero": [0, 0, 0], "number": 3},
    ),
    ("DatasetInformation features", lambda z: dataset().update(z, Y), REAL),
    ("DatasetInformation labels", lambda y: dataset().update(Z, y), NO_LABELS),
    ("DatasetInformation head", lambda w: seen().compute(w), REAL | {"four": torch.ones(4, 4)}),
    (
        "DatasetInformation limit",
        lambda n: seen().compute(W, exact_limit=n),
        {k: v for k, v in COUNT.items() if k != "zero"},
    ),
    ("DatasetInformation merge", lambda other: seen().merge(other), NO_TENSORS | {"tensor": Z}),
    ("InformationMetric head", information.InformationMetric, REAL),
    ("InformationMetric features", lambda z: information.InformationMetric(W).update(z, Y), REAL),
    ("InformationMetric batch", lambda z: information.InformationMetric(W)(z, Y), REAL),
    ("InformationMetric labels", lambda y: information.InformationMetric(W)(Z, y), NO_LABELS),
    ("InformationMetric merge", lambda other: information.InformationMetric(W).merge(other), NO_TENSORS),
    *(
        (f"{name} {argument}", lambda x, name=name, a=argument: getattr(collapse, name)(**triple(a, x)), wrong)
        for name in ("neural_collapse", "measure")
        for argument, wrong in (("features", REAL), ("labels", NO_LABELS), ("head_weights", OPTIONAL_REAL))
    ),
    ("neural_collapse bias", lambda b: collapse.neural_collapse(Z, Y, W, b), OPTIONAL_REAL | {"two": torch.zeros(2)}),
    ("neural_collapse cut", lambda c: collapse.neural_collapse(Z, Y, relative_cut=c), SHARE),
    ("measure bias", lambda b: collapse.measure(Z, Y, W, b), OPTIONAL_REAL),
    ("measure batch_size", lambda n: collapse.measure(Z, Y, batch_size=n), COUNT | {"one": 1}),
    ("measure seed", lambda s: collapse.measure(Z, Y, seed=s), {k: v for k, v in COUNT.items() if k != "zero"}),
    ("read_arrays path", collapse.read_arrays, {"None": None, "number": 3, "tensor": Z, "nowhere": "nowhere.npz"}),
    ("measure_file path", collapse.measure_file, {"None": None, "number": 3, "tensor": Z, "folder": "."}),
    *(
        entry
        for kind in (collapse.LayerCollapse, collapse.OnePassLayerCollapse)
        for entry in (
            (f"{kind.__name__} classes", kind, COUNT),
            (f"{kind.__name__} cut", lambda c, kind=kind: kind(3, relative_cut=c), SHARE),
            (f"{kind.__name__} outputs", lambda z, kind=kind: kind(3).update({"h": z}, Y), REAL),
            (
                f"{kind.__name__} mapping",
                lambda z, kind=kind: kind(3).update(z, Y),
                NO_TENSORS | {"none": {}, "tensor": Z},
            ),
            (f"{kind.__name__} labels", lambda y, kind=kind: kind(3).update({"h": Z}, y), NO_LABELS),
        )
    ),
    ("LayerCollapse merge", lambda other: collapse.LayerCollapse(3).merge(other), NO_TENSORS),
    ("LayerScatter outputs", lambda z: second().update({"h": z}, Y), REAL),
    ("LayerScatter labels", lambda y: second().update({"h": Z}, y), NO_LABELS),
    ("LayerScatter merge", lambda other: second().merge(other), NO_TENSORS),
    ("label_entropy", v_information.label_entropy, {k: v for k, v in NO_LABELS.items() if k != "too few"}),
    ("relabel labels", lambda y: v_information.relabel(y, 3), {k: v for k, v in NO_LABELS.items() if k != "too few"}),
    ("relabel classes", lambda c: v_information.relabel(Y, c), COUNT),
    ("digits_needed size", lambda n: v_information.digits_needed(n, 3), COUNT),
    ("digits_needed base", lambda n: v_information.digits_needed(9, n), COUNT | {"one": 1}),
    ("DecoderSettings epochs", lambda n: v_information.DecoderSettings(n, 8), COUNT),
    ("DecoderSettings batch", lambda n: v_information.DecoderSettings(2, n), COUNT | {"one": 1}),
    ("DecoderSettings rate", lambda x: v_information.DecoderSettings(2, 8, learning_rate=x), NUMBER | {"zero": 0}),
    ("DecoderSettings decay", lambda x: v_information.DecoderSettings(2, 8, weight_decay=x), NUMBER | {"below": -1}),
    *(
        entry
        for kind in (objectives.MutualInformationLoss, objectives.EntropyDifferenceLoss)
        for entry in (
            (f"{kind.__name__} weight", kind, NUMBER),
            (f"{kind.__name__} features", lambda z, kind=kind: kind()(z, Z), LOSS),
            (f"{kind.__name__} vectors", lambda z, kind=kind: kind()(Z, z), LOSS),
        )
    ),
    ("VonNeumannEntropyLoss weight", objectives.VonNeumannEntropyLoss, NUMBER),
    ("VonNeumannEntropyLoss features", objectives.VonNeumannEntropyLoss(), LOSS),
    ("CrossModalAlignmentLoss weight", lambda x: objectives.CrossModalAlignmentLoss(weight=x), NUMBER),
    ("CrossModalAlignmentLoss variant", objectives.CrossModalAlignmentLoss, {"None": None, "other": "official"}),
    ("CrossModalAlignmentLoss features", lambda z: objectives.CrossModalAlignmentLoss()(z, Y, W), LOSS),
    ("CrossModalAlignmentLoss labels", lambda y: objectives.CrossModalAlignmentLoss()(Z, y, W), NO_LABELS),
    ("CrossModalAlignmentLoss vectors", lambda w: objectives.CrossModalAlignmentLoss()(Z, Y, w), LOSS),
    ("MatrixSSLLoss gamma", lambda x: objectives.MatrixSSLLoss(gamma=x), NUMBER),
    ("MatrixSSLLoss mu", lambda x: objectives.MatrixSSLLoss(mu=x), NUMBER | {"below": -1}),
    ("MatrixSSLLoss uniformity_weight", lambda x: objectives.MatrixSSLLoss(uniformity_weight=x), NUMBER),
    ("MatrixSSLLoss order", lambda n: objectives.MatrixSSLLoss(order=n), COUNT),
    ("MatrixSSLLoss first", lambda z: objectives.MatrixSSLLoss()(z, Z), REAL),
    ("MatrixSSLLoss second", lambda z: objectives.MatrixSSLLoss()(Z, z), REAL),
    ("MatrixSSLLoss target", lambda z: objectives.MatrixSSLLoss()(Z, Z, z, Z), OPTIONAL_REAL),
    ("matrix_log A", objectives.matrix_log, REAL),
    ("generalised_entropy A", objectives.generalised_entropy, REAL),
    *(
        (
            f"{name} {which}",
            lambda a, name=name, which=which: getattr(objectives, name)(*((a, P) if which == "P" else (P, a))),
            REAL,
        )
        for name in ("matrix_kl", "matrix_cross_entropy")
        for which in "PQ"
    ),
    ("total_coding_rate_loss z", lambda z: objectives.total_coding_rate_loss(z, 0.5), REAL),
    ("total_coding_rate_loss epsilon", lambda x: objectives.total_coding_rate_loss(Z, x), NUMBER | {"zero": 0}),
]


def triple(argument, value):
    """Features, labels and head, one of them replaced."""
    return {"features": Z, "labels": Y, "head_weights": W} | {argument: value}


CASES = [
    pytest.param(call, value, id=f"{name}: {kind}") for name, call, wrong in ENTRIES for kind, value in wrong.items()
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("call", "value"), CASES)
def test_it_is_one_line(call, value):
    with pytest.raises(InterplayError) as caught:
        call(value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) > 10


def test_no_public_function_is_left_out():
    """Results and types are made by the package itself; decoders take what the experiment makes."""
    made = {"FeatureNorm", "InformationResult", "NeuralCollapseValues", "Arrays", "BatchEstimate", "Measurement"}
    made |= {"NeuralCollapse", "Key", "DecoderLosses", "Samples", "LabelledImages", "train_decoders", "v_information"}
    made |= {"sufficiency_and_minimality", "minimality_given_label", "Interim"}
    tried = {name.split()[0] for name, _, _ in ENTRIES}
    public = {
        name
        for room in (information, collapse, objectives, v_information)
        for name in room.__all__
        if inspect.isclass(getattr(room, name)) or callable(getattr(room, name))
    }
    assert public - tried - made == set()
