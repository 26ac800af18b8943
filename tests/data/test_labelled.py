"""Labelled subsets: balanced, by seed, nested, and on disk what they say they are."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.data.labelled import LabelledSplit, kept_split, labelled_indices, split_place
from interplay.data.tensors import Images
from interplay.errors import InterplayError
from interplay.protocols.labelled import FIXED_LISTS
from interplay.records import text_digest

shuffles = st.randoms(use_true_random=False)


def some_labels(counts, random):
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    random.shuffle(labels)
    return torch.tensor(labels)


def images(labels, name="digits/train", digest="d" * 16, classes=3):
    return Images(torch.zeros(len(labels), 1, 2, 2, dtype=torch.uint8), labels, classes, name=name, digest=digest)


@pytest.fixture
def train():
    return images(torch.arange(30) % 3)


@settings(max_examples=80)
@given(st.lists(st.integers(3, 12), min_size=1, max_size=6), st.integers(1, 3), st.integers(0, 2**40), shuffles)
def test_equally_many_of_each_class_once_each_in_order(counts, each, seed, random):
    labels = some_labels(counts, random)
    chosen = labelled_indices("x", labels, each * len(counts), len(counts), seed)
    assert chosen.dtype == torch.int64
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    assert np.bincount(labels.numpy()[chosen.numpy()], minlength=len(counts)).tolist() == [each] * len(counts)
    assert torch.equal(chosen, labelled_indices("x", labels, each * len(counts), len(counts), seed))


@settings(max_examples=60)
@given(st.lists(st.integers(4, 9), min_size=2, max_size=5), st.integers(0, 99), shuffles, shuffles)
def test_what_is_drawn_of_a_class_does_not_depend_on_where_other_images_lie(counts, seed, first, second):
    """By its place among the images of its own class, the choice is the same however classes are interleaved."""
    total, places = 2 * len(counts), []
    for random in (first, second):
        labels = some_labels(counts, random)
        chosen = set(labelled_indices("x", labels, total, len(counts), seed).tolist())
        members = [(labels == label).nonzero().flatten().tolist() for label in range(len(counts))]
        places.append([[place for place, index in enumerate(own) if index in chosen] for own in members])
    assert places[0] == places[1]


@settings(max_examples=60)
@given(st.lists(st.integers(5, 9), min_size=1, max_size=5), st.integers(0, 99), shuffles)
def test_fewer_labels_are_among_more(counts, seed, random):
    labels = some_labels(counts, random)
    sizes = [each * len(counts) for each in (1, 3, 5)]
    few, more, most = (set(labelled_indices("x", labels, size, len(counts), seed).tolist()) for size in sizes)
    assert few < more < most


def test_every_image_is_drawn_as_often_as_any_other():
    """Over 2,000 seeds an image of ten is drawn with probability .2: 400 times, and within 5 deviations (18) each."""
    labels = torch.arange(20) % 2
    counts = torch.zeros(20)
    for seed in range(2000):
        counts[labelled_indices("x", labels, 4, 2, seed)] += 1
    assert counts.sub(400).abs().max() < 5 * (2000 * 0.2 * 0.8) ** 0.5


def test_seed_and_set_decide():
    labels = torch.arange(1000) % 10
    drawn = {
        (name, seed): tuple(labelled_indices(name, labels, 40, 10, seed).tolist()) for name in "xy" for seed in (0, 1)
    }
    assert len(set(drawn.values())) == 4


@pytest.mark.parametrize(
    ("num_labels", "said"),
    [
        (0, "x: 0 labels cannot be shared equally"),
        (4, "x: 4 labels cannot be shared equally among 3 classes"),
        (9, "x: 9 labels are 3 of each class, but class 1 has 2 training images; ask for at most 6"),
    ],
)
def test_what_a_class_cannot_give_is_one_clear_line(num_labels, said):
    with pytest.raises(InterplayError, match=said):
        labelled_indices("x", torch.tensor([0, 0, 0, 1, 1, 2, 2, 2]), num_labels, 3, 0)


def test_a_class_that_does_not_occur_has_none():
    with pytest.raises(InterplayError, match="class 2 has 0 training images"):
        labelled_indices("x", torch.tensor([0, 1, 0, 1]), 3, 3, 0)


def test_hidden_labels_and_seeds_below_zero_are_refused():
    with pytest.raises(InterplayError, match="images without labels have none to give"):
        labelled_indices("x", torch.full((6,), -1), 3, 3, 0)
    with pytest.raises(InterplayError, match="a seed of 0 or more, not -1"):
        labelled_indices("x", torch.arange(6) % 3, 3, 3, -1)


def cifar10_labels(lists):
    """Labels in which every row holds each class once; where the other images lie is nobody's business."""
    labels = torch.arange(50_000) % 10
    for row in lists.rows:
        labels[torch.tensor(row)] = torch.randperm(10)
    return labels


