"""What became of each well: its state and Cq, from its curve and from what the instrument says of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from caseseries.pcr.curve import Crossings, find_crossings, have_curves, last_measured
from caseseries.pcr.plate import Plate, Well
from caseseries.pcr.readings import FOUND_NONE, NO_NUMBER

OFFSET_WELLS = 8  # with both Cq, from which on their usual difference is known
AGREEMENT = 0.5  # cycles between our Cq and the instrument's before it is worth a word


class State(StrEnum):
    AMPLIFIED = "amplified"
    LATE = "late"
    NONE = "no amplification"
    BASELINE_FAILURE = "baseline failure"
    EXCLUDED = "excluded"
    MISSING = "missing"


@dataclass(frozen=True)
class Call:
    """What became of one well. `cq` is set exactly when it amplified; `seen` is false when no curve was there.

    `own_cq` is what its curve gives, used or not; `faint_cq` where a curve that never reaches the threshold
    multiplies all the same; `is_early` whether it climbs in the first cycles, excluded or not; `strays` whether it
    leaves its baseline before it amplifies, or ever; `since` and `until` are the first and the last cycle measured.
    """

    state: State
    cq: float | None = None
    own_cq: float | None = None
    threshold: float | None = None
    seen: bool = True
    note: str = ""
    faint_cq: float | None = None
    is_early: bool = False
    strays: bool = False
    until: int = 0
    since: int = 0

    @property
    def rise(self) -> float | None:
        """Where the curve rises, at the threshold or below it; 0 when from the start."""
        return 0.0 if self.is_early else self.own_cq if self.own_cq is not None else self.faint_cq

    @property
    def is_amplified(self) -> bool:
        return self.state in (State.AMPLIFIED, State.LATE)


def call_wells(
    plate: Plate,
    *,
    late_after: float,
    thresholds: Mapping[str, float] | None = None,
    use_instrument: bool = False,
) -> tuple[Call, ...]:
    """The state and Cq of every well, in the plate's order.

    With curves, our Cq is used unless `use_instrument`; a curve that climbs in its first cycles is a baseline
    failure whatever Cq stands beside it. `thresholds` fixes a target's threshold instead of a tenth of its
    plateau. Without a curve only the instrument's Cq is left, and `seen` is false; a curve with a gap, without
    change or without light is none.
    """
    calls: dict[int, Call] = {}
    targets = [well.target for well in plate.wells]
    has_curve = have_curves(plate.fluorescence)
    until = last_measured(plate.fluorescence)
    since = np.isfinite(plate.fluorescence).argmax(axis=1) + 1 if plate.fluorescence.size else until
    for target in dict.fromkeys(targets):
        rows = np.array([n for n, name in enumerate(targets) if name == target])
        curved = rows[has_curve[rows]]
        found = find_crossings(plate.fluorescence[curved], plate.subtracted, (thresholds or {}).get(target))
        places = {int(row): n for n, row in enumerate(curved) if not found.is_void[n]}
        here = {
            int(row): _call(plate.wells[row], found, places.get(int(row)), late_after, use_instrument)
            for row in rows
        }
        offset = measure_offset([(call, plate.wells[row]) for row, call in here.items()])
        for row, call in here.items():
            note = call.note or _compare(call, plate.wells[row], offset)
            calls[row] = replace(call, since=int(since[row]), until=int(until[row]), note=note)
    return tuple(calls[row] for row in range(len(targets)))


def _call(well: Well, found: Crossings, place: int | None, late_after: float, use_instrument: bool) -> Call:
    if place is None:
        return _exclude(well) if well.excluded else _call_unseen(well, late_after)
    own_cq, faint = _known(found.cq[place]), _known(found.faint[place])
    early, strays = bool(found.is_early[place]), bool(found.strays[place])
    seen = Call(State.NONE, None, own_cq, found.threshold, True, "", faint, early, strays)
    if well.excluded:
        return replace(seen, state=State.EXCLUDED, note=f"excluded by {well.excluded}")
    if seen.is_early:
        note = "no baseline before it rises: a very high load; dilute and repeat"
        return replace(seen, state=State.BASELINE_FAILURE, note=note)
    if use_instrument and _says_nothing(well):
        return replace(seen, state=State.MISSING, note="the instrument gave no Cq")
    cq = well.reading.cq if use_instrument else own_cq
    return replace(seen, state=_state(cq, late_after), cq=cq)


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _exclude(well: Well) -> Call:
    return Call(State.EXCLUDED, seen=False, note=f"excluded by {well.excluded}")


def _state(cq: float | None, late_after: float) -> State:
    if cq is None:
        return State.NONE
    return State.LATE if cq > late_after else State.AMPLIFIED


def _call_unseen(well: Well, late_after: float) -> Call:
    reading = well.reading
    if reading.cq is not None:
        return Call(_state(reading.cq, late_after), reading.cq, seen=False)
    if _says_nothing(well) or reading.note == NO_NUMBER:
        return Call(State.MISSING, seen=False, note="neither curve nor Cq")
    return Call(State.NONE, seen=False, note=f'"{reading.text}": {reading.note}; no curve to confirm it')


def _says_nothing(well: Well) -> bool:
    """Whether nothing stands where the Cq would; some instruments leave it blank for a well without one."""
    return not well.reading.text and well.reading.note != FOUND_NONE


def measure_offset(pairs: Iterable[tuple[Call, Well]]) -> float:
    """How much later than the instrument's our Cq are in the middle of a target's wells: its line lies elsewhere."""
    gaps = [
        call.own_cq - well.reading.cq
        for call, well in pairs
        if call.own_cq is not None and well.reading.cq is not None
    ]
    return float(np.median(gaps)) if len(gaps) >= OFFSET_WELLS else 0.0


def _compare(call: Call, well: Well, offset: float) -> str:
    """What is odd about a well whose curve was seen; another line than ours shifts every well, and is no oddity."""
    if not call.seen or call.state in (State.EXCLUDED, State.BASELINE_FAILURE):
        return ""
    own, theirs = call.own_cq, well.reading.cq
    if call.faint_cq is not None:
        return f"the curve multiplies from cycle {call.faint_cq:.1f} and stays below the threshold"
    if call.strays:
        return (
            f"the curve strays from its baseline {'without amplifying' if own is None else 'before it rises'}"
        )
    if own is not None and theirs is not None and abs(own - theirs - offset) > AGREEMENT:
        usual = f", those of most wells by {abs(offset):.2f}" if abs(offset) > AGREEMENT else ""
        return f"our Cq {own:.2f} and the instrument's {theirs:.2f} differ by {abs(own - theirs):.2f}{usual}"
    if own is None and theirs is not None:
        return f"the curve does not amplify, the instrument says Cq {theirs:.2f}"
    if own is not None and theirs is None and well.reading.text:
        return f'the curve amplifies at {own:.2f}, the instrument says "{well.reading.text}"'
    return ""


def count_states(calls: Sequence[Call]) -> dict[State, int]:
    """How many wells ended in each state, every state named."""
    return {state: sum(call.state is state for call in calls) for state in State}
