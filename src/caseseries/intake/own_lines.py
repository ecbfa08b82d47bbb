"""The records of a centre's table to lines of our forms: one record may hold lines of several.

"Date of relapse" and "Relapse phenotype" make one line of the follow-up form, "MRD before" and its date one of the MRD
form; what an implied word says ("relapse") has the cell of its heading's value as its source.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from caseseries.decisions.chain import Option
from caseseries.findings import Finding, Severity, Where
from caseseries.intake.asking import Asking
from caseseries.intake.cells import Reading, allowed_in, parse_cell
from caseseries.intake.decoding import Decoder
from caseseries.intake.headings import Lexicon, Meaning
from caseseries.intake.lines import Line, Remark, severity_of
from caseseries.intake.notices import Notice, quote
from caseseries.intake.oddities import list_struck
from caseseries.intake.own_status import settle_status
from caseseries.intake.sheet import Cell, letters_of
from caseseries.intake.tables import Record, Table, merged_down
from caseseries.record.levels import LevelState
from caseseries.record.patient import Row, Source, Value
from caseseries.study.forms import CASE_ID, Column, Form

LineKey = tuple[str, str, str]  # form, group, number
INDEX = "index"  # the group of the treatment that defines the cohort
EVERY_LINE, FIRST_LINE = "every line", "first line only"


@dataclass(frozen=True)
class Layout:
    """A table with the meaning of each of its headings, and what reads the cells under it."""

    table: Table
    file: str
    lexicon: Lexicon
    meanings: Mapping[int, Meaning]
    decoders: Mapping[int, Decoder]

    def where(self, index: int, line: int) -> Where:
        place = (letters_of(line), index) if self.table.is_sideways else (letters_of(index), line)
        return Where(self.file, self.table.sheet.name, "{}{}".format(*place))

    @cached_property
    def lines(self) -> Mapping[LineKey, tuple[int, ...]]:
        """Which headings make which line of a record; a heading of no line of its own joins those of its form."""
        keys = {
            i: (m.target.form, *m.line) for i, m in self.meanings.items() if m.target.column != CASE_ID.name
        }
        made: dict[LineKey, list[int]] = defaultdict(list)
        for index, key in keys.items():
            for joined in self._joined(key, set(keys.values()), keys):
                made[joined].append(index)
        return {key: tuple(indices) for key, indices in made.items()}

    def _joined(self, key: LineKey, all_keys: set[LineKey], keys: Mapping[int, LineKey]) -> Sequence[LineKey]:
        others = sorted(each for each in all_keys if each[0] == key[0] and each != key)
        columns = {self.meanings[i].target.column for i, each in keys.items() if each == key}
        form = self.lexicon.form(key[0])
        has_date = any(
            column.kind == "date" and column.required and column.name in columns for column in form.columns
        )
        if key[1:] != ("", "") or not others or has_date or not form.repeats:
            return [key]
        return others if form.name == "specimens" else sorted(others, key=lambda each: each[1] != INDEX)[:1]


@dataclass
class _Read:
    """One cell as read: what became of it for each column it speaks of."""

    cell: Cell
    where: Where
    readings: Mapping[str, Reading]
    is_left_out: bool = False


def read_records(layout: Layout, asking: Asking, data_cut: date) -> tuple[list[Line], list[Remark]]:
    """Every line that the records hold, and what is to be said about their cells."""
    records, remarks = _filled_down(layout, asking)
    lines: list[Line] = []
    notes: dict[tuple[int, str], list[tuple[Where, Notice, bool]]] = defaultdict(list)
    for record in records:
        made, said = _read_record(record, layout, data_cut, notes)
        lines += made
        remarks += said
    return lines, [*remarks, *_struck(layout, records), *_noted(notes)]


def _read_record(
    record: Record,
    layout: Layout,
    data_cut: date,
    notes: dict[tuple[int, str], list[tuple[Where, Notice, bool]]],
) -> tuple[list[Line], list[Remark]]:
    ids = layout.table.case_ids
    places = {i: _place_of(cell, layout) for i, cell in record.cells.items()}
    case = parse_cell(record.cells[ids], CASE_ID, data_cut) if ids in record.cells else Reading()
    if not isinstance(case.value, str) or not case.value:
        return [], [_without_case(record, layout, case, tuple(places.values()))]
    if case.notice:
        notes[ids, case.notice.code].append((places[ids], case.notice, False))
    read = {
        i: _read_cell(cell, i, layout, data_cut)
        for i, cell in record.cells.items()
        if i in layout.decoders and i != ids
    }
    remarks = list(_remarks(read, case.value, layout, notes))
    lines = [
        line
        for key, indices in layout.lines.items()
        if (line := _line(key, [i for i in indices if i in read], read, record, case.value, layout))
    ]
    lines, said = settle_status(lines)
    if not lines:
        what = f"the record of {case.value} holds nothing but its case id"
        finding = Finding(
            places[ids],
            "intake.empty-record",
            Severity.NOTE,
            what,
            "",
            "Nothing, if that is right",
            case.value,
        )
        said.append(Remark(finding, ignored=(places[ids],)))
    return lines, remarks + said


def _place_of(cell: Cell, layout: Layout) -> Where:
    return Where(layout.file, layout.table.sheet.name, cell.address)


def _read_cell(cell: Cell, index: int, layout: Layout, data_cut: date) -> _Read:
    meaning = layout.meanings[index]
    column = layout.lexicon.column(meaning.target)
    form = layout.lexicon.form(meaning.target.form)
    where = _place_of(cell, layout)
    if cell.kind in ("error", "formula", "broken"):
        return _Read(cell, where, {column.name: parse_cell(cell, column, data_cut)})
    decoded = layout.decoders[index](cell)
    if decoded.is_nothing:
        what = f"{quote(cell.raw)} is read as: it did not happen"
        notice = Notice("did-not-happen", what, "Nothing, if that is right", allowed_in(column))
        return _Read(cell, where, {column.name: Reading(None, notice, is_missing=True)})
    if decoded.notice:
        notice = replace(decoded.notice, allowed=decoded.notice.allowed or allowed_in(column))
        return _Read(cell, where, {column.name: Reading(None, notice)})
    readings = {name: parse_cell(piece, form.column(name), data_cut) for name, piece in decoded.pieces}
    return _Read(cell, where, readings, decoded.left_out)


def _remarks(
    read: Mapping[int, _Read],
    case_id: str,
    layout: Layout,
    notes: dict[tuple[int, str], list[tuple[Where, Notice, bool]]],
) -> Iterator[Remark]:
    """What sets a value or a case aside, cell by cell; harmless remarks are gathered by heading."""
    for index, one in read.items():
        form = layout.lexicon.form(layout.meanings[index].target.form)
        if one.is_left_out:
            notice = Notice(
                "left-out", f"{quote(one.cell.raw)} is not used, by decision", "Nothing, if that is right"
            )
            notes[index, notice.code].append((one.where, notice, True))
        for name, reading in one.readings.items():
            if reading.notice is None:
                continue
            if reading.value is not None or reading.is_missing:
                notes[index, reading.notice.code].append((one.where, reading.notice, reading.is_missing))
                continue
            notice, column = reading.notice, form.column(name)
            severity = severity_of(form, column)
            words = notice.what, notice.allowed or allowed_in(column), notice.do
            yield Remark(Finding(one.where, f"intake.{notice.code}", severity, *words, case_id), (one.where,))


def _noted(
    notes: Mapping[tuple[int, str], Sequence[tuple[Where, Notice, bool]]],
) -> Iterator[Remark]:
    """One note for each heading and kind, at the first of its cells."""
    for found in notes.values():
        where, notice, _ = found[0]
        more = f"; {len(found) - 1} more like it under this heading" if len(found) > 1 else ""
        finding = Finding(
            where, f"intake.{notice.code}", Severity.NOTE, notice.what + more, notice.allowed, notice.do
        )
        yield Remark(finding, ignored=tuple(place for place, _, is_missing in found if is_missing))


# --- lines --------------------------------------------------------------------------------------------------


def _line(
    key: LineKey,
    indices: Sequence[int],
    read: Mapping[int, _Read],
    record: Record,
    case_id: str,
    layout: Layout,
) -> Line | None:
    """One line of a form; None where every cell of it is empty or says that there is nothing."""
    form = layout.lexicon.form(key[0])
    values, unread = _values(indices, read)
    if not values and not unread and (form.repeats or not layout.lines.get(key)):
        return None
    if not values and not unread and form.name != "patients":
        return None
    case_cell = record.cells[layout.table.case_ids]
    case_where = _place_of(case_cell, layout)
    values[CASE_ID.name] = Value(case_id, Source(case_where, case_cell.raw))
    _imply(values, unread, layout.lines[key], layout)
    places = {column.name: case_where for column in form.columns}
    for index in layout.lines[key]:
        places[layout.meanings[index].target.column] = layout.where(index, record.line)
    places |= {name: value.source.where for name, value in values.items()}
    cells = (case_where, *(read[index].where for index in indices))
    return Line(form, Row(form.name, case_id, case_where, values), cells, places, frozenset(unread))


def _values(indices: Sequence[int], read: Mapping[int, _Read]) -> tuple[dict[str, Value], set[str]]:
    """What the cells give; a cell under a column's own heading goes before one that says it by the way."""
    values: dict[str, Value] = {}
    unread: set[str] = set()
    for index in indices:
        one = read[index]
        for position, (name, reading) in enumerate(one.readings.items()):
            if reading.value is not None and (position == 0 or name not in values):
                values[name] = Value(reading.value, Source(one.where, one.cell.raw))
            elif reading.value is None and not reading.is_missing:
                unread.add(name)
    return values, unread - set(values)


