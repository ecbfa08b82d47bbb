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


def convert(number: float, column: str, unit: str) -> float:
    """A number in our template's unit, in decimal, so that 388000 /µL is 388 and not its neighbour."""
    factor = FACTORS.get((column, unit), Decimal(1))
    return number if factor == 1 else float(Decimal(repr(number)) * factor)
