"""Widths of words, held against the typesetter that uses the same typeface."""

import itertools
import json
from datetime import date

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from caseseries.present.document import Document, Paragraph, Text
from caseseries.present.lettering import REGULAR, SEMIBOLD, shorten, show_missing, text_width, wrap
from caseseries.present.pdf import write_pdf
from caseseries.present.typeset import typefaces

MEASURED = """
#set text(font: "Source Sans 3", size: 100pt, kerning: false, ligatures: false)
#let of(it) = context [#metadata(measure(text(weight: it.weight, it.words)).width.pt()) <width>]
#for it in json(bytes(sys.inputs.words)) { of(it) }
"""
WORDS = (
    "Event-free survival",
    "n = 11",
    "95% confidence interval",
    "KMT2A::AFF1",
    "Überlebenszeit – ø, ß, é",
    "10⁹/L, µ, ², ≥, →",
)


@pytest.mark.parametrize("weight", [REGULAR, SEMIBOLD])
def test_widths_agree_with_the_typesetter(weight):
    asked = json.dumps([{"words": words, "weight": weight} for words in WORDS])
    answers = typst.query(
        MEASURED.encode(), "<width>", field="value", font_paths=typefaces(), sys_inputs={"words": asked}
    )
    measured = json.loads(answers)
    assert [text_width(words, 100, weight) for words in WORDS] == pytest.approx(measured, abs=0.01)


def test_width_grows_with_the_size():
    assert text_width("at risk", 24) == pytest.approx(2 * text_width("at risk", 12))


def test_a_heavier_weight_is_wider():
    assert text_width("Event-free survival", 12, SEMIBOLD) > text_width("Event-free survival", 12, REGULAR)


def test_a_letter_the_typeface_lacks_still_takes_room():
    assert text_width("漢", 12) > 0


def test_no_words_have_no_width():
    assert text_width("", 12) == 0


def test_lines_break_between_words():
    assert wrap("not detected, each at its own sample’s sensitivity", 124, 11) == (
        "not detected, each at its",
        "own sample’s sensitivity",
    )


def test_a_no_break_space_keeps_words_together():
    assert wrap("MRD measured (n\u00a0=\u00a011)", 70, 12)[-1] == "(n\u00a0=\u00a011)"


words = st.lists(st.text("abcdefghijk-–12", min_size=1, max_size=14), min_size=1, max_size=20)


@given(words, st.floats(20, 300))
def test_wrapping_loses_no_word_and_keeps_the_width(parts, width):
    text = " ".join(parts)
    broken = wrap(text, width, 12)
    assert " ".join(broken) == text
    assert all(text_width(line, 12) <= width or " " not in line for line in broken)


@given(words)
def test_wrapping_breaks_no_more_than_it_must(parts):
    broken = wrap(" ".join(parts), 100, 12)
    for line, following in itertools.pairwise(broken):
        assert text_width(f"{line} {following.split(' ')[0]}", 12) > 100


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("日本 7", "[U+65E5][U+672C] 7"),
        ("pt 😀", "pt [U+1F600]"),
        ("Пациент № 3 · Ω ≥ 10⁻³ × – ›\u00a0\u202f", "Пациент № 3 · Ω ≥ 10⁻³ × – ›\u00a0\u202f"),
    ],
)
def test_signs_that_the_typeface_lacks_are_shown_by_their_number(words, shown):
    """A sample's name in Japanese stopped the whole PDF, which may have no gap."""
    assert show_missing(words) == shown


def test_a_pdf_is_set_whatever_its_names_are_written_in(tmp_path):
    names = "日本 😀 عربي עברית ქართული հայերեն क \u202e \u200b a\u0301"
    words = (Paragraph((Text(names),)),)
    document = Document("t", "s", "", date(2020, 1, 1), words, "f", ("k",), stays=True)
    write_pdf(document, tmp_path / "x.pdf")
    assert "[U+65E5]" in PdfReader(tmp_path / "x.pdf").pages[0].extract_text()


def test_words_too_wide_for_their_place_lose_their_middle():
    assert shorten("EM-01", 60, 11) == "EM-01"
    short = shorten("ALL-2019/NORTHBRIDGE/0000006", 80, 11)
    assert text_width(short, 11) <= 80
    assert (short[:4], short[-4:]) == ("ALL-", "0006")
    assert shorten("日本-01", 200, 11) == "日本-01"
    assert shorten("日本-01", 80, 11) == "日…1"
