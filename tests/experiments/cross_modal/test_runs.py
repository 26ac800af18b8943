"""Runs from protocol to result, on digits under a CLIP that nobody trained."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite

import pytest
import torch
from torch.nn.functional import normalize
from torchvision.transforms.v2.functional import to_pil_image

from interplay.data import ImageFiles, load
from interplay.errors import InterplayError
from interplay.experiments.cross_modal import base_to_new, few_shot, views
from interplay.experiments.cross_modal.features import read_features
from interplay.experiments.cross_modal.sampling import draw_shots
from interplay.models.dual_encoder import FrozenClip, build_clip
from interplay.protocols.mappings import Substitute
from interplay.training import Checkpoint

MEMBERS = ("coop", "vne", "cma_published", "cma_released")
FEW, NEW, ZERO = "few_shot/eurosat/shots4/seed1", "base_to_new/eurosat/seed1", "zero_shot/eurosat/rn50/seed0"


@pytest.fixture
def encoded(monkeypatch):
    """The images of every call of the image encoder, as they were given to it."""
    calls = []
    encode = FrozenClip.encode_images

    def counted(self, images):
        calls.append(images.clone())
        return encode(self, images)

    monkeypatch.setattr(FrozenClip, "encode_images", counted)
    return calls


def test_zero_shot_classifies_by_the_prompts_and_keeps_features(bench, tensors):
    b = bench()
    result = b(ZERO)
    own = b.runs[FEW]
    features = read_features(_after(b, own), own.models[0])
    assert features.class_names == load("digits", "test", b.folder).class_names
    clip = FrozenClip(_clip(tensors))
    texts = normalize(
        clip.encode_texts([result.settings["prompt"].format(name) for name in features.class_names]), dim=-1
    )
    cosines = normalize(features.test_features, dim=-1) @ texts.mT
    right = cosines.argmax(1) == features.test_labels
    assert result.metrics["zero_shot_accuracy"] == pytest.approx(float(right.double().mean()))
    for name, half in (("base", features.test_labels < 5), ("new", features.test_labels >= 5)):
        among = slice(0, 5) if name == "base" else slice(5, 10)
        best = cosines[half][:, among].argmax(1) + among.start
        expected = float((best == features.test_labels[half]).double().mean())
        assert result.metrics[f"zero_shot_{name}_accuracy"] == pytest.approx(expected)
    assert result.metrics["num_classes"] == 10 and len(features.test_features) == 200
    assert result.data.keys() == {"digits/train", "digits/test"}


def test_few_shot_reads_every_member(bench):
    result = bench()(FEW)
    kinds = ("accuracy", "class_similarity", "overall_similarity", "text_similarity", "train_accuracy")
    wanted = {f"{kind}_{member}" for kind in kinds for member in MEMBERS} | {"zero_shot_accuracy", "num_classes"}
    assert result.metrics.keys() == wanted and all(isfinite(value) for value in result.metrics.values())
    assert result.trajectory["step"] == [0, 3, 6]
    for member in MEMBERS:
        assert result.trajectory[f"accuracy_{member}"][-1] == result.metrics[f"accuracy_{member}"]
        assert all(isfinite(value) for value in result.trajectory[f"loss_{member}"][1:])
    assert result.seconds.keys() >= {"training", "term"} and result.settings["cma_weight"] == 0.1


def test_base_to_new_reads_every_member_and_weight(bench):
    result = bench(base_to_new={"sweep": {"weights": [0, 0.1, 0.5, 1]}}, optimizer={"learning_rate": 1.0})(NEW)
    metrics, table = result.metrics, result.tables["sweep"]
    members = ("cocoop", *MEMBERS[1:])
    halves = ("base_accuracy", "new_accuracy", "harmonic_mean")
    for member in members:
        base, new, mean = (metrics[f"{kind}_{member}"] for kind in halves)
        assert mean == pytest.approx(2 * base * new / (base + new))
        assert {f"{kind}_similarity_{member}" for kind in ("class", "overall", "text")} <= metrics.keys()
    assert {(row["variant"], row["weight"]) for row in table} == {
        (variant, weight) for variant in ("published", "released") for weight in (0, 0.1, 0.5, 1)
    }
    for row in table:
        assert metrics[f"new_accuracy_{row['variant']}_{row['weight']:g}"] == row["new_accuracy"]
        if row["weight"] == 0:
            assert all(row[kind] == metrics[f"{kind}_cocoop"] for kind in halves)
        if row["weight"] == 0.1:  # the weight of the data set
            assert all(row[kind] == metrics[f"{kind}_cma_{row['variant']}"] for kind in halves)
    for variant in ("published", "released"):
        own = {row["weight"]: row["new_accuracy"] for row in table if row["variant"] == variant}
        tied = [weight for weight, value in own.items() if value == max(own.values())]
        assert metrics[f"best_weight_{variant}"] == pytest.approx(sum(tied) / len(tied))
        assert metrics[f"gain_of_best_{variant}"] == max(own.values()) - metrics["new_accuracy_cocoop"]
    assert result.settings["trainings"] == 1 + 1 + 2 * 3  # CoCoOp, VNE, each variant at .1, .5 and 1
    assert result.settings["num_classes"] == 10


def test_new_classes_are_never_learnt_from_and_compared_among_themselves(bench, monkeypatch):
    seen = []
    source_of = base_to_new.training_source

    def watched(protocol, context, clip, features, chosen, **others):
        seen.append((features.train_labels[chosen], chosen))
        return source_of(protocol, context, clip, features, chosen, **others)

    monkeypatch.setattr(base_to_new, "training_source", watched)
    b = bench()
    b(NEW)
    ((labels, chosen),) = seen
    assert labels.unique().tolist() == [0, 1, 2, 3, 4] and len(labels) == 5 * 4
    features = read_features(_after(b, b.runs[NEW]), b.runs[NEW].models[0])
    whole = draw_shots("digits", features.train_labels, 4, 1, features.class_names)
    assert torch.equal(chosen, whole[features.train_labels[whole] < 5])


def test_features_are_computed_once_where_the_view_is_always_the_centre(bench, encoded):
    b = bench()
    b(ZERO)
    images = torch.cat(encoded)
    labels = load("digits", "train", b.folder).labels
    drawn = torch.cat([draw_shots("digits", labels, 4, seed, "0123456789") for seed in (1, 2)]).unique()
    assert len(images) == 200 + len(drawn)
    encoded.clear()
    b(FEW)
    b("few_shot/eurosat/shots1/seed2")
    assert not encoded


def test_with_random_views_images_are_encoded_in_every_step_and_test_images_never_twice(bench, encoded):
    b = bench(views="random")
    b(ZERO)
    encoded.clear()
    b(FEW)
    sizes = [len(images) for images in encoded]
    assert sizes == [16] * 6 + [16] * (len(sizes) - 6)
    batches = [images.flatten() for images in encoded]
    assert not any(torch.equal(a, c) for a, c in pairwise(batches[:6]))
    assert len(sizes) <= 6 + 2  # beside the steps, the batch that is drawn and that by which the term is timed


def test_a_random_view_is_of_the_seed_and_the_step(bench, encoded):
    taken = []
    for _ in range(2):
        b = bench(views="random")
        b(ZERO)
        encoded.clear()
        b(FEW)
        taken.append(torch.cat(encoded))
    assert torch.equal(*taken)


def test_streamed_image_files_give_what_images_in_memory_give(bench, monkeypatch):
    """Sets of image files are decoded when they are asked for."""
    in_memory = bench()
    expected = [in_memory(ZERO).metrics, in_memory(FEW).metrics]

    def streamed(name, split, root, device, *, transform, workers):
        images = load(name, split, root)
        pictures = [
            (to_pil_image(pixels), int(label)) for pixels, label in zip(images.pixels, images.labels, strict=True)
        ]
        return ImageFiles(
            pictures,
            images.labels,
            images.num_classes,
            transform,
            class_names=images.class_names,
            name=images.name,
            digest=images.digest,
            device=device,
            workers=workers,
        )

    monkeypatch.setattr(views, "load_files", streamed)
    monkeypatch.setattr(views, "in_memory", lambda name: False)
    b = bench()
    for name, metrics in zip((ZERO, FEW), expected, strict=True):
        found = b(name).metrics
        assert found.keys() == metrics.keys()
        assert all(found[key] == pytest.approx(metrics[key], abs=0.03) for key in metrics if "similarity" in key)
    random = bench(views="random")
    random(ZERO)
    assert random(FEW).metrics.keys() == expected[1].keys()


@pytest.mark.parametrize("name", [FEW, NEW])
@pytest.mark.parametrize("view", ["centre", "random"])
def test_a_run_that_was_killed_and_goes_on_equals_itself(bench, tmp_path, monkeypatch, name, view):
    whole = bench(views=view)(name)
    b = bench(views=view)

    class Killed(Exception):
        pass

    module = few_shot if name == FEW else base_to_new
    task_of = module.PromptTask

    class Dying(task_of):
        def train_step(self, step):
            if step == 5:
                raise Killed
            super().train_step(step)

    with monkeypatch.context() as patch:
        patch.setattr(module, "PromptTask", Dying)
        with pytest.raises(Killed):
            b(name, Checkpoint(tmp_path / "one", {}))
    done = b(name, Checkpoint(tmp_path / "one", {}))
    assert done.sessions == 2
    assert done.metrics == whole.metrics and done.tables == whole.tables
    assert {key: repr(value) for key, value in done.trajectory.items()} == {
        key: repr(value) for key, value in whole.trajectory.items()
    }


def test_a_batch_is_kept_for_the_diagram_by_one_run_only(bench):
    b = bench()
    rows = b(FEW).tables["pipeline"]
    assert not b("few_shot/eurosat/shots4/seed2").tables and not b("few_shot/eurosat/shots1/seed1").tables
    assert {row["member"] for row in rows} == set(MEMBERS)
    images = {
        member: [
            (row["group"], row["first"], row["second"])
            for row in rows
            if (row["member"], row["modality"]) == (member, "image")
        ]
        for member in MEMBERS
    }
    assert len(images["coop"]) == 16
    for member in MEMBERS[1:]:  # the images are where they are, whatever is trained
        for (group, *place), (other, *there) in zip(images["coop"], images[member], strict=True):
            assert group == other and place == pytest.approx(there)
    groups = {row["group"] for row in rows}
    assert len([row for row in rows if row["modality"] == "text"]) == len(groups) * len(MEMBERS)
    for row in rows:
        of_group = [other for other in rows if (other["member"], other["group"]) == (row["member"], row["group"])]
        assert row["size"] == len(of_group) and 0 <= row["entropy"] <= torch.tensor(float(row["size"])).log()


def test_features_of_another_run_are_told(bench):
    b = bench()
    b(ZERO)
    own = b.runs[FEW]
    path = b.context(own).models[own.models[0]]
    path.write_bytes(b"\x00" * 40)
    with pytest.raises(InterplayError, match="run cross_modal/zero_shot/eurosat/rn50/seed0 again") as caught:
        b(FEW)
    assert "\n" not in str(caught.value)


def test_a_class_with_too_few_images_stops_before_anything_is_encoded(bench, encoded):
    with pytest.raises(InterplayError, match=r"shots: digits has \d+ training images of '.' where 144 are asked for"):
        bench(few_shot={"shots": [144], "epochs": {"144": 1}}, cma_weights={"eurosat": {"144": 0.1}})(ZERO)
    assert not encoded


def test_data_that_is_not_there_says_what_to_do(bench, monkeypatch):
    b = bench()
    monkeypatch.setitem(b.given.mapping.datasets, "eurosat", Substitute(use="eurosat"))
    with pytest.raises(InterplayError, match="EuroSAT") as caught:
        b(ZERO)
    assert "\n" not in str(caught.value)


def _clip(tensors):
    return build_clip(tensors)


def _after(b, own):
    """Surroundings of a run whose models are there."""
    for name in own.models:
        if name not in b.records:
            b(name.removeprefix("cross_modal/"))
    return b.context(own)
