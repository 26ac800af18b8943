"""Caltech-101. MD5 as in torchvision; size and SHA-256 as in TensorFlow Datasets."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned
from interplay.protocols.placed import SplitFile

DATASET = DatasetInfo(
    name="caltech101",
    title="Caltech101",
    description="photographs of a hundred kinds of objects; the background and one of two folders of faces left out",
    origin="fetched",
    reader="interplay.data.readers.files:read_caltech101",
    num_classes=100,
    image_shape=None,
    splits={"train": 4_128, "val": 1_649, "test": 2_465},
    licence="CC BY 4.0",
    citation="L. Fei-Fei, R. Fergus, P. Perona, Learning Generative Visual Models from Few Training "
    "Examples, CVPR Workshop on Generative-Model Based Vision 2004",
    pinned=Pinned(
        path="caltech-101.zip",
        files={
            "caltech-101.zip": FilePin(
                size=137_414_764,
                md5="3138e1922a9193bfa496528edbbc45d0",
                sha256="331234750fc7f77520e50d9565e8b6907b03565e30320da1401130db08c61f91",
            ),
        },
        sources=(HttpSource(name="published", url="https://data.caltech.edu/records/mzrjq-6wc02/files/{file}"),),
    ),
    inner=("caltech-101/101_ObjectCategories.tar.gz",),
    split_file=SplitFile(name="split_zhou_Caltech101.json", images="caltech-101/101_ObjectCategories"),
    prompt="a photo of a {}.",
)
