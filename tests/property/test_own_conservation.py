"""Whatever a centre's own spreadsheet looks like and whatever a person answers, every filled cell has one fate."""

from dataclasses import replace

from hypothesis import given, note, settings
from hypothesis import strategies as st

from caseseries.decisions.chain import Decision, Log, seal
from caseseries.intake.marks import CellNote, Marks
from caseseries.intake.returns import Returns, interpret
from caseseries.intake.sheet import Cell, Sheet, Workbook, letters_of
from own_workbooks import WHEN, check_sums
from property.test_intake_conservation import cells
from return_folder import STUDY

ROUNDS = 4  # of answers, each of which can open further questions

CASE_IDS = ("Study no.", "Study no.", "Pat.-ID", "Patient", "Kürzel", "")
DAYS = ("15/06/2016", "2016-08-17", "25.12.2016")
DATES = ("06/2016", "03.04.17", "12/25/2016", "42522", "nein", "-", "??.06.2016", "tomorrow")
LEVELS = ("<0.01", "neg (<1E-5)", "0.02", "10E-4", "pos 3", "?")
COUNTS = ("88 G/l", "1.234", "high", "II", "-")
WORDS = ("split", "?", "ja", "relapse", "M")

# What stands under a heading in a tidy sheet, and what else in others.
COLUMNS = {
    **dict.fromkeys(("DOB", "Date of birth", "Dx date", "HSCT date", "Blina start"), (DAYS, DATES)),
    **dict.fromkeys(
        ("Relapse date", "Relapse 2 date", "Date of death", "Last seen", "MRD date"), (DAYS, DATES)
    ),
    **dict.fromkeys(("Onset", "CRS date", "Date", "Datum", "Dat of birth"), (DAYS, DATES)),
    "Sex": (("f", "m", "w"), WORDS),
    "MLL": (("pos", "neg"), WORDS),
    "Vital status": (("alive", "dead"), WORDS),
    "Event": (("relapse", "CR"), WORDS),
    "Toxicity": (("CRS", "ICANS"), WORDS),
    "Disease status": (("CR1", "CR2"), WORDS),
    "Donor": (("MUD", "haplo"), WORDS),
    **dict.fromkeys(("MRD", "MRD (%)", "MRD before"), (("0,2 %", "PNQ", "neg"), LEVELS)),
    **dict.fromkeys(("Sens.", "QR"), (("0.01 %", "0.001 %"), ("1E-4", "10^-4", "0.02"))),
    **dict.fromkeys(("WCC", "WCC (/µl)", "Leukozyten [G/l]"), (("120", "88"), COUNTS)),
    **dict.fromkeys(("Grade", "CRS grade", "Cycle", "Dose"), (("1", "2"), COUNTS)),
    **dict.fromkeys(("Zimmer", "Bemerkung", "x", "Immunophenotype"), (("a", "b"), WORDS)),
}
# Headings that stand together in a tidy sheet; those of a child's birth are always there.
TOGETHER = (
    ("Dx date", "Sex", "MLL"),
    ("MRD date", "MRD"),
    ("HSCT date", "Donor"),
    ("Relapse date",),
    ("Last seen",),
    ("Blina start",),
    ("Zimmer",),
)
UPPER = ("", "Patient", "Diagnosis", "Relapse", "HSCT", "MRD before", "Outcome")
JUNK = ("Leeds infants, WCC in /µl", "Stand: 1.4.2018", "Total", "n = 12")
SHEETS = ("Kinder", "All", "MRD", "Follow-up", "Toxicity", "A-1", "Archiv")


def cell_of(row: int, column: int, content: str) -> Cell:
    return Cell(row, column, "text", content, content)


@st.composite
def own_sheets(draw: st.DrawFn, name: str, is_tidy: bool) -> Sheet:
    """A table in any layout: headings in any order, titles above, lines without ids, sums, headings said again."""
    groups = draw(st.lists(st.sampled_from(TOGETHER), unique=True, max_size=3))
    some = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=6))
    headings = draw(
        st.permutations(["DOB", *(each for group in groups for each in group)] if is_tidy else some)
    )
    place = draw(st.integers(0, len(headings)))
    headings.insert(place, "Study no." if is_tidy else draw(st.sampled_from(CASE_IDS)))
    rows: list[list[str]] = [[each] for each in draw(st.lists(st.sampled_from(JUNK), max_size=2))]
    if not is_tidy and draw(st.booleans()):
        rows.append([draw(st.sampled_from(UPPER)) for _ in headings])
    rows.append([*headings])
    first = len(rows) + 1
    for number in range(1, draw(st.integers(1, 4)) + 1):
        line = [draw(st.sampled_from(_under(heading, is_tidy))) for heading in headings]
        ids = (f"A-{number}",) if is_tidy else (f"A-{number}", "A-1", "", "a-1")
        line[place] = draw(st.sampled_from(ids))
        rows.append([*line])
    last = len(rows)
    if draw(st.integers(0, 4)) == 0:
        rows.append(draw(st.sampled_from([[*headings], ["Mean", "12"], ["note"]])))
    turned = draw(st.booleans())
    found = {
        (row, column): cell_of(row, column, content)
        for row, line in enumerate(rows, start=1)
        for column, content in enumerate(line, start=1)
        if content != ""
    }
    merged = _merge(found, first, draw(st.integers(1, len(headings))), last) if draw(st.booleans()) else []
    if turned:
        found = {(column, row): cell_of(column, row, cell.raw) for (row, column), cell in found.items()}
        merged = []
    found |= {(cell.row, cell.column): cell for cell in draw(st.lists(cells(), max_size=0 if is_tidy else 4))}
    kept = tuple(found[place] for place in sorted(found))
    return Sheet(name, draw(st.integers(0, 5)) == 0, kept, draw(marks(kept, merged)))


