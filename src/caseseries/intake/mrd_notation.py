"""MRD as laboratories write it: one cell to a result, a level, a sensitivity or a quantitative range, in percent.

"0.18 %", "1.8E-3", "10^-4", "neg (<1E-4)", "pos <10^-4", "PNQ" and bare numbers in percent, fractions or powers of ten.
A "<" alone says neither "not detected" nor "below the quantitative range": that is asked, once for a column.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from caseseries.intake.notices import Notice, quote
from caseseries.intake.sheet import Cell, percent_of
from caseseries.intake.spelling import DASHES, clean
from caseseries.intake.wording import word_key
from caseseries.record.levels import LevelState

SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
POWERED = re.compile(
    r"(?:(\d+(?:\.\d+)?) ?[x*×·] ?)?10(?: ?(?:\^|\*\*|exp) ?(?=[-+\d])|(?=-))([-+]?\d{1,2})", re.IGNORECASE
)
SCIENTIFIC = re.compile(r"(\d+(?:\.\d+)?)e([-+]?\d{1,2})", re.IGNORECASE)
TEN_E = re.compile(r"10e-\d", re.IGNORECASE)
POWER = re.compile(r"\d ?e ?[-+]\d|\b10 ?(?:\^|\*\*|exp|(?=-\d))", re.IGNORECASE)
BARE = re.compile(r"[-+]?\d*\.?\d+")
NUMBER = r"(?P<number>(?:\d+(?:\.\d+)?(?: ?[x*×·] ?))?10 ?(?:\^|\*\*) ?-?\d+ ?%?|\d*\.?\d+(?:e-?\d+)? ?%?)"
WORDS_AND_LIMIT = re.compile(
    r"(?P<words>[^<>@(=\d]*?),? ?[(\[]? ?(?:(?:sens\w*|at|lod|qr|loq|bei)\b\.?:?)? ?"
    rf"(?P<below>[<≤@=])? ?{NUMBER} ?[)\]]?",
    re.IGNORECASE,
)
LIMIT_FIRST = re.compile(
    rf"(?P<limit>[<≤] ?{NUMBER}) ?[,;]? ?[(\[]?(?P<words>[^\W\d_][^<>\d()]*?)[)\]]?", re.IGNORECASE
)
ABOUT = re.compile(
    r"(?:[~≈≃∼]|(?:ca|circa|about|approx\w*|etwa|env|environ)\b\.?) ?(?=[<≤.\d])", re.IGNORECASE
)

PERCENT, FRACTION, LOG = "percent", "fraction of cells", "power of ten"
MOST = 100.0  # percent
BELOW = (LevelState.NOT_DETECTED.value, LevelState.BELOW_RANGE.value)
SUBJECT = "mrd_result"
LEVELS = ("mrd_result", "mrd_percent", "sensitivity_percent", "range_percent")

Found = dict[str, str | float]


@dataclass(frozen=True)
class Notation:
    """How a column's bare numbers, its powers of ten and its bare limits are meant; empty while nobody has said.

    Powers of ten are apart: under a heading “MRD (%)” laboratories write 0.02 for percent and 1E-4 for a fraction.
    """

    unit: str = ""
    below: str = ""
    powers: str = FRACTION


@dataclass(frozen=True)
class Doubts:
    """What a column may leave open: bare numbers, powers of ten (some shown by a format alone), bare limits."""

    numbers: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()
    formatted: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """Decimal points, plain dashes, no superscripts: "1,8·10⁻³" is "1.8·10^-3"."""
    raised = re.sub(r"10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda match: "10^" + match[1].translate(SUPERSCRIPT), text)
    words = clean(raised.translate(DASHES))
    return re.sub(r"(?<=\d),(?=\d)", ".", words) if "." not in words else words


def doubts_in(cells: Sequence[Cell]) -> Doubts:
    """What the cells of a column do not say by themselves."""
    numbers = [cell.raw for cell in cells if _is_bare(cell)]
    formatted = [_as_formatted(cell) for cell in cells if _has_power_format(cell)]
    powers = [cell.raw for cell in cells if cell.kind == "text" and POWER.search(tidy(cell.raw))]
    limits = [cell.raw for cell in cells if cell.kind == "text" and _limit_alone(tidy(cell.raw))]
    return Doubts(tuple(numbers), (*powers, *formatted), tuple(formatted), tuple(limits))


def _is_bare(cell: Cell) -> bool:
    """Whether the size of a number depends on a unit that stands elsewhere."""
    if cell.kind == "number":
        return not _has_power_format(cell)
    return cell.kind == "text" and bool(BARE.fullmatch(tidy(cell.raw).lstrip("<>≤~ ")))


def _has_power_format(cell: Cell) -> bool:
    """Whether Excel shows a number as 1.0E-04, as it does where somebody typed it so."""
    words = cell.number_format.lower()
    return cell.kind == "number" and "e" in words and "general" not in words


def _as_formatted(cell: Cell) -> str:
    return f"{float(cell.value):.2e}"


def _limit_alone(text: str) -> bool:
    return text[:1] in ("<", "≤") and bool(re.search(r"\d", text)) and not LIMIT_FIRST.fullmatch(text)


def read_mrd(cell: Cell, column: str, words: Mapping[str, str], notation: Notation) -> Found | Notice:
    """What one cell under an MRD heading says of its specimen; or the notice why it says nothing."""
    if cell.kind in ("number", "percent"):
        value = float(cell.value)
        percent = (
            percent_of(value)
            if cell.kind == "percent"
            else _bare_percent(
                Decimal(repr(value)), notation.powers if _has_power_format(cell) else notation.unit
            )
        )
        return _level(percent, cell.raw, column)
    text = tidy(cell.raw)
    if "?" in text and text.strip("? "):
        return Notice(
            "mrd-doubt", f"{quote(cell.raw)} is marked as doubtful", "Confirm the result without “?”"
        )
    if text[:1] in (">", "≥") and re.search(r"\d", text):
        return Notice(
            "mrd-above", f"{quote(cell.raw)} says only what the level is above", "Type the level itself"
        )
    if column in (SUBJECT, "mrd_percent") and ABOUT.match(text):
        return _about(cell.raw)
    said = words.get(word_key(text))
    if said and column in (SUBJECT, "mrd_percent"):
        return {"mrd_result": said}
    if _limit_alone(text) and column in ("mrd_result", "mrd_percent"):
        return _below(text, notation)
    if TEN_E.search(text):
        what = f"{quote(cell.raw)} can mean {text.lower().replace('10e', '10^')} or ten times that"
        return Notice("mrd-ten-e", what, "Type it in percent")
    bare = ABOUT.sub("", text).lstrip("<≤> ")
    percent = percent_of_text(bare, notation)
    if percent is not None or (bare[:1].isdigit() and not LIMIT_FIRST.fullmatch(text)):
        return _level(percent, cell.raw, column)
    return _word_and_limit(text, cell.raw, words, notation)


def _level(percent: float | None, raw: str, column: str) -> Found | Notice:
    if percent is None:
        return Notice(
            "mrd-unit", f"nobody has said in which unit {quote(raw)} is", "Answer with: caseseries decide DIR"
        )
    if column in ("sensitivity_percent", "range_percent"):
        return {column: percent}
    if percent == 0:
        what = f"{quote(raw)} is a level of 0, and what was not found has a sensitivity, not a level"
        return Notice("mrd-zero", what, "Write “not detected”, and the sensitivity")
    return {"mrd_percent": percent}


def _below(text: str, notation: Notation) -> Found | Notice:
    percent = percent_of_text(text.lstrip("<≤ "), notation)
    if not notation.below or percent is None:
        what = f"{quote(text)} can mean “not detected” or “positive below quantitative range”"
        return Notice("mrd-limit", what, "Answer with: caseseries decide DIR")
    if not 0 < percent <= MOST:
        return _no_limit(percent, text)
    limit = "sensitivity_percent" if notation.below == LevelState.NOT_DETECTED else "range_percent"
    return {"mrd_result": notation.below, limit: percent}


def _no_limit(percent: float, raw: str) -> Notice:
    """Nothing can be found at 0, and nothing lies above all cells."""
    what = f"{quote(raw)} gives a limit of {percent:g} %"
    return Notice("mrd-no-limit", what, "Type a sensitivity or range above 0 and up to 100 %")


def _word_and_limit(text: str, raw: str, words: Mapping[str, str], notation: Notation) -> Found | Notice:
    """A word and a number beside it: "neg (<1E-4)" gives a sensitivity, "pos <10^-4" a quantitative range."""
    plain = ABOUT.sub("", text)  # a sensitivity is never exact
    if turned := LIMIT_FIRST.fullmatch(plain):
        plain = f"{turned['words']} {turned['limit']}"
    match = WORDS_AND_LIMIT.fullmatch(plain)
    said = words.get(word_key(match["words"])) if match else None
    if match is None or said is None:
        return Notice("mrd-word", f"{quote(raw)} is no MRD result", "Answer with: caseseries decide DIR")
    percent = percent_of_text(match["number"], notation)
    if percent is None:
        return _level(None, raw, SUBJECT)
    if not 0 < percent <= MOST:
        return _no_limit(percent, raw)
    if said == LevelState.NOT_DETECTED:
        return {"mrd_result": said, "sensitivity_percent": percent}
    if said == LevelState.BELOW_RANGE or match["below"] in ("<", "≤"):
        return {"mrd_result": LevelState.BELOW_RANGE.value, "range_percent": percent}
    return {"mrd_percent": percent} if plain == text else _about(raw)


def _about(raw: str) -> Notice:
    do = "Type the level that the laboratory reported"
    return Notice("mrd-about", f"{quote(raw)} says only what the level is near", do)


def percent_of_text(text: str, notation: Notation) -> float | None:
    """A level in percent: "0.18 %" by itself; "1.8e-3", "10^-4" and bare numbers as the column's are meant."""
    number = text.rstrip("% ").strip()
    try:
        if text.rstrip().endswith("%"):
            return float(Decimal(number))
        if match := POWERED.fullmatch(number):
            return _bare_percent(Decimal(match[1] or 1) * Decimal(10) ** int(match[2]), notation.powers)
        if SCIENTIFIC.fullmatch(number):
            return _bare_percent(Decimal(number), notation.powers)
        return _bare_percent(Decimal(number), notation.unit) if BARE.fullmatch(number) else None
    except InvalidOperation:
        return None


def _bare_percent(number: Decimal, unit: str) -> float | None:
    if unit == LOG:
        return float(f"{float(Decimal(10) ** (number + 2)):.6g}")
    return {PERCENT: float(number), FRACTION: float(number * 100)}.get(unit)
