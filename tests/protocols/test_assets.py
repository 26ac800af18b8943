"""The entries of data sets and weights: complete, consistent, found by themselves; and what they say of mistakes."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned, WeightsInfo
from interplay.protocols.datasets import DATASETS, dataset_info, dataset_label, files_of
from interplay.protocols.registry import Registry
from interplay.protocols.weights import WEIGHTS, weights_info

FETCHED = {name: info for name, info in DATASETS.items() if info.pinned is not None}
# Hashes published with the sets (of Fashion-MNIST, the unpacked files).
KNOWN = {
    "cifar-10-python.tar.gz": ("c58f30108f718f92721af3b95e74349a", 170_498_071),
    "cifar-100-python.tar.gz": ("eb9058c3a382ffc7106e4002c42a8d85", 169_001_437),
    "stl10_binary.tar.gz": ("91f7769df0f17e558f3565bffb0c7dfb", 2_640_397_119),
    "train-images-idx3-ubyte": ("f4a8712d7a061bf5bd6d2ca38dc4d50a", 16 + 60_000 * 784),
    "train-labels-idx1-ubyte": ("9018921c3c673c538a1fc5bad174d6f9", 8 + 60_000),
    "t10k-images-idx3-ubyte": ("8181f5470baa50b63fa0f6fddb340f0a", 16 + 10_000 * 784),
    "t10k-labels-idx1-ubyte": ("15d484375f8d13e6eb1aabb0c3f46965", 8 + 10_000),
    "caltech-101.zip": ("3138e1922a9193bfa496528edbbc45d0", 137_414_764),
    "images.tar.gz": ("5c4f3ee8e5d25df40f4fd59a7f44e54c", 791_918_971),
    "annotations.tar.gz": ("95a8c909bbe2e81eed6a22bccdf3f68f", 19_173_078),
    "102flowers.tgz": ("52808999861908f626f3c1f4e79d11fa", 344_862_509),
    "imagelabels.mat": ("e0620be6f572b9609742df49c70aed4d", 502),
    "food-101.tar.gz": ("85eeb15f3717b99a5da872d97d918f87", 4_996_278_331),
    "fgvc-aircraft-2013b.tar.gz": (None, 2_770_575_360),
    "SUN397.tar.gz": ("8ca2778205c41d23104230ba66911c7a", 39_077_296_924),
    "Partitions.zip": (None, 18_293_705),
    "dtd-r1.0.1.tar.gz": ("fff73e5086ae6bdbea199a49dfb8a4c1", 625_239_812),
    "EuroSAT.zip": ("c8fa014336c82ac7804f0398fcb19387", 94_280_567),
    "NotoColorEmoji.ttf": ("99c520d7a290c628cb9127ac4177bb5b", 10_980_856),  # md5sums of the Debian package
}


def test_pins_are_what_is_known():
    pins = {file: (pin.md5, pin.size) for info in FETCHED.values() for file, pin in info.pinned.files.items()}
    assert pins == KNOWN
    packaged = {name for name, info in FETCHED.items() if info.pinned.sources[0].name != "published"}
    assert packaged == {"noto-color-emoji"}


def test_torchvision_knows_the_same_archives():
    from torchvision.datasets import CIFAR10, CIFAR100, STL10

    for name, kind in (("cifar10", CIFAR10), ("cifar100", CIFAR100), ("stl10", STL10)):
        pinned = DATASETS[name].pinned
        assert (pinned.path, pinned.files[pinned.path].md5) == (kind.filename, kind.tgz_md5)
        assert kind.base_folder


def test_torchvision_knows_the_archives_of_images():
    from torchvision.datasets import DTD, SUN397, Flowers102, Food101, OxfordIIITPet

    def md5(name):
        return {file: pin.md5 for file, pin in DATASETS[name].pinned.files.items()}

    assert md5("dtd") == {DTD._URL.rpartition("/")[2]: DTD._MD5}
    assert md5("food101") == {Food101._URL.rpartition("/")[2]: Food101._MD5}
    assert md5("oxford-pets") == {url.rpartition("/")[2]: known for url, known in OxfordIIITPet._RESOURCES}
    assert md5("flowers102").items() <= dict(Flowers102._file_dict.values()).items()
    assert md5("sun397")["SUN397.tar.gz"] == SUN397._DATASET_MD5


def test_a_file_may_lie_elsewhere():
    source = HttpSource(name="published", url="http://x/{file}", elsewhere={"b": "http://y/z/b"})
    assert [source.url_of(file) for file in ("a", "b")] == ["http://x/a", "http://y/z/b"]


def test_prompts_are_those_of_the_references():
    """`CUSTOM_TEMPLATES` of CoOp's zero-shot trainer."""
    prompts = {name: info.prompt for name, info in DATASETS.items() if info.prompt and info.origin != "rendered"}
    special = {
        "oxford-pets": "a photo of a {}, a type of pet.",
        "flowers102": "a photo of a {}, a type of flower.",
        "fgvc-aircraft": "a photo of a {}, a type of aircraft.",
        "dtd": "{} texture.",
        "eurosat": "a centered satellite photo of {}.",
        "food101": "a photo of {}, a type of food.",
        "ucf101": "a photo of a person doing {}.",
    }
    plain = dict.fromkeys(("caltech101", "stanford-cars", "sun397", "imagenet"), "a photo of a {}.")
    assert prompts == special | plain


