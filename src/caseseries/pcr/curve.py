"""From fluorescence to Cq: a baseline for each well, and one threshold for a target.

All wells of a target are worked together as one matrix (wells × cycles). The threshold is a tenth of the
target's plateau: within the exponential phase, far above the noise, the same for every well compared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caseseries.pcr.plate import Matrix

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

# All of these are our choices, tried on published plates. docs/mrd.md lists those that decide what a well is called.
THRESHOLD_SHARE = 0.10  # of the plateau
NOISE_MULTIPLE = 10.0  # the threshold is at least this many times the noise of the baseline
LEAD = 7  # cycles from the end of the baseline to the sharpest bend; at 85 % efficiency 0.5 % of the plateau
SHORTEST = 5  # cycles that make a baseline
SLOPED = 12  # cycles of the line that is carried on under a rise
KNOWN = 8  # cycles from which the slope of a baseline is known
SKIP = 2  # the first cycles, where the optics settle
LEAST_GROWTH = 1.15  # per cycle at the crossing; a drifting baseline grows less
JUMP_SHARE = 0.2  # of the line, a cycle before the crossing; of 1,567 growing curves on published plates four are lower
EARLIEST = 9  # a bend or a crossing before this cycle leaves no baseline
EARLY_SHARE = 0.2  # of the plateau: a curve that begins this far below its baseline was still rising there
HIGH_SHARE = 0.15  # of the plateau: a curve that begins this far above the others has risen already
DRIFT_SHARE = 0.2  # of the starting fluorescence, where no plateau is known; more than optics drift
FAINT_SHARE = 0.05  # of the threshold; a curve that multiplies past this has amplified, however low it ends
GAP = 3  # cycles not measured in a row, within a curve, through which nothing can be drawn
DARK_SHARE = 0.1  # of the others' first fluorescence; a reaction without its probe, or none
QUIET_SHARE = 0.1  # of the others' noise; on seven published plates no well has under 0.19
LOUD = 3.0  # times the others' noise; on the same plates no level well has over 2.4
STRAY_SHARE = 0.5  # of the threshold; a level curve stays within a twentieth of the plateau of its baseline
LIFTED = 25.0  # times its own noise; of published level curves one stands higher than 13, and it rises
STUCK_SHARE = 0.5  # of a curve's cycles; a reading that repeats itself for longer is no measurement
STEP_SHARE = 0.02  # of the plateau: an early rise smaller than this is the optics settling
SETTLING = 0.05  # of the starting fluorescence: what optics do on their own in the first cycles
STEP_CYCLES = 10  # amplification climbs from a tenth to nine tenths in seven or eight, drift in many more
STEP_BEGINS = 13  # a step that begins later is the curve's own rise, not an early climb
CURVATURE = (28, 7, -8, -17, -20, -17, -8, 7, 28)
SIGNIFICANT = 6.0  # standard errors
DEEPEST = 20  # times below a line; what a reading is there, or less, is noise and no start of a growth


@dataclass(frozen=True, eq=False)
class Traces:
    """Curves without their baseline (one row or entry a well)."""

    net: Matrix  # wells × cycles
    noise: Vector  # of one reading
    height: Vector  # above the baseline
    start: Vector  # the fluorescence it begins with


@dataclass(frozen=True, eq=False)
class Crossings:
    threshold: float
    cq: Vector  # NaN where the threshold is not crossed in growth
    is_early: Flags
    faint: Vector  # where a curve that never crosses it grows all the same; NaN elsewhere
    strays: Flags  # leaves its baseline before it rises, or rises without being a measurement
    is_void: Flags  # nothing was measured


def have_curves(curves: Matrix) -> Flags:
    """Wells with enough measured cycles, and no gap among them that a whole rise could hide in."""
    known = np.isfinite(curves)
    enough: Flags = known.sum(axis=1) > 2 * LEAD
    if not enough.any():
        return enough
    seen_before = known.cumsum(axis=1) > 0
    within = ~known & seen_before & (np.arange(curves.shape[1]) < last_measured(curves)[:, None])
    flags: Flags = enough & (_longest_run(within) < GAP)
    return flags


def last_measured(curves: Matrix) -> Counts:
    """The last cycle with a reading; 0 where there is none."""
    known = np.isfinite(curves)
    cycles = np.arange(1, curves.shape[1] + 1)
    last: Counts = np.max(known * cycles, axis=1, initial=0)
    return last


def _longest_run(flags: Flags) -> Counts:
    """The longest unbroken run of true values in each row."""
    counted = flags.cumsum(axis=1)
    since = counted - np.maximum.accumulate(np.where(flags, 0, counted), axis=1)
    longest: Counts = since.max(axis=1, initial=0)
    return longest


def find_crossings(curves: Matrix, subtracted: bool = False, threshold: float | None = None) -> Crossings:
    """Threshold Cq of the wells of one target (wells × cycles); cycles count from 1."""
    if not len(curves):
        none = np.zeros(0, bool)
        return Crossings(threshold or np.nan, np.zeros(0), none, np.zeros(0), none, none)
    traces = take_baselines(curves)
    own_line = choose_threshold(traces)
    line, plateau = threshold or own_line, own_line / THRESHOLD_SHARE
    cq, faint = _cross(traces.net, line), _cross_faintly(traces, min(line, own_line))
    jumps = _jumps(traces, cq, line)
    cq = np.where(jumps, np.nan, cq)
    crosses = np.isfinite(cq)
    early = _begins_low(traces, plateau, bool(crosses.any())) | (cq < EARLIEST)
    risen_before = _climbs_early(_fill(curves), traces.noise, plateau, cq)
    if not subtracted:
        risen_before |= _begins_high(traces.start, crosses, plateau)
    early |= ~crosses & ((faint < EARLIEST) | risen_before)
    rises = crosses | np.isfinite(faint)
    is_false = _repeats(curves) | _is_quiet(traces) | (not subtracted and _is_dark(traces.start))
    hidden = np.where(rises, is_false, _is_loud(traces))
    strays = _stray(traces, np.where(crosses, cq, faint), STRAY_SHARE * own_line)
    return Crossings(
        threshold=float(line),
        cq=np.where(early, np.nan, cq),
        is_early=early,
        faint=np.where(early | crosses, np.nan, faint),
        strays=~early & (hidden | strays | jumps | (crosses & risen_before)),
        is_void=is_false & ~(early | rises),
    )


def _is_dark(start: Vector) -> Flags:
    """Wells whose fluorescence begins far below the others': there is no reaction that could have risen."""
    flags: Flags = start < DARK_SHARE * np.median(start)
    return flags


