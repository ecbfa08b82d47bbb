"""The two small Office files of the messy demo that no library of ours writes: text documents and .ods sheets.

Only what the files need; the same bytes every time.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

WORD_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OOXML = "http://schemas.openxmlformats.org"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def write_word(path: Path, paragraphs: Sequence[str]) -> None:
    """A Word document of plain paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    _pack(
        path,
        {
            "[Content_Types].xml": f'{HEAD}<Types xmlns="{OOXML}/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{WORD_MAIN}"/></Types>',
            "_rels/.rels": f'{HEAD}<Relationships xmlns="{OOXML}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{OOXML}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
            "word/document.xml": f'{HEAD}<w:document xmlns:w="{OOXML}/wordprocessingml/2006/main">'
            f"<w:body>{body}</w:body></w:document>",
        },
    )


def write_ods(path: Path, name: str, rows: Sequence[Sequence[str]]) -> None:
    """An OpenDocument spreadsheet with one sheet of texts."""
    table = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    _pack(
        path,
        {
            "mimetype": ODS,
            "META-INF/manifest.xml": f'{HEAD}<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            "</manifest:manifest>",
            "content.xml": f'{HEAD}<office:document-content office:version="1.3" xmlns:office="{OASIS}:office:1.0" '
            f'xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="{escape(name)}">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        },
    )


def _cell(text: str) -> str:
    if not text:
        return "<table:table-cell/>"
    shown = f"<text:p>{escape(text)}</text:p>"
    return f'<table:table-cell office:value-type="string">{shown}</table:table-cell>'


def _pack(path: Path, parts: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode("utf-8"))
