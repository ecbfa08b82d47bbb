"""THE PAGE: study + returns + decisions -> results -> report, in order.

    results = f(protocol, returned files, plates, recorded decisions)

Each step is one line and one room. Nothing here computes, rounds or lays out.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from caseseries import __version__
from caseseries.analysis.cohort import Cohort, Left, form_cohort
from caseseries.decisions.chain import FILE as DECISIONS
from caseseries.decisions.chain import Log, Question
from caseseries.decisions.log import read_decisions
from caseseries.evidence.comparators import Published, read_published
from caseseries.findings import Finding, Severity, StudyError, noun
from caseseries.identify.ascertainment import Silence, ask_silent_centres, list_answers
from caseseries.identify.link import Joined, join_cases
from caseseries.identify.minutes import Board, mark_found, propose_cases, read_minutes
from caseseries.identify.tokens import Identifiers, read_tokens
from caseseries.intake.returns import Returns, read_returns
from caseseries.pcr.specimens import FOLDER as PLATES
from caseseries.pcr.specimens import Measured, Plates, join_levels
from caseseries.study.definition import Study
from caseseries.study.load import FILE, load_study

if TYPE_CHECKING:  # checking a study must not wait for what only estimating and writing need
    from caseseries.analysis.rulings import Ruling
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
    plates: Plates = field(default_factory=Plates)
    measured: Measured = field(default_factory=lambda: Measured(()))
    silence: Silence = field(default_factory=Silence)
    published: Published = field(default_factory=Published)

    @property
    def findings(self) -> tuple[Finding, ...]:
        rooms = (
            self.returns,
            self.identifiers,
            self.joined,
            self.plates,
            self.measured,
            self.board,
            self.silence,
            self.cohort,
            self.published,
        )
        return tuple(sorted({finding for room in rooms for finding in room.findings}))

    @property
    def questions(self) -> tuple[Question, ...]:
        """What only a person can answer and nobody has."""
        rooms = (self.returns, self.joined, self.board, self.measured, self.silence)
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
    """From the returns to the cohort, with the plates, what people decided and what the boards' minutes say."""
    identifiers = read_tokens(folder)
    joined = join_cases(returns.patients, log, identifiers.tokens)
    plates = read_plate_folder(folder, study, returns, joined)
    measured = join_levels(joined.patients, plates, log)
    board = propose_cases(read_minutes(folder), study.index, measured.patients, log, joined.stand_ins)
    aside = [Left(one.case_id, "set aside", one.reason.what) for one in returns.aside]
    known = mark_found(measured.patients, board)
    cohort = form_cohort(known, study, aside, len(joined.seconds), returns.waiting)
    return Checked(
        study,
        returns,
        cohort,
        log,
        identifiers,
        joined,
        board,
        plates,
        measured,
        silence=ask_silent_centres(study, returns.files, log),
        published=read_published(folder, study),
    )


def read_plate_folder(folder: Path, study: Study, returns: Returns, joined: Joined) -> Plates:
    """What the study's plates say; a study without any does not wait for the rooms that read them."""
    if not (folder / PLATES).is_dir():
        return Plates()
    from caseseries.pcr.folder import read_plates

    cases = {one.case_id: "" for one in returns.aside}
    cases |= {patient.case_id: patient.case_id for patient in joined.patients}
    return read_plates(folder, study.response.criteria, cases | dict(joined.stand_ins))


def analyse_study(checked: Checked, progress: Progress = silent) -> "Analysis":
    """Every result of the cohort, with its printed string."""
    from caseseries.analysis.run import analyse, with_comparisons
    from caseseries.evidence.beside import compare_published
    from caseseries.present.wording import show

    progress("Estimating")
    reach = list_answers(checked.study, checked.returns.files, checked.log)
    analysis = analyse(checked.cohort, checked.study, reach)
    compared = compare_published(checked.published, checked.cohort.courses, checked.study)
    analysis = with_comparisons(analysis, *compared)
    return replace(analysis, results=show(analysis.results, checked.study.report.style))


