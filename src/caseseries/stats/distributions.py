"""Tail areas and quantiles of the few distributions that intervals and tests need, without importing SciPy.

`import scipy.special` costs half a second, as much as the rest of a small report; these need `math` alone.
Long arrays go to SciPy, where one import is cheaper than thousands of scalar calls. The two agree to 1e-12.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import erfc, exp, expm1, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STANDARD = NormalDist()
_TINY = 1e-300
_FAR = 690.0  # exp(-690) is next to the smallest float
_MANY = 400  # scalar quantiles cost about 40 µs each: beyond this the SciPy import is paid back


def normal_quantile(p: float) -> float:
    """The standard normal quantile (Wichura 1988, AS 241)."""
    return _STANDARD.inv_cdf(p)


def chi_square_tail(x: float, df: int) -> float:
    """P(X > x) for a chi-square X with whole df > 0: the finite sums of DLMF 8.4.8 and 8.4.10."""
    half = x / 2
    if half <= 0:
        return 1.0
    powers = [df % 2 / 2 + k for k in range(df // 2)]
    terms = sum(exp(j * log(half) - half - lgamma(j + 1)) for j in powers)
    return terms + (erfc(sqrt(half)) if df % 2 else 0.0)


def beta_cdf(x: float, a: float, b: float) -> float:
    """P(X <= x) for X ~ Beta(a, b), DLMF 8.17.22; Beta(0, b) is the constant 0 and Beta(a, 0) the constant 1."""
    if x < 0 or (x < 1 and not b):
        return 0.0
    if x >= 1 or not a:
        return 1.0
    return exp(_Logit(a, b).area(log(x) - log1p(-x) - log(a / b))[0]) if x else 0.0


@lru_cache(maxsize=4096)  # horizons on one step of a curve share their upper limit
def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with P(X <= x) = p for X ~ Beta(a, b), 0 < p < 1; a or b may be 0 as in `beta_cdf`.

    Halley's method for log F on the logit scale. The density is log-concave there, so log F is concave and
    lies below its left asymptote, which bounds every step from below.
    """
    if not (a and b):
        return float(a > 0)
    if p > 0.5:
        return _share(a, b, -_Logit(b, a).quantile(1 - p))
    return _share(a, b, _Logit(a, b).quantile(p))


def beta_quantiles(p: float, parameters: Sequence[tuple[float, float]]) -> Floats:
    """`beta_quantile` for each (a, b)."""
    if len(parameters) < _MANY:
        return np.array([beta_quantile(p, a, b) for a, b in parameters])
    from scipy.special import betainc, betaincinv, betaln, xlog1py, xlogy

    a, b = np.array(parameters, dtype=np.float64).T
    proper = (a > 0) & (b > 0)
    quantiles: Floats = (a > 0).astype(np.float64)
    a, b = a[proper], b[proper]
    x = betaincinv(a, b, p)  # off by 1e-6 of itself at 10^7 patients, hence one step of Newton's method
    density = np.exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))
    quantiles[proper] = x - (betainc(a, b, x) - p) / density
    return quantiles


def find_root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where the increasing f crosses 0 in [low, high]: false position, Illinois variant."""
    f_low, f_high = f(low), f(high)
    if f_low >= 0 or f_high <= 0:
        return low if f_low >= 0 else high
    x = low
    for _ in range(200):
        x, last = (low * f_high - high * f_low) / (f_high - f_low), x
        f_x = f(x)
        if abs(x - last) <= 1e-15 * abs(x) or not f_x:
            break
        if f_x < 0:
            low, f_low, f_high = x, f_x, f_high / 2 if last < x else f_high
        else:
            high, f_high, f_low = x, f_x, f_low / 2 if last > x else f_low
    return x


class _Logit:
    """logit X - log(a / b) for X ~ Beta(a, b): centred, so that large a and b cancel before rounding."""

    def __init__(self, a: float, b: float) -> None:
        self.a, self.b = a, b
        self.mean, self.rest = a / (a + b), b / (a + b)
        self.height = 0.5 * log(a * self.rest / (2 * pi)) - _stirling(a) - _stirling(b) + _stirling(a + b)

    def log_density(self, u: float) -> float:
        falls = self.a * log1p(self.rest * expm1(-u)) + self.b * log1p(self.mean * expm1(u))
        return self.height - falls

    def area(self, u: float) -> tuple[float, float]:
        """log F and F/f at u; logarithms, because F itself underflows far to the left."""
        a, b, x = self.a, self.b, _share(self.a, self.b, u)
        if x < (a + 1) / (a + b + 2):
            mills = _beta_fraction(x, a, b) / a
            return self.log_density(u) + log(mills), mills
        density = max(exp(self.log_density(u)), _TINY)
        area = 1 - density / b * _beta_fraction(_share(b, a, -u), b, a)
        return log(area), area / density

    def quantile(self, p: float) -> float:
        a, b, log_p = self.a, self.b, log(p)
        floor = max((log_p + log(a) - self.height) / a - log1p(a / b) * (a + b) / a, -_FAR)
        u = min(max(floor, self.guess(normal_quantile(p))), _FAR)
        for _ in range(200):
            log_area, mills = self.area(u)
            gap = log_area - log_p
            bend = gap * (mills * (a - (a + b) * _share(a, b, u)) - 1)  # Halley's correction, kept below half
            step = gap * mills / (1 - 0.5 * min(1.0, max(-1.0, bend)))
            u, last = min(max(u - step, floor), _FAR), u
            if abs(u - last) <= 1e-6 * min(1.0, sqrt(1 / a + 1 / b)):  # the next step would be its cube
                break
        return u

    def guess(self, z: float) -> float:
        a, b = self.a, self.b
        if min(a, b) < 1:
            return z * sqrt(1 / a + 1 / b)
        pull, h = (z * z - 3) / 6, 2 / (1 / (2 * a - 1) + 1 / (2 * b - 1))  # Abramowitz & Stegun 26.5.22
        skew = (1 / (2 * b - 1) - 1 / (2 * a - 1)) * (pull + 5 / 6 - 2 / (3 * h))
        return 2 * (z * sqrt(h + pull) / h + skew)


def _stirling(a: float) -> float:
    """log Gamma(a) less Stirling's (a - 1/2) log a - a + log(2 pi) / 2: DLMF 5.11.1."""
    if a < 10:
        return lgamma(a) - (a - 0.5) * log(a) + a - 0.5 * log(2 * pi)
    return (
        1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * a * a)) / (a * a)) / (a * a)) / (a * a)
    ) / a


def _share(a: float, b: float, u: float) -> float:
    """The x whose logit is log(a / b) + u."""
    return a / (a + b * exp(-u)) if u >= 0 else a * exp(u) / (a * exp(u) + b)


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of DLMF 8.17.22, two terms a turn, by Lentz's method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 100_000):
        k = a + 2 * m
        even, odd = m * (b - m) * x / ((k - 1) * k), -(a + m) * (a + b + m) * x / (k * (k + 1))
        c = 1 + even / c
        d = 1 / (1 + even * d)
        value *= c * d
        c = 1 + odd / c
        d = 1 / (1 + odd * d)
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
