"""The one place that turns numbers into words. Rounding is half up, as in print, and happens only here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from caseseries.analysis.remarks import join
from caseseries.analysis.results import Result, Results
from caseseries.present.document import Inline, Inlines, Number, Text

__all__ = [
    "brief",
    "capital",
    "fill",
    "full",
    "interval",
    "join",
    "level_percent",
    "limits_of",
    "percent",
    "plain",
    "rounded",
    "show",
]

NOT_ESTIMABLE = "not estimable"
NOT_REACHED = "not reached"

TIME_UNITS = ("days", "months", "years")


def rounded(value: float, digits: int = 0) -> str:
    """A number in decimal notation: rounded(46.75) is "47"; a negative zero loses its sign."""
    step = Decimal(1).scaleb(-digits)
    text = str(Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP))
    return text.removeprefix("-") if not text.strip("-0.") else text.replace("-", "−")


def percent(value: float, digits: int = 0) -> str:
    """A proportion as "47%"."""
    return f"{rounded(100 * value, digits)}%"


def interval(lower: float | None, upper: float | None, digits: int = 0) -> str:
    """The limits of a proportion, in percent, as "19–73"; a limit that does not exist says so."""
    shown = (NOT_ESTIMABLE if limit is None else rounded(100 * limit, digits) for limit in (lower, upper))
    return "–".join(shown)


def level_percent(fraction: float) -> str:
    """A fraction of cells as "0.06%": two significant figures at most, never an exponent."""
    number = Decimal(repr(float(fraction))) * 100
    if number and number < 10:
        number = number.quantize(Decimal(1).scaleb(number.adjusted() - 1), rounding=ROUND_HALF_UP).normalize()
    else:
        number = number.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return f"{number:f}%"


def show(results: Results) -> Results:
    """Every result with its printed string."""
    return Results(replace(result, shown=full(result)) for result in results.values())


def full(result: Result) -> str:
    """The exact string printed for a result: its value, and its interval where it has one."""
    estimate = result.estimate
    limits = limits_of(result)
    if estimate.value is None:
        return _missing(result)
    if result.unit == "proportion":
        return f"{estimate.events}/{estimate.n} ({percent(estimate.value)}; {limits})"
    unit = f" {result.unit}" if result.unit in (*TIME_UNITS, "10⁹/L") else ""
    return f"{brief(result)}{unit} ({limits})" if limits else f"{brief(result)}{unit}"


def brief(result: Result) -> str:
    """The value alone, for a table whose other columns say the rest."""
    value = result.estimate.value
    if value is None:
        return _missing(result)
    if result.unit == "proportion":
        return f"{result.estimate.events} ({percent(value)})"
    return _value(result, value)


def limits_of(result: Result) -> str:
    """ "95% CI 2–80"; empty when the result has no interval."""
    estimate = result.estimate
    if estimate.lower is None and estimate.upper is None:
        return ""
    return f"{rounded(100 * estimate.level)}% CI {_limit(result, estimate.lower)}–{_limit(result, estimate.upper)}"


def _limit(result: Result, limit: float | None) -> str:
    if limit is None:
        return NOT_REACHED if result.unit in TIME_UNITS else NOT_ESTIMABLE
    return _value(result, limit).removesuffix("%")


def _value(result: Result, value: float) -> str:
    if result.unit in ("proportion", "probability"):
        return percent(value)
    if result.unit == "fraction of cells":
        return level_percent(value)
    # A median of an even number of whole days may fall on a half; rounding it would invent a day.
    half = result.unit == "days" and value != int(value)
    return rounded(value, 1 if half else result.decimals)


def _missing(result: Result) -> str:
    return NOT_REACHED if "not reached" in result.estimate.because else NOT_ESTIMABLE


FIELDS: dict[str, Callable[[Result], str]] = {
    "": lambda result: result.shown,
    "value": brief,
    "limits": limits_of,
    "range": lambda result: limits_of(result).split("CI ")[-1],
    "of": lambda result: f"{result.estimate.events} of {result.estimate.n}",
    "n": lambda result: str(result.estimate.n),
    "events": lambda result: str(result.estimate.events),
    "at_risk": lambda result: str(result.estimate.at_risk),
}

PLACE = re.compile(r"\{([a-z0-9_.]+)(?::([a-z_]+))?\}")


def fill(text: str, results: Mapping[str, Result]) -> Inlines:
    """A sentence with results in braces as runs of words and numbers: "{n.cases} children", "{a.b:at_risk}".

    Raises:
        KeyError: a result or field that does not exist; a sentence never prints a gap.
    """
    runs: list[Inline] = []
    position = 0
    for place in PLACE.finditer(text):
        if place.start() > position:
            runs.append(Text(text[position : place.start()]))
        runs.append(Number(place[1], FIELDS[place[2] or ""](results[place[1]])))
        position = place.end()
    if position < len(text):
        runs.append(Text(text[position:]))
    return tuple(runs)


def plain(inlines: Inlines) -> str:
    """The words alone."""
    return "".join(run.text if isinstance(run, Text) else run.shown for run in inlines)


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]
