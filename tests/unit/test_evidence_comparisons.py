"""Comparisons with published outcomes, against closed forms and published power calculations."""

from math import comb, exp, lgamma, log

import numpy as np
import pytest

from caseseries.evidence.comparators import Comparator, check_match, find_comparators, load_library
from caseseries.evidence.comparisons import (
    _exceeds,
    compare_follow_up,
    compare_horizon,
    effective_size,
    find_tipping_point,
    mix,
    published_beta,
    published_reference,
    weigh,
)
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
    assert find_comparators("Interfant-99", "EFS", 6.0)[0].estimate == 46.4
    assert (
        find_comparators("Interfant-06 HR", "OS", 6.0)[0].verified == "read; n or interval recalled — verify"
    )


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
    test = compare_horizon(table, 1095, comparator(estimate=20.9))
    assert test.p is not None
    assert test.p == pytest.approx(tail, abs=0.03)  # two-sided adds at most the few outcomes below


def test_exact_binomial_needs_complete_follow_up() -> None:
    table = count_events([35, 57, 58, 400], [1, 1, 0, 0])
    test = compare_horizon(table, 365, comparator())
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


@pytest.mark.parametrize(("ours", "theirs"), [((6, 7), (45, 55)), ((12, 1), (20, 80)), ((1, 1), (3, 9))])
def test_probability_of_being_better_is_the_closed_form(ours, theirs) -> None:
    assert _exceeds(ours, theirs) == pytest.approx(closed_form(ours, theirs), abs=2e-5)


def test_weak_robust_and_power_priors_pull_towards_the_reference() -> None:
    weak, robust, power = weigh(9, 11, comparator(estimate=20.9))
    assert weak.probability > robust.probability > power.probability
    assert weak.posterior.mean == pytest.approx(10 / 13)
    assert power.effective == pytest.approx(2 + 0.5 * 99)
    assert robust.posterior.parts[0][0] < 0.01  # nine of eleven contradict 20.9 %: the prior gives way
    assert power.conflict < 0.01 < weak.conflict


def test_the_tipping_point_is_where_the_conclusion_turns() -> None:
    reference = comparator(estimate=45.0, n=30)
    point = find_tipping_point(9, 11, reference)
    assert point is not None
    published = published_beta(reference)
    before, after = (
        _exceeds((10 + a * published[0], 3 + a * published[1]), published)
        for a in (point - 0.01, point + 0.01)
    )
    assert before > 0.975 > after
    assert find_tipping_point(5, 11, reference) == 0.0


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
    test, ratio = compare_follow_up(table, [comparator(years=1.0, estimate=share, se=5.0)])
    assert test.expected[0] == pytest.approx(1.0)
    assert ratio.value == pytest.approx(1.0)
    assert "reference's sampling error" in test.name


def test_a_mixture_is_weighted_by_our_numbers_and_keeps_the_error() -> None:
    mixed = mix(
        [(7, comparator(study="A", estimate=20.0, se=3.0)), (4, comparator(study="B", estimate=50.0, se=4.0))]
    )
    assert mixed.study == "7 of A + 4 of B"
    assert mixed.estimate == pytest.approx((7 * 20 + 4 * 50) / 11)
    assert mixed.se == pytest.approx(np.hypot(7 / 11 * 3, 4 / 11 * 4))
    with pytest.raises(ValueError, match="one endpoint, origin and horizon"):
        mix([(7, comparator()), (4, comparator(endpoint="OS"))])


def test_effective_size_of_a_complete_cohort_is_its_size() -> None:
    assert effective_size(0.6, 0.6 * 0.4 / 10) == pytest.approx(10)
