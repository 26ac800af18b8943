"""Tables and text against parsers of their own: markdown-it reads Markdown, a small reader of rows undoes LaTeX."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from interplay.markup import (
    last_line,
    latex_emphasis,
    latex_table,
    latex_text,
    markdown_code,
    markdown_emphasis,
    markdown_table,
    markdown_text,
    one_line,
    plain_table,
    some_of,
)

HOSTILE = (
    "a | b",
    r"a \| b",
    r"a \\| b",
    "ends in \\",
    "line\nand\r\nline\u2028and\ttab",
    "# heading *bold* **b** _i_ __b__ ~~gone~~ `code` ``c`` <b>x</b> [x](y) ![x](y)",
    "&amp; &#42; & AT&T;",
    r"100 % of $x_1$ & #2 {a}^b ~c \input{secret} <d>",
    "[1em] looks like an option of \\\\",
    "* looks like a star of \\\\",
    "train_mir, _private, trailing_",
    "--- | :-: | ---",
    "",
    "1.20",
    "1e3",
    "007",
)
UNSEEN = ("\u202etxt.exe", "a\u200fb\u200e", "\u2067isolated", "\x1b[31mred\x1b[0m", "nul\x00", "\ufeffmark", "\ud800")
UNSEEN += (
    "a\u200cb\u200d",
    "soft\u00adhyphen",
    "\u180evowel",
    "\u2063times",
    "\u206aold",
    "\ufff9note",
    "\U000e0041tag",
)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def read_markdown(text: str) -> list[list[str]]:
    """Cells of the one table in `text`, as a reader of the page sees them."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    assert [token.type for token in tokens].count("table_open") == 1, "nothing opens a second table, or none"
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            kinds = {child.type for child in token.children or []}
            assert kinds <= {"text", "text_special", "code_inline"}, f"{token.content!r} was taken for {kinds}"
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


def read_latex(text: str) -> list[list[str]]:
    """Cells of a `tabular`, with what LaTeX makes of its escapes."""
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    signs = {
        **{f"\\{sign}": sign for sign in "&%$#_{}"},
        "\\^{}": "^",
        "\\textasciitilde{}": "~",
        "\\textbackslash{}": "\\",
        "{}": "",
        "\\ensuremath{<}": "<",
        "\\ensuremath{>}": ">",
    }
    pattern = re.compile("|".join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True)))
    rows = []
    for line in body:
        cells = re.split(r"(?<!\\)&", line.removesuffix(r"\\"))
        left = [pattern.sub("", cell) for cell in cells]
        assert not re.search(r"[\\{}$#%^~]", "".join(left)), f"unescaped in {line!r}"
        assert not re.match(r"\s*[\[*]", line), f"{line!r} begins with what a line break takes for its own"
        rows.append([pattern.sub(lambda found: signs[found[0]], cell).strip() for cell in cells])
    return rows


@pytest.mark.parametrize("align", [None, "lr"])
def test_markdown_shows_hostile_cells_as_they_are(align):
    cells = [[markdown_text(text), markdown_text(text[::-1])] for text in HOSTILE]
    shown = read_markdown(markdown_table([markdown_text(HOSTILE[0]), "_"], cells, align))
    assert shown == [[HOSTILE[0], "_"], *([one_line(text), one_line(text[::-1])] for text in HOSTILE)]


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), st.sampled_from([None, "lr"]))
def test_any_text_comes_back_from_markdown(rows, align):
    cells = [[markdown_text(cell) for cell in row] for row in rows]
    expected = [[one_line(cell) for cell in row] for row in rows]
    assert read_markdown(markdown_table(["x", "y"], cells, align))[1:] == expected


@given(st.text(st.sampled_from("`|\\ab _*"), min_size=1).filter(str.strip))
def test_any_code_comes_back_from_a_span_in_a_cell(text):
    # Within code no escape takes a backslash away, so that one before a bar is doubled; leave these out.
    text = re.sub(r"\\+\|", "|", text)
    ((_,), (shown,)) = read_markdown(markdown_table(["x"], [[markdown_code(text)]]))
    assert shown.strip() == one_line(text)


