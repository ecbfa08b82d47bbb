"""Proportions, medians, ranks and two-by-two tables small enough to be worked by hand, and what stands beside them."""

from fractions import Fraction
from math import comb, sqrt

import pytest

from caseseries.stats.contingency import compare_proportions, estimate_difference, estimate_odds_ratio
from caseseries.stats.events import count_events
from caseseries.stats.melding import (
    compare_medians,
    compare_survival,
    estimate_median_difference,
    estimate_survival_difference,
)
from caseseries.stats.proportions import compare_to_proportion, estimate_median, estimate_proportion
from caseseries.stats.ranks import compare_values, estimate_shift


@pytest.mark.parametrize("method", ["clopper-pearson", "wilson", "mid-p", "jeffreys"])
def test_nobody_is_no_proportion(method):
    ours = estimate_proportion(0, 0, method=method)
    assert (ours.value, ours.n, ours.events, ours.because) == (None, 0, 0, "there are no patients")
    assert estimate_proportion(2, 5, 0.9, method).level == 0.9


@pytest.mark.parametrize(
    ("x", "against", "p"), [(3, 0.5, 1), (0, 0.5, 2 / 64), (6, 0.5, 2 / 64), (1, 0.5, 14 / 64)]
)
def test_six_against_a_half(x, against, p):
    ours = compare_to_proportion(x, 6, against)
    assert ours.p == pytest.approx(p, abs=1e-12)
    assert (ours.n, ours.observed, ours.expected) == (6, (x,), (3,))


@pytest.mark.parametrize("against", [0, 1, -0.5, 1.5])
def test_nothing_to_test_against(against):
    with pytest.raises(ValueError, match="leaves nothing to test"):
        compare_to_proportion(1, 2, against)
    assert compare_to_proportion(0, 0, 0.5).n == 0
    assert compare_to_proportion(0, 0, 0.5).because == "there are no patients"


def test_a_median_whose_tail_is_exactly_that_of_its_level():
    """Five values: less than one below the median in 1 of 32, so smallest to largest hold it in 30 of 32."""
    ours = estimate_median([8, 2, 9, 4, 5], level=0.9375)
    assert (ours.value, ours.lower, ours.upper, ours.n) == (5, 2, 9, 5)
    assert estimate_median([8, 2, 9, 4, 5], level=0.94).lower is None
    assert estimate_median([]).n == 0


def test_the_ranks_of_two_and_three():
    """U = 6 of 6 pairs: one of ten choices, and its mirror image."""
    ours = compare_values([8, 9], [1, 2, 3])
    assert (ours.statistic, ours.n) == (6, 5)
    assert ours.p == pytest.approx(2 / 10, abs=1e-12)
    assert compare_values([1, 2], [3]).p == pytest.approx(2 / 3, abs=1e-12)
    assert compare_values([5], [5]).p == 1
    for values in (([], [1, 2]), ([1, 2], [])):
        assert (compare_values(*values).n, compare_values(*values).because) == (2, "a group is empty")
        assert estimate_shift(*values).because == "a group is empty"


def test_a_crowd_of_ranks_is_too_many():
    ours = compare_values([k + 0.5 for k in range(40)], range(45))
    assert (ours.p, ours.n) == (None, 85)
    assert ours.because == "40 and 45 values are too many for the exact test"


def test_a_shift_of_four_and_four():
    """P(U < 1) is 1 of 70: the smallest and the largest of the sixteen differences."""
    ours = estimate_shift([11, 14, 18, 23], [1, 2, 5, 7])
    assert (ours.lower, ours.upper, ours.n) == (11 - 7, 23 - 1, 8)
    differences = sorted(a - b for a in (11, 14, 18, 23) for b in (1, 2, 5, 7))
    assert ours.value == (differences[7] + differences[8]) / 2


def test_a_difference_of_proportions_and_its_hybrid_limits():
    """Newcombe 1998, table II: 56/70 and 48/80, 0.2 (0.0524 to 0.3339)."""
    ours = estimate_difference(56, 70, 48, 80)
    assert (ours.value, ours.n, ours.events) == (pytest.approx(0.2), 150, 104)
    assert (round(ours.lower, 4), round(ours.upper, 4)) == (0.0524, 0.3339)
    for groups in ((0, 0, 1, 3), (1, 3, 0, 0)):
        none = estimate_difference(*groups)
        assert (none.value, none.n, none.because) == (None, 3, "a group is empty")
    none_fell = estimate_difference(0, 10, 0, 20)
    assert (none_fell.value, none_fell.events) == (0, 0)
    assert none_fell.lower < 0 < none_fell.upper


