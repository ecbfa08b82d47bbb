"""The results in the words of CDISC's Analysis Results Standard: one record a value, each with its printed form.

ARS 1.0 (https://www.cdisc.org/standards/foundational/analysis-results-standard), as its JSON schema has it: classes
ReportingEvent, ListOfContents, Analysis, AnalysisMethod, Operation and OperationResult, with every attribute they
require and none they do not know. What is left out is said in the file.
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

COVERED = (
    "Methods with their operations; analyses with their results: rawValue unrounded, formattedValue as printed. Left "
    "out: outputs and displays; analysisSets, dataSubsets and groupings (the cases behind each result are in "
    "results.json); programmingCode."
)
# The protocol is the study's own study.toml. A case series tests nothing, so that all it measures is exploratory.
REASON, PURPOSE = "SPECIFIED IN PROTOCOL", "EXPLORATORY OUTCOME MEASURE"


def to_ard(results: Results, study: Study, software: str) -> str:
    """ard.json: an ARS 1.0 reporting event in JSON, as far as its description says."""
    methods = {row.estimate.method: f"Mth_{slug(row.estimate.method)}" for row in results.values()}
    event = {
        "id": slug(study.short_title),
        "name": study.title,
        "version": 1,
        "description": f"CDISC ARS 1.0, written by {software}. {COVERED}",
        "mainListOfContents": {
            "name": "Results, in the order of results.json",
            "contentsList": {
                "listItems": [_listed(row, place) for place, row in enumerate(results.values(), start=1)]
            },
        },
        "methods": [_method(name, method_id) for name, method_id in methods.items()],
        "analyses": [_analysis(row, methods[row.estimate.method]) for row in results.values()],
    }
    return json.dumps(event, indent=1, ensure_ascii=False) + "\n"


def _listed(row: Result, order: int) -> dict[str, object]:
    return {"name": row.label, "level": 1, "order": order, "analysisId": row.id}


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
        "version": 1,
        "description": "; ".join([row.unit, *row.notes]),
        "reason": {"controlledTerm": REASON},
        "purpose": {"controlledTerm": PURPOSE},
        "methodId": method_id,
        "results": results,
    }
