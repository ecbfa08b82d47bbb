"""A plate's level beside the one a centre returned for the same specimen."""

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.markers import SampleLevel
from caseseries.record.levels import Level, LevelState

WITHIN = 10**0.5  # half a log, as between laboratories of the same network (doi 10.1038/leu.2012.234)


def check_agreement(plate: SampleLevel, returned: Level, where: Where) -> Finding | None:
    """A finding when the two exclude each other; None when they agree or either is not evaluable.

    A number agrees with another within half a log; a limit agrees with whatever it allows.
    """
    if LevelState.NOT_EVALUABLE in (plate.level.state, returned.state):
        return None
    lowest, highest = _allowed(plate.level)
    least, most = _allowed(returned)
    if lowest <= most and least <= highest:
        return None
    what = f"the plate gives {_say(plate.level)} for {plate.sample}, the return says {_say(returned)}"
    do = "Ask the centre which is right; the plate's level is used"
    return Finding(where, "level.disagreement", Severity.NOTE, what, "within half a log", do)


def _allowed(level: Level) -> tuple[float, float]:
    lowest, highest = level.bounds()
    if level.state is LevelState.QUANTIFIED:
        return lowest / WITHIN**0.5, highest * WITHIN**0.5
    return lowest, highest


def _say(level: Level) -> str:
    if level.value is not None:
        return f"{level.value:.1e}"
    limit = level.sensitivity if level.state is LevelState.NOT_DETECTED else level.quantitative_range
    return str(level.state) if limit is None else f"{level.state} ({limit:.1e})"
