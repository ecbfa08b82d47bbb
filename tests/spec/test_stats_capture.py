"""Two sources, one total: the estimate, its error and its limits, against fractions worked by hand."""

from fractions import Fraction
from math import comb, log, sqrt

import pytest

from caseseries.stats.capture import chapman_error, estimate_total, estimate_total_by_profile


def test_nine_and_eight_with_six_shared():
    estimate = estimate_total(9, 8, 6)
    assert estimate.value == pytest.approx(Fraction(10 * 9, 7) - 1, rel=1e-15)
    assert round(estimate.value, 2) == 11.86
    assert round(chapman_error(9, 8, 6), 2) == 1.17
    assert chapman_error(9, 8, 6) == pytest.approx(sqrt(Fraction(10 * 9 * 3 * 2, 49 * 8)), rel=1e-15)
    assert (estimate.n, estimate.events) == (11, 6)


def test_eight_and_seven_with_four_shared():
    assert estimate_total(8, 7, 4).value == pytest.approx(13.4, rel=1e-15)
    assert chapman_error(8, 7, 4) == pytest.approx(2.4, rel=1e-15)


def by_hand(first: int, second: int, both: int, odds: Fraction) -> tuple[int, int]:
    """The limits in exact fractions, total by total: a second, deliberately dumb implementation."""
    inside = []
    for total in range(first + second - both, 400):
        possible = range(max(0, first + second - total), min(first, second) + 1)
        weights = {k: comb(first, k) * comb(total - first, second - k) * odds**k for k in possible}
        whole = sum(weights.values())
        below = sum(weight for k, weight in weights.items() if k <= both) / whole
        above = sum(weight for k, weight in weights.items() if k >= both) / whole
        if min(below, above) > Fraction(1, 40):
            inside.append(total)
    return min(inside), max(inside)


@pytest.mark.parametrize("odds", [Fraction(1, 2), Fraction(1), Fraction(2), Fraction(5)])
@pytest.mark.parametrize("counts", [(9, 8, 6), (8, 7, 4), (4, 4, 4), (6, 5, 3)])
def test_the_limits_in_exact_fractions(counts, odds):
    estimate = estimate_total(*counts, odds_ratio=float(odds))
    assert (estimate.lower, estimate.upper) == by_hand(*counts, odds)


def test_dependence_multiplies_the_unseen_and_nothing_else():
    unseen = estimate_total(9, 8, 6).value - 11
    assert estimate_total(9, 8, 6, odds_ratio=3).value == pytest.approx(11 + 3 * unseen)


def test_the_profile_interval_total_by_total():
    def height(total: int) -> float:
        missed = sum((total - n) * log(total - n) if total > n else 0 for n in (200, 150))
        return sum(log(k) for k in range(total - 289, total + 1)) + missed - 2 * total * log(total)

    heights = {total: height(total) for total in range(290, 2000)}
    best = max(heights, key=heights.__getitem__)
    inside = [total for total, each in heights.items() if 2 * (heights[best] - each) <= 3.841458820694124]
    estimate = estimate_total_by_profile(200, 150, 60)
    assert (estimate.value, estimate.lower, estimate.upper) == (best, inside[0], inside[-1])


def test_without_overlap_there_is_no_upper_limit():
    estimate = estimate_total(5, 4, 0)
    assert (estimate.value, estimate.upper) == (29, None)
    assert estimate.caveats == ("no case was found by both sources, so the overlap sets no upper limit",)
    assert estimate_total_by_profile(5, 4, 0).value is None


@pytest.mark.parametrize("estimate", [estimate_total, estimate_total_by_profile])
def test_a_source_without_cases_gives_no_estimate(estimate):
    found = estimate(3, 0, 0)
    assert (found.value, found.because) == (None, "one of the two sources found no case")


def test_all_found_twice():
    estimate = estimate_total(11, 11, 11)
    assert (estimate.value, estimate.lower, estimate.upper) == (11, 11, 12)
    assert chapman_error(11, 11, 11) == 0


def test_large_counts_agree_within_their_error():
    estimate = estimate_total(2_000, 1_500, 300)
    assert estimate.value == pytest.approx(10_000, rel=1e-2)
    error = chapman_error(2_000, 1_500, 300)
    assert estimate.lower == pytest.approx(estimate.value - 1.96 * error, rel=0.03)
    assert estimate.upper == pytest.approx(estimate.value + 1.96 * error, rel=0.03)


def test_more_shared_than_found_is_refused():
    with pytest.raises(ValueError, match="7 cases cannot be in both of two sources with 9 and 6"):
        estimate_total(9, 6, 7)
