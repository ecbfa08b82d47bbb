"""The demo's comparison with published outcomes, found again from adtte.csv with scipy and nothing of ours.

Written from the definitions: expected events are each case's cumulative hazard, the reference's own variance adds
up over days, the ratio's limits are tails of a negative binomial, and P(ours is higher) is an integral.
"""

import csv
import json
from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import beta, chi2, nbinom

DAY_3, DAY_6 = 1095, 2191  # the last whole days of three and six years of 365.25 days
# Published: share without event, its day, number of patients (Interfant-99 relapses at 3 years; Interfant-06 HR at 6).
REFERENCES = {
    "after relapse": (0.209, DAY_3, 202),
    "first line: resistant or refractory": (0.299, DAY_6, 164),
}


@pytest.fixture(scope="module")
def found(demo) -> dict[str, dict]:
    rows = json.loads((demo / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    return {row["id"].removeprefix("compare.os_mixture."): row for row in rows}


@pytest.fixture(scope="module")
def followed(demo) -> dict[str, list[tuple[int, bool]]]:
    """Days and deaths from the start of blinatumomab, by indication."""
    report = demo / "report"
    with (report / "adsl.csv").open(encoding="utf-8") as file:
        kinds = {row["USUBJID"]: row["INDICAT"] for row in csv.DictReader(file)}
    with (report / "adtte.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["PARAMCD"] == "OSINDEX"]
    return {
        kind: [(int(r["AVAL"]), r["CNSR"] == "0") for r in rows if kinds[r["USUBJID"]] == kind]
        for kind in REFERENCES
    }


def _hazard(kind: str) -> float:
    share, day, _ = REFERENCES[kind]
    return -log(share) / day


def _variance_a_day(kind: str) -> float:
    share, day, n = REFERENCES[kind]
    return (1 - share) / (share * n) / day  # (se / S)² of a binomial share, spread evenly over the days


@pytest.fixture(scope="module")
def expected(followed) -> tuple[int, float, float]:
    observed = sum(died for cases in followed.values() for _, died in cases)
    events = sum(_hazard(kind) * days for kind, cases in followed.items() for days, _ in cases)
    own = sum(
        _variance_a_day(kind) * sum(days >= day for days, _ in cases) ** 2
        for kind, cases in followed.items()
        for day in range(1, max(days for days, _ in cases) + 1)
    )
    return observed, events, own


def test_seven_are_held_against_relapses_and_four_against_first_line(followed):
    assert [len(cases) for cases in followed.values()] == [7, 4]


def test_expected_events_ratio_and_one_sample_test(found, expected):
    observed, events, own = expected
    assert found["observed"]["value"] == observed == 2
    assert found["expected"]["value"] == pytest.approx(events)
    assert found["log_rank"]["value"] == pytest.approx(chi2.sf((observed - events) ** 2 / (events + own), 1))
    shape = events**2 / own

    def at_most(k: int, ratio: float) -> float:
        return float(nbinom.cdf(k, shape, shape / (shape + ratio * events)))

    upper = brentq(lambda ratio: at_most(observed, ratio) - 0.025, 0.01, 100)
    lower = brentq(lambda ratio: 1 - at_most(observed - 1, ratio) - 0.025, 1e-6, 100)
    assert found["smr"]["value"] == pytest.approx(observed / events)
    assert (found["smr"]["lower"], found["smr"]["upper"]) == pytest.approx((lower, upper))


@pytest.fixture(scope="module")
def published() -> tuple[float, float]:
    """The mixture at three years, as the beta distribution of its mean and standard error."""
    shares = {kind: exp(-_hazard(kind) * DAY_3) for kind in REFERENCES}
    errors = {kind: shares[kind] * sqrt(_variance_a_day(kind) * DAY_3) for kind in REFERENCES}
    weights = dict(zip(REFERENCES, (7 / 11, 4 / 11), strict=True))
    share = sum(weights[kind] * shares[kind] for kind in REFERENCES)
    variance = sum((weights[kind] * errors[kind]) ** 2 for kind in REFERENCES)
    size = share * (1 - share) / variance - 1
    return share * size, (1 - share) * size


def _better(ours: list[tuple[float, tuple[float, float]]], theirs: tuple[float, float]) -> float:
    """P(X > Y), Y beta, X a mixture of betas."""
    where = sum(theirs) and theirs[0] / sum(theirs)
    return sum(
        weight
        * quad(lambda x, p=part: beta.pdf(x, *p) * beta.cdf(x, *theirs), 0, 1, points=[where], limit=200)[0]
        for weight, part in ours
    )


def test_the_published_mixture_and_its_interval(found, published):
    row = found["36m.published"]
    assert row["value"] == pytest.approx(published[0] / sum(published))
    assert (row["lower"], row["upper"]) == pytest.approx(beta.ppf([0.025, 0.975], *published))


def test_the_probability_of_being_higher_under_each_prior(found, followed, published):
    """To 1e-5: ours are sums over 2,048 places."""
    everyone = sorted(case for cases in followed.values() for case in cases)
    free = sum(days > DAY_3 for days, _ in everyone)
    survival = float(
        np.prod([1 - 1 / sum(d >= days for d, _ in everyone) for days, died in everyone if died])
    )
    n = free / survival
    assert found["36m.effective"]["value"] == pytest.approx(n)
    gained = (free, n - free)

    def updated(prior: tuple[float, float]) -> tuple[float, float]:
        return prior[0] + gained[0], prior[1] + gained[1]

    weak, power = (1.0, 1.0), (1 + published[0] / 2, 1 + published[1] / 2)
    assert found["36m.better.weak"]["value"] == pytest.approx(
        _better([(1, updated(weak))], published), abs=1e-5
    )
    assert found["36m.better.power"]["value"] == pytest.approx(
        _better([(1, updated(power))], published), abs=1e-5
    )

    def evidence(prior: tuple[float, float]) -> float:
        return quad(
            lambda x: beta.pdf(x, *prior) * x ** gained[0] * (1 - x) ** gained[1],
            0, 1, points=[prior[0] / sum(prior)], limit=200,
        )[0]  # fmt: skip

    seen = evidence(published), evidence(weak)
    robust = [(seen[0] / sum(seen), updated(published)), (seen[1] / sum(seen), updated(weak))]
    assert found["36m.better.robust"]["value"] == pytest.approx(_better(robust, published), abs=1e-5)
    assert found["36m.worth.weak"]["value"] == 2
    assert found["36m.worth.power"]["value"] == pytest.approx(sum(power))


def test_the_effective_sample_size_of_the_robust_prior(found, published):
    """The expectation of −(log p)'' θ (1 − θ), its second derivative taken by differences: hence only to 0.1 %."""
    step = 1e-4

    def density(x: float) -> float:
        return 0.5 * beta.pdf(x, *published) + 0.5

    def local(x: float) -> float:
        around = log(density(x + step)) - 2 * log(density(x)) + log(density(x - step))
        return -around / step**2 * x * (1 - x) * density(x)

    size = quad(local, 2 * step, 1 - 2 * step, points=[published[0] / sum(published)], limit=500)[0]
    assert found["36m.worth.robust"]["value"] == pytest.approx(size, rel=1e-3)
