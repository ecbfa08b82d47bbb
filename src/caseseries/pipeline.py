"""THE PAGE: study + returns -> results -> report, in order.

    results = f(protocol, returned files)

Each step is one line and one room. Nothing here computes, rounds or lays out. The rooms that estimate and draw are
opened inside the steps that use them, so that a check, which uses neither, does not wait for them.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caseseries import __version__
from caseseries.analysis.cohort import Cohort, Left, form_cohort
from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.intake.returns import Returns, interpret, read_returns
from caseseries.intake.revisions import Revision, compare_findings, compare_versions
from caseseries.intake.workbook import read_workbook
from caseseries.study.definition import Study
from caseseries.study.load import FILE, load_study

if TYPE_CHECKING:
    from caseseries.analysis.run import Analysis
    from caseseries.present.document import Document
    from caseseries.present.report import Reading

SOFTWARE = f"caseseries {__version__}"

Progress = Callable[[str], None]


def silent(step: str) -> None:
    """No progress."""


@dataclass(frozen=True)
class Checked:
    """A study whose returns have been read and whose cohort is formed; nothing is estimated yet."""

    study: Study
    returns: Returns
    cohort: Cohort

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(sorted({*self.returns.findings, *self.cohort.findings}))

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that set something aside."""
        return tuple(finding for finding in self.findings if finding.severity is not Severity.NOTE)


def check_study(folder: Path, progress: Progress = silent) -> Checked:
    """Read everything and check it.

    Raises:
        StudyError: study.toml cannot be used.
    """
    study = load_study(folder)
    progress("Reading the returns")
    return _form(study, read_returns(folder, study))


def _form(study: Study, returns: Returns) -> Checked:
    aside = [Left(one.case_id, "set aside", one.reason.what) for one in returns.aside]
    cohort = form_cohort(returns.patients, study, aside)
    return Checked(study, returns, cohort)


def compare_return(checked: Checked, old: Path) -> Revision:
    """What changed since `old`, an earlier version of one of the returns, known by its file name.

    Raises:
        StudyError: `old` cannot be read, or no return has its name.
    """
    book, books = read_workbook(old, old.parent), checked.returns.books
    file = next((one.file for one in books if Path(one.file).name == old.name), "")
    if not file:
        where, do = Where(str(old)), "Give it the name of the return that it is a version of"
        names = ", ".join(Path(one.file).name for one in books)
        raise StudyError(
            [Finding(where, "intake.no-version", Severity.STUDY, "no return has this name", names, do)]
        )
    if book.findings:
        raise StudyError(list(book.findings))
    earlier = replace(book, file=file)
    returns = interpret([earlier if one.file == file else one for one in books], checked.study)
    closed, opened, both = compare_findings(_form(checked.study, returns).findings, checked.findings)
    newer = next(one for one in books if one.file == file)
    changes = compare_versions(earlier, newer, checked.study)
    return Revision(changes, tuple(closed), tuple(opened), both)


def analyse_study(checked: Checked, progress: Progress = silent) -> "Analysis":
    """Every result of the cohort, with its printed string."""
    from caseseries.analysis.run import Analysis, analyse
    from caseseries.present.wording import show

    progress("Estimating")
    analysis = analyse(checked.cohort, checked.study)
    return Analysis(show(analysis.results), analysis.displays, analysis.remarks, analysis.adtte)


def run_study(folder: Path, progress: Progress = silent) -> Checked:
    """Read, analyse and write the whole report into `folder`/report.

    Raises:
        StudyError: study.toml cannot be used, or there is nothing to read.
    """
    checked = check_study(folder, progress)
    if fatal := [finding for finding in checked.findings if finding.severity is Severity.STUDY]:
        raise StudyError(fatal)
    analysis = analyse_study(checked, progress)
    write_report(folder, checked, analysis, progress)
    write_query_sheets(folder, checked)
    return checked


