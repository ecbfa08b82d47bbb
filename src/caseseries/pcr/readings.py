"""One cell of a plate export: numbers in either decimal style, and what stands where a Cq should be."""

import math
import re
from collections.abc import Iterable

from caseseries.findings import Finding, Severity
from caseseries.pcr.plate import Reading, Task, Well

SENTINELS = (40.0, 45.0, 50.0, 55.0, 60.0, 70.0)
FOUND_NONE, NO_NUMBER = "the instrument found no Cq", "not a number"
NO_CQ = re.compile(  # NEG (NTC), NEG (Multi Ct) are Rotor-Gene's
    r"undet(\.|ermined)?|no (ct|cq|cp|amp|amplification)|not detected|n\.?d\.?|#?n/?a|nan|--?|none|null|"
    r"neg(ative|( \(.*\)))?|не ?определено|нет",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
_WELL = re.compile(r"^\s*([A-Pa-p]|A[A-Fa-f])\s*0*([1-9]\d?)\s*$")

TASKS = {
    "unknown": Task.UNKNOWN,
    "unkn": Task.UNKNOWN,
    "sample": Task.UNKNOWN,
    "standard": Task.STANDARD,
    "std": Task.STANDARD,
    "ntc": Task.WATER,
    "negative control": Task.NEGATIVE,
    "neg ctrl": Task.NEGATIVE,
    "neg": Task.NEGATIVE,
    "no template control": Task.WATER,
    "nac": Task.NO_AMPLIFICATION_CONTROL,
    "ntp": Task.NO_TARGET,
    "nrt": Task.NO_RT_CONTROL,
    "nort": Task.NO_RT_CONTROL,
    "pos": Task.POSITIVE,
    "pos ctrl": Task.POSITIVE,
    "positive control": Task.POSITIVE,
    "opt": Task.OPTICAL,
}


def parse_number(text: str, decimal_comma: bool = False) -> float | None:
    """A finite number, or None. `1,234.5` is a thousand; `1,5` is one and a half where commas are decimal."""
    text = text.strip().replace("\u00a0", "").replace(" ", "").replace("\u2212", "-")
    if decimal_comma:
        text = text.replace(".", "").replace(",", ".") if "," in text else text
    elif _THOUSANDS.match(text):
        text = text.replace(",", "")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def parse_reading(text: str, cycles: int = 0, decimal_comma: bool = False) -> Reading:
    """The instrument's Cq as written. A negative, 0, or the last cycle is a sentinel, never a Cq.

    `cycles` is the length of the run where known (0 where not); 40, 45, 50, 55, 60 and 70 exactly are then
    taken for the end of a run.
    """
    shown = text.strip()
    if not shown:
        return Reading(None, "", "no Cq given")
    if NO_CQ.fullmatch(shown):
        return Reading(None, shown, FOUND_NONE)
    number = parse_number(shown, decimal_comma)
    if number is None:
        return Reading(None, shown, NO_NUMBER)
    if number <= 0:
        return Reading(None, shown, "not available")
    if number >= cycles > 0 or (cycles == 0 and number in SENTINELS):
        return Reading(None, shown, "the last cycle stands for no Cq")
    return Reading(number, shown)


def parse_task(text: str) -> Task:
    """A sample type in any vendor's words: `STANDARD`, `Std-03`, `Neg Ctrl-1`, `ntc`."""
    plain = re.sub(r"[-_ ]*\d+$", "", text.strip().lower())
    return TASKS.get(plain, Task.UNSTATED)


def parse_position(text: str) -> str:
    """`A1`, `a01` and `A 01` are all `A1`; anything else stays as written."""
    match = _WELL.match(text)
    return f"{match[1].upper()}{int(match[2])}" if match else text.strip()


def position_at(index: int, columns: int) -> str:
    """The name of the `index`-th well (from 1) of a plate with that many columns, row by row."""
    row, column = divmod(index - 1, columns)
    name = chr(65 + row) if row < 26 else "A" + chr(65 + row - 26)
    return f"{name}{column + 1}"


def index_of(position: str, columns: int) -> int:
    """The number of a well from its name, row by row from 1: the inverse of `position_at`."""
    match = _WELL.match(position)
    if match is None:
        raise ValueError(f"{position} is not a well")
    letters = match[1].upper()
    row = ord(letters[-1]) - 65 + (26 if len(letters) == 2 else 0)
    return row * columns + int(match[2])


def is_on_96(position: str) -> bool:
    """Whether a well exists on a plate of 8 rows and 12 columns."""
    match = _WELL.match(position)
    return match is not None and match[1].upper() <= "H" and len(match[1]) == 1 and int(match[2]) <= 12


def check_cells(wells: Iterable[Well]) -> tuple[Finding, ...]:
    """A finding for each Cq that is neither a number nor a word for none."""
    do = "Correct the cell or exclude the well"
    return tuple(
        Finding(
            well.where,
            "well.cq_text",
            Severity.VALUE,
            f'the Cq of {well.target or "the well"} is "{well.reading.text}"',
            "a number, or the instrument's word for none",
            do,
        )
        for well in wells
        if well.reading.note == NO_NUMBER
    )
