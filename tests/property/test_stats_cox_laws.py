"""Laws of Cox regression, and the penalised likelihood against a second implementation."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from caseseries.stats import compiled, likelihood, moments
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
@given(patients(), st.integers(2, 4))
def test_rows_of_one_cluster_count_as_one(data, times):
    """A row a cluster is the plain sandwich; and copies of everyone, each with its own, say nothing new (Breslow's ties)."""
    stops, events, x = data
    each = np.arange(stops.size)
    plain, alone = fit(stops, events, x, robust=True), fit(stops, events, x, cluster=each)
    assert alone.errors == pytest.approx(plain.errors, rel=1e-9)
    once = fit(stops, events, x, ties="breslow", robust=True)
    copies = [np.tile(column, times) for column in (stops, events, x)]
    together = fit(*copies, ties="breslow", cluster=np.tile(each, times).astype(str))
    assert together.errors == pytest.approx(once.errors, rel=1e-8)
    assert "robust variance of clusters" in together.method


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
    assert firth.caveats == ("5 events for 1 covariate: fewer than 10 events each",)
    assert firth.method == "Cox regression, Efron ties, Firth's penalty, profile likelihood"


def test_what_cannot_be_fitted_is_told():
    x = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 8.0]])
    assert (
        fit_cox([1, 2, 3, 4], [1, 1, 1, 1], x, ["a", "b"]).because
        == "a covariate is a sum of multiples of the others"
    )
    assert fit_cox([1, 2, 3], [1, 1, 1], [[1], [1], [1]], ["a"]).because == "a is the same in every patient"
    assert (
        fit_cox([1, 2, 3], [1, 0, 0], [[1], [2], [1]], ["a"]).because == "1 event is too few for 1 covariate"
    )
    assert fit_cox([], [], np.zeros((0, 1)), ["a"]).because == "there are no patients"
    assert fit_cox([1, 2], [1, 1], np.zeros((2, 0)), []).because == "there are no covariates"
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


def test_clusters_are_more_than_covariates_and_few_are_said_to_be_few():
    """The influences add to 0, so that two clusters know one thing only: two standard errors of two would be made up."""
    x = np.array([[1, 0], [0, 2], [2, 1], [3, 3], [1, 2], [0, 1]], dtype=float)
    stops, events = [3, 5, 6, 8, 9, 12], [1, 1, 1, 0, 1, 1]
    two = fit_cox(stops, events, x, ["a", "b"], cluster=[1, 2, 1, 2, 1, 2])
    assert two.because == "2 clusters are too few for 2 covariates"
    three = fit_cox(stops, events, x, ["a", "b"], cluster=list("uvwuvw"))
    assert not three.because
    assert np.linalg.matrix_rank(three.covariance) == 2
    assert three.caveats[1] == "3 clusters: with fewer than 20 robust errors are often too small"


def test_groups_whose_events_do_not_overlap_have_no_ratio():
    early, late = count_events([1, 2, 3], [1, 1, 1]), count_events([5, 6, 7], [1, 1, 1])
    assert estimate_hazard_ratio(early, late).because.startswith("the groups' events do not overlap in time")
    none = count_events([5, 6, 7], [0, 0, 0])
    assert (
        estimate_hazard_ratio(early, none).because
        == "a group has no event: the hazard ratio has no finite estimate"
    )


@st.composite
def many_rows(draw):
    """Rows of every shape the sums distinguish: tied, entering late, in strata, with one to four covariates."""
    seed, n = draw(st.integers(0, 10_000)), draw(st.sampled_from([30, 200, 2_000]))
    random = np.random.default_rng(seed)
    stops = random.integers(1, draw(st.sampled_from([3, 40, 900])) + 1, n)
    late = draw(st.booleans())
    return {
        "stop": stops,
        "event": random.integers(0, 2, n),
        "covariates": random.normal(size=(n, draw(st.integers(1, 4)))).round(draw(st.integers(0, 3))),
        "start": random.integers(0, stops) if late else None,
        "strata": random.integers(0, 3, n) if draw(st.booleans()) else None,
        "ties": draw(st.sampled_from(["efron", "breslow"])),
    }