def test_tea():
    """Fisher's eight cups: three of four and one of four. Tables have weights 1, 16 w, 36 w², 16 w³ and w⁴.

    R's `fisher.test` prints an upper limit of 621.93: its root is sought to four digits of 1 / w.
    """
    ours = estimate_odds_ratio(3, 4, 1, 4)
    assert (ours.n, ours.events) == (8, 4)

    def share(w, tables):
        weights = [1, 16 * w, 36 * w**2, 16 * w**3, w**4]
        return sum(weights[x] for x in tables) / sum(weights)

    assert share(ours.upper, range(4)) == pytest.approx(0.025, rel=1e-9)
    assert share(ours.lower, (3, 4)) == pytest.approx(0.025, rel=1e-9)
    assert sum(x * share(ours.value, [x]) for x in range(5)) == pytest.approx(3, rel=1e-9)
    assert compare_proportions(3, 4, 1, 4).p == pytest.approx(34 / 70, abs=1e-12)


def test_all_of_one_and_none_of_the_other():
    none, all_ = estimate_odds_ratio(0, 4, 4, 4), estimate_odds_ratio(4, 4, 0, 4)
    assert (none.value, none.lower, none.because) == (0, 0, "")
    assert (all_.value, all_.upper) == (None, None)
    assert all_.because == "every table less extreme: the odds ratio is infinite"
    assert none.upper == pytest.approx(1 / all_.lower, rel=1e-9)
    assert all_.n == none.n == 8
    only = estimate_odds_ratio(0, 3, 0, 4)
    assert (only.n, only.because) == (7, "the margins allow one table only")


def test_barnard_and_boschloo_of_three_and_three():
    """Three of three against none: only it and its mirror are as far; 2 p³ (1 - p)³ is at most 2 / 64."""
    for method in ("barnard", "boschloo"):
        ours = compare_proportions(3, 3, 0, 3, method)
        assert ours.p == pytest.approx(2 / 64, abs=1e-9)
        assert ours.n == 6
        assert compare_proportions(1, 3, 1, 3, method).p == pytest.approx(1, abs=1e-9)


def test_barnard_of_two_of_three_against_none():
    """|z| of (2, 0) is 1.73; as far are (3, 0), (3, 1) and their mirrors: the largest sum over p, on a fine grid."""
    far = [(2, 0), (3, 0), (3, 1)]
    far += [(y, x) for x, y in far]

    def chance(p):
        return sum(comb(3, x) * comb(3, y) * p ** (x + y) * (1 - p) ** (6 - x - y) for x, y in far)

    largest = max(chance(k / 10_000) for k in range(10_001))
    assert compare_proportions(2, 3, 0, 3, "barnard").p == pytest.approx(largest, abs=1e-7)


def block(alive, n):
    """Of n followed past day 5, `alive` did not fall on day 3."""
    return count_events([3] * (n - alive) + [9] * alive, [1] * (n - alive) + [0] * alive)


def test_a_difference_at_a_fixed_time_by_hand():
    """One of one alive against none of one: the limits of U less V, each uniform, and of 1 less 0."""
    ours = estimate_survival_difference(block(1, 1), block(0, 1), 5)
    assert (ours.value, ours.n, ours.events) == (1, 2, 1)
    assert ours.upper == pytest.approx(1, abs=1e-12)
    # W- of one alive of one is uniform, W+ of none alive too: P(U - V <= d) = (1 + d)² / 2 below 0
    assert ours.lower == pytest.approx(sqrt(0.05) - 1, abs=1e-9)
    assert compare_survival(block(1, 1), block(0, 1), 5).p == pytest.approx(1, abs=1e-9)
    assert ours.at_risk == 0


def test_three_of_three_against_none_of_three_is_fishers_twentieth():
    """One side of Fisher's test is 1 of 20; doubled."""
    ours = compare_survival(block(3, 3), block(0, 3), 5)
    assert ours.p == pytest.approx(2 / 20, abs=1e-9)
    assert ours.n == 6
    assert compare_survival(block(0, 3), block(3, 3), 5).p == pytest.approx(2 / 20, abs=1e-9)


def test_medians_of_ones_own_days():
    """Six who fall on days 1 to 6 have an order-statistics interval of days 1 to 6, and so have six a hundred days later."""
    six = count_events(range(1, 7), [1] * 6)
    late = count_events(range(101, 107), [1] * 6)
    ours = estimate_median_difference(late, six)
    assert (ours.value, ours.n, ours.events) == (100, 12, 12)
    assert ours.lower <= 0 < 100 < ours.upper  # so few cannot tell a hundred days from none
    assert compare_medians(late, six).p == pytest.approx(0.06201171875, abs=1e-12)
    assert compare_medians(six, six).p == 1


def test_one_side_of_the_medians_by_all_coins():
    """W- <= 1/2 after k of six deaths has the chance of 6 - k heads or more in six throws, W+ of more than 6 - k.

    All six of one group fall before any of the other, so one side is the chance that no limit of the late median lies
    above one of the early median: the late lower limit is at the outset, or the early upper limit is never reached.
    """
    heads = [Fraction(comb(6, h), 64) for h in range(7)]
    at_once = heads[6]  # W- <= 1/2 before any death: all six throws heads
    never = 1 - sum(heads[h] for h in range(1, 7))  # W+ > 1/2 even after the sixth death
    side = at_once + never - at_once * never
    early, late = (count_events(range(k, k + 6), [1] * 6) for k in (1, 101))
    assert compare_medians(late, early).p == pytest.approx(float(2 * side), abs=1e-12)
