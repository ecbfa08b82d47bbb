"""How complete the series is: cases by source, the total that their overlap suggests, the survey's response."""

from collections.abc import Iterator, Sequence

from caseseries.analysis.results import Result
from caseseries.identify.ascertainment import BOARD, BOTH, SURVEY, UNKNOWN, Reach, group_by_source
from caseseries.stats.capture import CHAPMAN, chapman_error, estimate_total, estimate_total_by_profile
from caseseries.stats.estimate import Estimate
from caseseries.stats.proportions import estimate_proportion
from caseseries.timeline.course import Course

SOURCES = (
    ("board_only", "Found by the tumour board only", BOARD),
    ("survey_only", "Found by the survey only", SURVEY),
    ("both", "Found by tumour board and survey", BOTH),
    ("unknown", "Source not stated", UNKNOWN),
)

ODDS_RATIOS = ((0.5, "half"), (2.0, "2"), (3.0, "3"), (5.0, "5"))

LOWER_BOUND = (
    "a lower bound if the sources depend on each other, as they do where the clinician on the board also answers "
    "the survey"
)


def describe_ascertainment(courses: Sequence[Course], reach: Reach, level: float) -> Iterator[Result]:
    """ascertainment.*: cases by source, estimated totals, and the centres that answered."""
    groups = group_by_source([course.patient for course in courses])
    for name, label, source in SOURCES:
        estimate = Estimate(len(groups[source]), None, None, level, "count", len(courses))
        yield Result(f"ascertainment.{name}", label, "count", estimate, groups[source])
    yield from _totals(len(groups[BOARD]), len(groups[SURVEY]), len(groups[BOTH]), level)
    if reach.asked:
        answered = estimate_proportion(len(reach.answered), len(reach.asked), level)
        yield Result("ascertainment.response", "Centres that returned cases", "proportion", answered)


def _totals(board_only: int, survey_only: int, both: int, level: float) -> Iterator[Result]:
    first, second = board_only + both, survey_only + both
    label = "Cases in all, seen and unseen"
    total = estimate_total(first, second, both, level)
    yield Result("ascertainment.total", label, "count", total, {}, (LOWER_BOUND,))
    if total.value is not None:
        error = Estimate(chapman_error(first, second, both), None, None, level, CHAPMAN, total.n, both)
        yield Result("ascertainment.total.error", f"{label}: standard error", "count", error, decimals=2)
    by_profile = estimate_total_by_profile(first, second, both, level)
    yield Result("ascertainment.total.profile", f"{label}, by likelihood", "count", by_profile)
    for odds_ratio, name in ODDS_RATIOS:
        dependent = estimate_total(first, second, both, level, odds_ratio)
        words = f"{label}, if the odds ratio between the sources is {odds_ratio:g}"
        yield Result(f"ascertainment.total.odds_ratio_{name}", words, "count", dependent)
