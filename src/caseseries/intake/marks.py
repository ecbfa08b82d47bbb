"""What a person sees on a sheet besides the contents of its cells: hidden parts, merged cells, notes and looks.

None of it is data to us; all of it may have been meant as data, so it is collected while the sheet is streamed and
asked about in `oddities`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from caseseries.intake.package import Package, Walker, read_elements, walk

Place = tuple[int, int]  # row, column
YES = ("1", "true")


@dataclass(frozen=True, slots=True)
class Look:
    """One cell style, as far as it could carry meaning. `fill` is an empty text, or a colour as Excel writes it."""

    number_format: str = "General"
    is_struck: bool = False
    fill: str = ""


@dataclass(frozen=True)
class CellNote:
    address: str
    author: str
    text: str


@dataclass
class Marks:
    """Filled in while a sheet is read. Ranges are as Excel writes them: C2:C4."""

    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    struck: list[Place] = field(default_factory=list)
    partly_struck: list[Place] = field(default_factory=list)
    filled: dict[Place, str] = field(default_factory=dict)
    notes: tuple[CellNote, ...] = ()

    def between(self, first: int, end: int) -> "Marks":
        """Those of the rows from `first` to before `end`; hidden columns are those of all."""

        def row_of(address: str) -> int:
            digits = address.partition(":")[0].lstrip(ascii_uppercase)
            return _int(digits)

        return Marks(
            [row for row in self.hidden_rows if first <= row < end],
            self.hidden_columns,
            [merged for merged in self.merged if first <= row_of(merged) < end],
            [place for place in self.struck if first <= place[0] < end],
            [place for place in self.partly_struck if first <= place[0] < end],
            {place: colour for place, colour in self.filled.items() if first <= place[0] < end},
            tuple(note for note in self.notes if first <= row_of(note.address) < end),
        )

    def see_element(self, name: str, attributes: Mapping[str, str], row: int) -> None:
        """A row, a run of columns or a merged range, as the sheet's XML comes by."""
        if name == "mergeCell":
            self.merged.append(attributes.get("ref", ""))
        elif attributes.get("hidden") in YES:
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if name == "row":
                self.hidden_rows.append(row)
            elif name == "col" and first.isdecimal() and last.isdecimal():
                self.hidden_columns.append((int(first), int(last)))

    @property
    def struck_words(self) -> Mapping[Place, str]:
        """How each struck cell is struck."""
        return {
            **dict.fromkeys(self.partly_struck, "partly struck through"),
            **dict.fromkeys(self.struck, "struck through"),
        }

    def see_cell(self, row: int, column: int, look: Look) -> None:
        if look.is_struck:
            self.struck.append((row, column))
        if look.fill:
            self.filled[row, column] = look.fill


def read_looks(package: Package, part: str, built_in: Mapping[int, str]) -> tuple[Look, ...]:
    """Each cell style by its index; `built_in` names the number formats that workbooks do not spell out."""
    elements = list(read_elements(package, part)) if part else []
    custom = {
        attributes.get("numFmtId"): attributes.get("formatCode", "General")
        for _, name, attributes in elements
        if name == "numFmt"
    }
    struck, fills = _struck_fonts(elements), _solid_fills(elements)
    return tuple(
        Look(
            custom.get(number) or built_in.get(_int(number), "General"),
            _int(attributes.get("fontId", "")) in struck,
            fills.get(_int(attributes.get("fillId", "")), ""),
        )
        for parent, name, attributes in elements
        if (parent, name) == ("cellXfs", "xf")
        for number in (attributes.get("numFmtId", "0"),)
    )


def _int(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < 9 else 0


def _struck_fonts(elements: Sequence[tuple[str, str, Mapping[str, str]]]) -> set[int]:
    struck, index = set(), -1
    for parent, name, attributes in elements:
        if (parent, name) == ("fonts", "font"):
            index += 1
        elif (parent, name) == ("font", "strike") and attributes.get("val", "1") in YES:
            struck.add(index)
    return struck


def _solid_fills(elements: Sequence[tuple[str, str, Mapping[str, str]]]) -> dict[int, str]:
    """Solid fills with a colour; the two that every workbook begins with (none, gray125) are none."""
    fills: dict[int, str] = {}
    index, is_solid = -1, False
    for parent, name, attributes in elements:
        if (parent, name) == ("fills", "fill"):
            index += 1
        elif (parent, name) == ("fill", "patternFill"):
            is_solid = attributes.get("patternType") == "solid"
        elif (parent, name) == ("patternFill", "fgColor") and is_solid:
            fills[index] = attributes.get("rgb") or f"theme {attributes.get('theme', '?')}"
    return fills


class _Notes(Walker):
    def __init__(self) -> None:
        self.authors: list[str] = []
        self.found: list[CellNote] = []
        self.text_of: list[str] = []
        self.address = self.author = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("author", "comment"):
            self.text_of = []
        if name == "comment":
            index = _int(attributes.get("authorId", ""))
            self.address = attributes.get("ref", "")
            self.author = self.authors[index] if index < len(self.authors) else ""

    def text(self, data: str) -> None:
        self.text_of.append(data)

    def end(self, name: str) -> None:
        if name == "author":
            self.authors.append("".join(self.text_of))
        elif name == "comment":
            self.found.append(CellNote(self.address, self.author, "".join(self.text_of).strip()))


def read_notes(package: Package, part: str) -> tuple[CellNote, ...]:
    """The notes on the cells of a sheet, from its part of comments."""
    notes = _Notes()
    if part in package.names:
        walk(package, part, notes)
    return tuple(notes.found)
