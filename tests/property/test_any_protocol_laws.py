"""Laws of the report under protocols that are nothing like the demo's, of children to whom anything may have happened."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.run import Analysis, analyse
from caseseries.present.abstract import abstract
from caseseries.present.document import Table
from caseseries.present.docx import render_docx
from caseseries.present.exports import export
from caseseries.present.html import render_html
from caseseries.present.report import Material, Reading, assemble
from caseseries.present.wording import show
from caseseries.record.patient import Patient
from caseseries.study.definition import Study
from made_up import day, made_up_case, made_up_study, mrd

EVENTS = ("index", "hsct", "diagnosis", "relapse", "birth", "complete remission")
ENDPOINTS = {
    "efs": {"label": "Event-free survival", "short": "EFS", "events": ("relapse", "death")},
    "os": {"label": "Overall survival", "short": "OS", "events": ("death",)},
    "cir": {"label": "Relapse", "short": "CIR", "events": ("relapse",), "competing": ("death", "hsct")},
}
VARIABLES = ("sex", "donor", "wbc", "cd15", "fusion", "cycles", "indication", "relapses_before_index")


def some(words: Any, least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(list(words)), min_size=least, unique=True).map(tuple)


@st.composite
def protocols(draw: st.DrawFn) -> Study:
    origins = {event.replace(" ", "_"): event for event in draw(some(EVENTS, 1))}
    estimates = [
        {
            "endpoint": name,
            "origins": draw(some(origins, 1)),
            "horizons": draw(some(("90d", "6m", "12m", "36m"), 1)),
        }
        for name in draw(some(ENDPOINTS))
    ]
    response: dict[str, Any] = {"sensitivity": 1e-4, "after_within_days": draw(st.sampled_from([None, 35]))}
    if "hsct" in origins and draw(st.booleans()):
        response["after_until"] = "hsct"
    report = {
        "interval": draw(st.sampled_from(["default", "bpcp", "log-log"])),
        "style": draw(st.sampled_from(["plain", "blood", "lancet", "jama"])),
        "characteristics": draw(some(VARIABLES)),
        "level": draw(st.sampled_from([0.9, 0.95])),
    }
    return made_up_study(
        eligibility=(),
        origins={name: {"event": event, "label": event} for name, event in origins.items()},
        endpoints=ENDPOINTS,
        estimates=tuple(estimates),
        response=response,
        report=report,
        data_cut=day(draw(st.sampled_from([0, 50, 400, 3000]))),
    )


@st.composite
def children(draw: st.DrawFn) -> list[Patient]:
    return [_child(draw, f"A-{number}") for number in range(draw(st.integers(0, 5)))]


def _child(draw: st.DrawFn, case_id: str) -> Patient:
    last = draw(st.integers(0, 1500))
    within = st.integers(-90, last)
    events = draw(
        st.lists(st.sampled_from(["relapse", "complete remission", "second malignancy"]), max_size=2)
    )
    follow_up = [{"date": day(draw(within)), "event": event} for event in events]
    follow_up.append({"date": day(last), "event": draw(st.sampled_from(["death", "seen alive"]))})
    treatment: list[dict[str, Any]] = [{"treatment": "blinatumomab", "start_date": day(0)}]
    if draw(st.booleans()):
        again = draw(st.sampled_from(["blinatumomab", "CAR-T (CD19)"]))
        treatment.append({"treatment": again, "start_date": day(draw(st.integers(1, 400)))})
    levels = [
        mrd(draw(within), *said)
        for said in draw(st.lists(st.sampled_from([("not evaluable",), ("not detected",)]), max_size=1))
    ]
    for on in draw(st.lists(within, max_size=3)):
        levels.append(mrd(on, "not detected", sensitivity_percent=draw(st.sampled_from([0.001, 0.1]))))
    for on in draw(st.lists(within, max_size=2)):
        levels.append(mrd(on, "quantified", mrd_percent=draw(st.sampled_from([0.01, 40.0]))))
    forms = {
        "treatment": treatment,
        "follow_up": follow_up,
        "specimens": levels,
        "transplant": [{"hsct_date": day(on)} for on in draw(st.lists(within, max_size=2))],
        "toxicity": [{"toxicity": "CRS", "onset_date": day(on)} for on in draw(st.lists(within, max_size=1))],
    }
    return made_up_case(case_id, forms)


@settings(max_examples=60, deadline=None)
@given(protocols(), children())
def test_any_protocol_has_a_report_that_says_nothing_twice_over_that_is_not_there(
    study: Study, patients: list[Patient]
) -> None:
    made = analyse(form_cohort(patients, study), study)
    made = Analysis(
        show(made.results, study.report.style), made.displays, made.remarks, made.adtte, made.adsl
    )
    material = Material(study, made.results, made.displays, made.remarks, Reading((), ()))
    document = assemble(material, "caseseries")
    page, paragraph = render_html(document), abstract(material)
    assert render_docx(document)
    assert export(study, made.results, made.displays, made.adtte, "caseseries").keys()
    for text in (page, paragraph):
        assert "not estimable–not estimable" not in text
        assert "not estimable to not estimable" not in text
    assert "  " not in paragraph
    assert all(block.columns for block in document.blocks if isinstance(block, Table))
