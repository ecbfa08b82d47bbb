"""CSV that other programs read: the right signs, and nothing a spreadsheet would run."""

import csv
import io

import pytest

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.exports import ADTTE_COLUMNS, adsl_rows, adtte_rows, cnsr_of, parameter_codes, to_csv
from caseseries.analysis.outcomes import start_clocks
from caseseries.record.dates import ClinicalDate
from caseseries.timeline.course import build_course
from made_up import day, made_up_case, made_up_study, mrd

WANTED = (
    {"endpoint": "efs", "origins": ("hsct", "diagnosis"), "horizons": ("12m",)},
    {"endpoint": "relapse", "origins": ("index",), "horizons": ("12m",)},
)
STUDY = made_up_study(estimates=WANTED)
COHORT = form_cohort([made_up_case("A-1"), made_up_case("A-2")], STUDY)


def test_status_and_cnsr_run_opposite_ways() -> None:
    assert [cnsr_of(status) for status in (0, 1, 2)] == [1, 0, 2]


def test_a_parameter_code_has_at_most_eight_capitals() -> None:
    codes = parameter_codes(start_clocks(COHORT.courses, STUDY))
    assert codes == {"efs.hsct": "EFSHSCT", "efs.diagnosis": "EFSDIAGN", "relapse.index": "RELAINDE"}


def test_two_parameters_never_have_one_code() -> None:
    """relapse and relapse_or_death from index are both RELAINDE when cut to eight letters."""
    relapse = {"label": "Relapse", "short": "R", "events": ("relapse",)}
    either = {"label": "Relapse or death", "short": "RD", "events": ("relapse", "death")}
    study = made_up_study(
        endpoints={"relapse": relapse, "relapse_or_death": either},
        estimates=(
            {"endpoint": "relapse", "origins": ("index",), "horizons": ("12m",)},
            {"endpoint": "relapse_or_death", "origins": ("index",), "horizons": ("12m",)},
        ),
    )
    rows = adtte_rows(start_clocks(COHORT.courses, study), study)
    assert {(row["PARAMCD"], row["PARAM"]) for row in rows} == {
        ("RELAINDE", "Relapse from start of blinatumomab (days)"),
        ("RELAIND2", "Relapse or death from start of blinatumomab (days)"),
    }


def test_delayed_entry_is_left_out_because_adtte_has_no_place_for_it() -> None:
    rows = adtte_rows(start_clocks(COHORT.courses, STUDY), STUDY)
    assert len(rows) == 3 * 2
    assert tuple(rows[0]) == ADTTE_COLUMNS


def test_a_row_says_what_ended_it_and_when() -> None:
    row = adtte_rows(start_clocks(COHORT.courses, STUDY), STUDY)[0]
    assert row == {
        "STUDYID": "Made-up",
        "USUBJID": "A-1",
        "PARAM": "Event-free survival from HSCT (days)",
        "PARAMCD": "EFSHSCT",
        "AVAL": 350,
        "CNSR": 1,
        "STARTDT": day(50).isoformat(),
        "ADT": day(400).isoformat(),
        "EVNTDESC": "",
        "CNSDTDSC": "seen alive",
    }


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_text_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    written = to_csv(["a"], [{"a": text}])
    assert next(csv.DictReader(io.StringIO(written, newline="")))["a"] == f"'{text}"


def test_a_carriage_return_cannot_end_a_row() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(["a", "b"], [{"a": "\rx", "b": "y\r\nz"}]), newline="")))
    assert rows == [{"a": "'\nx", "b": "y\nz"}]


def test_numbers_keep_their_sign_and_missing_values_are_empty() -> None:
    assert to_csv(["a", "b"], [{"a": -1, "b": None}, {"a": 0.5}]) == "a,b\n-1,\n0.5,\n"


ALIVE = {"follow_up": [{"date": day(400), "event": "seen alive"}]}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 400),
        ({"specimens": [mrd(430, "not detected", sensitivity_percent=0.01)]}, 430),
        ({"specimens": [{"specimen_date": day(431)}]}, 431),  # nothing of its result can be read
        ({"specimens": [mrd(390, "not detected", sensitivity_percent=0.01)]}, 400),
        (
            {"specimens": [{"specimen_date": ClinicalDate(day(401), day(500))}]},
            400,
        ),  # some day of several is no day
        ({"toxicity": [{"toxicity": "CRS", "onset_date": day(432), "grade": 2}]}, 432),
        ({"follow_up": [{"date": day(440), "event": "death"}]}, 50),
        ({"follow_up": [*ALIVE["follow_up"], {"date": day(440), "event": "death"}]}, 400),
    ],
)
def test_the_date_last_known_alive_is_the_last_day_that_shows_it(more, expected) -> None:
    course = build_course(made_up_case("A-1", {**ALIVE, **more}), STUDY)
    assert adsl_rows([course], STUDY)[0]["LSTALVDT"] == day(expected).isoformat()


def test_a_specimen_moves_no_clock_and_nothing_after_the_data_cut_shows_anyone_alive() -> None:
    late = {**ALIVE, "specimens": [mrd(430, "not detected", sensitivity_percent=0.01)]}
    cohort = form_cohort([made_up_case("A-1", late)], STUDY)
    [row] = [
        one for one in adtte_rows(start_clocks(cohort.courses, STUDY), STUDY) if one["PARAMCD"] == "EFSHSCT"
    ]
    assert (row["CNSR"], row["ADT"]) == (1, day(400).isoformat())
    cut = made_up_study(estimates=WANTED, data_cut=day(420))
    [course] = form_cohort([made_up_case("A-1", late)], cut).courses
    assert adsl_rows([course], cut)[0]["LSTALVDT"] == day(400).isoformat()
