"""Reading a finished report back: its words in the order a reader meets them, in each of the three files.

Nothing here knows how the files were made. Marks that only allow a break carry no words and are dropped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path

import docx
import pypdf
from docx.oxml.ns import qn
from docx.table import Table

LEAVES = ("h1", "h2", "h3", "p", "li", "th", "td", "figcaption", "text")
UNREAD = ("nav", "dialog", "script", "style", "output", "title")


@dataclass
class Piece:
    """A heading, paragraph, bullet, cell, caption or word on a figure.

    `words` has a \\x01 for each of `numbers`, the (result id, printed form) pairs it links to. `block` is the
    id of the table or figure it stands in, `row` the table row (0 is its head), `at` where a figure has it.
    `bare` has a \\x01 for every link of whatever kind; `cites` are the (place, words) of links to places on the page.
    """

    kind: str
    section: str
    block: str
    row: int
    at: tuple[float, float]
    words: str
    numbers: list[tuple[str, str]]
    bare: str = ""
    cites: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        printed = iter(self.numbers)
        return re.sub("\x01", lambda _: next(printed)[1], self.words)

    def __str__(self) -> str:
        return f"{self.section or 'title'} › {self.block or self.kind}: {self.text}"


def squeeze(text: str) -> str:
    return re.sub("[\\s\u00ad\u200b\u2060]+", "", text)


def read_page(path: Path) -> list[Piece]:
    """The pieces of the web page."""
    return read_page_with_places(path)[0]


def read_page_with_places(path: Path) -> tuple[list[Piece], dict[str, Piece]]:
    """The pieces of the web page, and those that a link leads to by the name of their place."""
    reader = _PageReader()
    reader.feed(path.read_text(encoding="utf-8"))
    return [piece for piece in reader.pieces if squeeze(piece.text)], reader.places


class _PageReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []
        self.open: list[Piece] = []
        self.unread = 0
        self.section, self.block, self.row = "", "", -1
        self.moved: list[float] = []
        self.link: tuple[str, str] | None = None
        self.cite: tuple[str, str] | None = None
        self.linked = 0
        self.places: dict[str, Piece] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attributes}
        if tag in UNREAD:
            self.unread += 1
        elif tag == "footer":
            self.section = tag
        elif tag == "figure":
            self.block, self.row = has["id"], -1
        elif tag == "tr":
            self.row += 1
        elif tag == "g":
            shift = re.match(r"translate\(([-\d.]+),", has.get("transform", ""))
            self.moved.append(float(shift[1]) if shift else 0.0)
        elif tag == "a":
            self._open_link(has)
        elif tag in LEAVES:
            at = (float(has["x"]) + sum(self.moved), float(has["y"])) if tag == "text" else (0.0, 0.0)
            kind = has.get("class", "") if tag == "p" and has.get("class") else tag
            self.open.append(Piece(kind, self.section, self.block, self.row, at, "", []))
            self.pieces.append(self.open[-1])

    def _open_link(self, has: dict[str, str]) -> None:
        self.linked += 1
        if self.open and not self.unread:
            self.open[-1].bare += "\x01"
        if "data-result" in has:
            self.link = (has["data-result"], "")
        elif "data-trail" not in has and self.open:
            self.cite = (has["href"].removeprefix("#"), "")
        if "id" in has:
            self.places[has["id"]] = self.open[-1]

    def handle_endtag(self, tag: str) -> None:
        self.linked -= tag == "a"
        if tag in UNREAD:
            self.unread -= 1
        elif tag == "figure":
            self.block = ""
        elif tag == "g":
            self.moved.pop()
        elif tag == "a" and self.cite and self.open:
            self.open[-1].cites.append(self.cite)
            self.cite = None
        elif tag == "a" and self.link:
            self.open[-1].words += "\x01"
            self.open[-1].numbers.append(self.link)
            self.link = None
        elif tag in LEAVES and self.open:
            closed = self.open.pop()
            closed.words = closed.words.strip()
            self.section = closed.words if tag == "h2" and not self.unread else self.section

    def handle_data(self, data: str) -> None:
        if self.link:
            self.link = (self.link[0], self.link[1] + data)
        elif self.open and not self.unread:
            self.open[-1].words += data
            self.open[-1].bare += "" if self.linked else data
            self.cite = self.cite and (self.cite[0], self.cite[1] + data)


def read_pdf(path: Path) -> list[str]:
    """The squeezed words of each page, furniture included."""
    return [squeeze(page.extract_text()) for page in pypdf.PdfReader(path).pages]


def read_word(path: Path) -> list[str]:
    """The squeezed paragraphs and cells of the Word file's body, in order, without the empty ones."""
    return [text for text in map(squeeze, _word_texts(path)) if text]


