"""THE PAGE: study + returns + decisions -> results -> report, in order.

    results = f(protocol, returned files, recorded decisions)

Each step is one line and one room. Nothing here computes, rounds or lays out.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caseseries import __version__
from caseseries.analysis.cohort import Cohort, Left, form_cohort
from caseseries.decisions.chain import FILE as DECISIONS
from caseseries.decisions.chain import Log, Question
from caseseries.decisions.log import read_decisions
from caseseries.findings import Finding, Severity, StudyError
from caseseries.identify.ascertainment import Silence, ask_silent_centres, list_answers
from caseseries.identify.link import Joined, join_cases
from caseseries.identify.minutes import Board, mark_found, propose_cases, read_minutes
from caseseries.identify.tokens import Identifiers, read_tokens
from caseseries.intake.returns import Returns, read_returns
from caseseries.study.definition import Study
from caseseries.study.load import FILE, load_study

if TYPE_CHECKING:  # checking a study must not wait for what only estimating and writing need
    from caseseries.analysis.run import Analysis
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
    log: Log = field(default_factory=Log)
    identifiers: Identifiers = field(default_factory=Identifiers)
    joined: Joined = field(default_factory=Joined)
    board: Board = field(default_factory=Board)
    silence: Silence = field(default_factory=Silence)

    @property
    def findings(self) -> tuple[Finding, ...]:
        rooms = (self.returns, self.identifiers, self.joined, self.board, self.silence, self.cohort)
        return tuple(sorted({finding for room in rooms for finding in room.findings}))

    @property
    def questions(self) -> tuple[Question, ...]:
        """What only a person can answer and nobody has."""
        rooms = (self.returns, self.joined, self.board, self.silence)
        return tuple(question for room in rooms for question in room.questions)

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
    return form_study(folder, study, read_returns(folder, study, log), log)


def form_study(folder: Path, study: Study, returns: Returns, log: Log) -> Checked:
    """From the returns to the cohort, with what people decided and what the boards' minutes say."""
    identifiers = read_tokens(folder)
    joined = join_cases(returns.patients, log, identifiers.tokens)
    board = propose_cases(read_minutes(folder), study.index.treatment, joined.patients, log, joined.stand_ins)
    aside = [Left(one.case_id, "set aside", one.reason.what) for one in returns.aside]
    cohort = form_cohort(mark_found(joined.patients, board), study, aside, len(joined.seconds))
    silence = ask_silent_centres(study, returns.files, log)
    return Checked(study, returns, cohort, log, identifiers, joined, board, silence)


def analyse_study(checked: Checked, progress: Progress = silent) -> "Analysis":
    """Every result of the cohort, with its printed string."""
    from caseseries.analysis.run import analyse
    from caseseries.present.wording import show

    progress("Estimating")
    reach = list_answers(checked.study, checked.returns.files, checked.log)
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
    inputs, reading = hash_inputs(folder, checked), describe_reading(folder, checked)
    from caseseries.present.publish import write_report

    progress("Writing report.html, report.pdf and report.docx")
    write_report(folder / "report", checked.study, analysis, inputs, reading, SOFTWARE)
    write_query_sheets(folder, checked)
    return checked


def write_query_sheets(folder: Path, checked: Checked) -> tuple[Path, ...]:
    """report/queries: each centre's workbook back, its findings in their cells; the paths, none without findings."""
    queries = folder / "report" / "queries"
    returned = {file.file for file in checked.returns.files}
    if not returned & {finding.where.file for finding in checked.findings}:
        shutil.rmtree(queries, ignore_errors=True)
        return ()
    from caseseries.intake.queries import write_queries  # its library is slow to import, and often not needed

    return write_queries(queries, checked.returns.books, checked.findings, checked.study)


def hash_inputs(folder: Path, checked: Checked) -> dict[str, str]:
    """SHA-256 of every file the report was made from."""
    names = [FILE, *([DECISIONS] if checked.log.entries else [])]
    own = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    returned = {file.file: file.sha256 for file in checked.returns.files}
    minutes = {file.file: file.sha256 for file in checked.board.files}
    return {**own, **returned, **minutes, **checked.identifiers.hashes}


def describe_reading(folder: Path, checked: Checked) -> "Reading":
    """The sums of what was read, and every open finding, as lines to print."""
    from caseseries.present.report import Reading

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
            f"Files of minutes: {len(checked.board.files)}; passages that may name a case: "
            f"{checked.board.candidates}; cases confirmed: {len(checked.board.confirmed)}."
        )
    if checked.questions:
        yield f"Questions open: {len(checked.questions)}; answer them with: caseseries decide."
    if checked.log.entries:
        yield f"Decisions recorded: {len(checked.log.entries)}; the last has the hash {checked.log.head}."
