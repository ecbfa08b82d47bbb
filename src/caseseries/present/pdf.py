"""The report as a PDF: the document as JSON, set by a Typst template."""

import json
from pathlib import Path

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
    seen,
    words_of,
)
from caseseries.present.lettering import show_missing
from caseseries.present.typeset import Pages, typeset_pdf

Json = dict[str, object]


def write_pdf(document: Document, path: Path) -> Pages:
    """Write a tagged A4 PDF (PDF/UA-1) with vector figures and the notice on every page.

    The page of every section, table and figure: "section:Methods", "table:survival", "figure:flow".
    """
    data, pages = typeset_pdf(show_missing(as_json(seen(document))))
    path.write_bytes(data)
    return pages


def as_json(document: Document) -> str:
    """The document as the template reads it; JSON, so that no character needs escaping for Typst."""
    return json.dumps(
        {
            "title": document.title,
            "subtitle": document.subtitle,
            "notice": document.notice,
            "footer": document.footer,
            "keywords": list(document.keywords),
            "dated": {"year": document.dated.year, "month": document.dated.month, "day": document.dated.day},
            "stays": document.stays,
            "blocks": [_block(block) for block in document.blocks],
        },
        ensure_ascii=False,
    )


def _block(block: Block) -> Json:
    match block:
        case Heading(level, text, fresh, settled):
            return {"kind": "heading", "level": level, "text": text, "fresh": fresh, "settled": settled}
        case Paragraph(inlines):
            return {"kind": "paragraph", "runs": _runs(inlines)}
        case Bullets(items):
            return {"kind": "bullets", "items": [_runs(item) for item in items]}
        case Callout(kind, title, items):
            return {"kind": "callout", "tone": kind, "title": title, "items": [_runs(item) for item in items]}
        case Table():
            return _table(block)
        case Figure(name, title, caption, alt, svg):
            return {
                "kind": "figure", "name": name, "title": title, "caption": _runs(caption), "alt": alt, "svg": svg
            }  # fmt: skip


def _table(table: Table) -> Json:
    rows = [
        {"cells": [_runs(cell) for cell in row.cells], "indent": row.indent, "head": row.head}
        for row in table.rows
    ]
    return {
        "kind": "table",
        "name": table.id,
        "title": table.title,
        "columns": [words_of(name) for name in table.columns],
        "align": list(table.align),
        "rows": rows,
        "footnotes": list(table.footnotes),
        "wide": table.wide,
    }


def _runs(inlines: Inlines) -> list[Json]:
    return [
        {"text": run.shown, "strong": run.strong, "emphasis": False, "raised": False}
        if isinstance(run, Number)
        else {"text": run.text, "strong": run.strong, "emphasis": run.emphasis, "raised": run.raised}
        for run in inlines
    ]