def write_query_sheets(folder: Path, checked: Checked) -> tuple[Path, ...]:
    """report/queries: each centre's workbook back, its findings in their cells; the paths, none without findings."""
    queries = folder / "report" / "queries"
    asked = {finding.where.file for finding in checked.findings} & {
        file.file for file in checked.returns.files
    }
    if not asked:
        shutil.rmtree(queries, ignore_errors=True)
        return ()
    from caseseries.intake.queries import write_queries

    return write_queries(queries, checked.returns.books, checked.findings, checked.study)


def write_report(folder: Path, checked: Checked, analysis: "Analysis", progress: Progress = silent) -> None:
    """Everything under report/: the numbers first, so that a failure to draw loses none."""
    from caseseries.present.docx import write_docx
    from caseseries.present.html import write_html
    from caseseries.present.pdf import write_pdf
    from caseseries.present.report import Material, assemble

    report = folder / "report"
    write_data(report, checked, analysis, hash_inputs(folder, checked))
    progress("Drawing")
    material = Material(
        checked.study,
        analysis.results,
        analysis.displays,
        analysis.remarks,
        describe_reading(folder, checked),
    )
    document = assemble(material, SOFTWARE)
    write_parts(report, document)
    progress("Writing report.html, report.pdf and report.docx")
    writers = {"report.html": write_html, "report.pdf": write_pdf, "report.docx": write_docx}
    with ThreadPoolExecutor() as threads:  # Typst, which sets the PDF and the pictures, releases the lock
        written = [threads.submit(write, document, report / name) for name, write in writers.items()]
    for one in written:
        one.result()


def write_data(report: Path, checked: Checked, analysis: "Analysis", inputs: Mapping[str, str]) -> None:
    """results.json, listing.csv and adtte.csv."""
    from caseseries.analysis.exports import ADTTE_COLUMNS, to_csv
    from caseseries.analysis.results import to_json

    listing = analysis.displays.listing
    heading = {"software": SOFTWARE, "study": checked.study.short_title, "notice": checked.study.notice}
    write_text(report / "results.json", to_json(analysis.results, {**heading, "inputs": dict(inputs)}))
    write_text(report / "listing.csv", to_csv(listing.columns, listing.rows))
    write_text(report / "adtte.csv", to_csv(ADTTE_COLUMNS, analysis.adtte))


def write_parts(report: Path, document: "Document") -> None:
    """Each table as CSV and each figure as SVG, for people who need only one; none is left from an earlier run."""
    from caseseries.analysis.exports import to_csv
    from caseseries.present.document import Figure, Table
    from caseseries.present.wording import plain

    for kind in ("tables", "figures"):
        shutil.rmtree(report / kind, ignore_errors=True)
    for block in document.blocks:
        if isinstance(block, Table):
            rows = [
                dict(zip(block.columns, (plain(cell) for cell in row.cells), strict=True))
                for row in block.rows
            ]
            write_text(report / "tables" / f"{block.id}.csv", to_csv(block.columns, rows))
        if isinstance(block, Figure):
            write_text(report / "figures" / f"{block.id}.svg", block.svg)


def write_text(path: Path, text: str) -> None:
    """UTF-8 with Unix line ends, whatever the machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


def hash_inputs(folder: Path, checked: Checked) -> dict[str, str]:
    """SHA-256 of every file the report was made from."""
    protocol = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    return {FILE: protocol} | {file.file: file.sha256 for file in checked.returns.files}


def describe_reading(folder: Path, checked: Checked) -> "Reading":
    """The sums of what was read, and every open finding, as lines to print."""
    from caseseries.present.report import Reading

    counts, cohort = checked.returns.counts, checked.cohort
    lines = (
        f"{len(checked.returns.files)} returns with {counts.non_empty} non-empty cells: {counts.stored} stored, "
        f"{counts.problem} set aside as problems, {counts.ignored} ignored (headings, instructions, lists).",
        f"{cohort.returned} cases returned: {len(cohort.courses)} analysed, {len(cohort.left)} not.",
        *(f"{one.case_id} is not analysed: {one.reason}." for one in cohort.left),
        *(f"{name}: SHA-256 {digest}" for name, digest in hash_inputs(folder, checked).items()),
    )
    return Reading(lines, tuple(str(finding) for finding in checked.findings))
