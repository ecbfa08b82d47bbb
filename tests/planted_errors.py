"""Known errors planted one at a time in the demo's clean returns: which of them does the software tell of?

Each kind is a slip that abstraction from charts is known for (dates, units, codes, lines; Garza et al. 2025 count 6.6 %
of fields). An error is *told* when planting it adds a finding or makes its case leave the cohort for a stated reason,
and told *on its line* when a new finding stands on a line that was touched. Plates are left out: they would tell of more.

By hand, printing the table of docs/returns-tested.md:  python tests/planted_errors.py COUNT SEED
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from math import ceil
from pathlib import Path
from random import Random

from caseseries.analysis.cohort import Left, form_cohort
from caseseries.demo import _packaged
from caseseries.demo.returns import build_returns
from caseseries.findings import Finding, Where
from caseseries.intake.columns import match_columns, match_sheets
from caseseries.intake.layout import EXCEL_DAY_0
from caseseries.intake.lines import Grid
from caseseries.intake.returns import interpret
from caseseries.intake.sheet import Cell, Workbook, letters_of
from caseseries.intake.template import write_template
from caseseries.intake.workbook import read_workbook
from caseseries.study.definition import Study
from caseseries.study.forms import CASE_ID, Column, forms_of
from caseseries.study.load import FILE, load_study

Place = tuple[str, str, int, int]  # file, sheet, row, column


@dataclass(frozen=True)
class Clean:
    """The returns without an error: what is read, what is said of it, and every cell that is data."""

    study: Study
    books: tuple[Workbook, ...]
    grids: tuple[Grid, ...]
    told: frozenset[object]

    @property
    def cells(self) -> int:
        return sum(len(grid.filled) for grid in self.grids)


@dataclass(frozen=True)
class Line:
    """One filled line of a form."""

    grid: Grid
    row: int

    def cell(self, name: str) -> Cell | None:
        index = self.grid.indices[name]
        return next((cell for cell in self.grid.sheet.rows(self.row, self.row) if cell.column == index), None)

    def place(self, name: str) -> Place:
        return self.grid.file, self.grid.sheet.name, self.row, self.grid.indices[name]

    @property
    def case_id(self) -> str:
        return self.cell(CASE_ID.name).raw  # type: ignore[union-attr]

    @property
    def form(self) -> str:
        return self.grid.form.name


Edit = dict[Place, Cell | None]  # what stands in a cell instead; None empties it
Plant = Callable[[Clean, Random], Edit | None]  # None when the place that was drawn cannot have this error


@dataclass(frozen=True)
class Outcome:
    """What became of one planted error."""

    kind: str
    edit: Edit
    findings: tuple[Finding, ...]
    is_at_line: bool
    is_told: bool


@lru_cache(maxsize=1)
def clean_returns() -> Clean:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / FILE).write_bytes(_packaged("preamble.toml") + _packaged(FILE))
        study = load_study(folder)
        (folder / "returns").mkdir()
        books = []
        for centre, rows in build_returns(study.data_cut).items():
            path = folder / "returns" / f"{centre}.xlsx"
            write_template(path, study, rows, centre)
            books.append(read_workbook(path, folder))
    grids = tuple(
        match_columns(book.file, sheet, form)[0]
        for book in books
        for form, sheet in match_sheets(book, forms_of(study))[0]
    )
    return Clean(study, tuple(books), grids, frozenset(said_of(books, study)))


def said_of(books: Sequence[Workbook], study: Study) -> Iterator[Finding | Left]:
    """Every finding, and every case that is not analysed."""
    returns = interpret(books, study)
    aside = [Left(one.case_id, "set aside", one.reason.what) for one in returns.aside]
    cohort = form_cohort(returns.patients, study, aside, waiting=returns.waiting)
    yield from returns.findings
    yield from cohort.findings
    yield from cohort.left


def plant(kind: str, clean: Clean, rng: Random) -> Outcome:
    """One error of a kind, somewhere."""
    edit = None
    while edit is None:
        edit = KINDS[kind](clean, rng)
    said = [each for each in said_of(_edited(clean.books, edit), clean.study) if each not in clean.told]
    findings = tuple(each for each in said if isinstance(each, Finding))
    lines = {(file, sheet, row) for file, sheet, row, _ in edit}
    at_line = any(_line_of(finding.where) in lines for finding in findings)
    return Outcome(kind, edit, findings, at_line, bool(said))


def _line_of(where: Where) -> tuple[str, str, int]:
    digits = where.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return where.file, where.sheet, int(digits or 0)


def _edited(books: Sequence[Workbook], edit: Edit) -> list[Workbook]:
    return [
        replace(
            book,
            sheets=tuple(
                replace(sheet, cells=_cells(book.file, sheet.name, sheet.cells, edit))
                for sheet in book.sheets
            ),
        )
        if any(file == book.file for file, *_ in edit)
        else book
        for book in books
    ]


def _cells(file: str, sheet: str, cells: Sequence[Cell], edit: Edit) -> tuple[Cell, ...]:
    placed = {(cell.row, cell.column): cell for cell in cells}
    for (a_file, a_sheet, row, column), cell in edit.items():
        if (a_file, a_sheet) == (file, sheet):
            placed.pop((row, column), None)
            if cell is not None:
                placed[row, column] = cell._replace(row=row, column=column)
    return tuple(placed[place] for place in sorted(placed))


# --- drawing a place ----------------------------------------------------------------------------------------


def _lines(clean: Clean, *forms: str) -> list[Line]:
    return [
        Line(grid, row)
        for grid in clean.grids
        if not forms or grid.form.name in forms
        for row in sorted({cell.row for cell in grid.filled})
    ]


def _draw(clean: Clean, rng: Random, is_wanted: Callable[[str, Column], bool]) -> tuple[Line, Column, Cell]:
    """A filled cell of a column that is wanted."""
    found = [
        (Line(grid, cell.row), column, cell)
        for grid in clean.grids
        for cell in grid.filled
        if is_wanted(grid.form.name, column := grid.columns[cell.column])
    ]
    return rng.choice(found)


def _day(cell: Cell) -> date:
    return EXCEL_DAY_0 + timedelta(days=int(cell.value))


def _dated(cell: Cell, day: date) -> Cell:
    return cell._replace(value=float((day - EXCEL_DAY_0).days), raw=day.isoformat())


def _number(cell: Cell, value: float) -> Cell:
    return cell._replace(kind="number", value=value, raw=f"{value:.15g}", number_format="General")


def _text(cell: Cell, text: str) -> Cell:
    return cell._replace(kind="text", value=text, raw=text, number_format="General")


def _is_date(form: str, column: Column) -> bool:  # noqa: ARG001
    return column.kind == "date"


# --- dates --------------------------------------------------------------------------------------------------


def _moved(change: Callable[[date, Random], date | None]) -> Plant:
    """A date typed as another one."""

    def plant_date(clean: Clean, rng: Random) -> Edit | None:
        line, column, cell = _draw(clean, rng, _is_date)
        if cell.kind != "date":
            return None
        day = change(_day(cell), rng)
        return {line.place(column.name): _dated(cell, day)} if day else None

    return plant_date


def _day_for_month(day: date, rng: Random) -> date | None:  # noqa: ARG001
    return day.replace(day=day.month, month=day.day) if day.day <= 12 and day.day != day.month else None


def _other_year(day: date, rng: Random) -> date | None:
    return day.replace(year=day.year + rng.choice((-1, 1))) if (day.month, day.day) != (2, 29) else None


def _other_decade(day: date, rng: Random) -> date | None:
    return day.replace(year=day.year + rng.choice((-10, 10))) if (day.month, day.day) != (2, 29) else None


def _other_month(day: date, rng: Random) -> date | None:
    month = day.month + rng.choice((-1, 1))
    return day.replace(month=month) if 1 <= month <= 12 and day.day <= 28 else None


def _digits_of_day(day: date, rng: Random) -> date | None:  # noqa: ARG001
    turned = int(f"{day.day:02}"[::-1])
    return day.replace(day=turned) if 1 <= turned <= 28 and turned != day.day else None


def _after_cut(day: date, rng: Random) -> date | None:
    return date(2031, day.month, min(day.day, 28) - rng.randrange(0, 2)) if day.day > 1 else None


def _placeholder(clean: Clean, rng: Random) -> Edit | None:
    line, column, cell = _draw(clean, rng, _is_date)
    return {line.place(column.name): _text(cell, rng.choice(("01.01.1900", "31.12.9999", "00.00.2018", "?")))}


def _two_dates_swapped(clean: Clean, rng: Random) -> Edit | None:
    first, second = rng.choice((("start_date", "end_date"), ("onset_date", "resolved_date")))
    line = rng.choice(_lines(clean, "treatment" if first == "start_date" else "toxicity"))
    return _swapped(line, first, line, second)


def _dates_of_two_forms_swapped(clean: Clean, rng: Random) -> Edit | None:
    one = rng.choice(_lines(clean, "patients", "transplant"))
    others = [line for line in _lines(clean, "diagnosis", "treatment") if line.case_id == one.case_id]
    other = rng.choice(others)
    first = "birth_date" if one.form == "patients" else "hsct_date"
    return _swapped(one, first, other, "diagnosis_date" if other.form == "diagnosis" else "start_date")


def _swapped(one: Line, first: str, other: Line, second: str) -> Edit | None:
    a, b = one.cell(first), other.cell(second)
    return {one.place(first): b, other.place(second): a} if a and b and a.value != b.value else None


def _death_too_early(clean: Clean, rng: Random) -> Edit | None:
    """The day of death before the last event or treatment of the same child."""
    line = rng.choice(_lines(clean, "follow_up"))
    cell, event = line.cell("date"), line.cell("event")
    before = [_day(one.cell("date")) for one in _lines(clean, "follow_up") if one.case_id == line.case_id]  # type: ignore[arg-type]
    if not cell or not event or event.raw != "death" or len(before) < 2:
        return None
    return {line.place("date"): _dated(cell, sorted(before)[-2] - timedelta(days=rng.randrange(1, 30)))}


# --- numbers and units --------------------------------------------------------------------------------------


def _scaled(column_name: str, *factors: float) -> Plant:
    def plant_number(clean: Clean, rng: Random) -> Edit | None:
        line, column, cell = _draw(clean, rng, lambda _, column: column.name == column_name)
        value = float(cell.value) * rng.choice(factors) if isinstance(cell.value, float) else 0.0
        return {line.place(column.name): _number(cell, float(f"{value:.6g}"))} if value else None

    return plant_number


def _flat_dose(clean: Clean, rng: Random) -> Edit | None:
    """The dose of an adult, or that of the infant's own surface."""
    line, column, cell = _draw(clean, rng, lambda _, column: column.name == "dose")
    surface = rng.uniform(0.25, 0.5)
    value = rng.choice((28.0, 9.0, round(float(cell.value) * surface, 1)))
    return {line.place(column.name): _number(cell, value)} if value != cell.value else None


