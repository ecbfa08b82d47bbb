"""The results in the words of CDISC's Analysis Results Standard: one record a value, each with its printed form.

ARS 1.0 (https://www.cdisc.org/standards/foundational/analysis-results-standard), classes ReportingEvent, Analysis,
AnalysisMethod, Operation and OperationResult with their attribute names; what is left out is said in the file.
"""

import json

from caseseries.analysis.describe import slug
from caseseries.analysis.results import Result, Results
from caseseries.present.wording import FIELDS
from caseseries.study.definition import Study

# Operations of every method, in order, with the field of `wording.FIELDS` that prints each.
OPERATIONS = {
    "value": ("Estimate", "value"),
    "lower": ("Lower confidence limit", "lower"),
    "upper": ("Upper confidence limit", "upper"),
    "n": ("Cases", "n"),
    "events": ("Events", "events"),
    "at_risk": ("At risk just before the horizon", "at_risk"),
}

COVERED = "methods with their operations; analyses with their results (rawValue unrounded, formattedValue as printed)"
NOT_COVERED = (
    "mainListOfContents, outputs and displays; analysisSets, dataSubsets and groupings (the cases behind each "
    "result are in results.json); controlled terms for reason and purpose; programmingCode"
)


def to_ard(results: Results, study: Study, software: str) -> str:
    """ard.json: an ARS 1.0 reporting event in JSON, as far as `covers` says."""
    methods = {row.estimate.method: f"Mth_{slug(row.estimate.method)}" for row in results.values()}
    event = {
        "id": slug(study.short_title),
        "name": study.title,
        "version": "1",
        "standard": "CDISC ARS 1.0",
        "software": software,
        "covers": COVERED,
        "doesNotCover": NOT_COVERED,
        "methods": [_method(name, method_id) for name, method_id in methods.items()],
        "analyses": [_analysis(row, methods[row.estimate.method]) for row in results.values()],
    }
    return json.dumps(event, indent=1, ensure_ascii=False) + "\n"


def _method(name: str, method_id: str) -> dict[str, object]:
    operations = [
        {"id": f"{method_id}.{key}", "name": key, "label": label, "order": order}
        for order, (key, (label, _)) in enumerate(OPERATIONS.items(), start=1)
    ]
    return {"id": method_id, "name": name, "operations": operations}


def _analysis(row: Result, method_id: str) -> dict[str, object]:
    values = {key: getattr(row.estimate, key) for key in OPERATIONS}
    results = [
        {
            "operationId": f"{method_id}.{key}",
            "rawValue": "" if value is None else repr(value),
            "formattedValue": FIELDS[OPERATIONS[key][1]](row),
        }
        for key, value in values.items()
        if value is not None or key == "value"
    ]
    return {
        "id": row.id,
        "name": row.label,
        "version": "1",
        "description": "; ".join([row.unit, *row.notes]),
        "methodId": method_id,
        "results": results,
    }
