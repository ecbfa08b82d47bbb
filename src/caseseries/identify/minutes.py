"""The minutes of tumour boards: paragraphs that may name a case, put to a person with their words.

Nothing is taken from the text itself. What a person confirms is that a case was known to the board, which
counts for how it was found; findings name places and never quote, because minutes hold names.
"""

import hashlib
import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from caseseries.decisions.chain import Log, Option, Question, question_id
from caseseries.findings import Finding, Severity, Where
from caseseries.identify.ascertainment import BOARD, BOTH
from caseseries.identify.link import with_source
from caseseries.identify.mentions import Candidate, days_named, find_candidates
from caseseries.intake.apart import Apart
from caseseries.intake.package import (
    HERE,
    CostlyError,
    UnreadableError,
    Walker,
    hash_of,
    open_package,
    read_bytes,
    walk,
)
from caseseries.record.patient import Patient, Source, Value
from caseseries.study.definition import Index

FOLDER = "minutes"
KIND = "minutes"
NO_CASE, NOT_RETURNED, CASE = "no case", "not returned", "case "

ALLOWED = "text (.txt), Word (.docx) or PDF with text in it"
MOST_PAGES = 500
PDF = ".pdf"

NEW_ITEM = re.compile(r"\s*(?:[-•*–]|\(?\d{1,3}[.)]|[A-Za-z][.)])\s|\s*(?:[Pp]atient|[Cc]ase)\b")


@dataclass(frozen=True)
class MinutesFile:
    """One file of minutes, as paragraphs; none, and one finding, when it could not be read."""

    file: str
    sha256: str
    paragraphs: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Board:
    """What the minutes gave: files, questions still open, and how many candidates there were."""

    files: tuple[MinutesFile, ...] = ()
    candidates: int = 0
    denied: int = 0
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()
    confirmed: Mapping[str, Source] = field(default_factory=dict)


def read_minutes(folder: Path) -> tuple[MinutesFile, ...]:
    """Every file in `folder`/minutes; places are named from `folder`."""
    minutes = folder / FOLDER
    paths = sorted(minutes.iterdir()) if minutes.is_dir() else []
    with Apart() as apart:
        return tuple(
            _read_guarded(path, folder, apart) for path in paths if not path.name.startswith((".", "~$"))
        )


def _read_guarded(path: Path, folder: Path, apart: Apart) -> MinutesFile:
    """A PDF never in this process: nobody knows what reading one may cost."""
    try:
        return apart.read(read_file, path, folder, apart=path.suffix.lower() == PDF and path.is_file())
    except UnreadableError as error:
        return _refuse(path.relative_to(folder).as_posix(), hash_of(path), error)


def propose_cases(
    files: Sequence[MinutesFile],
    index: Index,
    patients: Sequence[Patient],
    log: Log,
    also: Mapping[str, str],
) -> Board:
    """Ask about every child the minutes give the drug to, and apply the answers there are.

    Args:
        also: case ids that are no longer used, each with the case id that stands for the child.
    """
    drug = index.treatment
    named = list(_candidates(files, index))
    denied = [where for where, candidate in named if candidate.verdicts("drug") == {"denied"}]
    asked = {
        question.id: question
        for where, candidate in reversed(named)
        if candidate.verdicts("drug") != {"denied"}
        for question in [_ask(where, candidate, patients, drug)]
    }
    questions = sorted(asked.values(), key=lambda question: question.where)
    answers = {question.id: _answer(question, log, patients, also) for question in questions}
    unsettled = tuple(question for question in questions if not answers[question.id])
    findings = [
        *(finding for file in files for finding in file.findings),
        *(_denied(where, drug) for where in denied),
        *(_not_returned(q.where) for q in questions if answers[q.id] == NOT_RETURNED),
        *(_open(question, drug) for question in unsettled),
    ]
    confirmed: dict[str, Source] = {}
    for question in questions:
        if (answer := answers[question.id]).startswith(CASE):
            number = log.answers[question.id].number
            source = Source(question.where, f"named in the minutes, by decision {number}")
            confirmed.setdefault(answer.removeprefix(CASE), source)
    return Board(tuple(files), len(questions), len(denied), unsettled, tuple(sorted(findings)), confirmed)