def _is_quiet(traces: Traces) -> Flags:
    """Wells that scatter far less than the others: what is read is an offset, a full detector or a line, not light."""
    flags: Flags = traces.noise < QUIET_SHARE * np.median(traces.noise)
    return flags


def _is_loud(traces: Traces) -> Flags:
    """Wells that scatter far more than the others: a dim rise would not show in them."""
    flags: Flags = traces.noise > LOUD * np.median(traces.noise)
    return flags


def _stray(traces: Traces, rise: Vector, most: float) -> Flags:
    """Curves that stray from their baseline by more than `most`, up or down, before they rise.

    In the first cycles optics settle, and only what goes beyond that counts, or comes from one cycle to the next. Later
    a curve that does not rise and stands far above its line, by its own noise, is not explained by it, however little
    that is.
    """
    net = traces.net
    mean = (net[:, :-2] + net[:, 1:-1] + net[:, 2:]) / 3
    smooth = np.abs(mean)
    middle = np.arange(2, net.shape[1])  # the cycle each of these means is of
    before = middle < np.where(np.isnan(rise), np.inf, rise - 2)[:, None]
    settling = np.maximum(most, SETTLING * np.abs(traces.start))[:, None]
    allowed = np.where(middle > EARLIEST, most, 2 * settling)
    lifted = np.isnan(rise)[:, None] & (middle > EARLIEST) & (mean > LIFTED * traces.noise[:, None])
    jump = np.abs(np.diff(net, axis=1))[:, 1:]  # from each of these cycles to the next
    sudden = (middle > SKIP) & (middle <= EARLIEST) & (jump > 2 * settling)
    flags: Flags = np.any(before & ((smooth > allowed) | lifted | sudden), axis=1)
    return flags


def _repeats(curves: Matrix) -> Flags:
    """Curves in which one reading repeats itself for half the run, or the highest for a quarter of it: a dead, a full
    or an invented channel."""
    measured = np.isfinite(curves).sum(axis=1)
    is_stuck = _longest_run(np.diff(curves, axis=1) == 0) + 1 >= STUCK_SHARE * measured
    highest = np.max(curves, axis=1, initial=-np.inf, where=np.isfinite(curves))
    is_full = (curves == highest[:, None]).sum(axis=1) >= STUCK_SHARE / 2 * measured
    flags: Flags = is_stuck | is_full
    return flags


def take_baselines(curves: Matrix) -> Traces:
    """Each curve less its own baseline: the mean of, or the line through, the cycles before its bend."""
    filled = _fill(curves)
    noise = _noise(curves)
    last = np.clip(_bend(filled, noise) - LEAD, SHORTEST, None)
    net = filled - _baseline(filled, last, noise)
    smooth = (net[:, :-2] + net[:, 1:-1] + net[:, 2:]) / 3
    return Traces(net, noise, smooth.max(axis=1), np.median(filled[:, :SHORTEST], axis=1))


