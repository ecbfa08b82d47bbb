"""The protocol of a study, as data: what a haematologist writes in study.toml, checked and frozen.

Every model refuses unknown keys and wrong types; `study.load` turns refusals into findings with their TOML
path. Nothing here reads a file or knows a patient.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Sentence = Annotated[str, StringConstraints(min_length=1)]
Horizon = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*[dmy]$")]

EventName = Literal[
    "birth", "diagnosis", "complete remission", "relapse", "second malignancy", "death", "index", "hsct"
]

DAYS_PER_YEAR = 365.25
DOSE_UNIT = "µg/m²/day"  # of blinatumomab

Remission = Literal[
    "CR1, MRD-positive",
    "CR1, MRD-negative",
    "CR2, MRD-positive",
    "CR2, MRD-negative",
    "CR3 or later, MRD-positive",
    "CR3 or later, MRD-negative",
    "not in remission",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Index(_Part):
    """The treatment that defines the cohort. `treatment` must be one of the study's treatments.

    `other_names` are what minutes and centres call it too: trade names and abbreviations.
    """

    treatment: Sentence
    label: Sentence
    other_names: tuple[Sentence, ...] = ()
    dose_unit: Sentence = DOSE_UNIT


class Rule(_Part):
    """One eligibility rule: a variable and its condition. A case that fails it is excluded with `reason`."""

    variable: Word
    reason: Sentence
    one_of: tuple[str, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None
    is_yes: bool | None = None
    from_date: date | None = None
    to_date: date | None = None


class Origin(_Part):
    """Day 0 of a clock."""

    event: EventName
    label: Sentence


class Endpoint(_Part):
    """Events, and the events that prevent them; the first of either ends the clock.

    Cases with neither are censored on the last day they were seen (or on the data cut, if earlier).
    """

    label: Sentence
    short: Sentence
    events: tuple[EventName, ...] = Field(min_length=1)
    competing: tuple[EventName, ...] = ()


class Wanted(_Part):
    """One set of estimates: an endpoint, from each origin, quoted at each horizon."""

    endpoint: Word
    origins: tuple[Word, ...] = Field(min_length=1)
    horizons: tuple[Annotated[Horizon, StringConstraints(max_length=10)], ...] = Field(min_length=1)


class Response(_Part):
    """When an MRD response is complete or partial. `sensitivity` is a fraction of cells (1e-4 is 0.01 %).

    The level before treatment is summarised over cases whose remission at start is one of `before_in`, by default
    every MRD-positive one: in a child not in remission it measures leukaemia, not minimal residual disease. "After"
    ends with the event of the origin `after_until`, `after_within_days` after the start, or with another treatment or
    a relapse, whichever is first. `criteria` is the profile by which raw plates are interpreted: a built-in one, or a
    TOML file in the study folder.
    """

    sensitivity: float = Field(gt=0, lt=1)
    before_in: tuple[str, ...] | None = None
    partial_log_reduction: float = Field(default=1.0, gt=0)
    before_within_days: int = Field(default=35, ge=0)
    after_until: Word | None = None
    after_within_days: int | None = Field(default=None, ge=1)
    criteria: Sentence = "esg-mrd-all-2007/prevent-false-negative"


class Toxicity(_Part):
    """`kinds` gives each toxicity the centres may report a short name of ours: crs = "CRS"."""

    scale: Sentence
    kinds: dict[Word, str] = Field(min_length=1)


class Reporting(_Part):
    """How numbers are quoted. Below `minimum_at_risk` a horizon is printed only with its warning; `style` is the
    journal whose conventions are followed, and changes no result."""

    minimum_at_risk: int = Field(default=5, ge=1)
    level: float = Field(default=0.95, gt=0.5, lt=1)
    interval: Literal["default", "bpcp", "log-log"] = "default"
    style: Literal["plain", "blood", "lancet", "jama"] = "plain"
    characteristics: tuple[Word, ...] = ()


class Study(_Part):
    """The whole protocol."""

    title: Sentence
    short_title: Sentence
    design: Sentence
    population: Sentence
    countries: tuple[str, ...] = Field(min_length=1)
    centres: tuple[str, ...] = ()
    data_cut: date
    notice: str = ""
    treatments: tuple[str, ...] = Field(min_length=1)
    first_line_protocols: tuple[str, ...] = Field(min_length=1)
    indications: tuple[Sentence, ...] = ("after relapse", "first line: resistant or refractory")
    remissions: tuple[Remission, ...] = ("CR1, MRD-positive", "CR2, MRD-positive", "not in remission")
    relapse_phenotypes: tuple[Sentence, ...] = (
        "CD19-positive",
        "CD19-negative",
        "CD19-dim",
        "lineage switch",
        "not known",
    )
    index: Index
    eligibility: tuple[Rule, ...] = ()
    origins: dict[Word, Origin]
    endpoints: dict[Word, Endpoint]
    estimates: tuple[Wanted, ...] = ()
    response: Response
    toxicity: Toxicity
    report: Reporting = Reporting()

    @property
    def before_in(self) -> tuple[str, ...]:
        """The states at the start over which the level of MRD before treatment is summarised."""
        if self.response.before_in is not None:
            return self.response.before_in
        return tuple(state for state in self.remissions if state.endswith("MRD-positive"))

    @property
    def start(self) -> str:
        """What the protocol calls the start of the index treatment where it counts from it."""
        called = (origin.label for origin in self.origins.values() if origin.event == "index")
        return next(called, f"start of {self.index.label}")

    @property
    def told_from(self) -> Literal["hsct", "index"]:
        """The event from which relapses and deaths are told case by case: the transplant where the protocol counts
        from one, else the index treatment."""
        return "hsct" if any(origin.event == "hsct" for origin in self.origins.values()) else "index"


def days_of(horizon: str) -> int:
    """The last whole day of a horizon: "36m" is day 1095 (36 × 365.25/12 = 1095.75, rounded down).

    Events fall on whole days, so a curve has the same value on day 1095 as at 1095.75.
    """
    number, unit = int(horizon[:-1]), horizon[-1]
    return {"d": number, "m": int(number * DAYS_PER_YEAR / 12), "y": int(number * DAYS_PER_YEAR)}[unit]
