"""A number as printed: the band of true values that a rounding would have turned into it, in exact fractions.

Percentages are read as proportions (47 % is 0.47). Rounding to the nearest admits both conventions at the
half (up and to even), so its band is closed at both ends; truncation admits [v, v + one unit).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

NUMBER = re.compile(r"(?<![\d.·])[-−]?\d+(?:[.·]\d+)?")


class Rounding(StrEnum):
    """How a paper is read. `any` admits what either rounding or truncation would have printed."""

    NEAREST = "nearest"
    TRUNCATED = "truncated"
    ANY = "any"


@dataclass(frozen=True)
class Band:
    """The true values a printed number can stand for: from `low` (included) to `high`."""

    low: Fraction
    high: Fraction
    high_included: bool = True

    def admits(self, value: Fraction) -> bool:
        return self.low <= value and not self.exceeded_by(value)

    def exceeded_by(self, value: Fraction) -> bool:
        return value > self.high or (value == self.high and not self.high_included)

    def scaled(self, factor: Fraction) -> "Band":
        """The band in another unit; `factor` must be positive."""
        return Band(self.low * factor, self.high * factor, self.high_included)

    def whole(self) -> range:
        """The whole numbers in the band, such as days or patients."""
        first = -((-self.low.numerator) // self.low.denominator)
        last = self.high.numerator // self.high.denominator
        if last == self.high and not self.high_included:
            last -= 1
        return range(first, last + 1)


@dataclass(frozen=True)
class Printed:
    """One printed number: its exact value and the size of one unit of its last digit."""

    text: str
    value: Fraction
    unit: Fraction

    def band(self, rounding: Rounding = Rounding.NEAREST) -> Band:
        half = self.unit / 2
        if rounding is Rounding.NEAREST:
            return Band(self.value - half, self.value + half)
        low = self.value if rounding is Rounding.TRUNCATED else self.value - half
        return Band(low, self.value + self.unit, high_included=False)

    def proportion(self) -> "Printed":
        """The same number read as a percentage: 47 becomes 0.47, in units of 0.01."""
        return Printed(self.text, self.value / 100, self.unit / 100)


def parse_number(text: str) -> Printed:
    """Read one number; a raised decimal point (46·8) counts as a point. Raises ValueError otherwise."""
    plain = text.strip().replace("·", ".").replace("−", "-")
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", plain):
        raise ValueError(f'"{text}" is not a number')
    _, _, decimals = plain.partition(".")
    return Printed(text.strip(), Fraction(plain), Fraction(1, 10 ** len(decimals)))


def parse_numbers(text: str) -> tuple[Printed, ...]:
    """Every number in a printed string, in order: "267 (58–1163)" gives 267, 58 and 1163.

    A hyphen between two numbers is a range, not a minus sign.
    """
    spaced = re.sub(r"(?<=\d)\s*[-–—]\s*(?=\d)", " to ", text)
    return tuple(parse_number(found) for found in NUMBER.findall(spaced))


def prints_as(values: Iterable[float], printed: Iterable[Printed], rounding: Rounding) -> bool:
    """Whether computed proportions would be printed as these percentages."""
    pairs = zip(values, printed, strict=True)
    return all(
        math.isfinite(value) and number.proportion().band(rounding).admits(Fraction(value))
        for value, number in pairs
    )