def test_ten_labels_of_cifar10_are_the_published_ones():
    lists = FIXED_LISTS["cifar10", 10]
    labels = cifar10_labels(lists)
    assert labelled_indices("cifar10", labels, 10, 10, 0).tolist() == list(lists.rows[-1])
    assert labelled_indices("cifar10", labels, 10, 10, 2).tolist() == list(lists.rows[-3])
    assert labelled_indices("cifar10", labels, 10, 10, 7).tolist() == list(lists.rows[0])
    with pytest.raises(InterplayError, match="fixed lists for seeds 0 to 7, none for 8"):
        labelled_indices("cifar10", labels, 10, 10, 8)
    assert labelled_indices("fashion-mnist", labels, 10, 10, 0).tolist() != list(lists.rows[-1])


def test_data_in_another_order_do_not_pass_for_those_of_the_lists():
    lists = FIXED_LISTS["cifar10", 10]
    labels = cifar10_labels(lists)
    labels[lists.rows[-1][0]] = labels[lists.rows[-1][1]]
    with pytest.raises(InterplayError, match="the fixed list of seed 0 must hold equally many images of each class"):
        labelled_indices("cifar10", labels, 10, 10, 0)
    with pytest.raises(InterplayError, match="count 50000 training images, here are 100"):
        labelled_indices("cifar10", labels[:100], 10, 10, 0)


def test_a_subset_is_drawn_once_and_then_read(tmp_path, train, monkeypatch):
    split = kept_split(tmp_path, train, 6, 1)
    path = tmp_path / "splits/digits/6-seed1.json"
    assert split.indices == tuple(labelled_indices("digits", train.labels, 6, 3, 1).tolist())
    assert (split.rule, split.name) == ("stratified", "digits/labelled-6-seed1")
    content = json.loads(path.read_text())
    stated = content.pop("hash")
    assert stated == split.hash == text_digest(json.dumps(content, sort_keys=True))
    monkeypatch.setattr("interplay.data.labelled.labelled_indices", None)  # a torch that draws otherwise
    assert kept_split(tmp_path, train, 6, 1) == split
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_fixed_list_says_so(tmp_path):
    lists = FIXED_LISTS["cifar10", 10]
    train = images(cifar10_labels(lists), "cifar10/train", classes=10)
    split = kept_split(tmp_path, train, 10, 0)
    assert (split.rule, split.indices) == ("fixed list", lists.rows[-1])
    LabelledSplit.of(train, torch.tensor(lists.rows[-2]), 0, "fixed list").write(tmp_path)
    with pytest.raises(InterplayError, match=r"10-seed0\.json: these are not the images of the fixed list"):
        kept_split(tmp_path, train, 10, 0)


def test_a_subset_of_ones_own_serves(tmp_path, train):
    own = LabelledSplit.of(train, torch.tensor([29, 1, 0]), seed=5)
    assert own.write(tmp_path) == split_place(tmp_path, "digits", 3, 5)
    assert kept_split(tmp_path, train, 3, 5).indices == (0, 1, 29)
    assert kept_split(tmp_path, train, 3, 5).rule == "given"


@pytest.mark.parametrize(
    ("indices", "said"),
    [
        ([0, 1, 3], r"must hold equally many images of each class, but holds \[2, 1, 0\]"),
        ([0, 1, 32], "indices must be 3 different numbers in ascending order, 0 to 29"),
        ([0, 1, 1], "indices must be 3 different numbers"),
    ],
)
def test_a_subset_of_ones_own_must_fit_the_images(tmp_path, train, indices, said):
    LabelledSplit.of(train, torch.tensor(indices), seed=0).write(tmp_path)
    with pytest.raises(InterplayError, match=rf"3-seed0\.json:? {said}"):
        kept_split(tmp_path, train, 3, 0)


