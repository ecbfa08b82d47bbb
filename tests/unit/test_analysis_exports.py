"""CSV that other programs read: the right signs, and nothing a spreadsheet would run."""

import csv
import io

import pytest

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.exports import ADTTE_COLUMNS, adtte_rows, cnsr_of, parameter_codes, to_csv
from caseseries.analysis.outcomes import start_clocks
from made_up import day, made_up_case, made_up_study

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
