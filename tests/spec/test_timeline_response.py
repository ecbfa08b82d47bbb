"""MRD response: which specimens count, how markers combine, and when nothing may be claimed."""

from typing import Any

import pytest

from caseseries.record.dates import ClinicalDate
from caseseries.record.levels import Level, LevelState
from caseseries.timeline.course import build_course
from caseseries.timeline.response import (
    MrdResponse,
    ResponseState,
    combine_markers,
    derive_response,
    log_reduction,
)
from made_up import day, made_up_case, made_up_study, mrd

STUDY = made_up_study()

BEFORE = mrd(-5, "quantified", mrd_percent=0.2)
NEGATIVE = {"sensitivity_percent": 0.01}


def respond(*specimens: dict[str, Any]) -> MrdResponse:
    course = build_course(made_up_case(forms={"specimens": list(specimens)}), STUDY)
    return derive_response(course, STUDY.response, "hsct")


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        # | before          | after                                   | response        |
        (BEFORE, mrd(30, "not detected", sensitivity_percent=0.01), "complete"),
        (BEFORE, mrd(30, "not detected", sensitivity_percent=0.001), "complete"),
        # A negative too insensitive to be complete: the fall is at least log10(0.2/0.05) = 0.6, perhaps more.
        (BEFORE, mrd(30, "not detected", sensitivity_percent=0.05), "indeterminate"),
        # … at least log10(0.2/0.019) = 1.02: more than one log whatever the true level.
        (BEFORE, mrd(30, "not detected", sensitivity_percent=0.019), "partial"),
        (BEFORE, mrd(30, "quantified", mrd_percent=0.019), "partial"),
        # Exactly one log is not more than one log.
        (BEFORE, mrd(30, "quantified", mrd_percent=0.02), "none"),
        (BEFORE, mrd(30, "quantified", mrd_percent=0.3), "none"),
        (BEFORE, mrd(30, "positive below quantitative range", range_percent=0.01), "partial"),
        (BEFORE, mrd(30, "positive below quantitative range", range_percent=0.05), "indeterminate"),
        # A negative without a sensitivity says nothing, and is never called negative.
        (BEFORE, mrd(30, "not detected"), "not evaluable"),
        (BEFORE, mrd(30, "not evaluable"), "not evaluable"),
        # From at most 0.01 to 0.3 it rose, whatever it was: at most log10(0.01/0.3) = −1.5.
        (mrd(-5, "not detected", **NEGATIVE), mrd(30, "quantified", mrd_percent=0.3), "none"),
        # From at most 0.2 to 0.01 the fall is at most 1.3, and may be less than one log.
        (
            mrd(-5, "positive below quantitative range", range_percent=0.2),
            mrd(30, "quantified", mrd_percent=0.01),
            "indeterminate",
        ),
        # A negative before, and after one too insensitive to be complete: nothing bounds the fall.
        (
            mrd(-5, "not detected", **NEGATIVE),
            mrd(30, "not detected", sensitivity_percent=0.05),
            "indeterminate",
        ),
        (mrd(-5, "not detected", **NEGATIVE), mrd(30, "not detected", **NEGATIVE), "complete"),
    ],
)
def test_response(before: dict[str, Any], after: dict[str, Any], state: str) -> None:
    assert respond(before, after).state == state


def test_without_a_specimen_after_treatment_there_is_no_response() -> None:
    found = respond(BEFORE)
    assert (found.state, found.because) == (
        ResponseState.NOT_EVALUABLE,
        "no evaluable specimen after treatment",
    )


def test_a_specimen_after_transplant_is_not_a_response_to_treatment() -> None:
    assert respond(BEFORE, mrd(60, "not detected", **NEGATIVE)).state is ResponseState.NOT_EVALUABLE


def test_a_specimen_long_before_treatment_is_not_the_level_before() -> None:
    assert (
        respond(mrd(-36, "quantified", mrd_percent=5), mrd(30, "quantified", mrd_percent=0.01)).before is None
    )


def test_the_last_evaluable_day_counts() -> None:
    found = respond(
        BEFORE,
        mrd(20, "not detected", **NEGATIVE),
        mrd(30, "quantified", mrd_percent=0.05),
        mrd(31, "not evaluable"),
    )
    assert found.after is not None
    assert found.after.level.value == 0.0005


