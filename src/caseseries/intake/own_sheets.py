"""A centre's own workbook, in its own words and layout, to the same lines as a template gives.

Nothing is stored from a sheet that nobody has confirmed, nor from a heading that only looks like one of ours: until
then its cells are problems, and the questions are open. Exact headings of the template need no question.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from caseseries.decisions.chain import Log, Option, Question, question_id
from caseseries.findings import Finding, Severity, Where, join
from caseseries.intake.asking import Asking
from caseseries.intake.columns import is_template_sheet, strange_sheet
from caseseries.intake.decoding import Decoder, Place, decoder_of, order_for
from caseseries.intake.headings import Lexicon, Match, Meaning
from caseseries.intake.lines import Grid, Line, Remark, severity_of
from caseseries.intake.notices import quote
from caseseries.intake.oddities import check_looks
from caseseries.intake.own_lines import Layout, read_records
from caseseries.intake.own_merging import merge_lines
from caseseries.intake.tables import Table, find_table
from caseseries.intake.workbook import Cell, Workbook, letters_of
from caseseries.study.forms import Column, Form

AS_SHOWN, NOT_THIS, BUT = "as shown", "not this workbook", "all but "
NONE_OF_THEM = "none of these"
ANSWER = "Answer with: caseseries decide DIR"


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
    """Everything in a workbook that is not our template; None when no sheet of it holds a table with case ids."""
    sheets = [sheet for sheet in book.sheets if sheet.cells and not is_template_sheet(sheet)]
    found, asking = OwnSheets(), Asking(book.file, centre, log)
    tables = []
    for sheet in sheets:
        table = find_table(sheet, lexicon)
        if table and table.has_cases:
            tables.append(table)
        else:
            found.remarks.append(strange_sheet(book.file, sheet))
    if not tables:
        return None
    verdict = _confirm(tables, lexicon, asking)
    for table in tables:
        _read_table(table, verdict, lexicon, asking, data_cut, found)
    found.lines, repeated = merge_lines(found.lines)
    found.remarks += repeated
    found.questions = asking.questions
    return found


def _read_table(
    table: Table, verdict: str, lexicon: Lexicon, asking: Asking, data_cut: date, found: OwnSheets
) -> None:
    file, name = asking.file, table.sheet.name
    where = {cell: Where(file, name, cell.address) for cell in table.sheet.cells}
    heading_of = {index: _heading_place(table, index, file) for index in table.matches}
    found.headings.update(where[cell] for cell in table.heading_cells)
    verdict = AS_SHOWN if _is_ours(table) else _verdict_on(table, verdict)
    meanings, doubts = _choose_meanings(table, lexicon, asking, heading_of)
    doubled = _doubled(meanings)
    places = {
        index: Place(meaning, table.matches[index].heading, heading_of[index], table.cells_under(index))
        for index, meaning in meanings.items()
        if index not in doubled
    }
    about = sorted(match.heading for match in table.matches.values())
    decoders = _decoders(places, about, lexicon, asking, data_cut)
    layout = Layout(table, file, lexicon, {index: place.meaning for index, place in places.items()}, decoders)
    lines, remarks = read_records(layout, asking, data_cut)
    if verdict == AS_SHOWN:
        found.lines += lines
        found.remarks += [
            *remarks,
            *doubts,
            *_double_remarks(table, doubled, meanings, lexicon, heading_of, file),
        ]
        found.remarks += [
            *_strangers(table, heading_of, file),
            *_outside(table, file),
            *_looks(table, layout),
        ]
    else:
        found.remarks += [_unread(table, file, verdict, where)]


def _heading_place(table: Table, index: int, file: str) -> Where:
    """The last cell of a heading; of a heading that is merged, the place where it would be."""
    line = "row" if table.is_sideways else "column"
    cells = [cell for cell in table.heading_cells if getattr(cell, line) == index]
    first = table.heading_cells[0]
    address = f"{letters_of(first.column)}{index}" if table.is_sideways else f"{letters_of(index)}{first.row}"
    return Where(file, table.sheet.name, cells[-1].address if cells else address)


# --- what is confirmed --------------------------------------------------------------------------------------


def _confirm(tables: Sequence[Table], lexicon: Lexicon, asking: Asking) -> str:
    """The person's word on how a workbook is read; exact headings of the template speak for themselves."""
    foreign = [table for table in tables if not _is_ours(table)]
    if not foreign:
        return AS_SHOWN
    shown, evidence = [], []
    for table in foreign:
        said = [
            f"“{table.matches[index].heading}” is {_spell(match.meanings[0], lexicon)}"
            for index, match in sorted(table.matches.items())
            if match.is_certain
        ]
        if said not in shown:
            shown.append(said)
            evidence += [f"{_title(table)}:", *(f"  {each}" for each in said), *_left_over(table)]
    text = f"Are the headings of {asking.centre} understood rightly?"
    options = [
        Option(AS_SHOWN, "the workbook is read so"),
        Option(NOT_THIS, "the workbook is ignored; the centre is asked for another"),
    ]
    if len(foreign) > 1:
        names = dict.fromkeys(table.sheet.name for table in foreign)
        options += [Option(f"{BUT}{name}", f"read so, and the sheet “{name}” is ignored") for name in names]
    flat = [each for said in shown for each in said]
    recorded = f"{text} {'; '.join(flat)}"
    return asking.ask("headings", flat, text, options, Where(asking.file), evidence, recorded)


