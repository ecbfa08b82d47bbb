"""The PDF, read back by another program's library."""

import io
import json
import re

import pytest
from pypdf import PdfReader

from caseseries.present.document import Figure, Heading
from caseseries.present.pdf import as_json, write_pdf
from caseseries.present.typeset import typeset_pdf, typeset_png
from present_sample import make_document

DOCUMENT = make_document()


@pytest.fixture(scope="module")
def made() -> bytes:
    return typeset_pdf(as_json(DOCUMENT))[0]


@pytest.fixture(scope="module")
def pdf(made) -> PdfReader:
    return PdfReader(io.BytesIO(made))


@pytest.fixture(scope="module")
def pages(pdf) -> list[str]:
    return [page.extract_text() for page in pdf.pages]


def test_the_notice_is_on_every_page(pages):
    assert len(pages) >= 5
    assert all(DOCUMENT.notice in page for page in pages)


def test_every_page_says_which_of_how_many(pages):
    for i, page in enumerate(pages, 1):
        assert f"Page {i} of {len(pages)}" in page
        assert DOCUMENT.footer in page


def test_pages_are_a4_and_a_wide_table_turns_its_page(pdf, pages):
    sizes = [(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in pdf.pages]
    assert set(sizes) == {(595, 842), (842, 595)}
    assert ["Every case" in page for page in pages] == [size == (842, 595) for size in sizes]


def test_every_row_of_a_long_table_stands_under_its_header(pages):
    with_rows = [page for page in pages if re.search(r"Estimate \d+", page)]
    assert all("Events / n" in page for page in with_rows)
    rows = re.findall(r"Estimate (\d+)", "\n".join(with_rows))
    assert [int(row) for row in rows] == list(range(1, 49))


def test_every_heading_is_in_the_outline(pdf):
    def titles(entries):
        for entry in entries:
            yield from titles(entry) if isinstance(entry, list) else [entry.title]

    assert list(titles(pdf.outline)) == [
        block.text for block in DOCUMENT.blocks if isinstance(block, Heading)
    ]


def test_only_our_typeface_is_used(pdf):
    fonts = {
        font.get_object()["/BaseFont"] for page in pdf.pages for font in page["/Resources"]["/Font"].values()
    }
    assert fonts
    assert all("SourceSans3" in font for font in fonts)


def test_characters_of_other_markups_are_printed(pages):
    text = pages[0].replace("\n", " ")
    assert "#*_$<>&\"'\\ @ ~ [x]" in text
    assert "<UK & Ireland>" in text


def test_words_in_figures_are_text(pages):
    whole = "\n".join(pages)
    for words in ("protocol limit", "Months from HSCT", "Not included", "alive at last contact", "At risk"):
        assert words in whole


def test_figures_have_their_descriptions(pdf):
    descriptions = set(alternatives(pdf.trailer["/Root"]["/StructTreeRoot"]))
    assert {block.alt for block in DOCUMENT.blocks if isinstance(block, Figure)} <= descriptions


def alternatives(node):
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from alternatives(child)
    elif hasattr(node, "get"):
        if "/Alt" in node:
            yield str(node["/Alt"])
        if "/K" in node:
            yield from alternatives(node["/K"])


def test_it_is_accessible_and_dated_by_the_data(pdf):
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/Lang"] == "en-GB"
    assert b"pdfuaid:part" in pdf.trailer["/Root"]["/Metadata"].get_object().get_data()
    assert pdf.metadata.title == DOCUMENT.title
    assert pdf.metadata["/CreationDate"].startswith("D:20191231")


def test_the_same_document_makes_the_same_bytes(made, tmp_path):
    write_pdf(make_document(), tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == made


def test_the_json_has_the_blocks_in_order():
    kinds = [block["kind"] for block in json.loads(as_json(DOCUMENT))["blocks"]]
    assert kinds[:6] == ["heading", "paragraph", "callout", "callout", "heading", "paragraph"]
    assert len(kinds) == len(DOCUMENT.blocks)


def test_a_picture_is_300_dots_per_inch_across_the_text():
    png = typeset_png(next(block.svg for block in DOCUMENT.blocks if isinstance(block, Figure)))
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == pytest.approx(170 / 25.4 * 300, abs=1)
