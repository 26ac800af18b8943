"""Describable Textures. MD5 as in torchvision; size and SHA-256 as in TensorFlow Datasets."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned
from interplay.protocols.placed import SplitFile

DATASET = DatasetInfo(
    name="dtd",
    title="DTD",
    description="textures in the wild, described by 47 words",
    origin="fetched",
    reader="interplay.data.readers.files:read_dtd",
    num_classes=47,
    image_shape=None,
    splits={"train": 2_820, "val": 1_128, "test": 1_692},
    licence="for research only",
    citation="M. Cimpoi, S. Maji, I. Kokkinos, S. Mohamed, A. Vedaldi, Describing Textures in the Wild, CVPR 2014",
    pinned=Pinned(
        path="dtd-r1.0.1.tar.gz",
        files={
            "dtd-r1.0.1.tar.gz": FilePin(
                size=625_239_812,
                md5="fff73e5086ae6bdbea199a49dfb8a4c1",
                sha256="e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205",
            ),
        },
        sources=(HttpSource(name="published", url="https://www.robots.ox.ac.uk/~vgg/data/dtd/download/{file}"),),
    ),
    unpacked="dtd",
    split_file=SplitFile(name="split_zhou_DescribableTextures.json", images="dtd/dtd/images"),
    prompt="{} texture.",
)
