"""A small language for integer programmes: whole variables, linear rows, choices; HiGHS solves them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from caseseries.evidence.cohort import State

NODES = 4_000  # branch-and-bound nodes before the search gives up: a count, so that every run agrees


@dataclass(frozen=True)
class Linear:
    """A whole-number expression: a coefficient a variable, and a constant."""

    terms: Mapping[int, int]
    constant: int

    def __add__(self, other: "Linear") -> "Linear":
        terms = dict(self.terms)
        for variable, coefficient in other.terms.items():
            terms[variable] = terms.get(variable, 0) + coefficient
        return Linear({v: c for v, c in terms.items() if c}, self.constant + other.constant)

    def __neg__(self) -> "Linear":
        return Linear({v: -c for v, c in self.terms.items()}, -self.constant)

    def __sub__(self, other: "Linear") -> "Linear":
        return self + -other


def number(value: int) -> Linear:
    return Linear({}, value)


@dataclass
class Programme:
    """Bounded whole variables and rows low ≤ Σ cᵢxᵢ ≤ high, grown while a problem is written down."""

    bounds: list[tuple[int, int]] = field(default_factory=list)
    rows: list[tuple[Mapping[int, float], float, float]] = field(default_factory=list)
    falls: dict[object, Mapping[int, Linear]] = field(
        default_factory=dict
    )  # by number at risk, whether it is in use
    picks: dict[object, tuple[dict[int, Linear], dict[int, float]]] = field(default_factory=dict)
    members: int = 0  # how many survive, where some fates are open
    broken: bool = False

    def whole(self, low: int, high: int) -> Linear:
        self.broken |= low > high
        self.bounds.append((low, high))
        return Linear({len(self.bounds) - 1: 1}, 0)

    def choice(self) -> Linear:
        return self.whole(0, 1)

    def range(self, line: Linear) -> tuple[int, int]:
        """The smallest and largest value the bounds allow."""
        low = high = line.constant
        for variable, coefficient in line.terms.items():
            ends = sorted(coefficient * bound for bound in self.bounds[variable])
            low, high = low + ends[0], high + ends[1]
        return low, high

    def require(self, line: Linear, low: float, high: float = math.inf) -> None:
        least, most = self.range(line)
        self.broken |= most < low or least > high
        if line.terms and (least < low or most > high):
            self.rows.append((line.terms, low - line.constant, high - line.constant))

    def implies(self, choice: Linear, line: Linear) -> None:
        """Where `choice` is 1, `line` is at least 0."""
        least, _ = self.range(line)
        if least < 0:
            self.require(
                line + Linear({v: c * least for v, c in choice.terms.items()}, least * (choice.constant - 1)),
                0,
            )

    def not_less(self, line: Linear) -> Linear:
        """A choice that is 1 exactly where `line` is at least 0."""
        least, most = self.range(line)
        if least >= 0 or most < 0:
            return number(int(least >= 0))
        choice = self.choice()
        self.implies(choice, line)
        self.implies(number(1) - choice, number(-1) - line)
        return choice

    def solve(self, goal: Linear) -> tuple[State, list[int]]:
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        if self.broken:
            return "none", []
        size = len(self.bounds)
        cost = np.zeros(size)
        for variable, coefficient in goal.terms.items():
            cost[variable] = coefficient
        columns = [variable for terms, _, _ in self.rows for variable in terms]
        values = [float(value) for terms, _, _ in self.rows for value in terms.values()]
        starts = np.cumsum([0, *(len(terms) for terms, _, _ in self.rows)])
        matrix = csr_array((values, columns, starts), shape=(len(self.rows), size))
        low, high = [row[1] for row in self.rows], [row[2] for row in self.rows]
        constraints = LinearConstraint(matrix, low, high) if self.rows else None
        bounds = Bounds([b[0] for b in self.bounds], [b[1] for b in self.bounds])
        for presolve in (True, False):  # HiGHS has called problems infeasible that are not: it is asked twice
            found = milp(
                cost,
                integrality=np.ones(size, dtype=np.int64),
                bounds=bounds,
                constraints=constraints,
                options={"node_limit": NODES, "mip_rel_gap": 0, "presolve": presolve},
            )
            if found.status != 2:
                break
        proved = found.status == 0 or not goal.terms
        if found.x is not None and proved:
            return "found", [round(value) for value in found.x]
        return ("none" if found.status == 2 else "undecided"), []

    def cut(self, place: object, solution: Sequence[int]) -> bool:
        """Forbid the numbers at risk of an estimate in this solution, and no others; False if it is no estimate."""
        if place not in self.falls:
            return False
        terms: dict[int, float] = {}
        used = 0
        for line in self.falls[place].values():
            is_used = sum(c * solution[v] for v, c in line.terms.items()) + line.constant
            used += is_used
            terms |= {v: float(c if is_used else -c) for v, c in line.terms.items()}
        self.rows.append((terms, -math.inf, used - 1))
        return True
