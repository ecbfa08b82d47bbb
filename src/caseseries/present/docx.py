"""The report as a Word file that an author can go on writing in: real styles, fields, headers and captions."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time
from html import escape
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import docx
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as WordParagraph

from caseseries.present.document import (
    Block,
    Bullets,
    Callout,
    Document,
    Figure,
    Heading,
    Inlines,
    Number,
    Paragraph,
    Table,
    Text,
    seen,
    words_of,
)
from caseseries.present.lettering import SEMIBOLD, text_width
from caseseries.present.typeset import TEXT_WIDTH_MM, typeset_png
from caseseries.present.wording import plain

Cell = TypeVar("Cell")
FONT = "Calibri"
INK, QUIET, ALARM, CALM = "1B1F24", "5B6470", "B24A00", "0072B2"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_SIDES = {"l": "left", "r": "right", "c": "center"}
UNBROKEN_ROWS, HIGHEST_MM = 24, 215
TWIPS_PER_MM, TWIPS_PER_POINT, CELL_MARGIN, AIR = 1440 / 25.4, 20, 70, 400

# name: (size in points, bold, colour, space before, space after)
_PARAGRAPHS = {
    "Title": (22, True, INK, 0, 8),
    "Subtitle": (12, False, QUIET, 0, 14),
    "Heading 1": (15, True, INK, 18, 6),
    "Heading 2": (12, True, INK, 12, 4),
    "Normal": (10.5, False, INK, 0, 6),
    "List Bullet": (10.5, False, INK, 0, 4),
    "Caption": (9.5, False, INK, 6, 8),
    "Header": (8.5, True, ALARM, 0, 0),
    "Footer": (8.5, False, QUIET, 0, 0),
    "Table Text": (9, False, INK, 1.5, 1.5),
    "Wide Table Text": (7.5, False, INK, 1.5, 1.5),
    "Table Note": (8.5, False, QUIET, 3, 0),
    "Callout Limit": (10.5, False, INK, 0, 3),
    "Callout Note": (10.5, False, INK, 0, 3),
}

# Booktabs: a rule above and below the table and one under its header.
_TABLE_STYLE = f"""
<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="CaseSeriesTable">
  <w:name w:val="Case Series Table"/><w:basedOn w:val="TableNormal"/><w:qFormat/>
  <w:tblPr>
    <w:tblBorders>
      <w:top w:val="single" w:sz="8" w:color="{INK}"/><w:bottom w:val="single" w:sz="8" w:color="{INK}"/>
    </w:tblBorders>
    <w:tblCellMar><w:left w:w="{CELL_MARGIN}" w:type="dxa"/><w:right w:w="{CELL_MARGIN}" w:type="dxa"/></w:tblCellMar>
  </w:tblPr>
  <w:tblStylePr w:type="firstRow">
    <w:rPr><w:b/></w:rPr>
    <w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="4" w:color="{INK}"/></w:tcBorders></w:tcPr>
  </w:tblStylePr>
