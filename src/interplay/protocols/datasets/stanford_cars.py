"""Stanford Cars, which its authors no longer serve (pytorch/vision #7545)."""

from interplay.protocols.assets import DatasetInfo
from interplay.protocols.placed import Placed, SplitFile

DATASET = DatasetInfo(
    name="stanford-cars",
    title="StanfordCars",
    description="photographs of 196 models of cars",
    origin="placed",
    reader="interplay.data.readers.files:read_stanford_cars",
    num_classes=196,
    image_shape=None,
    splits={"train": 6_509, "val": 1_635, "test": 8_041},
    licence="none stated; for research only",
    citation="J. Krause, M. Stark, J. Deng, L. Fei-Fei, 3D Object Representations for Fine-Grained "
    "Categorization, 3dRR 2013",
    placed=Placed(
        path="stanford_cars",
        how="its page at Stanford is gone: put a copy of the original files "
        "(github.com/pytorch/vision/issues/7545 names some) there, as cars_train/, cars_test/, devkit/ "
        "and cars_test_annos_withlabels.mat",
    ),
    split_file=SplitFile(name="split_zhou_StanfordCars.json"),
    prompt="a photo of a {}.",
)
