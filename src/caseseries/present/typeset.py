"""The typesetter's door: the only module that calls Typst, for PDF pages and for 300-dpi pictures.

Only the typeface that ships with the package is used, so that every machine sets the same pages.
"""

from functools import cache
from importlib.resources import as_file, files
from typing import Literal

import typst

DOTS_PER_INCH = 300
TEXT_WIDTH_MM = 170
_HERE = files("caseseries.present")
_PICTURE = (
    f"#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
    f'#image(bytes(sys.inputs.svg), format: "svg", width: {TEXT_WIDTH_MM}mm, alt: "")'
)


def typeset_pdf(document: str) -> bytes:
    """A PDF/UA-1 report from a document in JSON (the shape is that of `pdf.as_json`)."""
    template = (_HERE / "templates" / "report.typ").read_bytes()
    return _compile(template, "pdf", {"document": document}, ["ua-1"])


def typeset_png(svg: str) -> bytes:
    """A figure as wide as the text of a page, at 300 dots per inch."""
    return _compile(_PICTURE.encode(), "png", {"svg": svg}, [])


def _compile(
    source: bytes, kind: Literal["pdf", "png"], inputs: dict[str, str], standards: list[Literal["ua-1"]]
) -> bytes:
    return typst.compile(
        source,
        format=kind,
        ppi=DOTS_PER_INCH,
        font_paths=typefaces(),
        sys_inputs=inputs,
        pdf_standards=[*standards],
    )


@cache
def typefaces() -> typst.Fonts:
    """The typeface that ships with the package, read once."""
    with as_file(_HERE / "fonts") as folder:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
