"""The protocol's words for a case, derived from its course, with the cells behind each."""

from typing import Any

import pytest

from caseseries.study.definition import Rule
from caseseries.study.variables import VARIABLES
from caseseries.timeline.course import build_course
from caseseries.timeline.eligibility import can_meet, judge
from caseseries.timeline.variables import DERIVATIONS, derive_fact
from made_up import START, day, made_up_case, made_up_study

STUDY = made_up_study()


def fact(variable: str, **forms: Any) -> Any:
    return derive_fact(build_course(made_up_case(forms=forms), STUDY), variable)


def test_every_word_a_protocol_may_use_is_derived_and_no_other() -> None:
    assert set(DERIVATIONS) == {variable.name for variable in VARIABLES}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("sex", "female"),
        ("centre", "Northbridge"),
        ("age_at_diagnosis_days", 100.0),
        ("age_at_index_years", 200 / 365.25),
        ("index_date", START),
        ("cycles", "1"),
        ("relapses_before_index", "0"),
        ("hsct_before_index", False),
        ("hsct_after_index", True),
        ("wbc", None),
        ("country", None),
    ],
)
def test_facts_of_a_plain_case(variable: str, value: object) -> None:
    assert fact(variable).value == value


def test_not_known_is_not_a_level() -> None:
    assert fact("kmt2a", diagnosis=[{"diagnosis_date": day(-100), "kmt2a": "not known"}]).value is None


def test_a_column_of_the_treatment_is_that_of_the_first_cycle() -> None:
    lines = [
        {"treatment": "blinatumomab", "start_date": day(40), "remission_at_start": "CR2, MRD-positive"},
        {"treatment": "blinatumomab", "start_date": day(0), "remission_at_start": "not in remission"},
        {"treatment": "CAR-T (CD19)", "start_date": day(-5), "remission_at_start": "CR1, MRD-positive"},
    ]
    found = fact("remission_at_start", treatment=lines)
    assert found.value == "not in remission"
    assert [source.where.cell for source in found.sources] == ["remission_at_start3"]
    assert fact("cycles", treatment=lines).value == "2"


def test_without_the_index_treatment_nothing_is_said_of_before_and_after() -> None:
    for variable in (
        "hsct_before_index",
        "hsct_after_index",
        "relapses_before_index",
        "index_date",
        "cycles",
    ):
        assert fact(variable, treatment=[]).value is None, variable


def test_an_age_names_both_cells() -> None:
    assert [source.where.cell for source in fact("age_at_diagnosis_days").sources] == [
        "birth_date2",
        "diagnosis_date2",
    ]


@pytest.mark.parametrize(
    ("rule", "value", "meets"),
    [
        ({"one_of": ("a", "b")}, "a", True),
        ({"one_of": ("a", "b")}, "c", False),
        ({"at_most": 365.0}, 365.0, True),
        ({"at_most": 365.0}, 366.0, False),
        ({"at_least": 1.0, "at_most": 2.0}, 0.5, False),
        ({"is_yes": False}, False, True),
        ({"is_yes": False}, True, False),
        ({"from_date": day(0), "to_date": day(9)}, day(9), True),
        ({"from_date": day(0), "to_date": day(9)}, day(10), False),
        ({"from_date": day(0)}, day(-1), False),
    ],
)
def test_limits_are_included(rule: dict[str, Any], value: Any, meets: bool) -> None:
    assert can_meet(Rule.model_validate({"variable": "x", "reason": "y", **rule}), value) is meets


def test_the_first_failed_rule_gives_the_reason_and_its_cells() -> None:
    late = made_up_case(forms={"patients": [{"birth_date": day(-900)}]})
    verdict = judge(build_course(late, STUDY), STUDY)
    assert (verdict.eligible, verdict.reason) == (False, "diagnosed after the first birthday")
    assert [source.where.cell for source in verdict.sources] == ["birth_date2", "diagnosis_date2"]
