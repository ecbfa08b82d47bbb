"""Against SciPy where SciPy is right (1e-12), and against R's qbeta where it is not."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from caseseries.stats import distributions
from caseseries.stats.distributions import beta_cdf, beta_quantile, beta_quantiles, chi_square_tail, find_root

SHAPES = (0.02, 0.3, 0.5, 1.0, 1.5, 2.0, 5.0, 11.0, 30.0, 100.0, 1e3, 1e4)
TAILS = (1e-6, 0.001, 0.005, 0.025, 0.05, 0.1, 0.5, 0.9, 0.95, 0.975, 0.995, 0.999)


@pytest.mark.parametrize(("a", "b"), list(itertools.product(SHAPES, SHAPES)))
def test_beta_quantile_is_scipys(a, b):
    ours = [beta_quantile(p, a, b) for p in TAILS]
    np.testing.assert_allclose(ours, special.betaincinv(a, b, TAILS), rtol=0, atol=1e-12)


@given(st.floats(0.05, 1e5), st.floats(0.05, 1e5), st.floats(0.0005, 0.9995))
def test_beta_quantile_inverts_the_area(a, b, p):
    x = beta_quantile(p, a, b)
    # Near 1 a float of 53 bits may be too coarse for 1e-9 of area: then its neighbours must lie on both sides.
    around = [beta_cdf(float(np.nextafter(x, end)), a, b) for end in (0.0, 1.0)]
    assert around[0] - 1e-9 <= p <= around[1] + 1e-9
    assert beta_cdf(x, a, b) == pytest.approx(special.betainc(a, b, x), abs=1e-9)


@pytest.mark.parametrize(
    ("p", "a", "b", "quantile"),
    [
        (0.95, 1e3, 1e7, 0.00010524691569282758),  # R 4.2.2 qbeta; SciPy 1.17 gives 0.0001052466
        (0.9, 1e3, 1e7, 0.00010406281777090178),
        (0.995, 1e3, 1e6, 0.0010822053827229984),
    ],
)
def test_beta_quantile_is_rs_where_scipy_errs(p, a, b, quantile):
    assert beta_quantile(p, a, b) == pytest.approx(quantile, rel=1e-12)
    assert beta_quantiles(p, [(a, b)] * 400) == pytest.approx(quantile, rel=1e-9)


def test_long_lists_give_the_same_as_short_ones():
    parameters = [(a, b) for a in SHAPES for b in SHAPES] + [(0.0, 1.0), (1.0, 0.0)]
    short = beta_quantiles(0.025, parameters)
    np.testing.assert_allclose(beta_quantiles(0.025, parameters * 3)[: len(short)], short, rtol=0, atol=1e-12)
    assert list(short[-2:]) == [0, 1]


def test_a_shape_of_zero_is_a_constant():
    assert [beta_cdf(x, 0, 1) for x in (-0.1, 0, 0.5, 1)] == [0, 1, 1, 1]
    assert [beta_cdf(x, 1, 0) for x in (0, 0.5, 1)] == [0, 0, 1]
    assert (beta_quantile(0.5, 0, 3), beta_quantile(0.5, 3, 0)) == (0, 1)


def test_beta_cdf_at_the_ends():
    assert (beta_cdf(0, 2, 3), beta_cdf(1, 2, 3), beta_cdf(-1, 2, 3), beta_cdf(2, 2, 3)) == (0, 1, 0, 1)


@pytest.mark.parametrize("df", range(1, 9))
def test_chi_square_tail_is_scipys(df):
    for x in (0.0, 0.1, 1.0, 5.0, 30.0, 200.0):
        assert chi_square_tail(x, df) == pytest.approx(special.chdtrc(df, x), rel=1e-12)
    assert chi_square_tail(-1, df) == 1


def test_find_root_keeps_to_its_ends():
    assert find_root(lambda x: x + 1, 0, 1) == 0
    assert find_root(lambda x: x - 2, 0, 1) == 1
    assert find_root(lambda x: x**3 - 0.3, 0, 1) == pytest.approx(0.3 ** (1 / 3), abs=1e-15)


@pytest.mark.parametrize(
    ("f", "root"),
    [(lambda x: x, 0.0), (lambda x: x - 1, 1.0), (lambda x: x + 1, 0.0), (lambda x: x - 2, 1.0)],
    ids=["at the low end", "at the high end", "below the low end", "beyond the high end"],
)
def test_a_root_at_an_end_or_beyond_it_is_that_end(f, root):
    assert find_root(f, 0.0, 1.0) == root


def test_a_quantile_needs_few_looks_at_its_area(monkeypatch):
    """The beta product limits of small cohorts are made of these: from a good first guess two or three looks are enough."""
    looks, area = [], distributions._Logit.area
    monkeypatch.setattr(distributions._Logit, "area", lambda self, u: looks.append(u) or area(self, u))
    shapes = [shape for shape in SHAPES if shape >= 1]
    asked = list(itertools.product(TAILS, shapes, shapes))
    distributions.beta_quantile.cache_clear()
    for p, a, b in asked:
        beta_quantile(p, a, b)
    assert len(looks) / len(asked) < 2.3