@pytest.mark.parametrize(
    "unread",
    [
        mrd(40, "not detected"),
        mrd(40, "quantified"),
        mrd(40, "positive below quantitative range"),
        {"specimen_date": day(40)},
        # On the day of the negative it may be a second marker of the same specimen.
        {"specimen_date": day(30), "mrd_percent": 3.0},
        {"specimen_date": ClinicalDate(day(20), day(45)), "mrd_result": "quantified", "mrd_percent": 3.0},
        {"mrd_result": "quantified", "mrd_percent": 3.0},
    ],
)
def test_an_earlier_negative_never_stands_in_for_a_specimen_that_could_not_be_read(
    unread: dict[str, Any],
) -> None:
    found = respond(BEFORE, mrd(30, "not detected", **NEGATIVE), unread)
    assert found.state is ResponseState.NOT_EVALUABLE
    assert found.because.startswith(
        "a specimen after treatment has a day or a result that could not be read (returns/"
    )


def test_nor_does_an_earlier_level_before_treatment() -> None:
    found = respond(
        mrd(-30, "quantified", mrd_percent=50), mrd(-2, "quantified"), mrd(30, "quantified", mrd_percent=2)
    )
    assert (found.state, found.before) == (ResponseState.INDETERMINATE, None)


@pytest.mark.parametrize("unread", [mrd(29, "not detected"), mrd(-40, "quantified"), mrd(51, "not detected")])
def test_a_specimen_that_could_not_be_read_elsewhere_in_time_does_no_harm(unread: dict[str, Any]) -> None:
    found = respond(BEFORE, mrd(30, "not detected", **NEGATIVE), unread)
    assert found.state is ResponseState.COMPLETE


def test_one_positive_marker_of_two_makes_the_specimen_positive() -> None:
    found = respond(BEFORE, mrd(30, "not detected", **NEGATIVE), mrd(30, "quantified", mrd_percent=0.03))
    assert found.state is ResponseState.NONE


def test_markers_combine_to_the_highest_and_negatives_to_the_best_sensitivity() -> None:
    negative = [Level(LevelState.NOT_DETECTED, None, s) for s in (1e-4, 1e-5)]
    below = Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-4)
    high, low = (Level(LevelState.QUANTIFIED, value) for value in (3e-3, 2e-4))
    assert combine_markers(negative).sensitivity == 1e-5
    assert combine_markers([*negative, below]) is below
    assert combine_markers([low, *negative, high, below]) is high


QUANTIFIED_1E2 = Level(LevelState.QUANTIFIED, 1e-2, 1e-5, 1e-4)
QUANTIFIED_1E4 = Level(LevelState.QUANTIFIED, 1e-4, 1e-5, 1e-4)
BELOW_1E3 = Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-3)
BELOW_1E4 = Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-4)
NOT_SEEN_1E3 = Level(LevelState.NOT_DETECTED, None, 1e-3)
NOT_SEEN_1E5 = Level(LevelState.NOT_DETECTED, None, 1e-5)
UNREADABLE = Level(LevelState.NOT_EVALUABLE)
INF = float("inf")


@pytest.mark.parametrize(
    ("before", "after", "fall"),
    [
        # Worked by hand: a level lies between its bounds, a limit between nothing and itself;
        # least = log10(lowest before / highest after), most = log10(highest before / lowest after).
        (QUANTIFIED_1E2, QUANTIFIED_1E4, (2, 2)),
        (QUANTIFIED_1E4, QUANTIFIED_1E2, (-2, -2)),
        (QUANTIFIED_1E2, BELOW_1E4, (2, INF)),
        (QUANTIFIED_1E2, BELOW_1E3, (1, INF)),
        (QUANTIFIED_1E2, NOT_SEEN_1E5, (3, INF)),
        (QUANTIFIED_1E2, NOT_SEEN_1E3, (1, INF)),  # a poor sensitivity makes the same fall look small
        (QUANTIFIED_1E2, UNREADABLE, None),
        (BELOW_1E4, QUANTIFIED_1E2, (-INF, -2)),
        (BELOW_1E3, QUANTIFIED_1E4, (-INF, 1)),
        (BELOW_1E3, BELOW_1E4, None),
        (BELOW_1E3, NOT_SEEN_1E5, None),
        (BELOW_1E3, UNREADABLE, None),
        (NOT_SEEN_1E5, QUANTIFIED_1E4, (-INF, -1)),
        (NOT_SEEN_1E3, QUANTIFIED_1E4, (-INF, 1)),
        (NOT_SEEN_1E3, BELOW_1E4, None),
        (NOT_SEEN_1E3, NOT_SEEN_1E5, None),
        (NOT_SEEN_1E5, UNREADABLE, None),
        (UNREADABLE, QUANTIFIED_1E2, None),
        (UNREADABLE, BELOW_1E4, None),
        (UNREADABLE, NOT_SEEN_1E5, None),
        (UNREADABLE, UNREADABLE, None),
        # Replicates that disagree may stand above the range: the highest well bounds them.
        (QUANTIFIED_1E2, Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-4, None, 1e-3), (1, INF)),
        (Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-4, None, 1e-3), QUANTIFIED_1E4, (-INF, 1)),
    ],
)
def test_the_fall_from_every_state_to_every_other(before: Level, after: Level, fall: Any) -> None:
    found = log_reduction(before, after)
    assert found == (None if fall is None else pytest.approx(fall, abs=1e-12))


