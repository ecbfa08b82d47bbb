"""The tests that can be asked for by name: between groups, and of one cohort against a reference.

A test is imported when it is asked for, so that a curve alone does not wait for it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import exp
from typing import TYPE_CHECKING

from caseseries.registry.coding import read_number
from caseseries.registry.counted import Counted
from caseseries.stats.comparison import WEIGHTS, combine_weights, compare_curves
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import EventTable, single_cause

if TYPE_CHECKING:
    from caseseries.stats.reference import Reference

DRAWS, SEED = 100_000, 0  # of a permutation test too large to be counted
GRAY, TREND, MAX_COMBO, FIXED_TIME, MEDIANS = "gray", "trend", "max-combo", "fixed-time", "medians"
FLEMING = "fleming-harrington"
_POWERS = re.compile(FLEMING + r":(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
AGAINST = ("log-rank", "wu", "exact")  # of one cohort against a reference

Layers = tuple[Sequence[EventTable], ...]  # the groups within each stratum; one layer where there are none


@dataclass(frozen=True)
class Tested:
    """A test under the name it was asked by; of one group, one cause or one time (as written) if of one."""

    name: str
    test: Comparison
    group: str | None = None
    cause: str | None = None
    at: str | None = None


def is_known(name: str) -> bool:
    """Whether a test can be asked for by this name."""
    return name in NAMES or bool(_POWERS.fullmatch(name))


def compare_groups(counted: Counted, names: Sequence[str], days: Mapping[str, int]) -> Iterator[Tested]:
    """The named tests between the groups that have rows: Gray's for each cause, "fixed-time" for each of `days`.

    Within strata if there are any; a test that has no stratified form says so. Where causes compete, a test of
    hazards is of any event first, and then of each cause.
    """
    groups = [group for group, table in counted.tables.items() if table.n]
    strata = counted.strata.values() or [counted.tables]
    layers = tuple([tables[group] for group in groups] for tables in strata)
    compare = partial(_compare, counted, groups, layers)
    for name in names:
        if name == GRAY:
            for number, cause in enumerate(counted.causes, 1):
                test = compare(name, partial(_gray, number))
                yield Tested(name, test, cause=cause or None)
        elif name == FIXED_TIME:
            for at, day in days.items():
                test = compare(name, partial(_fixed_time, day))
                yield Tested(name, test, at=at)
        else:
            of_any = partial(_trend, groups) if name == TREND else TESTS.get(name) or partial(_powers, name)
            yield Tested(name, compare(name, of_any))
            for number, cause in _causes(counted) if name != MEDIANS else ():
                yield Tested(name, compare(name, partial(_of_cause, number, of_any)), cause=cause)


def compare_with(counted: Counted, reference: "Reference") -> Iterator[Tested]:
    """Each group against the reference, again with its sampling error if the reference has one, and at its points."""
    from caseseries.stats.reference import FAR, compare_survival_to, compare_to_reference

    for group, table in counted.tables.items():
        for method in AGAINST:
            yield Tested(f"reference-{method}", compare_to_reference(table, reference, method), group)
        for method in AGAINST[:2] if reference.variance is not None else ():
            test = compare_to_reference(table, reference, method, reference_error=True)
            yield Tested(f"reference-{method}-with-error", test, group)
        points = () if reference.flat else zip(reference.days[1:], reference.hazard[1:], strict=True)
        for day, hazard in points:
            survival = exp(-hazard)
            if survival < 1 and day < FAR:
                test = compare_survival_to(table, int(day), survival)
                yield Tested("reference-binomial", test, group, at=f"{day}d")


def _compare(
    counted: Counted, groups: list[str], layers: Layers, name: str, test: Callable[[Layers], Comparison]
) -> Comparison:
    n = sum(counted.tables[group].n for group in groups)
    if len(groups) < 2:
        return Comparison(name, None, None, None, n, because="there are fewer than two groups with rows")
    if name in PAIRWISE and len(groups) > 2:
        return Comparison(name, None, None, None, n, because=f"it compares two groups, not {len(groups)}")
    if name in UNSTRATIFIED and counted.strata:
        return Comparison(name, None, None, None, n, because="it has no stratified form: leave --strata out")
    return test(layers)


def _causes(counted: Counted) -> Iterator[tuple[int, str]]:
    """The causes with their numbers, if several compete."""
    yield from enumerate(counted.causes, 1) if len(counted.causes) > 1 else ()


def _of_cause(cause: int, test: Callable[[Layers], Comparison], layers: Layers) -> Comparison:
    """The test of one cause's hazard: events of the others are censorings."""
    return test(tuple([single_cause(table, [cause]) for table in tables] for tables in layers))


def _gray(cause: int, layers: Layers) -> Comparison:
    from caseseries.stats.gray import compare_incidence

    return compare_incidence(*layers, cause=cause)


def _fixed_time(day: int, layers: Layers) -> Comparison:
    from caseseries.stats.melding import compare_survival

    return compare_survival(layers[0][0], layers[0][1], day)


def _weighted(weight: str, layers: Layers) -> Comparison:
    return compare_curves(*layers, weight=weight, rho=1 if weight == FLEMING else 0)


def _powers(name: str, layers: Layers) -> Comparison:
    """Fleming–Harrington with powers of the asker's own, as in "fleming-harrington:0:1"."""
    found = _POWERS.fullmatch(name)
    assert found
    return compare_curves(*layers, weight=FLEMING, rho=float(found[1]), gamma=float(found[2]))


def _trend(groups: Sequence[str], layers: Layers) -> Comparison:
    """Log-rank for trend, in the values of the groups if they are numbers, else in their order."""
    numbers = [read_number(group) for group in groups]
    scores = [number for number in numbers if number is not None]
    said = "scores are the groups' own numbers"
    if len(scores) < len(groups):
        scores = list(range(1, len(groups) + 1))
        pairs = (f"{group} {score:g}" for group, score in zip(groups, scores, strict=True))
        said = f"scores in the order of the groups' names: {', '.join(pairs)}"
    test = compare_curves(*layers, scores=scores)
    return replace(test, caveats=(*test.caveats, said))


def _permuted(weight: str, layers: Layers) -> Comparison:
    """Counted if the possible sums are few enough to list, else drawn."""
    from numpy.random import default_rng

    if len(layers) > 1:
        from caseseries.stats.stratified import permute_within

        return permute_within([(a, b) for a, b in layers], weight, DRAWS, default_rng(SEED))
    from caseseries.stats.permutation import permute_groups

    a, b = layers[0]
    try:
        return permute_groups(a, b, weight)
    except ValueError:
        return permute_groups(a, b, weight, DRAWS, default_rng(SEED))


def _medians(layers: Layers) -> Comparison:
    from caseseries.stats.melding import compare_medians

    return compare_medians(layers[0][0], layers[0][1])


TESTS: dict[str, Callable[[Layers], Comparison]] = {
    **{name: partial(_weighted, name) for name in WEIGHTS},
    FLEMING: partial(_weighted, FLEMING),
    MAX_COMBO: lambda layers: combine_weights(layers[0][0], layers[0][1]),
    **{f"exact-{name}": partial(_permuted, name) for name in WEIGHTS},
    MEDIANS: _medians,
}
NAMES = (*TESTS, TREND, GRAY, FIXED_TIME)
ALLOWED = (*NAMES, f"{FLEMING}:RHO:GAMMA")
UNSTRATIFIED = frozenset({MAX_COMBO, MEDIANS, FIXED_TIME})
PAIRWISE = UNSTRATIFIED | {name for name in TESTS if name.startswith("exact-")}
