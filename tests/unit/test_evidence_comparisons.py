"""Comparisons with published outcomes, against closed forms and published power calculations."""

from math import comb, erfc, exp, lgamma, log

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, nbinom

from caseseries.evidence.comparators import Comparator, check_match, find_comparators, load_library
from caseseries.evidence.comparisons import (
    Expected,
    Posterior,
    compare_follow_up,
    compare_horizon,
    effective_number,
    effective_size,
    estimate_difference,
    estimate_ratio,
    exceeds,
    expect,
    find_tipping_point,
    mix,
    weigh,
)
from caseseries.evidence.outcomes import beta_of, limits_of, make_outcome, published_beta, published_reference
from caseseries.stats.events import count_events


def comparator(**changes) -> Comparator:
    plain = {
        "study": "Study", "population": "all", "n": 100, "endpoint": "EFS", "origin": "diagnosis",
        "years": 3.0, "estimate": 45.0, "mark": "read", "source": "made up",
    }  # fmt: skip
    return Comparator.model_validate({**plain, **changes})


def test_the_library_ships_every_estimate_with_source_and_mark() -> None:
    library = load_library()
    assert len(library) == 51
    assert all(c.source and c.mark for c in library)
    cuts = {c.study: c.data_cut for c in library if c.study.startswith("van der Sluis")}
    assert cuts == {
        "van der Sluis 2023": "median follow-up 26.3 months",
        "van der Sluis 2025/26 update": "median follow-up 4.2 years",
    }
    assert find_comparators("Interfant-99", "EFS", 6.0)[0].estimate == 46.4
    assert (
        find_comparators("Interfant-06 HR", "OS", 6.0)[0].verified == "read; n or interval recalled — verify"
    )


def test_a_data_cut_is_told_with_the_source() -> None:
    """An estimate that rises with follow-up, as this trial's did, is one of another cut and not of another cohort."""
    update = find_comparators("van der Sluis 2025/26 update", "DFS", 4.0)
    assert make_outcome(update).told.endswith(" (read); data cut: median follow-up 4.2 years")


def test_different_origins_are_refused_with_immortal_time_and_selection_in_words() -> None:
    (refusal,) = check_match("EFS", "HSCT", comparator())
    assert refusal.because == (
        "EFS from HSCT is not EFS from diagnosis: who was to be counted from HSCT had first to live to it "
        "(immortal time), and was chosen for it (selection)"
    )
    assert refusal.do == "Take the origin diagnosis, or state how the two may be compared"


def test_different_endpoints_are_refused() -> None:
    (refusal,) = check_match("OS", "diagnosis", comparator())
    assert refusal.because == "OS counts other events than EFS of Study"
    assert check_match("EFS", "diagnosis", comparator()) == []
    (refusal,) = check_match("EFS", "diagnosis", comparator(endpoint="DFS"))
    assert refusal.because == "DFS of Study is counted only from remission, EFS is not"


@pytest.mark.parametrize(("free", "rejected"), [(5, False), (6, True)])
def test_exact_binomial_rejects_20_9_percent_from_six_of_eleven(free: int, rejected: bool) -> None:
    """One-sided 5 %: reject at 6 or more of 11, with size 0.0145."""
    tail = sum(comb(11, k) * 0.209**k * 0.791 ** (11 - k) for k in range(free, 12))
    assert (tail < 0.05) is rejected
    if free == 6:
        assert tail == pytest.approx(0.0145, abs=5e-5)
    table = count_events([100] * (11 - free) + [1100] * free, [1] * (11 - free) + [0] * free)
    test = compare_horizon(table, 1095, 0.209)
    assert test.p is not None
    assert test.p == pytest.approx(tail, abs=0.03)  # two-sided adds at most the few outcomes below


def test_exact_binomial_needs_complete_follow_up() -> None:
    table = count_events([35, 57, 58, 400], [1, 1, 0, 0])
    test = compare_horizon(table, 365, 0.45)
    assert test.p is None
    assert test.because == "1 of 4 were censored before day 365; the test needs complete follow-up"


def closed_form(ours: tuple[int, int], theirs: tuple[int, int]) -> float:
    """P(X > Y) for whole-number parameters, as a finite sum of beta functions."""

    def log_beta(a: float, b: float) -> float:
        return lgamma(a) + lgamma(b) - lgamma(a + b)

    (a, b), (c, d) = ours, theirs
    return sum(
        exp(log_beta(c + i, d + b) - log(b + i) - log_beta(1 + i, b) - log_beta(c, d)) for i in range(a)
    )


def alone(a: float, b: float) -> Posterior:
    return Posterior(((1.0, (a, b)),))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [((6, 7), (45, 55)), ((12, 1), (20, 80)), ((1, 1), (3, 9)), ((2, 1), (900, 2100)), ((1, 12), (1, 1))],
)
def test_probability_of_being_better_is_the_closed_form(ours, theirs) -> None:
    """To 2e-6: the densities are summed over 2,048 places."""
    assert exceeds(alone(*ours), theirs) == pytest.approx(closed_form(ours, theirs), abs=2e-6)