def choose_threshold(traces: Traces) -> float:
    """A tenth of the plateau of the wells that amplified, and at least ten times the noise."""
    high = traces.height[traces.height >= 0.5 * np.quantile(traces.height, 0.9)]
    plateau = float(np.median(high)) if len(high) else 0.0
    return max(THRESHOLD_SHARE * plateau, NOISE_MULTIPLE * float(np.median(traces.noise)))


def _fill(curves: Matrix) -> Matrix:
    """Unmeasured cycles carry the nearest measured value, so that they neither rise nor bend."""
    known = np.isfinite(curves)
    if known.all():
        return curves
    places = np.where(known, np.arange(curves.shape[1]), 0)
    before = np.maximum.accumulate(places, axis=1)
    first = known.argmax(axis=1)
    nearest = np.maximum(before, first[:, None])
    return np.take_along_axis(curves, nearest, axis=1)


def _noise(curves: Matrix) -> Vector:
    """Standard deviation of one reading, from second differences, which neither level nor slope enters.

    Of a curve with cycles missing only neighbours that were all measured count, where there are any.
    """
    bends = np.abs(np.diff(_fill(curves), n=2, axis=1))
    known = np.isfinite(curves)
    if not known.all():
        whole = known[:, :-2] & known[:, 1:-1] & known[:, 2:]
        bends = np.where(whole | ~whole.any(axis=1, keepdims=True), bends, np.nan)
    spread: Vector = 1.4826 * np.nanmedian(bends, axis=1) / np.sqrt(6)
    return spread


def _bend(curves: Matrix, noise: Vector) -> Counts:
    """Where each curve bends upwards most sharply, from cycle EARLIEST on; past its end where it never does.

    The maximum of the second derivative, by a parabola through nine points (Savitzky & Golay 1964, table IV),
    taken for a bend when noise alone would not give it.
    """
    half, wells = len(CURVATURE) // 2, len(curves)
    padded = np.pad(curves, ((0, 0), (0, half)), mode="edge")
    width = curves.shape[1] - half
    second = np.zeros((wells, width))
    for n, weight in enumerate(CURVATURE):
        second += weight * padded[:, n : n + width]
    later = second[:, EARLIEST - half :]
    bend = later.argmax(axis=1)
    chance = SIGNIFICANT * noise * np.sqrt(sum(weight**2 for weight in CURVATURE))
    is_bend = later[np.arange(wells), bend] > chance
    found: Counts = np.where(is_bend, bend + EARLIEST, curves.shape[1] + LEAD)
    return found


def _baseline(curves: Matrix, last: Counts, noise: Vector) -> Matrix:
    """The line through cycles SKIP … last of each curve, over all cycles; of one that rises, through the last SLOPED.

    A curve that rises is carried on past its baseline, so that an error of the slope becomes one of the Cq; and optics
    that settle slow down, where a line through the first cycles would go on. So the wells of a target share a slope,
    and one that drifts otherwise keeps of its own what noise does not explain (non-negative garrote, Breiman 1995).
    """
    cycles = np.arange(curves.shape[1], dtype=float)
    rises = last < curves.shape[1]
    start = np.where(last > SKIP + SHORTEST, SKIP, 0)
    start = np.where(rises, np.maximum(start, last - SLOPED), start)
    inside = (cycles >= start[:, None]) & (cycles < last[:, None])
    mean_x, mean_y, slope = _fit(curves, inside)
    n = inside.sum(axis=1)
    long = n >= KNOWN
    alike = long & rises if (long & rises).any() else long
    shared = np.median(slope[alike]) if alike.any() else 0.0
    apart = slope - shared
    error = np.maximum(noise, np.median(noise)) * np.sqrt(12 / (n**3 - n))  # of a slope through n readings
    kept = np.clip(1 - (SIGNIFICANT * error / np.maximum(np.abs(apart), 1e-12)) ** 2, 0, None)
    slope = np.where(long, np.where(rises, shared + kept * apart, slope), shared)
    line: Matrix = mean_y[:, None] + slope[:, None] * (cycles - mean_x[:, None])
    return line


def _begins_low(traces: Traces, plateau: float, has_plateau: bool) -> Flags:
    """Wells that begin far below their own baseline: they were rising while it was taken."""
    begin = traces.net[:, SKIP : SKIP + 3].mean(axis=1)
    least = EARLY_SHARE * plateau if has_plateau else DRIFT_SHARE * np.abs(traces.start)
    flags: Flags = begin < -least
    return flags


