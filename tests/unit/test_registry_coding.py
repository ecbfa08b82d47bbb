"""One value of a row at a time: times to days, codes to outcomes, labels to groups."""

from decimal import Decimal
from math import inf, nan

import pytest

from caseseries.registry.coding import Complaint, Exit, Layout, in_order, read_days, read_label, read_row

CORRECT, CODING = (
    "Correct the value or remove the row",
    "Correct the value, or name the coding of the column with --coding",
)


@pytest.mark.parametrize(
    ("value", "unit", "days"),
    [
        ("12", "days", 12),
        (" 12 ", "days", 12),
        ("12.0", "days", 12),
        (12, "days", 12),
        (12.0, "days", 12),
        (Decimal("12"), "days", 12),
        ("0", "days", 0),
        ("1e2", "days", 100),
        (2**53 - 1, "days", 2**53 - 1),
        ("12", "months", 365),  # 365.25 days
        ("6", "months", 183),  # 182.625
        ("2", "months", 61),  # 60.875
        (0.5, "years", 183),  # 182.625
        (2, "years", 731),  # 730.5: halves up
    ],
)
def test_a_time_becomes_whole_days(value, unit, days):
    assert read_days(value, "t", unit) == days


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (-3, "t is -3"),
        (-0.5, "t is -0.5"),
        ("-3", "t is -3"),
        (nan, "t is nan"),
        ("nan", "t is nan"),
        (inf, "t is inf"),
        ("-inf", "t is -inf"),
        (None, "t is empty"),
        ("", "t is empty"),
        ("NA", "t is empty"),
        (" . ", "t is empty"),
        ("soon", 't is "soon"'),
        ("1_000", 't is "1_000"'),
        ("\u0663", 't is "\u0663"'),  # an Arabic 3
        ("0x10", 't is "0x10"'),
        (2**53, "t is 9007199254740992"),
        (2**53 + 1, "t is 9007199254740993"),
        (1e300, f"t is {1e300:.0f}"),
    ],
)
def test_a_time_that_is_no_number_from_0_is_refused(value, what):
    assert read_days(value, "t", "days") == Complaint("time", what, "whole days from 0", CORRECT)
    assert read_days(value, "t", "years") == Complaint("time", what, "years from 0", CORRECT)


@pytest.mark.parametrize(
    ("value", "do"),
    [
        ("12,5", "Write the decimal sign as a point, and no sign for thousands"),
        ("1,000", "Write the decimal sign as a point, and no sign for thousands"),
        ("1.000,5", "Write the decimal sign as a point, and no sign for thousands"),
        ("1 000", "Write the decimal sign as a point, and no sign for thousands"),
        ("2020-01-31", "Give the days from the origin to this date"),
        ("2020-01-31 00:00:00", "Give the days from the origin to this date"),
        ("31.01.2020", "Give the days from the origin to this date"),
        ("1/31/20", "Give the days from the origin to this date"),
        ("12.5.3", CORRECT),
        ("1-2", CORRECT),
    ],
)
def test_a_date_or_a_comma_is_known_for_what_it_is(value, do):
    assert read_days(value, "t", "years") == Complaint("time", f't is "{value}"', "years from 0", do)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("a\x00", "a\\x00"),
        ("a\u200b", "a\\u200b"),
        ("a\nb", "a\\nb"),
        ("a\x1fb", "a\\x1fb"),
        ("groupe\u00a01", "groupe\u00a01"),
        ("Zürich", "Zürich"),
    ],
)
def test_what_cannot_be_seen_in_a_label_is_written_out(value, label):
    assert read_label(value) == label


@pytest.mark.parametrize("value", ["7.5", 7.5, Decimal("7.5")])
def test_a_fraction_of_a_day_asks_for_the_unit(value):
    do = "Correct the value, or name the unit of the times with --unit"
    assert read_days(value, "t", "days") == Complaint("time", "t is 7.5", "whole days from 0", do)


@pytest.mark.parametrize(
    ("coding", "event", "censored", "neither"),
    [
        ("status", [1, "1", True, 1.0], [0, "0", False], [2, -1, 0.5, "yes", None]),
        ("status12", [2, "2"], [1, "1"], [0, 3, None]),
        ("cnsr", [0, "0", False], [1, 2, 17, "3"], [-1, 0.5, "", None]),
    ],
)
def test_the_codings_are_told_apart_in_one_place(coding, event, censored, neither):
    layout = Layout("t", "e", coding=coding)
    assert [read_row({"t": 5, "e": value}, layout) for value in event] == [Exit("", 5, "")] * len(event)
    assert [read_row({"t": 5, "e": value}, layout) for value in censored] == [Exit("", 5, None)] * len(
        censored
    )
    assert all(isinstance(read_row({"t": 5, "e": value}, layout), tuple) for value in neither)
    assert not any(isinstance(read_row({"t": 5, "e": value}, layout), Exit) for value in neither)


def test_a_refused_code_names_the_coding():
    refused = Complaint("event", "e is 3", "0 (censored) or 1 (event)", CODING)
    assert read_row({"t": 5, "e": 3}, Layout("t", "e")) == (refused,)


def test_the_cause_is_asked_of_events_only():
    layout = Layout("t", "e", cause="c")
    assert read_row({"t": 5, "e": 1, "c": "relapse"}, layout) == Exit("", 5, "relapse")
    assert read_row({"t": 5, "e": 0, "c": "relapse"}, layout) == Exit("", 5, None)
    assert read_row({"t": 5, "e": 0, "c": ""}, layout) == Exit("", 5, None)
    assert read_row({"t": 5, "e": 1, "c": " "}, layout) == (
        Complaint(
            "cause",
            "c is empty on a row with an event",
            "the cause of the event",
            "Say what the event was, or mark the row as censored",
        ),
    )


@pytest.mark.parametrize("entry", [5, 6, "5"])
def test_an_entry_on_or_after_the_exit_is_refused(entry):
    assert read_row({"t": 5, "e": 1, "s": entry}, Layout("t", "e", entry="s")) == (
        Complaint(
            "entry",
            f"s {entry} is not before t 5",
            "an entry before the last day observed",
            "Correct one of the two dates",
        ),
    )


def test_everything_wrong_with_a_row_is_said_at_once():
    layout = Layout("t", "e", cause="c", group="g", entry="s")
    found = read_row({"t": -1, "e": 9, "c": "", "g": "", "s": None}, layout)
    assert [complaint.code for complaint in found] == ["time", "time", "event", "group"]


@pytest.mark.parametrize(
    ("value", "label"),
    [(1, "1"), (1.0, "1"), (" x ", "x"), (None, ""), (nan, ""), ("NA", ""), (True, "True"), (0.1, "0.1")],
)
def test_a_label_reads_the_same_from_any_type(value, label):
    assert read_label(value) == label


def test_labels_are_ordered_as_numbers_then_as_words():
    assert in_order(["b", "10", "a", "9", "nan", "a"]) == ("9", "10", "a", "b", "nan")


def test_the_conversion_is_put_into_words():
    assert Layout("t", "e").conversion == ""
    assert (
        Layout("t", "e", unit="months").conversion
        == "months were multiplied by 30.4375 and rounded to the nearest day, halves up"
    )
