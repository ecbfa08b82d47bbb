"""Where every number of the report comes from, for a reader who asks: its method, its cases and their cells."""

from collections import Counter
from collections.abc import Sequence

from caseseries.analysis.displays import Curve
from caseseries.analysis.results import Result, Results
from caseseries.analysis.rulings import Ruling, rulings_behind
from caseseries.present.document import Trail, case_trail
from caseseries.present.wording import capital


def of_results(results: Results, rulings: Sequence[Ruling]) -> dict[str, Trail]:
    """Of every number, by its result's id."""
    return {row.id: trail_of(row, rulings_behind(row, rulings)) for row in results.values()}


def of_curves(curves: Sequence[Curve], results: Results, rulings: Sequence[Ruling]) -> dict[str, Trail]:
    """Of every number on a curve or beneath it, by the curve's id: the cases of the estimates that are read off it."""
    trails = {}
    for curve in curves:
        read_off = next((row for name, row in results.items() if name.startswith(f"{curve.id}.")), None)
        if read_off is not None:
            lines = trail_of(read_off, rulings_behind(read_off, rulings)).lines[1:]
            trails[curve.id] = Trail(f"{capital(curve.label)} from {curve.origin}", lines)
    return trails


def of_cases(results: Results, rulings: Sequence[Ruling]) -> dict[str, Trail]:
    """Of what is said of one case: every cell of it that any number rests on."""
    cells: dict[str, dict[str, None]] = {}
    behind: Counter[str] = Counter()
    for row in results.values():
        for case, sources in row.sources.items():
            behind[case] += 1
            cells.setdefault(case, {}).update(dict.fromkeys(f"{one.where} = {one.raw}" for one in sources))
    return {
        case_trail(case): Trail(
            case,
            (
                f"Behind {behind[case]} numbers of this report",
                *(capital(one.words) for one in rulings if case in one.about),
                *lines,
            ),
        )
        for case, lines in cells.items()
    }


def trail_of(result: Result, rulings: Sequence[Ruling] = ()) -> Trail:
    """Where a number comes from, for a reader who asks: method, counts, caveats, decisions, then each case's cells."""
    estimate = result.estimate
    lines = [result.shown, f"Method: {estimate.method}; n = {estimate.n}"]
    if estimate.events is not None:
        lines.append(f"Events: {estimate.events}")
    if estimate.at_risk is not None:
        lines.append(f"At risk: {estimate.at_risk}")
    lines += [capital(caveat) for caveat in result.notes]
    lines += [capital(ruling.words) for ruling in rulings]
    for case, cells in sorted(result.sources.items()):
        lines.append(f"{case}: {'; '.join(f'{cell.where} = {cell.raw}' for cell in cells) or 'no cell'}")
    return Trail(result.label, tuple(lines))
