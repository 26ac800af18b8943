"""The page: complete, self-contained, escaped, the same every time."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from interplay.evidence.verdicts import read_verdicts, write_verdicts
from interplay.records import read_record, write_record
from interplay.report import gather_report, render_page
from interplay.report.render import TESTS, slug

VOID = {"meta", "link", "img", "input", "br", "hr"}
SHAPES = {"path", "circle", "use"}


class Page(HTMLParser):
    """Tags with attributes, the text, and whether what was opened is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"an attribute twice in {tag}: {names}"
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in VOID | SHAPES
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def having(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [own for name, own in self.tags if name == tag and all(own.get(k) == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def html(sample):
    return render_page(gather_report(*sample))


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_every_claim_is_there_with_its_verdict_reason_numbers_records_and_command(page, sample):
    for verdict in read_verdicts(sample[0] / "verdicts.json"):
        (claim,) = page.having("article", id=f"claim-{verdict.id}")
        assert claim["data-verdict"] == verdict.verdict
        assert claim["data-document"] == verdict.document
        for text in (verdict.statement, verdict.sentence, verdict.where, f"snakemake claim_{verdict.id}"):
            assert text in page.text
        for record in verdict.records:
            assert page.having("a", href=f"#run-{record.name}")
            assert record.digest in page.text
    assert "spearman_min 0.9734" in page.text
    assert "limit missing" in page.text


def test_every_exhibit_is_there_or_said_to_be_missing(page):
    exhibits = page.having("figure") + page.having("article", class_="exhibit tabular")
    absent = [own["id"] for _, own in page.tags if "absent" in (own.get("class") or "").split()]
    assert len(exhibits) == 4  # the fifth is an absent table
    assert absent == ["exhibit-metrics24/fig7", "exhibit-matrixssl23/table4"]
    assert page.text.count("Missing: no record matches") == 2
    assert len(page.having("img")) == 2
    assert "snakemake table_matrixssl23_table4" in page.text


def test_questions_are_tallied_apart_from_statements(page, own_sample):
    lists = [own["aria-label"] for own in page.having("ul") if own.get("class", "").startswith("tally")]
    assert lists == ["Statements by verdict", "Questions by answer"]
    assert "1 question that the documents leave open" in page.text
    path = own_sample[0] / "verdicts.json"
    write_verdicts([verdict for verdict in read_verdicts(path) if verdict.document != "note"], path)
    without = Page(render_page(gather_report(*own_sample)))
    assert not without.having("ul", class_="tally small") and "leave open, or that we put to them:" not in without.text


def test_images_say_what_they_show(page):
    for image in page.having("img"):
        assert len(image["alt"]) > 20


def test_published_stands_beside_ours_and_missing_is_marked(page, html):
    assert page.having("td", class_="num published")
    assert page.having("td", class_="num ours")
    assert page.having("td", class_="missing num ours")
    assert "95.35" in page.text
    assert "86.72" in page.text
    assert "4 of 18 cells" in page.text


def test_the_page_says_plainly_what_its_numbers_are_not(page):
    assert "These are not the papers’ numbers. They were made at the smoke tier on offline data" in page.text
    assert "3 deviations from the published protocols" in page.text


def test_overrides_environment_data_and_cost_are_listed(page):
    for text in (
        *("iterations: 1048576 -> 600", "steps: 20000 -> 2000", "learning_rate: 0.03"),
        *("c0ffeec0ffee", "not what ran", "87be02d01f80ee86", "2 min 19 s", "607 MiB", "torch "),
    ):
        assert text in page.text


def test_nothing_is_fetched(page, html):
    for tag, attributes in page.tags:
        assert tag not in {"iframe", "object", "embed", "base"}
        for name in ("src", "srcset", "href", "action", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "?", "data:")), (tag, name, value)
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "@import" not in style
    assert "url(" not in style
    assert not re.search(r"\b(fetch|XMLHttpRequest|import)\s*\(", html)


def test_links_within_the_page_lead_somewhere(page):
    ids = [own["id"] for _, own in page.tags if own.get("id")]
    assert len(ids) == len(set(ids))
    for link in page.having("a"):
        target = link["href"].partition("#")[2]
        assert target in ids, link


def test_headings_descend_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_a_screen_reader_finds_its_way(page):
    assert page.having("html", lang="en")
    assert page.having("main", id="main")
    assert page.having("a", class_="skip", href="#main")
    assert page.having("p", id="shown", role="status")
    labelled = [own["aria-labelledby"] for _, own in page.tags if "aria-labelledby" in own]
    ids = {own.get("id") for _, own in page.tags}
    assert labelled
    assert set(labelled) <= ids


def test_filters_wait_for_the_script(page):
    (form,) = page.having("form", id="filters")
    assert "hidden" in form
    assert not [own for tag, own in page.tags if tag == "article" and "hidden" in own]


def test_hostile_words_stay_words(own_sample):
    results, _ = own_sample
    attack = """<script>alert("x")</script>' onload='y' &amp; {{ 7*7 }}"""
    path = results / "verdicts.json"
    verdicts = [
        verdict.model_copy(
            update={
                "id": f'{verdict.id}" onclick="z',
                "statement": attack,
                "sentence": attack,
                "evidence": {attack: 1.0},
            }
        )
        for verdict in read_verdicts(path)
    ]
    write_verdicts(verdicts, path)
    source = results / "records/theory/matrixssl23.json"
    hostile = read_record(source).model_copy(
        update={"run": attack, "overrides": [attack], "protocol": {attack: attack}}
    )
    source.unlink()
    write_record(hostile, results / "records" / f"{hostile.name}.json")
    table = results / "tables/metrics24/table3.csv"
    table.write_text(f'"{attack.replace(chr(34), chr(34) * 2)}",ours\n</td></table>,1\n', encoding="utf-8")
    clean = Page(render_page(gather_report(*own_sample)))
    assert len(clean.having("script")) == 1
    assert not [own for _, own in clean.tags if {"onload", "onclick"} & set(own)]
    assert clean.text.count(attack) >= 12
    assert "</td></table>" in clean.text


def test_the_same_inputs_give_the_same_bytes(sample, html):
    assert render_page(gather_report(*sample)) == html


def test_without_verdicts_and_exhibits_the_page_still_stands(own_sample):
    results, config = own_sample
    (results / "verdicts.json").unlink()
    (config / "documents.yaml").write_text("documents: {note: n}\n", encoding="utf-8")
    (config / "catalogue/all.yaml").write_text("exhibits: []\n", encoding="utf-8")
    bare = Page(render_page(gather_report(results, config)))
    assert "Missing: no claim has been judged" in bare.text
    assert bare.text.count("The catalogue holds none.") == 2


def test_every_kind_of_test_has_a_name(config):
    from typing import get_args

    from interplay.protocols import claims

    union = get_args(claims.Test)[0]
    assert {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(union)} == set(TESTS)


def test_the_kind_of_error_stands_on_the_card_in_the_tally_and_among_the_filters(page, html):
    (card,) = page.having("article", id="claim-theorem_4_4")
    assert (card["data-verdict"], card["data-error"]) == ("wrong in the source", "false")
    assert '<span class="error-kind wrong-in-the-source">false</span>' in html
    assert page.having("a", href="?error=false#claims") and "1 false" in page.text
    assert page.having("option", value="false") and not page.having("option", value="misprint")


def test_class_names_of_verdicts():
    assert slug("wrong in the source") == "wrong-in-the-source"