def fit_by(way, monkeypatch, rows):
    with monkeypatch.context() as patch:
        patch.setattr(moments, "FAST_FROM", 0 if way == "kernel" else 2**62)
        return fit_cox(names=[f"x{j}" for j in range(rows["covariates"].shape[1])], **rows)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=many_rows())
def test_the_kernel_gives_the_digits_of_numpy(monkeypatch, rows):
    plain, fast = (fit_by(way, monkeypatch, rows) for way in ("numpy", "kernel"))
    assert fast.because == plain.because
    assert fast.coefficients == pytest.approx(plain.coefficients, abs=1e-10)  # both stop at a step of 1e-10
    assert fast.log_likelihoods == pytest.approx(
        plain.log_likelihoods, rel=1e-12
    )  # 2,000 terms, rounding alone
    assert (fast.covariance is None) == (plain.covariance is None)
    if plain.covariance is not None:
        assert fast.covariance == pytest.approx(plain.covariance, rel=1e-8)  # the inverse of an information


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_the_kernel_gives_the_same_bits_whatever_its_threads(monkeypatch, threads):
    random = np.random.default_rng(1)
    ends = np.append(0, np.cumsum(random.integers(0, 1_500, 40)))
    x, beta = random.normal(size=(3, ends[-1])), np.array([0.3, -1.0, 2.0])
    with_two = compiled.add_moments(ends, x, beta)
    monkeypatch.setattr(compiled, "_THREADS", threads)
    assert np.array_equal(compiled.add_moments(ends, x, beta), with_two)


@pytest.mark.parametrize(("days", "table"), [(12, 2**62), (12, 0)])
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_ranks_looked_up_are_ranks_searched_for(days, table, random):
    keys = np.array(sorted(random.sample(range(days), random.randint(0, days))), dtype=np.int64)
    places = np.arange(-1, days)
    before, likelihood._TABLE = likelihood._TABLE, table
    try:
        found = likelihood._rank(keys, places, days)
    finally:
        likelihood._TABLE = before
    assert found.tolist() == [sum(key <= place for key in keys.tolist()) for place in places.tolist()]


@settings(max_examples=40)
@given(rows=many_rows())
def test_the_sums_of_tied_events_are_efrons_taken_one_by_one(rows):
    """Efron 1977: the l-th of d tied events sees those at risk, of those who fall only 1 - l/d; beta is 0.3."""
    n, p = rows["covariates"].shape
    assume(n <= 200)
    arranged = likelihood.arrange_rows(
        rows["stop"], rows["event"], rows["covariates"], rows["start"], rows["strata"]
    )
    beta = np.full(p, 0.3)
    point = likelihood.Likelihood(arranged, "efron", firth=False).at(beta)
    start = np.full(n, -1) if rows["start"] is None else rows["start"]
    strata = np.zeros(n) if rows["strata"] is None else rows["strata"]
    x = rows["covariates"] - rows["covariates"].mean(axis=0)
    height, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for layer in np.unique(strata):
        for day in np.unique(rows["stop"][(rows["event"] == 1) & (strata == layer)]):
            at_risk = (strata == layer) & (start < day) & (day <= rows["stop"])
            falls = at_risk & (rows["stop"] == day) & (rows["event"] == 1)
            for rank in range(falls.sum()):
                weight = np.exp(x @ beta) * (at_risk - rank / falls.sum() * falls)
                mean = weight @ x / weight.sum()
                height -= np.log(weight.sum())
                score -= mean
                information += (x - mean).T @ ((x - mean) * weight[:, None]) / weight.sum()
            height += (x[falls] @ beta).sum()
            score += x[falls].sum(axis=0)
    assert point.log_likelihood == pytest.approx(height, abs=1e-9)  # 200 terms of at most 10, rounding alone
    assert point.score == pytest.approx(score, abs=1e-9)
    assert point.information == pytest.approx(information, abs=1e-9)
