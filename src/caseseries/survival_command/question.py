"""What is asked, and every option that cannot be answered."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.registry.coding import CODINGS, DAYS_PER_UNIT, Layout
from caseseries.stats.intervals import INTERVALS
from caseseries.study.toml import suggest
from caseseries.survival_command.comparisons import ALLOWED, FIXED_TIME, is_known

MODELS = ("cox", "firth")
MODEL_OPTIONS = ("efron", "breslow", "robust", "wald", "profile")
DEFAULT, AUTO = "default", "auto"
ALIASES = {"bpcp-mid-p": "bpcp-midp", "thomas-grunkemeier": "likelihood-ratio", "arcsin": "arcsine"}
HORIZON = re.compile(r"[1-9][0-9]{0,8}[dmy]")  # a day that no array could hold is none
_TIMES = "a number with d, m or y, as in 100d, 12m or 3y"


@dataclass(frozen=True)
class Question:
    """What is asked of the event tables.

    Times are as written ("12m", "3y", "100d"): `at` the horizons, `rmst` those of restricted means ("auto" for the
    latest that keeps enough at risk), `given` a time survived to, `landmark` a time all days are counted from.
    `quantiles` are percentages of patients with the event.
    """

    at: tuple[str, ...] = ()
    interval: str = DEFAULT
    level: float = 0.95
    tests: tuple[str, ...] = ()
    quantiles: tuple[str, ...] = ("50",)
    rmst: tuple[str, ...] = ()
    given: str = ""
    landmark: str = ""
    hazard: bool = False


@dataclass(frozen=True)
class Regression:
    """A model by name with its options ("cox", "cox,robust"), and its covariates by column; no words is none.

    Rows alike in the column `cluster` belong together, as a patient's two eyes do.
    """

    model: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    cluster: str = ""

    @property
    def firth(self) -> bool:
        return "firth" in self.model

    @property
    def ties(self) -> str:
        return "breslow" if "breslow" in self.model else "efron"

    @property
    def interval(self) -> str:
        by_profile = self.firth and not (self.robust or "wald" in self.model)
        return "profile" if "profile" in self.model or by_profile else "wald"

    @property
    def robust(self) -> bool:
        return "robust" in self.model or bool(self.cluster)


def words(option: str) -> tuple[str, ...]:
    """The words of an option that takes several, separated by commas; each once."""
    return tuple(dict.fromkeys(word.strip() for word in option.split(",") if word.strip()))


def check_question(
    source: str, layout: Layout, question: Question, regression: Regression, of_source: Mapping[str, object]
) -> None:
    """Raises StudyError with every option that is missing, without effect, or whose value is not one of those allowed.

    `of_source` are the options that only some sources have: --query, --table and --keep.
    """
    prism = source.endswith((".pzfx", ".prism"))
    findings = [
        *(() if prism else _missing({"--time": layout.time, "--event": layout.event})),
        *_unknown("--unit", layout.unit, tuple(DAYS_PER_UNIT)),
        *_unknown("--coding", layout.coding, tuple(CODINGS)),
        *_unknown("--interval", question.interval, (DEFAULT, *INTERVALS)),
        *_check_tests(layout, question, prism=prism),
        *_check_model(source, regression, prism=prism),
        *_check_times(question),
        *_check_columns(layout, regression),
        *_check_idle(source, question, regression, of_source, prism=prism),
    ]
    for option, column in (("strata", layout.strata), ("cause", layout.cause), ("entry", layout.entry)):
        if prism and column:
            what = f"a Prism table has no column of {'strata' if option == 'strata' else f'its {option}'}"
            findings.append(_option(f"--{option}", what, ""))
    if not 0 < question.level < 1:
        findings.append(_option("--level", f"{question.level:g} is not a level", "a number between 0 and 1"))
    if findings:
        raise StudyError(findings)


def days_of(horizon: str) -> int:
    """The last whole day of a horizon, as in a study: "36m" is day 1095 (1095.75, rounded down)."""
    days = {"d": 1.0, "m": DAYS_PER_UNIT["months"], "y": DAYS_PER_UNIT["years"]}
    return int(int(horizon[:-1]) * days[horizon[-1]])


def _check_tests(layout: Layout, question: Question, *, prism: bool) -> Iterator[Finding]:
    for test in question.tests:
        if not is_known(test):
            yield from _unknown("--test", test, ALLOWED)
    if question.tests and not (layout.group or prism):
        yield _option("--test", "there is nothing to compare without --group", "")
    if FIXED_TIME in question.tests and not question.at:
        yield _option(
            "--test", f"{FIXED_TIME} compares survival at the times of --at, which names none", _TIMES
        )


def _check_model(source: str, regression: Regression, *, prism: bool) -> Iterator[Finding]:
    if not regression.model:
        return
    name, *options = regression.model
    yield from _unknown("--model", name, MODELS)
    for option in options:
        yield from _unknown("--model", option, MODEL_OPTIONS)
    if regression.robust and "profile" in options:
        yield _option("--model", "limits of the profile likelihood know nothing of a robust variance", "wald")
    yield from _missing({"--covariates": ",".join(regression.covariates)})
    if prism or "://" in source:
        what = "a regression needs the rows, which a Prism table or a database does not give"
        yield _option("--model", what, "a text file, or Parquet")


def _check_columns(layout: Layout, regression: Regression) -> Iterator[Finding]:
    """A time, an entry or an event that is also something it cannot be."""
    taken = {layout.event: "--event", layout.entry: "--entry", layout.time: "--time"}
    asked = [("--entry", layout.entry)] * (layout.entry == layout.time)
    asked += [("--group", layout.group), ("--strata", layout.strata), ("--cluster", regression.cluster)]
    asked += [("--covariates", name) for name in regression.covariates]
    for option, name in asked:
        if name and name in taken:
            yield _option(option, f"{name} is the column of {taken[name]} already", "")


def _check_idle(
    source: str, question: Question, regression: Regression, of_source: Mapping[str, object], *, prism: bool
) -> Iterator[Finding]:
    """Options that would change nothing: whoever gives one expects something of it."""
    url, timed = "://" in source, [at for at in (question.given, *question.at) if HORIZON.fullmatch(at)]
    later = len(timed) < 2 or any(days_of(at) > days_of(timed[0]) for at in timed[1:])
    idle = {
        "--covariates": (
            regression.covariates and not regression.model,
            "there is no --model to put them in",
        ),
        "--cluster": (regression.cluster and not regression.model, "there is no --model whose rows it joins"),
        "--hazard": (
            question.hazard and not question.at,
            "it is given at the times of --at, which names none",
        ),
        "--given": (question.given and not (question.at and later), "no time of --at is later"),
        "--query": (of_source.get("--query") and not url, "only a database is asked with a query"),
        "--table": (of_source.get("--table") and not prism, "only a Prism file has tables of a name"),
        "--keep": (of_source.get("--keep") and url, "there is no file to keep the counts beside"),
    }
    for option, (given, why) in idle.items():
        if given:
            yield Finding(
                Where(option), "option", Severity.STUDY, f"it changes nothing: {why}", "", "Leave it out"
            )


def _check_times(question: Question) -> Iterator[Finding]:
    singles = (("--given", question.given), ("--landmark", question.landmark))
    for option, times in (
        ("--at", question.at),
        ("--rmst", tuple(time for time in question.rmst if time != AUTO)),
        *((option, (time,)) for option, time in singles if time),
    ):
        for time in times:
            if not HORIZON.fullmatch(time):
                yield _option(option, f'"{time}" is not a time', _TIMES)
    for percentage in question.quantiles:
        if not re.fullmatch(r"\d+(\.\d+)?", percentage) or not 0 < float(percentage) < 100:
            allowed = "percentages between 0 and 100, as in 25,50,75"
            yield _option("--quantiles", f'"{percentage}" is not a percentage', allowed)


def _unknown(option: str, value: str, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if value not in allowed:
        what, do = f'"{value}" is not known', suggest(value, allowed)
        yield Finding(Where(option), "option", Severity.STUDY, what, ", ".join(allowed), do)


def _missing(options: Mapping[str, str]) -> Iterator[Finding]:
    for option, value in options.items():
        if not value:
            yield Finding(
                Where(option), "option", Severity.STUDY, "no column is named", "", f"Add {option} COLUMN"
            )


def _option(option: str, what: str, allowed: str) -> Finding:
    return Finding(Where(option), "option", Severity.STUDY, what, allowed, "Correct the option")
