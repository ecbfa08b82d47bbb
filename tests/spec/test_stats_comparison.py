"""Comparisons of six patients, worked by hand in fractions, and what is printed beside them."""

from fractions import Fraction

import numpy as np
import pytest

from caseseries.stats.comparison import combine_weights, compare_curves
from caseseries.stats.distributions import chi_square_tail
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import count_events
from caseseries.stats.gray import compare_incidence
from caseseries.stats.permutation import permute_groups

# Events on day 1 (of 3 + 3 at risk, in A), 2 (of 2 + 3, in B), 3 (of 2 + 2, in A) and 6 (of 0 + 1, in B).
A = count_events([1, 3, 5], [1, 1, 0])
B = count_events([2, 4, 6], [1, 0, 1])
GAPS = [Fraction(1, 2), -Fraction(2, 5), Fraction(1, 2), Fraction(0)]  # observed less expected in A
SPREADS = [Fraction(1, 4), Fraction(6, 25), Fraction(1, 4), Fraction(0)]
BEFORE = [Fraction(1), Fraction(5, 6), Fraction(2, 3), Fraction(1, 2)]  # pooled survival before each day
AT_RISK = [6, 5, 4, 1]


def by_hand(weights):
    u = sum(w * g for w, g in zip(weights, GAPS, strict=True))
    v = sum(w * w * s for w, s in zip(weights, SPREADS, strict=True))
    return float(u * u / v)


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({}, [1] * 4),
        ({"weight": "log-rank"}, [1] * 4),
        ({"weight": "gehan"}, AT_RISK),
        ({"weight": "tarone-ware"}, [Fraction(n**0.5) for n in AT_RISK]),
        ({"weight": "peto"}, [Fraction(6, 7), Fraction(5, 7), Fraction(4, 7), Fraction(2, 7)]),
        ({"weight": "fleming-harrington"}, [1] * 4),
        ({"weight": "fleming-harrington", "rho": 1}, BEFORE),
        ({"weight": "fleming-harrington", "gamma": 1}, [1 - s for s in BEFORE]),
        ({"weight": "fleming-harrington", "rho": 1, "gamma": 1}, [s * (1 - s) for s in BEFORE]),
        ({"weight": "fleming-harrington", "rho": 2}, [s**2 for s in BEFORE]),
    ],
)
def test_weighted_tests_of_six(options, weights):
    ours = compare_curves([A, B], **options)
    assert ours.statistic == pytest.approx(by_hand(weights), abs=1e-12)
    assert (ours.df, ours.n, ours.observed) == (1, 6, (2, 2))
    assert ours.p == pytest.approx(chi_square_tail(by_hand(weights), 1), abs=1e-12)


def test_what_was_observed_and_expected():
    ours = compare_curves([A, B])
    expected = Fraction(1, 2) + Fraction(2, 5) + Fraction(1, 2)
    assert ours.expected == pytest.approx((float(expected), float(4 - expected)), abs=1e-12)


def test_strata_add():
    """The same stratum twice: twice the difference over twice the variance."""
    once, twice = compare_curves([A, B]), compare_curves([A, B], [A, B])
    assert twice.statistic == pytest.approx(2 * once.statistic, abs=1e-12)
    assert (twice.n, twice.observed) == (12, (4, 4))
    assert twice.expected == pytest.approx([2 * e for e in once.expected], abs=1e-12)


@pytest.mark.parametrize(
    ("strata", "options", "name"),
    [
        (1, {}, "log-rank test"),
        (2, {}, "stratified log-rank test"),
        (1, {"scores": [0, 1]}, "log-rank test for trend"),
        (2, {"scores": [0, 1], "weight": "gehan"}, "stratified Gehan–Breslow test for trend"),
        (1, {"weight": "fleming-harrington", "rho": 1, "gamma": 0.5}, "Fleming–Harrington (1, 0.5) test"),
    ],
)
def test_names(strata, options, name):
    assert compare_curves(*[[A, B]] * strata, **options).name == name


def test_of_two_groups_the_trend_is_the_difference():
    ours = compare_curves([A, B], scores=[3, 7])
    assert (ours.statistic, ours.df) == (pytest.approx(by_hand([1] * 4), abs=1e-12), 1)


def test_alike_scores_have_no_trend():
    ours = compare_curves([A, B], scores=[2, 2])
    assert (ours.statistic, ours.df, ours.p) == (None, None, None)
    assert ours.observed == (2, 2)
    with pytest.raises(ValueError, match="3 scores for 2 groups"):
        compare_curves([A, B], scores=[1, 2, 3])


def test_a_group_that_was_never_at_risk_takes_a_degree_with_it():
    """Everyone of C has left before the first event."""
    c = count_events([0, 0], [0, 0])
    with_c, without = compare_curves([A, B, c]), compare_curves([A, B])
    assert (with_c.statistic, with_c.df) == (pytest.approx(without.statistic, abs=1e-12), 1)
    assert with_c.n == 8


def test_all_falling_at_once_leaves_nothing_to_compare():
    one = count_events([4], [1])
    ours = compare_curves([one, one])
    assert ours.statistic is None
    assert ours.because == "no event day has two groups at risk and someone who stays event-free"


def test_fewer_than_two_groups_are_no_comparison():
    with pytest.raises(ValueError, match="needs two groups or more, not 1"):
        compare_curves([A])


