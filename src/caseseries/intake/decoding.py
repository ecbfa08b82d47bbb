"""A centre's own column to cells that our template could hold: its words, units, notations and orders of dates.

What the column itself shows is used and shown; what it leaves open is asked once. Each cell then goes through the
same parser as a cell of the template.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from caseseries.decisions.chain import Option
from caseseries.findings import Where
from caseseries.intake.asking import ANSWER, LEFT_OUT, Asking
from caseseries.intake.cells import MISSING_WORDS, YES_NO_WORDS
from caseseries.intake.clinical_dates import Order, date_of_text, order_of_texts
from caseseries.intake.headings import Lexicon, Meaning
from caseseries.intake.layout import EXCEL_DAY_0
from caseseries.intake.mrd_notation import (
    BELOW,
    FRACTION,
    LEVELS,
    LOG,
    PERCENT,
    Found,
    Notation,
    doubts_in,
    read_mrd,
)
from caseseries.intake.notices import Notice, ProblemError, quote
from caseseries.intake.numerals import EITHER_WAY, number_of_text
from caseseries.intake.sheet import DAYS_1904, Cell
from caseseries.intake.spelling import clean, closest, fold
from caseseries.intake.units import UNITS_OF, convert, dose_unit_of, unit_of
from caseseries.intake.wording import NOTHING, plain_date, word_key
from caseseries.study.forms import Column

Piece = tuple[str, Cell]  # the name of a column, and the cell as our template would hold it
Decoder = Callable[[Cell], "Decoded"]

ORDERS: Mapping[str, Order] = {"": "", "day first": "day first", "month first": "month first"}
SERIALS = range(3_654, 73_051)  # Excel's counts of the days from 1910 to 2099
SERIAL = re.compile(r"\d{5}", re.ASCII)
FROM_1900, FROM_1904, NO_DATES = "days counted by Excel", "days counted from 1904", "no dates"
TIDE = 2000  # no infant's count per microlitre is below it, hardly one in 10^9/L above it
YES_NO_MORE = {
    "ja": "yes",
    "j": "yes",
    "oui": "yes",
    "o": "yes",
    "si": "yes",
    "ta": "yes",
    "given": "yes",
    "nein": "no",
    "non": "no",
    "nil": "no",
    "none": "no",
    "keine": "no",
    "not given": "no",
}


@dataclass(frozen=True)
class Decoded:
    """A cell for each column that one cell speaks of; or the notice why none; or left out, as a person decided.

    `is_nothing`: the cell says that there was no such event.
    """

    pieces: tuple[Piece, ...] = ()
    notice: Notice | None = None
    left_out: bool = False
    is_nothing: bool = False


@dataclass(frozen=True)
class Place:
    """A column of a centre's table: what it means, where its heading stands, and its cells."""

    meaning: Meaning
    heading: str
    where: Where
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Calendar:
    """How dates are meant whose cells do not tell: the order of day and month, and from which day numbers count.

    `shift` is how many days Excel's usual day 0 is before theirs; None while nobody has said that they are dates.
    """

    order: Order = ""
    shift: int | None = None


def decoder_of(place: Place, lexicon: Lexicon, asking: Asking, calendar: Calendar, data_cut: date) -> Decoder:
    """What reads the cells of one column; the questions that it needs answered are asked here."""
    column = lexicon.column(place.meaning.target)
    if place.meaning.target.form == "specimens" and column.name in LEVELS:
        return _mrd_decoder(place, column, lexicon, asking)
    if column.kind == "date":
        return lambda cell: _decode_date(cell, column, calendar, place.meaning.target.group, data_cut)
    if column.kind in ("choice", "yes_no"):
        return _word_decoder(place, column, lexicon, asking)
    if column.name == "dose":
        return _dose_decoder(place, column, lexicon, asking)
    if column.kind == "number":
        return _number_decoder(place, column, asking)
    return lambda cell: Decoded(((column.name, cell),))


def _text(cell: Cell, words: str) -> Cell:
    return cell._replace(kind="text", value=words, raw=words)


def _number(cell: Cell, number: float) -> Cell:
    return cell._replace(kind="number", value=number, raw=f"{number:.15g}")


