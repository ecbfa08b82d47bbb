"""Small samples against brute force: every table, every choice of members, every resample."""

import itertools
from collections import Counter
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from caseseries.stats import stratified
from caseseries.stats.bootstrap import bootstrap_curves, bootstrap_exactly
from caseseries.stats.comparison import WEIGHTS, compare_curves
from caseseries.stats.contingency import compare_proportions, estimate_difference, estimate_odds_ratio
from caseseries.stats.events import count_at_risk, count_events, start_at, stop_at
from caseseries.stats.hazard import estimate_hazard, hazard_curve
from caseseries.stats.melding import (
    compare_medians,
    compare_survival,
    estimate_median_difference,
    estimate_survival_difference,
)
from caseseries.stats.permutation import permute_groups
from caseseries.stats.ranks import compare_values, estimate_shift
from caseseries.stats.reference import (
    Reference,
    count_expected,
    reference_from_horizons,
    reference_from_table,
)
from caseseries.stats.restricted import estimate_restricted_mean, last_day_with
from caseseries.stats.stratified import permute_within
from caseseries.stats.survival import estimate_survival
from stats_rows import count, count_entries, entry_rows, rows


@settings(max_examples=15)
@given(rows(2, 5, 8), rows(2, 4, 8), st.sampled_from(list(WEIGHTS)))
def test_the_permutation_p_value_counts_all_choices_of_members(ours, theirs, weight):
    """The sum whose permutations are counted is the numerator of the log-rank test itself, recomputed each time."""
    everyone = ours + theirs
    sums = []
    for chosen in itertools.combinations(range(len(everyone)), len(ours)):
        tables = [
            count([r for i, r in enumerate(everyone) if (i in chosen) == side]) for side in (True, False)
        ]
        sums.append(numerator(tables, weight))
    exact = permute_groups(count(ours), count(theirs), weight)
    seen = numerator([count(ours), count(theirs)], weight)
    assert exact.statistic == pytest.approx(seen, abs=1e-9)
    assert exact.p == pytest.approx(np.mean(np.abs(sums) >= abs(seen) - 1e-9), abs=1e-12)


def numerator(tables, weight):
    """Weighted observed less expected events of the first table, day by day."""
    days = sorted(
        {day for t in tables for day, d in zip(t.days.tolist(), t.any_event.tolist(), strict=True) if d}
    )
    pooled, left = 0.0, 1.0
    for day in days:
        y = [int(count_at_risk(t, np.array([day]))[0]) for t in tables]
        d = [int(t.any_event[t.days == day].sum()) for t in tables]
        left *= 1 - sum(d) / (sum(y) + 1)
        weights = {"log-rank": 1.0, "gehan": sum(y), "tarone-ware": sum(y) ** 0.5, "peto": left}
        pooled += weights[weight] * (d[0] - y[0] * sum(d) / sum(y))
    return pooled


@settings(max_examples=25)
@given(rows(), rows(), rows())
def test_a_log_rank_test_knows_no_order_of_groups_nor_unit_of_time(a, b, c):
    plain = compare_curves([count(a), count(b), count(c)])
    turned = compare_curves([count([(3 * t, s) for t, s in group]) for group in (c, a, b)])
    assert (plain.statistic is None) == (turned.statistic is None)
    if plain.statistic is not None:
        assert turned.statistic == pytest.approx(plain.statistic, rel=1e-9, abs=1e-12)
        assert sum(plain.observed) == pytest.approx(sum(plain.expected), abs=1e-9)


@settings(max_examples=25)
@given(rows(), rows())
def test_trend_over_two_groups_is_the_log_rank_test(a, b):
    plain, trend = (compare_curves([count(a), count(b)], scores=s) for s in (None, (1, 7)))
    assume(plain.statistic is not None)
    assert trend.statistic == pytest.approx(plain.statistic, rel=1e-9, abs=1e-12)
    assert trend.name == "log-rank test for trend"


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_tests_of_two_proportions_are_scipys(n1, n2, data):
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    table = [[x1, x2], [n1 - x1, n2 - x2]]
    assert compare_proportions(x1, n1, x2, n2).p == pytest.approx(stats.fisher_exact(table).pvalue, abs=1e-12)
    largest = largest_by_grid(x1, n1, x2, n2)
    assert compare_proportions(x1, n1, x2, n2, "barnard").p == pytest.approx(largest, abs=2e-4)
    assert compare_proportions(x1, n1, x2, n2, "barnard").p >= largest - 1e-12


