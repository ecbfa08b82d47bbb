"""A curve drawn from known times must come back as those counts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.evidence.reconstruct import PrintedCurve, reconstruct
from caseseries.stats.events import count_events
from caseseries.stats.survival import survival_curve

# Freireich 1963, 6-MP arm: 21 patients, weeks to relapse and censoring (as printed by Guyot and by every textbook)
SIX_MP = [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0),
          (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]  # fmt: skip


def print_curve(rows, risk_days, decimals: int | None = None) -> PrintedCurve:
    stop, event = zip(*rows, strict=True)
    curve = survival_curve(count_events(list(stop), [int(e) for e in event]))
    steps = [
        (int(d), float(s)) for d, s, e in zip(curve.days, curve.estimate, curve.events, strict=True) if e
    ]
    at_risk = tuple(sum(s >= day for s in stop) for day in risk_days)
    survival = tuple(s if decimals is None else round(s, decimals) for _, s in steps)
    return PrintedCurve(tuple(d for d, _ in steps), survival, tuple(risk_days), at_risk, max(stop))


def test_freireich_comes_back_with_its_events_and_numbers_at_risk() -> None:
    printed = print_curve(SIX_MP, [0, 10, 20, 30], decimals=3)
    found = reconstruct(printed)
    assert len(found.rows) == 21
    assert [day for day, event in found.rows if event] == [6, 6, 6, 7, 10, 13, 16, 22, 23]
    again = print_curve(found.rows, [0, 10, 20, 30])
    assert again.at_risk == printed.at_risk
    assert found.error <= 0.0005
    assert max(abs(a - b) for a, b in zip(again.survival, printed.survival, strict=True)) == pytest.approx(
        found.error
    )


def test_the_letters_curve_needs_its_censorings() -> None:
    """47 % with five events of eleven: two children leave between day 57 and 92, or the curve cannot be met."""
    survival = (10 / 11, 9 / 11, 9 / 11 * 6 / 7, 9 / 11 * 6 / 7 * 5 / 6, 9 / 11 * 6 / 7 * 5 / 6 * 4 / 5)
    found = reconstruct(PrintedCurve((35, 57, 92, 108, 133), survival, (0, 365), (11, 2), 1163))
    assert found.error < 1e-12
    assert found.exhaustive
    assert sum(not event and 57 < day < 92 for day, event in found.rows) == 2
    assert sum(day >= 365 for day, _ in found.rows) == 2


@given(
    st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=12).filter(
        lambda rows: any(event for _, event in rows)
    )
)
@settings(max_examples=60)
def test_numbers_at_risk_are_met_and_the_curve_is_within_its_stated_error(rows) -> None:
    printed = print_curve(rows, [0, 10, 20, 30])
    found = reconstruct(printed)
    again = print_curve(found.rows, [0, 10, 20, 30])
    assert again.at_risk == printed.at_risk
    assert found.error < 1e-9
    assert again.days == printed.days
    assert again.survival == pytest.approx(printed.survival, abs=1e-9)


@pytest.mark.parametrize(
    ("curve", "sentence"),
    [
        (PrintedCurve((5, 9), (0.8, 0.9), (0,), (10,), 20), "the curve rises from 0.8 to 0.9 on day 9"),
        (
            PrintedCurve((5,), (0.8,), (0, 10), (10, 12), 20),
            "the number at risk grows from 10 to 12 on day 10",
        ),
        (PrintedCurve((5,), (0.8,), (3,), (10,), 20), "the numbers at risk must begin on day 0"),
    ],
)
def test_impossible_curves_are_refused_in_words(curve: PrintedCurve, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        reconstruct(curve)


def test_a_larger_curve_says_that_censorings_were_spread_and_how_far_it_is_off() -> None:
    """Sixty cases and twenty events between two printed numbers at risk: too many ways to try."""
    rows = [(7 * k + 3, k % 3 == 0) for k in range(60)]
    printed = print_curve(rows, [0, 300], decimals=3)
    found = reconstruct(printed)
    again = print_curve(found.rows, [0, 300])
    assert not found.exhaustive
    assert again.at_risk == printed.at_risk
    assert len(found.rows) == 60
    assert found.error < 0.02


@st.composite
def digitised(draw) -> tuple[PrintedCurve, list[tuple[int, bool]]]:
    """A curve read with an error at every point, also where it is flat, beside the numbers at risk of its cohort."""
    last = draw(st.integers(2, 40))
    rows = draw(st.lists(st.tuples(st.integers(1, last), st.booleans()), min_size=1, max_size=12))
    days = sorted({draw(st.integers(0, last)) for _ in range(4)} | {day for day, event in rows if event})
    values: list[float] = []
    for day in days:
        off = draw(st.sampled_from([-0.01, 0.0, 0.0, 0.004]))
        values.append(max(0.0, min(values[-1] if values else 1.0, stands_at(rows, day) + off)))
    ticks = sorted({0, *draw(st.lists(st.integers(1, last), max_size=4))})
    at_risk = tuple(sum(stop >= tick for stop, _ in rows) for tick in ticks)
    end = max(days[-1], ticks[-1])
    return PrintedCurve(tuple(days), tuple(values), tuple(ticks), at_risk, end), rows


def stands_at(rows, day: int) -> float:
    """Kaplan–Meier's product up to a day, by its definition."""
    survival = 1.0
    for here in sorted({stop for stop, event in rows if event and stop <= day}):
        at_risk = sum(stop >= here for stop, _ in rows)
        survival *= 1 - sum(event and stop == here for stop, event in rows) / at_risk
    return survival


@given(digitised())
@settings(max_examples=200, deadline=None)
def test_the_stated_error_is_that_of_the_times_given_back(case) -> None:
    """However badly the curve was read: as far off as is said, and with the numbers at risk as printed."""
    printed, _ = case
    found = reconstruct(printed)
    away = [abs(stands_at(found.rows, d) - s) for d, s in zip(printed.days, printed.survival, strict=True)]
    assert max(away) == pytest.approx(found.error, abs=1e-9)
    assert tuple(sum(stop >= d for stop, _ in found.rows) for d in printed.risk_days) == printed.at_risk
    assert all(0 <= stop <= printed.last_day for stop, _ in found.rows)


def test_a_curve_read_on_after_it_reached_nought_comes_back() -> None:
    found = reconstruct(PrintedCurve((5, 9, 12, 20), (0.5, 0.0, 0.0, 0.0), (0,), (2,), 20))
    assert found.rows == ((5, True), (9, True))
    assert found.error == 0


def test_nobody_leaves_before_an_event_on_the_day_at_which_he_was_at_risk() -> None:
    """Printed at risk on day 10 is at risk at the event of day 10: with 4 there, the curve falls by a quarter, not a third."""
    found = reconstruct(PrintedCurve((10,), (0.667,), (0, 10), (4, 4), 30))
    assert (10, True) in found.rows
    assert found.error == pytest.approx(0.75 - 0.667)


@pytest.mark.parametrize("n", [6, 60])
def test_a_curve_is_taken_to_nought_by_one(n: int) -> None:
    """Half are left when it falls to 0: by one of them, the others having been censored, and not by all at once."""
    days = tuple(range(1, n // 2 + 1))
    steps = (*(1 - day / n for day in days), 0.0)
    found = reconstruct(PrintedCurve((*days, 500), steps, (0,), (n,), 500))
    assert sum(event and day == 500 for day, event in found.rows) == 1
    assert found.error < 1e-9