def test_max_combo_takes_the_largest():
    """Its statistic is the root of the largest of the four; p by a million draws of four correlated normals."""
    ours = combine_weights(A, B)
    weights = [
        [float(x) for x in w]
        for w in ([1] * 4, BEFORE, [1 - s for s in BEFORE], [s * (1 - s) for s in BEFORE])
    ]
    assert ours.statistic == pytest.approx(
        max(by_hand([Fraction(x) for x in w]) for w in weights) ** 0.5, abs=1e-9
    )
    spread = np.array(weights) @ np.diag([float(s) for s in SPREADS]) @ np.array(weights).T
    correlation = spread / np.sqrt(np.outer(np.diag(spread), np.diag(spread)))
    drawn = np.random.default_rng(3).multivariate_normal(np.zeros(4), correlation, 10**6, method="svd")
    share = (np.abs(drawn).max(axis=1) >= ours.statistic).mean()
    assert ours.p == pytest.approx(share, abs=0.003)  # six standard errors of the drawn share
    assert (ours.n, ours.df) == (6, None)
    assert combine_weights(A, B).p == ours.p


def test_max_combo_without_events():
    quiet = count_events([5, 9, 9], [0, 0, 0])
    ours = combine_weights(quiet, count_events([5], [0]))
    assert (ours.p, ours.n, ours.because) == (None, 4, "no event day has both groups at risk")


class Shuffles:
    """A generator whose draws are known."""

    def __init__(self, chosen):
        self.chosen = np.array(chosen)

    def multivariate_hypergeometric(self, sizes, members, size, method):
        assert (self.chosen.sum(axis=1) == members).all()
        assert (len(self.chosen), method) == (size, "marginals")
        assert (self.chosen <= sizes).all()
        return self.chosen


def test_drawn_permutations_are_counted_with_the_one_observed():
    """Four who fall on days 1 to 4; scores 3/4, 5/12, -1/12, -13/12. Observed: days 1 and 2, a sum of 7/6."""
    a, b = count_events([1, 2], [1, 1]), count_events([3, 4], [1, 1])
    scores = [
        1 - Fraction(1, 4),
        1 - Fraction(1, 4) - Fraction(1, 3),
        1 - Fraction(13, 12),
        1 - Fraction(25, 12),
    ]
    order = sorted(range(4), key=lambda i: scores[i])

    def choose(*days):
        return [int(i + 1 in days) for i in order]

    observed = scores[0] + scores[1]
    draws = [
        choose(1, 2),
        choose(3, 4),
        choose(1, 3),
        choose(2, 4),
    ]  # as far, as far the other way, nearer, nearer
    ours = permute_groups(a, b, draws=4, random=Shuffles(draws))
    assert ours.name == "Monte Carlo log-rank permutation test"
    assert ours.statistic == pytest.approx(float(observed), abs=1e-9)
    assert ours.p == pytest.approx((2 + 1) / (4 + 1), abs=1e-12)
    error = (ours.p * (1 - ours.p) / 4) ** 0.5
    assert ours.caveats == (f"4 random permutations: standard error of p {error:.2g}",)
    assert ours.n == 4


def test_exact_permutation_of_four():
    """Six choices of two: days 1 and 2, and its mirror image, are the furthest apart; p = 2 / 6."""
    a, b = count_events([1, 2], [1, 1]), count_events([3, 4], [1, 1])
    ours = permute_groups(a, b)
    assert (ours.name, ours.n, ours.df) == ("exact log-rank permutation test", 4, None)
    assert ours.p == pytest.approx(1 / 3, abs=1e-12)
    late = count_events([3, 9], [1, 1], [0, 5])
    assert permute_groups(late, a).n == 4
    with pytest.raises(ValueError, match="not one of log-rank, gehan"):
        permute_groups(a, b, weight="wilcoxon")


def test_without_any_event_every_permutation_is_as_far():
    quiet = count_events([3, 4], [0, 0])
    assert permute_groups(quiet, quiet).p == 1


@pytest.mark.parametrize("draws", [0, 10])
def test_drawing_needs_draws_and_a_generator(draws):
    crowd = count_events(range(60), [1] * 60)
    with pytest.raises(ValueError, match="give draws and a random generator"):
        permute_groups(crowd, crowd + count_events(range(60, 90), [1] * 30), draws=draws)


def test_two_crowds_of_the_same_days_are_counted_exactly():
    """A hundred patients on five days: few distinct sums, however many choices."""
    crowd = count_events([1, 2, 3, 4, 5] * 10, [1, 1, 1, 0, 0] * 10)
    ours = permute_groups(crowd, crowd)
    assert ours.name.startswith("exact")
    assert ours.p == pytest.approx(1, abs=1e-12)


def test_grays_test_of_no_such_cause_and_of_no_event():
    quiet = count_events([5, 9], [0, 2], causes=2)
    ours = compare_incidence([quiet, quiet], cause=1)
    assert ours == Comparison(
        "Gray test", None, None, None, 4, (0.0, 0.0), because="no event of this cause has two groups at risk"
    )
    with pytest.raises(ValueError, match="cause 3 is not one of 1 to 2"):
        compare_incidence([quiet, quiet], cause=3)


def test_grays_test_where_the_common_incidence_passes_one():
    """What R's cmprsk::cuminc(time, status, group) gives for these eleven; the common incidence ends at 1.45."""
    short = count_events([3, 10, 18, 27, 35], [1, 1, 1, 1, 1])
    long = count_events([100, 200, 201, 400, 991, 999], [1, 0, 1, 1, 1, 1])
    ours = compare_incidence([short, long], cause=1)
    assert ours.statistic == pytest.approx(10.447083095462876, rel=1e-12)
    assert ours.p == pytest.approx(0.0012284329049369047, rel=1e-10)