def largest_by_grid(x1, n1, x2, n2):
    def score(a, b):
        pooled = Fraction(a + b, n1 + n2)
        spread = pooled * (1 - pooled) * (Fraction(1, n1) + Fraction(1, n2))
        return (Fraction(a, n1) - Fraction(b, n2)) ** 2 / spread if spread else Fraction(0)

    outcomes = [(a, b) for a in range(n1 + 1) for b in range(n2 + 1) if score(a, b) >= score(x1, x2)]
    p = np.linspace(0, 1, 301)
    return max(sum(stats.binom.pmf(a, n1, p) * stats.binom.pmf(b, n2, p) for a, b in outcomes))


@pytest.mark.parametrize("x", [(7, 10, 2, 11), (10, 18, 17, 52), (1, 6, 5, 7)])
def test_boschloo_is_scipys(x):
    table = [[x[0], x[2]], [x[1] - x[0], x[3] - x[2]]]
    assert compare_proportions(*x, "boschloo").p == pytest.approx(
        stats.boschloo_exact(table, n=256).pvalue, rel=1e-9
    )


def test_published_proportions():
    """56/70 against 48/80 (Newcombe 1998, Stat Med 17:873, table II method 10): .0524 to .3339; and 9/10 v 3/10."""
    ours = estimate_difference(56, 70, 48, 80)
    assert (round(ours.lower, 4), round(ours.upper, 4)) == (0.0524, 0.3339)
    ours = estimate_difference(9, 10, 3, 10)
    assert (round(ours.lower, 4), round(ours.upper, 4)) == (0.1705, 0.8090)


@settings(max_examples=25)
@given(*[st.lists(st.integers(0, 6), min_size=2, max_size=6)] * 2)
def test_ranks_with_ties_are_permuted_with_the_rest(a, b):
    def u(x, y):
        return sum((i > j) + (i == j) / 2 for i in x for j in y)

    everyone = a + b
    centre = len(a) * len(b) / 2
    found = []
    for chosen in itertools.combinations(range(len(everyone)), len(a)):
        x = [everyone[i] for i in chosen]
        found.append(u(x, [v for i, v in enumerate(everyone) if i not in chosen]))
    ours = compare_values(a, b)
    assert ours.statistic == u(a, b)
    assert ours.p == pytest.approx(
        np.mean(np.abs(np.array(found) - centre) >= abs(u(a, b) - centre)), abs=1e-12
    )
    shift = estimate_shift(a, b)
    if shift.lower is not None:
        assert shift.lower <= shift.value <= shift.upper


@settings(max_examples=20)
@given(rows(2, 4, 8), st.integers(0, 8))
def test_the_exact_bootstrap_is_all_resamples(listed, day):
    values, chances = bootstrap_exactly(count(listed), day)
    found = Counter(
        round(float(count(list(sample)).steps.survival[count(list(sample)).steps.row(day)]), 12)
        for sample in itertools.product(listed, repeat=len(listed))
    )
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    assert dict(zip(values.tolist(), chances.tolist(), strict=True)) == pytest.approx(
        {value: times / len(listed) ** len(listed) for value, times in found.items()}, abs=1e-12
    )


def test_drawn_bootstrap_curves_agree_with_the_exact_ones():
    table = count(
        [
            (35, 1),
            (57, 1),
            (60, 0),
            (70, 0),
            (92, 1),
            (108, 1),
            (133, 1),
            (300, 0),
            (500, 0),
            (900, 0),
            (1163, 0),
        ]
    )
    values, chances = bootstrap_exactly(table, 365)
    assert comb(21, 11) == 352716
    drawn = bootstrap_curves(table, [100, 365], 10000, np.random.default_rng(11))
    error = np.sqrt((values**2 @ chances - (values @ chances) ** 2) / 10000)
    assert drawn[:, 1].mean() == pytest.approx(values @ chances, abs=4 * error)
    assert (drawn[:, 1] <= drawn[:, 0]).all()
    with pytest.raises(ValueError, match="200 patients have too many resamples to list: draw them"):
        bootstrap_exactly(count([(day, 1) for day in range(200)]), 5)
    with pytest.raises(ValueError, match="all under observation from the outset"):
        bootstrap_curves(count_events([3, 9], [1, 1], [0, 5]), [1], 10, np.random.default_rng(1))


