"""Oxford Flowers-102. MD5 as in torchvision; sizes and SHA-256 as in TensorFlow Datasets."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned
from interplay.protocols.placed import SplitFile

DATASET = DatasetInfo(
    name="flowers102",
    title="Flowers102",
    description="photographs of 102 kinds of flowers",
    origin="fetched",
    reader="interplay.data.readers.files:read_flowers102",
    num_classes=102,
    image_shape=None,
    splits={"train": 4_093, "val": 1_633, "test": 2_463},
    licence="none stated; for research by custom, cite the paper",
    citation="M.-E. Nilsback, A. Zisserman, Automated Flower Classification over a Large Number of Classes, "
    "ICVGIP 2008",
    pinned=Pinned(
        path="flowers102",
        files={
            "102flowers.tgz": FilePin(
                size=344_862_509,
                md5="52808999861908f626f3c1f4e79d11fa",
                sha256="2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
            ),
            "imagelabels.mat": FilePin(
                size=502,
                md5="e0620be6f572b9609742df49c70aed4d",
                sha256="4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d",
            ),
        },
        sources=(HttpSource(name="published", url="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/{file}"),),
    ),
    unpacked="flowers-102",
    split_file=SplitFile(name="split_zhou_OxfordFlowers.json", images="flowers-102/jpg"),
    prompt="a photo of a {}, a type of flower.",
)
