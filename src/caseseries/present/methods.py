"""The methods paragraph, written from what was run: the protocol's own words and the methods of the results."""

from collections.abc import Iterator, Sequence

from caseseries.analysis.outcomes import FEW_CASES
from caseseries.analysis.results import Result, Results
from caseseries.present.wording import join, percent
from caseseries.study.definition import Endpoint, Study


def paragraphs(study: Study, results: Results) -> Iterator[str]:
    """Texts for `wording.fill` with `protocol.numbers_of`, and then for `references.cite_references`."""
    yield _design(study)
    yield _response(study)
    yield _endpoints(study)
    yield _estimation(study, results)
    if any(name.startswith("compare.") for name in results):
        yield COMPARISON


COMPARISON = (
    "Published outcomes carry their own error. Where only horizons are printed, the hazard is constant between them. "
    "Over our follow-up, observed events are held against those expected had each case had the published hazard of "
    "its kind: the one-sample log-rank test adds the variance of the expectation to that of the events (cite "
    "danzer), and the limits of the ratio take the expectation as gamma-distributed. At a horizon, beta "
    "posteriors with a weak prior are compared, and again with the published outcome as a prior, in part (robust) or "
    "at a share of its worth (power); our cases count for as many as are still free at the horizon, over the "
    "estimate (cite peto)."
)


# Each with what names it in the method of a result.
ESTIMATORS = (
    ("Kaplan–Meier", "Survival was estimated by Kaplan–Meier (cite kaplan-meier)."),
    (
        "Aalen–Johansen",
        "Cumulative incidence was estimated by Aalen–Johansen (cite aalen-johansen), with complementary log–log "
        "intervals.",
    ),
)


BPCP = "the beta product confidence procedure (BPCP) (cite bpcp), which keeps its coverage in small samples"


def _intervals(rows: Sequence[Result]) -> str:
    """Which interval of survival is quoted, and which stands beside it."""
    beside = {end for row in rows if (end := row.id.rpartition(".")[2]) in ("loglog", "bpcp")}
    if not beside:
        return "Its intervals are log–log."
    if beside == {"loglog"}:
        return f"Its intervals are those of {BPCP}, and log–log intervals beside it."
    if beside == {"bpcp"}:
        return f"Its intervals are log–log, and beside them those of {BPCP}."
    return f"Its intervals are log–log from {FEW_CASES} cases on, and below that of {BPCP}; the other stands beside."


def _design(study: Study) -> str:
    rules = "; ".join(rule.reason for rule in study.eligibility)
    excluded = f" Excluded if any of these held: {rules}." if rules else ""
    return (
        f"{study.design}. Population: {study.population}. The index treatment is {study.index.label}; data were cut "
        f"on {{protocol.data_cut}}.{excluded}"
    )


def _response(study: Study) -> str:
    return (
        "MRD before treatment is the last evaluable specimen within {protocol.before_within_days} days of the start "
        f"of {study.index.label}; after treatment, the last evaluable specimen {_until(study)}. Of several markers the "
        "highest counts, and a specimen is negative only if all are. A response is complete when MRD is not detected "
        "at a sensitivity of {protocol.sensitivity} or better, and partial when the fall exceeds "
        "{protocol.partial_log_reduction} log over its whole possible range; a negative is never replaced by "
        f"a number. Toxicity is graded by {study.toxicity.scale}."
    )


def _until(study: Study) -> str:
    rule = study.response
    ends = ["up to day {protocol.after_within_days}"] if rule.after_within_days else []
    ends += [f"up to {study.origins[rule.after_until].label}"] if rule.after_until else []
    return (
        f"{' and '.join([*ends, 'up to any other treatment'])}, and before any relapse (that of the day of relapse "
        "where there is none before)"
    )


def _endpoints(study: Study) -> str:
    defined = " ".join(_define(endpoint) for endpoint in study.endpoints.values())
    return f"{defined} Without any of these, a case was censored on the last day it was known to be alive."


def _define(endpoint: Endpoint) -> str:
    events = "a competing event" if len(endpoint.competing) == 1 else "competing events"
    competing = f", with {join(endpoint.competing)} as {events}" if endpoint.competing else ""
    short = "" if endpoint.short.lower() in endpoint.label.lower() else f" ({endpoint.short})"
    return f"{endpoint.label}{short}: time to {_first(endpoint.events)}{competing}."


def _first(events: tuple[str, ...]) -> str:
    return f"the first of {join(events)}" if len(events) > 1 else events[0]


def _estimation(study: Study, results: Results) -> str:
    own = [row for name, row in results.items() if not name.startswith("compare.")]
    used = " ".join(row.estimate.method for row in own if row.unit == "probability")
    said = [words for known, words in ESTIMATORS if known in used]
    if "Kaplan–Meier" in used:
        said.insert(1, _intervals(own))
    return (
        f"Time is in whole days. {' '.join(said)} Proportions have exact (Clopper–Pearson) intervals "
        "(cite clopper-pearson) and medians exact order-statistic intervals; all intervals are "
        f"{percent(study.report.level)}. "
        "Follow-up is given by reverse Kaplan–Meier (cite reverse) and as the survivors’ median and range. "
        "A horizon with fewer than {protocol.minimum_at_risk} cases at risk is quoted only with that number."
    )
