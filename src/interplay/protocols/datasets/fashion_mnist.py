"""Fashion-MNIST. Each source compresses differently, so the unpacked files are what is pinned.

MD5 as published; SHA-256 computed of the files that have it.
"""

from interplay.protocols.assets import AptSource, DatasetInfo, FilePin, HttpSource, Pinned

DATASET = DatasetInfo(
    name="fashion-mnist",
    title="Fashion-MNIST",
    description="ten kinds of clothes, shoes and bags",
    origin="fetched",
    reader="interplay.data.readers.idx:read_fashion_mnist",
    num_classes=10,
    image_shape=(1, 28, 28),
    splits={"train": 60_000, "test": 10_000},
    licence="MIT",
    citation="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine "
    "Learning Algorithms, arXiv:1708.07747, 2017",
    digests={"train": "87be02d01f80ee86", "test": "29c34150e2eaa5cf"},
    known_with="torchvision 0.29",
    pinned=Pinned(
        path="fashion-mnist",
        files={
            "train-images-idx3-ubyte": FilePin(
                size=47_040_016,
                md5="f4a8712d7a061bf5bd6d2ca38dc4d50a",
                sha256="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            "train-labels-idx1-ubyte": FilePin(
                size=60_008,
                md5="9018921c3c673c538a1fc5bad174d6f9",
                sha256="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            "t10k-images-idx3-ubyte": FilePin(
                size=7_840_016,
                md5="8181f5470baa50b63fa0f6fddb340f0a",
                sha256="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            "t10k-labels-idx1-ubyte": FilePin(
                size=10_008,
                md5="15d484375f8d13e6eb1aabb0c3f46965",
                sha256="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        },
        sources=(
            HttpSource(
                name="published",
                url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{file}.gz",
                gzip=True,
            ),
            HttpSource(
                name="github",
                url="https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/{file}.gz",
                gzip=True,
            ),
            AptSource(
                name="debian",
                package="dataset-fashion-mnist",
                path="usr/share/datasets/fashion-mnist/{file}.gz",
                gzip=True,
            ),
        ),
    ),
)