def _word_texts(path: Path) -> Iterator[str]:
    for block in docx.Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            for cell in block._tbl.iter(qn("w:tc")):
                yield "".join(t.text or "" for t in cell.iter(qn("w:t")))
        else:
            yield "".join(t.text or "" for t in block._p.iter(qn("w:t")))


def read_word_margins(path: Path) -> set[str]:
    """The squeezed headers and footers."""
    sections = docx.Document(str(path)).sections
    edges = [edge for section in sections for edge in (section.header, section.footer)]
    return {squeeze("".join(t.text or "" for t in edge._element.iter(qn("w:t")))) for edge in edges}


def differences_in_word(pieces: list[Piece], word: list[str]) -> list[str]:
    """The first piece of the page's body that the Word file has not got in that place."""
    body = [piece for piece in pieces if piece.kind != "text" and not is_margin(piece)]
    for number, piece in enumerate(body):
        found = word[number] if number < len(word) else "its end"
        if found.removeprefix("–") != squeeze(piece.text).removeprefix("–"):
            return [f"the page has “{piece}”, the Word file has “{found}”"]
    return [f"only the Word file has “{word[len(body)]}”"] if len(word) > len(body) else []


def differences_in_pdf(pieces: list[Piece], pages: list[str]) -> list[str]:
    """The first page of the PDF whose words are not the web page's next words.

    A page begins with the notice, ends with the footer and its number, and repeats a broken table's head. Tables and
    figures float: they keep their own order, and the text around them its own.
    """
    notice, footer = (squeeze(piece.text) for piece in (pieces[0], pieces[-2]))
    body = [piece for piece in pieces if not is_margin(piece)]
    text = "".join(_as_set(piece) for piece in body if not piece.block)
    floats = ["".join(map(_as_set, group)) for block, group in groupby(body, lambda one: one.block) if block]
    heads = table_heads(pieces)
    left: Left | None = (text, floats)
    for number, page in enumerate(pages, start=1):
        furniture = f"{footer}Page{number}of{len(pages)}"
        if not (page.startswith(notice) and page.endswith(furniture)):
            return [f"page {number} lacks its notice or footer"]
        words, before = page.removeprefix(notice).removesuffix(furniture), left
        tried = (_take(one, *before) for one in (words, *_without(words, heads)))
        left = next((one for one in tried if one is not None), None)
        if left is None:
            return [_first_difference(number, words, *before)]
    return [f"only the web page has “{(left[0] + ''.join(left[1]))[:200]}”"] if any(left) else []


Left = tuple[str, list[str]]


def _take(words: str, text: str, floats: list[str]) -> Left | None:
    """What is left of the text and the floats once a page's words are taken from them; None if they are not theirs."""
    same = _same(words, text)
    if same == len(words):
        return text[same:], floats
    if not floats:
        return None
    for taken in range(same, -1, -1):
        rest, first = words[taken:], floats[0]
        if rest.startswith(first):
            left = _take(rest[len(first) :], text[taken:], floats[1:])
        else:  # a long table may go on overleaf
            left = (text[taken:], [first[len(rest) :], *floats[1:]]) if first.startswith(rest) else None
        if left is not None:
            return left
    return None


def _same(one: str, other: str) -> int:
    """How far two texts are the same."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _first_difference(number: int, words: str, text: str, floats: list[str]) -> str:
    """Where a page leaves both the text and the floats, each taken as far as it goes."""
    while floats and words.startswith(floats[0]):
        words, floats = words[len(floats[0]) :], floats[1:]
    same = max(_same(words, one) for one in (text, *floats[:1]))
    return f"page {number} has “{words[same:][:200]}”, the web page has “{text[same:][:200]}”"


def _without(words: str, heads: list[str]) -> list[str]:
    return [words.removeprefix(head) for head in heads if words.startswith(head)]


def _as_set(piece: Piece) -> str:
    return ("–" if piece.kind == "li" else "") + squeeze(piece.text)


def is_margin(piece: Piece) -> bool:
    """The notice and the two lines of the footer, which the other two files have in their margins."""
    return piece.kind == "notice" or (piece.kind == "p" and piece.section == "footer")


def table_heads(pieces: list[Piece]) -> list[str]:
    heads: dict[str, str] = {}
    for piece in pieces:
        if piece.kind == "th" and piece.row == 0:
            heads[piece.block] = heads.get(piece.block, "") + squeeze(piece.text)
    return list(heads.values())
