"""Drawings are opened as documents by a click: what could run there, or load anything, is refused."""

from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.report import write_report
from interplay.report.drawing import check_drawing

SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"'


def svg(content="", root="", before=""):
    return f"{before}<svg {SPACES} {root}>{content}</svg>".encode()


@pytest.mark.parametrize(
    "content",
    [
        svg("<script>alert(1)</script>"),
        svg('<g><script x:href="data:,alert(1)"/></g>'),
        svg('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
        svg("<foreignObject/>"),
        svg('<a x:href="javascript:alert(1)"><text>here</text></a>'),
        svg('<use x:href="x.svg#a"/>'),
        svg('<use href="data:image/svg+xml;base64,AAAA#a"/>'),
        svg('<image href="https://example.org/seen.png"/>'),
        svg('<image href="data:image/svg+xml,x"/>'),
        svg('<set attributeName="href" to="javascript:alert(1)"/>'),
        svg('<animate attributeName="onload" values="alert(1)"/>'),
        svg(root='onload="alert(1)"'),
        svg('<path ONCLICK="alert(1)"/>'),
        svg(root='xml:base="https://example.org/"'),
        svg('<path style="fill: url(https://example.org/x)"/>'),
        svg("<path style=\"fill: url( 'x.svg#a')\"/>"),
        svg('<path style="fill: u\\72l(x)"/>'),
        svg("<style>@import 'https://example.org/x.css'</style>"),
        svg("<style>@im<!-- -->port 'x.css'</style>"),
        svg("<style>@im<g>x</g>port 'x.css'</style>"),
        svg("<style><![CDATA[* {fill: url(x)}]]></style>"),
        svg(before='<?xml-stylesheet href="x.xsl" type="text/xsl"?>'),
        svg("<text>&a;</text>", before='<!DOCTYPE svg [<!ENTITY a "b">]>'),
        svg(before='<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]>'),
        svg("<text>&a;</text>", before='<!DOCTYPE svg SYSTEM "file:///etc/passwd">'),
        svg() + svg(),
        b"<svg>",
        b"<svg/>",
        b"",
        "<svg/>".encode("utf-7"),
    ],
)
def test_what_could_run_or_load_anything_is_refused_in_one_line(tmp_path, content):
    with pytest.raises(InterplayError, match=r"a\.svg.*; delete it and make it anew$") as caught:
        check_drawing(content, tmp_path / "a.svg")
    assert "\n" not in str(caught.value)


def test_shapes_text_and_bitmaps_pass(tmp_path):
    check_drawing(
        svg(
            '<style>* {stroke-linecap: butt}</style><defs><clipPath id="a"><rect/></clipPath></defs>'
            '<g clip-path="url(#a)"><use x:href="#a" style="fill: #fff"/><text>on = javascript:</text></g>'
            '<image href="data:image/png;base64,AAAA"/>',
            before='<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd">',
        ),
        tmp_path / "a.svg",
    )


def test_no_report_takes_a_drawing_with_a_script(own_sample):
    results, _ = own_sample
    path = results / "figures/metrics24/fig2.svg"
    path.write_text(path.read_text(encoding="utf-8").replace("</svg>", "<script>alert(1)</script></svg>"))
    with pytest.raises(InterplayError, match=r"fig2\.svg:\d+: <script>, which no drawing of ours has"):
        write_report(*own_sample)
    assert not (results / "report/figures/metrics24/fig2.svg").exists()
