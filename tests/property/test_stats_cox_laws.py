"""Laws of Cox regression, and the penalised likelihood against a second implementation."""

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from caseseries.stats.comparison import compare_curves
from caseseries.stats.events import RowError, count_events
from caseseries.stats.regression import estimate_hazard_ratio, fit_cox


@st.composite
def patients(draw, ties=True):
    n = draw(st.integers(8, 25))
    stops = draw(st.lists(st.integers(1, 40 if not ties else 15), min_size=n, max_size=n, unique=not ties))
    events = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    x = draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n))
    assume(sum(events) > 2 and len(set(x)) > 1)
    return np.array(stops), np.array(events), np.array(x, dtype=float)


def fit(stops, events, x, **options):
    model = fit_cox(stops, events, x[:, None], ["x"], **options)
    assume(not model.because)
    return model


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(patients(), st.integers(2, 5), st.sampled_from([-2.0, 0.5, 3.0]), st.integers(-4, 4))
def test_time_may_be_stretched_and_covariates_rescaled(data, factor, a, b):
    stops, events, x = data
    plain, moved = fit(stops, events, x), fit(stops * factor, events, a * x + b)
    assert moved.coefficients[0] * a == pytest.approx(plain.coefficients[0], abs=1e-8)
    assert moved.log_likelihoods == pytest.approx(plain.log_likelihoods, abs=1e-8)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(patients())
def test_swapping_two_labels_inverts_the_ratio(data):
    stops, events, x = data
    group = (x > 0).astype(float)
    assume(0 < group.sum() < len(group))
    ours, other = fit(stops, events, group), fit(stops, events, 1 - group)
    assert ours.ratios[0].value * other.ratios[0].value == pytest.approx(1, abs=1e-8)
    assert ours.tests[1].p == pytest.approx(other.tests[1].p, abs=1e-8)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(patients(ties=False))
def test_without_ties_the_log_rank_test_is_the_score_test(data):
    stops, events, x = data
    group = x > 0
    assume(0 < group.sum() < len(group))
    tables = [count_events(stops[group == g], events[group == g]) for g in (True, False)]
    model = fit_cox(stops, events, group[:, None].astype(float), ["group"], firth=True)
    score = [test for test in model.tests if test.name == "score test"]
    log_rank = compare_curves(tables)
    assume(score and log_rank.p is not None)
    assert score[0].statistic == pytest.approx(log_rank.statistic, abs=1e-9)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(patients())
def test_the_ratio_from_counts_is_the_ratio_from_rows(data):
    stops, events, x = data
    group = x > 0
    assume(0 < group.sum() < len(group))
    model = fit(stops, events, group.astype(float))
    ours = estimate_hazard_ratio(
        *(count_events(stops[group == g], events[group == g]) for g in (True, False))
    )
    assert ours.value == pytest.approx(model.ratios[0].value, rel=1e-8)
    assert (ours.lower, ours.upper) == pytest.approx((model.ratios[0].lower, model.ratios[0].upper), rel=1e-7)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(patients(), st.integers(1, 14))
def test_splitting_a_row_changes_nothing(data, cut):
    stops, events, x = data
    inside = stops > cut
    start = np.concatenate([np.zeros(len(stops)), np.full(inside.sum(), cut)]).astype(int)
    stop = np.concatenate([np.where(inside, cut, stops), stops[inside]])
    event = np.concatenate([events & ~inside, events[inside]])
    whole = fit(stops, events, x, start=np.zeros(len(stops)))
    parts = fit(stop, event, np.concatenate([x, x[inside]]), start=start)
    assert parts.coefficients == pytest.approx(whole.coefficients, abs=1e-8)


def penalised(beta, stops, events, x, firth=True):
    """-(log partial likelihood, Breslow without ties, + half log information), row by row."""
    height = information = 0.0
    for i in np.flatnonzero(events):
        weight = np.exp(beta * x) * (stops >= stops[i])
        mean = (weight * x).sum() / weight.sum()
        height += beta * x[i] - np.log(weight.sum())
        information += (weight * (x - mean) ** 2).sum() / weight.sum()
    return -(height + 0.5 * np.log(information) * firth)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(patients(ties=False))
