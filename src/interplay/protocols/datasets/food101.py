"""Food-101. MD5 as in torchvision; size and SHA-256 as in TensorFlow Datasets."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned
from interplay.protocols.placed import SplitFile

DATASET = DatasetInfo(
    name="food101",
    title="Food101",
    description="photographs of 101 dishes",
    origin="fetched",
    reader="interplay.data.readers.files:read_food101",
    num_classes=101,
    image_shape=None,
    splits={"train": 50_500, "val": 20_200, "test": 30_300},
    licence="none stated; images from Foodspotting, scientific fair use",
    citation="L. Bossard, M. Guillaumin, L. Van Gool, Food-101: Mining Discriminative Components with Random "
    "Forests, ECCV 2014",
    pinned=Pinned(
        path="food-101.tar.gz",
        files={
            "food-101.tar.gz": FilePin(
                size=4_996_278_331,
                md5="85eeb15f3717b99a5da872d97d918f87",
                sha256="d97d15e438b7f4498f96086a4f7e2fa42a32f2712e87d3295441b2b6314053a4",
            ),
        },
        sources=(HttpSource(name="published", url="http://data.vision.ee.ethz.ch/cvl/{file}"),),
    ),
    split_file=SplitFile(name="split_zhou_Food101.json", images="food-101/images"),
    prompt="a photo of {}, a type of food.",
)