def _other_whole(column_name: str, low: int, high: int) -> Plant:
    def plant_whole(clean: Clean, rng: Random) -> Edit | None:
        line, column, cell = _draw(clean, rng, lambda _, column: column.name == column_name)
        value = float(rng.randint(low, high))
        return {line.place(column.name): _number(cell, value)} if value != cell.value else None

    return plant_whole


# --- words --------------------------------------------------------------------------------------------------


def _is_word(form: str, column: Column) -> bool:  # noqa: ARG001
    return column.kind in ("choice", "yes_no")


def _other_choice(names: Sequence[str]) -> Plant:
    """Another word of the list: it reads well and is wrong."""

    def plant_choice(clean: Clean, rng: Random) -> Edit | None:
        line, column, cell = _draw(clean, rng, lambda _, column: column.name in names)
        offered = [word for word in column.choices or FUSIONS if word != cell.raw]
        return {line.place(column.name): _text(cell, rng.choice(offered))}

    return plant_choice


def _misspelt(clean: Clean, rng: Random) -> Edit | None:
    line, column, cell = _draw(clean, rng, _is_word)
    at = rng.randrange(len(cell.raw))
    text = cell.raw[:at] + cell.raw[at + 1 :]
    is_wrong = text.strip() and text not in ("y", "n")  # which are words for yes and no
    return {line.place(column.name): _text(cell, text)} if is_wrong else None


