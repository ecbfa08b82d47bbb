"""The typesetter's door: the only module that calls Typst, for PDF pages and for 300-dpi pictures.

Only the typeface that ships with the package is used, so that every machine sets the same pages.
"""

import json
from functools import cache
from importlib.resources import as_file, files

import typst

DOTS_PER_INCH = 300
TEXT_WIDTH_MM = 170
Pages = dict[str, int]
_HERE = files("caseseries.present")
_PICTURE = (
    f"#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
    f'#image(bytes(sys.inputs.svg), format: "svg", width: {TEXT_WIDTH_MM}mm, alt: "")'
)


def typeset_pdf(document: str) -> tuple[bytes, Pages]:
    """A PDF/UA-1 report from a document in JSON (in the shape of `pdf.as_json`), and the pages its parts are on."""
    with as_file(_HERE / "templates" / "report.typ") as template:
        typesetter = typst.Compiler(str(template), font_paths=typefaces(), sys_inputs={"document": document})
        data = typesetter.compile(format="pdf", pdf_standards=["ua-1"])
        marks = json.loads(typesetter.query("<place>", field="value"))
    assert isinstance(data, bytes)
    return data, {mark["name"]: mark["page"] for mark in marks}


def typeset_png(svg: str) -> bytes:
    """A figure as wide as the text of a page, at 300 dots per inch."""
    return typst.compile(
        _PICTURE.encode(),
        format="png",
        ppi=DOTS_PER_INCH,
        font_paths=typefaces(),
        sys_inputs={"svg": svg},
    )


@cache
def typefaces() -> typst.Fonts:
    """The typeface that ships with the package, read once."""
    with as_file(_HERE / "fonts") as folder:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
