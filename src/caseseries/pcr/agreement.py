"""A plate's level beside the one a centre returned for the same specimen."""

from typing import Protocol

from caseseries.findings import Finding, Severity, Where
from caseseries.record.levels import Level, LevelState

WITHIN = 10**0.5  # half a log, as between laboratories of the same network (doi 10.1038/leu.2012.234)


class Read(Protocol):
    """A level as a plate gives it, and the name of its sample there."""

    @property
    def sample(self) -> str: ...

    @property
    def level(self) -> Level: ...


def check_agreement(plate: Read, returned: Level, where: Where, wells: str = "the plate") -> Finding | None:
    """A finding when the two exclude each other; None when they agree or either is not evaluable.

    That a plate could not be evaluated speaks against a negative all the same: the caller asks about it.

    A number agrees with another within half a log; a limit agrees with whatever it allows, but for a returned
    negative: it denies what the plate shows at any level, and claims no more than the plate could have shown. Nobody
    but a person knows which of the two is right, so neither is used until one has said.

    Args:
        where: the cell of the return.
        wells: the wells of the plate, as a person finds them.
    """
    if LevelState.NOT_EVALUABLE in (plate.level.state, returned.state):
        return None
    if not _denies(returned, plate.level) and _overlap(plate.level, returned):
        return None
    return disagree(f"{wells} gives {say_briefly(plate.level)} for {plate.sample}", returned, where)


def disagree(plate_says: str, returned: Level, where: Where, allowed: str = "within half a log") -> Finding:
    what = f"{plate_says}, the return says {say_briefly(returned)}"
    do = "Ask the centre which is right; neither is used until then"
    return Finding(where, "level.disagreement", Severity.VALUE, what, allowed, do)


def _denies(returned: Level, plate: Level) -> bool:
    """Whether a returned negative says more than the plate does: it may become a complete response."""
    if returned.state is not LevelState.NOT_DETECTED:
        return False
    if plate.state is not LevelState.NOT_DETECTED:
        return True
    return (plate.sensitivity or 1.0) > WITHIN * (returned.sensitivity or 1.0)


def _overlap(one: Level, other: Level) -> bool:
    (lowest, highest), (least, most) = _allowed(one), _allowed(other)
    return lowest <= most and least <= highest


def _allowed(level: Level) -> tuple[float, float]:
    lowest, highest = level.bounds()
    if level.state is LevelState.QUANTIFIED:
        return lowest / WITHIN**0.5, highest * WITHIN**0.5
    return lowest, highest


def say_briefly(level: Level) -> str:
    """A level in a few words; a number only when it was quantified."""
    if level.value is not None:
        return f"{level.value:.1e}"
    limit = level.sensitivity if level.state is LevelState.NOT_DETECTED else level.quantitative_range
    return str(level.state) if limit is None else f"{level.state} ({limit:.1e})"
