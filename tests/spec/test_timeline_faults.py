"""Unlikely and contradictory courses: what each rule says, word for word, about the one fault planted for it.

Every case is in order but for the fault; where one slip breaks two rules the sentence of the named rule is tested.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from caseseries.findings import Finding, Severity
from caseseries.record.dates import ClinicalDate
from caseseries.timeline import check
from caseseries.timeline.check import RULES, check_course
from caseseries.timeline.course import build_course
from check_codes import codes_in
from course_lines import CAR_T, CR1, CRS, SEEN, D, P, T, cr, event, specimen
from made_up import day, made_up_case, made_up_study
from planted_examinations import EXAMINED
from planted_faults import COURSE

STUDY = made_up_study()
CHECKS = Path(check.__file__).parent
PLANTED = (*COURSE, *EXAMINED)

IMPOSSIBLE = {"specimens-after-death", "toxicity-after-death", "grade-5-alive", "order"}
IN_DOUBT = {"specimens-before-birth", "toxicity-before-birth", "resolved-before-onset"}


def findings(forms: dict[str, Any]) -> tuple[Finding, ...]:
    return check_course(build_course(made_up_case(forms=forms), STUDY), STUDY)


@pytest.mark.parametrize(("code", "place", "forms", "sentence"), PLANTED, ids=[each[0] for each in PLANTED])
def test_a_planted_fault_is_one_sentence_at_its_cell(
    code: str, place: str, forms: dict[str, Any], sentence: str
) -> None:
    [found] = [finding for finding in findings(forms) if finding.code == f"course.{code}"]
    file = "returns/northbridge.xlsx › "
    assert str(found).replace(file, "") == f"{place}: {sentence}"
    severity = Severity.CASE if code in IMPOSSIBLE else Severity.VALUE if code in IN_DOUBT else Severity.NOTE
    assert found.severity is severity


# Planted word for word in test_timeline_check.
ELSEWHERE: list[dict[str, Any]] = [
    {"diagnosis": [D | {"diagnosis_date": day(-201)}]},
    {"transplant": [{"hsct_date": day(-101)}]},
    {"follow_up": [event(60, "death"), event(61, "seen alive")]},
    {"treatment": [T | {"end_date": day(-1)}]},
    {"follow_up": [event(60, "death"), event(60, "death")]},
    {"treatment": []},
    {"follow_up": []},
    {"transplant": [{"hsct_date": ClinicalDate(day(31), day(58))}]},
]


def test_every_rule_has_a_planted_fault() -> None:
    courses = [
        build_course(made_up_case(forms=forms), STUDY)
        for forms in (*(forms for _, _, forms, _ in PLANTED), *ELSEWHERE)
    ]
    assert [rule.__name__ for rule in RULES if not any(list(rule(course)) for course in courses)] == []


def test_every_code_of_more_than_seventy_has_a_planted_fault() -> None:
    declared = codes_in(path.read_text(encoding="utf-8") for path in CHECKS.glob("*.py"))
    fired = {code for code, *_ in PLANTED} | {
        finding.code.removeprefix("course.") for forms in ELSEWHERE for finding in findings(forms)
    }
    assert len(declared) > 70
    assert len(fired) > 70
    assert [code for code in declared if not any(re.fullmatch(code, one) for one in fired)] == []
    assert [one for one in fired if not any(re.fullmatch(code, one) for code in declared)] == []


def test_a_code_without_a_planted_fault_is_seen() -> None:
    rule = """
def rule(course):
    side = "low" if course else "high"
    yield ask(course, source, f"wbc-{side}", what, allowed, do)
    for code, what in (("a-b", 1), ("c-d", 2)):
        yield doubt(course, source, code, what, allowed, do)
    yield refuse(course, source, "e-f", what, allowed, do)