def _is_ours(table: Table) -> bool:
    understood = [match for match in table.matches.values() if match.meanings]
    return all(match.is_certain and match.meanings[0].is_ours for match in understood)


def _verdict_on(table: Table, verdict: str) -> str:
    if verdict.startswith(BUT):
        return NOT_THIS if verdict == f"{BUT}{table.sheet.name}" else AS_SHOWN
    return verdict


def _title(table: Table) -> str:
    n = len(table.records)
    what = "record" if n == 1 else "records"
    return f"Sheet “{table.sheet.name}”, {n} {what}, " + (
        "one column each" if table.is_sideways else "one line each"
    )


def _left_over(table: Table) -> Iterator[str]:
    doubtful = [match.heading for match in table.matches.values() if match.meanings and not match.is_certain]
    unknown = [match.heading for match in table.matches.values() if not match.meanings]
    if doubtful:
        yield f"  asked about by themselves: {join([quote(one) for one in doubtful])}"
    if unknown:
        yield f"  ignored: {join([quote(one) for one in unknown])}"


def _spell(meaning: Meaning, lexicon: Lexicon) -> str:
    more = [word for word in (f"in {meaning.unit}" if meaning.unit else "", meaning.order) if word]
    return ", ".join([lexicon.describe(meaning), *more])


def _unread(table: Table, file: str, verdict: str, where: Mapping[Cell, Where]) -> Remark:
    cells = tuple(where[cell] for cell in table.sheet.cells if cell not in table.heading_cells)
    place, total = Where(file, table.sheet.name), len(table.matches)
    if verdict == NOT_THIS:
        what = f"the sheet is ignored by decision, with its filled cells ({len(cells)})"
        return Remark(
            Finding(
                place, "intake.sheet-refused", Severity.NOTE, what, "", "Ask the centre for another return"
            ),
            ignored=cells,
        )
    known = sum(bool(match.meanings) for match in table.matches.values())
    what = (
        f"the sheet has the centre's own headings ({known} of {total} understood), and nobody has confirmed them; "
        f"its filled cells ({len(cells)}) are not used"
    )
    finding = Finding(place, "intake.own-headings", Severity.FILE, what, "a person's confirmation", ANSWER)
    return Remark(finding, cells)


# --- headings that need somebody ----------------------------------------------------------------------------


def _choose_meanings(
    table: Table, lexicon: Lexicon, asking: Asking, places: Mapping[int, Where]
) -> tuple[dict[int, Meaning], list[Remark]]:
    meanings: dict[int, Meaning] = {}
    doubts: list[Remark] = []
    for index, match in sorted(table.matches.items()):
        if match.is_certain:
            meanings[index] = match.meanings[0]
        elif match.meanings:
            answer = _ask_heading(match, table, lexicon, asking, places[index])
            chosen = {lexicon.describe(meaning): meaning for meaning in match.meanings}.get(answer)
            if chosen:
                meanings[index] = chosen
            else:
                doubts.append(_in_doubt(match, answer, table, index, lexicon, places[index]))
    return meanings, doubts


def _ask_heading(match: Match, table: Table, lexicon: Lexicon, asking: Asking, where: Where) -> str:
    proposals = [lexicon.describe(meaning) for meaning in match.meanings]
    options = [
        *(Option(words, "it is read so") for words in proposals),
        Option(NONE_OF_THEM, "the column is ignored"),
    ]
    text = f"What does “{match.heading}” on the sheet “{table.sheet.name}” of {asking.centre} mean?"
    return asking.ask("heading", (match.heading, *proposals), text, options, where)


