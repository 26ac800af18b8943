"""The page: complete, portable, escaped, the same every time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from interplay.evidence.verdicts import read_verdicts, write_verdicts
from interplay.protocols.catalogue import load_catalogue
from interplay.records import read_record, write_record
from interplay.report import gather_report, render_page
from interplay.report.render import number_of

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


def test_every_claim_stands_once_with_its_verdict_reason_numbers_records_and_command(page, sample):
    for verdict in read_verdicts(sample[0] / "verdicts.json"):
        (claim,) = page.having("li", id=f"claim-{verdict.id}")
        assert claim["data-verdict"].split("|")[0] == verdict.verdict
        assert claim["data-document"].split("|") == list(verdict.documents)
        for text in (verdict.statement, verdict.rung.sentence, f"make claim ID={verdict.id}"):
            assert text in page.text
        for place in verdict.said_in:
            assert f"{place.document} {place.where}" in page.text
        for record in verdict.rung.records:
            assert page.having("a", href=f"#run-{verdict.rung.level}/{record.name}")
            assert record.digest in page.text
    assert "spearman_min 0.9734" in page.text
    assert "limit missing" in page.text


def rows_of(html: str, claim_id: str) -> list[str]:
    """Text of the rows of a claim's ladder."""
    body = html.partition(f'id="claim-{claim_id}"')[2].partition('<table class="ladder">')[2].partition("</table>")[0]
    return [" ".join(Page(f"<div>{row}</div>").text.split()) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)]


def test_every_level_is_a_rung_with_data_likeness_runs_and_effect(html):
    head, reference, smoke, why = rows_of(html, "features_entropy_rises")
    assert head.split("  ")[0].startswith("Level Verdict Published data Data read")
    assert reference == (
        "reference/supervised-review-offline speaks for all holds on substitute data CIFAR-10 "
        "Fashion-MNIST for CIFAR-10 11 overrides, 1/68 of the computation 3 0.9734 [0.91, 0.99]"
    )
    assert smoke.startswith("smoke undecided on substitute data CIFAR-10 Fashion-MNIST for CIFAR-10 24 overrides")
    assert why == "One of 2 runs is too short to tell."


def test_the_degree_is_told(page):
    assert "effect 0.9734 [0.91, 0.99] margin +0.473 to the threshold 0.5 p 0.002" in page.text
    assert "the ruling stands at half and at one and a half times the threshold" in page.text
    assert "another ruling at half and at one and a half times the threshold" in page.text


def test_why_something_is_not_representative_is_seen_without_opening_it(html):
    shown = html.partition('id="claim-barrier_is_high"')[2].partition("</summary>")[0]
    assert "not representative" in shown
    assert "It asks that the children moved away from their parent." in shown


def test_the_name_of_the_data_mapping_stands_on_no_claim(html):
    """What was read is named instead; `offline` says nothing of theory, printed tables or generated data."""
    claims = re.findall(r'<li class="claim".*?</summary>', html, re.S)
    assert len(claims) == 8
    assert not [claim for claim in claims if "offline" in claim.replace("review-offline", "")]
    words = {
        "theorem_4_4": "mathematics: no data",
        "printed_ordering": "printed numbers",
        "grokking_delay": "generated",
    }
    for name, text in words.items():
        assert text in html.partition(f'id="claim-{name}"')[2].partition("</summary>")[0]


def test_the_main_claims_of_each_document_stand_in_a_table_with_published_ours_and_verdict(html):
    tables = re.findall(r'<table class="headlines">.*?</table>', html, re.S)
    assert len(tables) == 3  # the twin stands in both of its documents
    first = Page(tables[0]).text
    assert "The entropy of the features rises over training. V-A, Fig. 2 CIFAR-10 undecided Fashion-MNIST" in first
    assert "holds Fashion-MNIST for CIFAR-10 review tier: 11 overrides, 1/68 of the computation" in first
    assert "Test accuracy follows train accuracy much later." in first
    assert "figures/metrics24/fig2.small.webp" in tables[0]


def test_without_main_claims_the_page_says_so(own_sample):
    path = own_sample[0] / "verdicts.json"
    write_verdicts([verdict.model_copy(update={"weight": "detail"}) for verdict in read_verdicts(path)], path)
    page = Page(render_page(gather_report(*own_sample)))
    assert "No claim is marked as a main claim" in page.text
    assert not page.having("table", class_="headlines")


def test_every_document_has_one_line_of_counts_and_all_claims_count_once(html):
    body = html.partition('<table class="tally">')[2].partition("</table>")[0]
    rows = [Page(f"<div>{row}</div>").text for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)]
    assert len(rows) == 1 + 4 + 1
    assert rows[-1].startswith("all, each once") and rows[-1].endswith(" 8")
    assert [int(row.split()[-1]) for row in rows[1:-1]] == [5, 1, 2, 1]


