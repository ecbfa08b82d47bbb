"""The Word file, opened again."""

import io
import os
import re
import time
import zipfile
from dataclasses import replace

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from caseseries.present.document import Figure, Heading, Table, TableRow, Text
from caseseries.present.docx import (
    AIR,
    TEXT_WIDTH_MM,
    TWIPS_PER_MM,
    _widths,
    render_docx,
    write_docx,
)
from caseseries.present.wording import plain
from present_sample import make_document

DOCUMENT = make_document()
TABLES = [block for block in DOCUMENT.blocks if isinstance(block, Table)]
FIGURES = [block for block in DOCUMENT.blocks if isinstance(block, Figure)]


@pytest.fixture(scope="module")
def made() -> bytes:
    return render_docx(DOCUMENT)


@pytest.fixture(scope="module")
def word(made):
    return docx.Document(io.BytesIO(made))


def written(element) -> str:
    """All words, those of fields included."""
    return "".join(words.text for words in element.iter(qn("w:t")))


def texts(word, style: str) -> list[str]:
    return [written(paragraph._p) for paragraph in word.paragraphs if paragraph.style.name == style]


def test_title_and_headings_have_their_styles(word):
    assert texts(word, "Title") == [DOCUMENT.title]
    assert texts(word, "Subtitle") == [DOCUMENT.subtitle]
    for level in (1, 2):
        headings = [
            block.text for block in DOCUMENT.blocks if isinstance(block, Heading) and block.level == level
        ]
        assert texts(word, f"Heading {level}") == headings


def test_the_notice_heads_every_page(word):
    assert len(word.sections) == 3
    for section in word.sections:
        assert section.header.paragraphs[0].text == DOCUMENT.notice
        assert not section.different_first_page_header_footer


