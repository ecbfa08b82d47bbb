"""Lanes, MRD points, relapses and what followed, the listing: each case's story as plain numbers."""

from typing import Any

from caseseries.analysis.displays import Aftermath, Lane, Mark, Span
from caseseries.analysis.stories import aftermath, lanes, list_cases, mrd_points
from caseseries.record.patient import Patient
from caseseries.timeline.course import Course, build_course
from caseseries.timeline.response import MrdResponse, derive_response
from made_up import day, made_up_case, made_up_study, mrd

STUDY = made_up_study()

RELAPSED: dict[str, Any] = {
    "treatment": [
        {"treatment": "blinatumomab", "start_date": day(0), "end_date": day(28)},
        {"treatment": "CAR-T (CD19)", "start_date": day(180)},
    ],
    "specimens": [mrd(-3, "quantified", mrd_percent=0.2), mrd(40, "not detected", sensitivity_percent=0.005)],
    "toxicity": [
        {"toxicity": "CRS", "onset_date": day(2), "grade": 1},
        {"toxicity": "CRS", "onset_date": day(9), "grade": 2},
    ],
    "follow_up": [
        {"date": day(-20), "event": "relapse", "phenotype": "CD19-positive"},
        {"date": day(142), "event": "relapse", "phenotype": "CD19-positive"},
        {"date": day(210), "event": "complete remission"},
        {"date": day(400), "event": "seen alive"},
    ],
}
DIED = {"follow_up": [{"date": day(107), "event": "death", "cause_of_death": "infection"}]}


def made(*patients: Patient) -> tuple[list[Course], dict[str, MrdResponse]]:
    courses = [build_course(patient, STUDY) for patient in patients]
    return courses, {course.case_id: derive_response(course, STUDY.response, "hsct") for course in courses}


def test_a_lane_counts_days_from_treatment_and_leaves_history_out() -> None:
    courses, _ = made(made_up_case("A-1", RELAPSED))
    assert lanes(courses, STUDY) == (
        Lane(
            "A-1",
            (Span("blinatumomab", 0, 28),),
            (
                Mark("HSCT", 50),
                Mark("relapse", 142),
                Mark("CAR-T (CD19)", 180),
                Mark("complete remission", 210),
            ),
            400,
            True,
        ),
    )


def test_the_longest_lane_comes_first_and_a_death_ends_without_an_arrow() -> None:
    courses, _ = made(made_up_case("A-2", DIED), made_up_case("A-1", RELAPSED))
    assert [(lane.case_id, lane.alive) for lane in lanes(courses, STUDY)] == [("A-1", True), ("A-2", False)]


def test_a_negative_is_drawn_at_the_level_it_excludes() -> None:
    points = mrd_points(*made(made_up_case("A-1", RELAPSED)))
    assert [(point.when, point.day, point.value, point.limit) for point in points] == [
        ("before", -3, 0.002, None),
        ("after", 40, None, 5e-05),
    ]


def test_what_followed_a_relapse_is_told_in_days_from_transplant() -> None:
    (row,) = aftermath(*made(made_up_case("A-1", RELAPSED)), STUDY)
    assert isinstance(row, Aftermath)
    assert (row.event, row.detail, row.day, row.alive) == ("relapse", "CD19-positive", 92, True)
    assert row.followed == (
        ("other treatment", "CAR-T (CD19)", 130),
        ("complete remission", "", 160),
        ("seen alive", "", 350),
    )
    assert row.mrd is not None
    assert row.mrd.limit == 5e-05


def test_events_are_listed_in_order_of_day_and_a_survivor_is_not() -> None:
    rows = aftermath(
        *made(made_up_case("A-1", RELAPSED), made_up_case("A-2", DIED), made_up_case("A-3")), STUDY
    )
    assert [(row.case_id, row.event, row.detail, row.day) for row in rows] == [
        ("A-2", "death", "infection", 57),
        ("A-1", "relapse", "CD19-positive", 92),
    ]


def test_the_listing_has_one_row_a_case_and_no_date() -> None:
    listing = list_cases(*made(made_up_case("A-1", RELAPSED), made_up_case("A-2", DIED)), STUDY)
    first, second = listing.rows
    assert (first["mrd_before"], first["mrd_after_result"], first["mrd_response"]) == (
        0.002,
        "not detected",
        "complete",
    )
    assert (first["crs_grade"], first["neuro_grade"]) == (2, 0)
    assert (first["days_hsct_to_event"], first["days_hsct_to_last_known"], first["alive"]) == (92, 350, "yes")
    assert (second["event_after_hsct"], second["event_detail"], second["alive"]) == (
        "death",
        "infection",
        "no",
    )
    assert not [name for name, value in first.items() if hasattr(value, "isoformat")]


def test_an_empty_cohort_has_an_empty_listing() -> None:
    assert list_cases([], {}, STUDY).columns == ()


def test_a_treatment_given_again_is_on_the_time_line_with_or_without_its_end() -> None:
    again = [
        {"treatment": "blinatumomab", "start_date": day(0), "end_date": day(28)},
        {"treatment": "blinatumomab", "start_date": day(35)},
        {"treatment": "CAR-T (CD19)", "start_date": day(60)},
    ]
    (lane,) = lanes([build_course(made_up_case("A-1", {"treatment": again, "transplant": []}), STUDY)], STUDY)
    assert [(span.start, span.end) for span in lane.spans] == [(0, 28)]
    assert [(mark.kind, mark.day) for mark in lane.marks] == [("blinatumomab", 35), ("CAR-T (CD19)", 60)]


def test_mrd_before_transplant_is_the_last_before_it_whatever_was_given_between() -> None:
    """The response is judged by day 28; day 60, after another treatment, is what the child went to transplant with."""
    forms = {
        **DIED,
        "treatment": [
            {"treatment": "blinatumomab", "start_date": day(0), "end_date": day(28)},
            {"treatment": "CAR-T (CD19)", "start_date": day(35)},
        ],
        "transplant": [{"hsct_date": day(70)}],
        "specimens": [
            mrd(-3, "quantified", mrd_percent=0.2),
            mrd(28, "quantified", mrd_percent=0.1),
            mrd(60, "not detected", sensitivity_percent=0.01),
        ],
    }
    courses, responses = made(made_up_case("A-1", forms))
    (row,) = aftermath(courses, responses, STUDY)
    assert (str(responses["A-1"].state), responses["A-1"].after.on) == ("none", day(28))
    assert (row.mrd.day, row.mrd.limit) == (60, 1e-4)
    unread = {**forms, "specimens": [*forms["specimens"], mrd(65, "not detected")]}
    courses, responses = made(made_up_case("A-1", unread))
    assert (
        aftermath(courses, responses, STUDY)[0].mrd is None
    )  # the earlier negative must not stand in for it