def test_the_difference_has_the_mean_and_tails_of_drawn_pairs() -> None:
    """To 0.005: a million pairs leave a quantile's Monte Carlo error well below that."""
    draw = np.random.default_rng(1)
    ours, theirs = draw.beta(2.3, 1.3, 10**6), draw.beta(120, 240, 10**6)
    mean, low, high = estimate_difference(alone(2.3, 1.3), (120.0, 240.0))
    assert mean == pytest.approx(2.3 / 3.6 - 1 / 3)
    assert (low, high) == pytest.approx(np.quantile(ours - theirs, [0.025, 0.975]), abs=0.005)


@pytest.mark.parametrize(("observed", "expected", "own"), [(2, 4.8, 0.35), (0, 3.0, 0.2), (7, 4.1, 1.5)])
def test_limits_of_the_ratio_leave_the_tails_of_the_negative_binomial(observed, expected, own) -> None:
    """At each limit, events as extreme as those seen have probability 2.5 % when the expectation is gamma."""
    ratio = estimate_ratio(Expected(11, observed, expected, own))
    shape = expected**2 / own

    def at_most(k: int, true: float) -> float:
        return float(nbinom.cdf(k, shape, shape / (shape + true * expected)))

    assert ratio.value == pytest.approx(observed / expected)
    assert at_most(observed, ratio.upper) == pytest.approx(0.025, abs=1e-9)
    if observed:
        assert 1 - at_most(observed - 1, ratio.lower) == pytest.approx(0.025, abs=1e-9)
    else:
        assert ratio.lower == 0


def test_without_error_the_ratio_has_garwood_limits() -> None:
    """Five events: 1.62 to 11.67; two: 0.24 to 7.22 (the exact Poisson limits of any table)."""
    five, two = (estimate_ratio(Expected(11, k, 1.0, None)) for k in (5, 2))
    assert (five.lower, five.upper) == pytest.approx((1.62, 11.67), abs=0.005)
    assert (two.lower, two.upper) == pytest.approx((0.24, 7.22), abs=0.005)
    tiny = estimate_ratio(Expected(11, 5, 1.0, 1e-7))
    assert (tiny.lower, tiny.upper) == pytest.approx((five.lower, five.upper), rel=1e-4)


def test_a_flat_tail_counts_for_the_one_case_that_carries_it() -> None:
    """Eleven, deaths at 11 and 9 at risk, one case followed to day 1163: worth 1 / 0.808 cases at three years."""
    days = [57, 58, 66, *[200] * 7, 1163]
    table = count_events(days, [1, 0, 1, *[0] * 8])
    survival = 10 / 11 * 8 / 9
    assert effective_number(table, 1095, survival) == pytest.approx((1.0, 1 / survival))
    complete = count_events([100] * 4 + [1200] * 7, [1] * 4 + [0] * 7)
    assert effective_number(complete, 1095, 7 / 11) == pytest.approx((7.0, 11.0))
    assert effective_number(count_events([10, 20], [1, 1]), 100, 0.0) == (0.0, 2.0)


def test_weak_robust_and_power_priors_pull_towards_the_reference() -> None:
    weak, robust, power = weigh(9, 11, published_beta(comparator(estimate=20.9)))
    assert weak.probability > robust.probability > power.probability
    assert weak.posterior.mean == pytest.approx(10 / 13)
    assert power.effective == pytest.approx(2 + 0.5 * 99)
    assert robust.posterior.parts[0][0] < 0.01  # nine of eleven contradict 20.9 %: the prior gives way
    assert power.conflict < 0.01 < weak.conflict


def test_the_tipping_point_is_where_the_conclusion_turns() -> None:
    reference = comparator(estimate=45.0, n=30)
    published = published_beta(reference)
    point = find_tipping_point(9, 11, published)
    assert point is not None
    before, after = (
        exceeds(alone(10 + a * published[0], 3 + a * published[1]), published)
        for a in (point - 0.01, point + 0.01)
    )
    assert before > 0.975 > after
    assert find_tipping_point(5, 11, published) == 0.0


def test_the_tipping_point_of_a_worse_cohort_is_that_of_the_better_one_turned_over() -> None:
    """Ours for theirs, alive for dead: what is clearly lower with a weak prior is not open from the start."""
    above, below = (27.0, 33.0), (33.0, 27.0)
    assert find_tipping_point(9, 11, above) == pytest.approx(find_tipping_point(2, 11, below))
    assert find_tipping_point(9, 11, above) not in (None, 0.0)
    assert find_tipping_point(0, 40, (2.0, 2.0)) is None


