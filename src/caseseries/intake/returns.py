"""The returns of a study: every centre's workbook to patients, findings and three numbers that add up.

Conservation: a filled cell is *stored* when its value is in a patient handed on, a *problem* when a finding
sets it aside (alone, or with its line, case or file), and *ignored* when it belongs to the template (headings,
help sheet, lists) or a finding says that it is. The three are counted from different things, so that a lost
cell shows.
"""

import gc
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from caseseries.decisions.chain import Log, Question
from caseseries.findings import Finding, Severity, Where
from caseseries.intake.apart import ALLOWED, Apart
from caseseries.intake.columns import cells_of, is_template, is_template_sheet, match_columns, match_sheets
from caseseries.intake.delimited import read_delimited
from caseseries.intake.headings import Lexicon
from caseseries.intake.layout import CENTRE_CELL, HELP_SHEET, STAMP_CELL, stamp_of
from caseseries.intake.lines import Line, Remark, cells_behind, read_lines, without
from caseseries.intake.oddities import check_book, check_sheet
from caseseries.intake.old_excel import read_old_excel
from caseseries.intake.open_document import read_open_document
from caseseries.intake.own_merging import share_fate
from caseseries.intake.own_sheets import read_own_sheets, which_centre
from caseseries.intake.package import SAVE_AS, UnreadableError, hash_of
from caseseries.intake.redcap import (
    groups_of,
    has_labels,
    is_export,
    own_cells,
    refuse_labels,
    split_export,
)
from caseseries.intake.rules import PATIENTS, UNKNOWN_CASE, check_lines, spellings_of
from caseseries.intake.sheet import ADDRESS, Workbook, number_of, refuse
from caseseries.intake.spelling import clean, fold, key_of, suggestion
from caseseries.intake.workbook import read_workbook
from caseseries.record.patient import Patient, Row
from caseseries.study.definition import Study
from caseseries.study.forms import forms_of

FOLDER = "returns"
READERS = {
    ".xlsx": read_workbook,
    ".xls": read_old_excel,
    ".ods": read_open_document,
    ".csv": read_delimited,
    ".tsv": read_delimited,
}
NAME = re.compile(r"[\W_]+")
OF_TWO = ("intake.double-case", "intake.second-line", UNKNOWN_CASE)  # the lines may be those of two children


@dataclass(frozen=True)
class CellCounts:
    """`non_empty` is counted in the file, the others by what became of the cells."""

    non_empty: int = 0
    stored: int = 0
    problem: int = 0
    ignored: int = 0

    def __add__(self, other: "CellCounts") -> "CellCounts":
        return CellCounts(
            self.non_empty + other.non_empty,
            self.stored + other.stored,
            self.problem + other.problem,
            self.ignored + other.ignored,
        )


@dataclass(frozen=True)
class ReturnedFile:
    """One file as it arrived. The hash is empty when not a byte of it could be read.

    `groups` are the centres of its cases, where the file names one for each.
    """

    file: str
    centre: str
    sha256: str
    counts: CellCounts
    groups: tuple[str, ...] = ()

    @property
    def centres(self) -> tuple[str, ...]:
        return self.groups or (self.centre,)


@dataclass(frozen=True)
class SetAside:
    """A case that is on a Patients sheet and not among the patients, with the finding that is the reason."""

    case_id: str
    centre: str
    reason: Finding


@dataclass(frozen=True)
class Returns:
    """Everything the centres sent: patients by case id, findings by place, and the workbooks as they were read.

    `waiting` is what could be read of cases that are set aside, of one child each.
    """

    patients: tuple[Patient, ...]
    aside: tuple[SetAside, ...]
    findings: tuple[Finding, ...]
    files: tuple[ReturnedFile, ...]
    books: tuple[Workbook, ...] = ()
    questions: tuple[Question, ...] = ()
    waiting: tuple[Patient, ...] = ()

    @property
    def counts(self) -> CellCounts:
        return sum((file.counts for file in self.files), CellCounts())


@dataclass(frozen=True)
class _Read:
    """One workbook, its lines and what was said about it before the returns were looked at together."""

    book: Workbook
    centre: str
    lines: tuple[Line, ...]
    remarks: tuple[Remark, ...]
    template: frozenset[Where]
    questions: tuple[Question, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)  # centres by the key of a case id


def read_returns(folder: Path, study: Study, log: Log | None = None) -> Returns:
    """Read every workbook in `folder`/returns, with what people decided about them in `log`.

    Places are named from `folder`: returns/leeds.xlsx.
    """
    paths, remarks = _list_files(folder)
    with _without_collector(), Apart() as apart:
        return interpret([read_return(path, folder, apart) for path in paths], study, remarks, log)


