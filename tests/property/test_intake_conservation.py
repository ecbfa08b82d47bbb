"""Whatever stands in a return, nothing is lost and nothing breaks: every filled cell has exactly one fate."""

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from caseseries.findings import Severity
from caseseries.intake.returns import Returns, interpret, read_returns
from caseseries.intake.sheet import Cell, Sheet, Workbook
from caseseries.intake.workbook import read_workbook
from return_folder import STUDY, check_conservation, lines_of, return_of, together


@cache
def clean_books() -> tuple[Workbook, ...]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = [
            return_of(folder, together(lines_of("C-1"), lines_of("C-2")), "cork.xlsx"),
            return_of(folder, together(lines_of("D-1"), lines_of("D-02")), "dublin.xlsx"),
        ]
        return tuple(without_words(read_workbook(path, folder)) for path in paths)


def without_words(book: Workbook) -> Workbook:
    """Most of the help and the lists left out: it is the same story over and over, and takes the time."""
    return replace(book, sheets=tuple(replace(sheet, cells=sheet.cells[:40]) for sheet in book.sheets))


WORDS = (
    "",
    "A-1",
    "C-1",
    "c-1",
    "D-2",
    "relapse",
    "death",
    "not detected",
    "quantified",
    "yes",
    "31.02.2018",
)
WORDS += (
    "03/04/2018",
    "2018",
    "<0.01",
    "0,05",
    "1,234",
    "NA",
    "?",
    "Case id",
    "Date",
    "#REF!",
    "=1+1",
    "\u202e",
)
FORMATS = ("General", "0.00%", "yyyy-mm-dd", "mmm-yy", "h:mm", "@", "")

texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-1, 60_000).map(float),
    st.sampled_from([0.0, 0.002, 0.2, 2018.0, 43184.0, 1e15, 1e300]),
)
places = st.tuples(st.integers(1, 14), st.integers(1, 14)) | st.just((1_048_576, 16_384))


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    row, column = draw(places)
    kind = draw(
        st.sampled_from(("text", "number", "percent", "date", "logical", "error", "formula", "broken"))
    )
    if kind in ("number", "percent", "date"):
        value = abs(draw(numbers)) % 2_958_466 if kind == "date" else draw(numbers)
        return Cell(row, column, kind, value, f"{value:.15g}", draw(st.sampled_from(FORMATS)))
    if kind == "logical":
        truth = draw(st.booleans())
        return Cell(row, column, kind, truth, str(truth).upper())
    raw = draw(texts) or "x"
    return Cell(row, column, kind, raw, raw)


NAMES = ("Patient", "Notes", "lists", "Toxicity ", "\u041cRD", "Follow-up")


def spoil(sheet: Sheet, new: list[Cell], blanked: list[int]) -> Sheet:
    placed = {(cell.row, cell.column): cell for cell in sheet.cells}
    for index in blanked:
        placed.pop(sorted(placed)[index % len(placed)], None) if placed else None
    placed |= {(cell.row, cell.column): cell for cell in new}
    return replace(sheet, cells=tuple(placed[place] for place in sorted(placed)))


@st.composite
def spoilt_books(draw: st.DrawFn) -> tuple[Workbook, ...]:
    """Both returns with cells blanked and overwritten anywhere; now and then a sheet renamed or gone."""
    indices = st.tuples(st.integers(0, 1), st.integers(0, 8))
    new = draw(st.lists(st.tuples(indices, cells()), max_size=10))
    blanked = draw(st.lists(st.tuples(indices, st.integers(0, 200)), max_size=8))
    renamed = draw(st.dictionaries(indices, st.sampled_from(NAMES), max_size=1))
    gone = draw(st.sets(indices, max_size=1)) if draw(st.integers(0, 3)) == 0 else set()
    return tuple(
        replace(
            book,
            sheets=tuple(
                replace(
                    spoil(
                        sheet,
                        [cell for where, cell in new if where == (i, j)],
                        [at for where, at in blanked if where == (i, j)],
                    ),
                    name=renamed.get((i, j), sheet.name),
                )
                for j, sheet in enumerate(book.sheets)
                if (i, j) not in gone
            ),
        )
        for i, book in enumerate(clean_books())
    )