@pytest.mark.parametrize(("indices", "seed", "said"), [([0, 1, -1], 0, "indices.0"), ([0, 1, 2], -1, "seed")])
def test_what_no_subset_can_have_is_one_clear_line(train, indices, seed, said):
    with pytest.raises(InterplayError, match=f"digits/train: labelled subset: {said}: .* greater than or equal to 0"):
        LabelledSplit.of(train, torch.tensor(indices), seed)


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_text(path.read_text()[:40]), "not a labelled subset .*; delete it and rerun"),
        (lambda path: path.write_bytes(b"\xff\x00"), "not a labelled subset"),
        (lambda path: path.write_text(""), "not a labelled subset"),
        (lambda path: path.write_text("[]"), "not a labelled subset"),
        (lambda path: edit(path, note="mine"), r"not a labelled subset \(note: Extra inputs"),
        (lambda path: edit(path, indices=[0, 1, 5]), "altered: its hash is .*, of its content .*; delete it and rerun"),
        (lambda path: edit(path, rule="given"), "altered"),
        (lambda path: edit(path, indices=[-1, 1, 5]), "not a labelled subset"),
        (lambda path: edit(path, rule="other"), "not a labelled subset"),
        (lambda path: edit(path, dataset="cifar10"), "dataset is cifar10, wanted digits; it belongs elsewhere"),
        (lambda path: edit(path, data="e" * 16), "data is eeeeeeeeeeeeeeee, wanted dddddddddddddddd"),
        (lambda path: edit(path, num_labels=6), "num_labels is 6, wanted 3"),
        (lambda path: edit(path, seed=1), "seed is 1, wanted 0"),
    ],
)
def test_a_file_that_is_damaged_or_of_something_else_is_one_clear_line(tmp_path, train, damage, said):
    kept_split(tmp_path, train, 3, 0)
    path = split_place(tmp_path, "digits", 3, 0)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(InterplayError, match=said) as caught:
        kept_split(tmp_path, train, 3, 0)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before  # whoever put it there may want it


def test_a_whole_file_of_another_set_is_told_apart(tmp_path, train):
    """Its hash is right; it is what it says it is, only not of this set."""
    kept_split(tmp_path, images(train.labels, "glyphs10/train", "e" * 16), 3, 0)
    place = split_place(tmp_path, "digits", 3, 0)
    place.parent.mkdir()
    split_place(tmp_path, "glyphs10", 3, 0).rename(place)
    with pytest.raises(InterplayError, match="dataset is glyphs10, wanted digits"):
        kept_split(tmp_path, train, 3, 0)


def test_a_folder_in_its_place_is_one_clear_line(tmp_path, train):
    split_place(tmp_path, "digits", 3, 0).mkdir(parents=True)
    with pytest.raises(InterplayError, match=r"3-seed0.json: cannot be read \(Is a directory\)"):
        kept_split(tmp_path, train, 3, 0)


def test_where_nothing_can_be_written_the_seed_decides(tmp_path, train):
    (tmp_path / "splits").write_text("a file where a folder should be")
    with pytest.raises(InterplayError, match="cannot be read"):
        kept_split(tmp_path, train, 3, 0)
    (tmp_path / "splits").unlink()
    expected = kept_split(tmp_path / "other", train, 3, 0)

    def refuse(*_):
        raise InterplayError("read-only")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interplay.data.labelled.write_text_atomically", refuse)
        assert kept_split(tmp_path, train, 3, 0) == expected
    assert not split_place(tmp_path, "digits", 3, 0).exists()


DRAW = """
import sys
from pathlib import Path
import torch
from interplay.data.labelled import kept_split
from interplay.data.tensors import Images

labels = torch.arange(3000) % 3
train = Images(torch.zeros(3000, 1, 2, 2, dtype=torch.uint8), labels, 3, name="digits/train", digest="d" * 16)
print("ready", flush=True)
sys.stdin.readline()
print(*(kept_split(Path(sys.argv[1]), train, 900, seed).hash for seed in range(20)))
"""


def test_processes_that_want_it_at_once_agree_and_leave_whole_files(tmp_path):
    """Each one reads or writes; none sees a part of a file, and nothing is left beside."""
    command = [sys.executable, "-c", DRAW, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate()[0] for process in processes}
    assert len(answers) == 1
    assert len(set(answers.pop().split())) == 20
    names = {path.name for path in (tmp_path / "splits/digits").iterdir()}
    assert names == {f"900-seed{seed}.json" for seed in range(20)}