def mark_found(patients: Sequence[Patient], board: Board) -> tuple[Patient, ...]:
    """The patients, those confirmed in the minutes as found by the tumour board too."""
    return tuple(
        _found_by_board(patient, board.confirmed[patient.case_id])
        if patient.case_id in board.confirmed and patient.only("patients")
        else patient
        for patient in patients
    )


def _found_by_board(patient: Patient, minutes: Source) -> Patient:
    before = patient.form("patients")[0].values.get("identified_by")
    if before is None:
        return with_source(patient, Value(BOARD, minutes))
    if before.value in (BOARD, BOTH):
        return patient
    raw = f"{before.source.raw}; {minutes.where} = {minutes.raw}"
    return with_source(patient, Value(BOTH, before.source._replace(raw=raw)))


def _answer(question: Question, log: Log, patients: Sequence[Patient], also: Mapping[str, str]) -> str:
    """The answer in force, its case id brought up to date; empty when there is none or its case is gone."""
    entry = log.answers.get(question.id)
    answer = entry.decision.answer if entry else ""
    if not answer.startswith(CASE):
        return answer
    case_id = answer.removeprefix(CASE)
    case_id = also.get(case_id, case_id)
    return f"{CASE}{case_id}" if any(patient.case_id == case_id for patient in patients) else ""


def _candidates(files: Sequence[MinutesFile], index: Index) -> Iterator[tuple[Where, Candidate]]:
    for file in files:
        for number, paragraph in enumerate(file.paragraphs, start=1):
            for candidate in find_candidates(paragraph, index.treatment, index.other_names):
                yield Where(file.file, cell=f"paragraph {number}"), candidate


def _ask(where: Where, candidate: Candidate, patients: Sequence[Patient], drug: str) -> Question:
    likely = _suggested(candidate, patients)
    ordered = sorted(patients, key=lambda patient: (patient.case_id not in likely, patient.case_id))
    cases = (
        Option(f"{CASE}{each.case_id}", f"returned by {each.centre}{likely.get(each.case_id, '')}")
        for each in ordered
    )
    return Question(
        question_id(KIND, " ".join(candidate.quote.split())),
        f"Which case is the child given {drug} in {where}?",
        (
            *cases,
            Option(NOT_RETURNED, "a case of this study that no centre has returned"),
            Option(NO_CASE, "no case of this study"),
        ),
        where,
        tuple(_evidence(candidate)),
    )


def _suggested(candidate: Candidate, patients: Sequence[Patient]) -> dict[str, str]:
    """Case ids that the text itself points to, each with why."""
    days = days_named(candidate.quote)
    found = {}
    for patient in patients:
        row = patient.only("patients")
        if re.search(rf"(?<![\w-]){re.escape(patient.case_id)}(?![\w-])", candidate.quote):
            found[patient.case_id] = ", named in the text"
        elif row and row.date("birth_date") in days:
            found[patient.case_id] = ", born on a day named in the text"
    return found


def _evidence(candidate: Candidate) -> Iterator[str]:
    yield f"“{candidate.quote}”"
    for kind in ("drug", "disease", "transplant", "date"):
        said = [f"{each.text} ({each.verdict})" for each in candidate.mentions if each.kind == kind]
        if said:
            yield f"{kind}: {', '.join(dict.fromkeys(said))}"
    yield from candidate.notes


def _denied(where: Where, drug: str) -> Finding:
    what, do = f"{drug} is named and denied; no case is proposed", "Read the paragraph if you doubt that"
    return Finding(where, "minutes.denied", Severity.NOTE, what, "", do)


def _not_returned(where: Where) -> Finding:
    what = "the child in this paragraph is a case of the study, and no centre has returned it"
    return Finding(where, "minutes.not-returned", Severity.NOTE, what, "", "Ask the centre for its return")


def _open(question: Question, drug: str) -> Finding:
    what = f"the minutes may name a child given {drug}"
    do = "Say which case it is with: caseseries decide DIR"
    return Finding(question.where, "minutes.candidate", Severity.NOTE, what, "", do)