def _negative_for_level(clean: Clean, rng: Random) -> Edit | None:
    line = rng.choice(_lines(clean, "specimens"))
    cell = line.cell("mrd_result")
    other = {"quantified": "not detected", "not detected": "quantified"}.get(cell.raw if cell else "")
    return {line.place("mrd_result"): _text(cell, other)} if cell and other else None


# --- lines --------------------------------------------------------------------------------------------------


def _doubled(clean: Clean, rng: Random) -> Edit | None:
    line = rng.choice(_lines(clean))
    free = max(cell.row for cell in line.grid.filled) + 1
    return {
        (line.grid.file, line.grid.sheet.name, free, cell.column): cell
        for cell in line.grid.sheet.rows(line.row, line.row)
    }


def _lost(*forms: str) -> Plant:
    def plant_loss(clean: Clean, rng: Random) -> Edit | None:
        line = rng.choice(_lines(clean, *forms))
        cells = line.grid.sheet.rows(line.row, line.row)
        return {(line.grid.file, line.grid.sheet.name, line.row, cell.column): None for cell in cells}

    return plant_loss


def _emptied(clean: Clean, rng: Random) -> Edit | None:
    line, column, _ = _draw(clean, rng, lambda _, column: column.required)
    return {line.place(column.name): None}


def _of_another_child(clean: Clean, rng: Random) -> Edit | None:
    """The line of one child under the number of another of the centre."""
    line = rng.choice([line for line in _lines(clean) if line.form != "patients"])
    ids = sorted({each.case_id for each in _lines(clean) if each.grid.file == line.grid.file})
    others = [each for each in ids if each != line.case_id]
    cell = line.cell(CASE_ID.name)
    return {line.place(CASE_ID.name): _text(cell, rng.choice(others))} if cell and others else None


