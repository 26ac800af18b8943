"""Weights are verified before they are opened, and nothing that their file holds is run."""

from __future__ import annotations

import hashlib
import pickle
import sys
import warnings
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from interplay.data import load_weights
from interplay.data.fetching import fetch, verify
from interplay.data.weights import read_tensors
from interplay.errors import InterplayError
from interplay.protocols.assets import WeightsInfo


class Network(nn.Module):
    """Parameters, buffers, nested and listed modules, half precision, shared storage, and code to be left alone."""

    def __init__(self) -> None:
        super().__init__()
        self.visual = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.blocks = nn.ModuleList([nn.Linear(4, 4).half() for _ in range(2)])
        self.scale = nn.Parameter(torch.tensor(2.5))
        self.register_buffer("table", torch.arange(12).reshape(3, 4).t())
        self.size = 7

    def forward(self, x):
        return self.visual(x) * self.scale


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network()


@pytest.fixture
def scripted(tmp_path, network):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(network).save(str(tmp_path / "network.pt"))
    return tmp_path / "network.pt"


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)


def test_tensors_of_a_torchscript_archive_are_those_of_the_module(scripted, network, monkeypatch):
    monkeypatch.setattr(torch.jit, "load", None)  # would fail if it were asked
    same(read_tensors(scripted), network.state_dict())


def edit(path, change):
    """Write the archive anew with `change(name, content)` of each member."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)


class Evil:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (self.trace.touch, ())


def test_a_torchscript_archive_whose_tree_would_run_code_is_refused(scripted, tmp_path):
    bad = pickle.dumps(Evil(tmp_path / "ran"), protocol=2)
    edit(scripted, lambda name, content: bad if name.endswith("/data.pkl") else content)
    with pytest.raises(InterplayError, match=r"cannot be read without running it .*it asks for") as caught:
        read_tensors(scripted)
    assert not (tmp_path / "ran").exists()
    assert "\n" not in str(caught.value)


def tree_of(path, pickled):
    """An archive whose tree of modules is that pickle, with one storage of two numbers."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/code/a.py", b"")
        archive.writestr("x/data/0", torch.tensor([1.0, 2.0]).numpy().tobytes())
        archive.writestr("x/data.pkl", b"\x80\2" + pickled + b".")
    return path


MODULE, REBUILD = b"c__torch__\nA\n", b"ctorch._utils\n_rebuild_tensor_v2\n"
STORAGE = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0\x30X\3\0\0\0cpuK\2tQ"
TENSOR = REBUILD + b"(" + STORAGE + b"K\0K\2\x85K\1\x85\x89NtR"
WITH_TENSOR = MODULE + b")\x81}X\1\0\0\0w" + TENSOR + b"sb"


def test_paths_to_shared_modules_do_not_double_with_each_level(tmp_path):
    tree = WITH_TENSOR + b"q\0"  # a module, remembered
    for _ in range(40):  # and one with the last as two attributes, 40 times: 2^40 paths
        tree += MODULE + b")\x81}(X\1\0\0\0ah\0X\1\0\0\0bh\0ubq\0"
    assert list(read_tensors(tree_of(tmp_path / "x.pt", tree))) == ["a." * 40 + "w"]


@pytest.mark.parametrize("slots", [True, False], ids=["by name", "in its dictionary"])
@pytest.mark.parametrize("name", ["__setstate__", "__new__", "__defaults__", "w"])
@pytest.mark.parametrize("asked", [MODULE, REBUILD, b"ccollections\nOrderedDict\n", b"ctorch.jit._pickle\nbuild_x\n"])
def test_a_tree_that_sets_attributes_of_a_class_changes_nothing_for_the_next_file(tmp_path, asked, name, slots):
    value = b"X" + len(name).to_bytes(4, "little") + name.encode() + b"ctorch.jit._pickle\nbuild_x\n"
    state = b"N}" + value + b"s\x86" if slots else b"}" + value + b"s"
    evil = tree_of(tmp_path / "evil.pt", asked + state + b"b0" + WITH_TENSOR)
    with pytest.raises(InterplayError) as caught:
        read_tensors(evil)
    assert "\n" not in str(caught.value)
    same(read_tensors(tree_of(tmp_path / "good.pt", WITH_TENSOR)), {"w": torch.tensor([1.0, 2.0])})


def test_a_tree_without_tensors_is_refused(tmp_path):
    with pytest.raises(InterplayError, match=r"empty\.pt: holds no tensors"):
        read_tensors(tree_of(tmp_path / "empty.pt", MODULE + b")\x81"))


@pytest.mark.parametrize(
    "change",
    [
        lambda name, content: None if name.endswith("/data.pkl") else content,
        lambda name, content: content[:-3] if "/data/" in name else content,
        lambda name, content: None if name.endswith("/data/0") else content,
        lambda name, content: content[:40] if name.endswith("/data.pkl") else content,
        lambda name, content: b"big" if name.endswith("/byteorder") else content,
    ],
)
def test_a_damaged_torchscript_archive_is_one_clear_line(scripted, change):
    edit(scripted, change)
    with pytest.raises(InterplayError) as caught:
        read_tensors(scripted)
    assert str(caught.value).startswith(f"{scripted}: ")
    assert "\n" not in str(caught.value)


