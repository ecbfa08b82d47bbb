"""Every estimator at every edge, with the answer intended: a number with its limits, or the sentence that says why not.

The other group is four patients: events on days 3 and 8, the others last seen on days 6 and 12. Survival is asked on day 7,
the restricted mean to day 6, the difference on day 5. The reference loses half in ten days.

Where the numbers come from: limits of survival are binomial ones where all leave on one day (Clopper–Pearson's 0.025, 0.975,
0.6024 = 1 - 0.025^(1/4), 0.0084–0.9057 of one in three, 0.9324 of two in four); expected events are days of follow-up times
log 2 / 10; Poisson limits Garwood's; everything else is fractions of at most seven patients.
"""

import pytest

from caseseries.stats.comparison import combine_weights, compare_curves
from caseseries.stats.competing import estimate_incidence
from caseseries.stats.estimate import Estimate
from caseseries.stats.events import count_events, reverse
from caseseries.stats.gray import compare_incidence
from caseseries.stats.hazard import estimate_hazard
from caseseries.stats.melding import (
    compare_survival,
    estimate_median_difference,
    estimate_survival_difference,
)
from caseseries.stats.permutation import permute_groups
from caseseries.stats.reference import compare_to_reference, estimate_mortality_ratio, reference_exponential
from caseseries.stats.regression import estimate_hazard_ratio
from caseseries.stats.restricted import estimate_restricted_mean
from caseseries.stats.survival import estimate_quantile, estimate_survival

OTHER = count_events([3, 6, 8, 12], [1, 0, 1, 0])
REFERENCE = reference_exponential(0.5, 10)

SITUATIONS = {
    "nobody": count_events([], []),
    "no event": count_events([4, 6, 9], [0, 0, 0]),
    "all events": count_events([4, 6, 9], [1, 1, 1]),
    "one, event": count_events([7], [1]),
    "one, censored": count_events([7], [0]),
    "ties": count_events([7] * 4, [1, 1, 0, 0]),
    "all at once": count_events([7] * 4, [1] * 4),
    "late entry": count_events([4, 6, 20], [1, 0, 0], [0, 0, 10]),
    "refilled": count_events([4, 6, 14, 20], [1, 0, 1, 0], [0, 0, 9, 9]),
    "died out": count_events([4, 14, 20], [1, 1, 0], [0, 9, 9]),
}

ESTIMATORS = {
    "survival": lambda t: estimate_survival(t, 7),
    "log-log": lambda t: estimate_survival(t, 7, interval="log-log"),
    "median": estimate_quantile,
    "follow-up": lambda t: estimate_quantile(reverse(t)),
    "hazard": lambda t: estimate_hazard(t, 7),
    "restricted": lambda t: estimate_restricted_mean(t, 6),
    "incidence": lambda t: estimate_incidence(t, 1, 7),
    "ratio": lambda t: estimate_mortality_ratio(t, REFERENCE),
    "one-sample": lambda t: compare_to_reference(t, REFERENCE),
    "log-rank": lambda t: compare_curves([t, OTHER]),
    "exact": lambda t: permute_groups(t, OTHER),
    "gray": lambda t: compare_incidence([t, OTHER], cause=1),
    "max-combo": lambda t: combine_weights(t, OTHER),
    "hazard ratio": lambda t: estimate_hazard_ratio(t, OTHER),
    "difference": lambda t: estimate_survival_difference(t, OTHER, 5),
    "fixed time": lambda t: compare_survival(t, OTHER, 5),
    "medians": lambda t: estimate_median_difference(t, OTHER),
}

