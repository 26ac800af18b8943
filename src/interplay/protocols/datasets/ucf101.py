"""UCF101 as middle frames of its videos, which the authors of CoOp made and keep on Google Drive."""

from interplay.protocols.assets import DatasetInfo
from interplay.protocols.placed import Placed, SplitFile

DATASET = DatasetInfo(
    name="ucf101",
    title="UCF101",
    description="middle frames of videos of 101 human actions, first split",
    origin="placed",
    reader="interplay.data.readers.files:read_ucf101",
    num_classes=101,
    image_shape=None,
    splits={"train": 7_639, "val": 1_898, "test": 3_783},
    licence="none stated; for research by custom, cite the report",
    citation="K. Soomro, A. R. Zamir, M. Shah, UCF101: A Dataset of 101 Human Actions Classes from Videos in "
    "the Wild, arXiv:1212.0402, 2012",
    placed=Placed(
        path="ucf101",
        how="unpack there UCF-101-midframes.zip, to which DATASETS.md of github.com/KaiyangZhou/CoOp links, "
        "and ucfTrainTestlist of UCF101TrainTestSplits-RecognitionTask.zip from "
        "www.crcv.ucf.edu/data/UCF101.php",
    ),
    split_file=SplitFile(name="split_zhou_UCF101.json", images="UCF-101-midframes"),
    prompt="a photo of a person doing {}.",
)