@contextmanager
def _without_collector() -> Iterator[None]:
    """No cycle is made while millions of cells are, and looking for one again and again takes half the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()
            gc.unfreeze()  # all that has been made counts as old, or the collector would walk it now
            gc.enable()


def read_return(path: Path, folder: Path, apart: Apart) -> Workbook:
    """One return as it was sent, by the kind that its name says; places are named from `folder`."""
    try:
        return apart.read(READERS[path.suffix.lower()], path, folder)
    except UnreadableError as error:
        return refuse(path.relative_to(folder).as_posix(), hash_of(path), error, ALLOWED)


def interpret(
    books: Sequence[Workbook], study: Study, remarks: Sequence[Remark] = (), log: Log | None = None
) -> Returns:
    """What workbooks that have been read say about the study's patients; `remarks` are already known."""
    lexicon = Lexicon(study)
    reads = [_understand(book, study, lexicon, log or Log()) for book in books]
    lines = [line for read in reads for line in read.lines]
    about_files = [remark for read in reads for remark in read.remarks]
    return _assemble(reads, lines, [*remarks, *about_files, *check_lines(lines)])


def order_of(finding: Finding) -> tuple[str, str, int, int, str]:
    """Findings as a person meets them: file, sheet, then line by line."""
    match = ADDRESS.fullmatch(finding.where.cell)
    row, column = (int(match[2]), number_of(match[1])) if match else (0, 0)
    return finding.where.file, finding.where.sheet, row, column, finding.code


# --- files ------------------------------------------------------------------------------------------------


def _list_files(folder: Path) -> tuple[list[Path], list[Remark]]:
    """The workbooks to read, and a remark for everything else in the folder of returns."""
    returns = folder / FOLDER
    found = sorted(returns.iterdir()) if returns.is_dir() else []
    if not found:
        what, do = "there are no returns", f"Put the centres' files into the folder {FOLDER}"
        finding = Finding(Where(FOLDER), "intake.no-returns", Severity.STUDY, what, ", ".join(READERS), do)
        return [], [Remark(finding)]
    others = [path for path in found if not _is_return(path)]
    return [path for path in found if _is_return(path)], [Remark(_not_read(path)) for path in others]


def _is_return(path: Path) -> bool:
    return path.suffix.lower() in READERS and path.is_file() and not path.name.startswith((".", "~$"))


def _not_read(path: Path) -> Finding:
    where, allowed = Where(f"{FOLDER}/{path.name}"), "Excel workbooks (.xlsx)"
    if path.name.startswith((".", "~$")):
        what, do = "a lock file or hidden file is ignored", "Close the workbook in Excel, or delete the file"
        return Finding(where, "intake.hidden-file", Severity.NOTE, what, allowed, do)
    if path.is_dir():
        what, do = "folders inside the returns are not read", "Move its workbooks up"
        return Finding(where, "intake.folder", Severity.FILE, what, allowed, do)
    what = "a file of this kind is not read"
    return Finding(where, "intake.not-xlsx", Severity.FILE, what, ", ".join(READERS), SAVE_AS)


def _understand(book: Workbook, study: Study, lexicon: Lexicon, log: Log) -> _Read:
    if book.findings:
        return _Read(book, Path(book.file).stem, (), tuple(map(Remark, book.findings)), frozenset())
    if is_export(book):
        return _understand_export(book, study)
    if has_labels(book):
        return _Read(book, _centre_of(book, study), (), (refuse_labels(book),), frozenset())
    if not is_template(book, lexicon.forms) and (read := _understand_own(book, study, lexicon, log)):
        return read
    return _understand_template(book, study)


def _understand_own(book: Workbook, study: Study, lexicon: Lexicon, log: Log) -> _Read | None:
    """A workbook in the centre's own words; None when nothing in it looks like a return."""
    centre, question = which_centre(book, _centre_of(book, study), study.centres, log)
    own = read_own_sheets(book, lexicon, centre, log, study.data_cut)
    if own is None:
        return None
    remarks = [*own.remarks, *map(Remark, book.warnings), *check_book(book)]
    template = {
        where for sheet in book.sheets if is_template_sheet(sheet) for where in cells_of(book.file, sheet)
    }
    questions = (*([question] if question else []), *own.questions.values())
    return _Read(
        book, centre, tuple(own.lines), tuple(remarks), frozenset(template | own.headings), questions
    )