# A line is a situation and an estimator, then "value lower upper" ("-" for none) or, of a test, "statistic p"; or a reason.
TABLE = """
nobody | survival | there are no patients
nobody | log-log | there are no patients
nobody | median | there are no patients
nobody | follow-up | there are no patients
nobody | hazard | there are no patients
nobody | restricted | there are no patients
nobody | incidence | there are no patients
nobody | ratio | no event is expected
nobody | one-sample | no event is expected
nobody | log-rank | no event day has two groups at risk and someone who stays event-free
nobody | exact | a group is empty
nobody | gray | no event of this cause has two groups at risk
nobody | max-combo | no event day has both groups at risk
nobody | hazard ratio | a group has no event: the hazard ratio has no finite estimate
nobody | difference | there are no patients
nobody | fixed time | there are no patients
nobody | medians | a group is empty
no event | survival | 1 0.0250 1
no event | log-log | 1 - -
no event | median | not reached: the curve ends at 1.000 on day 9
no event | follow-up | 6 0 -
no event | hazard | 0 - -
no event | restricted | 6 - -
no event | incidence | 0 - -
no event | ratio | 0 0 2.8010
no event | one-sample | 1.3170 0.2511
no event | log-rank | 1.2427 0.2649
no event | exact | -0.7619 0.4000
no event | gray | 1.3054 0.2532
no event | hazard ratio | a group has no event: the hazard ratio has no finite estimate
no event | difference | 0.2500 -0.7149 0.8059
no event | fixed time | - 1
no event | medians | a median was not reached
all events | survival | 0.3333 0.0084 0.9057
all events | log-log | 0.3333 0.0090 0.7741
all events | median | 6 0 -
all events | follow-up | not reached: the curve ends at 1.000 on day 9
all events | hazard | 0.8333 0.2028 3.4248
all events | restricted | 5.3333 4.2665 6
all events | incidence | 0.6667 0.2259 0.9910
all events | ratio | 2.2779 0.4698 6.6571
all events | one-sample | 2.1508 0.1425
all events | log-rank | 0.5819 0.4456
all events | exact | 0.8381 0.4857
all events | gray | 0.6097 0.4349
all events | hazard ratio | 1.9919 0.3279 12.0999
all events | difference | -0.0833 -0.7992 0.6694
all events | fixed time | - 1
all events | medians | -2 - -
one, event | survival | 0 0 0.9750
one, event | log-log | 0 - -
one, event | median | 7 0 -
one, event | follow-up | not reached: the curve ends at 1.000 on day 7
one, event | hazard | 1 0.1409 7.0991
one, event | restricted | 6 - -
one, event | incidence | 1 - -
one, event | ratio | 2.0610 0.0522 11.4831
one, event | one-sample | 0.5462 0.4599
one, event | log-rank | 0.5698 0.4504
one, event | exact | 0.4667 0.6000
one, event | hazard ratio | 2.8284 0.1697 47.1460
one, event | difference | 0.2500 -0.8814 0.8059
one, event | medians | -1 - -
one, censored | survival | 1 0 1
one, censored | log-log | 1 - -
one, censored | median | not reached: the curve ends at 1.000 on day 7
one, censored | follow-up | 7 0 -
one, censored | hazard | 0 - -
one, censored | restricted | 6 - -
one, censored | incidence | 0 - -
one, censored | ratio | 0 0 7.6028
one, censored | log-rank | 0.2500 0.6171
one, censored | exact | -0.2000 1
one, censored | hazard ratio | a group has no event: the hazard ratio has no finite estimate
one, censored | fixed time | - 1
one, censored | medians | a median was not reached
ties | survival | 0.5000 0 0.9324
ties | log-log | 0.5000 0.0578 0.8449
ties | median | 7 0 -
ties | follow-up | 7 0 -
ties | hazard | 0.5000 0.1250 1.9992
ties | restricted | 6 - -
ties | incidence | 0.5000 0.1551 0.9422
ties | log-rank | 0.0459 0.8304
ties | exact | 0.1667 0.8571
ties | gray | 0.0447 0.8326
ties | hazard ratio | 1.4051 0.1247 15.8381
ties | difference | 0.2500 -0.4737 0.8059
ties | medians | -1 - -
all at once | survival | 0 0 0.6024
all at once | log-log | 0 - -
all at once | median | 7 0 -
all at once | follow-up | not reached: the curve ends at 1.000 on day 7
all at once | hazard | 1 0.3753 2.6644
all at once | incidence | 1 - -
all at once | log-rank | 1.1468 0.2842
all at once | exact | 0.8333 0.4857
all at once | gray | 1.2170 0.2700
all at once | hazard ratio | 3.9343 0.4219 36.6902
late entry | survival | 0.5000 0.0060 0.9104
late entry | median | 12 4 -
late entry | hazard | 0.5000 0.0704 3.5495
late entry | restricted | 5 3.6141 6
late entry | incidence | 0.5000 0.0896 0.9940
late entry | ratio | 0.7213 0.0183 4.0191
late entry | log-rank | 0.1538 0.6949
late entry | exact | members cannot be exchanged under delayed entry
late entry | hazard ratio | 1.7321 0.1076 27.8905
late entry | difference | beta product limits are not defined under delayed entry
late entry | fixed time | beta product limits are not defined under delayed entry
late entry | medians | beta product limits are not defined under delayed entry
refilled | survival | 0.5000 0.0060 0.9104
refilled | median | 9 4 -
refilled | ratio | 1.1098 0.1344 4.0089
refilled | log-rank | 0.1538 0.6949
refilled | exact | members cannot be exchanged under delayed entry
refilled | medians | beta product limits are not defined under delayed entry
died out | survival | 0 - -
died out | median | 4 - -
died out | hazard | 1 0.1409 7.0991
died out | restricted | 4 - -
died out | incidence | 1 - -
died out | ratio | 1.4427 0.1747 5.2115
died out | log-rank | 0.8705 0.3508
died out | exact | members cannot be exchanged under delayed entry
died out | gray | a group died out before others entered it: its incidence is 1 whatever they do
died out | hazard ratio | 3.4641 0.2151 55.7810
"""

