"""ImageNet of 2012, for which each user accepts the terms alone; its validation images are tested on."""

from interplay.protocols.assets import DatasetInfo
from interplay.protocols.placed import Placed

DATASET = DatasetInfo(
    name="imagenet",
    title="ImageNet",
    description="photographs of a thousand kinds of things; the published validation images are the test split",
    origin="placed",
    reader="interplay.data.readers.files:read_imagenet",
    num_classes=1_000,
    image_shape=None,
    splits={"train": 1_281_167, "test": 50_000},
    licence="terms of access of image-net.org (non-commercial research only)",
    citation="J. Deng, W. Dong, R. Socher, L.-J. Li, K. Li, L. Fei-Fei, ImageNet: A Large-Scale Hierarchical "
    "Image Database, CVPR 2009",
    placed=Placed(
        path="imagenet",
        how="accept the terms of image-net.org, unpack ILSVRC2012_img_train and _img_val there as train/ "
        "and val/ with a folder for each class, and put classnames.txt beside them, to which "
        "DATASETS.md of github.com/KaiyangZhou/CoOp links",
    ),
    prompt="a photo of a {}.",
)