"""
    assert codes_in([rule]) == {"wbc-low", "wbc-high", "a-b", "c-d", "e-f"}


BEFORE_AND_AFTER = [specimen(-35, "quantified", level=4.9), specimen(1)]

# Just inside each limit: what the rules must not ask about.
FINE: list[dict[str, Any]] = [
    {"specimens": [specimen(60)], "follow_up": [event(60, "death", cause_of_death="infection")]},
    {"toxicity": [CRS | {"resolved_date": day(2)}]},
    {"follow_up": [cr(-72), SEEN]},
    {"follow_up": [cr(-60), event(90, "relapse"), cr(120), SEEN]},
    {"follow_up": [event(90, "relapse"), SEEN], "specimens": [specimen(30)]},
    {"treatment": [CR1], "follow_up": [cr(-60), event(90, "relapse"), SEEN], "specimens": BEFORE_AND_AFTER},
    {"treatment": [CR1], "follow_up": [cr(-60), event(60, "seen alive")], "specimens": BEFORE_AND_AFTER[:1]},
    {
        "specimens": [
            specimen(30, method="RQ-PCR KMT2A"),
            specimen(31, method="NGS", sensitivity_percent=0.0001),
        ]
    },
    {
        "follow_up": [cr(-60), event(-30, "relapse"), event(90, "death", cause_of_death="leukaemia")],
        "transplant": [],
    },
    {"diagnosis": [D | {"wbc": 1.0, "karyotype": "46,XX,t(4;11)(q21;q23)[20]"}]},
    {"diagnosis": [D | {"wbc": 1500.0, "immunophenotype": "B-ALL", "cd15": True}]},
    {"patients": [P | {"sex": "male"}], "diagnosis": [D | {"karyotype": "47,XY,+X,t(4;11)(q21;q23)[14]"}]},
    {
        "treatment": [T, T | {"start_date": day(29), "end_date": day(54)}],
        "transplant": [{"hsct_date": day(60)}],
    },
    {
        "treatment": [T, T | {"start_date": day(70), "end_date": day(98)}],
        "transplant": [{"hsct_date": day(158)}],
    },
    {"treatment": [T | {"end_date": day(42)}], "toxicity": [CRS | {"grade": 2.0, "interrupted": True}]},
    {
        "treatment": [T | {"end_date": day(7), "home_after_week_1": True}],
        "toxicity": [CRS | {"interrupted": True}],
    },
    {"treatment": [T | {"end_date": day(12)}], "follow_up": [cr(-60), event(12, "relapse"), cr(30), SEEN]},
    {"treatment": [T | {"dose": 5.0, "cycle": 1.0}]},
    {"treatment": [T | {"dose": 15.0}], "transplant": [{"hsct_date": day(34)}]},
    {"transplant": [{"hsct_date": day(88), "therapy_between": False}]},
    {"treatment": [T, CAR_T], "transplant": [{"hsct_date": day(50), "therapy_between": True}]},
    {"specimens": [specimen(30, marker="IGH"), specimen(30, marker="TRD")]},
    {"specimens": [specimen(30, sensitivity_percent=0.01), specimen(31, "quantified", level=0.01)]},
    {"toxicity": [CRS | {"grade": 1.0, "interrupted": False, "steroids": True, "onset_date": day(14)}]},
    {"toxicity": [CRS | {"resolved_date": day(23), "grade": 4.0, "interrupted": True}]},
    {
        "toxicity": [
            CRS | {"toxicity": "neurotoxicity", "resolved_date": day(62), "grade": 3.0, "interrupted": True}
        ]
    },
    {"toxicity": [CRS | {"grade": 3.0, "interrupted": True, "restarted_lower": True}]},
    {"transplant": [], "follow_up": [event(180, "seen alive")]},
    {"transplant": [], "follow_up": [cr(-60), event(90, "relapse"), SEEN]},
    {
        "treatment": [T | {"remission_at_start": "not in remission"}],
        "specimens": [
            specimen(-3, "quantified", level=5.0, marker="IGH"),
            specimen(-3, "quantified", level=0.6, marker="IGK"),
            specimen(30, marker="IGK"),
            specimen(30, marker="IGH"),
            specimen(60, marker="IGK"),
        ],
    },
    {"toxicity": [{"toxicity": "neurotoxicity", "onset_date": day(49)}, CRS]},
]


@pytest.mark.parametrize("forms", FINE, ids=range(len(FINE)))
def test_what_is_just_within_the_limits_is_not_asked_about(forms: dict[str, Any]) -> None:
    assert findings(forms) == ()


def test_the_limits_of_a_drug_are_those_of_that_drug_only() -> None:
    study = made_up_study(
        treatments=("inotuzumab",), index={"treatment": "inotuzumab", "label": "inotuzumab"}
    )
    line = T | {"treatment": "inotuzumab", "end_date": day(1), "dose": 50.0}
    forms = {
        "treatment": [line],
        "diagnosis": [D | {"immunophenotype": "T-ALL"}],
        "toxicity": [CRS | {"grade": 3.0, "interrupted": False}],
    }
    assert check_course(build_course(made_up_case(forms=forms), study), study) == ()


def test_a_study_that_does_not_count_from_transplant_does_not_ask_for_one() -> None:
    study = made_up_study(estimates=({"endpoint": "efs", "origins": ("index",), "horizons": ("36m",)},))
    course = build_course(made_up_case(forms={"transplant": []}), study)
    assert check_course(course, study) == ()
    assert [finding.code for finding in check_course(course, STUDY)] == ["course.no-transplant"]


def test_of_another_drug_no_limit_of_blinatumomab_is_asked_about() -> None:
    study = made_up_study(
        treatments=("nelarabine",),
        index={"treatment": "nelarabine", "label": "nelarabine", "dose_unit": "mg/m²/day"},
    )
    given = {"treatment": "nelarabine", "start_date": day(0), "end_date": day(4), "dose": 650.0}
    harm = {"toxicity": "neuropathy", "onset_date": day(3), "resolved_date": day(100)}
    course = build_course(made_up_case(forms={"treatment": [given], "toxicity": [harm]}), study)
    codes = {finding.code for finding in check_course(course, study)}
    assert not {code for code in codes if "dose" in code or "cycle" in code or "long-toxicity" in code}
    crs = harm | {"toxicity": "CRS"}
    course = build_course(made_up_case(forms={"treatment": [given], "toxicity": [crs]}), study)
    assert "course.long-toxicity" in {finding.code for finding in check_course(course, study)}


def test_a_flat_dose_is_not_held_against_a_dose_per_square_metre() -> None:
    index = {"treatment": "blinatumomab", "label": "blinatumomab", "dose_unit": "µg/day"}
    study = made_up_study(index=index)
    course = build_course(made_up_case(forms={"treatment": [T | {"dose": 28.0}]}), study)
    assert not [finding for finding in check_course(course, study) if "dose" in finding.code]
