"""The pen: numbers, escapes, scales, symbols and keys."""

import itertools
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseseries.present import drawing as pen

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (-0.001, "0"),
        (12, "12"),
        (12.5, "12.5"),
        (12.345, "12.35"),
        (1 / 3, "0.33"),
        (-7.10, "-7.1"),
    ],
)
def test_coordinates_are_short(number, written):
    assert pen.short(number) == written


def test_attributes_are_escaped_and_none_is_left_out():
    assert pen.tag("g", class_="fact", aria_label='"<&>"', fill=None) == (
        '<g class="fact" aria-label="&quot;&lt;&amp;&gt;&quot;"/>'
    )


def test_words_are_escaped():
    assert ">p &lt; 0.05 &amp; more<" in pen.words(0, 0, "p < 0.05 & more")


def test_a_drawing_is_well_formed_and_says_what_it_shows():
    root = fromstring(pen.svg(700, 300, "Two lines & a dot", [pen.words(1, 2, "a")]))
    assert root.get("aria-label") == "Two lines & a dot"
    assert root.get("role") == "img"
    assert root.get("viewBox") == "0 0 700 300"


def test_a_fact_carries_its_label_and_its_marks():
    mark = fromstring(pen.fact("Day 35: 1 event", pen.box(0, 0, 1, 1, "#fff")))
    assert (mark.get("class"), mark.get("aria-label"), len(mark)) == ("fact", "Day 35: 1 event", 1)


def test_a_linear_scale_keeps_distances():
    x = pen.linear((0, 1163), (66, 330))
    assert (x(0), x(1163)) == (66, 330)
    assert x(200) - x(100) == pytest.approx(x(1000) - x(900))


def test_a_logarithmic_scale_keeps_ratios():
    y = pen.logarithmic((1e-5, 1), (300, 50))
    assert (y(1e-5), y(1)) == pytest.approx((300, 50))
    assert y(1e-3) - y(1e-2) == pytest.approx(50)


def test_a_scale_over_a_single_value_does_not_fail():
    assert pen.linear((3, 3), (10, 20))(3) == 10


@given(st.lists(st.floats(0, 500), min_size=1, max_size=12), st.floats(1, 30))
def test_spread_labels_keep_their_distance_and_order(wanted, gap):
    placed = pen.spread(wanted, gap)
    ordered = sorted(zip(wanted, placed, strict=True))
    assert all(after[1] - before[1] >= gap - 1e-9 for before, after in itertools.pairwise(ordered))
    assert all(got >= want for want, got in zip(wanted, placed, strict=True))


def test_labels_far_apart_stay_where_they_are():
    assert pen.spread([10, 100, 50], 15) == (10, 100, 50)


SHAPES = ("circle", "half", "square", "diamond", "triangle", "down", "cross", "plus")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_symbol_is_drawn_around_its_place(shape):
    assert fromstring(f"<g>{pen.symbol(shape, (100, 50), 5, '#000')}</g>").find(".//*") is not None


def test_no_two_symbols_are_drawn_alike():
    assert len({pen.symbol(shape, (0, 0), 5, "#000") for shape in SHAPES}) == len(SHAPES)


def test_a_key_turns_to_a_new_row_before_the_edge():
    entries = [(lambda x, y: pen.line((x, y), (x + 9, y)), 9.0, f"meaning number {i}") for i in range(12)]
    drawn, last_row = pen.key(60, 14, entries, 700)
    texts = fromstring(f"<g>{drawn}</g>").findall("text")
    assert last_row > 14
    assert all(float(text.get("x")) + pen.text_width(text.text, pen.SMALL) <= 700 for text in texts)
    assert len(texts) == 12


def test_a_short_key_stays_on_one_row():
    entry = (lambda x, y: pen.line((x, y), (x + 9, y)), 9.0, "censored")
    assert pen.key(60, 14, [entry], 700)[1] == 14


@pytest.mark.parametrize(("end", "tip"), [((100, 50), "M100 50"), ((0, 90), "M0 90")])
def test_an_arrow_ends_at_its_tip(end, tip):
    head = fromstring(f"<g>{pen.arrow((0, 50), end)}</g>").find("path")
    assert head.get("d").startswith(tip)