LINES = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines()]


def shown(number):
    if number is None:
        return "-"
    return f"{number:.0f}" if abs(number - round(number)) < 1e-12 else f"{number:.4f}"


@pytest.mark.parametrize(("situation", "estimator", "expected"), LINES, ids=[f"{s}-{e}" for s, e, _ in LINES])
def test_edges(situation, estimator, expected):
    ours = ESTIMATORS[estimator](SITUATIONS[situation])
    if ours.because:
        value = ours.value if isinstance(ours, Estimate) else ours.p
        assert (value, ours.because) == (None, expected)
        return
    if isinstance(ours, Estimate):
        found = (ours.value, ours.lower, ours.upper)
        none_without_reason = ours.lower is None and ours.upper is None and not ours.caveats
        assert not none_without_reason or estimator in {"median", "medians", "follow-up"}
    else:
        found = (ours.statistic, ours.p)
    assert " ".join(map(shown, found)) == expected


def test_no_edge_is_without_a_line():
    assert {(situation, "survival") for situation in SITUATIONS} <= {line[:2] for line in LINES}
    assert {("nobody", estimator) for estimator in ESTIMATORS} <= {line[:2] for line in LINES}
    assert len(LINES) == len({line[:2] for line in LINES})


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_other_edge_has_an_answer_or_a_reason(situation, estimator):
    """Never an error, never NaN, never a limit on the wrong side of the estimate."""
    ours = ESTIMATORS[estimator](SITUATIONS[situation])
    value = ours.value if isinstance(ours, Estimate) else ours.p
    assert (value is None) == bool(ours.because)
    if isinstance(ours, Estimate):
        known = [number for number in (ours.lower, ours.value, ours.upper) if number is not None]
        assert known == sorted(known)
    elif value is not None:
        assert 0 <= value <= 1


def test_a_day_within_a_gap_says_that_nobody_was_there():
    said = "nobody was under observation after day 6 until others entered"
    assert said in estimate_survival(SITUATIONS["refilled"], 7).caveats
    assert said not in estimate_survival(SITUATIONS["refilled"], 6).caveats


def test_a_largest_of_four_scores_from_few_events_says_so():
    assert combine_weights(SITUATIONS["all at once"], OTHER).caveats == (
        "6 events: the normal approximation is rough",
    )
    crowd = count_events(range(1, 31), [1] * 30)
    assert combine_weights(crowd, OTHER).caveats == ()