</w:style>"""


def write_docx(document: Document, path: Path) -> None:
    """Write the report for Word; figures are 300-dpi pictures with their descriptions as alternative text."""
    path.write_bytes(render_docx(document))


def render_docx(document: Document) -> bytes:
    """The bytes of the Word file, the same for the same document whenever and wherever it is made."""
    document = seen(document)
    word = docx.Document()
    _set_properties(word, document)
    _set_styles(word)
    section = word.sections[0]
    _set_page(section, landscape=False)
    section.header.paragraphs[0].add_run(document.notice)
    _add_footer(section, document.footer)
    word.add_paragraph(document.title, "Title")
    word.add_paragraph(document.subtitle, "Subtitle")
    _Writer(word, _draw_pictures(document)).add_all(document.blocks)
    saved = io.BytesIO()
    word.save(saved)
    return _repack(saved.getvalue())


def _draw_pictures(document: Document) -> dict[str, bytes]:
    figures = [block for block in document.blocks if isinstance(block, Figure)]
    with ThreadPoolExecutor(2) as threads:
        return dict(
            zip((f.id for f in figures), threads.map(typeset_png, (f.svg for f in figures)), strict=True)
        )


class _Writer:
    """Appends blocks in order, numbering captions and turning the page for wide tables."""

    def __init__(self, word: Word, pictures: dict[str, bytes]) -> None:
        self._word = word
        self._pictures = pictures
        self._landscape = False
        self._captions = Counter[str]()

    def add_all(self, blocks: tuple[Block, ...]) -> None:
        for block, following in zip_longest(blocks, blocks[1:]):
            self._turn(_is_wide(following if isinstance(block, Heading) else block))
            self._add(block)

    def _turn(self, landscape: bool) -> None:
        if landscape != self._landscape:
            _set_page(self._word.add_section(WD_SECTION.NEW_PAGE), landscape)
            self._landscape = landscape

    def _add(self, block: Block) -> None:
        match block:
            case Heading(level, text, fresh):
                heading = self._word.add_paragraph(text, f"Heading {level}")
                heading.paragraph_format.page_break_before = fresh or None
            case Paragraph(inlines):
                _add_runs(self._word.add_paragraph(), inlines)
            case Bullets(items):
                for item in items:
                    _add_runs(self._word.add_paragraph(style="List Bullet"), item)
            case Callout():
                self._add_callout(block)
            case Table():
                self._add_table(block)
            case Figure():
                self._add_figure(block)

    def _add_callout(self, callout: Callout) -> None:
        style = "Callout Limit" if callout.kind == "limit" else "Callout Note"
        title = self._word.add_paragraph(style=style)
        title.paragraph_format.keep_with_next = True
        title.paragraph_format.space_before = Pt(8)
        title.add_run(callout.title).bold = True
        several = len(callout.items) > 1
        for item in callout.items:
            paragraph = self._word.add_paragraph("– " if several else "", style)
            _add_runs(paragraph, item)
        self._word.add_paragraph().paragraph_format.space_after = Pt(0)

    def _add_figure(self, figure: Figure) -> None:
        paragraph = self._word.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        picture = paragraph.add_run().add_picture(
            io.BytesIO(self._pictures[figure.id]), width=Mm(TEXT_WIDTH_MM)
        )
        if (over := picture.height / Mm(HIGHEST_MM)) > 1:  # what is higher than a page is cut off by Word
            picture.width, picture.height = round(picture.width / over), Mm(HIGHEST_MM)
        described = picture._inline.docPr
        described.set("descr", figure.alt)
        described.set("title", figure.title)
        self._add_caption("Figure", figure.title, figure.caption)

    def _add_caption(self, kind: str, title: str, rest: Inlines = ()) -> WordParagraph:
        caption = self._word.add_paragraph(style="Caption")
        caption.add_run(f"{kind} ").bold = True
        self._captions[kind] += 1
        _add_field(caption, f"SEQ {kind} \\* ARABIC", str(self._captions[kind]), bold=True)
        caption.add_run(f". {title}").bold = True
        if rest:
            caption.add_run(". ")
            _add_runs(caption, rest)
        return caption

    def _add_table(self, table: Table) -> None:
        self._add_caption("Table", table.title).paragraph_format.keep_with_next = True
        self._word.element.body.insert_element_before(parse_xml(_table(table)), "w:sectPr")
        for note in table.footnotes:
            self._word.add_paragraph(note, "Table Note")
        self._word.add_paragraph().paragraph_format.space_after = Pt(0)


def _is_wide(block: Block | None) -> bool:
    return isinstance(block, Table) and block.wide


def _table(table: Table) -> str:
    """A table as WordprocessingML; built at once because cell by cell takes a hundred times as long."""
    style = "WideTableText" if table.wide else "TableText"
    together = len(table.rows) <= UNBROKEN_ROWS
    header = [
        _cell(style, side, _run(words_of(name), "<w:b/>"), True)
        for name, side in _sided(table.columns, table.align)
    ]
    rows = ["<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" + "".join(header) + "</w:tr>"]
    for row in table.rows:
        last = row is table.rows[-1]
        keep = bool(table.footnotes) if last else together  # a note stands by its table
        cells = [
            _cell(style, side, _runs(inlines, row.head), keep, row.indent if i == 0 else 0)
            for i, (inlines, side) in enumerate(_sided(row.cells, table.align))
        ]
        rows.append("<w:tr><w:trPr><w:cantSplit/></w:trPr>" + "".join(cells) + "</w:tr>")
    widths = _widths(table)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="CaseSeriesTable"/>'
        f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblLook w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _widths(table: Table) -> list[int]:
    """Column widths in twentieths of a point: the longest line with air, but no gulf for the eye to cross; where that
    is too much, room for the longest word, the rest shared by longest line; where even that is too much, the columns
    with the longest words are cut to one width, so that no case id is broken for the sake of a drug's name.
    """
    page = TWIPS_PER_MM * (TEXT_WIDTH_MM + (297 - 210 if table.wide else 0))
    size = TWIPS_PER_POINT * _PARAGRAPHS["Wide Table Text" if table.wide else "Table Text"][0]
    columns = [
        [words_of(name), *(plain(row.cells[i]) for row in table.rows)] for i, name in enumerate(table.columns)
    ]
    needs = [_longest([w for text in texts for w in text.split(" ")], size, spare=1.5) for texts in columns]
    wishes = [max(need, _longest(texts, size)) for need, texts in zip(needs, columns, strict=True)]
    if sum(wishes) <= page:
        air = min(AIR, (page - sum(wishes)) / len(wishes))
        return [round(wish + air) for wish in wishes]
    if sum(needs) >= page:
        most = _level(needs, page)
        return [round(min(need, most)) for need in needs]
    share = (page - sum(needs)) / (sum(wishes) - sum(needs))
    return [round(need + share * (wish - need)) for need, wish in zip(needs, wishes, strict=True)]


def _level(needs: Sequence[float], room: float) -> float:
    """The width to which the widest are cut so that all of them fill the room."""
    left = room
    for place, need in enumerate(sorted(needs)):
        fair = left / (len(needs) - place)
        if need > fair:
            return fair
        left -= need
    return max(needs)


def _longest(texts: Sequence[str], size: float, spare: float = 1.1) -> float:
    """Width of the longest text with its cell's margins and something to spare for other typefaces: a tenth for a
    line, which may be broken, and more for a word, which may not."""
    return spare * max(text_width(text, size, SEMIBOLD) for text in texts) + 2 * CELL_MARGIN


def _sided(cells: Sequence[Cell], align: str) -> Iterator[tuple[Cell, str]]:
    return zip(cells, (_SIDES[letter] for letter in align), strict=True)


def _cell(style: str, side: str, runs: str, keep: bool, indent: int = 0) -> str:
    place = f'<w:ind w:left="{227 * indent}"/>' if indent else ""
    return (
        f'<w:tc><w:tcPr/><w:p><w:pPr><w:pStyle w:val="{style}"/>{"<w:keepNext/>" if keep else ""}{place}'
        f'<w:jc w:val="{side}"/></w:pPr>{runs}</w:p></w:tc>'
    )


def _runs(inlines: Inlines, bold: bool) -> str:
    return "".join(
        _run(inline.shown, "<w:b/>" if bold or inline.strong else "")
        if isinstance(inline, Number)
        else _run(
            inline.text,
            ("<w:b/>" if bold or inline.strong else "") + ("<w:i/>" if inline.emphasis else ""),
        )
        for inline in inlines
    )


def _run(words: str, properties: str) -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(words)}</w:t></w:r>'


def _add_runs(paragraph: WordParagraph, inlines: Inlines) -> None:
    for inline in inlines:
        words = inline.shown if isinstance(inline, Number) else inline.text
        run = paragraph.add_run(words)
        run.bold = inline.strong or None
        if isinstance(inline, Text):
            run.italic = inline.emphasis or None
            run.font.superscript = inline.raised or None


def _add_field(paragraph: WordParagraph, instruction: str, shown: str, bold: bool = False) -> None:
    """A field that Word brings up to date; `shown` stands until it does."""
    run = f"<w:r><w:rPr>{'<w:b/>' if bold else ''}</w:rPr><w:t>{shown}</w:t></w:r>"
    paragraph._p.append(
        parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" {instruction} ">{run}</w:fldSimple>')
    )


def _add_footer(section: Section, footer: str) -> None:
    paragraph = section.footer.paragraphs[0]
    paragraph.add_run(f"{footer} · page ")
    _add_field(paragraph, "PAGE", "1")
    paragraph.add_run(" of ")
    _add_field(paragraph, "NUMPAGES", "1")


def _set_page(section: Section, landscape: bool) -> None:
    short, long = Mm(210), Mm(297)
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (long, short) if landscape else (short, long)
    section.left_margin = section.right_margin = Mm((210 - TEXT_WIDTH_MM) / 2)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)


def _set_properties(word: Word, document: Document) -> None:
    stamp = datetime.combine(document.dated, time())
    properties = word.core_properties
    properties.title, properties.subject = document.title, document.subtitle
    properties.author, properties.comments = "caseseries", document.notice
    properties.keywords, properties.language = ", ".join(document.keywords), "en-GB"
    properties.created = properties.modified = stamp
    properties.last_modified_by, properties.revision = "caseseries", 1


def _set_styles(word: Word) -> None:
    styles = word.styles
    for name, (size, bold, colour, before, after) in _PARAGRAPHS.items():
        style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        assert isinstance(style, ParagraphStyle)
        _set_font(style, size, bold, colour)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    for name, colour, ground in (("Callout Limit", ALARM, "FBF3ED"), ("Callout Note", CALM, "EDF5FA")):
        _set_ground(styles[name], colour, ground)
    title = styles["Title"].element.get_or_add_pPr()
    for border in title.findall(qn("w:pBdr")):
        title.remove(border)
    styles.element.append(parse_xml(_TABLE_STYLE))


def _set_font(style: ParagraphStyle, size: float, bold: bool, colour: str) -> None:
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = RGBColor.from_string(colour)
    properties = style.element.get_or_add_rPr()
    for name in ("w:rFonts", "w:spacing", "w:kern"):
        for inherited in properties.findall(qn(name)):
            properties.remove(inherited)
    names = " ".join(f'w:{script}="{FONT}"' for script in ("ascii", "hAnsi", "cs", "eastAsia"))
    properties.insert(0, parse_xml(f"<w:rFonts {nsdecls('w')} {names}/>"))


def _set_ground(style: object, colour: str, ground: str) -> None:
    """A coloured edge on the left of a paragraph and a tint behind it."""
    assert isinstance(style, ParagraphStyle)
    style.paragraph_format.left_indent = Mm(3)
    properties = style.element.get_or_add_pPr()
    edge = f'<w:left w:val="single" w:sz="18" w:space="6" w:color="{colour}"/>'
    properties.insert_element_before(
        parse_xml(f"<w:pBdr {nsdecls('w')}>{edge}</w:pBdr>"), "w:shd", "w:spacing", "w:ind"
    )
    shade = parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{ground}"/>')
    properties.insert_element_before(shade, "w:spacing", "w:ind")


def _repack(saved: bytes) -> bytes:
    """The same archive with its parts in one order and without the time of day."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            part = zipfile.ZipInfo(name, _ZIP_EPOCH)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o644 << 16
            new.writestr(part, old.read(name))
    return packed.getvalue()
