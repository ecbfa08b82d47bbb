"""What differs between two versions of one return: cells by case and line, and queries closed, opened or still open.

Lines are matched by case and by their order within the case, so that a line inserted above moves nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from caseseries.decisions.chain import Log
from caseseries.findings import Finding, Where
from caseseries.intake.columns import is_template, match_columns, match_sheets
from caseseries.intake.headings import Lexicon
from caseseries.intake.notices import quote
from caseseries.intake.own_sheets import own_tables
from caseseries.intake.redcap import EVENT, INSTANCE, INSTRUMENT, is_export
from caseseries.intake.returns import centre_of
from caseseries.intake.sheet import Cell, Workbook
from caseseries.intake.spelling import clean, key_of
from caseseries.intake.tables import Table
from caseseries.study.definition import Study
from caseseries.study.forms import CASE_ID, Form, forms_of

Place = tuple[str, str, int, str]  # table, case, which of its lines, heading
Seen = dict[Place, tuple[Where, str]]
Found = tuple[str, str, Sequence[tuple[str, Where, str]]]  # a table's name, a case, its cells on one line


@dataclass(frozen=True, order=True)
class Change:
    """One cell. `where` is in the new version, or in the old one for a cell that is gone; empty text is no cell."""

    where: Where
    case_id: str
    heading: str
    before: str
    after: str

    def __str__(self) -> str:
        before, after = (quote(text) if text else "nothing" for text in (self.before, self.after))
        return f"{self.where} ({self.case_id}, {self.heading}): {before} became {after}"


@dataclass(frozen=True)
class Revision:
    """Everything that differs between an earlier version of a return and the one in use."""

    changes: tuple[Change, ...]
    closed: tuple[Finding, ...]
    opened: tuple[Finding, ...]
    still_open: int


def compare_versions(
    old: Workbook, new: Workbook, study: Study, log: Log | None = None
) -> tuple[Change, ...]:
    """The cells of records that differ, in the order of their places; `log` says whose an own table's lines are."""
    before, after = (_cells_by_case(book, study, log or Log()) for book in (old, new))
    changes = []
    for place in {*before, *after}:
        _, case_id, _, heading = place
        where, old_text = before.get(place, (Where(), ""))
        now, new_text = after.get(place, (where, ""))
        if old_text != new_text:
            changes.append(Change(now, case_id, heading, old_text, new_text))
    return tuple(sorted(changes))


def compare_findings(
    old: Sequence[Finding], new: Sequence[Finding]
) -> tuple[list[Finding], list[Finding], int]:
    """Findings only in the old version, only in the new, and how many are in both; moved lines are the same."""
    before, after = Counter(map(_identity, old)), Counter(map(_identity, new))
    return _beyond(old, after), _beyond(new, before), (before & after).total()


def _identity(finding: Finding) -> tuple[str, ...]:
    where = finding.where
    return (
        where.file,
        where.sheet,
        where.cell.rstrip("0123456789"),
        finding.code,
        finding.case_id,
        finding.what,
    )


def _beyond(findings: Sequence[Finding], others: Counter[tuple[str, ...]]) -> list[Finding]:
    left, found = Counter(others), []
    for finding in findings:
        left[_identity(finding)] -= 1
        found += [finding] if left[_identity(finding)] < 0 else []
    return found


# --- the cells of a version by what they are about --------------------------------------------------------------


def _cells_by_case(book: Workbook, study: Study, log: Log) -> Seen:
    """Every cell of every record, in whichever way the return is laid out (`returns`)."""
    forms = forms_of(study)
    if is_export(book):
        return _number_lines(_lines_of_export(book))
    if is_template(book, forms):
        return _number_lines(_lines_of_template(book, forms))
    own = list(_lines_of_own(book, study, log))
    return _number_lines(own or _lines_of_template(book, forms))


def _number_lines(lines: Iterable[tuple[str, str, Sequence[tuple[str, Where, str]]]]) -> Seen:
    """Each cell by the name of its table, its case, which of the case's lines there it is on, and its heading."""
    seen: Seen = {}
    counts: Counter[tuple[str, str]] = Counter()
    for name, case_id, cells in lines:
        counts[name, key_of(case_id)] += 1
        for heading, where, raw in cells:
            seen[name, case_id, counts[name, key_of(case_id)], heading] = (where, raw)
    return seen


def _lines_of_template(book: Workbook, forms: Sequence[Form]) -> Iterator[Found]:
    for form, sheet in match_sheets(book, forms)[0]:
        grid, _ = match_columns(book.file, sheet, form)
        lines: dict[int, list[Cell]] = defaultdict(list)
        for cell in sheet.cells if grid.has_case_ids else ():
            if cell.row > grid.header_row and cell.column in grid.columns:
                lines[cell.row].append(cell)
        for row, cells in lines.items():
            case_id = next((c.raw.strip() for c in cells if grid.columns[c.column] is CASE_ID), "")
            headings = [(grid.columns[c.column].heading, grid.where(row, c.column), c.raw) for c in cells]
            if case_id:
                yield form.sheet, case_id, headings


def _lines_of_own(book: Workbook, study: Study, log: Log) -> Iterator[Found]:
    """A line without a case id goes with the one above; a lone table is the same whatever its sheet is called."""
    tables = list(own_tables(book, Lexicon(study), centre_of(book, study, log), log))
    for table in tables:
        name, case_id = table.sheet.name if len(tables) > 1 else "", ""
        headings = _apart(table)
        for record in table.records:
            case = record.cells.get(table.case_ids)
            case_id = case.raw.strip() if case else case_id
            cells = [
                (headings[index], Where(book.file, table.sheet.name, cell.address), cell.raw)
                for index, cell in record.cells.items()
            ]
            if case_id:
                yield name, case_id, cells


def _apart(table: Table) -> Mapping[int, str]:
    """The headings by their number, those that are there twice told apart."""
    times: Counter[str] = Counter()
    named = {}
    for index, match in sorted(table.matches.items()):
        times[match.heading] += 1
        named[index] = match.heading + (f" ({times[match.heading]})" if times[match.heading] > 1 else "")
    return named


def _lines_of_export(book: Workbook) -> Iterator[Found]:
    [sheet] = book.sheets
    headings = {cell.column: clean(cell.raw) for cell in sheet.cells if cell.row == 1}
    rows: dict[int, dict[str, Cell]] = defaultdict(dict)
    for cell in sheet.cells:
        if cell.row > 1 and cell.column in headings:
            rows[cell.row][headings[cell.column]] = cell
    for fields in rows.values():
        if CASE_ID.name in fields:
            named = [fields[name].raw for name in (EVENT, INSTRUMENT, INSTANCE) if name in fields]
            cells = [
                (name, Where(book.file, sheet.name, cell.address), cell.raw) for name, cell in fields.items()
            ]
            yield " ".join(named), fields[CASE_ID.name].raw.strip(), cells
