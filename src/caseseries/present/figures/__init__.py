"""The figures: displays in, a drawing and its description in sentences out."""

from caseseries.present.figures.beside import beside_figure
from caseseries.present.figures.curves import incidence_figure, incidence_panels, survival_figure
from caseseries.present.figures.flow import flow_figure
from caseseries.present.figures.mrd import mrd_figure
from caseseries.present.figures.swimmer import swimmer_figure
from caseseries.present.figures.trajectory import symbols_of, trajectory_figure

__all__ = [
    "beside_figure",
    "flow_figure",
    "incidence_figure",
    "incidence_panels",
    "mrd_figure",
    "survival_figure",
    "swimmer_figure",
    "symbols_of",
    "trajectory_figure",
]