def _understand_template(book: Workbook, study: Study) -> _Read:
    matched, remarks = match_sheets(book, forms_of(study))
    template = {
        where for sheet in book.sheets if is_template_sheet(sheet) for where in cells_of(book.file, sheet)
    }
    lines: list[Line] = []
    for form, sheet in matched:
        grid, about_headings = match_columns(book.file, sheet, form)
        found, about_cells = read_lines(grid, study.data_cut)
        template.update(grid.headings)
        lines += found
        remarks += [*about_headings, *about_cells, *check_sheet(grid)]
    centre = _centre_of(book, study)
    remarks += map(Remark, book.warnings)
    if matched:
        remarks += check_book(book)
        remarks += map(Remark, _check_help_sheet(book, study, centre))
    return _Read(book, centre, tuple(lines), tuple(remarks), frozenset(template))


def _understand_export(book: Workbook, study: Study) -> _Read:
    grids, remarks = split_export(book, study)
    groups, about_groups = groups_of(book, study.centres)
    remarks += [*map(Remark, book.warnings), *about_groups]
    lines: list[Line] = []
    for grid in grids:
        found, about_cells = read_lines(grid, study.data_cut)
        lines += found
        remarks += about_cells
    own = frozenset(own_cells(book, grids))
    return _Read(book, _centre_of(book, study), tuple(lines), tuple(remarks), own, groups=groups)


def _on_help_sheet(book: Workbook, address: str) -> str:
    sheet = next((sheet for sheet in book.sheets if fold(sheet.name) == fold(HELP_SHEET)), None)
    cell = sheet.at(address) if sheet else None
    return clean(cell.raw) if cell else ""


def _centre_of(book: Workbook, study: Study) -> str:
    """The centre's cell on the help sheet, or else the file's name; in the protocol's spelling."""
    centre = _on_help_sheet(book, CENTRE_CELL) or Path(book.file).stem
    named = [name for name in study.centres if fold(name) == fold(centre)]
    return next(iter(named or _named_in(centre, study.centres)), centre)


def centre_of(book: Workbook, study: Study, log: Log) -> str:
    """The centre that a workbook is from, as somebody said where it does not say so itself."""
    return which_centre(book, _centre_of(book, study), study.centres, log)[0]


def _named_in(text: str, centres: Sequence[str]) -> list[str]:
    """The one centre whose name is part of a text, as of "Return Leeds v2"; none when several are."""
    found = [name for name in centres if f" {words_of_name(name)} " in f" {words_of_name(text)} "]
    return found if len(found) == 1 else []


def words_of_name(text: str) -> str:
    return " ".join(NAME.split(fold(text)))


def _check_help_sheet(book: Workbook, study: Study, centre: str) -> Iterator[Finding]:
    stamp, wanted = _on_help_sheet(book, STAMP_CELL), stamp_of(study)
    if stamp != wanted:
        what = (
            f"the workbook was made from the template “{stamp}”" if stamp else "the workbook bears no stamp"
        )
        where = Where(book.file, HELP_SHEET, STAMP_CELL)
        do = "Check that it is a return of this study"
        yield Finding(where, "intake.stamp", Severity.NOTE, what, f"“{wanted}”", do)
    if study.centres and centre not in study.centres:
        what, allowed = f"the centre “{centre}” is not in the protocol", "; ".join(study.centres)
        do = suggestion(centre, study.centres, "Fill the cell, or add the centre to study.toml")
        where = Where(book.file, HELP_SHEET, CENTRE_CELL)
        yield Finding(where, "intake.centre", Severity.NOTE, what, allowed, do)


# --- all together -----------------------------------------------------------------------------------------


def _assemble(reads: Sequence[_Read], lines: Sequence[Line], remarks: Sequence[Remark]) -> Returns:
    spellings = spellings_of(lines)
    findings = sorted((_respell(remark.finding, spellings) for remark in remarks), key=order_of)
    reasons = _reasons(findings, lines, spellings)
    merged = {read.book.file for read in reads if any(sheet.marks.merged for sheet in read.book.sheets)}
    sharing = [line for line in lines if line.row.where.file in merged and line.key in spellings]
    bound = share_fate(sharing, reasons.keys())
    reasons |= {key_of(finding.case_id): finding for finding in bound}
    findings = sorted((*findings, *bound), key=order_of) if bound else findings
    centres = _centres_by_line(reads)
    unread = {where for remark in remarks for where in remark.aside}
    problem = unread | {where for line in lines if line.key in reasons for where in line.cells}
    ignored = {where for remark in remarks for where in remark.ignored} - problem
    template = {where for read in reads for where in read.template} - problem
    kept = [line for line in lines if line.key not in reasons]
    patients = tuple(_patients(kept, spellings, centres, problem | ignored))
    stored = _count_stored(patients, merged)
    of_two = {key_of(finding.case_id) for finding in findings if finding.code in OF_TWO}
    waiting = [line for line in lines if line.key in reasons.keys() - of_two]
    return Returns(
        patients,
        tuple(_set_aside(reasons, lines, centres)),
        tuple(findings),
        tuple(_returned_file(read, stored, problem, ignored | template) for read in reads),
        tuple(read.book for read in reads),
        tuple(question for read in reads for question in read.questions),
        tuple(_patients(waiting, spellings, centres, unread | ignored)),
    )


