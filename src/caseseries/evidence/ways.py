"""A cohort of many cases, found or ruled out by counting: a way through layers of time, forwards then backwards.

Forwards, for every state that can be reached, the least and the greatest sum of logarithms that each printed
estimate can have come to, and of Greenwood's terms where limits are printed: exact for every sum by itself, and
for sums and differences of two. If these leave no way to the end, no cohort exists. Backwards a way is searched
for that stays within them; late events weigh most and early ones least, so the last steps are the finest. A
search that runs out of ways is a proof too. Sums are of floating point and only ever too generous; whoever asks
checks the cohort in fractions.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from caseseries.evidence.cohort import Ends, Falls, Survives
from caseseries.evidence.pools import EVENTS, Event, Gate, Layer, Pools

SURE = 1e-9  # far above the rounding error of a sum of a hundred logarithms
PATIENCE = 300
GROWTH = 1.1
PROPORTIONS = (0.8, 1.25, 0.6, 1.6)  # of Greenwood's sum to the logarithm, beside 1
ZERO = -1e3  # stands for the logarithm of 0, the factor of an event with one case at risk

Counts = tuple[int, int, int, int, int]  # as in Pools.shape
Move = Event | Literal["censored", "ended"]
Way = tuple[tuple[int, Move], ...]  # moves in order of time, each with the place of its layer
Numbers = NDArray[np.float64]

CENSORINGS: dict[Move, int] = {"censored": 3, "ended": 4}
COUNTED: dict[Event, tuple[Ends, ...]] = {
    "relapse": ("first event",),
    "death after relapse": ("death",),
    "death without relapse": ("first event", "death"),
}


@dataclass(frozen=True)
class Estimate:
    """What the events up to a day add up to: a row of `steps` for each sum, by the number at risk.

    The totals lie in one of the `boxes`: (boxes, sums, least and greatest). Greenwood's sum is `scale` times too large,
    so that it weighs as much as the logarithm.
    """

    ends: Ends
    day: int
    steps: Numbers
    boxes: Numbers
    scale: float = 1.0

    def counts(self, layer: Layer, ends: Ends) -> bool:
        return self.ends == ends and layer.first <= self.day


@dataclass(frozen=True)
class Question:
    """Is there a way through the layers that gives these estimates, by one of the listed at-risk sequences each?"""

    pools: Pools
    layers: tuple[Layer, ...]
    survivals: tuple[Survives, ...]
    listings: tuple["Listing", ...]

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        return tuple(add_up(fact, self.pools.n) for fact in self.survivals)

    @cached_property
    def steps(self) -> Numbers:
        """Of all sums of all estimates, by the number at risk."""
        return np.concatenate([np.zeros((0, self.pools.n + 1)), *(e.steps for e in self.estimates)])

    def counted(self, layer: Layer, ends: Ends) -> tuple[bool, ...]:
        """Of all sums, whether an event of the layer adds to it."""
        return tuple(e.counts(layer, ends) for e in self.estimates for _ in e.steps)

    def most(self, directions: Numbers) -> Numbers:
        """How far the totals can go in every direction; -inf where an estimate cannot have its limits."""
        parts = np.split(directions, np.cumsum([len(e.steps) for e in self.estimates])[:-1], axis=1)
        farthest = np.zeros(len(directions))
        for estimate, part in zip(self.estimates, parts, strict=False):
            ends = part[:, None, :, None] * estimate.boxes
            farthest += ends.max(axis=3).sum(axis=2).max(axis=1, initial=-np.inf)
        return farthest + SURE

    def admits(self, node: "Node") -> bool:
        """Whether a way that ends here has listed sequences, and sums that can have the printed limits."""
        if not all(e in listed.sequences for e, listed in zip(node.endings, self.listings, strict=True)):
            return False
        totals = iter(node.value.tolist())
        for fact, estimate in zip(self.survivals, self.estimates, strict=True):
            logarithm, *greenwood = (next(totals) for _ in estimate.steps)
            if fact.limits and not fact.limits.may_hold(logarithm, greenwood[0] / estimate.scale, SURE):
                return False
        return True


def add_up(fact: Survives, n: int) -> Estimate:
    at_risk = np.arange(2, n + 1)
    logs = np.array([0.0, ZERO, *np.log1p(-1 / at_risk)])
    if fact.limits is None:
        low = math.log(fact.band.low) if fact.band.low > 0 else 2 * ZERO
        high = math.log(fact.band.high) if fact.band.high > 0 else ZERO / 2
        return Estimate(fact.ends, fact.day, logs[None], np.array([[[low, high]]]))
    boxes = fact.limits.boxes(fact.band)
    scale = -boxes[:, 0].sum() / boxes[:, 1].sum() / 2 if len(boxes) else 1.0
    greenwood = np.array([0.0, 0.0, *1 / (at_risk * (at_risk - 1))])
    steps, boxes = np.stack([logs, scale * greenwood]), boxes * np.array([[[1.0], [scale]]])
    return Estimate(fact.ends, fact.day, steps, boxes, scale)


@dataclass(frozen=True)
class Listing:
    """The at-risk sequences that may happen up to a day; `allowed` says which number at risk at which event."""

    ends: Ends
    day: int
    sequences: frozenset[tuple[int, ...]]
    endings: frozenset[tuple[int, ...]]
    allowed: NDArray[np.bool_]

    def counts(self, layer: Layer, ends: Ends) -> bool:
        return self.ends == ends and layer.first <= self.day


def list_sequences(fact: Survives | Falls, n: int) -> Listing | None:
    sequences = (fact.at_risk,) if isinstance(fact, Falls) else fact.sequences
    if sequences is None:
        return None
    allowed = np.zeros((n + 1, n + 1), dtype=bool)
    for sequence in sequences:
        allowed[range(len(sequence)), sequence] = True
    endings = {sequence[place:] for sequence in sequences for place in range(len(sequence) + 1)}
    return Listing(fact.ends, fact.day, frozenset(sequences), frozenset(endings), allowed)


@dataclass
class Forwards:
    """What each state of each layer can have come to: `sums` within the layer, `passed` at its end.

    Axes: relapses, deaths after and without relapse, directions, censorings without and after relapse. A
    direction is a weighted sum of the estimates' sums, and its least value is kept.
    """

    question: Question
    directions: Numbers
    sums: list[Numbers] = field(default_factory=list)
    passed: list[Numbers] = field(default_factory=list)

    def __post_init__(self) -> None:
        pools = self.question.pools
        self.added: dict[object, Numbers] = {}
        r, d, b, a, e = pools.shape
        sums = np.full((r, d, b, len(self.directions), a, e), np.inf)
        sums[0, 0, 0, :, 0, 0] = 0.0
        for layer in self.question.layers:
            if layer.moves != "start":
                sums = self._printed(layer, sums) if layer.event else self._sweep(layer, sums)
            self.sums.append(sums)
            sums = _shut(sums, layer.gates, pools, layer)
            self.passed.append(sums)

    def _printed(self, layer: Layer, before: Numbers) -> Numbers:
        assert layer.event
        after = np.full_like(before, np.inf)
        for events in np.ndindex(before.shape[:3]):
            cost, allowed = self.cost(layer, layer.event, events)
            after[events] = np.where(allowed, before[events] + cost, np.inf)
        return after

    def _sweep(self, layer: Layer, before: Numbers) -> Numbers:
        """Every state from the states one move earlier; events are the outer axes, censorings cost nothing."""
        after = np.full_like(before, np.inf)
        for events in np.ndindex(before.shape[:3]):
            cell = before[events].copy()
            for event, earlier in _earlier(events) if layer.moves != "censorings" else ():
                cost, allowed = self.cost(layer, event, earlier)
                np.minimum(cell, np.where(allowed, after[earlier] + cost, np.inf), out=cell)
            if layer.moves != "events":
                np.minimum.accumulate(cell, axis=1, out=cell)
                np.minimum.accumulate(cell, axis=2, out=cell)
            cell[:, :, _most_ended(self.question.pools, layer, events) + 1 :] = np.inf
            after[events] = cell
        return after

    def cost(
        self, layer: Layer, event: Event, events: tuple[int, int, int]
    ) -> tuple[Numbers | float, NDArray[np.bool_] | bool]:
        """What an event after these events adds in every direction, by censorings; and whether it may happen."""
        question = self.question
        cost: Numbers | float = 0.0
        allowed: NDArray[np.bool_] | bool = True
        for ends in COUNTED[event]:
            so_far = events_so_far(layer, ends, events)
            at_risk = np.maximum(at_risk_of(question.pools, ends, so_far), 0)
            counted = question.counted(layer, ends)
            if any(counted):
                key = (ends, so_far, counted)
                if key not in self.added:
                    self.added[key] = np.tensordot(self.directions * counted, question.steps[:, at_risk], 1)
                cost = cost + self.added[key]
            for listing in question.listings:
                if listing.counts(layer, ends):
                    allowed = allowed & listing.allowed[so_far, at_risk]
        return cost, allowed


@lru_cache(maxsize=1_000)
def at_risk_of(pools: Pools, ends: Ends, so_far: int) -> NDArray[np.int64]:
    """How many are at risk after so many events, by censorings without and after relapse."""
    _, _, _, a, e = pools.shape
    ended = np.arange(e) if ends == "death" else np.zeros(e, dtype=np.int64)
    return pools.n - so_far - np.arange(a)[:, None] - ended[None, :]


def events_so_far(layer: Layer, ends: Ends, events: tuple[int, int, int]) -> int:
    relapses, deaths, plain = events
    if ends == "first event":
        return relapses + plain + layer.told.relapsed + layer.told.plain
    return deaths + plain + layer.told.died + layer.told.plain


def _earlier(events: tuple[int, int, int]) -> Iterator[tuple[Event, tuple[int, int, int]]]:
    relapses, deaths, plain = events
    if relapses:
        yield "relapse", (relapses - 1, deaths, plain)
    if deaths:
        yield "death after relapse", (relapses, deaths - 1, plain)
    if plain:
        yield "death without relapse", (relapses, deaths, plain - 1)


def _most_ended(pools: Pools, layer: Layer, events: tuple[int, int, int]) -> int:
    """How many relapsed cases can have ended alive: nobody ends before relapsing. -1 where too many died."""
    relapses, deaths, _ = events
    if deaths > min(relapses, pools.mortal) + layer.told.mortal:
        return -1
    return min(relapses + layer.told.open - deaths, min(relapses, pools.living) + layer.told.living)


def _shut(sums: Numbers, gates: Sequence[Gate], pools: Pools, layer: Layer) -> Numbers:
    """Nothing passes the end of a layer but what its gates let through."""
    if not gates:
        return sums
    passed = sums.copy()
    for events in np.ndindex(sums.shape[:3]):
        for gate in gates:
            count = _count(gate, pools, layer, events)
            passed[events][:, (count < gate.low) | (count > gate.high)] = np.inf
    return passed


def _count(gate: Gate, pools: Pools, layer: Layer, events: tuple[int, int, int]) -> NDArray[np.int64]:
    _, _, _, a, e = pools.shape
    if gate.what == "survivors gone":
        return np.arange(a)[:, None] + np.arange(e)[None, :]
    kinds = {
        "relapses": events[0] + layer.told.relapsed,
        "deaths after relapse": events[1] + layer.told.died,
        "deaths without relapse": events[2] + layer.told.plain,
    }
    if gate.what in kinds:
        return np.full((a, e), kinds[gate.what])
    ends: Ends = "first event" if gate.what in ("at risk", "events") else "death"
    so_far = events_so_far(layer, ends, events)
    if gate.what in ("events", "deaths"):
        return np.full((a, e), so_far)
    at_risk = at_risk_of(pools, ends, so_far)
    return pools.n - at_risk if gate.what == "all gone" else at_risk


class Node(NamedTuple):
    """A state of a layer and what comes after it: each estimate's sums, each listing's numbers at risk."""

    place: int
    counts: Counts
    value: Numbers
    endings: tuple[tuple[int, ...], ...]


@dataclass
class Backwards:
    """Ways from the end to the start that stay within what `forwards` allows, the most central first.

    A search that goes wrong early would try all that is late before it mends: so it begins anew after `PATIENCE`
    steps, a few more each time. `steps` is how many more may be taken; `exhausted` is True once every way was tried.
    """

    forwards: Forwards
    steps: int
    exhausted: bool = False

    def __post_init__(self) -> None:
        question = self.forwards.question
        self.most = question.most(self.forwards.directions)
        self.chance = random.Random(len(question.layers))
        self.seen: set[object] = set()

    def ways(self) -> Iterator[Way]:
        """Ways until the steps are used up; none twice but after a new beginning."""
        patience = PATIENCE
        while self.steps and not self.exhausted:
            self.seen.clear()
            until = max(0, self.steps - patience)
            yield from self._ways(until)
            patience = int(GROWTH * patience)

    def _ways(self, until: int) -> Iterator[Way]:
        question = self.forwards.question
        end = Node(
            len(question.layers) - 1,
            _last(question.pools.shape),
            np.zeros(len(question.steps)),
            tuple(() for _ in question.listings),
        )
        path: list[tuple[int, Move] | None] = []  # the step behind each of `stack` but the first
        possible = self._slack(self.forwards.passed[-1], end) is not None
        stack = [iter(self._before(end))] if possible else []
        while stack:
            found = next(stack[-1], None)
            if found is None:
                stack.pop()
                path = path[:-1]
                continue
            if self.steps == until:
                return
            self.steps -= 1
            move, node = found
            path.append((node.place, move) if move else None)
            if node.place:
                stack.append(iter(self._before(node)))
                continue
            if question.admits(node):
                yield tuple(step for step in reversed(path) if step)
            path.pop()
        self.exhausted = True

    def _before(self, node: Node) -> list[tuple[Move | None, Node]]:
        """The steps back that can still reach the start, best first; each node is left once."""
        key = (node.place, node.counts, tuple([round(v, 10) for v in node.value.tolist()]), node.endings)
        if key in self.seen:
            return []
        self.seen.add(key)
        found = []
        for move, earlier in self._steps(node):
            inside = earlier.place == node.place
            sums = (self.forwards.sums if inside else self.forwards.passed)[earlier.place]
            slack = self._slack(sums, earlier)
            if slack is not None:
                found.append((_unevenness(slack) + self.chance.random(), move, earlier))
        found.sort(key=lambda step: step[0])
        return [step[1:] for step in found]

    def _steps(self, node: Node) -> Iterator[tuple[Move | None, Node]]:
        """Every step back, with the move it undoes."""
        layer = self.forwards.question.layers[node.place]
        back = node._replace(place=node.place - 1)
        if layer.event:
            if (earlier := self._without(layer, layer.event, back)) is not None:
                yield None, earlier
            return
        yield None, back
        if layer.moves != "censorings":
            for event, axis in EVENTS.items():
                if node.counts[axis]:
                    less = node._replace(counts=_less(node.counts, axis))
                    if (earlier := self._without(layer, event, less)) is not None:
                        yield event, earlier
        if layer.moves != "events":
            for censoring, axis in CENSORINGS.items():
                if node.counts[axis]:
                    yield censoring, node._replace(counts=_less(node.counts, axis))

    def _without(self, layer: Layer, event: Event, before: Node) -> Node | None:
        """The node before an event, with what the event contributes; None where it may not happen."""
        question = self.forwards.question
        value, endings = before.value.copy(), list(before.endings)
        for ends in COUNTED[event]:
            at_risk = question.pools.n - events_so_far(layer, ends, before.counts[:3]) - before.counts[3]
            at_risk -= before.counts[4] if ends == "death" else 0
            value += np.where(question.counted(layer, ends), question.steps[:, at_risk], 0.0)
            for i, listing in enumerate(question.listings):
                if listing.counts(layer, ends):
                    endings[i] = (at_risk, *endings[i])
                    if endings[i] not in listing.endings:
                        return None
        return before._replace(value=value, endings=tuple(endings))

    def _slack(self, sums: Numbers, node: Node) -> list[float] | None:
        """How far in every direction the node is from the last that can reach the start; None beyond it."""
        relapses, deaths, plain, censored, ended = node.counts
        here = sums[relapses, deaths, plain, :, censored, ended]
        slack: list[float] = (self.most - here - self.forwards.directions @ node.value).tolist()
        return slack if min(slack) >= 0 else None


def _unevenness(slack: list[float]) -> float:
    """How near a node is to the edge, 0 to 1; directions come in opposite pairs."""
    pairs = zip(slack[::2], slack[1::2], strict=False)
    return max((abs(up - down) / (up + down) for up, down in pairs if up + down), default=0.0)


def _last(shape: Counts) -> Counts:
    return (shape[0] - 1, shape[1] - 1, shape[2] - 1, shape[3] - 1, shape[4] - 1)


def _less(counts: Counts, axis: int) -> Counts:
    less = list(counts)
    less[axis] -= 1
    return (less[0], less[1], less[2], less[3], less[4])


def directions_of(sums: Sequence[int], most: int) -> Numbers:
    """Up to `most` directions, the most telling first: each sum up and down, then sums and differences of two.

    `sums` says how many each estimate has: its logarithm, and Greenwood's sum where limits are printed. The two go
    together in several proportions. With fewer directions less is ruled out; with too few for each sum there are
    none at all. Without estimates there is one, of nothing.
    """
    if not sums:
        return np.zeros((1, 0))[:most]
    starts = [sum(sums[:place]) for place in range(len(sums))]
    unit = np.eye(sum(sums))
    own = [(unit[start], unit[start + 1]) for start, size in zip(starts, sums, strict=True) if size > 1]
    both = [(unit[i], unit[j]) for i, j in combinations(starts, 2)]
    weighted = [(first, weight * second) for weight in PROPORTIONS for first, second in own]
    pairs = [first + sign * second for first, second in (*own, *both, *weighted) for sign in (1, -1)]
    rows = [sign * row for row in (*unit, *pairs) for sign in (1, -1)]
    return np.array(rows[: most - most % 2] if most >= 2 * len(unit) else []).reshape(-1, len(unit))
