"""Where on a sheet the table is: the lines of its headings, which way it runs, and the records under them.

Found by trying: the place whose headings are understood best. Titles above and notes below stay outside and are said
to be ignored; a table of one column a child is read sideways.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caseseries.intake.headings import Lexicon, Match, match_heading
from caseseries.intake.spelling import clean
from caseseries.intake.units import unit_of
from caseseries.intake.workbook import ADDRESS, Cell, Sheet, number_of

SEARCHED_LINES = 15
MOST_TEXTS = (
    1_000  # that are tried as headings, line by line: beyond the first lines it is data that is tried
)
FEWEST = 2  # understood headings that make a table
A_PROPOSAL = 0.5  # what a heading counts that only looks alike
LONGEST_ID = 24
A_UNIT = 0.1  # a line of units below the headings belongs to them

Place = tuple[int, int]  # along the headings, across the records: row and column, or column and row


@dataclass(frozen=True)
class Record:
    """One child's, or one line's, cells by the number of their heading. `line` is its row (or column)."""

    line: int
    cells: Mapping[int, Cell]


@dataclass(frozen=True)
class Table:
    """A sheet understood as far as its headings: `matches` by number of heading, and what is under them."""

    sheet: Sheet
    form: str
    matches: Mapping[int, Match]
    heading_cells: tuple[Cell, ...]
    records: tuple[Record, ...]
    outside: tuple[Cell, ...]
    is_sideways: bool = False

    @property
    def case_ids(self) -> int:
        """The number of the heading of the case ids; 0 when there is none."""
        found = (
            i
            for i, match in self.matches.items()
            for meaning in match.meanings
            if meaning.target.column == "case_id"
        )
        return next(found, 0)

    @property
    def has_cases(self) -> bool:
        """Whether something under the heading of the case ids can be one: short, and no sentence."""
        return any(map(_can_be_id, self.cells_under(self.case_ids)))

    def cells_under(self, index: int) -> tuple[Cell, ...]:
        return tuple(record.cells[index] for record in self.records if index in record.cells)


def _can_be_id(cell: Cell) -> bool:
    """Short, and no sentence."""
    return len(cell.raw) <= LONGEST_ID and len(cell.raw.split()) < 4


@dataclass(frozen=True)
class _Try:
    score: float
    first: int
    depth: int
    is_sideways: bool
    matches: Mapping[int, Match]
    texts: Mapping[int, tuple[str, str]]


def find_table(sheet: Sheet, lexicon: Lexicon) -> Table | None:
    """The table of a sheet; None when no line of it reads like headings."""
    form = lexicon.sheet_form(sheet.name)
    tries = [
        attempt
        for is_sideways in (False, True)
        for attempt in _tries(_turned(sheet, is_sideways), form, lexicon, {}, is_sideways)
    ]
    best = max(
        tries, key=lambda each: (each.score, -each.depth, not each.is_sideways, -each.first), default=None
    )
    if best is None or sum(bool(match.meanings) for match in best.matches.values()) < FEWEST:
        return None
    return _build(sheet, form or _only_form(best, lexicon), best, lexicon)


def _turned(sheet: Sheet, is_sideways: bool) -> dict[Place, Cell]:
    """The cells by line and place in it; merged headings are repeated over the cells they stand above."""
    cells = {(cell.row, cell.column): cell for cell in sheet.cells}
    for merged in sheet.marks.merged:
        first, _, last = merged.partition(":")
        start, end = ADDRESS.fullmatch(first), ADDRESS.fullmatch(last)
        if start and end and int(start[2]) <= SEARCHED_LINES:
            anchor = cells.get((int(start[2]), number_of(start[1])))
            for column in range(number_of(start[1]) + 1, number_of(end[1]) + 1) if anchor else ():
                cells.setdefault((int(start[2]), column), anchor)  # type: ignore[arg-type]
    return {(column, row): cell for (row, column), cell in cells.items()} if is_sideways else cells


def _tries(
    cells: Mapping[Place, Cell], form: str, lexicon: Lexicon, known: dict[str, Match], is_sideways: bool
) -> Iterator[_Try]:
    lines: dict[int, dict[int, Cell]] = defaultdict(dict)
    for (line, place), cell in cells.items():
        if line <= SEARCHED_LINES + 1:
            lines[line][place] = cell
    for first in sorted(lines):
        if first > SEARCHED_LINES:
            break
        for depth, texts in _headings(lines, first):
            matches = {
                place: _match(text, under, form, lexicon, known) for place, (text, under) in texts.items()
            }
            yield _Try(
                _score(matches, lines.get(first + 1, {}) if depth == 2 else {}),
                first,
                depth,
                is_sideways,
                matches,
                texts,
            )


def _match(text: str, under: str, form: str, lexicon: Lexicon, known: dict[str, Match]) -> Match:
    """A heading of two lines as a whole, or by its lower line where the upper one is only a title over several."""
    for words in (text, under):
        if words not in known:
            is_late = len(known) >= MOST_TEXTS
            known[words] = Match(words) if is_late else _look_up(words, form, lexicon)
    lower, whole = known[under], known[text]
    return replace(lower, heading=text) if lower.is_certain and not whole.is_certain else whole


def _look_up(words: str, form: str, lexicon: Lexicon) -> Match:
    if (words, form) not in lexicon.matched:
        lexicon.matched[words, form] = match_heading(words, lexicon, form)
    return lexicon.matched[words, form]


def _headings(
    lines: Mapping[int, Mapping[int, Cell]], first: int
) -> Iterator[tuple[int, dict[int, tuple[str, str]]]]:
    """One line of headings, or two where the second goes on with the first: the whole, and its lower line."""
    top = {place: clean(cell.raw) for place, cell in lines[first].items() if cell.kind == "text"}
    yield 1, {place: (text, text) for place, text in top.items()}
    below = lines.get(first + 1, {})
    if top and below and all(cell.kind == "text" for cell in below.values()):
        joined, above = {place: (text, text) for place, text in top.items()}, ""
        for place in sorted({*top, *below}):
            above = top.get(place, above)
            under = clean(below[place].raw) if place in below else ""
            whole = " ".join(filter(None, (above if place in top or under else "", under)))
            joined[place] = whole, under or whole
        yield 2, joined


def _score(matches: Mapping[int, Match], second: Mapping[int, Cell]) -> float:
    """Understood headings, each meaning once: a line of data says the same word under several."""
    said: dict[object, float] = {}
    for match in matches.values():
        if match.meanings:
            worth = 1.0 if match.is_certain else A_PROPOSAL
            said[match.meanings[0]] = max(worth, said.get(match.meanings[0], 0.0))
    return sum(said.values()) + A_UNIT * sum(bool(unit_of(cell.raw)[1]) for cell in second.values())


def _only_form(best: _Try, lexicon: Lexicon) -> str:
    """The form that all headings but the case id speak of, where there is one."""
    forms = {
        meaning.target.form
        for match in best.matches.values()
        for meaning in match.meanings
        if meaning.target.column != "case_id"
    }
    form = forms.pop() if len(forms) == 1 else ""
    return form if form and lexicon.form(form).repeats else ""


def _build(sheet: Sheet, form: str, best: _Try, lexicon: Lexicon) -> Table:
    matches = dict(best.matches)
    if form:
        matches = {place: _match(*best.texts[place], form, lexicon, {}) for place in matches}
    last = best.first + best.depth - 1
    own = {(cell.row, cell.column): cell for cell in sheet.cells}
    placed = {((c, r) if best.is_sideways else (r, c)): cell for (r, c), cell in own.items()}
    heads = tuple(cell for (line, place), cell in placed.items() if best.first <= line <= last)
    lines: dict[int, dict[int, Cell]] = defaultdict(dict)
    outside = []
    for (line, place), cell in sorted(placed.items()):
        if line > last and place in matches:
            lines[line][place] = cell
        elif not best.first <= line <= last:
            outside.append(cell)
    table = Table(sheet, form, matches, heads, (), (), best.is_sideways)
    records, notes = _split(lines, table.case_ids)
    return Table(sheet, form, matches, heads, records, (*outside, *notes), best.is_sideways)


def _split(
    lines: Mapping[int, Mapping[int, Cell]], case_ids: int
) -> tuple[tuple[Record, ...], tuple[Cell, ...]]:
    """The records, and the lone texts around them: a line with one filled cell and no case id is a note."""
    records: list[Record] = []
    notes: list[Cell] = []
    for line in sorted(lines):
        cells = lines[line]
        only = next(iter(cells.values())) if len(cells) == 1 else None
        if only and len(lines) > 1 and (case_ids not in cells or not _can_be_id(only)):
            notes += cells.values()
        else:
            records.append(Record(line, cells))
    return tuple(records), tuple(notes)


def merged_down(table: Table) -> Sequence[Cell]:
    """Filled cells merged over more than one line of records: their value may be meant for each."""
    starts = set()
    for merged in table.sheet.marks.merged:
        first, _, last = merged.partition(":")
        start, end = ADDRESS.fullmatch(first), ADDRESS.fullmatch(last)
        if start and end and (start[1] != end[1] if table.is_sideways else start[2] != end[2]):
            starts.add(first)
    return [cell for record in table.records for cell in record.cells.values() if cell.address in starts]
