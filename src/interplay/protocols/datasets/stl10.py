"""STL-10. MD5 as pinned by torchvision; SHA-256 the same in three unrelated public projects."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned

FILE = "stl10_binary.tar.gz"
DATASET = DatasetInfo(
    name="stl10",
    title="STL-10",
    description="photographs of ten kinds of animals and vehicles, and 100,000 without a label",
    origin="fetched",
    reader="interplay.data.readers.stl10:read_stl10",
    num_classes=10,
    image_shape=(3, 96, 96),
    splits={"train": 5_000, "test": 8_000, "unlabelled": 100_000},
    licence="none stated; images from ImageNet, whose terms apply (research only)",
    citation="A. Coates, H. Lee, A. Y. Ng, An Analysis of Single-Layer Networks in Unsupervised Feature Learning, "
    "AISTATS 2011",
    pinned=Pinned(
        path=FILE,
        files={
            FILE: FilePin(
                size=2_640_397_119,
                md5="91f7769df0f17e558f3565bffb0c7dfb",
                sha256="f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
            )
        },
        sources=(
            HttpSource(name="published", url=f"http://ai.stanford.edu/~acoates/stl10/{FILE}"),
            HttpSource(name="alias", url=f"https://cs.stanford.edu/~acoates/stl10/{FILE}"),
        ),
    ),
)
