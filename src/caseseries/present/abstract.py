"""A paragraph of results to paste into an abstract, made of the same rows and the same strings as the report."""

from collections.abc import Iterator

from caseseries.present.report import Material, headline, levels_of, outcome_of, toxicity_of
from caseseries.present.treatment import given, transplants
from caseseries.present.wording import fill, plain


def abstract(m: Material) -> str:
    """text.txt: title, one paragraph, and what must be said with it."""
    results = plain(fill(" ".join(said for said in _sentences(m) if said), m.results))
    codes = ("few-at-risk", "not-estimable", "not-everyone-transplanted")
    few = [plain(fill(remark.text, m.results)) for remark in m.remarks if remark.code in codes]
    parts = [m.study.title, results, *few, f"Data to {m.study.data_cut:%-d %B %Y}.", m.study.notice]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sentences(m: Material) -> Iterator[str]:
    yield given(m.study, m.results)
    if not m.results["n.cases"].estimate.value:
        return
    yield levels_of(m.results, "indication", "The indication was")
    if m.results["mrd.response.complete"].estimate.n:
        yield (
            "After treatment, MRD was not detected in {mrd.after.not_detected}; the MRD response was complete in "
            "{mrd.response.complete}."
        )
    yield toxicity_of(m)
    yield from transplants(m.study, m.results)
    yield from (outcome_of(m, result_id) for result_id in headline(m.results, m.study))
