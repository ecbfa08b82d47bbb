"""Health-service numbers and names: what is right, and why the rest is not."""

import pytest

from caseseries.identify.numbers import (
    NumberError,
    _modulo_10,
    parse_hospital_number,
    parse_ihi,
    parse_initials,
    parse_name,
    parse_nhs_number,
)

# 943 476 5919 is the example of the NHS Data Dictionary. The IHI is made here: prefix 5393014, core 812000000,
# check 5 (8·10 + 1·9 + 2·8 = 105 = 9·11 + 6, 11 - 6), then the GS1 check: from the right, every other digit
# three times: 3·(5 + 1 + 4 + 9 + 5) + 2 + 8 + 1 + 3 + 3 = 89, and 1 more makes a multiple of ten.
NHS, IHI = "9434765919", "539301481200000051"


@pytest.mark.parametrize(
    "text", [NHS, "943 476 5919", "943-476-5919", "943\u00a0476\u00a05919", "９４３４７６５９１９"]
)
def test_an_nhs_number_in_any_spelling(text):
    assert parse_nhs_number(text) == NHS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9434765918", "the check digit does not fit: a digit is wrong, or two are exchanged"),
        ("9434756919", "the check digit does not fit: a digit is wrong, or two are exchanged"),
        ("943476591", "there are 9 digits, and 10 are needed"),
        ("94347659190", "there are 11 digits, and 10 are needed"),
        ("943476591X", "there is something other than digits"),
        ("9.43E+09", "there is something other than digits"),
        ("", "there is something other than digits"),
        ("0000000000", "one digit repeated is no NHS number"),
    ],
)
def test_an_nhs_number_that_cannot_be(text, why):
    with pytest.raises(NumberError) as refused:
        parse_nhs_number(text)
    assert str(refused.value) == why


def test_an_ihi():
    assert parse_ihi("5393014 812000000 5 1") == IHI


def test_the_gs1_check_digit_of_a_published_number():
    """6291041500213 is GS1's own worked example of a check digit."""
    assert _modulo_10("629104150021") == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (IHI[:-1] + "4", "a check digit does not fit: a digit is wrong, or two are exchanged"),
        (IHI[:10] + "1" + IHI[11:], "a check digit does not fit: a digit is wrong, or two are exchanged"),
        (IHI[:16] + "6" + IHI[17:], "a check digit does not fit: a digit is wrong, or two are exchanged"),
        ("5393054" + IHI[7:], "this is a number issued for tests"),
        ("8003608" + IHI[7:], "an IHI begins with 5393014"),
        (IHI[7:17], "there are 10 digits, and 18 are needed"),
    ],
)
def test_an_ihi_that_cannot_be(text, why):
    with pytest.raises(NumberError) as refused:
        parse_ihi(text)
    assert str(refused.value) == why


def test_no_refusal_repeats_the_number():
    for parse, text in ((parse_nhs_number, "9434765918"), (parse_ihi, IHI[:-1] + "4"), (parse_name, "12345")):
        with pytest.raises(NumberError) as refused:
            parse(text)
        assert text not in str(refused.value)


@pytest.mark.parametrize("text", ["O'Brien, Seán", "sean obrien", "OBrien  Sean", "SEÁN O’BRIEN"])
def test_a_name_in_any_spelling(text):
    assert parse_name(text) == "obrien sean"


def test_two_names_stay_two():
    assert parse_name("Anna Maria Smith") != parse_name("Anna Marie Smith")


def test_initials_in_either_order():
    assert parse_initials("S.O'B.") == parse_initials("BSO") == "bos"
    with pytest.raises(NumberError, match="these are more than four letters: a name, not initials"):
        parse_initials("Smith")


def test_a_hospital_number_without_the_zeros_that_excel_eats():
    assert parse_hospital_number("00-12 34a") == parse_hospital_number("1234A") == "1234a"
    with pytest.raises(NumberError, match="there is no letter or digit"):
        parse_hospital_number(" - ")
