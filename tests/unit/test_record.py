"""Dates that may be intervals, levels that are never bare numbers, rows that remember their cells."""

from datetime import date

import pytest

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.record.dates import ClinicalDate
from caseseries.record.levels import Level, LevelState
from made_up import day, made_up_case


def test_a_day_is_exact_and_a_month_is_not() -> None:
    month = ClinicalDate(date(2021, 3, 1), date(2021, 3, 31))
    assert ClinicalDate.on(date(2021, 3, 5)).exact == date(2021, 3, 5)
    assert month.exact is None
    assert str(month) == "between 2021-03-01 and 2021-03-31"


def test_a_date_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match=r"cannot end \(2021-03-01\) before it begins \(2021-03-02\)"):
        ClinicalDate(date(2021, 3, 2), date(2021, 3, 1))


@pytest.mark.parametrize("state", [state for state in LevelState if state is not LevelState.QUANTIFIED])
def test_only_a_quantified_level_has_a_value(state: LevelState) -> None:
    with pytest.raises(ValueError, match="has no value"):
        Level(state, 0.1)


def test_a_quantified_level_needs_its_value() -> None:
    with pytest.raises(ValueError, match="needs value"):
        Level(LevelState.QUANTIFIED)


@pytest.mark.parametrize(
    ("level", "bounds"),
    [
        (Level(LevelState.QUANTIFIED, 0.002, 1e-5, 1e-4), (0.002, 0.002)),
        (Level(LevelState.NOT_DETECTED, None, 1e-4), (0.0, 1e-4)),
        (Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-4), (0.0, 1e-4)),
        # Without its limit a negative excludes nothing.
        (Level(LevelState.NOT_DETECTED), (0.0, 1.0)),
        (Level(LevelState.BELOW_RANGE), (0.0, 1.0)),
        (Level(LevelState.NOT_EVALUABLE), (0.0, 1.0)),
    ],
)
def test_what_a_level_allows(level: Level, bounds: tuple[float, float]) -> None:
    assert level.bounds() == bounds


def test_a_row_gives_each_kind_of_value_only_as_what_it_is() -> None:
    lines = [{"toxicity": "CRS", "onset_date": day(2), "grade": 2, "steroids": True}]
    (row,) = made_up_case(forms={"toxicity": lines}).form("toxicity")
    assert (row.text("toxicity"), row.date("onset_date"), row.number("grade"), row.flag("steroids")) == (
        "CRS",
        day(2),
        2.0,
        True,
    )
    assert (row.text("grade"), row.date("grade"), row.number("toxicity"), row.flag("missing")) == (None,) * 4
    assert [source.raw for source in row.sources("grade", "missing", "toxicity")] == ["2", "CRS"]


def test_a_form_that_was_not_filled_is_empty() -> None:
    patient = made_up_case()
    assert patient.form("toxicity") == ()
    assert patient.only("toxicity") is None


def test_a_finding_is_a_sentence_with_its_place() -> None:
    where = Where("returns/x.xlsx", "Patients", "B2")
    finding = Finding(where, "x.y", Severity.VALUE, "found 7", "a date", "Did you mean 2007?")
    assert str(finding) == "returns/x.xlsx › Patients › B2: found 7. Allowed: a date. Did you mean 2007?"
    assert str(StudyError([finding, finding])).count("\n") == 1