def _in_doubt(match: Match, answer: str, table: Table, index: int, lexicon: Lexicon, where: Where) -> Remark:
    cells = tuple(Where(where.file, where.sheet, cell.address) for cell in table.cells_under(index))
    if answer == NONE_OF_THEM:
        what = f"the column “{match.heading}” is ignored by decision, with its filled cells ({len(cells)})"
        finding = Finding(
            where, "intake.heading-refused", Severity.NOTE, what, "", "Nothing, if that is right"
        )
        return Remark(finding, ignored=cells)
    costs = {severity_of(lexicon.form(m.target.form), lexicon.column(m.target)) for m in match.meanings}
    severity = Severity.FILE if Severity.CASE in costs else Severity.VALUE
    proposals = join([quote(lexicon.describe(meaning)) for meaning in match.meanings])
    what = f"the heading “{match.heading}” may mean {proposals}; until somebody says so it is not read"
    return Remark(Finding(where, "intake.heading-in-doubt", severity, what, "", ANSWER), cells)


def _doubled(meanings: Mapping[int, Meaning]) -> set[int]:
    """Headings that mean the same as another of the table: neither is read."""
    by_meaning: dict[object, list[int]] = defaultdict(list)
    for index, meaning in meanings.items():
        by_meaning[meaning.target, meaning.number].append(index)
    return {index for found in by_meaning.values() if len(found) > 1 for index in found}


def _double_remarks(
    table: Table,
    doubled: set[int],
    meanings: Mapping[int, Meaning],
    lexicon: Lexicon,
    places: Mapping[int, Where],
    file: str,
) -> Iterator[Remark]:
    for index in sorted(doubled):
        target = meanings[index].target
        cells = tuple(Where(file, table.sheet.name, cell.address) for cell in table.cells_under(index))
        meaning = quote(lexicon.describe(meanings[index]))
        what = f"“{table.matches[index].heading}” is there more than once with the meaning {meaning}"
        is_dear = severity_of(lexicon.form(target.form), lexicon.column(target)) is Severity.CASE
        severity = Severity.FILE if is_dear else Severity.VALUE
        do = "Give the columns different headings; until then none of them is read"
        yield Remark(
            Finding(places[index], "intake.double-heading", severity, what, "one such column", do), cells
        )


def _strangers(table: Table, places: Mapping[int, Where], file: str) -> Iterator[Remark]:
    for index, match in sorted(table.matches.items()):
        if not match.meanings:
            cells = tuple(Where(file, table.sheet.name, cell.address) for cell in table.cells_under(index))
            what = f"the column “{match.heading}” is no part of the return; its filled cells ({len(cells)}) are ignored"
            do = "If it holds data of the study, give it the heading of the template"
            yield Remark(
                Finding(places[index], "intake.strange-heading", Severity.NOTE, what, "", do), ignored=cells
            )


def _outside(table: Table, file: str) -> Iterator[Remark]:
    if table.outside:
        cells = tuple(Where(file, table.sheet.name, cell.address) for cell in table.outside)
        what = f"cells ignored: {len(cells)} filled outside the table, above, below or beside it"
        do = "If this belongs to the study, move it into the table"
        yield Remark(Finding(cells[0], "intake.outside", Severity.NOTE, what, "", do), ignored=cells)


def _looks(table: Table, layout: Layout) -> Iterator[Remark]:
    """Hidden parts, colours and notes, as on a sheet of the template."""
    columns: dict[int, Column] = {i: layout.lexicon.column(m.target) for i, m in layout.meanings.items()}
    if table.is_sideways:
        some = next(iter(columns.values()))
        columns = {cell.column: some for record in table.records for cell in record.cells.values()}
    last = 0 if table.is_sideways else max(cell.row for cell in table.heading_cells)
    form = Form("own", table.sheet.name, repeats=True, columns=(), help="")
    yield from check_looks(Grid(layout.file, table.sheet, form, last, columns))


def _decoders(
    places: Mapping[int, Place], about: Sequence[str], lexicon: Lexicon, asking: Asking, data_cut: date
) -> dict[int, Decoder]:
    dates = [place for place in places.values() if lexicon.column(place.meaning.target).kind == "date"]
    orders = order_for(dates, about, asking, data_cut)
    return {
        index: decoder_of(place, lexicon, asking, orders.get(place.heading, ""), data_cut)
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