def _imply(values: dict[str, Value], unread: set[str], indices: Sequence[int], layout: Layout) -> None:
    """Words that the headings imply: the event, the treatment, the toxicity; a level means “quantified”."""
    source = next(
        (value.source for name, value in values.items() if name != CASE_ID.name), values[CASE_ID.name].source
    )
    for index in indices:
        target, number = layout.meanings[index].target, layout.meanings[index].number
        for name, word in target.sets:
            if name not in unread:
                values.setdefault(name, Value(word, source))
        if target.group == INDEX and "cycle" not in unread:
            values.setdefault("cycle", Value(float(number or 1), source))
    if "mrd_percent" in values and "mrd_result" not in unread:
        values.setdefault("mrd_result", Value(LevelState.QUANTIFIED.value, values["mrd_percent"].source))


def _without_case(record: Record, layout: Layout, case: Reading, cells: tuple[Where, ...]) -> Remark:
    empty = Notice(
        "no-case-id", "the record has no case id", "Add the case id, or empty the record", allowed_in(CASE_ID)
    )
    notice = case.notice or empty
    where = layout.where(layout.table.case_ids, record.line)
    finding = Finding(where, f"intake.{notice.code}", Severity.CASE, notice.what, notice.allowed, notice.do)
    return Remark(finding, cells)


