"""Noto Color Emoji as Debian packages it: a font, whose bitmaps are the pictures.

Size and SHA-256 of the package are those of Debian's index; hashes of the font were computed of the file in it.
"""

from interplay.protocols.assets import AptSource, DatasetInfo, DebSource, FilePin, Pinned

_DEB = "fonts-noto-color-emoji_2.042-0+deb12u1_all.deb"
_SIZE = 9_893_872
_PATH = "usr/share/fonts/truetype/noto/{file}"

DATASET = DatasetInfo(
    name="noto-color-emoji",
    title="Noto Color Emoji",
    description="emoji in colours, one picture each, called as in Unicode; other sets are drawn from them",
    origin="fetched",
    reader="interplay.data.readers.emoji:read_emoji",
    num_classes=1_290,
    image_shape=(4, 68, 68),
    splits={"all": 1_290},
    digests={"all": "61965596f7adc5c4"},
    licence="SIL OFL 1.1",
    citation="Google, Noto Emoji, https://github.com/googlefonts/noto-emoji, version 2.042, 2023",
    library="pillow",
    known_with="pillow 11 to 13",
    pinned=Pinned(
        path="NotoColorEmoji.ttf",
        files={
            "NotoColorEmoji.ttf": FilePin(
                size=10_980_856,
                md5="99c520d7a290c628cb9127ac4177bb5b",
                sha256="e5899ed38b8ed83e08bd3ac5de09791e9d19d288333a796de1d35ad17396f1ec",
            ),
        },
        sources=(
            AptSource(name="debian", package="fonts-noto-color-emoji", path=_PATH),
            DebSource(
                name="pool",
                url=f"https://deb.debian.org/debian/pool/main/f/fonts-noto-color-emoji/{_DEB}",
                size=_SIZE,
                path=_PATH,
            ),
            DebSource(
                name="snapshot",
                url="https://snapshot.debian.org/archive/debian/20240701T000000Z/pool/main/f/"
                f"fonts-noto-color-emoji/{_DEB}",
                size=_SIZE,
                path=_PATH,
            ),
        ),
    ),
)