def run_study(folder: Path, progress: Progress = silent, *, transport: bool = False) -> Checked:
    """Read, analyse and write the whole report into `folder`/report; with `transport`, SAS transport files too.

    Raises:
        StudyError: study.toml cannot be used, there is nothing to read, or transport files cannot be written.
    """
    if transport:
        from caseseries.present.transport import require_transport

        require_transport()
    checked = check_study(folder, progress)
    if fatal := [finding for finding in checked.findings if finding.severity is Severity.STUDY]:
        raise StudyError(fatal)
    analysis = analyse_study(checked, progress)
    inputs, reading = hash_inputs(folder, checked), describe_reading(folder, checked)
    from caseseries.present.publish import write_report

    progress("Writing report.html, report.pdf and report.docx")
    write_report(folder / "report", checked.study, analysis, inputs, reading, SOFTWARE, transport=transport)
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
    criteria = checked.study.response.criteria
    own_criteria = [criteria] if checked.plates.files and criteria.endswith(".toml") else []
    names = [FILE, *([DECISIONS] if checked.log.entries else []), *own_criteria]
    own = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    returned = {file.file: file.sha256 for file in checked.returns.files}
    minutes = {file.file: file.sha256 for file in checked.board.files}
    plates = {file.file: file.sha256 for file in checked.plates.files}
    outside = {**checked.identifiers.hashes, **checked.published.hashes}
    return {**own, **returned, **minutes, **plates, **outside}


def describe_reading(folder: Path, checked: Checked) -> "Reading":
    """The sums of what was read, and every open finding, as lines to print."""
    from caseseries.present.report import Reading

    counts, cohort, returned = checked.returns.counts, checked.cohort, len(checked.returns.files)
    lines = (
        f"{returned} {noun(returned, 'return')} with {counts.non_empty} non-empty cells: {counts.stored} stored, "
        f"{counts.problem} set aside as problems, {counts.ignored} ignored (headings, instructions, lists).",
        *(f"{one.case_id} is not analysed: {one.reason}." for one in cohort.left),
        *describe_plates(checked),
        *describe_decisions(checked),
        *describe_inputs(hash_inputs(folder, checked)),
    )
    return Reading(lines, tuple(str(finding) for finding in checked.findings), list_decisions(checked))


def list_decisions(checked: Checked) -> "tuple[Ruling, ...]":
    """What people decided, each with the returns and cases it is about."""
    from caseseries.analysis.rulings import list_rulings

    centres = {file.file: file.centre for file in checked.returns.files}
    centres |= {file.file: file.file for file in checked.board.files}
    return list_rulings(checked.log, centres, [course.case_id for course in checked.cohort.courses])


def describe_inputs(digests: Mapping[str, str]) -> Iterator[str]:
    """A digest a file, and for a folder of several the one of the list that `sha256sum` prints of them."""
    for place, files in groupby(sorted(digests), key=lambda name: name.rpartition("/")[0].partition("/")[0]):
        names = list(files)
        if len(names) == 1 or not place:
            yield from (f"{name}: SHA-256 {digests[name]}" for name in names)
            continue
        listed = "".join(f"{digests[name]}  {name}\n" for name in names)
        digest = hashlib.sha256(listed.encode()).hexdigest()
        yield (
            f"{place}/, {len(names)} files: SHA-256 {digest} of their list as sha256sum prints it, which is in "
            "results.json."
        )


def describe_plates(checked: Checked) -> Iterator[str]:
    """What became of the wells, by which criteria, and which of their values nobody has checked."""
    plates, measured = checked.plates, checked.measured
    if not plates.files:
        return
    counts = plates.counts
    yield (
        f"RQ-PCR plates: {plates.read}, with {counts.wells} wells: {counts.used} used, {counts.set_aside} set aside, "
        f"{counts.asked} asked about. Levels held against the returns: {measured.agreed} agree, "
        f"{len(measured.questions)} contradict a line, {measured.added} have no line and were added."
    )
    yield f"Plates were interpreted by {plates.criteria}."
    if plates.unverified:
        yield "Not every number of these criteria was checked against its publication: caseseries mrd names those."


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
