"""Laws of the report: it can be written for any cohort, and prints no number that is not a result."""

from collections.abc import Iterator

from hypothesis import given, settings

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.run import Analysis, analyse
from caseseries.present.document import Bullets, Callout, Document, Inlines, Number, Paragraph, Table
from caseseries.present.html import render_html
from caseseries.present.report import Material, Reading, assemble
from caseseries.present.wording import FIELDS, show
from caseseries.record.patient import Patient
from made_up import made_up_study
from made_up_cohorts import cases

STUDY = made_up_study()


def report_of(patients: list[Patient]) -> tuple[Analysis, Document]:
    made = analyse(form_cohort(patients, STUDY), STUDY)
    made = Analysis(show(made.results), made.displays, made.remarks, made.adtte)
    material = Material(STUDY, made.results, made.displays, made.remarks, Reading(("nothing",), ()))
    return made, assemble(material, "caseseries")


def runs(document: Document) -> Iterator[Inlines]:
    for block in document.blocks:
        if isinstance(block, Paragraph):
            yield block.inlines
        elif isinstance(block, Bullets | Callout):
            yield from block.items
        elif isinstance(block, Table):
            yield from (cell for row in block.rows for cell in row.cells)


@settings(max_examples=15)
@given(cases(fewest=0))
def test_every_number_printed_is_a_result_printed_by_one_of_its_rules(patients: list[Patient]) -> None:
    made, document = report_of(patients)
    for inlines in runs(document):
        for run in inlines:
            if isinstance(run, Number):
                result = made.results[run.result_id]
                forms = {field(result).removesuffix("%") for field in FIELDS.values()}
                share = FIELDS["value"](result).split("(")[-1].rstrip("%)")
                assert run.shown.removesuffix("%") in forms | {share}, run


@settings(max_examples=5)
@given(cases(fewest=0))
def test_any_cohort_has_a_page_that_says_it_is_made_up(patients: list[Patient]) -> None:
    made, document = report_of(patients)
    page = render_html(document)
    assert "made-up patients" in page
    assert ("Limitations" in page) == bool(made.results["n.cases"].estimate.value)