# --- dates --------------------------------------------------------------------------------------------------


def calendars_for(
    places: Sequence[Place], about: Sequence[str], asking: Asking, data_cut: date
) -> dict[str, Calendar]:
    """How the dates under each heading of a table are meant."""
    shift = _shift_for(places, about, asking)
    orders = _order_for(places, about, asking, data_cut)
    return {heading: Calendar(order, shift) for heading, order in orders.items()}


def _shift_for(places: Sequence[Place], about: Sequence[str], asking: Asking) -> int | None:
    """From which day the numbers under headings of dates count; one question for the table."""
    found = [(place, serial) for place in places for cell in place.cells if (serial := _serial_of(cell))]
    if not found:
        return None
    days = {
        shift: (EXCEL_DAY_0 + timedelta(days=found[0][1] + shift)).isoformat() for shift in (0, DAYS_1904)
    }
    listed = ", ".join(dict.fromkeys(quote(place.heading) for place, _ in found))
    shown = f"For example {', '.join(dict.fromkeys(str(serial) for _, serial in found[:5]))}."
    options = (
        Option(FROM_1900, f"{found[0][1]} is {days[0]}"),
        Option(FROM_1904, f"{found[0][1]} is {days[DAYS_1904]}"),
        Option(NO_DATES, "they are not read"),
    )
    text = f"What are the numbers of {asking.centre} under {listed}, where dates belong?"
    answer = asking.ask("serials", about, text, options, found[0][0].where, (shown,))
    return {FROM_1900: 0, FROM_1904: DAYS_1904}.get(answer)


def _serial_of(cell: Cell) -> int:
    """The number that may be a count of days; 0 when a cell holds none."""
    is_text = cell.kind == "text" and bool(SERIAL.fullmatch(cell.raw.strip()))
    number = float(cell.raw) if is_text else cell.value if cell.kind == "number" else 0.0
    is_whole = isinstance(number, float) and number.is_integer()  # for a float a range is searched one by one
    return int(number) if is_whole and int(number) in SERIALS else 0


def _order_for(
    places: Sequence[Place], about: Sequence[str], asking: Asking, data_cut: date
) -> dict[str, Order]:
    """The order of day and month under each heading; one question for all headings of a table that do not tell.

    `about` are all headings of the table: its question stays the same when one more of them is understood.
    """
    orders: dict[str, Order] = {}
    doubtful: list[tuple[Place, str]] = []
    for place in places:
        texts = [plain_date(cell.raw, data_cut) for cell in place.cells if cell.kind == "text"]
        orders[place.heading] = told = ORDERS[place.meaning.order] or order_of_texts(texts)
        example = next((text for text in texts if not told and _is_two_days(text)), "")
        if example:
            doubtful.append((place, example))
    if doubtful:
        answer = _ask_order(doubtful, orders, about, asking)
        orders |= {place.heading: ORDERS[answer] for place, _ in doubtful}
    return orders


def _is_mixed(place: Place) -> bool:
    """Whether some dates can only be day first, and some only month first."""
    orders = {order_of_texts([cell.raw]) for cell in place.cells if cell.kind == "text"}
    return {"day first", "month first"} <= orders


def _is_two_days(text: str) -> bool:
    try:
        date_of_text(text)
    except ProblemError as problem:
        return problem.notice.code == "day-or-month"
    return False


def _ask_order(
    doubtful: Sequence[tuple[Place, str]], orders: Mapping[str, Order], about: Sequence[str], asking: Asking
) -> str:
    headings = [place.heading for place, _ in doubtful]
    told = sorted({order for order in orders.values() if order})
    evidence = [f"{place.heading}: for example {quote(text)}" for place, text in doubtful]
    evidence += [f"Other dates of the sheet can only be {order}." for order in told]
    evidence += [
        f"{place.heading}: its dates are not all of one order" for place, _ in doubtful if _is_mixed(place)
    ]
    listed = ", ".join(quote(heading) for heading in headings)
    options = (
        Option("day first", "03/04/2018 is the third of April"),
        Option("month first", "03/04/2018 is the fourth of March"),
    )
    text = f"Which comes first in the dates of {asking.centre} under {listed}: the day or the month?"
    return asking.ask("date-order", about, text, options, doubtful[0][0].where, evidence)


