"""Impossible courses, word for word."""

from datetime import date
from typing import Any

import pytest

from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Patient, Row, Value
from caseseries.timeline.check import check_course
from caseseries.timeline.course import build_course
from made_up import day, made_up_case, made_up_study

STUDY = made_up_study()
FILE = "returns/northbridge.xlsx"
DEATH = {"date": day(60), "event": "death", "cause_of_death": "not known"}


def findings(patient: Patient) -> list[str]:
    return [str(finding) for finding in check_course(build_course(patient, STUDY), STUDY)]


def test_a_possible_course_has_no_finding() -> None:
    assert findings(made_up_case()) == []


@pytest.mark.parametrize(
    ("forms", "expected"),
    [
        (
            {"diagnosis": [{"diagnosis_date": day(-201), "kmt2a": "rearranged"}]},
            f"{FILE} › diagnosis › diagnosis_date2: diagnosis on 2016-06-14 is before birth. Allowed: on or after "
            f"2016-06-15 ({FILE} › patients › birth_date2). Correct one of the two dates.",
        ),
        (
            {"transplant": [{"hsct_date": day(-101)}]},
            f"{FILE} › transplant › hsct_date2: transplant on 2016-09-22 is before the diagnosis of leukaemia. Allowed: "
            f"on or after 2016-09-23 ({FILE} › diagnosis › diagnosis_date2). Correct one of the two dates.",
        ),
        (
            {"follow_up": [DEATH, {"date": day(61), "event": "seen alive"}]},
            f"{FILE} › follow_up › date3: seen alive on 2017-03-03 is after death. Allowed: on or before 2017-03-02 "
            f"({FILE} › follow_up › date2). Correct one of the two dates.",
        ),
        (
            {"treatment": [{"treatment": "blinatumomab", "start_date": day(0), "end_date": day(-1)}]},
            f"{FILE} › treatment › end_date2: the treatment ends on 2016-12-31, before it starts on 2017-01-01. "
            "Allowed: on or after 2017-01-01. Correct one of the two dates.",
        ),
        (
            {"treatment": []},
            f"{FILE} › patients › case_id2: case A-1 has no dated line of blinatumomab. Allowed: at least one line of "
            "blinatumomab with its start date on the Treatment sheet. Add the line, or leave the case out of this study.",
        ),
        (
            {"follow_up": []},
            f"{FILE} › treatment › start_date2: case A-1 has no date last seen alive and no death since the index "
            "treatment. Allowed: a day on or after 2017-01-01. Add the day the child was last seen to the Follow-up "
            "sheet.",
        ),
    ],
)
def test_an_impossible_course_is_one_finding(forms: dict[str, Any], expected: str) -> None:
    assert findings(made_up_case(forms=forms)) == [expected]


def test_two_deaths_name_both_lines() -> None:
    deaths = [DEATH, DEATH]
    assert findings(made_up_case(forms={"follow_up": deaths})) == [
        f"{FILE} › follow_up › date3: a second death is recorded on 2017-03-02. Allowed: one death a child; the first "
        f"is {FILE} › follow_up › date2. Remove one of the two lines."
    ]


def test_a_date_known_to_the_month_starts_no_clock_and_says_so() -> None:
    patient = made_up_case()
    row = patient.form("transplant")[0]
    month = ClinicalDate(date(2017, 2, 1), date(2017, 2, 28))
    vague = Row(
        "transplant",
        "A-1",
        row.where,
        {**row.values, "hsct_date": Value(month, row.values["hsct_date"].source)},
    )
    (said,) = findings(Patient("A-1", "Northbridge", {**patient.rows, "transplant": (vague,)}))
    assert said == (
        f"{FILE} › transplant › hsct_date2: the hsct date is known only to be between 2017-02-01 and 2017-02-28. "
        "Allowed: a whole day. Give the day if it can be found; until then it stays an interval and starts no clock."
    )