@settings(max_examples=20)
@given(st.integers(1, 8), st.integers(1, 8), st.data())
def test_without_censoring_the_melded_test_is_fishers_on_each_side(n1, n2, data):
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    a, b = (count([(5, 1)] * (n - x) + [(9, 1)] * x) for x, n in ((x1, n1), (x2, n2)))
    table = [[x1, x2], [n1 - x1, n2 - x2]]
    sides = [stats.fisher_exact(table, alternative=side).pvalue for side in ("greater", "less")]
    ours = compare_survival(a, b, 6)
    assert ours.p == pytest.approx(min(1, 2 * min(sides)), abs=1e-9)
    limits = estimate_survival_difference(a, b, 6)
    assert limits.value == pytest.approx(x1 / n1 - x2 / n2)
    assert limits.lower - 1e-12 <= limits.value <= limits.upper + 1e-12
    if abs(ours.p - 0.05) > 1e-6:
        assert (ours.p < 0.05) == (limits.lower > 0 or limits.upper < 0)


@settings(max_examples=15)
@given(rows(3, 12, 9), rows(3, 12, 9))
def test_melded_limits_change_sign_with_the_groups(a, b):
    ours, other = (estimate_survival_difference(count(x), count(y), 4) for x, y in ((a, b), (b, a)))
    assume(ours.value is not None)
    assert (ours.lower, ours.upper) == pytest.approx((-other.upper, -other.lower), abs=1e-9)
    medians = [estimate_median_difference(count(x), count(y)) for x, y in ((a, b), (b, a))]
    flipped = [None if v is None else -v for v in (medians[1].value, medians[1].upper, medians[1].lower)]
    assert [medians[0].value, medians[0].lower, medians[0].upper] == flipped


def test_melded_limits_are_those_of_drawn_limit_variables():
    """The definition, by a million draws of the beta variables: limits to 0.002."""
    a, b = count([(5, 1)] * 2 + [(9, 0)] * 8), count([(5, 1)] * 6 + [(9, 0)] * 3)
    random = np.random.default_rng(8)
    (a_low, a_high), (b_low, b_high) = [
        (random.beta(x, n - x + 1, 10**6), random.beta(x + 1, n - x, 10**6)) for x, n in ((8, 10), (3, 9))
    ]
    ours = estimate_survival_difference(a, b, 6)
    assert ours.lower == pytest.approx(np.quantile(a_low - b_high, 0.025), abs=0.002)
    assert ours.upper == pytest.approx(np.quantile(a_high - b_low, 0.975), abs=0.002)


@settings(max_examples=25)
@given(entry_rows(), st.integers(1, 29))
def test_starting_at_a_landmark_is_counting_those_who_reached_it(listed, landmark):
    reached = [(start, stop, status) for start, stop, status in listed if stop > landmark]
    stop = [stop - landmark for _, stop, _ in reached]
    ours = start_at(count_entries(listed), landmark)
    assert ours.n == len(reached)
    for day in range(1, 31 - landmark):
        at_risk = sum(
            max(start - landmark, -1) < day <= left for (start, _, _), left in zip(reached, stop, strict=True)
        )
        assert count_at_risk(ours, np.array([day]))[0] == at_risk
    assert ours.any_event.sum() == sum(status > 0 for _, _, status in reached)


@settings(max_examples=25)
@given(rows(), st.integers(0, 29), st.integers(0, 30))
def test_survival_given_a_landmark_is_the_quotient(listed, landmark, day):
    table = count(listed)
    whole, early = estimate_survival(table, max(day, landmark)), estimate_survival(table, landmark)
    given_landmark = estimate_survival(start_at(table, landmark), max(day, landmark) - landmark)
    assume(whole.value is not None and early.value and given_landmark.value is not None)
    assert given_landmark.value * early.value == pytest.approx(whole.value, abs=1e-12)


@settings(max_examples=25)
@given(entry_rows(), st.integers(0, 31))
def test_stopping_at_a_horizon_is_censoring_there(listed, horizon):
    cut = [(a, min(b, horizon), s * (b <= horizon)) for a, b, s in listed if a < horizon]
    ours = stop_at(count_entries(listed), horizon)
    wanted = count_entries(cut) if cut else count_events([], [], causes=2)
    for day in range(32):
        assert count_at_risk(ours, np.array([day])) == count_at_risk(wanted, np.array([day]))
    assert (ours.n, ours.any_event.sum(), ours.censored.sum()) == (
        wanted.n,
        wanted.any_event.sum(),
        wanted.censored.sum(),
    )