@pytest.mark.parametrize(
    ("markers", "state", "number"),
    [
        # | markers of one day                          | together                          | its number |
        ([QUANTIFIED_1E4, QUANTIFIED_1E2], "quantified", 1e-2),
        ([NOT_SEEN_1E3, QUANTIFIED_1E4], "quantified", 1e-4),
        ([BELOW_1E3, QUANTIFIED_1E4], "quantified", 1e-4),
        ([BELOW_1E4, NOT_SEEN_1E5], "positive below quantitative range", 1e-4),
        ([BELOW_1E4, BELOW_1E3], "positive below quantitative range", 1e-3),
        ([BELOW_1E3, Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-4, None, 5e-3)], "positive below quantitative range", 5e-3),
        ([NOT_SEEN_1E3, NOT_SEEN_1E5], "not detected", 1e-5),
        ([NOT_SEEN_1E5], "not detected", 1e-5),
    ],
)  # fmt: skip
def test_markers_of_one_day_together(markers: list[Level], state: str, number: float) -> None:
    for order in (markers, markers[::-1]):
        level = combine_markers(order)
        assert level.state == state
        assert level.bounds()[1] == number


def test_a_reduction_is_an_interval_and_never_uses_half_a_limit() -> None:
    before, after = Level(LevelState.QUANTIFIED, 1e-2), Level(LevelState.NOT_DETECTED, None, 1e-4)
    low, high = log_reduction(before, after) or (0.0, 0.0)
    assert low == pytest.approx(2.0, abs=1e-12)
    assert high == float("inf")


def test_percent_becomes_the_nearest_fraction() -> None:
    found = respond(mrd(-5, "quantified", mrd_percent=0.06), mrd(30, "quantified", mrd_percent=0.00005))
    assert found.before is not None
    assert found.after is not None
    assert (found.before.level.value, found.after.level.value) == (0.0006, 5e-07)


RELAPSE = {"date": day(90), "event": "relapse"}
NO_TRANSPLANT: dict[str, Any] = {"transplant": []}
CAR_T = [
    {"treatment": "blinatumomab", "start_date": day(0), "end_date": day(28)},
    {"treatment": "CAR-T (CD19)", "start_date": day(100)},
]


@pytest.mark.parametrize(
    ("after", "forms", "rule", "state"),
    [
        # | specimens after the start  | what else happened | the protocol's window | response |
        # Not transplanted, relapsed, and negative after another treatment: that is no response to the first.
        ([(120, "negative")], {"treatment": CAR_T, "follow_up": [RELAPSE]}, {}, "not evaluable"),
        ([(28, 0.3), (120, "negative")], {"treatment": CAR_T, "follow_up": [RELAPSE]}, {}, "none"),
        ([(28, 0.3), (99, 0.3), (120, "negative")], {"treatment": CAR_T}, {}, "none"),
        # The day of the other treatment still belongs to the first, as the day of transplant does.
        ([(28, 0.3), (100, "negative")], {"treatment": CAR_T}, {}, "complete"),
        # A response stays one when the child relapses later.
        ([(28, "negative"), (90, 40.0)], {"follow_up": [RELAPSE]}, {}, "complete"),
        ([(28, "negative"), (95, 40.0)], {"follow_up": [RELAPSE]}, {}, "complete"),
        # Measured at the relapse alone: a failure, and not left out.
        ([(90, 40.0)], {"follow_up": [RELAPSE]}, {}, "none"),
        ([(91, "negative")], {"follow_up": [RELAPSE]}, {}, "not evaluable"),
        # By days: the level of day 28, not that of a year later.
        ([(28, "negative"), (365, 0.3)], {}, {"after_within_days": 35}, "complete"),
        ([(28, "negative"), (365, 0.3)], {}, {}, "none"),
        ([(36, "negative")], {}, {"after_within_days": 35}, "not evaluable"),
        ([(35, "negative")], {}, {"after_within_days": 35}, "complete"),
    ],
)
def test_the_time_after_treatment_ends(
    after: list[tuple[int, Any]], forms: dict[str, Any], rule: dict[str, Any], state: str
) -> None:
    specimens = [
        mrd(on, "not detected", **NEGATIVE)
        if found == "negative"
        else mrd(on, "quantified", mrd_percent=found)
        for on, found in after
    ]
    study = made_up_study(response={"sensitivity": 1e-4, **rule})
    course = build_course(
        made_up_case(forms={**NO_TRANSPLANT, **forms, "specimens": [BEFORE, *specimens]}), study
    )
    assert derive_response(course, study.response, None).state == state
