"""MRD as laboratories write it. Levels are percent of cells; the expected values are worked by hand."""

import pytest

from caseseries.intake.mrd_notation import FRACTION, LOG, PERCENT, Notation, doubts_in, read_mrd
from caseseries.intake.notices import Notice
from caseseries.intake.sheet import Cell

WORDS = {
    "neg": "not detected",
    "negative": "not detected",
    "not detected": "not detected",
    "pnq": "positive below quantitative range",
    "pos": "quantified",
    "positive": "quantified",
}
NEGATIVE, BELOW = "not detected", "positive below quantitative range"


def text(raw):
    return Cell(2, 2, "text", raw, raw)


def number(value, number_format="General"):
    return Cell(2, 2, "percent" if "%" in number_format else "number", value, f"{value:g}", number_format)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("0.18 %", {"mrd_percent": 0.18}),
        ("0,18%", {"mrd_percent": 0.18}),
        ("1.8E-3", {"mrd_percent": 0.18}),
        ("1,8e-3", {"mrd_percent": 0.18}),
        ("1e-4", {"mrd_percent": 0.01}),
        ("10^-4", {"mrd_percent": 0.01}),
        ("10-4", {"mrd_percent": 0.01}),
        ("10⁻⁴", {"mrd_percent": 0.01}),
        ("7x10^-3", {"mrd_percent": 0.7}),
        ("7 × 10⁻³", {"mrd_percent": 0.7}),
        ("1,8·10^-3", {"mrd_percent": 0.18}),
        ("neg", {"mrd_result": NEGATIVE}),
        ("Negative", {"mrd_result": NEGATIVE}),
        ("PNQ", {"mrd_result": BELOW}),
        ("neg (<1E-5)", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.001}),
        ("neg <10^-5", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.001}),
        ("negative (sens. 0.01 %)", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        ("negative, sensitivity 1E-4", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        ("pos <10^-4", {"mrd_result": BELOW, "range_percent": 0.01}),
        ("pos ≤1E-4", {"mrd_result": BELOW, "range_percent": 0.01}),
        ("positive (≤ 0.01 %)", {"mrd_result": BELOW, "range_percent": 0.01}),
        ("<1E-4 pos", {"mrd_result": BELOW, "range_percent": 0.01}),
        ("< 0,01 % (neg)", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        ("≤10^-4, PNQ", {"mrd_result": BELOW, "range_percent": 0.01}),
        ("neg (ca. 1E-4)", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        ("PNQ (<0.05 %)", {"mrd_result": BELOW, "range_percent": 0.05}),
        ("positive 0.3 %", {"mrd_percent": 0.3}),
        ("pos", {"mrd_result": "quantified"}),
    ],
)
def test_what_says_its_own_unit_needs_no_question(raw, found):
    assert read_mrd(text(raw), "mrd_result", WORDS, Notation()) == found


@pytest.mark.parametrize(
    ("cell", "notation", "percent"),
    [
        (number(0.0018), FRACTION, 0.18),
        (number(0.18), PERCENT, 0.18),
        (number(-3.0), LOG, 0.1),
        (number(-2.0), LOG, 1.0),
        (number(0.0018, "0.00%"), "", 0.18),
        (text("0,0018"), FRACTION, 0.18),
        (text("0.18"), PERCENT, 0.18),
    ],
)
def test_a_bare_number_is_read_in_the_unit_that_was_stated(cell, notation, percent):
    assert read_mrd(cell, "mrd_result", WORDS, Notation(notation)) == {"mrd_percent": percent}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (number(0.18), "mrd-unit"),
        (text("0.18"), "mrd-unit"),
        (text("<0.01 %"), "mrd-limit"),
        (text("10E-3"), "mrd-ten-e"),
        (text("see letter"), "mrd-word"),
        (text("0 %"), "mrd-zero"),
        (text("~0.01 %"), "mrd-about"),
        (text("≈1E-4"), "mrd-about"),
        (text("ca. 0,01 %"), "mrd-about"),
        (text("approx. 1E-3"), "mrd-about"),
        (text("pos ~0.01 %"), "mrd-about"),
        (text("<1E-4 see letter"), "mrd-word"),
    ],
)
def test_what_could_mean_two_things_is_no_value(cell, code):
    found = read_mrd(cell, "mrd_result", WORDS, Notation())
    assert isinstance(found, Notice)
    assert found.code == code


