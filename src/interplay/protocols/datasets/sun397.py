"""SUN397 and its partitions. MD5 of the images as in torchvision; sizes and SHA-256 as in TensorFlow Datasets."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned
from interplay.protocols.placed import SplitFile

DATASET = DatasetInfo(
    name="sun397",
    title="SUN397",
    description="photographs of 397 kinds of scenes, first partition",
    origin="fetched",
    reader="interplay.data.readers.files:read_sun397",
    num_classes=397,
    image_shape=None,
    splits={"train": 15_880, "val": 3_970, "test": 19_850},
    licence="none stated; for research by custom, cite the paper",
    citation="J. Xiao, J. Hays, K. A. Ehinger, A. Oliva, A. Torralba, SUN Database: Large-Scale Scene "
    "Recognition from Abbey to Zoo, CVPR 2010",
    pinned=Pinned(
        path="sun397",
        files={
            "SUN397.tar.gz": FilePin(
                size=39_077_296_924,
                md5="8ca2778205c41d23104230ba66911c7a",
                sha256="f404130965a7ad77bed5ececc71e720ab50f3cc1e1bb257257610d38f3b928ec",
            ),
            "Partitions.zip": FilePin(
                size=18_293_705,
                sha256="e3311ea5f812d4cc6faef194688343d1111f6cd6f70f2c62f393c2b8d6ba1ec9",
            ),
        },
        sources=(
            HttpSource(
                name="published",
                url="https://vision.princeton.edu/projects/2010/SUN/{file}",
                elsewhere={"Partitions.zip": "https://vision.princeton.edu/projects/2010/SUN/download/Partitions.zip"},
            ),
        ),
    ),
    split_file=SplitFile(name="split_zhou_SUN397.json", images="SUN397"),
    prompt="a photo of a {}.",
)