def test_firth_is_the_top_of_the_penalised_likelihood(data):
    stops, events, x = data
    model = fit(stops, events, x, firth=True)
    best = minimize(
        lambda b: penalised(b[0], *data), [0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}
    )
    assert model.log_likelihoods[1] == pytest.approx(-best.fun, abs=1e-8)
    assert model.coefficients[0] == pytest.approx(best.x[0], abs=1e-5)


@pytest.mark.parametrize("firth", [False, True])
def test_profile_limits_lie_where_the_likelihood_has_fallen_by_half_its_quantile(firth):
    stops = np.array([1, 2, 4, 5, 7, 8, 11, 12, 15, 18, 20])
    events = np.array([1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0], dtype=bool)
    x = np.array([1, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0], dtype=float)
    model = fit_cox(stops, events, x[:, None], ["x"], firth=firth, interval="profile")
    top = -penalised(model.coefficients[0], stops, events, x, firth)
    for limit in (model.ratios[0].lower, model.ratios[0].upper):
        assert 2 * (top + penalised(np.log(limit), stops, events, x, firth)) == pytest.approx(
            1.959963984540054**2, abs=1e-8
        )


def test_a_separating_covariate_has_no_ratio_but_with_firth():
    stops, events = np.arange(1, 12), np.array([1] * 5 + [0] * 6)
    x = np.array([1.0] * 5 + [0.0] * 6)
    plain = fit_cox(stops, events, x[:, None], ["relapse"])
    assert plain.because == "relapse separates the events: no finite hazard ratio (Firth's penalty gives one)"
    assert plain.ratios == ()
    firth = fit_cox(stops, events, x[:, None], ["relapse"], firth=True, interval="profile")
    assert 1 < firth.ratios[0].lower < firth.ratios[0].value < firth.ratios[0].upper < 1e5
    assert firth.caveats == ("5 events for 1 covariates: fewer than 10 events each",)
    assert firth.method == "Cox regression, Efron ties, Firth's penalty, profile likelihood"


def test_what_cannot_be_fitted_is_told():
    x = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 8.0]])
    assert (
        fit_cox([1, 2, 3, 4], [1, 1, 1, 1], x, ["a", "b"]).because
        == "a covariate is a sum of multiples of the others"
    )
    assert fit_cox([1, 2, 3], [1, 1, 1], [[1], [1], [1]], ["a"]).because == "a is the same in every patient"
    assert (
        fit_cox([1, 2, 3], [1, 0, 0], [[1], [2], [1]], ["a"]).because
        == "1 events are too few for 1 covariates"
    )
    assert fit_cox([], [], np.zeros((0, 1)), ["a"]).because == "there are no patients"
    with pytest.raises(RowError, match="row 1: start 3 is not before stop 2"):
        fit_cox([2, 3], [1, 1], [[1.0], [2.0]], ["a"], start=[3, 0])
    with pytest.raises(ValueError, match="covariates are missing in row 2"):
        fit_cox([1, 2], [1, 1], [[1.0], [np.nan]], ["a"])
    with pytest.raises(ValueError, match="2 names for 1 covariates"):
        fit_cox([1, 2], [1, 1], [[1.0], [2.0]], ["a", "b"])
    with pytest.raises(ValueError, match="ties 'exact' is not one of efron, breslow"):
        fit_cox([1, 2], [1, 1], [[1.0], [2.0]], ["a"], ties="exact")
    with pytest.raises(ValueError, match="interval 'score' is not one of wald, profile"):
        fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [[1.0], [2.0], [1.0], [3.0]], ["a"], interval="score")


def test_groups_whose_events_do_not_overlap_have_no_ratio():
    early, late = count_events([1, 2, 3], [1, 1, 1]), count_events([5, 6, 7], [1, 1, 1])
    assert estimate_hazard_ratio(early, late).because.startswith("the groups' events do not overlap in time")
    none = count_events([5, 6, 7], [0, 0, 0])
    assert (
        estimate_hazard_ratio(early, none).because
        == "a group has no event: the hazard ratio has no finite estimate"
    )
