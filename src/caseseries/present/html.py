"""The report as one web page that needs no network: its styles, typeface, figures and script travel inside it."""

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from caseseries.present.document import Document, Heading, seen
from caseseries.present.wording import plain

_HERE = files("caseseries.present")
_MARGIN = 'font:8pt "Source Sans 3",sans-serif'
_LATIN_EXT = "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+1D00-1DBF,U+1E00-1E9F,U+2020,U+2113"
# (file, weight, slope, characters), as cut by Fontsource from the unmodified typeface
_FACES = (
    ("SourceSans3-Regular-latin", 400, "normal", ""),
    ("SourceSans3-Italic-latin", 400, "italic", ""),
    ("SourceSans3-SemiBold-latin", 600, "normal", ""),
    ("SourceSans3-Bold-latin", 700, "normal", ""),
    ("SourceSans3-Regular-latin-ext", 400, "normal", _LATIN_EXT),
    ("SourceSans3-Regular-greek", 400, "normal", "U+0370-03FF"),
)


def write_html(document: Document, path: Path) -> None:
    """Write the report as a self-contained page; every number opens its trail, every figure answers the pointer."""
    path.write_text(render_html(document), encoding="utf-8", newline="\n")


def render_html(document: Document) -> str:
    """The page. Its content security policy allows the style and script it carries, and no request at all."""
    document = seen(document)
    style = _read("report.css") + _margins(document) + "".join(_face(*face) for face in _FACES)
    script = _read("report.js")
    pages = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.globals["plain"] = plain
    return pages.from_string(_read("report.html.j2")).render(
        document=document,
        sections=[(i, block) for i, block in enumerate(document.blocks) if isinstance(block, Heading)],
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        trails=Markup(_embed(document)),
    )


def _read(name: str) -> str:
    return (_HERE / "templates" / name).read_text(encoding="utf-8")


def _margins(document: Document) -> str:
    """The notice and the page number on every printed page (CSS Paged Media Level 3, margin boxes)."""
    return (
        f"@page{{@top-left{{content:{_quoted(document.notice)};{_MARGIN};font-weight:600;color:#b24a00}}"
        f'@bottom-right{{content:"Page " counter(page) " of " counter(pages);{_MARGIN};color:#5b6470}}}}\n'
    )


def _quoted(text: str) -> str:
    """A CSS string that cannot end the style element it stands in."""
    return '"' + "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text) + '"'


def _face(name: str, weight: int, slope: str, characters: str) -> str:
    font = b64encode((_HERE / "fonts" / f"{name}.woff2").read_bytes()).decode()
    covers = f"unicode-range:{characters};" if characters else ""
    return (
        f'@font-face{{font-family:"Source Sans 3";font-weight:{weight};font-style:{slope};{covers}'
        f'src:url("data:font/woff2;base64,{font}") format("woff2")}}\n'
    )


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded or run but these very bytes (Content Security Policy Level 3, hash sources)."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _embed(document: Document) -> str:
    """The trails as JSON that cannot end the script element it stands in."""
    trails = {name: {"label": trail.label, "lines": trail.lines} for name, trail in document.trails.items()}
    return json.dumps(trails, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