def test_safetensors_and_plain_checkpoints_are_read(tmp_path, network):
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(state, tmp_path / "a.safetensors")
    same(read_tensors(tmp_path / "a.safetensors"), state)
    for content in (state, {"state_dict": state, "epoch": 3}):
        torch.save(content, tmp_path / "a.pt")
        same(read_tensors(tmp_path / "a.pt"), state)


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_that_would_run_code_is_refused(tmp_path, protocol):
    torch.save({"a": Evil(tmp_path / "ran")}, tmp_path / "zipped.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"a": Evil(tmp_path / "ran")}, protocol=protocol))
    for name in ("zipped.pt", "plain.pt"):
        with pytest.raises(InterplayError, match="would run code if it were opened") as caught:
            read_tensors(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"a": 3}, {"a": {"b": torch.zeros(1)}}])
def test_what_is_no_mapping_to_tensors_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(InterplayError, match="not a mapping of names to tensors"):
        read_tensors(tmp_path / "a.pt")


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>", b"\x80\x02.", b"PK\x03\x04" + bytes(50)])
def test_a_file_of_another_kind_is_one_clear_line(tmp_path, suffix, content):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    with pytest.raises(InterplayError) as caught:
        read_tensors(path)
    assert "\n" not in str(caught.value)


def test_an_archive_whose_table_of_contents_is_damaged_is_one_clear_line(tmp_path, network):
    path = tmp_path / "a.pt"
    torch.save(network.state_dict(), path)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x09"))
    with pytest.raises(InterplayError, match=r"a.pt: no file of weights \(Bad magic number"):
        read_tensors(path)


def form(path, content, url):
    pin = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    source = {"kind": "http", "name": path.rpartition(".")[2], "url": url}
    return {"path": path, "files": {path.rpartition("/")[2]: pin}, "sources": [source]}


@pytest.fixture
def entry(tmp_path, scripted, network):
    """The same weights as a TorchScript archive and, in the second place, as safetensors."""
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, tmp_path / "n.safetensors")
    files = {"weights/toy.pt": scripted, "weights/toy.safetensors": tmp_path / "n.safetensors"}
    forms = [form(path, file.read_bytes(), "http://127.0.0.1:9/x") for path, file in files.items()]
    text = dict.fromkeys(("title", "description", "licence", "citation", "architecture"), "toy")
    return WeightsInfo.model_validate({"name": "toy", "forms": forms, **text})


def put(tmp_path, name, source):
    (tmp_path / "weights").mkdir(exist_ok=True)
    (tmp_path / "weights" / name).write_bytes((tmp_path / source).read_bytes())


def test_the_first_form_in_place_serves(tmp_path, entry, network):
    put(tmp_path, "toy.safetensors", "n.safetensors")
    second, digest = load_weights(entry, tmp_path)
    same(second, network.state_dict())
    put(tmp_path, "toy.pt", "network.pt")
    first, other = load_weights(entry, tmp_path)
    same(first, network.state_dict())
    assert digest == entry.forms[1].files["toy.safetensors"].sha256[:16] != other


def test_weights_are_verified_before_they_are_opened_and_once(tmp_path, entry, monkeypatch):
    put(tmp_path, "toy.pt", "network.pt")
    load_weights(entry, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(verify, "file_hashes", None)  # would fail if it were asked
        load_weights(entry, tmp_path)
    path = tmp_path / "weights/toy.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr("interplay.data.weights.read_tensors", None)  # must not even be opened
    with pytest.raises(InterplayError, match=r"toy.pt is altered: sha256 .*`interplay fetch toy --root"):
        load_weights(entry, tmp_path)


def test_a_damaged_form_is_passed_over_where_another_is_right(tmp_path, entry, network):
    put(tmp_path, "toy.pt", "network.pt")
    put(tmp_path, "toy.safetensors", "n.safetensors")
    (tmp_path / "weights/toy.pt").write_bytes(b"damaged")
    same(load_weights(entry, tmp_path)[0], network.state_dict())
    (tmp_path / "weights/toy.safetensors").write_bytes(b"too")
    with pytest.raises(InterplayError, match=r"toy\.pt is truncated: 7 bytes"):
        load_weights(entry, tmp_path)


def test_weights_that_are_not_there_are_told_how_to_come(tmp_path):
    with pytest.raises(InterplayError, match=f"`interplay fetch clip-rn50-openai --root {tmp_path}` brings it"):
        load_weights("clip-rn50-openai", tmp_path)


def test_they_are_fetched_like_data(tmp_path, entry, monkeypatch):
    """The first source fails; the second brings the other form, which is verified and moved into place."""
    whole = (tmp_path / "n.safetensors").read_bytes()

    def download(source, pinned, staging, progress):
        staging.write_bytes(whole if source.name == "safetensors" else b"<html>")

    monkeypatch.setattr(sys.modules["interplay.data.fetching.fetch"], "fetch_http", download)
    lines: list[str] = []
    place = fetch(entry, tmp_path, say=lines.append)
    assert place == tmp_path / "weights/toy.safetensors"
    assert lines[:2] == ["toy: trying pt", f"toy: pt: toy.pt is truncated: 6 bytes, pinned {entry.forms[0].size:,}"]
    assert lines[-1] == f"toy: verified, now at {place}"
    assert load_weights(entry, tmp_path)[0].keys()
    lines.clear()
    fetch(entry, tmp_path, say=lines.append)
    assert lines == [f"toy: {place} is there, verified"]
    with pytest.raises(InterplayError, match="toy has no source 'dvc'; it has: pt, safetensors"):
        fetch(entry, tmp_path, source="dvc")
