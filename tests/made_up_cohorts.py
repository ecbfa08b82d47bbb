"""Generated cohorts: up to eight made-up cases with transplants, relapses, deaths and negatives of any kind."""

from typing import Any

from hypothesis import strategies as st

from caseseries.record.patient import Patient
from made_up import day, made_up_case, mrd

LEVELS = st.sampled_from([0.06, 0.2, 1.0, 5.0])


@st.composite
def cases(draw: st.DrawFn, fewest: int = 1) -> list[Patient]:
    return [_case(draw, f"A-{number:02}") for number in range(draw(st.integers(fewest, 8)))]


def _case(draw: st.DrawFn, case_id: str) -> Patient:
    hsct = draw(st.integers(1, 60))
    last = hsct + draw(st.integers(0, 1500))
    follow_up: list[dict[str, Any]] = [
        {"date": day(last), "event": draw(st.sampled_from(["death", "seen alive"]))}
    ]
    if draw(st.booleans()) and last > hsct:
        follow_up.append({"date": day(draw(st.integers(hsct, last))), "event": "relapse"})
    negative = mrd(hsct, "not detected", sensitivity_percent=draw(st.sampled_from([0.001, 0.01, 0.1])))
    specimens = [mrd(-3, "quantified", mrd_percent=draw(LEVELS)), negative]
    forms = {"transplant": [{"hsct_date": day(hsct)}], "follow_up": follow_up, "specimens": specimens}
    return made_up_case(case_id, forms)