def test_published_error_becomes_a_beta_of_that_mean_and_variance() -> None:
    a, b = published_beta(comparator(estimate=73.9, se=3.6))
    assert a / (a + b) == pytest.approx(0.739)
    assert a * b / ((a + b) ** 2 * (a + b + 1)) == pytest.approx(0.036**2)
    with pytest.raises(ValueError, match="gives no error"):
        published_beta(comparator(n=None))


def test_a_constant_hazard_reference_gives_the_expected_events_by_hand() -> None:
    """Four followed one year each against S(1 year) = e^-0.25: 4 × 0.25 × days/365 events expected."""
    table = count_events([365] * 4, [1, 0, 0, 0])
    share = 100 * exp(-0.25)
    reference = published_reference([comparator(years=1.0, estimate=share, se=5.0)])
    assert reference.variance is not None
    assert reference.variance[-1] == pytest.approx((0.05 / exp(-0.25)) ** 2)
    counted = expect([(table, reference)])
    test, ratio = compare_follow_up(counted), estimate_ratio(counted)
    assert test.expected[0] == pytest.approx(1.0)
    assert ratio.value == pytest.approx(1.0)
    assert "reference’s sampling error" in test.name


def test_each_part_of_a_mixed_cohort_is_expected_by_its_own_reference() -> None:
    """Two followed a year at hazard 0.5, three at hazard 0.1: 1.3 events; the variances add too."""
    parts = []
    for n, hazard, error in ((2, 0.5, 4.0), (3, 0.1, 2.0)):
        reference = published_reference([comparator(years=1.0, estimate=100 * exp(-hazard), se=error)])
        parts.append((count_events([365] * n, [1] + [0] * (n - 1)), reference))
    counted = expect(parts)
    assert (counted.n, counted.observed) == (5, 2)
    assert counted.expected == pytest.approx(2 * 0.5 + 3 * 0.1)
    assert counted.own is not None
    assert counted.own == pytest.approx(4 * (0.04 / exp(-0.5)) ** 2 + 9 * (0.02 / exp(-0.1)) ** 2)


def test_a_mixture_is_weighted_by_our_numbers_and_keeps_the_error() -> None:
    share, error = mix([(7, 0.2, 0.03), (4, 0.5, 0.04)])
    assert share == pytest.approx((7 * 0.2 + 4 * 0.5) / 11)
    assert error == pytest.approx(np.hypot(7 / 11 * 0.03, 4 / 11 * 0.04))
    assert mix([(7, 0.2, 0.03), (4, 0.5, None)]) == (share, None)


def test_between_printed_horizons_the_hazard_is_constant() -> None:
    outcome = make_outcome([comparator(years=2.0, estimate=64.0), comparator(years=4.0, estimate=36.0)])
    assert outcome.survival(730) == pytest.approx((0.64, (0.64 * 0.36 / 100) ** 0.5))
    at_three = outcome.survival(1095)
    assert at_three is not None
    assert at_three[0] == pytest.approx(
        (0.64 * 0.36) ** 0.5, abs=5e-4
    )  # day 1095 is half a day off the middle
    assert outcome.interpolated(1095)
    assert not outcome.interpolated(730)
    assert outcome.survival(1462) is None


def test_patients_are_a_reference_with_nelson_aalen_error() -> None:
    """Four patients, events on days 10 and 30: H = 1/4 + 1/2, its variance 1/16 + 1/4."""
    outcome = make_outcome(
        [comparator(estimate=None, years=None, n=4, times=(10, 20, 30, 40), events=(1, 0, 1, 0))]
    )
    assert outcome.n == 4
    assert outcome.reference.hazard[-1] == pytest.approx(0.75)
    assert outcome.reference.variance is not None
    assert outcome.reference.variance[-1] == pytest.approx(1 / 16 + 1 / 4)


def test_the_published_estimate_of_patients_is_kaplan_meiers_with_greenwoods_error() -> None:
    """Events at 4 and 2 at risk: 3/4 × 1/2, its variance S² (1/(4·3) + 1/(2·1)); the last of all leaves 0."""
    rows = {"estimate": None, "years": None, "n": None, "times": (10, 20, 30, 40)}
    outcome = make_outcome([comparator(**rows, events=(1, 0, 1, 0))])
    assert outcome.survival(9) == (1.0, 0.0)
    assert outcome.survival(35) == pytest.approx((3 / 8, 3 / 8 * (1 / 12 + 1 / 2) ** 0.5))
    assert outcome.survival(41) is None
    assert make_outcome([comparator(**rows, events=(1, 0, 1, 1))]).survival(40) == (0.0, 0.0)


