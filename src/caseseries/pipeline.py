"""THE PAGE: study + returns + decisions -> results -> report, in order.

    results = f(protocol, returned files, recorded decisions)

Each step is one line and one room. Nothing here computes, rounds or lays out.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from caseseries import __version__
from caseseries.analysis.cohort import Cohort, Left, form_cohort
from caseseries.analysis.exports import ADSL_COLUMNS, ADTTE_COLUMNS, to_csv
from caseseries.analysis.results import to_json
from caseseries.analysis.run import Analysis, analyse
from caseseries.decisions.chain import FILE as DECISIONS
from caseseries.decisions.chain import Log, Question
from caseseries.decisions.log import read_decisions
from caseseries.findings import Finding, Severity, StudyError
from caseseries.identify.ascertainment import list_answers
from caseseries.identify.link import Joined, join_cases
from caseseries.identify.minutes import Board, mark_found, propose_cases, read_minutes
from caseseries.identify.tokens import Identifiers, read_tokens
from caseseries.intake.returns import Returns, read_returns
from caseseries.present.abstract import abstract
from caseseries.present.checklists import checklists
from caseseries.present.document import Document, Figure, Table
from caseseries.present.docx import write_docx
from caseseries.present.exports import export
from caseseries.present.html import write_html
from caseseries.present.pdf import write_pdf
from caseseries.present.report import Material, Reading, assemble
from caseseries.present.wording import plain, show
from caseseries.study.definition import Study
from caseseries.study.load import FILE, load_study

SOFTWARE = f"caseseries {__version__}"

Progress = Callable[[str], None]


def silent(step: str) -> None:
    """No progress."""


@dataclass(frozen=True)
class Checked:
    """A study whose returns have been read and whose cohort is formed; nothing is estimated yet."""

    study: Study
    log: Log
    returns: Returns
    identifiers: Identifiers
    joined: Joined
    board: Board
    cohort: Cohort

    @property
    def findings(self) -> tuple[Finding, ...]:
        rooms = (self.returns, self.identifiers, self.joined, self.board, self.cohort)
        return tuple(sorted({finding for room in rooms for finding in room.findings}))

    @property
    def questions(self) -> tuple[Question, ...]:
        """What only a person can answer and nobody has."""
        return (*self.joined.questions, *self.board.questions)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that set something aside."""
        return tuple(finding for finding in self.findings if finding.severity is not Severity.NOTE)


def check_study(folder: Path, progress: Progress = silent) -> Checked:
    """Read everything and check it.

    Raises:
        StudyError: study.toml cannot be used, or the log of decisions is broken.
    """
    study, log = load_study(folder), read_decisions(folder)
    progress("Reading the returns")
    returns, identifiers = read_returns(folder, study), read_tokens(folder)
    joined = join_cases(returns.patients, log, identifiers.tokens)
    board = propose_cases(read_minutes(folder), study.index.treatment, joined.patients, log, joined.stand_ins)
    aside = [Left(one.case_id, "set aside", one.reason.what) for one in returns.aside]
    cohort = form_cohort(mark_found(joined.patients, board), study, aside, len(joined.seconds))
    return Checked(study, log, returns, identifiers, joined, board, cohort)


def analyse_study(checked: Checked, progress: Progress = silent) -> Analysis:
    """Every result of the cohort, with its printed string."""
    progress("Estimating")
    reach = list_answers(checked.study, checked.returns.files)
    analysis = analyse(checked.cohort, checked.study, reach)
    return replace(analysis, results=show(analysis.results, checked.study.report.style))


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
    return checked


def write_report(folder: Path, checked: Checked, analysis: Analysis, progress: Progress = silent) -> None:
    """Everything under report/: the numbers first, so that a failure to draw loses none."""
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
    write_text(report / "text.txt", abstract(material))
    write_docx(checklists(document), report / "checklists.docx")
    progress("Writing report.html, report.pdf and report.docx")
    writers = {"report.html": write_html, "report.pdf": write_pdf, "report.docx": write_docx}
    with ThreadPoolExecutor() as threads:  # Typst, which sets the PDF and the pictures, releases the lock
        written = [threads.submit(write, document, report / name) for name, write in writers.items()]
    for one in written:
        one.result()


def write_data(report: Path, checked: Checked, analysis: Analysis, inputs: Mapping[str, str]) -> None:
    """The results and the rows they were made from, for other programs."""
    listing = analysis.displays.listing
    heading = {"software": SOFTWARE, "study": checked.study.short_title, "notice": checked.study.notice}
    write_text(report / "results.json", to_json(analysis.results, {**heading, "inputs": dict(inputs)}))
    write_text(report / "listing.csv", to_csv(listing.columns, listing.rows))
    write_text(report / "adtte.csv", to_csv(ADTTE_COLUMNS, analysis.adtte))
    write_text(report / "adsl.csv", to_csv(ADSL_COLUMNS, analysis.adsl))
    for name, text in export(
        checked.study, analysis.results, analysis.displays, analysis.adtte, SOFTWARE
    ).items():
        write_text(report / "exports" / name, text)


def write_parts(report: Path, document: Document) -> None:
    """Each table as CSV and each figure as SVG, for people who need only one; none is left from an earlier run."""
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
    names = [FILE, *([DECISIONS] if checked.log.entries else [])]
    own = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    returned = {file.file: file.sha256 for file in checked.returns.files}
    minutes = {file.file: file.sha256 for file in checked.board.files}
    return {**own, **returned, **minutes, **checked.identifiers.hashes}


def describe_reading(folder: Path, checked: Checked) -> Reading:
    """The sums of what was read, and every open finding, as lines to print."""
    counts, cohort = checked.returns.counts, checked.cohort
    lines = (
        f"{len(checked.returns.files)} returns with {counts.non_empty} non-empty cells: {counts.stored} stored, "
        f"{counts.problem} set aside as problems, {counts.ignored} ignored (headings, instructions, lists).",
        f"{cohort.returned} cases returned: {len(cohort.courses)} analysed, {len(cohort.left)} not.",
        *(f"{one.case_id} is not analysed: {one.reason}." for one in cohort.left),
        *describe_decisions(checked),
        *(f"{name}: SHA-256 {digest}" for name, digest in hash_inputs(folder, checked).items()),
    )
    return Reading(lines, tuple(str(finding) for finding in checked.findings))


def describe_decisions(checked: Checked) -> Iterator[str]:
    """What people decided, and the hash that stands for all of it."""
    for one in checked.joined.seconds:
        yield f"{one.case_id} is a second record of {one.kept}, by decision {one.number}; it is not used."
    if checked.board.files:
        yield (
            f"{len(checked.board.files)} files of minutes: {checked.board.candidates} passages that may name a case, "
            f"{len(checked.board.confirmed)} cases confirmed."
        )
    if checked.questions:
        yield f"{len(checked.questions)} questions are open; answer them with: caseseries decide."
    if checked.log.entries:
        yield f"{len(checked.log.entries)} decisions are recorded; the last has the hash {checked.log.head}."