def _decode_date(cell: Cell, column: Column, calendar: Calendar, group: str, data_cut: date) -> Decoded:
    if calendar.shift is not None and (serial := _serial_of(cell)):
        day = EXCEL_DAY_0 + timedelta(days=serial + calendar.shift)
        return Decoded(((column.name, _text(cell, day.isoformat())),))
    if cell.kind == "text":
        if group and word_key(cell.raw) in NOTHING:
            return Decoded(is_nothing=True)
        words = plain_date(cell.raw, data_cut)
        if calendar.order:
            words = _in_iso(words, calendar.order)
        return Decoded(((column.name, _text(cell, words)),))
    return Decoded(((column.name, cell),))


def _in_iso(words: str, order: Order) -> str:
    """A day as year-month-day, where the order is known: it is then the same in every column."""
    try:
        day = date_of_text(words, order).exact
    except ProblemError:
        return words
    return day.isoformat() if day else words


# --- words --------------------------------------------------------------------------------------------------


def _word_decoder(place: Place, column: Column, lexicon: Lexicon, asking: Asking) -> Decoder:
    words = words_of(place.meaning, column, lexicon)
    for cell in place.cells:
        key = word_key(cell.raw)
        if key not in words and fold(cell.raw) not in MISSING_WORDS and cell.kind in ("text", "number"):
            words[key] = _ask_word(cell, place, column, asking)
    return lambda cell: _decode_word(cell, column, words)


def words_of(meaning: Meaning, column: Column, lexicon: Lexicon) -> dict[str, str]:
    """The words of a column's list by their key: our choices, and what hospitals write for them."""
    choices = column.choices or tuple(dict.fromkeys(("yes", "no")))
    own = {word_key(choice): choice for choice in choices}
    listed = lexicon.vocabulary.words.get((meaning.target.form, column.name), {})
    more = {word_key(word): choice for word, choice in listed.items()}
    if column.kind == "yes_no":
        more = YES_NO_MORE | {word: "yes" if is_yes else "no" for word, is_yes in YES_NO_WORDS.items()}
    return {**more, **own}


def _ask_word(cell: Cell, place: Place, column: Column, asking: Asking) -> str:
    choices = list(column.choices or ("yes", "no"))
    near = closest(cell.raw, choices)
    choices.sort(key=lambda choice: choice != near)
    options = [
        *(Option(choice, f"it means “{choice}”") for choice in choices),
        Option(LEFT_OUT, "it is not used"),
    ]
    text = f"What does {quote(clean(cell.raw))} of {asking.centre} mean under “{place.heading}” ({column.heading})?"
    about = (place.meaning.target.form, column.name, word_key(cell.raw))
    return asking.ask("word", about, text, options, place.where)


def _decode_word(cell: Cell, column: Column, words: Mapping[str, str]) -> Decoded:
    if cell.kind not in ("text", "number"):
        return Decoded(((column.name, cell),))
    said = words.get(word_key(cell.raw), "")
    if said == LEFT_OUT:
        return Decoded(left_out=True)
    return Decoded(((column.name, _text(cell, said) if said else cell),))


# --- numbers ------------------------------------------------------------------------------------------------


def _number_decoder(place: Place, column: Column, asking: Asking) -> Decoder:
    unit = place.meaning.unit
    if column.name in UNITS_OF and not unit:
        bare = [cell for cell in place.cells if not unit_of(cell.raw)[1]]
        unit = _ask_unit(bare, place, column, asking) if bare else ""
    is_nothing = bool(place.meaning.target.group)
    return lambda cell: _decode_number(cell, column, unit, is_nothing=is_nothing)


