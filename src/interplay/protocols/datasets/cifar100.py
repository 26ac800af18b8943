"""CIFAR-100, fine labels. SHA-256 as pinned by Keras and others, MD5 as published."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned

FILE = "cifar-100-python.tar.gz"
DATASET = DatasetInfo(
    name="cifar100",
    title="CIFAR-100",
    description="photographs of a hundred kinds of things, fine labels",
    origin="fetched",
    library="numpy",
    reader="interplay.data.readers.cifar:read_cifar100",
    num_classes=100,
    image_shape=(3, 32, 32),
    splits={"train": 50_000, "test": 10_000},
    licence="none stated; free for research by custom, cite the report",
    citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    pinned=Pinned(
        path=FILE,
        files={
            FILE: FilePin(
                size=169_001_437,
                md5="eb9058c3a382ffc7106e4002c42a8d85",
                sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            )
        },
        sources=(
            HttpSource(name="published", url=f"https://www.cs.toronto.edu/~kriz/{FILE}"),
            HttpSource(
                name="archive", url=f"https://web.archive.org/web/2024id_/https://www.cs.toronto.edu/~kriz/{FILE}"
            ),
        ),
    ),
)