@pytest.mark.parametrize(
    ("below", "found"),
    [
        (NEGATIVE, {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        (BELOW, {"mrd_result": BELOW, "range_percent": 0.01}),
    ],
)
def test_a_limit_alone_means_what_somebody_said(below, found):
    assert read_mrd(text("<0.01 %"), "mrd_percent", WORDS, Notation("", below)) == found


@pytest.mark.parametrize(
    ("cell", "bare", "power"),
    [
        (number(0.18), True, False),
        (number(0.0018, "0.0E+00"), False, True),
        (text("0,18"), True, False),
        (text("1E-4"), False, True),
        (text("10⁻⁴"), False, True),
        (text("neg (<10^-4)"), False, True),
        (text("7 x 10-3"), False, True),
        (text("0.18 %"), False, False),
        (text("neg"), False, False),
        (text("donor 10"), False, False),
        (number(0.18, "0.00%"), False, False),
    ],
)
def test_what_a_cell_does_not_say_by_itself(cell, bare, power):
    doubts = doubts_in([cell])
    assert (bool(doubts.numbers), bool(doubts.powers)) == (bare, power)


@pytest.mark.parametrize(
    ("cell", "powers", "percent"),
    [
        (text("1E-4"), FRACTION, 0.01),
        (text("1E-4"), PERCENT, 0.0001),
        (number(0.0001, "0.0E+00"), FRACTION, 0.01),
        (number(0.0001, "0.0E+00"), PERCENT, 0.0001),
        (number(0.02), FRACTION, 0.02),  # a bare number in percent stays one, whatever the powers of ten are
        (text("0,02"), FRACTION, 0.02),
    ],
)
def test_powers_of_ten_in_a_column_of_percent_are_meant_as_somebody_said(cell, powers, percent):
    notation = Notation(PERCENT, "", powers)
    assert read_mrd(cell, "mrd_percent", WORDS, notation) == {"mrd_percent": percent}


def test_powers_that_nobody_has_explained_are_no_value():
    for cell in (text("1E-4"), text("neg (<1E-4)"), number(0.0001, "0.0E+00")):
        found = read_mrd(cell, "mrd_result", WORDS, Notation(PERCENT, "", ""))
        assert isinstance(found, Notice)


@pytest.mark.parametrize("raw", ["neg?", "neg (?)", "? negative", "neg (<1E-4)?", "0.3 %?"])
def test_a_result_that_its_writer_doubts_is_none(raw):
    """A negative with a question mark is no negative; “?” alone is an unknown."""
    found = read_mrd(text(raw), "mrd_result", WORDS, Notation())
    assert isinstance(found, Notice)
    assert found.code == "mrd-doubt"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (">10 %", "mrd-above"),
        ("≥1E-2", "mrd-above"),
        ("neg (0%)", "mrd-no-limit"),
        ("neg (1e4)", "mrd-no-limit"),
        ("<0 %", "mrd-no-limit"),
    ],
)
def test_a_bound_that_is_no_level_and_a_limit_that_is_none_are_asked_about(raw, code):
    found = read_mrd(text(raw), "mrd_result", WORDS, Notation(below=NEGATIVE))
    assert isinstance(found, Notice)
    assert found.code == code


def test_a_sensitivity_may_be_about_a_level():
    assert read_mrd(text("~0.01 %"), "sensitivity_percent", WORDS, Notation()) == {
        "sensitivity_percent": 0.01
    }


def test_a_limit_with_its_word_is_no_limit_alone():
    """Else the column would be asked what "<1E-4 pos" means, and no answer would let it be read."""
    assert doubts_in([text("<1E-4 pos"), text("<0.01 % (neg)")]).limits == ()
    assert doubts_in([text("<1E-4")]).limits == ("<1E-4",)
