"""Made-up patients for tests: a case from a few dated facts, each with a cell that can be recognised."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from caseseries.findings import Where
from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Patient, Row, Source, Value
from caseseries.study.definition import Study

START = date(2017, 1, 1)  # start of the index treatment of every made-up case


def made_up_study(**changes: Any) -> Study:
    """A small sound protocol; `changes` replace its top-level keys."""
    protocol: dict[str, Any] = {
        "title": "A made-up case series",
        "short_title": "Made-up",
        "design": "Retrospective case series",
        "population": "Infants with leukaemia",
        "countries": ("Ireland", "United Kingdom"),
        "data_cut": date(2022, 1, 31),
        "notice": "made-up patients",
        "treatments": ("blinatumomab", "CAR-T (CD19)"),
        "first_line_protocols": ("Interfant-06",),
        "index": {"treatment": "blinatumomab", "label": "blinatumomab"},
        "eligibility": (
            {"variable": "kmt2a", "one_of": ("rearranged",), "reason": "KMT2A not rearranged"},
            {
                "variable": "age_at_diagnosis_days",
                "at_most": 365,
                "reason": "diagnosed after the first birthday",
            },
        ),
        "origins": {
            "diagnosis": {"event": "diagnosis", "label": "diagnosis"},
            "index": {"event": "index", "label": "start of blinatumomab"},
            "hsct": {"event": "hsct", "label": "HSCT"},
        },
        "endpoints": {
            "efs": {"label": "Event-free survival", "short": "EFS", "events": ("relapse", "death")},
            "os": {"label": "Overall survival", "short": "OS", "events": ("death",)},
            "relapse": {
                "label": "Cumulative incidence of relapse",
                "short": "relapse",
                "events": ("relapse",),
                "competing": ("death",),
            },
        },
        "estimates": (
            {"endpoint": "efs", "origins": ("hsct", "index"), "horizons": ("12m", "36m")},
            {"endpoint": "os", "origins": ("hsct",), "horizons": ("36m",)},
            {"endpoint": "relapse", "origins": ("hsct",), "horizons": ("36m",)},
        ),
        "response": {"sensitivity": 1e-4, "after_until": "hsct"},
        "toxicity": {"scale": "ASTCT 2019", "kinds": {"crs": "CRS", "neuro": "neurotoxicity"}},
        "report": {"characteristics": ("sex", "age_at_index_years", "cd15", "fusion")},
    }
    return Study.model_validate({**protocol, **changes})


def made_up_case(
    case_id: str = "A-1", forms: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> Patient:
    """A case born 200 days and diagnosed 100 days before `START`, treated at `START`; `forms` replace forms."""
    lines: dict[str, Sequence[Mapping[str, Any]]] = {
        "patients": [{"birth_date": day(-200), "sex": "female", "identified_by": "both"}],
        "diagnosis": [{"diagnosis_date": day(-100), "kmt2a": "rearranged", "fusion": "KMT2A::AFF1"}],
        "treatment": [{"treatment": "blinatumomab", "start_date": day(0), "end_date": day(28)}],
        "transplant": [{"hsct_date": day(50)}],
        "follow_up": [{"date": day(400), "event": "seen alive"}],
        **(forms or {}),
    }
    rows = {
        form: tuple(_row(form, case_id, i, values) for i, values in enumerate(filled))
        for form, filled in lines.items()
    }
    return Patient(case_id, "Northbridge", rows)


def day(number: int) -> date:
    """A date counted from the start of the index treatment."""
    return date.fromordinal(START.toordinal() + number)


def mrd(on: int, result: str, **percent: float) -> dict[str, Any]:
    """A specimen row: mrd(-3, "quantified", mrd_percent=0.2)."""
    return {"specimen_date": day(on), "mrd_result": result, **percent}


def _row(form: str, case_id: str, number: int, values: Mapping[str, Any]) -> Row:
    cells = {"case_id": case_id, **values}
    where = Where("returns/northbridge.xlsx", form, f"A{number + 2}")
    return Row(form, case_id, where, {name: _value(form, name, number, raw) for name, raw in cells.items()})


def _value(form: str, name: str, number: int, raw: Any) -> Value:
    source = Source(Where("returns/northbridge.xlsx", form, f"{name}{number + 2}"), str(raw))
    if isinstance(raw, ClinicalDate):
        return Value(raw, source)
    if isinstance(raw, date):
        return Value(ClinicalDate.on(raw), source)
    is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
    return Value(float(raw) if is_number else raw, source)
