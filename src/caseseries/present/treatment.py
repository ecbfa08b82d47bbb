"""What the report says of treatment, MRD and transplant, as far as each was measured or happened.

The sentences are texts for `wording.fill`. What a study did not ask for and nobody had is not spoken of: a cohort
that is not transplanted reads nothing of transplants.
"""

from collections.abc import Iterator, Sequence

from caseseries.analysis.results import Results
from caseseries.present.wording import STYLES, capital, join, noun
from caseseries.study.definition import Study


def given(study: Study, results: Results) -> str:
    """How many were given the index treatment, and at what age."""
    n = results["n.cases"].estimate.value
    if not n:
        return "No case could be analysed."
    ages = (
        f"median age {{age.index.median_years}}, range {{age.index.minimum_years:value}}"
        f"{STYLES[study.report.style].between}{{age.index.maximum_years}}"
    )
    if n == 1:
        ages = "aged {age.index.median_years:value} years"
    return f"{capital(study.index.label)} was given to {{n.cases}} {noun(n, 'case')} ({ages})."


def mrd_levels(study: Study, results: Results, *, shown: bool) -> Iterator[str]:
    """MRD before and after treatment, and the response; `shown` in a figure and a table or, without a level, not."""
    see = " (see figure:mrd, table:response)" if shown else ""
    index, before = study.index.label, results["mrd.before.median"].estimate
    judged, after = results["mrd.response.complete"].estimate.n, results["mrd.after.not_detected"].estimate.n
    if before.n == 1:
        yield (
            f"Before {index}, MRD in cases {_remission(study.before_in)} was quantified in one: "
            "{mrd.before.median:value}."
        )
    elif before.n:
        yield (
            f"Before {index}, MRD in cases {_remission(study.before_in)} was a median of "
            f"{{mrd.before.median}}, range {{mrd.before.minimum:value}}{STYLES[study.report.style].between}"
            "{mrd.before.maximum:value}, where it was quantified (n = {mrd.before.median:n})."
        )
    if after:
        yield "After it, MRD was not detected in {mrd.after.not_detected}."
    if judged:
        yield (
            "The response was complete in {mrd.response.complete}, partial in {mrd.response.partial}, and complete or "
            f"partial in {{mrd.response.complete_or_partial}}{see}."
        )
    else:
        yield f"No MRD response to {index} could be judged{see}."


def _remission(states: Sequence[str]) -> str:
    """The cases whose level before treatment is summarised."""
    if all(state.endswith("MRD-positive") for state in states):
        return "in MRD-positive remission"
    return f"whose state was {join([f'“{state}”' for state in states])}"


def transplants(study: Study, results: Results) -> Iterator[str]:
    """How many were transplanted, and when."""
    count = results["characteristics.hsct_after_index.yes"]
    if count.estimate.events == 1 and results["time.index_to_hsct.median"].estimate.n == 1:
        yield (
            f"HSCT followed in {{{count.id}:of}}, {{time.index_to_hsct.median}} after the start of "
            f"{study.index.label}."
        )
    elif count.estimate.events:
        yield (
            f"HSCT followed in {{{count.id}:of}}, a median of {{time.index_to_hsct.median}} after the start of "
            f"{study.index.label} (range {{time.index_to_hsct.minimum:value}}{STYLES[study.report.style].between}"
            "{time.index_to_hsct.maximum})."
        )
    elif study.told_from == "hsct":
        yield f"HSCT followed in {{{count.id}:of}}."


def discharge(results: Results) -> Iterator[str]:
    """Who went home early, and what else was given before transplant; where it was returned."""
    home, between = "characteristics.home_after_week_1.yes", "hsct.therapy_between"
    if results[home].estimate.n:
        yield f"Discharge home after the first week of treatment was possible in {{{home}:of}}."
    if between in results:
        yield f"Other therapy was given between treatment and transplant in {{{between}:of}}."