# --- files ------------------------------------------------------------------------------------------------


def read_file(path: Path, folder: Path, here: float = HERE) -> MinutesFile:
    """One file of minutes. Raises CostlyError when more than `here` of it would have to be walked (`apart`)."""
    file = path.relative_to(folder).as_posix()
    digest = ""
    try:
        reader = READERS.get(path.suffix.lower())
        if reader is None or not path.is_file():
            raise UnreadableError("unknown-file", "the file is not read", "Save it as .docx or .txt")
        data = read_bytes(path)
        digest = hashlib.sha256(data).hexdigest()
        paragraphs = tuple(" ".join(text.split()) for text in reader(data, here) if text.strip())
        if not paragraphs:
            do = "If it is a scan, have it typed or run text recognition on it"
            raise UnreadableError("no-text", "the file holds no text", do)
        return MinutesFile(file, digest, paragraphs)
    except UnreadableError as error:
        return _refuse(file, digest, error)


def _refuse(file: str, digest: str, error: UnreadableError) -> MinutesFile:
    finding = Finding(Where(file), f"minutes.{error.code}", Severity.FILE, error.what, ALLOWED, error.do)
    return MinutesFile(file, digest, (), (finding,))


def _read_text(data: bytes, here: float) -> Iterator[str]:
    if len(data) > here:
        raise CostlyError
    yield from _paragraphs(_decode(data))


def _decode(data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or else what Western Windows wrote."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise UnreadableError("not-text", "the file is not plain text", "Save it as .docx or .txt")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _paragraphs(text: str) -> Iterator[str]:
    """Lines up to an empty one, or up to one that begins a new item."""
    gathered: list[str] = []
    for line in text.splitlines():
        if gathered and (not line.strip() or NEW_ITEM.match(line)):
            yield " ".join(gathered)
            gathered = []
        if line.strip():
            gathered.append(line)
    yield " ".join(gathered)


class _Body(Walker):
    """The paragraphs of a Word document. A row of a table is one paragraph, because a row is one patient.

    Deleted text (w:delText) is no text; a text box is stored twice, and its fallback is skipped.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.line: list[str] = []
        self.rows = self.fallback = 0
        self.inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002
        self.rows += name == "tr"
        self.fallback += name == "Fallback"
        self.inside = name == "t" and not self.fallback
        if name in ("tab", "br", "cr"):
            self.line.append(" ")

    def text(self, data: str) -> None:
        if self.inside:
            self.line.append(data)

    def end(self, name: str) -> None:
        self.inside = False
        self.rows -= name == "tr"
        self.fallback -= name == "Fallback"
        if name == "tc":
            self.line.append(" | ")
        elif name in ("p", "tr"):
            self.line.append(" ")
            if not self.rows:
                self.found.append("".join(self.line))
                self.line = []


def _read_word(data: bytes, here: float) -> Iterator[str]:
    if not data.startswith(b"PK"):
        what = "the file is no Word document (.docx), or it is protected by a password"
        raise UnreadableError("not-word", what, "Open it in Word and save it as .docx without a password")
    package = open_package(data, here)
    if "word/document.xml" not in package.names:
        raise UnreadableError(
            "not-word", "the file is no Word document", "Open it in Word and save it as .docx"
        )
    body = _Body()
    walk(package, "word/document.xml", body)
    yield from body.found


def _read_pdf(data: bytes, here: float) -> Iterator[str]:  # noqa: ARG001
    import pypdf  # a quarter of a second, and most studies have no PDF

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it thinks of a file is said in our words
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted or len(reader.pages) > MOST_PAGES:
            what = f"the PDF is protected by a password or has more than {MOST_PAGES} pages"
            raise UnreadableError("not-read", what, "Save it without the password, or in parts")
        pages = [page.extract_text() for page in reader.pages]
    except UnreadableError:
        raise
    except Exception as error:  # pypdf raises whatever a damaged file leads it to
        raise UnreadableError("damaged", "the PDF is damaged") from error
    for page in pages:
        yield from _paragraphs(page)


READERS = {".txt": _read_text, ".docx": _read_word, PDF: _read_pdf}
