"""The tests that can be asked for by name: between groups, and of one cohort against a reference.

A test is imported when it is asked for, so that a curve alone does not wait for it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from caseseries.registry.counted import Counted
from caseseries.stats.comparison import WEIGHTS, combine_weights, compare_curves
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import EventTable

if TYPE_CHECKING:
    from caseseries.stats.reference import Reference

DRAWS, SEED = 100_000, 0  # of a permutation test too large to be counted
GRAY = "gray"
AGAINST = ("log-rank", "wu", "exact")  # of one cohort against a reference


@dataclass(frozen=True)
class Tested:
    """A test under the name it was asked by, of one group against a reference or of one cause if either."""

    name: str
    test: Comparison
    group: str | None = None
    cause: str | None = None


def compare_groups(counted: Counted, names: Sequence[str]) -> Iterator[Tested]:
    """The named tests between the groups that have rows; Gray's once for each cause."""
    groups = [table for table in counted.tables.values() if table.n]
    for name in names:
        if name == GRAY:
            from caseseries.stats.gray import compare_incidence

            for number, cause in enumerate(counted.causes, 1):
                test = _compare(name, groups, partial(compare_incidence, cause=number))
                yield Tested(name, test, cause=cause or None)
        else:
            yield Tested(name, _compare(name, groups, TESTS[name]))


def compare_with(counted: Counted, reference: "Reference") -> Iterator[Tested]:
    """Each group against the reference, and again with its sampling error if the reference has one."""
    from caseseries.stats.reference import compare_to_reference

    for group, table in counted.tables.items():
        for method in AGAINST:
            yield Tested(f"reference-{method}", compare_to_reference(table, reference, method), group)
        for method in AGAINST[:2] if reference.variance is not None else ():
            test = compare_to_reference(table, reference, method, reference_error=True)
            yield Tested(f"reference-{method}-with-error", test, group)


def _compare(
    name: str, groups: list[EventTable], test: Callable[[list[EventTable]], Comparison]
) -> Comparison:
    n = sum(group.n for group in groups)
    if len(groups) < 2:
        return Comparison(name, None, None, None, n, because="there are fewer than two groups with rows")
    if name in PAIRWISE and len(groups) > 2:
        return Comparison(name, None, None, None, n, because=f"it compares two groups, not {len(groups)}")
    return test(groups)


def _weighted(weight: str, groups: list[EventTable]) -> Comparison:
    return compare_curves(groups, weight=weight, rho=1 if weight == "fleming-harrington" else 0)


def _permuted(weight: str, groups: list[EventTable]) -> Comparison:
    """Counted if the possible sums are few enough to list, else drawn."""
    from numpy.random import default_rng

    from caseseries.stats.permutation import permute_groups

    try:
        return permute_groups(groups[0], groups[1], weight)
    except ValueError:
        return permute_groups(groups[0], groups[1], weight, DRAWS, default_rng(SEED))


TESTS: dict[str, Callable[[list[EventTable]], Comparison]] = {
    **{name: partial(_weighted, name) for name in WEIGHTS},
    "fleming-harrington": partial(_weighted, "fleming-harrington"),
    "max-combo": lambda groups: combine_weights(groups[0], groups[1]),
    **{f"exact-{name}": partial(_permuted, name) for name in WEIGHTS},
}
NAMES = (*TESTS, GRAY)
PAIRWISE = frozenset({"max-combo", *(name for name in TESTS if name.startswith("exact-"))})