def check_laws(returns: Returns) -> None:
    check_conservation(returns)
    for file in returns.files:
        counts = file.counts
        assert min(counts.stored, counts.problem, counts.ignored) >= 0
    cases = [patient.case_id for patient in returns.patients]
    assert cases == sorted(set(cases))
    assert not set(cases) & {aside.case_id for aside in returns.aside}
    blamed = {f.case_id for f in returns.findings if f.severity is Severity.CASE}
    assert not set(cases) & blamed
    if returns.counts.problem:
        assert any(finding.severity is not Severity.NOTE for finding in returns.findings)
    for finding in returns.findings:
        assert finding.what
        assert finding.do
        assert finding.where.file
        assert not str(finding).endswith("..")


def test_clean_books_are_clean():
    returns = interpret(clean_books(), STUDY)
    assert returns.findings == ()
    assert len(returns.patients) == 4
    check_laws(returns)


@settings(max_examples=60)
@given(spoilt_books())
def test_whatever_stands_in_a_return_nothing_is_lost(books):
    check_laws(interpret(books, STUDY))


@settings(max_examples=25)
@given(spoilt_books())
def test_the_order_of_the_files_changes_no_patient_who_is_read_without_doubt(books):
    """Only "first" and "second" may swap: who is analysed may not depend on the names of the files."""
    forward, backward = interpret(books, STUDY), interpret(books[::-1], STUDY)
    assert {p.case_id.casefold() for p in forward.patients} == {
        p.case_id.casefold() for p in backward.patients
    }
    assert forward.counts == backward.counts


@settings(max_examples=50)
@given(st.data())
def test_a_blanked_or_spoilt_event_never_leaves_a_child_event_free(data):
    """Spoil the day or the event of a death: the child is set aside, or an event still stands on a day.

    (With its case id spoilt the line belongs to nobody: listed, but no child can be held back for it.)
    """
    book = death_book()
    index = next(i for i, each in enumerate(book.sheets) if each.name == "Follow-up")
    sheet = book.sheets[index]
    target = data.draw(
        st.sampled_from([cell for cell in sheet.cells if cell.row == 2 and cell.column in (2, 3)])
    )
    junk = data.draw(cells())._replace(row=target.row, column=target.column)
    others = tuple(cell for cell in sheet.cells if cell is not target)
    new = (
        others
        if data.draw(st.booleans())
        else tuple(sorted((*others, junk), key=lambda c: (c.row, c.column)))
    )
    sheets = (*book.sheets[:index], replace(sheet, cells=new), *book.sheets[index + 1 :])
    returns = interpret([replace(book, sheets=sheets)], STUDY)
    check_laws(returns)
    for patient in returns.patients:
        events = [row.text("event") for row in patient.form("follow_up") if "date" in row.values]
        assert len(events) == 2
        assert None not in events


@cache
def death_book() -> Workbook:
    follow_up = [
        {"date": date(2018, 2, 5), "event": "death", "cause_of_death": "infection"},
        {"date": date(2018, 1, 5), "event": "seen alive"},
    ]
    with TemporaryDirectory() as name:
        path = return_of(Path(name), lines_of("C-1", follow_up=follow_up))
        return read_workbook(path, Path(name))


@settings(max_examples=8, phases=(Phase.generate,))
@given(
    st.lists(
        st.tuples(st.integers(0, 7), cells().filter(lambda cell: cell.row < 1000)), min_size=1, max_size=20
    )
)
def test_the_same_holds_for_files_on_disk(changes):
    def edit(book: openpyxl.Workbook) -> None:
        for index, cell in changes:
            value = cell.value
            if isinstance(value, str):  # openpyxl writes no control characters
                value = "".join(character for character in value if character.isprintable())
            book.worksheets[index].cell(cell.row, cell.column).value = value

    with TemporaryDirectory() as name:
        return_of(Path(name), lines_of(), edit=edit)
        check_laws(read_returns(Path(name), STUDY))