def test_claims_and_exhibits_are_linked_both_ways(html, page):
    assert '<a href="#exhibit-metrics24/fig9">Figure 9</a>' in html.partition('id="claim-grokking_delay"')[2]
    shown = html.partition('id="exhibit-metrics24/fig9"')[2].partition('<details class="part"')[0]
    assert "Said here too" in shown
    assert 'href="#claim-grokking_delay"' in shown


def test_groups_are_closed_and_tell_what_is_in_them(page):
    parts = page.having("details", class_="part")
    assert len(parts) == 9
    assert not [part for part in parts if "open" in part]


def test_every_exhibit_is_there_or_said_to_be_missing(page):
    exhibits = [own for _, own in page.tags if "exhibit" in (own.get("class") or "").split()]
    absent = [own["id"] for own in exhibits if "absent" in own["class"]]
    assert len(exhibits) == 5
    assert absent == ["exhibit-metrics24/fig7", "exhibit-matrixssl23/table4"]
    assert page.text.count("Missing: no record matches") == 2
    assert "make table ID=matrixssl23/table4" in page.text


def test_figures_are_loaded_when_seen_and_keep_their_place(page):
    images = page.having("img")
    assert images
    for image in images:
        assert image["loading"] == "lazy"
        assert int(image["width"]) > 0 and int(image["height"]) > 0


def test_levels_that_disagree_are_told_with_their_claim(page):
    told = "Levels of evidence disagree on 1 claim grokking_delay holds on smoke+weight_decay, does not on smoke"
    assert told in page.text
    assert page.having("a", href="#claim-grokking_delay")


def test_coverage_and_changed_claims_are_told(sample, config):
    report = gather_report(sample[0], config)
    found = Page(render_page(replace(report, changed_claims=("a_claim: changed",))))
    assert f"{report.coverage.made} of {report.coverage.exhibits} figures and tables" in found.text
    assert "1 claim changed since the claims were frozen for this tier a_claim: changed" in found.text
    assert "since the claims were frozen" not in Page(render_page(report)).text


def test_images_say_what_they_show(page):
    for image in page.having("img"):
        assert len(image["alt"]) > 12


def test_published_stands_beside_ours_and_missing_is_marked(page, html):
    assert page.having("td", class_="num published")
    assert page.having("td", class_="num ours")
    assert page.having("td", class_="missing num ours")
    assert "95.35" in page.text
    assert "86.72" in page.text
    assert "4 of 18 cells" in page.text


def test_overrides_environment_data_and_cost_are_listed(page):
    for text in (
        *("iterations: 1048576 -> 600", "steps: 20000 -> 2000", "learning_rate: 0.03"),
        *("c0ffeec0ffee", "not what ran", "87be02d01f80ee86", "2 min 19 s", "607 MiB", "torch "),
    ):
        assert text in page.text


def test_nothing_is_asked_of_the_network(page, html):
    for tag, attributes in page.tags:
        assert tag not in {"iframe", "object", "embed", "base"}
        for name in ("src", "srcset", "href", "action", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "?", "data:", "figures/")), (tag, name, value)
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "@import" not in style
    assert "url(" not in style
    assert not re.search(r"\b(fetch|XMLHttpRequest|import)\s*\(", html)


def test_links_within_the_page_lead_somewhere(page):
    ids = [own["id"] for _, own in page.tags if own.get("id")]
    assert len(ids) == len(set(ids))
    for link in page.having("a"):
        if not link["href"].startswith("figures/"):
            assert link["href"].partition("#")[2] in ids, link


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
    assert not [own for tag, own in page.tags if tag in ("li", "details", "section") and "hidden" in own]


def test_hostile_words_stay_words(own_sample):
    results, _ = own_sample
    attack = """<script>alert("x")</script>' onload='y' &amp; {{ 7*7 }}"""
    path = results / "verdicts.json"
    verdicts = [
        verdict.model_copy(
            update={
                "statement": attack,
                "note": attack,
                "ladder": tuple(
                    rung.model_copy(update={"sentence": attack, "evidence": {attack: 1.0}}) for rung in verdict.ladder
                ),
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
    assert not bare.having("img")


@pytest.mark.parametrize(
    ("exhibit_id", "words"),
    [
        ("metrics24/fig7.barriers", "Figure 7 (barriers)"),
        ("compression25/fig3.2", "Figure 3.2"),
        ("compression25/table3.1.variants", "Table 3.1 (variants)"),
        ("note/q3.scatter", "Question 3 (scatter)"),
        ("note/c2", "Check 2"),
    ],
)
def test_exhibits_are_called_as_in_print(exhibit_id, words):
    assert number_of(exhibit_id) == words


def test_every_exhibit_of_the_catalogue_can_be_called_so(config):
    names = [name for exhibit in load_catalogue(config).exhibits for name in exhibit.ids]
    assert names and not [name for name in names if "/" in number_of(name)]