def test_pages_are_numbered_by_fields(word):
    footer = word.sections[0].footer.paragraphs[0]._p
    fields = [field.get(qn("w:instr")).strip() for field in footer.iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert written(footer).startswith(DOCUMENT.footer)


def test_a_wide_table_stands_on_a_landscape_page(word):
    assert [section.orientation for section in word.sections] == [
        WD_ORIENT.PORTRAIT,
        WD_ORIENT.LANDSCAPE,
        WD_ORIENT.PORTRAIT,
    ]
    assert [section.page_width > section.page_height for section in word.sections] == [False, True, False]


def test_a_document_of_narrow_tables_never_turns():
    narrow = replace(
        DOCUMENT, blocks=tuple(b for b in DOCUMENT.blocks if not (isinstance(b, Table) and b.wide))
    )
    assert len(docx.Document(io.BytesIO(render_docx(narrow))).sections) == 1


def test_tables_hold_every_cell(word):
    assert len(word.tables) == len(TABLES)
    for made_table, table in zip(word.tables, TABLES, strict=True):
        rows = [[cell.text for cell in row.cells] for row in made_table.rows]
        assert rows[0] == list(table.columns)
        assert rows[1:] == [[plain(cell) for cell in row.cells] for row in table.rows]


def test_tables_have_rules_of_a_book_and_repeat_their_header(word):
    style = word.styles["Case Series Table"].element
    borders = style.find(f"{qn('w:tblPr')}/{qn('w:tblBorders')}")
    assert [border.tag for border in borders] == [qn("w:top"), qn("w:bottom")]
    for table in word.tables:
        assert table.style.name == "Case Series Table"
        repeated = [row._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in table.rows]
        assert repeated == [True] + [False] * (len(table.rows) - 1)


def test_a_note_stays_with_the_last_row_of_its_table(word):
    for made_table, table in zip(word.tables, TABLES, strict=True):
        kept = [
            all(
                paragraph.paragraph_format.keep_with_next
                for cell in row.cells
                for paragraph in cell.paragraphs
            )
            for row in made_table.rows[1:]
        ]
        assert kept[-1] is bool(table.footnotes)
        assert all(kept[:-1]) is (len(table.rows) <= 24)


def test_columns_stay_within_the_page(word):
    for made_table, table in zip(word.tables, TABLES, strict=True):
        width = sum(int(column.get(qn("w:w"))) for column in made_table._tbl.tblGrid)
        assert width <= (257 if table.wide else 170) / 25.4 * 1440 + len(table.columns)


def test_levels_are_indented_and_heads_are_bold(word):
    rows = {row.cells[0].text: row.cells[0].paragraphs[0] for row in word.tables[0].rows}
    assert rows["after relapse"].paragraph_format.left_indent > 0
    assert rows["Indication"].paragraph_format.left_indent is None
    assert rows["Indication"].runs[0].bold


def test_numbers_align_with_their_column(word):
    side = word.tables[0].rows[1].cells[1].paragraphs[0].alignment
    assert side is not None
    assert side.name == "RIGHT"


def test_captions_are_numbered_by_fields(word):
    captions = texts(word, "Caption")
    assert [c.split(".")[0] for c in captions if c.startswith("Table")] == ["Table 1", "Table 2", "Table 3"]
    assert [c.split(".")[0] for c in captions if c.startswith("Figure")] == [
        f"Figure {i}" for i in range(1, 6)
    ]
    instructions = [f.get(qn("w:instr")) for f in word.element.body.iter(qn("w:fldSimple"))]
    assert all(re.fullmatch(r" SEQ (Table|Figure) \\\* ARABIC ", instruction) for instruction in instructions)


def test_pictures_have_descriptions_and_300_dots_per_inch(word, made):
    described = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert described == [figure.alt for figure in FIGURES]
    for shape in word.inline_shapes:
        assert shape.width.mm == pytest.approx(170, abs=0.1)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        pictures = [archive.read(name) for name in archive.namelist() if name.startswith("word/media/")]
    assert [int.from_bytes(png[16:20]) for png in pictures] == pytest.approx([2008] * len(FIGURES), abs=1)


def test_characters_of_other_markups_are_printed(word):
    assert "#*_$<>&\"'\\ @ ~ [x]" in " ".join(paragraph.text for paragraph in word.paragraphs)


def test_callouts_have_their_own_styles(word):
    assert texts(word, "Callout Limit")[0] == "Before quoting these numbers"
    assert texts(word, "Callout Limit")[1].startswith("– Three-year event-free survival rests on 1 patient")
    assert texts(word, "Callout Note") == [
        "Made-up patients",
        "The patients are invented; the aggregates are published.",
    ]


def test_properties_are_fixed(word):
    properties = word.core_properties
    assert (properties.title, properties.author) == (DOCUMENT.title, "caseseries")
    assert properties.created == properties.modified
    assert properties.created.date() == DOCUMENT.dated


def test_the_archive_has_no_clock(made):
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        names = archive.namelist()
    assert names[0] == "[Content_Types].xml"
    assert names[1:] == sorted(names[1:])


def test_the_same_document_makes_the_same_bytes_in_another_time_zone(made, tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        write_docx(make_document(), tmp_path / "a.docx")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (tmp_path / "a.docx").read_bytes() == made


def test_long_words_of_other_columns_do_not_break_the_short_ones():
    """Five columns named after a drug are wider than the page; the case ids keep the room that they need."""
    row = TableRow(tuple((Text(words),) for words in ("P-08", *["not detected"] * 5)))
    long = Table("t", "T", ("Case", *[f"Day after tisagenlecleucel{i}" for i in range(5)]), (row,), "llllll")
    short = replace(long, columns=("Case", *"abcde"))
    case, *drugs = _widths(long)
    assert case >= _widths(replace(short, rows=(replace(row, cells=row.cells[:1] * 6),)))[0] - AIR
    assert max(drugs) - min(drugs) <= 1
    assert abs(case + sum(drugs) - TWIPS_PER_MM * TEXT_WIDTH_MM) <= 6
