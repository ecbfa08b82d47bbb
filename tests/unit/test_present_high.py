"""What is higher than a page is neither cut off nor lost: a table goes on overleaf, a figure is made smaller."""

import io
import re
from dataclasses import replace

import docx
import pypdf
import pytest
from docx.shared import Mm

from caseseries.present import drawing as pen
from caseseries.present.document import Document, Figure, Heading, Table, TableRow, Text
from caseseries.present.docx import render_docx
from caseseries.present.pdf import as_json
from caseseries.present.typeset import typeset_pdf
from present_sample import make_document

ROWS = 40


def _table(name: str, words: str, *, wide: bool) -> Table:
    rows = tuple(TableRow(((Text(f"{name} {i}"),), (Text(words),))) for i in range(ROWS))
    return Table(name, name, ("Head", "Words"), rows, "ll", wide=wide)


@pytest.fixture(scope="module")
def document() -> Document:
    """Tables of three lines a row, narrow and wide, and a drawing four times as high as it is wide."""
    long = "several words that fill a line of their own " * 6
    marks = [pen.words(20, 2760, "lowest")]
    high = Figure("high", "High", (), "A high figure", pen.svg(700, 2800, "A high figure", marks))
    blocks = (
        Heading(1, "One"), _table("narrow", long, wide=False), Heading(1, "Two"), _table("wide", long * 2, wide=True),
        high,
    )  # fmt: skip
    return replace(make_document(), blocks=blocks)


def test_every_row_and_the_foot_of_the_figure_are_on_a_page_of_the_pdf(document: Document) -> None:
    data, pages = typeset_pdf(as_json(document))
    read = pypdf.PdfReader(io.BytesIO(data))
    text = "\n".join(page.extract_text() for page in read.pages)
    for name in ("narrow", "wide"):
        assert [int(n) for n in re.findall(rf"^{name} (\d+)", text, re.MULTILINE)] == list(range(ROWS))
        assert sum("Head" in page.extract_text() and name in page.extract_text() for page in read.pages) > 1
    assert "lowest" in read.pages[pages["figure:high"] - 1].extract_text()
    heights = [height for page in read.pages for height in _heights(page)]
    assert min(heights) > 0
    assert max(heights) < 842


def _heights(page: pypdf.PageObject) -> list[float]:
    """How high above the foot of its page, in points, words stand: they are extracted even where they are off it."""
    found: list[float] = []

    def note(text: str, now: list[float], within: list[float], *_: object) -> None:
        if text.strip():
            found.append(now[1] * within[4] + now[3] * within[5] + now[5])

    page.extract_text(visitor_text=note)
    return found


def test_the_picture_in_the_word_file_fits_a_page_and_keeps_its_shape(document: Document) -> None:
    [picture] = docx.Document(io.BytesIO(render_docx(document))).inline_shapes
    assert picture.height == Mm(215)
    assert picture.height / picture.width == pytest.approx(4, rel=0.01)
