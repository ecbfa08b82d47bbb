"""The one place that turns numbers into words. Rounding is half up, as in print, and happens only here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from caseseries.analysis.results import Result, Results
from caseseries.findings import join, noun

if TYPE_CHECKING:
    from caseseries.analysis.displays import LevelAt, MrdPoint
    from caseseries.present.document import Inline, Inlines, Text

__all__ = [
    "STYLES",
    "Style",
    "bounds_of",
    "brief",
    "capital",
    "fill",
    "full",
    "interval",
    "join",
    "level_interval",
    "level_percent",
    "level_words",
    "limit",
    "limits_of",
    "noun",
    "p_before",
    "p_value",
    "percent",
    "plain",
    "power",
    "powers",
    "rounded",
    "show",
    "spell",
]


@dataclass(frozen=True)
class Style:
    """How a journal prints a number and its interval; the number itself is the same in every style.

    `decimal` stands for the point, `between` for the dash of a range, `before` for what precedes the limits after the
    confidence level. `share` follows a percentage in brackets beside its count, `limit_share` each limit in a sentence.
    `p` comes before a p-value, with `equal` unless it is bounded by a sign and `bound`; `unit_zero` is the zero before
    its point. P has two decimals, or three below 0.01; or two `significant` figures, in at most four decimals. One
    close to 1 is printed as 1 only if it may be `one`.
    """

    decimal: str = "."
    between: str = "–"
    before: str = "% CI "
    share: str = "%"
    limit_share: str = ""
    p: str = "P\u00a0"
    equal: str = "=\u00a0"
    bound: str = ""
    unit_zero: str = "0"
    significant: bool = False
    one: bool = True


# As read in print. Blood 2021;138:331: "80.3% (95% confidence interval [CI], 78.9-81.7)", "P = .03", "P < .001"; and
# the AMA Manual of Style, 11th edition, which Blood and JAMA follow: no zero before the point of a P, which cannot
# exceed 1, P > .99 near it, and a percent sign at each end of a range. JAMA Intern Med 2021;181:1575: "95% CI,
# 0.00-0.08". JAMA's tables have no percent sign beside a count (theme_gtsummary_journal of R's gtsummary, whose
# "ll to ul" JAMA keeps for limits of which one is negative). Lancet Oncol 2011;12:1204: "95% CI 0·47–0·80", "p=0·0003".
STYLES = {
    "plain": Style(bound="\u00a0"),
    "blood": Style(between="-", before="% CI, ", bound="\u00a0", unit_zero="", one=False),
    "lancet": Style(decimal="·", p="p", equal="=", significant=True),
    "jama": Style(
        between="-", before="% CI, ", share="", limit_share="%", bound="\u00a0", unit_zero="", one=False
    ),
}

NOT_ESTIMABLE = "not estimable"
NOT_REACHED = "not reached"
NOT_DEFINED = "not defined"

TIME_UNITS = ("days", "months", "years")
PERCENTAGES = ("proportion", "probability", "fraction of cells")
NAMED_UNITS = (*TIME_UNITS, "10⁹/L", "cases", "percentage points")


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
    shown = [NOT_ESTIMABLE if limit is None else rounded(100 * limit, digits) for limit in (lower, upper)]
    return NOT_ESTIMABLE if lower is upper is None else "–".join(shown)


def level_percent(fraction: float) -> str:
    """A fraction of cells as "0.06%": two significant figures at most, never an exponent."""
    number = Decimal(repr(float(fraction))) * 100
    if number and number < 10:
        number = number.quantize(Decimal(1).scaleb(number.adjusted() - 1), rounding=ROUND_HALF_UP).normalize()
    else:
        number = number.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return f"{number:f}%"


def power(number: float) -> str:
    """A positive number as laboratories write a dilution: "10⁻⁴", "5 × 10⁻⁴"; two significant figures."""
    return _raise(f"{number:.1e}".replace(".0e", "e"))


def powers(words: str) -> str:
    """Words with every number such as 1.80e-03 written as "1.80 × 10⁻³", no figure lost."""
    return _EXPONENT.sub(lambda found: _raise(found[0]), words)


def _raise(number: str) -> str:
    figures, exponent = number.split("e")
    raised = f"10{str(int(exponent)).translate(_RAISED)}"
    return raised if figures == "1" else f"{figures} × {raised}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EXPONENT = re.compile(r"(?<![\w.])\d(?:\.\d+)?e[+-]\d+\b")


def p_value(value: float, style: Style = STYLES["plain"]) -> str:
    """A p-value as a style prints it: "0.21", "0.004", "< 0.001"; "p=0·021" of the Lancet, "P > .99" of JAMA."""
    least = 4 if style.significant else 3
    if value < 10**-least:
        return f"<{style.bound}{_unit(rounded(10**-least, least), style)}"
    if not style.one and value >= 0.995:
        return f">{style.bound}{_unit('0.99', style)}"
    return _unit(rounded(value, _p_digits(value, style)), style)


def _p_digits(value: float, style: Style) -> int:
    if not style.significant:
        return 3 if value < 0.00995 else 2
    # Rounding may carry into the next decimal: 0.0996 is 0.10.
    return next((digits for digits in (2, 3) if float(rounded(value, digits)) >= 10 ** (1 - digits)), 4)


def _unit(number: str, style: Style) -> str:
    """A number below 1, with or without the zero before its point."""
    return number.replace("0.", f"{style.unit_zero}.", 1).replace(".", style.decimal)


def p_before(result: Result) -> str:
    """ "P = " or "P " before a p-value in its style, in one piece with it."""
    style = STYLES[result.style]
    return style.p if result.shown.startswith(("<", ">")) else f"{style.p}{style.equal}"


def level_words(point: "MrdPoint | LevelAt") -> str:
    """An MRD level with its state: "0.2%", "not detected (< 0.01%)"."""
    if point.value is not None:
        return level_percent(point.value)
    return f"{point.state} (< {level_percent(point.limit)})" if point.limit is not None else point.state


def level_interval(point: "LevelAt") -> str:
    """As `level_words`, with the interval of a level that was read from a plate: "0.2% (95% interval 0.14–0.23%)"."""
    if not point.lower or not point.upper:
        return level_words(point)
    lower, upper = level_percent(point.lower).removesuffix("%"), level_percent(point.upper)
    return f"{level_words(point)} (95% interval {lower}–{upper})"


def show(results: Results, style: str = "plain") -> Results:
    """Every result with its printed string in one of `STYLES`."""
    styled = (replace(result, style=style) for result in results.values())
    return Results(replace(result, shown=full(result)) for result in styled)


def full(result: Result) -> str:
    """The exact string printed for a result: its value, and its interval where it has one."""
    estimate = result.estimate
    limits = limits_of(result)
    if estimate.value is None:
        return _missing(result)
    if result.unit == "proportion":
        return f"{estimate.events}/{estimate.n} ({percent(estimate.value)}; {limits})"
    unit = f" {result.unit}" if result.unit in NAMED_UNITS else ""
    return f"{brief(result)}{unit} ({limits})" if limits else f"{brief(result)}{unit}"


def brief(result: Result) -> str:
    """The value alone, for a table whose other columns say the rest."""
    value = result.estimate.value
    if value is None:
        return _missing(result)
    if result.unit == "proportion":
        return f"{result.estimate.events} ({_share(result, value)})"
    return _value(result, value)


def _share(result: Result, value: float) -> str:
    return f"{rounded(100 * value)}{STYLES[result.style].share}"


def limits_of(result: Result) -> str:
    """ "95% CI 2–80"; empty when the result has no interval, "95% CI not defined" when its method gives none here."""
    style = STYLES[result.style]
    bounds, before = _joined(result, style.limit_share), style.before
    if result.unit == "percentage points":  # what a posterior gives is a credible interval
        before = before.replace("CI", "CrI")
    return f"{rounded(100 * result.estimate.level)}{before}{bounds}" if bounds else ""


def bounds_of(result: Result) -> str:
    """ "2–80"; empty when the result has no interval, "not defined" when its method gives none here."""
    return _joined(result, "")


def _joined(result: Result, share: str) -> str:
    """Both limits; `share` follows one that is a percentage."""
    estimate = result.estimate
    if estimate.lower is None and estimate.upper is None:
        return NOT_DEFINED if _undefined(result) else ""
    signed = result.unit == "percentage points"  # a dash between negative numbers reads as a sign
    between = " to " if signed else STYLES[result.style].between
    sign = share if result.unit in PERCENTAGES else ""
    return between.join(
        limit(result, x) + (sign if x is not None else "") for x in (estimate.lower, estimate.upper)
    )


def _undefined(result: Result) -> bool:
    """Whether an interval was asked for and its method has none for this number: no event, or all of them."""
    estimate = result.estimate
    said = any("limits are not defined" in caveat for caveat in estimate.caveats)
    return said and result.unit == "probability" and estimate.value is not None


def limit(result: Result, bound: float | None) -> str:
    """One limit of an interval, without its unit."""
    if bound is None:
        return NOT_REACHED if result.unit in TIME_UNITS else NOT_ESTIMABLE
    return _value(result, bound).removesuffix("%")


def _value(result: Result, value: float) -> str:
    if result.unit in ("proportion", "probability"):
        return percent(value)
    if result.unit == "fraction of cells":
        return spell(level_percent(value), result.style)
    if result.unit == "p-value":
        return p_value(value, STYLES[result.style])
    # A median of an even number of whole days may fall on a half; rounding it would invent a day.
    half = result.unit == "days" and value != int(value)
    return spell(rounded(value, 1 if half else result.decimals), result.style)


def spell(number: str, style: str) -> str:
    """A printed number with the decimal mark of a style."""
    return number.replace(".", STYLES[style].decimal)


def _missing(result: Result) -> str:
    return NOT_REACHED if "not reached" in result.estimate.because else NOT_ESTIMABLE


FIELDS: dict[str, Callable[[Result], str]] = {
    "": lambda result: result.shown,
    "value": brief,
    "limits": limits_of,
    "range": bounds_of,
    "of": lambda result: f"{result.estimate.events} of {result.estimate.n}",
    "out_of": lambda result: f"{result.estimate.events} / {result.estimate.n}",
    "lower": lambda result: limit(result, result.estimate.lower),
    "upper": lambda result: limit(result, result.estimate.upper),
    "n": lambda result: str(result.estimate.n),
    "events": lambda result: str(result.estimate.events),
    "at_risk": lambda result: str(result.estimate.at_risk),
}

PLACE = re.compile(r"\{([a-z0-9_.]+)(?::([a-z_]+))?\}")


def fill(text: str, results: Mapping[str, Result], said: "Mapping[str, Text] | None" = None) -> "Inlines":
    """A sentence with results in braces as runs of words and numbers: "{n.cases} children", "{a.b:at_risk}".

    `said` are runs that stand for other names.

    Raises:
        KeyError: a result or field that does not exist; a sentence never prints a gap.
    """
    from caseseries.present.document import Number, Text

    runs: list[Inline] = []
    position = 0
    for place in PLACE.finditer(text):
        if place.start() > position:
            runs.append(Text(text[position : place.start()]))
        other = (said or {}).get(place[1])
        runs.append(other or Number(place[1], FIELDS[place[2] or ""](results[place[1]])))
        position = place.end()
    if position < len(text):
        runs.append(Text(text[position:]))
    return tuple(runs)


def plain(inlines: "Inlines") -> str:
    """The words alone."""
    from caseseries.present.document import Text

    return "".join(run.text if isinstance(run, Text) else run.shown for run in inlines)


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]