def _mistyped_id(clean: Clean, rng: Random) -> Edit | None:
    line = rng.choice(_lines(clean))
    cell = line.cell(CASE_ID.name)
    return {line.place(CASE_ID.name): _text(cell, f"{cell.raw[:-2]}{rng.randint(20, 99)}")} if cell else None


def _moved_right(clean: Clean, rng: Random) -> Edit | None:
    """From one cell on, the line stands a column too far to the right."""
    line = rng.choice(_lines(clean))
    cells = {cell.column: cell for cell in line.grid.sheet.rows(line.row, line.row)}
    start, last = rng.randint(2, max(2, max(cells) - 1)), max(line.grid.columns)
    file, sheet = line.grid.file, line.grid.sheet.name
    return {
        (file, sheet, line.row, column): cells.get(column - 1) if column > start else None
        for column in range(start, last + 1)
    }


FUSIONS = ("KMT2A::AFF1", "KMT2A::MLLT1", "KMT2A::MLLT3", "KMT2A::MLLT10", "KMT2A::EPS15")
CODES = ("kmt2a", "immunophenotype", "donor", "phenotype", "cause_of_death", "remission_at_start", "indication")  # fmt: skip

KINDS: dict[str, Plant] = {
    "day and month exchanged": _moved(_day_for_month),
    "year one off": _moved(_other_year),
    "year ten off": _moved(_other_decade),
    "month one off": _moved(_other_month),
    "digits of the day exchanged": _moved(_digits_of_day),
    "a date years after the data cut": _moved(_after_cut),
    "a placeholder for a date": _placeholder,
    "two dates of a line exchanged": _two_dates_swapped,
    "two dates of a child exchanged": _dates_of_two_forms_swapped,
    "death before the last event": _death_too_early,
    "white cells × 1,000 (per microlitre)": _scaled("wbc", 1000.0),
    "white cells × 10 or ÷ 10": _scaled("wbc", 10.0, 0.1),
    "MRD level as a fraction": _scaled("mrd_percent", 0.01),
    "MRD level × 100": _scaled("mrd_percent", 100.0),
    "MRD level × 10 or ÷ 10": _scaled("mrd_percent", 10.0, 0.1),
    "sensitivity as a fraction": _scaled("sensitivity_percent", 0.01),
    "dose not per m²": _flat_dose,
    "dose × 10 or ÷ 10": _scaled("dose", 10.0, 0.1),
    "another cycle": _other_whole("cycle", 1, 6),
    "another grade": _other_whole("grade", 1, 5),
    "the other sex": _other_choice(("sex",)),
    "another event": _other_choice(("event",)),
    "another treatment or toxicity": _other_choice(("treatment", "toxicity")),
    "another fusion": _other_choice(("fusion",)),
    "another code": _other_choice(CODES),
    "a misspelt word": _misspelt,
    "positive for negative MRD, or the reverse": _negative_for_level,
    "a line twice": _doubled,
    "a line of diagnosis, treatment or follow-up lost": _lost("diagnosis", "treatment", "follow_up"),
    "a line of MRD, toxicity or transplant lost": _lost("specimens", "toxicity", "transplant"),
    "a required cell emptied": _emptied,
    "a line under another child's id": _of_another_child,
    "a mistyped case id": _mistyped_id,
    "a line moved one column to the right": _moved_right,
}


def plant_all(count: int, seed: int) -> list[Outcome]:
    """At least `count` errors, as many of each kind."""
    clean, rng = clean_returns(), Random(seed)
    each = ceil(count / len(KINDS))
    return [plant(kind, clean, rng) for kind in KINDS for _ in range(each)]


def table_of(outcomes: Sequence[Outcome]) -> Iterator[str]:
    planted = Counter(outcome.kind for outcome in outcomes)
    told = Counter(outcome.kind for outcome in outcomes if outcome.is_told)
    at_line = Counter(outcome.kind for outcome in outcomes if outcome.is_at_line)
    yield "| error | planted | told | on its line |"
    yield "|---|---|---|---|"
    for kind in KINDS:
        yield f"| {kind} | {planted[kind]} | {told[kind]} | {at_line[kind]} |"
    n = len(outcomes)
    shares = (f"{each.total()} ({100 * each.total() / n:.1f} %)" for each in (told, at_line))
    yield f"| all | {n} | {' | '.join(shares)} |"


def main(count: int, seed: int) -> None:
    outcomes, clean = plant_all(count, seed), clean_returns()
    for line in table_of(outcomes):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"On {clean.cells} clean cells: {len(clean.told)} findings or cases left out.\n")
    for outcome in outcomes:
        if not outcome.is_told:
            (file, sheet, row, column), cell = next(iter(outcome.edit.items()))
            place = f"{file} › {sheet} › {letters_of(column)}{row}"
            sys.stderr.write(f"not told: {outcome.kind}: {place}: {cell.raw if cell else '(empty)'}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
