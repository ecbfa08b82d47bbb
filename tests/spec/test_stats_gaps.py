"""What mutation testing found nobody looking at (docs/mutation.md): each of these was seen to fail under its mutant."""

import numpy as np
import pytest

from caseseries.stats.bootstrap import bootstrap_exactly
from caseseries.stats.comparison import combine_weights
from caseseries.stats.events import count_events
from caseseries.stats.melding import estimate_median_difference, estimate_survival_difference
from caseseries.stats.regression import fit_cox
from caseseries.stats.survival import estimate_quantile, estimate_survival


def test_a_difference_has_the_fewer_at_risk_and_the_events_of_both():
    few, many = count_events([3, 9, 9], [1, 0, 0]), count_events([2, 4, 9, 9, 9, 9], [1, 1, 0, 0, 0, 0])
    for a, b in ((few, many), (many, few)):
        difference = estimate_survival_difference(a, b, 5)
        assert (difference.n, difference.events, difference.at_risk) == (9, 3, 2)
    all_dead = estimate_survival_difference(count_events([3], [1]), many, 5)
    assert (all_dead.events, all_dead.at_risk) == (3, 0)


def test_max_combo_leaves_out_the_weights_that_a_single_event_day_does_not_have():
    """On the first event day S(t-) = 1: the weights with 1 - S are 0, the other two are the log-rank test itself."""
    a, b = count_events([5, 9, 9], [1, 0, 0]), count_events([5, 9, 9, 9], [0, 0, 0, 0])
    test = combine_weights(a, b)
    assert test.statistic == pytest.approx((1 - 3 / 7) / (3 / 7 * 4 / 7) ** 0.5, abs=1e-12)
    assert test.p == pytest.approx(0.24821307898992373, abs=1e-4)  # 2 (1 - Phi(1.1547)): one normal, not four


def test_a_coefficient_that_is_0_from_the_start_does_not_stop_the_others():
    """Everyone twice, z = 1 and z = -1: by symmetry z has no effect, and x that of x alone (Breslow's ties)."""
    stops, events = np.array([1, 2, 4, 5, 7, 8, 9, 11]), np.array([1, 1, 0, 1, 1, 0, 1, 1])
    x = np.array([3.0, 1, 2, 5, 0, 1, 4, 0])
    alone = fit_cox(stops, events, x[:, None], ["x"], ties="breslow")
    both = np.column_stack([np.tile(x, 2), np.repeat([1.0, -1.0], x.size)])
    model = fit_cox(np.tile(stops, 2), np.tile(events, 2), both, ["x", "z"], ties="breslow")
    assert model.coefficients == pytest.approx((alone.coefficients[0], 0.0), abs=1e-9)


def test_resamples_too_many_to_list_are_refused_by_their_exact_number():
    """20 patients of 9 kinds: comb(28, 20) = 3,108,105 resamples; 8 kinds have comb(27, 20) = 888,030."""
    kinds = [1, 2, 3, 4, 5, 6, 7, 8]
    values, chances = bootstrap_exactly(count_events([*kinds, *[8] * 12], [1] * 20), 3)
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    assert values @ chances == pytest.approx(17 / 20, abs=1e-9)
    with pytest.raises(ValueError, match="20 patients have too many resamples to list: draw them"):
        bootstrap_exactly(count_events([*kinds, *[9] * 12], [1] * 20), 3)


def test_nobody_has_no_quantile_no_events_and_no_number():
    nobody = estimate_quantile(count_events([], []))
    assert (nobody.value, nobody.n, nobody.events) == (None, 0, 0)


def test_a_gap_is_a_gap_where_nobody_entered_on_day_0():
    """(2, 5] and (7, 9]: nobody is under observation between, nor before day 2, which is no gap but the wait."""
    table = count_events([5, 9], [0, 1], [2, 7])
    assert table.steps.gaps == (int(np.searchsorted(table.steps.days, 5)),)
    caveats = estimate_survival(table, 9, interval="log-log").caveats
    assert "nobody was under observation after day 5 until others entered" in caveats


def test_medians_both_unreached_are_any_distance_apart():
    """No limit is lost to infinite less infinite, and exchanging the groups mirrors the limits."""
    reached, not_yet = count_events(range(1, 9), [1] * 6 + [0] * 2), count_events(range(1, 9), [1] + [0] * 7)
    for a, b in ((reached, not_yet), (not_yet, reached), (not_yet, not_yet)):
        limits = estimate_median_difference(a, b)
        mirrored = estimate_median_difference(b, a)
        assert (limits.lower, limits.upper) == tuple(
            None if limit is None else -limit for limit in (mirrored.upper, mirrored.lower)
        )


def test_limits_of_a_difference_of_medians_at_exactly_their_tails():
    """Two deaths a group: of a's upper limit 5, 6 and never have 1/4, 1/2, 1/4; of b's lower 0, 105, 106 the same.

    At a level of 50 % a tail is 1/4 exactly, that of a limit never reached, which is therefore not yet needed.
    """
    difference = estimate_median_difference(
        count_events([5, 6], [1, 1]), count_events([105, 106], [1, 1]), 0.5
    )
    assert (difference.lower, difference.upper) == (0 - 106, 6 - 0)
