"""The laws of a survival analysis that hold whatever the data: M1 to M20, one test each or the name of the test that is.

`docs/laws.md` lists them. Rows have ties by chance. 1e-12 where only the order of additions differs; 1e-8 where a
coefficient is iterated.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.registry.coding import Layout, read_row
from caseseries.stats.comparison import WEIGHTS, compare_curves
from caseseries.stats.competing import incidence_curve
from caseseries.stats.events import EventTable, single_cause
from caseseries.stats.hazard import hazard_curve
from caseseries.stats.intervals import INTERVALS
from caseseries.stats.regression import fit_cox
from caseseries.stats.restricted import estimate_restricted_mean
from caseseries.stats.stratified import permute_within
from caseseries.stats.survival import estimate_quantile, estimate_survival, survival_curve
from stats_rows import count, count_entries, entry_rows, rows

TWO = st.integers(0, 1)


@st.composite
def groups(draw, number=2, least=3, most=15, statuses=TWO):
    return [draw(rows(least, most, 20, statuses)) for _ in range(number)]


@st.composite
def stretches(draw, last=30):
    """An increasing map of the days 0 to `last` to other days, 0 to 0."""
    steps = draw(st.lists(st.integers(1, 9), min_size=last, max_size=last))
    return np.append(0, np.cumsum(steps))


def mapped(listed, days):
    return [(int(days[stop]), status) for stop, status in listed]


def cox(pair, **options):
    """The coefficient of the second group; None where there is no finite one."""
    stop, event = np.array(pair[0] + pair[1]).T
    x = np.array([0.0] * len(pair[0]) + [1.0] * len(pair[1]))[:, None]
    model = fit_cox(stop, event, x, ["second"], **options)
    return None if model.because else model.coefficients[0]


def same(ours, theirs):
    assert (ours is None) == (theirs is None)
    if ours is not None:
        assert ours == pytest.approx(theirs, abs=1e-8)


@settings(max_examples=25)
@given(rows(), st.integers(2, 5), st.integers(1, 30))
def test_m2_stretching_time_stretches_restricted_means_and_not_hazards(listed, factor, horizon):
    slow, fast = count([(stop * factor, status) for stop, status in listed]), count(listed)
    ours, theirs = (
        estimate_restricted_mean(slow, horizon * factor),
        estimate_restricted_mean(fast, horizon),
    )
    for name in ("value", "lower", "upper"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert (mine is None) == (other is None)
        if mine is not None:
            assert mine == pytest.approx(other * factor, abs=1e-9)
    assert hazard_curve(slow).estimate.tolist() == hazard_curve(fast).estimate.tolist()


@settings(max_examples=25)
@given(groups(), stretches(), st.sampled_from([*WEIGHTS, "fleming-harrington"]))
def test_m3_only_the_order_of_days_matters(pair, days, weight):
    bent = [mapped(listed, days) for listed in pair]
    for listed, other in zip(pair, bent, strict=True):
        ours, theirs = survival_curve(count(other)), survival_curve(count(listed))
        assert ours.days.tolist() == days[theirs.days].tolist()
        for name in ("estimate", "lower", "upper"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    ours, theirs = (compare_curves([count(r) for r in p], weight=weight, rho=1) for p in (bent, pair))
    assert (ours.statistic, ours.df) == (theirs.statistic, theirs.df)
    same(cox(bent), cox(pair))


@settings(max_examples=20)
@given(groups(), st.integers(2, 3))
def test_m4_repeating_all_rows_keeps_breslows_ratio(pair, times):
    same(cox([listed * times for listed in pair], ties="breslow"), cox(pair, ties="breslow"))


@pytest.mark.parametrize("interval", INTERVALS)
@settings(max_examples=15)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_m6_without_events_survival_is_1_and_no_median_is_reached(interval, stops):
    table = count([(stop, 0) for stop in stops])
    assert survival_curve(table, interval=interval).estimate.tolist() == [1.0] * len(table.steps.days)
    median = estimate_quantile(table, interval=interval)
    assert (median.value, median.upper) == (None, None)
    assert estimate_restricted_mean(table, max(stops)).value == max(stops)


@settings(max_examples=25)
@given(groups(), st.integers(1, 4), st.sampled_from(list(WEIGHTS)))
def test_m7_a_stratum_alone_is_no_stratum_and_alike_strata_add(pair, times, weight):
    tables = [count(listed) for listed in pair]
    once, often = compare_curves(tables, weight=weight), compare_curves(*[tables] * times, weight=weight)
    assert (once.df or None) == (often.df or None)
    if once.statistic is not None:
        assert often.statistic == pytest.approx(times * once.statistic, rel=1e-12, abs=1e-12)
    empty = count([])
    assert compare_curves(tables, [empty, empty], weight=weight).statistic == once.statistic


@settings(max_examples=25)
@given(groups(3), st.sampled_from(list(WEIGHTS)), st.permutations(range(3)))
def test_m9_the_order_of_groups_is_nothing(three, weight, order):
    tables = [count(listed) for listed in three]
    ours, theirs = (compare_curves(t, weight=weight) for t in ([tables[i] for i in order], tables))
    assert (ours.statistic is None) == (theirs.statistic is None)
    if ours.statistic is not None:
        assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-9)
    if all(tables[i].n for i in range(2)):
        pairs = [(tables[0], tables[1])], [(tables[1], tables[0])]
        assert permute_within(pairs[0]).p == pytest.approx(permute_within(pairs[1]).p, abs=1e-9)


@settings(max_examples=25)
@given(rows(), st.integers(0, 9))
def test_m11_when_someone_is_censored_after_the_last_event_is_nothing(listed, later):
    """The estimate on the last event's day, its limits and numbers are the same, however long the others stay."""
    listed = [*listed, (5, 1), (31, 0)]
    events = [stop for stop, status in listed if status]
    longer = [(stop + later * (stop > max(events)), status) for stop, status in listed]
    ours, theirs = (estimate_survival(count(r), max(events)) for r in (longer, listed))
    assert ours == theirs


