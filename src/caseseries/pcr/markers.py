"""The markers of one sample together."""

from collections.abc import Iterable
from dataclasses import dataclass

from caseseries.pcr.criteria import HAIR, Profile
from caseseries.pcr.doubts import find_hidden
from caseseries.pcr.interpret import VERY_HIGH, MarkerLevel
from caseseries.record.levels import Level, LevelState, combine_markers, logs_apart


@dataclass(frozen=True)
class SampleLevel:
    """What a sample's markers say together. `reasons` carries what a reader should know about them."""

    sample: str
    level: Level
    markers: tuple[MarkerLevel, ...]
    reasons: tuple[str, ...]


def join_markers(levels: Iterable[MarkerLevel], profile: Profile) -> tuple[SampleLevel, ...]:
    """One level a sample, in the order met: the highest; negative only if every evaluable marker is."""
    by_sample: dict[str, list[MarkerLevel]] = {}
    for level in levels:
        by_sample.setdefault(level.sample, []).append(level)
    return tuple(_join(sample, tuple(markers), profile) for sample, markers in by_sample.items())


def _join(sample: str, markers: tuple[MarkerLevel, ...], profile: Profile) -> SampleLevel:
    evaluable = [one for one in markers if one.level.state is not LevelState.NOT_EVALUABLE]
    if hidden := {one.target: why for one in markers if (why := say_hidden(one, profile))}:
        high = "may be high" if not evaluable else "may stand higher than every other marker"
        reason = f"{', '.join(hidden)} {high}: {next(iter(hidden.values()))}"
        return SampleLevel(sample, Level(LevelState.NOT_EVALUABLE), markers, (reason,))
    if not evaluable:
        return SampleLevel(sample, Level(LevelState.NOT_EVALUABLE), markers, ("no marker is evaluable",))
    level = combine_markers([one.level for one in evaluable])
    reasons = [*_missing(markers, evaluable), *_apart(evaluable, profile["markers_apart_most"])]
    return SampleLevel(sample, level, markers, tuple(reasons))


# What stops a level although its wells show, or may show, a high one: the other markers cannot speak for it.
HIDES_A_HIGH_LEVEL = (
    VERY_HIGH,
    "level.discordant",
    "level.rising_curve",
    "level.not_level",
    "level.short_curve",
    "level.instrument_positive",
    "level.no_curves",
)


def say_hidden(one: MarkerLevel, profile: Profile) -> str:
    """Why a marker without a level may be high; empty where it has one, or cannot be.

    What stops a level stops it before its wells are asked what they hide, so that they are asked here.
    """
    if not one.stopped_by:
        return ""
    background = [cq for other in one.evidence.background if (cq := other.cq) is not None]
    margin = profile["positive_background_margin"]
    limit = (min(background) - margin if background else profile["late_after"]) + HAIR
    hidden = [rule for rule in find_hidden(one.evidence, limit) if rule not in one.stopped_by]
    amplified = any(cq <= limit for cq in one.evidence.cqs)
    if not (hidden or amplified or any(rule.code in HIDES_A_HIGH_LEVEL for rule in one.stopped_by)):
        return ""
    return "; ".join((*one.reasons, *(f"{rule.name}: {rule.detail}" for rule in hidden)))


def _missing(markers: tuple[MarkerLevel, ...], evaluable: list[MarkerLevel]) -> list[str]:
    lost = [one.target for one in markers if one not in evaluable]
    return (
        [f"rests on {len(evaluable)} of {len(markers)} markers; not evaluable: {', '.join(lost)}"]
        if lost
        else []
    )


def _apart(evaluable: list[MarkerLevel], most: float) -> list[str]:
    """Markers more than a log apart hint at clonal evolution, oligoclonality or a lineage switch."""
    gap = logs_apart([one.level for one in evaluable])
    if gap <= most:
        return []
    words = "markers are {:.1f} log apart: clonal evolution, oligoclonality or a lineage switch; repeat"
    return [words.format(gap)]
