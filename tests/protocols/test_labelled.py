"""Whether a data set can give so many labels, as far as its entry in the catalogue tells."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS
from interplay.protocols.labelled import FIXED_LISTS, FixedLists, check_labels

CIFAR10 = FIXED_LISTS["cifar10", 10]


@pytest.mark.parametrize(
    ("name", "num_labels"),
    [
        ("cifar10", 10),
        ("cifar10", 250),
        ("cifar100", 400),
        ("stl10", 1000),
        ("digits", 1000),
        ("fashion-mnist", 60_000),
    ],
)
def test_what_can_be_shared_equally_passes(name, num_labels):
    check_labels(DATASETS[name], num_labels, seeds=[0, 1, 2])


@pytest.mark.parametrize(
    ("name", "num_labels", "said"),
    [
        ("digits", 1450, "digits: 1450 labels are more than its 1442 training images; ask for fewer"),
        ("cifar100", 250, "cifar100: 250 labels cannot be shared equally among 100 classes; .* e.g. 200"),
        ("cifar10", 3, "cifar10: 3 labels cannot be shared equally among 10 classes; .* e.g. 10"),
        ("cifar10", 0, "cifar10: 0 labels teach nothing"),
        ("cifar10", -10, "cifar10: -10 labels teach nothing"),
    ],
)
def test_what_cannot_is_one_clear_line(name, num_labels, said):
    with pytest.raises(InterplayError, match=said) as caught:
        check_labels(DATASETS[name], num_labels)
    assert "\n" not in str(caught.value)


def test_a_set_without_training_images_has_no_labels():
    info = DATASETS["digits"].model_copy(update={"splits": {"test": 355}})
    with pytest.raises(InterplayError, match="digits has no split 'train' to draw labels from; it has: test"):
        check_labels(info, 10)


def test_a_seed_beyond_the_fixed_lists_is_told_how_many_there_are():
    check_labels(DATASETS["cifar10"], 10, seeds=range(8))
    with pytest.raises(InterplayError, match="cifar10 with 10 labels has fixed lists for seeds 0 to 7, none for 8"):
        check_labels(DATASETS["cifar10"], 10, seeds=[0, 8])
    check_labels(DATASETS["cifar10"], 40, seeds=[8])


def test_seeds_take_the_published_rows_from_the_last():
    first, last = CIFAR10.row(0), CIFAR10.row(7)
    assert first[:3] == (4255, 6446, 8580)
    assert last[:3] == (7408, 8148, 9850)
    everywhere = [index for row in CIFAR10.rows for index in row]
    assert len(set(everywhere)) == 80  # no image in two lists
    assert all(0 <= index < DATASETS["cifar10"].splits["train"] for index in everywhere)
    assert CIFAR10.num_images == DATASETS["cifar10"].splits["train"]


def test_a_slip_in_a_list_is_noticed():
    rows = ((CIFAR10.rows[0][0] + 1, *CIFAR10.rows[0][1:]), *CIFAR10.rows[1:])
    with pytest.raises(ValidationError, match="cifar10: the fixed lists have digest"):
        FixedLists.model_validate(CIFAR10.model_dump() | {"rows": rows})


def test_planning_needs_no_torch():
    code = "import sys, interplay.protocols.labelled; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