def _centres_by_line(reads: Sequence[_Read]) -> Callable[[str, str], str]:
    """The centre of a case on a line of a file."""
    by_file = {read.book.file: read for read in reads}
    return lambda file, case_id: by_file[file].groups.get(key_of(case_id)) or by_file[file].centre


def _respell(finding: Finding, spellings: Mapping[str, str]) -> Finding:
    return replace(finding, case_id=spellings.get(key_of(finding.case_id), finding.case_id))


def _reasons(
    findings: Sequence[Finding], lines: Iterable[Line], spellings: Mapping[str, str]
) -> dict[str, Finding]:
    """Why a case is set aside: the first finding on it, or on a file that any of its lines is in.

    That another line may have meant the case is a reason only where it has none of its own.
    """
    refused: dict[str, Finding] = {}
    reasons: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda one: one.code == UNKNOWN_CASE):
        if finding.severity is Severity.FILE:
            refused.setdefault(finding.where.file, finding)
        elif finding.severity is Severity.CASE and key_of(finding.case_id) in spellings:
            reasons.setdefault(key_of(finding.case_id), finding)
    for line in lines:
        file = line.row.where.file
        if file in refused and line.key in spellings:
            reasons.setdefault(line.key, refused[file])
    return reasons


def _patients(
    lines: Iterable[Line],
    spellings: Mapping[str, str],
    centres: Callable[[str, str], str],
    unused: set[Where],
) -> Iterator[Patient]:
    rows: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        case_id = spellings.get(line.key)
        if case_id is not None:
            rows[case_id][line.row.form].append(_used(line.row, case_id, unused))
    for case_id in sorted(rows):
        forms = {name: tuple(found) for name, found in rows[case_id].items()}
        yield Patient(case_id, centres(forms[PATIENTS][0].where.file, case_id), forms)


def _used(row: Row, case_id: str, unused: set[Where]) -> Row:
    """A row as it is handed on: under the study's spelling, without the values of cells that are not used."""
    if unused and any(value.source.where in unused for value in row.values.values()):
        row = replace(row, values=without(row.values, unused))
    return row if row.case_id == case_id else replace(row, case_id=case_id)


def _count_stored(patients: Iterable[Patient], merged: set[str]) -> Counter[str]:
    """How many cells of each file the patients' values come from; a merged cell may be the source of several's."""
    counts: Counter[str] = Counter()
    shared: dict[tuple[object, ...], set[int]] = defaultdict(set)
    for patient in patients:
        found: dict[tuple[object, ...], set[int]] = defaultdict(set)
        for lines in patient.rows.values():
            for row in lines:
                for line, cells in cells_behind(row.values):
                    (shared if line[0] in merged else found)[line].update(cells)
        _count(found, counts)
    _count(shared, counts)
    return counts


def _count(found: Mapping[tuple[object, ...], Collection[int]], counts: Counter[str]) -> None:
    for line, cells in found.items():
        counts[str(line[0])] += len(cells)


def _set_aside(
    reasons: Mapping[str, Finding], lines: Iterable[Line], centres: Callable[[str, str], str]
) -> Iterator[SetAside]:
    first: dict[str, Line] = {}
    for line in lines:
        if line.form.name == PATIENTS:
            first.setdefault(line.key, line)
    for key in sorted(reasons):
        line = first[key]
        yield SetAside(line.case_id, centres(line.row.where.file, line.case_id), reasons[key])


def _returned_file(
    read: _Read, stored: Counter[str], problem: set[Where], ignored: set[Where]
) -> ReturnedFile:
    book = read.book
    non_empty = sum(len(sheet.cells) for sheet in book.sheets)
    listed = (_count_filled(book, fate) for fate in (problem, ignored))
    return ReturnedFile(
        book.file,
        read.centre,
        book.sha256,
        CellCounts(non_empty, stored[book.file], *listed),
        tuple(sorted(set(read.groups.values()))),
    )


def _count_filled(book: Workbook, places: set[Where]) -> int:
    """How many of the places are filled cells of the workbook: a finding may also list an empty one."""
    rows: dict[str, set[int]] = defaultdict(set)
    for place in places:
        match = ADDRESS.fullmatch(place.cell) if place.file == book.file else None
        if match:
            rows[place.sheet].add(int(match[2]))
    return sum(
        Where(book.file, sheet.name, cell.address) in places
        for sheet in book.sheets
        for row in rows[sheet.name]
        for cell in sheet.rows(row, row)
    )