def test_a_cohort_of_thousands_is_tested_and_weighed() -> None:
    """Against the normal approximation, which at this size is good to a tenth of the probability."""
    n, free, share = 4000, 1860, 0.45
    table = count_events([100] * (n - free) + [1200] * free, [1] * (n - free) + [0] * free)
    test = compare_horizon(table, 1095, share)
    z = (free - n * share) / (n * share * (1 - share)) ** 0.5
    assert test.p == pytest.approx(erfc(z / 2**0.5), rel=0.1)
    weak, robust, power = weigh(free, n, (450.0, 550.0))
    assert all(0 < one.conflict <= 1 for one in (weak, robust, power))
    assert weak.conflict == pytest.approx(1.0)  # under a flat prior every count is as likely


@pytest.mark.parametrize(
    ("share", "error"), [(0.95, 0.2424), (0.5, 0.5), (0.9, 0.0), (1.0, 0.08), (0.4, None)]
)
def test_what_no_beta_has_as_mean_and_error_gives_none(share, error) -> None:
    """A variance of a probability is below S (1 − S); 95 % (3–98), as BPCP prints of few, reads as one above it."""
    assert beta_of(share, error) is None
    assert limits_of(share, error) == (None, None)


def test_a_lopsided_interval_is_printed_as_published() -> None:
    outcome = make_outcome([comparator(estimate=95.0, lower=3.0, upper=98.0)])
    (point,) = outcome.points
    assert (point.estimate, point.lower, point.upper) == (0.95, 0.03, 0.98)


@pytest.mark.parametrize(
    ("published", "size"),
    [((49.339, 1.0583), 20.63), ((16.872, 1.3287), 6.22), ((1.2, 5.0), 1.96), ((9.5, 1.5), 3.41)],
)
def test_a_prior_near_an_end_is_worth_what_its_integral_says(published, size) -> None:
    """To 0.12 cases: the information integrated on the logit scale, where the end that holds much of it lies far out."""
    assert effective_size(Posterior(((0.5, published), (0.5, (1.0, 1.0))))) == pytest.approx(size, abs=0.12)


def test_a_mixture_that_heaps_at_an_end_has_no_effective_size() -> None:
    """10 of 11 alive: Beta(9.1, 0.91), and the integral of its information diverges."""
    published = published_beta(comparator(estimate=100 * 10 / 11, n=11))
    assert min(published) < 1
    weak, robust, power = weigh(9, 11, published)
    assert (weak.effective, robust.effective) == (2, None)
    assert power.effective == pytest.approx(2 + 5)


@pytest.mark.parametrize("theirs", [(2.2868, 0.0184), (9.1, 0.91), (0.3, 0.03)])
def test_p_better_holds_where_the_published_density_rises_without_bound(theirs) -> None:
    """P(X > Y) as an integral over quantiles of Y; to 2e-5."""
    expected = quad(lambda u: beta.sf(beta.ppf(u, *theirs), 3.0, 2.0), 0, 1, limit=200)[0]
    assert exceeds(alone(3.0, 2.0), theirs) == pytest.approx(expected, abs=2e-5)


def test_a_ratio_has_no_limits_where_the_reference_knows_its_hazard_no_better_than_nought() -> None:
    """95 % (3–98): the hazard 0.05 with an error of 0.26."""
    ratio = estimate_ratio(Expected(5, 2, 0.187, 0.938))
    assert ratio.value == pytest.approx(2 / 0.187)
    assert (ratio.lower, ratio.upper) == (None, None)
    assert ratio.caveats == (
        "the reference’s own error is as large as what it lets expect: there are no limits",
    )


def test_the_error_of_a_reconstruction_is_not_rounded_down() -> None:
    """Four at risk, read as 66.66 %: 75 % is the nearest, 8.34 points off; and 0.04 points are not none."""
    read = {"estimate": None, "years": None, "n": None, "risk_days": (0,)}
    for days, curve, at_risk, said in (
        ((10,), (66.66,), (4,), "8.4"),
        ((10, 20), (96.0, 92.04), (25,), "0.1"),
    ):
        rows = comparator(**{**read, "risk_days": (0, 10)}, days=days, curve=curve, at_risk=at_risk * 2)
        caveat = make_outcome([rows]).caveats[1]
        assert f"within {said} percentage points" in caveat


def test_a_curve_that_falls_after_its_last_number_at_risk_says_what_is_not_known() -> None:
    """Read to a whole percent without numbers at risk, 100 cases seem to have an event for each percent."""
    rows = {"estimate": None, "years": None, "n": None, "days": (10, 20), "curve": (90.0, 80.0)}
    (*_, said) = make_outcome([comparator(**rows, risk_days=(0,), at_risk=(100,))]).caveats
    assert said.startswith(
        "from day 0 on no number at risk is printed: as few are taken to be censored there as "
    )
    (*_, last) = make_outcome([comparator(**rows, risk_days=(0, 25), at_risk=(100, 60))]).caveats
    assert "reconstructed" in last
