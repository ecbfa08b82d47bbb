"""What every estimator returns: a number with its uncertainty, or the reason why there is none."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate, its interval and what it rests on.

    `value` None means *not estimable*, and `because` says why; a limit may be None while the value is not
    (a median whose upper limit was not reached). `at_risk` is the number at risk at the quoted time, for
    estimates that have one.
    """

    value: float | None
    lower: float | None
    upper: float | None
    level: float
    method: str
    n: int
    events: int | None = None
    at_risk: int | None = None
    because: str = ""
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A test: its statistic and p-value, or the reason why there is none.

    `df` is None where the statistic refers to no chi-square. `observed` and `expected` events are per group.
    """

    name: str
    statistic: float | None
    df: int | None
    p: float | None
    n: int
    observed: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()
    because: str = ""
    caveats: tuple[str, ...] = ()
