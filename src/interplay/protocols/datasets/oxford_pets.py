"""Oxford-IIIT Pet. MD5 as in torchvision; sizes and SHA-256 as in TensorFlow Datasets."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned
from interplay.protocols.placed import SplitFile

DATASET = DatasetInfo(
    name="oxford-pets",
    title="OxfordPets",
    description="photographs of 37 breeds of cats and dogs",
    origin="fetched",
    reader="interplay.data.readers.files:read_oxford_pets",
    num_classes=37,
    image_shape=None,
    splits={"train": 2_944, "val": 736, "test": 3_669},
    licence="CC BY-SA 4.0",
    citation="O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar, Cats and Dogs, CVPR 2012",
    pinned=Pinned(
        path="oxford-pets",
        files={
            "images.tar.gz": FilePin(
                size=791_918_971,
                md5="5c4f3ee8e5d25df40f4fd59a7f44e54c",
                sha256="67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
            ),
            "annotations.tar.gz": FilePin(
                size=19_173_078,
                md5="95a8c909bbe2e81eed6a22bccdf3f68f",
                sha256="52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
            ),
        },
        sources=(
            HttpSource(name="published", url="https://www.robots.ox.ac.uk/~vgg/data/pets/data/{file}"),
            HttpSource(name="mirror", url="https://thor.robots.ox.ac.uk/~vgg/data/pets/{file}"),
        ),
    ),
    unpacked="oxford-iiit-pet",
    split_file=SplitFile(name="split_zhou_OxfordPets.json", images="oxford-iiit-pet/images"),
    prompt="a photo of a {}, a type of pet.",
)