@settings(max_examples=25)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_without_censoring_the_restricted_mean_is_the_mean(stops):
    ours = estimate_restricted_mean(count([(stop, 1) for stop in stops]), 30)
    assert ours.value == pytest.approx(np.mean(stops), abs=1e-9)
    if ours.lower is not None and ours.lower > 0 and ours.upper < 30:
        assert (ours.upper - ours.value) / 1.959963984540054 == pytest.approx(
            np.std(stops) / len(stops) ** 0.5, rel=1e-9
        )


@settings(max_examples=25)
@given(entry_rows())
def test_nelson_aalen_is_the_sum_of_fractions(listed):
    curve = hazard_curve(count_entries(listed), cause=1)
    exact = 0.0
    for day, estimate in zip(curve.days.tolist(), curve.estimate.tolist(), strict=True):
        fell = sum(stop == day and status == 1 for _, stop, status in listed)
        at_risk = sum(start < day <= stop for start, stop, _ in listed)
        exact += fell / at_risk if fell else 0
        assert estimate == pytest.approx(exact, abs=1e-12)


@settings(max_examples=25)
@given(entry_rows())
def test_expected_events_are_the_patients_own_hazards(listed):
    reference = reference_from_horizons({10: 0.6, 30: 0.2})
    observed, expected, _ = count_expected(count_entries(listed), reference)

    def hazard(day):
        return np.interp(day, [0, 10, 30], -np.log([1, 0.6, 0.2]))

    assert observed == sum(status > 0 for _, _, status in listed)
    assert expected == pytest.approx(sum(hazard(stop) - hazard(start) for start, stop, _ in listed), abs=1e-9)


@settings(max_examples=30)
@given(rows(3, 12, 12), rows(5, 30, 12))
def test_the_references_own_variance_is_that_of_the_sum_of_its_hazards(listed, theirs):
    """Var of sum_i A(t_i) = sum_ij var A(min(t_i, t_j)), pair by pair."""
    reference = reference_from_table(count(theirs))
    _, _, variance = count_expected(count(listed), reference)
    last = int(reference.days[-1])

    def own(day):
        return reference.variance[np.searchsorted(reference.days, min(day, last), side="right") - 1]

    pairs = sum(own(min(s, t)) for (s, _), (t, _) in itertools.product(listed, listed))
    assert variance == pytest.approx(pairs, abs=1e-9)


def test_the_latest_horizon_that_keeps_three_at_risk():
    table = count([(35, 1), (57, 1), (60, 0), (300, 0), (500, 0), (900, 0)])
    assert (last_day_with(table, 3), last_day_with(table, 1), last_day_with(table, 7)) == (300, 900, None)
    assert table.steps.at_risk_on(300) == 3
    assert table.steps.at_risk_on(301) == 2


def test_what_has_no_answer_says_why():
    late = count_events([5, 9], [1, 1], [0, 7])
    plain = count([(5, 1), (9, 0)])
    assert permute_groups(late, plain).because == "members cannot be exchanged under delayed entry"
    assert (
        compare_survival(late, plain, 5).because == "beta product limits are not defined under delayed entry"
    )
    assert estimate_survival_difference(plain, plain, 10).because.startswith("nobody was followed to day 10")
    assert estimate_median_difference(plain, count([])).because == "a group is empty"
    assert estimate_hazard(plain, 20).because == "nobody was followed to day 20"
    assert estimate_hazard(plain, 2).caveats == (
        "no event yet: the cumulative hazard is 0 and its limits are not defined",
    )
    assert compare_proportions(0, 0, 1, 2).because == "a group is empty"
    assert estimate_odds_ratio(0, 3, 0, 4).because == "the margins allow one table only"
    assert compare_values([], [1]).because == "a group is empty"
    assert estimate_shift([1, 2], [3]).caveats == ("2 and 1 values are too few for a 95 % interval",)
    with pytest.raises(ValueError, match="a missing value has no rank"):
        compare_values([float("nan")], [1])
    with pytest.raises(ValueError, match="too many sums for an exact test"):
        permute_groups(count([(d, 1) for d in range(40)]), count([(d, 1) for d in range(40, 80)]))
    with pytest.raises(ValueError, match="does not fall from 1 over days after 0"):
        reference_from_horizons({365: 0.5, 730: 0.6})
    with pytest.raises(ValueError, match="weight 'wilcoxon' is not one of log-rank, gehan"):
        compare_curves([plain, plain], weight="wilcoxon")
    assert isinstance(reference_from_table(plain), Reference)