def test_cells_of_markdown_keep_their_markup():
    table = markdown_table(["name", "link"], [["`a|b`", "**x**"]])
    assert table == "| name | link |\n|---|---|\n| `a\\|b` | **x** |"


def test_latex_shows_hostile_cells_as_they_are():
    table = latex_table(["[x", "*y"], [[latex_text(text), latex_text(text[::-1])] for text in HOSTILE])
    assert read_latex(table) == [["[x", "*y"], *([one_line(text), one_line(text[::-1])] for text in HOSTILE)]
    assert table.startswith("\\begin{tabular}{ll}\n\\toprule\n") and table.endswith("\\bottomrule\n\\end{tabular}")


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
def test_any_text_comes_back_from_latex(rows):
    cells = [[latex_text(cell) for cell in row] for row in rows]
    assert read_latex(latex_table(["x", "y"], cells))[1:] == [[one_line(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("text", [text for text in HOSTILE if text])
@pytest.mark.parametrize("emphasis, opened", [("bold", "strong_open"), ("underline", "html_inline")])
def test_emphasis_holds_whatever_the_cell_says(text, emphasis, opened):
    shown = markdown_table(["x"], [[markdown_emphasis(markdown_text(text), emphasis)]])
    inline = MarkdownIt("commonmark").enable("table").parse(shown)
    *_, cell = (token for token in inline if token.type == "inline")
    assert next(child.type for child in cell.children if child.type != "text" or child.content) == opened
    assert "".join(child.content for child in cell.children if child.type != "html_inline") == one_line(text)
    command = {"bold": "textbf", "underline": "underline"}[emphasis]
    assert latex_emphasis(latex_text(text), emphasis) == f"\\{command}{{{latex_text(text)}}}"


def test_running_text_in_latex():
    assert latex_text("5 % of x_1 & {y}\n\nnext") == r"5 \% of x\_1 \& \{y\} next"


@pytest.mark.parametrize("text", UNSEEN)
def test_what_cannot_be_seen_is_shown_as_its_code_everywhere(text):
    shown = one_line(text)
    sign = next(sign for sign in text if ord(sign) < 32 or ord(sign) > 126)
    assert sign.encode("unicode_escape", "surrogatepass").decode() in shown or f"\\u{ord(sign):04x}" in shown
    assert shown.isprintable()
    assert read_markdown(markdown_table(["x"], [[markdown_text(text)]]))[1] == [shown]
    assert read_latex(latex_table(["x"], [[latex_text(text)]]))[1] == [shown]
    assert plain_table(["x"], [[text]]).splitlines()[1] == shown


def test_words_of_languages_that_run_from_right_to_left_stay():
    assert one_line("שלום עולם") == "שלום עולם"


def test_plain_text_is_laid_out_and_numbers_keep_their_digits():
    rows = [["long name", "1.20", "x"], ["b", "10.500", ""]]
    assert plain_table(["name", "value", "what"], rows, "lrl").splitlines() == [
        "name        value  what",
        "long name    1.20  x",
        "b          10.500",
    ]


@pytest.mark.parametrize("width", [30, 40, 200])
def test_one_column_breaks_its_lines_to_fit(width):
    text = "words that go on and on, and one_that_has_no_place_to_break"
    lines = plain_table(["name", "n", "why"], [["alpha", "1", text], ["b", "20", "short"]], "lrl", width=width, wrap=2)
    assert max(map(len, lines.splitlines())) <= width
    assert lines.splitlines()[-1].split() == ["b", "20", "short"]
    told = "".join(line[len("alpha   1") :] for line in lines.splitlines()[1:-1])
    assert "".join(told.split()) == "".join(text.split())


def test_a_table_without_rows_is_its_head():
    assert markdown_table(["a", "b"], [], "lr").splitlines()[0] == "| a   | b   |"
    assert plain_table(["a", "b"], [], "lr") == "a  b"
    assert read_latex(latex_table(["a", "b"], [], "lr")) == [["a", "b"]]


def test_the_first_of_many_names_and_the_last_of_many_lines():
    assert [some_of(["a", "b", "c"], most) for most in (1, 2, 3)] == ["a and 2 more", "a, b and 1 more", "a, b, c"]
    assert last_line("first\nlast \n\n") == "last"
    assert last_line(" \n") == "no reason given"
