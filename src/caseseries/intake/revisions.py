"""What differs between two versions of one return: cells by case and line, and queries closed, opened or still open.

Lines are matched by case and by their order within the case, so that a line inserted above moves nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from caseseries.findings import Finding, Where
from caseseries.intake.columns import match_columns, match_sheets
from caseseries.intake.notices import quote
from caseseries.intake.spelling import key_of
from caseseries.intake.workbook import Cell, Workbook
from caseseries.study.definition import Study
from caseseries.study.forms import CASE_ID, forms_of

Place = tuple[str, str, int, str]  # sheet, case, which of its lines, heading
Seen = dict[Place, tuple[Where, str]]


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


def compare_versions(old: Workbook, new: Workbook, study: Study) -> tuple[Change, ...]:
    """The cells of lines with a case id that differ, in the order of their places."""
    before, after = _cells_by_case(old, study), _cells_by_case(new, study)
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


def _cells_by_case(book: Workbook, study: Study) -> Seen:
    seen: Seen = {}
    for form, sheet in match_sheets(book, forms_of(study))[0]:
        grid, _ = match_columns(book.file, sheet, form)
        lines: dict[int, list[Cell]] = defaultdict(list)
        for cell in sheet.cells if grid.has_case_ids else ():
            if cell.row > grid.header_row and cell.column in grid.columns:
                lines[cell.row].append(cell)
        counts: Counter[str] = Counter()
        for row, cells in lines.items():
            case_id = next((c.raw.strip() for c in cells if grid.columns[c.column] is CASE_ID), "")
            counts[key_of(case_id)] += 1
            for cell in cells if case_id else ():
                heading = grid.columns[cell.column].heading
                place = (form.sheet, case_id, counts[key_of(case_id)], heading)
                seen[place] = (grid.where(row, cell.column), cell.raw)
    return seen