def _begins_high(start: Vector, crosses: Flags, plateau: float) -> Flags:
    """Wells that begin at the plateau, and so never rise, or not by amplification."""
    if crosses.sum() < 3:
        return np.zeros(len(start), bool)
    level = np.median(start[crosses])
    spread = 1.4826 * np.median(np.abs(start[crosses] - level))
    flags: Flags = start > level + HIGH_SHARE * plateau + 5 * spread
    return flags


def _climbs_early(curves: Matrix, noise: Vector, plateau: float, cq: Vector) -> Flags:
    """Wells that climb one step within their first cycles and are level from then on, however low the step.

    Measured against the line through the second half of the curve, or of what lies before it crosses the
    threshold: a late bubble hides no early climb. Optics settle by less, drift takes longer.
    """
    cycle = np.arange(curves.shape[1], dtype=float)
    until = np.where(np.isnan(cq), len(cycle), np.nan_to_num(cq) - LEAD)
    late = (cycle >= until[:, None] // 2) & (cycle < until[:, None])
    mean_x, mean_y, slope = _fit(curves, late)
    short = mean_y[:, None] + slope[:, None] * (cycle - mean_x[:, None]) - curves
    depth = short[:, :2].mean(axis=1)
    smooth = (short[:, :-2] + short[:, 1:-1] + short[:, 2:]) / 3
    begins = (smooth < 0.9 * depth[:, None]).argmax(axis=1)
    ends = (smooth < 0.1 * depth[:, None]).argmax(axis=1)
    is_step = (ends >= begins) & (ends - begins <= STEP_CYCLES) & (begins < STEP_BEGINS)
    least = np.maximum(STEP_SHARE * plateau, SETTLING * np.abs(curves[:, 0]))
    is_long = until >= 2 * STEP_BEGINS  # the step is over before the level part begins
    flags: Flags = is_long & is_step & (depth > least) & (depth > SIGNIFICANT * noise)
    return flags


def _fit(curves: Matrix, inside: Flags) -> tuple[Vector, Vector, Vector]:
    """The least-squares line through the cycles of each curve that are inside: its middle (x, y) and its slope."""
    cycle = np.arange(curves.shape[1], dtype=float)
    n = np.maximum(inside.sum(axis=1), 1)
    mean_x, mean_y = (inside * cycle).sum(axis=1) / n, (inside * curves).sum(axis=1) / n
    x = np.where(inside, cycle - mean_x[:, None], 0.0)
    slope = (x * curves).sum(axis=1) / np.maximum((x * x).sum(axis=1), 1e-12)
    return mean_x, mean_y, slope


def _cross_faintly(traces: Traces, line: float) -> Vector:
    """Where each curve multiplies past a twentieth of the threshold, or ten times its own noise if that is more."""
    lines = np.maximum(FAINT_SHARE * line, NOISE_MULTIPLE * traces.noise)
    return _cross(traces.net / lines[:, None], 1.0)


def _cross(net: Matrix, line: float) -> Vector:
    """The cycle at which each curve passes the line for good, between cycles by exponential growth."""
    wells, width = net.shape
    top = net.argmax(axis=1)
    below = (net < line) & (np.arange(width) <= top[:, None])
    last_below = width - 1 - below[:, ::-1].argmax(axis=1)
    crosses = below.any(axis=1) & (last_below < top)
    at = np.where(crosses, last_below, 0)
    well = np.arange(wells)
    low, high = net[well, at], net[well, np.minimum(at + 1, width - 1)]
    floor = np.maximum(low, line / DEEPEST)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.log(line / floor) / np.log(high / floor)
    cq = np.where(crosses & _grows(net, at, line), at + 1 + part, np.nan)
    return np.asarray(cq, dtype=float)


def _jumps(traces: Traces, cq: Vector, line: float) -> Flags:
    """Curves that reach the line from far below within a cycle, and stay: a bubble. What grows doubles at most."""
    well, last = np.arange(len(cq)), traces.net.shape[1] - 1
    at = np.nan_to_num(cq, nan=1.0).astype(np.int64) - 1
    before, here, after = (traces.net[well, np.minimum(at + n, last)] for n in range(3))
    from_below = before + 3 * traces.noise < JUMP_SHARE * line
    flags: Flags = np.isfinite(cq) & from_below & (after < LEAST_GROWTH * here)
    return flags


def _grows(net: Matrix, at: Counts, line: float) -> Flags:
    """Whether the curve multiplies around its crossing, as amplification does and drift does not."""
    width = net.shape[1]
    well = np.arange(len(net))
    after, before = np.minimum(at + 2, width - 1), np.maximum(at - 1, 0)
    rise = np.maximum(net[well, after], line / DEEPEST) / np.maximum(net[well, before], line / DEEPEST)
    flags: Flags = rise ** (1 / np.maximum(after - before, 1)) >= LEAST_GROWTH
    return flags
