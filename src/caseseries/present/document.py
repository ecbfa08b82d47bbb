"""The report as data: one document, three renderers (HTML, PDF, Word). Frozen; no arithmetic, no files."""

from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from typing import TypeVar

from caseseries.findings import show_unseen

Part = TypeVar("Part")


@dataclass(frozen=True)
class Text:
    """A run of words. `trail` is what the page opens when they are asked about: what is said of a case rests on it.

    `place` names the run on the page, and `to` is the place it leads to: a citation and its reference lead to each
    other.
    """

    text: str
    strong: bool = False
    emphasis: bool = False
    raised: bool = False
    trail: str = ""
    place: str = ""
    to: str = ""


@dataclass(frozen=True)
class Number:
    """A printed result: `shown` is `Result.shown`, `result_id` leads back to its row."""

    result_id: str
    shown: str
    strong: bool = False


Inline = Text | Number
Inlines = tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """`level` is 1 for a section, 2 below it. In the PDF a `fresh` heading begins a page; and where figures and
    tables float, a `settled` one waits until all that were named before it stand.
    """

    level: int
    text: str
    fresh: bool = False
    settled: bool = False


@dataclass(frozen=True)
class Paragraph:
    inlines: Inlines


@dataclass(frozen=True)
class Bullets:
    items: tuple[Inlines, ...]


@dataclass(frozen=True)
class Callout:
    """A boxed remark. `kind` is "note", or "limit" for what a reader must not overlook."""

    kind: str
    title: str
    items: tuple[Inlines, ...]


@dataclass(frozen=True)
class TableRow:
    """`cells` has one entry a column; `indent` 1 marks a level; a `head` row only labels those below it."""

    cells: tuple[Inlines, ...]
    indent: int = 0
    head: bool = False


@dataclass(frozen=True)
class Table:
    """A table in the conventions of gtsummary. `align` has one of "l", "r", "c" per column.

    A column's heading is words, or a number that opens its trail. `wide` asks for a landscape page in the PDF and the
    Word file.
    """

    id: str
    title: str
    columns: tuple[str | Number, ...]
    rows: tuple[TableRow, ...]
    align: str
    footnotes: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawn figure. `svg` is the only drawing; the renderers make what else they need from it."""

    id: str
    title: str
    caption: Inlines
    alt: str
    svg: str


def words_of(heading: str | Number) -> str:
    return heading.shown if isinstance(heading, Number) else heading


Block = Heading | Paragraph | Bullets | Callout | Table | Figure


@dataclass(frozen=True)
class Trail:
    """What a reader sees on asking where a number came from: plain lines, most important first."""

    label: str
    lines: tuple[str, ...]


def case_trail(case_id: str) -> str:
    """The name of a case's trail."""
    return f"case {case_id}"


@dataclass(frozen=True)
class Document:
    """`notice` is printed on every page (made-up patients); `dated` is the data cut, never today.

    In the PDF, figures and tables float to the top of a page, unless what is about one thing `stays` on its page.
    """

    title: str
    subtitle: str
    notice: str
    dated: date
    blocks: tuple[Block, ...]
    footer: str
    keywords: tuple[str, ...] = ()
    trails: dict[str, Trail] = field(default_factory=dict)
    stays: bool = False


def seen(document: Document) -> Document:
    """The document in which nothing is left that cannot be seen; every renderer begins with it."""
    return _seen(document)


def _seen(part: Part) -> Part:
    made: object = part
    if isinstance(part, str):
        made = show_unseen(part)
    elif isinstance(part, tuple):
        made = tuple(map(_seen, part))
    elif isinstance(part, dict):
        made = {_seen(name): _seen(value) for name, value in part.items()}
    elif is_dataclass(part) and not isinstance(part, type):
        made = replace(part, **{one.name: _seen(getattr(part, one.name)) for one in fields(part)})
    return made  # type: ignore[return-value]
