"""The quick road through a sheet gives what walking it tag by tag gives, or is not taken."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.intake import workbook
from caseseries.intake.package import UnreadableError, open_package
from caseseries.intake.plain_cells import NotPlainError
from caseseries.intake.sheet import letters_of

PART = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LOOKS = (
    workbook.Look(),
    workbook.Look("yyyy-mm-dd"),
    workbook.Look("0.00%"),
    workbook.Look("@", True, "FF0"),
)
BOOK = workbook._Book(["zero", "one", " ", "с_x0041_"], LOOKS, 0, frozenset("1"))

stored = st.sampled_from(
    ["", "0", "1", "3", "-1", "99", "43184", "0.002", "1E400", "NaN", "x", "é\u200b", "]]>", "a&amp;b"]
)
kinds = st.sampled_from(["", ' t="s"', ' t="n"', ' t="b"', ' t="e"', ' t="str"', ' t="inlineStr"', ' t="d"'])
styles = st.sampled_from(["", ' s="0"', ' s="1"', ' s="2"', ' s="3"', ' s="9"'])
inside = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "<f>A1*2</f>", "<f></f>", "<f/>"]),
    stored.map(lambda text: f"<v>{text}</v>" if text else ""),
    st.sampled_from(["", "", "<is><t>in</t></is>", '<is><t xml:space="preserve"> a </t></is>', "<!-- x -->"]),
)
cells = st.lists(st.tuples(st.integers(1, 5), styles, kinds, inside), max_size=5)
row_tags = st.sampled_from(["", ' spans="1:5"', ' hidden="1"', ' ht="15" hidden="true"'])
rows = st.lists(st.tuples(st.integers(1, 6), row_tags, cells), max_size=5)


def written(lines, *, tidy: bool) -> str:
    """A sheet of these lines; `tidy` puts every address in its place, as programs do."""
    chosen = dict((row, (row, tags, found)) for row, tags, found in lines) if tidy else enumerate(lines)
    body = ""
    for _, (row, tags, found) in sorted(chosen.items()) if tidy else chosen:
        placed = sorted({cell[0]: cell for cell in found}.values()) if tidy else found
        tags_of_cells = (
            f'<c r="{letters_of(c)}{row}"{style}{kind}>{text}</c>' for c, style, kind, text in placed
        )
        body += f'<row r="{row}"{tags}>{"".join(tags_of_cells)}</row>'
    return (
        f'<worksheet xmlns="{MAIN}"><cols><col min="2" max="2" hidden="1"/></cols><sheetData>{body}</sheetData>'
        '<mergeCells><mergeCell ref="A1:A2"/></mergeCells></worksheet>'
    )


def package_of(sheet: str):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(PART, sheet)
    return open_package(buffer.getvalue())


def walked(sheet: str):
    cells = workbook._Cells(BOOK, 10_000)
    try:
        workbook.walk(package_of(sheet), PART, cells)
    except UnreadableError as error:
        return error.code
    return tuple(workbook._placed(cells.found)), cells.marks


def quick(sheet: str):
    found = workbook._read_plain(package_of(sheet), PART, workbook._Known(BOOK), 10_000)
    return tuple(found.found), found.marks


@settings(max_examples=300)
@given(rows, st.booleans())
def test_both_roads_lead_to_the_same_cells(lines, tidy):
    sheet = written(lines, tidy=tidy)
    try:
        found = quick(sheet)
    except (NotPlainError, UnreadableError):
        return
    assert found == walked(sheet)


@settings(max_examples=300)
@given(rows, st.data())
def test_a_sheet_spoilt_anywhere_is_read_alike_or_walked(lines, data):
    """What the walk refuses the quick road never accepts: it must not be more trusting."""
    sheet = written(lines, tidy=True)
    at = data.draw(st.integers(0, len(sheet) - 1))
    piece = data.draw(
        st.sampled_from(["", "<", ">", "&", '"', "</row>", "<c>", "<!DOCTYPE a>", " ", "\x01", "9"])
    )
    sheet = sheet[:at] + piece + sheet[at + data.draw(st.integers(0, 4)) :]
    try:
        found = quick(sheet)
    except (NotPlainError, UnreadableError):
        return
    assert found == walked(sheet)


@pytest.mark.parametrize("kind", ["s", "n", "inlineStr"])
def test_what_spreadsheet_programs_write_takes_the_quick_road(kind):
    text = "<is><t>in</t></is>" if kind == "inlineStr" else "<v>1</v>"
    sheet = written([(1, ' spans="1:5"', [(1, ' s="1"', f' t="{kind}"', text), (2, "", "", "")])], tidy=True)
    assert [cell.address for cell in quick(sheet)[0]] == ["A1"]