def _under(heading: str, is_tidy: bool) -> tuple[str, ...]:
    tidy, others = COLUMNS.get(heading, (("A-1",), ()))
    return tidy if is_tidy else ("", *tidy, *others)


def _merge(found: dict[tuple[int, int], Cell], first: int, column: int, last: int) -> list[str]:
    """The records' cells of one column merged into the first: those below it are gone."""
    for row in range(first + 1, last + 1):
        found.pop((row, column), None)
    return [f"{letters_of(column)}{first}:{letters_of(column)}{last}"]


@st.composite
def marks(draw: st.DrawFn, kept: tuple[Cell, ...], merged: list[str]) -> Marks:
    """Some cells struck, hidden, coloured or with a note."""
    some = draw(st.lists(st.sampled_from(kept), max_size=4)) if kept and draw(st.booleans()) else []
    return Marks(
        hidden_rows=[cell.row for cell in some[:1]],
        merged=merged,
        struck=[(cell.row, cell.column) for cell in some[1:2]],
        partly_struck=[(cell.row, cell.column) for cell in some[2:3]],
        filled={(cell.row, cell.column): "FFFF0000" for cell in some[3:]},
        notes=tuple(CellNote(cell.address, "nurse", "sure?") for cell in some[:1]),
    )


def below(sheet: Sheet, other: Sheet) -> Sheet:
    """Two tables on one sheet, one under the other."""
    last = max((cell.row for cell in sheet.cells if cell.row < 1000), default=0) + 1
    moved = [cell._replace(row=cell.row + last) for cell in other.cells if cell.row < 1000]
    placed = {(cell.row, cell.column): cell for cell in (*sheet.cells, *moved)}
    return replace(sheet, cells=tuple(placed[place] for place in sorted(placed)))


@st.composite
def own_books(draw: st.DrawFn) -> tuple[Workbook, ...]:
    books = []
    files = ("leeds.xlsx", "leeds.csv", "york.ods")[: draw(st.sampled_from((1, 1, 1, 2, 3)))]
    for file in files:
        is_tidy = draw(st.booleans())
        names = draw(st.lists(st.sampled_from(SHEETS), min_size=1, max_size=1 if is_tidy else 3, unique=True))
        sheets = [draw(own_sheets(name, is_tidy)) for name in names]
        if draw(st.integers(0, 3)) == 0:
            sheets[0] = below(sheets[0], draw(own_sheets("", draw(st.booleans()))))
        books.append(Workbook(f"returns/{file}", "", tuple(sheets), is_1904=draw(st.booleans())))
    return tuple(books)


def answered(log: Log, returns: Returns, data: st.DataObject) -> Log:
    """Each open question answered by one of its answers, the first of them most often, or left open."""
    for question in returns.questions:
        offered = [option.answer for option in question.options]
        said = data.draw(st.sampled_from([*offered[:1] * 3, *offered, ""]))
        note(f"{question.text} {said}")
        if said:
            decision = Decision(question.id, question.text, said, "asked", "A. Tester", WHEN)
            log = Log((*log.entries, seal(decision, len(log.entries) + 1, log.head)))
    return log


@settings(max_examples=40)
@given(own_books(), st.data())
def test_every_cell_of_a_centre_s_own_sheets_has_one_fate_at_every_answer(books, data):
    log = Log()
    for _ in range(ROUNDS):
        returns = interpret(books, STUDY, (), log)
        check_sums(returns)
        assert returns.counts.non_empty == sum(len(sheet.cells) for book in books for sheet in book.sheets)
        cases = [patient.case_id for patient in returns.patients]
        assert cases == sorted(set(cases))
        assert not set(cases) & {aside.case_id for aside in returns.aside}
        assert all(finding.what and finding.do for finding in returns.findings)
        before, log = log, answered(log, returns, data)
        if log == before:
            break


@settings(max_examples=15)
@given(own_books())
def test_nothing_is_stored_that_nobody_has_confirmed(books):
    """And the order of the files changes no sum."""
    returns = interpret(books, STUDY)
    waiting = {finding.where.file for finding in returns.findings if finding.code == "intake.own-headings"}
    stored = {
        value.source.where.file
        for patient in returns.patients
        for rows in patient.rows.values()
        for row in rows
        for value in row.values.values()
    }
    assert not stored & waiting
    assert returns.counts == interpret(books[::-1], STUDY).counts
