"""A plate's report as plain values for `--json`, schema `caseseries-mrd/1`."""

from collections.abc import Mapping

from caseseries.findings import Finding
from caseseries.pcr.interpret import MarkerLevel
from caseseries.pcr.markers import SampleLevel, join_markers
from caseseries.pcr.mrd import PlateReport
from caseseries.pcr.standards import Line, Reaction, StandardCurve
from caseseries.record.levels import Level

SCHEMA = "caseseries-mrd/1"
Values = Mapping[str, object]


def record_plate(report: PlateReport, software: str) -> Values:
    """Everything that was read, computed and decided. Levels are fractions of cells, not rounded."""
    samples = join_markers(report.levels, report.profile)
    return {
        "schema": SCHEMA,
        "software": software,
        "plate": {
            "name": report.plate.name,
            "sha256": report.plate.sha256,
            "format": report.plate.format,
            "baseline_subtracted_by_instrument": report.plate.subtracted,
        },
        "profile": record_profile(report),
        "wells": [record_well(one) for one in report.reactions],
        "curves": [_record_curve(curve) for curve in report.curves],
        "levels": [_record_level(level) for level in report.levels],
        "samples": [_record_sample(sample) for sample in samples],
        "findings": [_record_finding(finding) for finding in report.findings],
    }


def record_profile(report: PlateReport) -> Values:
    """The profile by name and hash, with the names of the values nobody has checked."""
    profile = report.profile
    return {
        "id": profile.id,
        "sha256": profile.sha256,
        "citation": profile.citation,
        "unverified": list(profile.unverified),
    }


def record_well(one: Reaction) -> Values:
    """One well: what it is, why, and what became of it."""
    well, part, call = one.well, one.part, one.call
    return {
        "plate": well.plate,
        "run": well.run,
        "well": well.position,
        "sample": well.sample,
        "target": well.target,
        "dye": well.dye,
        "role": part.role.value,
        "because": part.because,
        "control_gene": part.is_control_gene,
        "amount": part.amount,
        "unit": part.unit,
        "state": call.state.value,
        "cq": call.cq,
        "own_cq": call.own_cq,
        "instrument_cq": well.reading.cq,
        "instrument_text": well.reading.text,
        "threshold": call.threshold,
        "curve_seen": call.seen,
        "note": call.note,
    }


def _record_line(line: Line | None) -> Values:
    return {
        "slope": None if line is None else line.slope,
        "intercept": None if line is None else line.intercept,
        "r": None if line is None else line.r,
        "r2": None if line is None else line.r2,
        "efficiency": None if line is None else line.efficiency,
    }


def _record_curve(curve: StandardCurve) -> Values:
    """`slope` and its companions are over every step; `range_line` is what levels are read from."""
    return {
        "target": curve.target,
        "plate": curve.plate,
        "run": curve.run,
        "control_gene": curve.is_control_gene,
        "unit": curve.unit,
        **_record_line(curve.line),
        "range_line": _record_line(curve.range_line),
        "accepted": curve.accepted,
        "reasons": list(curve.reasons),
        "quantitative_range": curve.quantitative_range,
        "sensitivity": curve.sensitivity,
        "background_cq": curve.background_cq,
        "wells_used": [one.well.position for one in curve.used],
        "wells_excluded": [one.well.position for one in curve.unused],
        "steps": [
            {"amount": step.amount, "cqs": list(step.cqs), "faults": list(step.faults)}
            for step in curve.steps
        ],
    }


def _record_plain(level: Level) -> Values:
    return {
        "state": level.state.value,
        "value": level.value,
        "sensitivity": level.sensitivity,
        "quantitative_range": level.quantitative_range,
        "lower": level.lower,
        "upper": level.upper,
    }


def _record_level(one: MarkerLevel) -> Values:
    return {
        "sample": one.sample,
        "target": one.target,
        **_record_plain(one.level),
        **{f"call_{name.replace('-', '_')}": call for name, call in one.calls.items()},
        "amplifiable": one.evidence.control.amplifiable if one.evidence.control else None,
        "reasons": list(one.reasons),
        "trail": [{"rule": rule.name, "passed": rule.passed, "detail": rule.detail} for rule in one.trail],
    }


def _record_sample(one: SampleLevel) -> Values:
    return {
        "sample": one.sample,
        **_record_plain(one.level),
        "markers": [marker.target for marker in one.markers],
        "reasons": list(one.reasons),
    }


def _record_finding(finding: Finding) -> Values:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "where": str(finding.where),
        "what": finding.what,
        "do": finding.do,
    }
