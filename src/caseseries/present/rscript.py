"""A script with which anybody who has R can hold the survival numbers to R's own."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

from caseseries.analysis.displays import Curve
from caseseries.analysis.exports import parameter_name, to_csv
from caseseries.analysis.results import Result, Results
from caseseries.study.definition import Study, days_of

COLUMNS = ("id", "PARAM", "day", "competing", "value", "at_risk", "events", "limits", "lower", "upper")


def to_r_script(curves: Sequence[Curve], results: Results, study: Study) -> str:
    """survival.R: every estimate at a horizon, to be found again from adtte.csv."""
    rows = [row for curve in curves for row in _rows(curve, results, study)]
    template = files("caseseries.present").joinpath("templates/survival.R").read_text(encoding="utf-8")
    return template.replace("@@EXPECTED@@", to_csv(COLUMNS, rows)).replace(
        "@@LEVEL@@", repr(study.report.level)
    )


def _rows(curve: Curve, results: Results, study: Study) -> Iterator[dict[str, object]]:
    name, origin = curve.id.split(".")
    endpoint = study.endpoints[name]
    wanted = next(w for w in study.estimates if w.endpoint == name and origin in w.origins)
    for horizon in wanted.horizons:
        row = results[f"{curve.id}.{horizon}"]
        limits = next((one for one in (row, results.get(f"{row.id}.loglog")) if one and _can_r(one)), None)
        if row.estimate.value is not None:
            yield {
                "id": row.id,
                "PARAM": parameter_name(endpoint, curve.origin),
                "day": days_of(horizon),
                "competing": int(bool(endpoint.competing)),
                "value": repr(row.estimate.value),
                "at_risk": row.estimate.at_risk,
                "events": row.estimate.events,
                **_limits(limits),
            }


def _can_r(result: Result) -> bool:
    """Whether R's survival package has this interval."""
    return result.estimate.method.endswith(", log-log")


def _limits(result: Result | None) -> dict[str, object]:
    names = {"limits": "NA", "lower": "NA", "upper": "NA"}
    if result is None:
        return dict(names)
    found = {"lower": result.estimate.lower, "upper": result.estimate.upper}
    return {"limits": result.id, **{name: "NA" if x is None else repr(x) for name, x in found.items()}}
