"""A centre's own workbook, in its own words and layout, to the same lines as a template gives.

Nothing is stored from a sheet that nobody has confirmed, nor from a heading that only looks like one of ours: until
then its cells are problems, and the questions are open. Exact headings of the template need no question.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from caseseries.decisions.chain import Log, Option, Question, question_id
from caseseries.findings import Finding, Severity, Where
from caseseries.intake.asking import ANSWER, Asking
from caseseries.intake.columns import is_template_sheet, strange_sheet
from caseseries.intake.decoding import Calendar, Decoder, Place, calendars_for, decoder_of
from caseseries.intake.headings import Lexicon
from caseseries.intake.lines import Grid, Line, Remark
from caseseries.intake.notices import quote
from caseseries.intake.oddities import check_filled_down, check_looks
from caseseries.intake.own_headings import (
    AND_THE_REST,
    NONE_OF_THEM,
    OURS,
    Verdict,
    confirm,
    could_have_cases,
    double_remarks,
    doubled,
    is_ours,
    name_case_ids,
    settle_headings,
)
from caseseries.intake.own_lines import Layout, read_records
from caseseries.intake.own_merging import merge_lines
from caseseries.intake.sheet import Workbook, letters_of
from caseseries.intake.tables import Table, cut_sheet, find_table, merged_across
from caseseries.study.forms import CASE_ID, Column, Form

GIVE_HEADING = "If it holds data of the study, give it the heading of the template"
SAY_SO = f"If it holds data of the study, answer “{AND_THE_REST}”: caseseries decide DIR --question {{}}"


@dataclass
class OwnSheets:
    """What was made of a workbook: its lines, what is to be said, the cells of headings, the questions left open."""

    lines: list[Line] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    headings: set[Where] = field(default_factory=set)
    questions: dict[str, Question] = field(default_factory=dict)


def read_own_sheets(
    book: Workbook, lexicon: Lexicon, centre: str, log: Log, data_cut: date
) -> OwnSheets | None:
    """Everything in a workbook that is not our template; None when no sheet of it reads like a return."""
    found, asking = OwnSheets(), Asking(book.file, centre, log)
    tables, waiting = _find_tables(book, lexicon, asking, found)
    if not tables and not waiting:
        return None
    verdict = confirm(tables, lexicon, asking)
    for table in tables:
        _read_table(table, verdict, lexicon, asking, data_cut, found)
    found.lines, repeated = merge_lines(found.lines)
    found.remarks += repeated
    found.questions = asking.questions
    return found


def own_tables(book: Workbook, lexicon: Lexicon, centre: str, log: Log) -> Sequence[Table]:
    """The tables of a workbook that hold cases, whether or not anybody has confirmed their headings."""
    return _find_tables(book, lexicon, Asking(book.file, centre, log), OwnSheets())[0]


def _find_tables(
    book: Workbook, lexicon: Lexicon, asking: Asking, found: OwnSheets
) -> tuple[list[Table], list[Table]]:
    """The tables with cases, and those of which nobody has said where their case ids are."""
    tables, waiting = [], []
    own = [sheet for sheet in book.sheets if sheet.cells and not is_template_sheet(sheet)]
    for sheet in (piece for whole in own for piece in cut_sheet(whole, lexicon)):
        table = find_table(sheet, lexicon)
        named, answer = table if table and table.has_cases else None, ""
        is_nameless = table is not None and could_have_cases(table)
        if table and is_nameless:
            named, answer = name_case_ids(table, lexicon, asking)
        if named:
            tables.append(named)
        elif table and is_nameless:
            waiting.append(table)
            is_asked = any(
                question.where == Where(book.file, sheet.name) for question in asking.questions.values()
            )
            found.remarks.append(_without_case_ids(table, book.file, answer, is_asked=is_asked))
        else:
            found.remarks.append(strange_sheet(book.file, sheet))
    for table in (*tables, *waiting):
        found.headings.update(
            Where(book.file, table.sheet.name, cell.address) for cell in table.heading_cells
        )
    return tables, waiting


def _read_table(
    table: Table, verdict: Verdict, lexicon: Lexicon, asking: Asking, data_cut: date, found: OwnSheets
) -> None:
    file = asking.file
    verdict = OURS if is_ours(table) else verdict.of_sheet(table, asking)
    if verdict.refuses(table):
        found.remarks.append(_refused(table, file))
        return
    heading_of = {index: _heading_place(table, index, file) for index in table.matches}
    table, doubts = settle_headings(table, verdict, lexicon, asking, heading_of)
    if not table.case_ids:
        found.remarks += [*doubts, _without_case_ids(table, file, "", is_asked=True)]
        return
    double = doubled(table)
    places = {
        index: Place(meaning, table.matches[index].heading, heading_of[index], table.cells_under(index))
        for index, meaning in table.meanings.items()
        if index not in double
    }
    about = sorted(match.heading for match in table.matches.values())
    decoders = _decoders(places, about, lexicon, asking, data_cut)
    layout = Layout(table, file, lexicon, {index: place.meaning for index, place in places.items()}, decoders)
    lines, remarks = read_records(layout, asking, data_cut)
    if not verdict.reads(table):
        found.remarks.append(_unconfirmed(table, file))
        return
    found.lines += lines
    found.remarks += [
        *remarks,
        *doubts,
        *double_remarks(table, double, lexicon, heading_of),
        *_strangers(table, verdict, heading_of, file),
        *_outside(table, file),
        *_looks(table, layout),
    ]


def _heading_place(table: Table, index: int, file: str) -> Where:
    """The last cell of a heading; of a heading that is merged, the place where it would be."""
    line = "row" if table.is_sideways else "column"
    cells = [cell for cell in table.heading_cells if getattr(cell, line) == index]
    first = table.heading_cells[0]
    address = f"{letters_of(first.column)}{index}" if table.is_sideways else f"{letters_of(index)}{first.row}"
    return Where(file, table.sheet.name, cells[-1].address if cells else address)


# --- what is not read ---------------------------------------------------------------------------------------


def _without_case_ids(table: Table, file: str, answer: str, *, is_asked: bool) -> Remark:
    if answer == NONE_OF_THEM:
        return _refused(table, file)
    known = len(table.meanings)
    what = f"headings of the study are understood ({known}), and none for the case ids; the sheet is not used"
    place, cells = Where(file, table.sheet.name), _cells_of(table, file)
    do = ANSWER if is_asked else "Ask for a copy with the study's number for each child, and without names"
    return Remark(
        Finding(place, "intake.no-case-ids", Severity.FILE, what, "a column of case ids", do), cells
    )


def _refused(table: Table, file: str) -> Remark:
    cells = _cells_of(table, file)
    what = f"the sheet is ignored by decision, with its filled cells ({len(cells)})"
    place, do = (
        Where(file, table.sheet.name),
        "Ask the centre for another return, if it holds data of the study",
    )
    return Remark(Finding(place, "intake.sheet-refused", Severity.NOTE, what, "", do), ignored=cells)


def _unconfirmed(table: Table, file: str) -> Remark:
    place, cells, total = Where(file, table.sheet.name), _cells_of(table, file), len(table.matches)
    known = sum(bool(match.meanings) for match in table.matches.values())
    what = (
        f"the sheet has the centre's own headings ({known} of {total} understood), and nobody has confirmed them; "
        f"its filled cells ({len(cells)}) are not used"
    )
    finding = Finding(place, "intake.own-headings", Severity.FILE, what, "a person's confirmation", ANSWER)
    return Remark(finding, cells)


def _cells_of(table: Table, file: str) -> tuple[Where, ...]:
    """The filled cells of a table's sheet but its headings."""
    heads = {cell.address for cell in table.heading_cells}
    cells = (cell for cell in table.sheet.cells if cell.address not in heads)
    return tuple(Where(file, table.sheet.name, cell.address) for cell in cells)


