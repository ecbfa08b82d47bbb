"""Lines of one file that say the same of a child: repeated on every row, or spread over several sheets.

Forms that have one line a child are put together as long as nothing contradicts; a contradiction stays two lines, and
the rules for two lines refuse them.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.lines import Line, Remark
from caseseries.intake.spelling import key_of
from caseseries.record.patient import Value
from caseseries.study.forms import CASE_ID

Said = frozenset[tuple[str, object]]


def merge_lines(lines: Sequence[Line]) -> tuple[list[Line], list[Remark]]:
    """The lines, each fact once, and a note for each sheet that repeats some."""
    kept: list[Line] = []
    once: dict[tuple[str, str], int] = {}
    seen: dict[tuple[str, str, Said], Line] = {}
    repeated: dict[tuple[str, str], list[Where]] = {}
    for line in lines:
        key = (line.form.name, key_of(line.case_id))
        again: Line | None = None
        if line.form.repeats:
            again = seen.setdefault((*key, _said(line)), line)
            if (
                again is line
                or again.row.where.sheet != line.row.where.sheet
                or line.unread
                or _is_event(line)
            ):
                kept.append(line)
                continue
        elif key not in once:
            once[key] = len(kept)
            kept.append(line)
            continue
        elif _agree(kept[once[key]], line):
            kept[once[key]] = again = _together(kept[once[key]], line)
        else:
            kept.append(line)
            continue
        used = {value.source.where for value in again.row.values.values()}
        cells = [value.source.where for value in line.row.values.values() if value.source.where not in used]
        repeated.setdefault((line.row.where.file, line.row.where.sheet), []).extend(cells)
    return kept, [_note(cells) for cells in repeated.values() if cells]


def _said(line: Line) -> Said:
    return frozenset((name, value.value) for name, value in line.row.values.items() if name != CASE_ID.name)


def _is_event(line: Line) -> bool:
    """Two equal specimens, toxicities or events may be two, and are asked about as such."""
    return line.form.name not in ("transplant", "treatment")


def _agree(one: Line, other: Line) -> bool:
    mine, theirs = one.row.values, other.row.values
    return all(
        mine[name].value == theirs[name].value for name in mine.keys() & theirs.keys() if name != CASE_ID.name
    )


def _together(one: Line, other: Line) -> Line:
    values: dict[str, Value] = {**other.row.values, **one.row.values}
    places = {**other.places, **one.places, **{name: value.source.where for name, value in values.items()}}
    return replace(
        one,
        row=replace(one.row, values=values),
        cells=tuple(dict.fromkeys((*one.cells, *other.cells))),
        places=places,
        unread=(one.unread | other.unread) - set(values),
    )


def _note(cells: Sequence[Where]) -> Remark:
    what = f"{len(cells)} cells repeat what other lines of the file say of the same children"
    finding = Finding(
        cells[0], "intake.repeated", Severity.NOTE, what, "", "Nothing: they agree, and count once"
    )
    return Remark(finding, ignored=tuple(dict.fromkeys(cells)))


def share_fate(lines: Sequence[Line], aside: Collection[str]) -> list[Finding]:
    """A finding for each case that has a merged cell in common with one set aside (`aside`: keys of case ids).

    A cell has one fate, so that of the other would lose its value in silence.
    """
    cases_of: dict[Where, set[str]] = defaultdict(set)
    for line in lines:
        for where in line.cells:
            cases_of[where].add(line.case_id)
    shared = {where: cases for where, cases in cases_of.items() if len(set(map(key_of, cases))) > 1}
    found: dict[str, Finding] = {}
    for _ in shared:  # one case can bind the next
        for where, cases in sorted(shared.items()):
            lost = [case for case in sorted(cases) if key_of(case) in aside or key_of(case) in found]
            for case in sorted(cases) if lost else ():
                if case not in lost:
                    found.setdefault(key_of(case), _bound(where, case, lost[0]))
    return list(found.values())


def _bound(where: Where, case: str, other: str) -> Finding:
    what = f"the merged cell counts for {other} too, which is set aside"
    do = f"Mend what is said of {other}, or unmerge the cell and fill in each line"
    return Finding(where, "intake.shared-cell", Severity.CASE, what, "a cell for each case", do, case)
