"""EuroSAT in RGB. MD5 as in torchvision; size and SHA-256 as in TensorFlow Datasets."""

from interplay.protocols.assets import DatasetInfo, FilePin, HttpSource, Pinned
from interplay.protocols.placed import SplitFile

DATASET = DatasetInfo(
    name="eurosat",
    title="EuroSAT",
    description="satellite images of ten kinds of land",
    origin="fetched",
    reader="interplay.data.readers.files:read_eurosat",
    num_classes=10,
    image_shape=None,
    splits={"train": 13_500, "val": 5_400, "test": 8_100},
    licence="MIT; Copernicus Sentinel data",
    citation="P. Helber, B. Bischke, A. Dengel, D. Borth, EuroSAT: A Novel Dataset and Deep Learning "
    "Benchmark for Land Use and Land Cover Classification, IEEE JSTARS 12, 2019",
    pinned=Pinned(
        path="EuroSAT.zip",
        files={
            "EuroSAT.zip": FilePin(
                size=94_280_567,
                md5="c8fa014336c82ac7804f0398fcb19387",
                sha256="8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd",
            ),
        },
        sources=(
            HttpSource(name="published", url="https://madm.dfki.de/files/sentinel/{file}"),
            HttpSource(
                name="torchgeo",
                url="https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/{file}",
            ),
        ),
    ),
    split_file=SplitFile(name="split_zhou_EuroSAT.json", images="2750"),
    prompt="a centered satellite photo of {}.",
)