@settings(max_examples=25)
@given(rows(), st.integers(1, 4))
def test_m12_patients_lost_at_once_change_no_estimate(listed, lost):
    """Censored on day 0: they are at risk of an event on day 0 only, so without one the curve is the same."""
    listed = [(stop + 1, status) for stop, status in listed]
    table, more = count(listed), count(listed + [(0, 0)] * lost)
    ours, theirs = survival_curve(more), survival_curve(table)
    np.testing.assert_array_equal(ours.estimate[ours.days.searchsorted(theirs.days)], theirs.estimate)
    late = theirs.days > 0
    for name in ("lower", "upper"):
        mine = getattr(ours, name)[ours.days.searchsorted(theirs.days)]
        np.testing.assert_array_equal(mine[late], getattr(theirs, name)[late])


@settings(max_examples=25)
@given(entry_rows(), st.lists(st.integers(1, 5), min_size=40, max_size=40))
def test_m14_a_weight_is_as_many_rows(listed, weights):
    """A table whose counts are multiplied is the table of the repeated rows."""
    repeated = [row for row, times in zip(listed, weights, strict=False) for _ in range(times)]
    parts = [
        EventTable(t.days, t.entered * w, t.events * w, t.censored * w)
        for t, w in zip((count_entries([row]) for row in listed), weights, strict=False)
    ]
    assert sum(parts[1:], parts[0]) == count_entries(repeated)


@settings(max_examples=25)
@given(rows(statuses=st.integers(0, 2)))
def test_m15_entering_on_day_0_is_no_delay(listed):
    """But for an event on day 0 itself, of which only those there before it are at risk."""
    listed = [(stop + 1, status) for stop, status in listed]
    entered, plain = count_entries([(0, stop, status) for stop, status in listed]), count(listed)
    for cause in (1, 2):
        np.testing.assert_array_equal(
            incidence_curve(entered, cause).estimate, incidence_curve(plain, cause).estimate
        )
    ours, theirs = survival_curve(entered), survival_curve(plain)
    for name in ("days", "estimate", "lower", "upper", "at_risk"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@settings(max_examples=25)
@given(entry_rows(), st.integers(1, 29))
def test_m16_splitting_rows_changes_no_curve(listed, cut):
    """(start, stop] as (start, cut] without an event and (cut, stop] with it."""
    whole = [row for row in listed if not row[0] < cut < row[1]]
    split = [
        part
        for start, stop, status in listed
        if start < cut < stop
        for part in ((start, cut, 0), (cut, stop, status))
    ]
    ours, theirs = survival_curve(count_entries(whole + split)), survival_curve(count_entries(listed))
    at = ours.days.searchsorted(theirs.days)
    np.testing.assert_array_equal(ours.estimate[at], theirs.estimate)
    late = theirs.days > 0
    np.testing.assert_array_equal(ours.at_risk[at][late], theirs.at_risk[late])


@settings(max_examples=25)
@given(groups(2, 2), groups(2, 2), st.sampled_from(list(WEIGHTS)))
def test_m17_two_sites_counts_are_one_sites(first, second, weight):
    """Tables added, then compared: bit for bit what all rows in one place give."""
    added = [count(a) + count(b) for a, b in zip(first, second, strict=True)]
    pooled = [count(a + b) for a, b in zip(first, second, strict=True)]
    assert compare_curves(added, weight=weight) == compare_curves(pooled, weight=weight)
    for a, b in zip(added, pooled, strict=True):
        assert estimate_survival(a, 10) == estimate_survival(b, 10)


@given(st.integers(0, 400))
def test_m18_a_time_is_the_same_day_in_every_unit(months):
    """Months and years as a spreadsheet would hold them, whole or as decimals."""
    year = {"t": months / 12, "e": 1}
    ours = read_row({"t": months, "e": 1}, Layout("t", "e", unit="months"))
    assert ours == read_row(year, Layout("t", "e", unit="years"))
    assert ours == read_row({"t": ours.day, "e": 1}, Layout("t", "e"))


@settings(max_examples=25)
@given(rows(), st.lists(st.integers(31, 60), min_size=1, max_size=5))
def test_m19_who_was_never_under_observation_changes_nothing(listed, entries):
    """Those who enter after the last exit are in no risk set before they enter."""
    plain = count_entries([(0, max(stop, 1), status) for stop, status in listed])
    late = plain + count_entries([(start, start + 1, 0) for start in entries])
    ours, theirs = survival_curve(late, interval="log-log"), survival_curve(plain, interval="log-log")
    at = ours.days.searchsorted(theirs.days)
    for name in ("estimate", "lower", "upper", "at_risk"):
        np.testing.assert_array_equal(getattr(ours, name)[at], getattr(theirs, name))


@settings(max_examples=25)
@given(entry_rows())
def test_m20_numbers_balance_and_curves_fall(listed):
    """Those at risk next are those at risk now, less who left, with who came."""
    table = count_entries(listed)
    left = table.any_event + table.censored
    np.testing.assert_array_equal(table.at_risk[1:], table.at_risk[:-1] - left[:-1] + table.entered[:-1])
    curve = survival_curve(table)
    assert (np.diff(curve.estimate) <= 0).all()
    assert (np.diff(hazard_curve(table).estimate) >= 0).all()
    assert single_cause(table).causes == 1