# --- cells that count for more than one record -------------------------------------------------------------


def _filled_down(layout: Layout, asking: Asking) -> tuple[Sequence[Record], list[Remark]]:
    """The records, cells that stand for several lines repeated on each, where somebody said that they do."""
    table, ids = layout.table, layout.table.case_ids
    bare = [record for record in table.records if ids not in record.cells]
    merged = [cell for cell in merged_down(table)]
    if not bare and not merged:
        return table.records, []
    shown = [f"lines without a case id: {len(bare)}"] if bare else []
    shown += [f"merged cells: {', '.join(cell.address for cell in merged[:8])}"] if merged else []
    text = f"Do cells that stand for several lines of “{table.sheet.name}” of {asking.centre} count for each of them?"
    options = (
        Option(EVERY_LINE, "a line without its own case id or merged value has the one above"),
        Option(FIRST_LINE, "they count for their own line alone"),
    )
    about = sorted(match.heading for match in table.matches.values())
    where = layout.where(ids, bare[0].line) if bare else _place_of(merged[0], layout)
    if asking.ask("fill-down", about, text, options, where, shown) != EVERY_LINE:
        return table.records, []
    return tuple(_repeated(table, {cell.address for cell in merged})), []


def _repeated(table: Table, merged: set[str]) -> Iterator[Record]:
    above: dict[int, Cell] = {}
    for record in table.records:
        cells = dict(record.cells)
        for index, cell in above.items():
            if index == table.case_ids or cell.address in merged:
                cells.setdefault(index, cell)
        yield Record(record.line, cells)
        above = cells


def _struck(layout: Layout, records: Sequence[Record]) -> Iterator[Remark]:
    """Struck values are set aside until somebody says whether they are meant, the case too where an event is struck."""
    struck = layout.table.sheet.marks.struck_words
    for record in records:
        cells = {
            i: cell
            for i, cell in record.cells.items()
            if (cell.row, cell.column) in struck and i in layout.meanings
        }
        if not cells:
            continue
        case = record.cells.get(layout.table.case_ids)
        costs = {severity_of(*_form_and_column(layout, index)) for index in cells}
        severity = Severity.CASE if Severity.CASE in costs else Severity.VALUE
        places = tuple(_place_of(cell, layout) for cell in cells.values())
        what = list_struck(tuple(cells.values()), struck)
        do = "Delete it or remove the line through it; until then it is not used"
        finding = Finding(
            places[0],
            "intake.struck",
            severity,
            what,
            "values that are meant",
            do,
            case.raw.strip() if case else "",
        )
        yield Remark(finding, places)


def _form_and_column(layout: Layout, index: int) -> tuple[Form, Column]:
    target = layout.meanings[index].target
    return layout.lexicon.form(target.form), layout.lexicon.column(target)
