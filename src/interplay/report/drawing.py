"""What an SVG drawing may hold: it lies in a folder that others may have made, and a click opens it as a document.

A browser runs the scripts of such a document, which those of an `<img>` are not. Allowed is what matplotlib draws with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.parsers import expat

from interplay.errors import InterplayError

SVG = "http://www.w3.org/2000/svg"
PUBLIC = "-//W3C//DTD SVG 1.1//EN"  # browsers know entities of others
SHAPES = {"svg", "g", "defs", "title", "desc", "metadata", "style", "clipPath", "use", "image", "text", "tspan"}
SHAPES |= {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
ABOUT = (  # what <metadata> is written in
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/elements/1.1/",
    "http://creativecommons.org/ns#",
)
OWN_HREF = re.compile(r"#|data:image/(png|jpeg);base64,")
OUTSIDE = re.compile(r"""@import|image-set|\\|url\(\s*["']?(?!#)""", re.IGNORECASE)  # in CSS; a backslash hides letters


def check_drawing(svg: bytes, path: Path) -> None:
    """Refuse a drawing that could run code, load anything from elsewhere, or unfold into more than it is.

    Raises:
        InterplayError: it is no SVG, or holds anything but shapes, text and bitmaps; one line with its place.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    style: list[str] | None = None  # what is inside of one, in which comments may stand

    def refuse(what: str) -> None:
        raise InterplayError(
            f"{path}:{parser.CurrentLineNumber}: {what}, which no drawing of ours has; delete it and make it anew"
        )

    def doctype(_name: str, _system: str | None, public: str | None, declares: int) -> None:
        if declares or public != PUBLIC:
            refuse("a document type of its own")

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal style
        space, _, name = tag.rpartition(" ")
        if style is not None or not (space in ABOUT or (space == SVG and name in SHAPES)):
            refuse(f"<{name}>")
        if name == "style":
            style = []
        for key, value in attributes.items():
            own = key.rpartition(" ")[2].lower()
            if own.startswith("on") or own == "base":
                refuse(f"the attribute {own}")
            if (own == "href" and not OWN_HREF.match(value)) or OUTSIDE.search(value):
                refuse(f"{own}={value[:40]!r}")

    def text(content: str) -> None:
        if style is not None:
            style.append(content)

    def end(tag: str) -> None:
        nonlocal style
        if tag.endswith(" style"):
            if OUTSIDE.search("".join(style or [])):
                refuse("a style that loads something")
            style = None

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.ProcessingInstructionHandler = lambda target, _data: refuse(f"<?{target}")
    try:
        parser.Parse(svg, True)
    except expat.ExpatError as error:
        raise InterplayError(f"{path}: not an SVG image ({error}); delete it and make it anew") from error