def _strangers(table: Table, verdict: Verdict, places: Mapping[int, Where], file: str) -> Iterator[Remark]:
    for index, match in sorted(table.matches.items()):
        if not match.meanings and not match.is_certain:
            cells = tuple(Where(file, table.sheet.name, cell.address) for cell in table.cells_under(index))
            what = f"the column “{match.heading}” is no part of the return; its filled cells ({len(cells)}) are ignored"
            do = SAY_SO.format(verdict.question) if verdict.question else GIVE_HEADING
            yield Remark(
                Finding(places[index], "intake.strange-heading", Severity.NOTE, what, "", do), ignored=cells
            )


def _outside(table: Table, file: str) -> Iterator[Remark]:
    if table.outside:
        cells = tuple(Where(file, table.sheet.name, cell.address) for cell in table.outside)
        what = f"cells ignored: {len(cells)} filled outside the records: titles, notes, sums, headings said again"
        do = "If this belongs to the study, move it into a record of the table"
        yield Remark(Finding(cells[0], "intake.outside", Severity.NOTE, what, "", do), ignored=cells)


def _looks(table: Table, layout: Layout) -> Iterator[Remark]:
    """Hidden parts, colours, notes and texts filled down, as on a sheet of the template; cells merged across."""
    columns: dict[int, Column] = {i: layout.lexicon.column(m.target) for i, m in layout.meanings.items()}
    form = Form("own", table.sheet.name, repeats=True, columns=(), help="")
    last = 0 if table.is_sideways else max(cell.row for cell in table.heading_cells)
    grid = Grid(layout.file, table.sheet, form, last, columns)
    if table.is_sideways:
        records = (cell.column for record in table.records for cell in record.cells.values())
        yield from check_looks(replace(grid, columns=dict.fromkeys(records, CASE_ID)))
    else:
        yield from check_looks(grid)
        yield from check_filled_down(grid)
    for cell in merged_across(table):
        where = Where(layout.file, table.sheet.name, cell.address)
        what = (
            f"{quote(cell.raw)} is merged over the places of several headings, and counts for the first alone"
        )
        do = "Unmerge the cell and fill in each place"
        yield Remark(Finding(where, "intake.merged", Severity.NOTE, what, "one value in one cell", do))


def _decoders(
    places: Mapping[int, Place], about: Sequence[str], lexicon: Lexicon, asking: Asking, data_cut: date
) -> dict[int, Decoder]:
    dates = [place for place in places.values() if lexicon.column(place.meaning.target).kind == "date"]
    calendars = calendars_for(dates, about, asking, data_cut)
    return {
        index: decoder_of(place, lexicon, asking, calendars.get(place.heading, Calendar()), data_cut)
        for index, place in places.items()
    }


def which_centre(
    book: Workbook, centre: str, centres: Sequence[str], log: Log
) -> tuple[str, Question | None]:
    """The centre of a workbook whose name names none of the protocol's; a question until somebody says."""
    if not centres or centre in centres:
        return centre, None
    options = tuple(Option(name, f"it is the return of {name}") for name in centres)
    question = Question(
        question_id("centre", book.file), f"Which centre sent {book.file}?", options, Where(book.file)
    )
    entry = log.answers.get(question.id)
    if entry and question.allows(entry.decision.answer):
        return entry.decision.answer, None
    return centre, question
