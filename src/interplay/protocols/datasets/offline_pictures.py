"""Pictures with captions, and eleven tasks of few examples on what they name: the offline data of cross-modal learning.

One family, each with the negative control that has its training labels permuted (docs/data.md says what each shows).
"""

from interplay.protocols.assets import DatasetInfo, with_permuted_labels

_EMOJI = "Noto Color Emoji (SIL OFL)"
_FACES = "DejaVu (Bitstream Vera licence) and STIX fonts (SIL OFL), as shipped with matplotlib"
_TRAIN = 24  # images of a class

# Of the training images, the test images, and the training images with permuted labels.
_DIGESTS = {
    "captioned-pictures": ("2f1032e663bb28fc", "77e81358df4dec67", "0b40280817860812"),
    "garment-negatives": ("d345f91127f06329", "0541308149d83fc9", "e4749505052d385e"),
    "inked-animals": ("36c344018520917b", "be6396ddd77563f7", "b5f6d17b6134e528"),
    "greek-letters": ("84406b787d2880b7", "58576c7de7dde4d9", "1ade707898929386"),
    "textured-objects": ("fe0be08f4e94aa76", "db7180c925e06ec8", "ffecfd474429a975"),
    "letter-styles": ("b877893d0b96ff50", "edbd62552845aabe", "36ab20bef5c30c44"),
    "recoloured-food": ("d2842e6274914465", "35fc90a2b10acdeb", "b514de49ebb741a4"),
    "turned-travel": ("b5fc1bc891a47fce", "ad2f8ddd2acc0bd4", "1f0e214f9d7f911b"),
    "halftone-nature": ("f71fdf94c0d0b3b2", "a6de6c0478b1e767", "55cc926ffa2c8013"),
    "letters-and-digits": ("947fa6df3e77424b", "220222b8e783bccb", "fb3c524a95f6b082"),
    "picture-pairs": ("103bcc0c7b72597d", "bfcbea395c4a701d", "1f10923aaf558e1c"),
    "barred-pictures": ("441b532cb2355868", "078d8b217a5fc619", "c6afdf3d8a8d381a"),
}


def _rendered(name: str, title: str, description: str, licence: str, **more: object) -> DatasetInfo:
    content = {
        "origin": "rendered",
        "image_shape": (3, 32, 32),
        "citation": "this package, docs/data.md",
        "library": "matplotlib",
        "known_with": "matplotlib 3.9 to 3.11",
        "digests": dict(zip(("train", "test"), _DIGESTS[name], strict=False)),
    }
    text = {"name": name, "title": title, "description": description, "licence": f"rendered from {licence}"}
    return DatasetInfo.model_validate(content | text | more)


def _task(name: str, classes: int, tested: int, prompt: str, of: str, *said: str) -> DatasetInfo:
    """A task of `classes` classes, `tested` test images of each, made of the set `of`."""
    return _rendered(
        name,
        *said,
        reader=f"interplay.data.tasks:{name.replace('-', '_')}",
        num_classes=classes,
        splits={"train": classes * _TRAIN, "test": classes * tested},
        prompt=prompt,
        drawn_from=(of,) if of else (),
    )


_PICTURES = _rendered(
    "captioned-pictures",
    "Captioned pictures",
    "glyphs, garments, handwritten digits and emoji in many colours, each with a caption",
    f"{_EMOJI}, Fashion-MNIST (MIT), scikit-learn's digits (CC BY 4.0), DejaVu (Bitstream Vera licence) and Computer "
    "Modern fonts (public domain), as shipped with matplotlib",
    reader="interplay.data.captioned:read_captioned_pictures",
    num_classes=3_194,
    splits={"train": 19_116, "test": 2_594},
    drawn_from=("noto-color-emoji", "fashion-mnist", "digits"),
)

# Classes are so many that their order is that of the published sets in whose places they are put.
_TASKS = (
    _task(
        "garment-negatives", 10, 20, "a picture of a {}, a garment.", "fashion-mnist",
        "Garment negatives", "garments as negatives, dark on light paper", "Fashion-MNIST (MIT)",
    ),
    _task(
        "inked-animals", 20, 20, "a picture of a {}, an animal.", "noto-color-emoji",
        "Inked animals", "animals in one dark ink", _EMOJI,
    ),
    _task(
        "greek-letters", 24, 20, "a picture of {}, a greek letter.", "",
        "Greek letters", "small Greek letters in faces that pretraining has not seen", _FACES,
    ),
    _task(
        "textured-objects", 36, 20, "a picture of a {}, an object.", "noto-color-emoji",
        "Textured objects", "objects on checked or striped paper", _EMOJI,
    ),
    _task(
        "letter-styles", 40, 20, "a picture of a {}, a latin letter.", "",
        "Letter styles", "ten capitals by weight and slant, in unseen faces", _FACES,
    ),
    _task(
        "recoloured-food", 44, 20, "a picture of a {}, food.", "noto-color-emoji",
        "Recoloured food", "dishes, fruit and vegetables in colours that they never have", _EMOJI,
    ),
    _task(
        "turned-travel", 44, 20, "a picture of a {}.", "noto-color-emoji",
        "Turned travel", "vehicles and people in motion, lying or upside down", _EMOJI,
    ),
    _task(
        "halftone-nature", 48, 20, "a picture of a {}.", "noto-color-emoji",
        "Half-tone nature", "plants, weather and small animals as dots of one ink", _EMOJI,
    ),
    _task(
        "letters-and-digits", 80, 15, "a picture of {}, two pictures.", "",
        "Letters and digits", "a capital and a digit side by side, in unseen faces", _FACES,
    ),
    _task(
        "picture-pairs", 120, 10, "a picture of a {}, two pictures.", "noto-color-emoji",
        "Picture pairs", "an animal and a thing side by side", _EMOJI,
    ),
    _task(
        "barred-pictures", 240, 10, "a picture of a {}.", "noto-color-emoji",
        "Barred pictures", "emoji of all kinds behind bars", _EMOJI,
    ),
)  # fmt: skip

_ALL = (_PICTURES, *_TASKS)
DATASET = (*_ALL, *(with_permuted_labels(info, _DIGESTS[info.name][2]) for info in _ALL))
