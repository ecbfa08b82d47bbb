"""Day or month first: decided by the other dates of the column, or asked about."""

from datetime import date

import pytest

from caseseries.intake.clinical_dates import needs_order, order_of_texts
from return_folder import lines_of, read_back, together


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        ([], ""),
        (["03/04/2018", "01.02.2019"], ""),
        (["03/04/2018", "25/04/2018"], "day first"),
        (["03/04/2018", "04/25/2018"], "month first"),
        (["25/04/2018", "04/25/2018"], ""),
        (["03/04/2018", "32/13/2018"], ""),
        (["03/04/2018", "2018-04-25", "25 April 2018"], ""),
    ],
)
def test_the_order_is_told_by_dates_that_can_be_read_in_one_way_only(texts, order):
    assert order_of_texts(texts) == order


def test_only_a_date_that_needed_the_order_carries_a_note():
    assert needs_order("03/04/2018", "day first")
    assert not needs_order("25/04/2018", "day first")
    assert not needs_order("04/04/2018", "day first")
    assert not needs_order("2018-04-03", "day first")
    assert needs_order("04/25/2018", "month first")
    assert not needs_order("03/04/2018", "")


def diagnosed(*days):
    return together(
        *(
            lines_of(
                f"A-{i}",
                diagnosis=[{"diagnosis_date": day}],
                treatment=[],
                transplant=[],
                specimens=[],
                toxicity=[],
                follow_up=[],
            )
            for i, day in enumerate(days)
        )
    )


def dates_of(returns):
    return [patient.only("diagnosis").date("diagnosis_date") for patient in returns.patients]


def test_one_date_decides_for_its_column_and_says_so(tmp_path):
    returns, findings = read_back(tmp_path, diagnosed("25/09/2016", "03/10/2016"))
    assert dates_of(returns) == [date(2016, 9, 25), date(2016, 10, 3)]
    assert findings == [
        "note intake.order-by-column: returns/leeds.xlsx › Diagnosis › B3: “03/10/2016” is read as 2016-10-03: other "
        "dates of the column can only be day first. Allowed: a date, like 2018-03-25; or 2018-03 or 2018 when the day "
        "is not known. Correct it if another day was meant."
    ]


def test_a_column_with_months_first_is_read_so_and_each_says_so(tmp_path):
    returns, findings = read_back(tmp_path, diagnosed("09/25/2016", "10/03/2016"))
    assert dates_of(returns) == [date(2016, 9, 25), date(2016, 10, 3)]
    assert [finding.split(":")[0] for finding in findings] == ["note intake.order-by-column"] * 2


def test_a_contradiction_decides_nothing(tmp_path):
    returns, findings = read_back(tmp_path, diagnosed("25/09/2016", "09/25/2016", "03/10/2016"))
    assert dates_of(returns) == [date(2016, 9, 25)]
    assert [finding.split(":")[0] for finding in findings] == [
        "case intake.no-such-day",
        "case intake.day-or-month",
    ]
