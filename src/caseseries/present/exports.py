"""The report for other programs: files under report/exports, by name."""

from collections.abc import Mapping, Sequence

from caseseries.analysis.displays import Displays
from caseseries.analysis.results import Results
from caseseries.present.ard import to_ard
from caseseries.present.prism import to_pzfx
from caseseries.present.rscript import to_r_script
from caseseries.study.definition import Study


def export(
    study: Study,
    results: Results,
    displays: Displays,
    adtte: Sequence[Mapping[str, object]],
    software: str,
) -> dict[str, str]:
    """CDISC ARS, GraphPad Prism and R, as text."""
    return {
        "ard.json": to_ard(results, study, software),
        "prism.pzfx": to_pzfx(adtte, displays.mrd, study, software),
        "survival.R": to_r_script(displays.curves, results, study),
    }
