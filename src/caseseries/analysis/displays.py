"""What figures and listings show, as plain numbers: computed here, only drawn in `present`.

Days are whole days from the origin named; levels are fractions of cells. A case is named only by its id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class FlowStep:
    """One box of the flow diagram, with the boxes that leave it to the side: (reason, n) each."""

    label: str
    n: int
    left: tuple[tuple[str, int], ...] = ()
    detail: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Curve:
    """A stepped curve with its interval at each day, and the counts beneath it.

    All sequences have one entry a day in `days` (day 0 first). `kind` is "survival" (falls from 1) or
    "incidence" (rises from 0). Limits are None where they cannot be computed.
    """

    id: str
    label: str
    origin: str
    kind: str
    method: str
    days: tuple[int, ...]
    estimate: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    at_risk: tuple[int, ...]  # just before the day
    events: tuple[int, ...]  # on the day
    censored: tuple[int, ...]  # on the day, after its events


@dataclass(frozen=True)
class MrdPoint:
    """One measured level. `value` is None unless quantified; `limit` is the level a negative excludes.

    `label` is the level as printed; `present`, which alone rounds, fills it in.
    """

    case_id: str
    when: str  # "before" or "after"
    day: int  # from start of index treatment
    state: str
    value: float | None
    limit: float | None
    label: str = ""


@dataclass(frozen=True)
class Span:
    """A stretch of a case's time-line, days from the display's origin: a treatment or a state."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Mark:
    """A dated event on a time-line."""

    kind: str
    day: int


@dataclass(frozen=True)
class LevelAt:
    """The level of a specimen on a day, with the limits it had. `limit` is the level that a specimen without a number
    excludes; `lower` and `upper` bound a quantified one where its plate was read. `label` is filled in by `present`.
    """

    day: int
    state: str
    value: float | None
    limit: float | None
    sensitivity: float | None = None
    quantitative_range: float | None = None
    lower: float | None = None
    upper: float | None = None
    label: str = ""


@dataclass(frozen=True)
class Trajectory:
    """MRD of one case over time, days from the display's origin, beside its treatments and events."""

    case_id: str
    points: tuple[LevelAt, ...]
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Lane:
    """One case on the time-line: `end` is the last day known, `alive` whether it ends in an arrow."""

    case_id: str
    spans: tuple[Span, ...]
    marks: tuple[Mark, ...]
    end: int
    alive: bool


@dataclass(frozen=True)
class Aftermath:
    """One relapse or death after the transplant, and what followed: (what, detail, day) each.

    `day` counts from the transplant. `mrd` is the last level measured before it. In a study that does not count
    from a transplant both are told from the index treatment, and `mrd` is the level after it. `before_hsct` is one
    that came before the transplant, or without one: it counts from the index treatment too.
    """

    case_id: str
    event: str
    detail: str
    day: int
    mrd: MrdPoint | None
    followed: tuple[tuple[str, str, int], ...]
    alive: bool
    before_hsct: bool = False


@dataclass(frozen=True)
class Listing:
    """One row a case, for the reader's own eyes: column names in order, and their values already typed."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str | int | float | date | None], ...]


@dataclass(frozen=True)
class Beside:
    """A published outcome beside a curve of ours: a curve of its own, or printed estimates with their limits.

    `points` are (day, estimate, lower, upper) each; limits are None where the reference gives no error.
    """

    ours: Curve
    name: str
    theirs: Curve | None
    points: tuple[tuple[int, float, float | None, float | None], ...] = ()


@dataclass(frozen=True)
class Contrast:
    """One comparison with a published outcome, or why it was not made.

    `names` are the published studies and `references` what of each was used, from where and how far it was read.
    `result_ids` are its rows, in the order to print; `refused` the reasons against it, each with what would
    make it possible; `told` what the protocol says allows it; `cautions` what must be said with it.
    """

    id: str
    ours: str
    theirs: tuple[str, ...]
    names: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    result_ids: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    told: str = ""
    cautions: tuple[str, ...] = ()
    drawn: Beside | None = None


@dataclass(frozen=True)
class Displays:
    flow: tuple[FlowStep, ...]
    curves: tuple[Curve, ...]
    mrd: tuple[MrdPoint, ...]
    mrd_target: float  # the protocol's sensitivity for a complete response
    lanes: tuple[Lane, ...]
    aftermath: tuple[Aftermath, ...]
    listing: Listing
    trajectories: tuple[Trajectory, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