def _ask_unit(cells: Sequence[Cell], place: Place, column: Column, asking: Asking) -> str:
    sizes = [size for cell in cells if (size := _size(cell)) is not None]
    units = list(UNITS_OF[column.name])
    if sizes and median(sizes) >= TIDE:
        units.reverse()
    shown = (
        f"The numbers: {min(sizes):g} to {max(sizes):g}, median {median(sizes):g}."
        if sizes
        else "No numbers."
    )
    options = [Option(unit, f"the numbers are in {unit}") for unit in units]
    text = f"In which unit are the numbers of {asking.centre} under “{place.heading}”?"
    return asking.ask("unit", (column.name, place.heading), text, options, place.where, (shown,))


def _size(cell: Cell) -> float | None:
    if isinstance(cell.value, float):
        return cell.value
    digits = re.sub(r"[^\d]", "", cell.raw)
    return float(digits) if digits and len(digits) < 12 else None


def _decode_number(cell: Cell, column: Column, unit: str, *, is_nothing: bool) -> Decoded:
    if cell.kind == "text" and is_nothing and word_key(cell.raw) in NOTHING:
        return Decoded(is_nothing=True)
    if cell.kind == "number" and is_nothing and cell.value == 0 and column.name == "grade":
        return Decoded(is_nothing=True)
    rest, own = unit_of(cell.raw) if cell.kind == "text" else (cell.raw, "")
    unit = own or unit
    if column.name in UNITS_OF and not unit:
        return Decoded(notice=Notice("unit", f"nobody has said in which unit {quote(cell.raw)} is", ANSWER))
    if cell.kind == "text":
        return _decode_typed(cell, column, rest, unit)
    if cell.kind == "number" and isinstance(cell.value, float):
        return Decoded(((column.name, _number(cell, convert(cell.value, column.name, unit))),))
    return Decoded(((column.name, cell),))


def _decode_typed(cell: Cell, column: Column, rest: str, unit: str) -> Decoded:
    words = re.sub(r"^(?:grade|grad|g)\s*(?=\d)", "", clean(rest), flags=re.IGNORECASE)
    words = (
        {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}.get(words.casefold(), words)
        if column.name == "grade"
        else words
    )
    if unit == "/µL" and EITHER_WAY.fullmatch(words):
        words = re.sub("[.,]", "", words)  # cells in a microlitre are counted in whole numbers
    try:
        return Decoded(((column.name, _number(cell, convert(number_of_text(words), column.name, unit))),))
    except ProblemError:
        return Decoded(((column.name, _text(cell, words)),))


def _dose_decoder(place: Place, column: Column, lexicon: Lexicon, asking: Asking) -> Decoder:
    """Nothing is converted: from a dose to one per m² it takes the child's size, which a heading does not tell."""
    ours = lexicon.study.index.dose_unit
    bare = any(not dose_unit_of(cell.raw)[1] for cell in place.cells)
    answer = ours if lexicon.is_in_our_unit(place.meaning) or not bare else _ask_dose(place, ours, asking)

    def decode(cell: Cell) -> Decoded:
        rest, unit = dose_unit_of(cell.raw) if cell.kind == "text" else (cell.raw, "")
        if answer == LEFT_OUT:
            return Decoded(left_out=True)
        if unit and unit != lexicon.dose_unit:
            what, do = f"{quote(cell.raw)} is in {unit}, and doses are in {ours}", f"Give the dose in {ours}"
            return Decoded(notice=Notice("unit", what, do))
        if unit:
            return _decode_typed(cell, column, rest, "")
        if not answer:
            what = f"nobody has said whether {quote(cell.raw)} under “{place.heading}” is in {ours}"
            return Decoded(notice=Notice("unit", what, ANSWER))
        return _decode_number(cell, column, "", is_nothing=bool(place.meaning.target.group))

    return decode


def _ask_dose(place: Place, ours: str, asking: Asking) -> str:
    options = (
        Option(
            LEFT_OUT, f"they are in {place.meaning.unit} and are not used; the centre is asked for {ours}"
        ),
        Option(ours, f"the heading is wrong: the numbers are in {ours}"),
    )
    text = (
        f"In which unit are the doses of {asking.centre} under “{place.heading}”? The protocol's is {ours}."
    )
    evidence = (f"For example {', '.join(dict.fromkeys(cell.raw for cell in place.cells[:3]))}.",)
    return asking.ask(
        "unit", (place.meaning.target.column, place.heading), text, options, place.where, evidence
    )