def test_the_url_of_the_published_weights_holds_their_hash():
    published = WEIGHTS["clip-rn50-openai"].forms[0]
    assert next(iter(published.files.values())).sha256 in published.sources[0].url


@pytest.mark.parametrize("name", DATASETS)
def test_every_reader_can_be_imported(name):
    from interplay.data.decoding import reader_of

    assert callable(reader_of(DATASETS[name]))


def test_an_unknown_name_is_told_its_neighbour():
    with pytest.raises(InterplayError, match="unknown data set 'CIFAR-10'; did you mean 'cifar10'"):
        dataset_info("CIFAR-10")
    with pytest.raises(
        InterplayError, match="unknown data set 'voc'; known: barred-pictures, barred-pictures-permuted"
    ):
        dataset_info("voc")
    with pytest.raises(InterplayError, match="unknown set of weights 'clip-rn50'; did you mean 'clip-rn50-openai'"):
        weights_info("clip-rn50")


def test_the_catalogue_knows_neither_torch_nor_numpy():
    code = (
        "import sys; from interplay.protocols.datasets import DATASETS; "
        "from interplay.protocols.weights import WEIGHTS; "
        "assert len(DATASETS) and len(WEIGHTS); sys.exit(bool({'torch', 'numpy', 'torchvision'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fetching_imports_no_torch():
    code = "import sys, interplay.data, interplay.data.fetching; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ENTRY = """
from interplay.protocols.assets import DatasetInfo
{attribute} = DatasetInfo(
    name="{name}", title="Toys", description="toys", licence="none", citation="nobody", origin="installed",
    reader="toys:read", num_classes=2, image_shape=(1, 2, 2), splits={{"train": 3}}, digests={{"train": "{digest}"}},
)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of data sets that is made here, one file each."""

    def write(**files):
        folder = tmp_path / "toy_datasets"
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in [name for name in sys.modules if name.startswith("toy_datasets")]:
            monkeypatch.delitem(sys.modules, name)
        return Registry("toy_datasets", "DATASET", DatasetInfo, "data set")

    return write


def test_a_file_is_a_data_set(package):
    found = package(two_toys=ENTRY.format(attribute="DATASET", name="two-toys", digest="0" * 16))
    assert list(found) == ["two-toys"]
    assert found.info("two-toys").num_classes == 2


@pytest.mark.parametrize(
    ("file", "attribute", "name", "message"),
    [
        ("toys", "DATASETS", "toys", "toy_datasets.toys: exports no DATASET of type DatasetInfo"),
        ("toys", "DATASET", "other-toys", "toy_datasets.toys: describes 'other-toys'; call it other_toys.py"),
    ],
)
def test_a_file_that_is_none_is_one_clear_line(package, file, attribute, name, message):
    found = package(**{file: ENTRY.format(attribute=attribute, name=name, digest="0" * 16)})
    with pytest.raises(InterplayError, match=message):
        len(found)


def test_a_file_may_describe_a_family(package):
    found = package(
        toys=ENTRY.format(attribute="_ONE", name="red-toys", digest="0" * 16)
        + ENTRY.format(attribute="_OTHER", name="blue-toys", digest="1" * 16)
        + "DATASET = (_ONE, _OTHER)\n"
    )
    assert list(found) == ["blue-toys", "red-toys"]


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ("(_ONE, _ONE)", "toy_datasets.toys: describes 'red-toys', which is described before"),
        ("(_ONE, 'toys')", "toy_datasets.toys: exports no DATASET of type DatasetInfo"),
    ],
)
def test_a_family_that_is_none_is_one_clear_line(package, family, message):
    found = package(toys=ENTRY.format(attribute="_ONE", name="red-toys", digest="0" * 16) + f"DATASET = {family}\n")
    with pytest.raises(InterplayError, match=message):
        len(found)


def test_files_are_those_of_a_set_and_of_what_it_is_made_of():
    made = DATASETS["captioned-pictures"]
    assert files_of(made) == ("NotoColorEmoji.ttf", "fashion-mnist")
    assert files_of(DATASETS["fashion-mnist-permuted"]) == ("fashion-mnist",)
    assert files_of(DATASETS["greek-letters"]) == files_of(DATASETS["ucf101"]) == ()
    assert all(name in DATASETS for info in DATASETS.values() for name in info.drawn_from)


def changed(name, **changes):
    return DatasetInfo.model_validate(DATASETS[name].model_dump() | changes)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("digits", {"digests": {}}, "pin the digest of every split"),
        ("digits", {"origin": "fetched"}, "a set that is fetched is pinned"),
        ("cifar10", {"pinned": None}, "a set that is fetched is pinned"),
        ("cifar10", {"digests": {"val": "0" * 16}}, "digests of splits that it does not have: val"),
        ("cifar10", {"splits": {"train": 0}}, "greater than 0"),
        ("cifar10", {"reader": "read"}, "should match pattern"),
        ("ucf101", {"placed": None}, "a set that is placed says where and how"),
        ("ucf101", {"image_shape": (3, 8, 8)}, "a set that is placed is one of image files"),
        ("ucf101", {"placed": {"path": "../ucf101", "how": "x"}}, "should match pattern"),
        ("ucf101", {"placed": {"path": "ucf101", "how": "two\nlines"}}, "should match pattern"),
        ("ucf101", {"prompt": "a photo."}, "should match pattern"),
        ("cifar10", {"drawn_from": ["digits"]}, "a set that is made of others is rendered"),
        ("cifar10", {"liscence": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_an_entry_that_does_not_hold_together_is_refused(name, changes, message):
    with pytest.raises(ValidationError, match=message):
        changed(name, **changes)


def pinned(**changes):
    pin = {"size": 1, "sha256": "0" * 64}
    source = {"kind": "http", "name": "a", "url": "http://x/"}
    return {"path": "weights/a.pt", "files": {"a.pt": pin}, "sources": [source]} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sources": [{"kind": "http", "name": "a", "url": "http://x/"}] * 2}, "two sources have the same name: a, a"),
        ({"sources": []}, "at least 1"),
        ({"sources": [{"kind": "ftp", "name": "a", "url": "ftp://x/"}]}, "ftp"),
        ({"sources": [{"kind": "http", "name": "a", "url": "file:///etc/passwd"}]}, "should match pattern"),
        ({"path": "../a.pt"}, "should match pattern"),
        ({"path": "/a.pt"}, "should match pattern"),
        ({"files": {"a.pt": {"size": 1}}}, "sha256"),
    ],
)
def test_a_pin_that_pins_nothing_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        Pinned.model_validate(pinned(**changes))


def test_forms_of_weights_are_files_with_sources_of_different_names():
    content = WEIGHTS["clip-rn50-openai"].model_dump()
    for forms in ([pinned(), pinned(path="weights/b.pt")], [pinned(), pinned()]):
        with pytest.raises(ValidationError, match="each form is one file, and every source has a name of its own"):
            WeightsInfo.model_validate(content | {"forms": forms})


def test_the_hash_of_a_folder_is_that_of_dvc():
    """Made by `dvc add` (3.67) of a folder with these two files."""
    files = {}
    for name, text in {"b.txt": b"second\n", "a.txt": b"first\n"}.items():
        hashes = {kind: hashlib.new(kind, text).hexdigest() for kind in ("md5", "sha256")}
        files[name] = FilePin(size=len(text), **hashes)
    folder = Pinned.model_validate(pinned(path="folder", files=files))
    assert folder.is_folder
    assert folder.dvc_md5 == "4ef7a536b17ea1e017f9592bd1a1685a.dir"


def test_what_decides_the_content_is_in_its_digest_and_nothing_else():
    fashion, cifar = DATASETS["fashion-mnist"], DATASETS["cifar10"]
    assert changed("fashion-mnist", citation="another").content == fashion.content
    assert changed("fashion-mnist", digests={"train": "0" * 16, "test": "0" * 16}).content != fashion.content
    assert changed("cifar10", licence="another").content == cifar.content
    assert changed("cifar10", reader="interplay.data.readers.stl10:read_stl10").content != cifar.content
    assert changed("cifar10", num_classes=9).content != cifar.content
    assert changed("ucf101", prompt="{}.").content != DATASETS["ucf101"].content


def test_labels_tell_a_substitute_from_the_real_thing(make_record):
    assert dataset_label(make_record()) == "Fashion-MNIST (for CIFAR-10)"
    assert dataset_label(make_record(dataset_used="cifar10")) == "CIFAR-10"
    assert dataset_label(make_record(dataset_used=None)) == "CIFAR-10"
    assert dataset_label(make_record(dataset_used="gone")) == "gone (for CIFAR-10)"
