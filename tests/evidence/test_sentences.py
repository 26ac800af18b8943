"""Sentences of made-up documents, in the forms that transcriptions have."""

from __future__ import annotations

import hashlib

import pytest

from interplay.evidence.sentences import sentence_digest, split_document, split_sentences

ROMAN = """A title

Somebody, somebody@example.org

Abstract—One thing is new. It is small.

I. FIRST WORDS

This begins on one page and, as many do, ends on

[†] Correspondence author.


Fig. 1: What is drawn. It has two parts.

the next one. So it does (see Fig. 1 and Tab. 2).

A. Below the first

1. A first item of a list ends with a period.
2. A second one.

The loss is

$$L = \\sum_i f_i. \\quad (1)$$

Then more, e.g. of Smith et al. [3] and others.

Algorithm 1: Nothing much

Input: Some numbers.

- 1 **for** each **do**
- 2 nothing;

Method	Score
Ours	1.0

REFERENCES

- [1] A. Name, "A title." 2020.
"""

MARKDOWN = """# A TITLE

# Abstract

We do this.

# **1** INTRODUCTION

**Theorem 1.2** (Of nothing (at all)). Let $x = 1.$ Then it holds.

```
# 2 THIS IS CODE
```

#### 1.1 A PART

Without a number

*Proof.* It is plain. $\\Box$

## References

Nobody.

# A APPENDIX

The end.
"""

THESIS = """Abstract

Short.

Contents

1. One	1

1. One

Of a page that ends in mid-sen-

1. One

tence, and goes on.

¹A remark at the foot.

1.1. \\mathcal{V} -things

Theorem 3. *It holds.* \\square
"""


def places(text: str) -> dict[str, str]:
    return {f"{one.section} {one.paragraph}.{one.sentence}": one.text for one in split_document(text)}


def test_roman_sections_captions_and_lists():
    assert places(ROMAN) == {
        "abstract 1.1": "One thing is new.",
        "abstract 1.2": "It is small.",
        "I 1.1": "This begins on one page and, as many do, ends on the next one.",
        "I 1.2": "So it does (see Fig. 1 and Tab. 2).",
        "Fig. 1 1.1": "What is drawn.",
        "Fig. 1 1.2": "It has two parts.",
        "I-A 1.1": "A first item of a list ends with a period.",
        "I-A 2.1": "A second one.",
        "I-A 3.1": "The loss is $$L = \\sum_i f_i. \\quad (1)$$",
        "I-A 4.1": "Then more, e.g. of Smith et al. [3] and others.",
        "Algorithm 1 1.1": "Nothing much",
    }


def test_markdown_headings_code_and_what_opens_a_statement():
    assert places(MARKDOWN) == {
        "abstract 1.1": "We do this.",
        "1 1.1": "**Theorem 1.2** (Of nothing (at all)). Let $x = 1.$ Then it holds.",
        "1.1 1.1": "*Proof.* It is plain.",
        "A 1.1": "The end.",
    }


def test_headers_of_pages_footnotes_and_broken_words():
    assert places(THESIS) == {
        "abstract 1.1": "Short.",
        "1 1.1": "Of a page that ends in mid-sentence, and goes on.",
        "1, note 1 1.1": "A remark at the foot.",
        "1.1 1.1": "Theorem 3. *It holds.*",
    }


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("Of $a.b$ and $c$. We go.", ["Of $a.b$ and $c$.", "We go."]),
        ("It is $$x = 1.$$ Where is it?", ["It is $$x = 1.$$", "Where is it?"]),
        ("See Fig. A, i.e. The one of A. B. Smith, p. 3.", ["See Fig. A, i.e. The one of A.", "B.", "Smith, p. 3."]),
        ("Is it? \u201cYes.\u201d (See below.) f_- does.", ["Is it?", "\u201cYes.\u201d", "(See below.) f_- does."]),
    ],
)
def test_periods_that_end_a_sentence_and_those_that_do_not(paragraph, sentences):
    assert split_sentences(paragraph) == sentences


def test_the_digest_is_of_the_words_in_one_line():
    assert sentence_digest("Two  words\n here.") == hashlib.sha256(b"Two words here.").hexdigest()[:8]
    assert sentence_digest("Two words here.") != sentence_digest("Two words there.")
    place = split_document(MARKDOWN)[0].place
    assert (place.section, place.digest) == ("abstract", sentence_digest("We do this."))


def test_a_changed_word_changes_that_sentence_alone():
    before, after = (
        {(s.section, s.paragraph, s.sentence): s.place.digest for s in split_document(text)}
        for text in (ROMAN, ROMAN.replace("It is small.", "It is large."))
    )
    assert before.keys() == after.keys()
    assert [place for place in before if before[place] != after[place]] == [("abstract", 1, 2)]