# --- MRD ----------------------------------------------------------------------------------------------------


def _mrd_decoder(place: Place, column: Column, lexicon: Lexicon, asking: Asking) -> Decoder:
    words = words_of(place.meaning, lexicon.form("specimens").column("mrd_result"), lexicon)
    used = [cell for cell in place.cells if fold(cell.raw) not in MISSING_WORDS]
    notation = _notation(place, used, asking)
    if column.name == "mrd_result":
        for cell in used:
            found = read_mrd(cell, column.name, words, notation)
            if isinstance(found, Notice) and found.code == "mrd-word":
                words[word_key(cell.raw)] = _ask_word(cell, place, column, asking)
    return lambda cell: _decode_mrd(cell, column, words, notation)


def _notation(place: Place, cells: Sequence[Cell], asking: Asking) -> Notation:
    doubts = doubts_in(cells)
    unit = {"%": PERCENT, "fraction": FRACTION, "log10": LOG}.get(place.meaning.unit, "")
    if doubts.numbers and not unit:
        unit = _ask_notation(place, doubts.numbers, asking)
    powers, is_untold = FRACTION, not place.meaning.unit and bool(doubts.formatted)
    if (doubts.powers and unit == PERCENT) or is_untold:
        powers = _ask_powers(place, doubts.powers, asking)
    below = ""
    if doubts.limits and place.meaning.target.column in ("mrd_result", "mrd_percent"):
        below = _ask_limit(place, doubts.limits, asking)
    return Notation(unit, below, powers)


def _ask_notation(place: Place, numbers: Sequence[str], asking: Asking) -> str:
    options = (
        Option(PERCENT, "0.2 is 0.2 % of cells"),
        Option(FRACTION, "0.002 is 0.2 % of cells"),
        Option(LOG, "-3 is 0.1 % of cells"),
    )
    text = f"How are the MRD numbers of {asking.centre} under “{place.heading}” meant?"
    about = (place.meaning.target.column, place.heading)
    return asking.ask("mrd-unit", about, text, options, place.where, (_examples(numbers),))


def _ask_powers(place: Place, powers: Sequence[str], asking: Asking) -> str:
    options = (Option(FRACTION, "1E-4 is 0.01 % of cells"), Option(PERCENT, "1E-4 is 0.0001 % of cells"))
    text = f"How are the powers of ten in the MRD of {asking.centre} under “{place.heading}” meant?"
    about = (place.meaning.target.column, place.heading)
    return asking.ask("mrd-powers", about, text, options, place.where, (_examples(powers),))


def _examples(cells: Sequence[str]) -> str:
    return "For example " + ", ".join(quote(cell) for cell in list(dict.fromkeys(cells))[:5]) + "."


def _ask_limit(place: Place, limits: Sequence[str], asking: Asking) -> str:
    options = (
        Option(BELOW[0], "nothing was found; the number is the sensitivity"),
        Option(BELOW[1], "something was found; the number is the end of the quantitative range"),
    )
    text = f"What does “<” mean in the MRD of {asking.centre} under “{place.heading}”?"
    return asking.ask("mrd-limit", (place.heading,), text, options, place.where, (_examples(limits),))


def _decode_mrd(cell: Cell, column: Column, words: Mapping[str, str], notation: Notation) -> Decoded:
    if cell.kind not in ("number", "percent", "text") or fold(cell.raw) in MISSING_WORDS:
        return Decoded(((column.name, cell),))
    said = words.get(word_key(cell.raw)) if column.name == "mrd_result" and cell.kind == "text" else None
    if said == LEFT_OUT:
        return Decoded(left_out=True)
    found = read_mrd(cell, column.name, words, notation)
    return Decoded(notice=found) if isinstance(found, Notice) else Decoded(tuple(_pieces(cell, found)))


def _pieces(cell: Cell, found: Found) -> list[Piece]:
    return [
        (name, _text(cell, value) if isinstance(value, str) else _number(cell, value))
        for name, value in found.items()
    ]
