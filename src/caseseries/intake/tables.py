"""Where on a sheet the table is: the lines of its headings, which way it runs, and the records under them.

Found by trying: the place whose headings are understood best. Titles above and notes below stay outside and are said
to be ignored; a table of one column a child is read sideways.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caseseries.intake.headings import Lexicon, Match, Meaning, match_heading
from caseseries.intake.sheet import ADDRESS, Cell, Sheet, number_of
from caseseries.intake.spelling import clean
from caseseries.intake.wording import word_key
from caseseries.study.headings import Target

SEARCHED_LINES = 15
MOSTLY = 0.6  # of a line's cells are understood where it is one of headings
MOST_TABLES = 50
DIGIT = re.compile(r"\d")
LAST_LINE = 1_048_576
MOST_TEXTS = (
    1_000  # that are tried as headings, line by line: beyond the first lines it is data that is tried
)
FEWEST = 2  # understood headings that make a table
A_PROPOSAL = 0.5  # what a heading counts that only looks alike
LONGEST_ID = 24
SUMS = frozenset(  # what a line below the children is called that counts them
    (
        *("total", "totals", "sum", "mean", "median", "average", "range"),
        *("summe", "gesamt", "mittelwert", "somme", "moyenne", "suma", "media"),
    )
)
JOINED = 0.1  # an upper line of headings with which a lower one is understood belongs to it; a title does not

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
        return any(map(looks_like_id, self.cells_under(self.case_ids)))

    @property
    def meanings(self) -> Mapping[int, Meaning]:
        """What is settled, by number of heading."""
        return {i: m.meanings[0] for i, m in sorted(self.matches.items()) if m.is_certain and m.meanings}

    @property
    def unknown(self) -> Mapping[int, Sequence[Cell]]:
        """The cells under each heading without a meaning, and under none at all, by its number."""
        found: dict[int, list[Cell]] = defaultdict(list)
        _, last = self.heading_lines
        for cell in self.outside:
            line, place = self.place_of(cell)
            if line > last and place not in self.matches:
                found[place].append(cell)
        return {**found, **{i: self.cells_under(i) for i, m in self.matches.items() if not m.meanings}}

    @property
    def heading_lines(self) -> tuple[int, int]:
        """The first and the last line of headings."""
        lines = [self.place_of(cell)[0] for cell in self.heading_cells]
        return min(lines), max(lines)

    def place_of(self, cell: Cell) -> Place:
        return (cell.column, cell.row) if self.is_sideways else (cell.row, cell.column)

    def cells_under(self, index: int) -> tuple[Cell, ...]:
        return tuple(record.cells[index] for record in self.records if index in record.cells)


def looks_like_id(cell: Cell) -> bool:
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


def cut_sheet(sheet: Sheet, lexicon: Lexicon) -> Sequence[Sheet]:
    """A sheet in as many pieces as tables stand below one another on it, each with headings of its own."""
    lines = _heading_rows(sheet, lexicon)
    starts: list[int] = []
    block: list[tuple[str, ...]] = []  # the headings of the table that is being read, of one line or more
    for row, texts in sorted(lines.items()):
        if row - 1 in lines:
            block.append(texts)
        elif texts not in block:
            starts += [row] if block else []
            block = [texts]
    ends = [*starts[:MOST_TABLES], LAST_LINE + 1]
    pieces = [_piece(sheet, first, end) for first, end in zip([1, *ends[:-1]], ends, strict=True)]
    return pieces if len(pieces) > 1 else [sheet]


def _heading_rows(sheet: Sheet, lexicon: Lexicon) -> Mapping[int, tuple[str, ...]]:
    """The texts of each row that is nothing but headings, one of them that of the case ids."""
    rows: dict[int, list[Cell]] = defaultdict(list)
    seen: dict[str, bool] = {}
    named = {
        cell.row for cell in sheet.cells if cell.kind == "text" and _names_cases(cell.raw, lexicon, seen)
    }
    for cell in sheet.cells if named else ():
        if cell.row in named:
            rows[cell.row].append(cell)
    form = lexicon.sheet_form(sheet.name)
    return {
        row: tuple(clean(cell.raw) for cell in cells)
        for row, cells in rows.items()
        if all(cell.kind == "text" for cell in cells) and _are_headings(cells, form, lexicon)
    }


def _names_cases(text: str, lexicon: Lexicon, seen: dict[str, bool]) -> bool:
    """Whether a text is a heading of case ids. Few texts without a digit are different, and each is looked up once."""
    if len(text) > LONGEST_ID or DIGIT.search(text):
        return False
    if text not in seen:
        found = lexicon.keys.get(lexicon.key(text), ())
        seen[text] = any(target.column == "case_id" for target in found)
    return seen[text]


def _are_headings(cells: Sequence[Cell], form: str, lexicon: Lexicon) -> bool:
    understood = sum(match_heading(clean(cell.raw), lexicon, form).is_certain for cell in cells)
    return understood >= max(FEWEST, MOSTLY * len(cells))


def _piece(sheet: Sheet, first: int, end: int) -> Sheet:
    cells = tuple(cell for cell in sheet.cells if first <= cell.row < end)
    return replace(sheet, cells=cells, marks=sheet.marks.between(first, end))


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
            joined = sum(
                known[text].is_certain and _targets(known[text]) != _targets(known[under])
                for text, under in texts.values()
            )
            yield _Try(
                _score(matches) + JOINED * joined,
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


def _score(matches: Mapping[int, Match]) -> float:
    """Understood headings, each meaning once: a line of data says the same word under several."""
    said: dict[object, float] = {}
    for match in matches.values():
        if match.meanings:
            worth = 1.0 if match.is_certain else A_PROPOSAL
            said[match.meanings[0]] = max(worth, said.get(match.meanings[0], 0.0))
    return sum(said.values())


def _targets(match: Match) -> set[Target]:
    return {meaning.target for meaning in match.meanings}


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
    return _lay_out(
        sheet, form, matches, (best.first, best.first + best.depth - 1), is_sideways=best.is_sideways
    )


def retake(table: Table, matches: Mapping[int, Match]) -> Table:
    """The same table with other meanings of its headings."""
    return _lay_out(table.sheet, table.form, matches, table.heading_lines, is_sideways=table.is_sideways)


def _lay_out(
    sheet: Sheet,
    form: str,
    matches: Mapping[int, Match],
    heading_lines: tuple[int, int],
    *,
    is_sideways: bool,
) -> Table:
    """The records under the headings; what stands above, beside and alone below them is outside."""
    first, last = heading_lines
    placed = {(c.column, c.row) if is_sideways else (c.row, c.column): c for c in sheet.cells}
    heads = tuple(cell for (line, _), cell in placed.items() if first <= line <= last)
    lines: dict[int, dict[int, Cell]] = defaultdict(dict)
    outside = []
    for (line, place), cell in sorted(placed.items()):
        if line > last and place in matches:
            lines[line][place] = cell
        elif not first <= line <= last:
            outside.append(cell)
    table = Table(sheet, form, matches, heads, (), (), is_sideways)
    again = [_texts(line) for line in _by_line(placed, first, last)]
    records, notes = _split(lines, table.case_ids, again)
    return replace(table, records=records, outside=(*outside, *notes))


def _by_line(placed: Mapping[Place, Cell], first: int, last: int) -> Iterator[Mapping[int, Cell]]:
    for number in range(first, last + 1):
        yield {place: cell for (line, place), cell in placed.items() if line == number}


def _texts(cells: Mapping[int, Cell]) -> Mapping[int, str]:
    return {place: clean(cell.raw) for place, cell in cells.items()}


def _split(
    lines: Mapping[int, Mapping[int, Cell]], case_ids: int, headings: Sequence[Mapping[int, str]]
) -> tuple[tuple[Record, ...], tuple[Cell, ...]]:
    """The records, and what stands between and below them and is none: lone texts, headings again, sums."""
    records: list[Record] = []
    notes: list[Cell] = []
    full = [cells[case_ids] for cells in lines.values() if len(cells) > 1 and case_ids in cells]
    has_spaces = not full or any(" " in clean(cell.raw) for cell in full)
    for line in sorted(lines):
        if _is_no_record(lines[line], case_ids, headings, has_spaces=has_spaces):
            notes += lines[line].values()
        else:
            records.append(Record(line, lines[line]))
    return tuple(records), tuple(notes)


def _is_no_record(
    cells: Mapping[int, Cell], case_ids: int, headings: Sequence[Mapping[int, str]], *, has_spaces: bool
) -> bool:
    """One filled cell that is no case id; the headings again, as on each printed page; a line of sums.

    "Stand: April" alone on its line is no case id where those of the other lines are single words.
    """
    case = cells.get(case_ids)
    if len(cells) == 1 and (case is None or not looks_like_id(case)):
        return True
    if len(cells) == 1 and case is not None and " " in clean(case.raw) and not has_spaces:
        return True
    if len(cells) > 1 and any(_texts(cells).items() <= line.items() for line in headings):
        return True
    return case is not None and word_key(case.raw) in SUMS


def merged_down(table: Table) -> Sequence[Cell]:
    """Filled cells merged over more than one line of records: their value may be meant for each."""
    return [cell for cell, (rows, columns) in _merged(table) if (columns if table.is_sideways else rows)]


def merged_across(table: Table) -> Sequence[Cell]:
    """Filled cells merged over the places of several headings: their value may be meant for each."""
    return [cell for cell, (rows, columns) in _merged(table) if (rows if table.is_sideways else columns)]


def _merged(table: Table) -> Iterator[tuple[Cell, tuple[bool, bool]]]:
    """The merged cells of records, each with whether it is over several rows, and over several columns."""
    spans: dict[str, tuple[bool, bool]] = {}
    for merged in table.sheet.marks.merged:
        first, _, last = merged.partition(":")
        start, end = ADDRESS.fullmatch(first), ADDRESS.fullmatch(last)
        if start and end:
            spans[first] = (start[2] != end[2], start[1] != end[1])
    for record in table.records:
        yield from ((cell, spans[cell.address]) for cell in record.cells.values() if cell.address in spans)
