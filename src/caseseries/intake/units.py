"""Units in headings and in cells, and what a number in one of them is in the unit of our template."""

import re
from decimal import Decimal

POWER = r"(?:[x×*·]?\s*10\s*(?:\^|\*\*|e|exp)?\s*{})"
LITRE, MICRO = (
    r"\s*/\s*l(?:it(?:re|er))?\b",
    r"(?:/|per)\s*(?:[µμu]\s*l\b|mm\s*\^?[3³]|cu\.?\s*mm|microlit\w+)",
)
DAY = r"[µμu]g\s*/\s*m\s*\^?[2²](?:\s*/\s*d(?:ay)?\b)?"

# The names of units, and how they are written; the first that fits is taken.
PATTERNS = (
    ("10^9/L", rf"{POWER.format('(?:9|⁹)')}{LITRE}|\bg(?:iga)?{LITRE}|\bgpt{LITRE}|/\s*nl\b"),
    ("10^9/L", rf"(?:{POWER.format('(?:3|³)')}|\bk|\btsd\.?|\bthou(?:sand)?)\s*{MICRO}"),
    ("/µL", rf"\bcells\s*{MICRO}|\bzellen\s*{MICRO}|{MICRO}"),
    ("µg/m²/day", DAY),
    ("%", r"%|\bper ?cent\b|\bprozent\b|\bpct\b"),
    ("log10", r"\blog\s*(?:10|₁₀)?\b"),
    ("fraction", r"\bfraction\b|\bratio\b|\banteil\b|\bcopies/copies\b"),
)
COMPILED = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in PATTERNS)
# A dose: how much, of how much child, in how long.
DOSE = re.compile(
    r"(?<!\w)((?:[x×*·]?\s*10\s*(?:\^|\*\*|e)?\s*[5-9⁵-⁹]\s*(?:cells|zellen))|[nmµμu]g|mcg|g|i\.?[ue]\.?|units?)"
    r"((?:\s*(?:/|·|\bper\b|\bpro\b)\s*(?:m\s*\^?[2²]|kg|da?y?|tag|24\s*h))*)(?!\w)",
    re.IGNORECASE,
)
PER = (("m²", re.compile(r"m\s*\^?[2²]", re.IGNORECASE)), ("kg", re.compile("kg", re.IGNORECASE)))
PER_DAY = re.compile(r"(?:/|·|per|pro)\s*(?:d|tag|24)", re.IGNORECASE)
SPELT = {"μg": "µg", "ug": "µg", "mcg": "µg", "ie": "IU", "iu": "IU", "unit": "units"}
POWERS = str.maketrans("56789", "⁵⁶⁷⁸⁹")
BRACKETS = re.compile(r"[(\[]\s*[,;]?\s*[)\]]")

# How many of our unit one of another is.
FACTORS = {("wbc", "10^9/L"): Decimal(1), ("wbc", "/µL"): Decimal("0.001")}
UNITS_OF = {"wbc": ("10^9/L", "/µL")}


def unit_of(text: str) -> tuple[str, str]:
    """The text without its unit, and the unit's name: empty when it has none."""
    for name, pattern in COMPILED:
        match = pattern.search(text)
        if match:
            rest = text[: match.start()] + " " + text[match.end() :]
            return BRACKETS.sub(" ", rest).strip(), name
    return text, ""


def dose_unit_of(text: str) -> tuple[str, str]:
    """As `unit_of`, of a text about a dose: "dose (ug/m2 per day)" is "dose" and "µg/m²/day"."""
    match = DOSE.search(text)
    if not match:
        return unit_of(text)
    much = re.sub(r"[\s.]", "", match[1]).casefold()
    if found := re.search(r"10\D*([5-9⁵-⁹])", much):
        much = f"10{found[1].translate(POWERS)} cells"
    per = [name for name, pattern in PER if pattern.search(match[2])] + ["day"] * bool(
        PER_DAY.search(match[2])
    )
    rest = text[: match.start()] + " " + text[match.end() :]
    known = unit_of(match[0])[1]  # µg/m² is always that of a day
    return BRACKETS.sub(" ", rest).strip(), known or "/".join([SPELT.get(much, much), *per])


def convert(number: float, column: str, unit: str) -> float:
    """A number in our template's unit, in decimal, so that 388000 /µL is 388 and not its neighbour."""
    factor = FACTORS.get((column, unit), Decimal(1))
    return number if factor == 1 else float(Decimal(repr(number)) * factor)
