"""FGVC-Aircraft by variant. Size and SHA-256 as in TensorFlow Datasets; no MD5 is published."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned

DATASET = DatasetInfo(
    name="fgvc-aircraft",
    title="FGVCAircraft",
    description="photographs of a hundred variants of aircraft",
    origin="fetched",
    reader="interplay.data.readers.files:read_fgvc_aircraft",
    num_classes=100,
    image_shape=None,
    splits={"train": 3_334, "val": 3_333, "test": 3_333},
    licence="for non-commercial research only",
    citation="S. Maji, E. Rahtu, J. Kannala, M. Blaschko, A. Vedaldi, Fine-Grained Visual Classification of "
    "Aircraft, arXiv:1306.5151, 2013",
    pinned=Pinned(
        path="fgvc-aircraft-2013b.tar.gz",
        files={
            "fgvc-aircraft-2013b.tar.gz": FilePin(
                size=2_770_575_360,
                sha256="d5f68b1b81d6d7831eb9d5c5517074176b5dfbce6bcb43dc14ed1c66a87b8d75",
            ),
        },
        sources=(
            HttpSource(name="published", url="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/{file}"),
        ),
    ),
    prompt="a photo of a {}, a type of aircraft.",
)
