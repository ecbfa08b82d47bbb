"""CP-SAT, as the searches here use it: one thread, a fixed seed, effort counted instead of time.

It reckons in whole numbers only, so what it calls impossible rests on no floating point.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from caseseries.evidence.cohort import State

WORK = 50_000  # units of Answer.work in one second of CP-SAT's own clock, which counts steps
WRITTEN = 3  # constraints that are written down in one unit of work
EFFORT = 20.0  # of these seconds, at most, in one search


class Model:
    """A model under construction; `model` is CP-SAT's own.

    That it is `bounded` by linear programmes helps a proof, and hinders where solutions are many.
    """

    def __init__(self, bounded: bool = True) -> None:
        from ortools.sat.python import cp_model  # a third of a second, which only claims pay

        self.model = cp_model.CpModel()
        self.zero: Any = self.model.new_constant(0)
        self.work, self.bounded = 0, bounded
        self._solver = cp_model.CpSolver()
        self._feasible = cp_model.FEASIBLE
        self._states: dict[Any, State] = {
            cp_model.OPTIMAL: "found",
            cp_model.FEASIBLE: "found",
            cp_model.INFEASIBLE: "none",
        }

    def number(self, low: int, high: int) -> Any:
        return self.model.new_int_var(low, high, "")

    def choice(self) -> Any:
        return self.model.new_bool_var("")

    def between(self, expression: Any, low: int, high: int) -> Any:
        return self.model.add_linear_constraint(expression + self.zero, low, high)

    def all_of(self, literals: Sequence[Any]) -> Any:
        """A choice that is 1 exactly where all of these are."""
        together = self.choice()
        self.model.add_bool_and(literals).only_enforce_if(together)
        self.model.add_bool_or([together, *(~literal for literal in literals)])
        return together

    def is_less(self, one: Any, other: Any) -> Any:
        """A choice that is 1 exactly where one is less than the other."""
        less = self.choice()
        self.model.add(one < other).only_enforce_if(less)
        self.model.add(one >= other).only_enforce_if(~less)
        return less

    def refuse(self) -> None:
        """Nothing satisfies a model that this was said of."""
        self.model.add_bool_or([])

    def forbid(self, choices: Iterable[Any]) -> None:
        """Not these choices again as they were in the solution found, all of them together."""
        self.model.add_bool_or([~each if self.value(each) else each for each in choices])

    def solve(self, effort: float = EFFORT, proved: bool = False) -> State:
        """`found` with a solution, and only with the best one where that is to be `proved`."""
        parameters = self._solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = 1
        parameters.linearization_level = int(self.bounded)
        parameters.symmetry_level = 0  # else 9.15 ends the whole program on some small models
        parameters.cp_model_probing_level = 0  # it took ten times the work, and decided nothing more
        parameters.max_deterministic_time = max(effort, 0.0)
        status = self._solver.solve(self.model)
        self.work += round(WORK * self._solver.response_proto.deterministic_time)
        self.work += len(self.model.proto.constraints) // WRITTEN
        state = self._states.get(status, "undecided")
        return "undecided" if proved and status == self._feasible else state

    def value(self, expression: Any) -> int:
        """What an expression came to in the solution found."""
        return int(self._solver.value(expression))
