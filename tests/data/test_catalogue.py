"""The catalogue, and what loading says to what is not in it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from interplay.data import CATALOGUE, dataset_info, load
from interplay.errors import InterplayError


def test_every_substitute_of_the_mappings_is_in_the_catalogue_with_its_classes(config):
    for path in (config / "data").glob("*.yaml"):
        for substitute in yaml.safe_load(path.read_text())["datasets"].values():
            assert dataset_info(substitute["use"]).num_classes == substitute["num_classes"]


def test_an_unknown_name_is_told_its_neighbour():
    with pytest.raises(InterplayError, match="did you mean 'cifar10'"):
        dataset_info("CIFAR-10")
    with pytest.raises(InterplayError, match="known: cifar10"):
        load("imagenet", "train", None)


@pytest.mark.parametrize(("name", "split"), [("cifar10", "unlabelled"), ("digits", "val")])
def test_an_unknown_split_is_told_the_others(tmp_path, name, split):
    with pytest.raises(InterplayError, match=f"{name} has no split '{split}'; it has: train, test"):
        load(name, split, tmp_path)


@pytest.mark.parametrize("name", [name for name, info in CATALOGUE.items() if info.fetched])
def test_a_set_that_is_not_there_is_told_how_to_come(tmp_path, name):
    with pytest.raises(InterplayError, match=f"interplay fetch {name} --root {tmp_path}"):
        load(name, "train", tmp_path)


def test_planning_and_fetching_import_no_torch():
    code = "import sys, interplay.data, interplay.data.fetching; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
