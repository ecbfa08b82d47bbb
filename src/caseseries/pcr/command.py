"""What `caseseries mrd` does, in words: read, understand, interpret, print."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from caseseries.findings import Finding, Severity
from caseseries.pcr.checks import check_setup
from caseseries.pcr.criteria import load_profile, say_aim
from caseseries.pcr.interpret import MarkerLevel
from caseseries.pcr.markers import SampleLevel, join_markers
from caseseries.pcr.mrd import PlateReport, interpret_plate
from caseseries.pcr.plate import Plate, PlateError, join_plates, refuse
from caseseries.pcr.runs import Run, find_runs, find_setup, read_run, say_aside, setup_beside
from caseseries.pcr.standards import StandardCurve, say_efficiency
from caseseries.record.levels import say_level


def read_report(
    plates: Sequence[Path], profile: str, setup: Path | None = None, *, use_instrument: bool = False
) -> PlateReport:
    """The report of one or several plates, each named by its file, its files, its folder or its run.

    Raises PlateError with every finding when something is unreadable.

    Without `setup` the plate's own `NAME.toml`, else `plate.toml`, beside the first plate is used.
    """
    runs, strays = _find_runs(plates)
    path = setup or setup_beside(runs[0].path)
    said = find_setup(runs[0].path, setup)
    plate = join_plates(_read_each(runs))
    report = interpret_plate(plate, load_profile(profile), said, use_instrument=use_instrument)
    unmatched = check_setup(report.plate, said, path.name) if path else ()
    return replace(report, findings=(*report.findings, *strays, *unmatched))


def _find_runs(named: Sequence[Path]) -> tuple[list[Run], list[Finding]]:
    """The runs that can be read, and what is said of the others."""
    runs = find_runs(named)
    strays = [say_aside(run.path.name, run) for run in runs if not run.wanted]
    if len(strays) == len(runs):
        raise PlateError(strays)
    return [run for run in runs if run.wanted], strays


def _read_each(runs: Sequence[Run]) -> list[Plate]:
    """The plates, each under a name of its own; wells counted twice would claim DNA that was never there."""
    names = [run.path.name for run in runs]
    read = [
        read_run(run, run.path.name if names.count(run.path.name) == 1 else run.path.as_posix())
        for run in runs
    ]
    hashes = [plate.sha256 for plate in read]
    twice = next((plate.name for plate in read if hashes.count(plate.sha256) > 1), "")
    if twice:
        raise refuse(twice, "plate.twice", "the same file is named twice", "each plate once", "Name it once")
    return read


def has_open_problems(report: PlateReport) -> bool:
    return any(finding.severity is not Severity.NOTE for finding in report.findings)


def say_roles(report: PlateReport) -> str:
    """Every well as it was understood, one a line; with its plate and run where there are several."""
    places = {(one.well.plate, one.well.run) for one in report.reactions}
    rows = [("well", "sample", "target", "role", "amount", "because")]
    for one in report.reactions:
        gene = " (control gene)" if one.part.is_control_gene else ""
        amount = f"{one.part.amount:g} {one.part.unit}" if one.part.amount else ""
        excluded = f"; excluded by {one.well.excluded}" if one.well.excluded else ""
        because = one.part.because + excluded
        rows.append(
            (one.well.position, one.well.sample, one.well.target + gene, one.part.role.value, amount, because)
        )
    if len(places) > 1:
        where = [("plate", "run"), *((one.well.plate, one.well.run) for one in report.reactions)]
        return _columns([(*place, *row) for place, row in zip(where, rows, strict=True)])
    return _columns(rows)


def say_report(report: PlateReport) -> str:
    """Curves, levels and findings, for a person at a terminal."""
    plate, profile = report.plate, report.profile
    checked = len(profile.criteria) - len(profile.unverified)
    lines = [
        f"{plate.name} · {plate.format} · {len(plate.wells)} reactions · sha256 {plate.sha256[:12]}",
        f"Profile {profile.id} · sha256 {profile.sha256[:12]} · {checked} of {len(profile.criteria)} values "
        "checked against the publication",
        "",
        *_titled("Standard curves", [_say_curve(curve) for curve in report.curves]),
        *_titled("Levels", [line for one in report.levels for line in _say_level(one)]),
        *_titled("Samples", [line for one in _several(report) for line in _say_sample(one)]),
        *_titled("Findings", [str(finding) for finding in report.findings]),
    ]
    if profile.unverified:
        lines += ["Not checked against the publication: " + ", ".join(profile.unverified)]
    return "\n".join(lines)


def _titled(title: str, lines: list[str]) -> list[str]:
    return [title, *(f"  {line}" for line in lines), ""] if lines else []


def _several(report: PlateReport) -> list[SampleLevel]:
    return [one for one in join_markers(report.levels, report.profile) if len(one.markers) > 1]


def _say_curve(curve: StandardCurve) -> str:
    line = curve.line
    if line is None:
        return f"{curve.target}: no line; {'; '.join(curve.reasons)}"
    verdict = "accepted" if curve.accepted else "refused"
    reach = (
        f"; range {_amount(curve.quantitative_range, curve)}, sensitivity {_amount(curve.sensitivity, curve)}"
    )
    why = f"; {'; '.join(curve.reasons)}" if curve.reasons else ""
    fit = f"slope {line.slope:.3f}, r {line.r:.4f}, r² {line.r2:.4f}, efficiency {say_efficiency(line)}"
    return f"{curve.target}: {verdict}; {fit}{reach if curve.accepted else ''}{why}"


def _amount(amount: float | None, curve: StandardCurve) -> str:
    return "unknown" if amount is None else f"{amount:g} {curve.unit}".strip()


def _say_level(one: MarkerLevel) -> list[str]:
    calls = "; ".join(f"{say_aim(name)}: {call}" for name, call in one.calls.items())
    head = f"{one.sample} · {one.target}: {say_level(one.level)} [{calls}]"
    return [head, *(f"    {reason}" for reason in one.reasons)]


def _say_sample(one: SampleLevel) -> list[str]:
    names = ", ".join(marker.target for marker in one.markers)
    return [f"{one.sample} · {names}: {say_level(one.level)}", *(f"    {reason}" for reason in one.reasons)]


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