@settings(max_examples=25)
@given(
    st.lists(rows(2, 7, 6), min_size=1, max_size=3), st.sampled_from(["log-rank", "gehan", "peto"]), st.data()
)
def test_stratified_permutation_is_all_exchanges_within_strata(strata, weight, data):
    """A second implementation: every choice of the group's members in every stratum, scored afresh."""
    sizes = [data.draw(st.integers(1, len(layer) - 1)) for layer in strata]
    chosen = [
        [
            numerator(
                [count([r for i, r in enumerate(layer) if (i in members) == side]) for side in (True, False)],
                weight,
            )
            for members in itertools.combinations(range(len(layer)), size)
        ]
        for layer, size in zip(strata, sizes, strict=True)
    ]
    sums = np.array([sum(parts) for parts in itertools.product(*chosen)])
    pairs = [(count(layer[:size]), count(layer[size:])) for layer, size in zip(strata, sizes, strict=True)]
    ours = permute_within(pairs, weight)
    assert ours.name.startswith("exact stratified")
    assert ours.statistic == pytest.approx(sums[0], abs=1e-9)
    assert ours.p == pytest.approx(np.mean(np.abs(sums) >= abs(sums[0]) - 1e-7), abs=1e-9)


def test_one_stratum_is_no_stratum():
    a, b = (count([(d, d % 2) for d in days]) for days in (range(1, 12), range(4, 18)))
    assert permute_within([(a, b)]).p == pytest.approx(permute_groups(a, b).p, abs=1e-9)
    assert permute_within([(a, b), (a, count([]))]).p == permute_within([(a, b)]).p


def test_drawn_permutations_within_strata_agree_with_all_of_them(monkeypatch):
    layers = [
        (count([(d, 1) for d in range(k, k + 6)]), count([(d, d % 3 > 0) for d in range(2, 9)]))
        for k in (1, 3)
    ]
    exact = permute_within(layers)
    monkeypatch.setattr(stratified, "MOST_SUMS", 1)
    with pytest.raises(ValueError, match="too many sums for an exact test"):
        permute_within(layers)
    drawn = permute_within(layers, "log-rank", 20_000, np.random.default_rng(5))
    assert drawn.name == "Monte Carlo stratified log-rank permutation test"
    assert drawn.p == pytest.approx(exact.p, abs=4 * (exact.p * (1 - exact.p) / 20_000) ** 0.5)
    assert drawn.caveats[0].startswith("20000 random permutations: standard error of p 0.00")


def test_what_cannot_be_exchanged_within_strata():
    late, plain = count_events([5, 9], [1, 1], [0, 7]), count([(5, 1), (9, 0)])
    assert permute_within([(late, plain)]).because == "members cannot be exchanged under delayed entry"
    assert permute_within([(plain, count([]))]).because == "no stratum has patients of both groups"
    assert permute_within([(count([(5, 0)]), count([(6, 0)]))]).p == 1


@settings(max_examples=20)
@given(rows(3, 14, 9), rows(3, 14, 9))
def test_the_test_of_medians_is_that_of_its_limits(a, b):
    """p <= 0.05 exactly where 0 lies outside the 95 % limits; and both groups may be named first."""
    ours, limits = compare_medians(count(a), count(b)), estimate_median_difference(count(a), count(b))
    outside = (limits.lower is not None and limits.lower > 0) or (
        limits.upper is not None and limits.upper < 0
    )
    if abs(ours.p - 0.05) > 1e-9:
        assert (ours.p < 0.05) == outside
    assert compare_medians(count(b), count(a)).p == pytest.approx(ours.p, abs=1e-12)


def test_medians_far_apart_and_alike():
    early, late = count([(d, 1) for d in range(1, 12)]), count([(d, 1) for d in range(30, 45)])
    assert compare_medians(early, late).p < 0.01
    assert compare_medians(early, early).p == 1
    assert compare_medians(early, count([])).because == "a group is empty"
    entered = count_events([3, 9], [1, 1], [0, 5])
    assert (
        compare_medians(early, entered).because == "beta product limits are not defined under delayed entry"
    )
