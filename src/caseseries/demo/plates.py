"""The raw plates behind the made-up children's MRD: simulated runs, one for each marker, as RDML.

The model is `pcr.simulate`: a Poisson number of copies in each well, an efficiency and an error of the assay,
unspecific amplification of polyclonal DNA just above the marker's sensitivity, noise on every reading. Chance decides
what a plate shows, so each plate has the first seed whose plate a laboratory would have reported as the child's line
of the return says.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from caseseries.demo.children import BELOW_RANGE, CHILDREN, Target
from caseseries.demo.returns import Story, specimen_days
from caseseries.pcr.plate import Plate
from caseseries.pcr.rdml_writing import write_rdml
from caseseries.pcr.simulate import CELLS_PER_NANOGRAM, Assay, Design, MadeSample, simulate_plate

SEEDS = {
    ("EM-01", "IGH VH3-JH4"): 2,
    ("EM-02", "IGK VK3-Kde"): 28,
    ("HC-01", "IGH VH4-JH4"): 1,
    ("KV-01", "IGH DH2-JH4"): 2,
    ("KV-01", "IGL VL3-JL2"): 6,
    ("KV-02", "IGH VH3-JH3"): 54,
    ("NB-01", "IGH DH3-JH5"): 2,
    ("NB-01", "TRD VD2-DD3"): 8,
    ("NB-02", "IGH VH3-JH6"): 10,
    ("SM-01", "IGH VH1-JH6"): 26,
    ("SM-02", "IGH VH2-JH5"): 90,
    ("WL-01", "IGH VH6-JH6"): 37,
    ("WL-01", "IGK VK2-Kde"): 11,
    ("WL-02", "IGH VH5-JH4"): 4,
    ("WL-02", "TRG VG9-JG1"): 3,
}
FAINT = 0.02  # percent: what a marker that is positive below its range truly has
EFFICIENCY, CQ_OF_ONE, NANOGRAMS = 0.95, 38.0, 500.0
ABOVE_SENSITIVITY = 1.25  # cycles between the lowest dilution that is seen and the polyclonal background


def write_plates(stories: Sequence[Story]) -> Iterator[tuple[str, bytes]]:
    """File names and bytes, in order of case and marker; the same every time."""
    for story in stories:
        for target in story.child.targets:
            plate = make_plate(story, target, SEEDS[story.child.case_id, target.marker])
            yield plate.name, write_rdml(plate)


def make_plate(story: Story, target: Target, seed: int) -> Plate:
    """One run: the dilutions of the child's own diagnosis DNA, controls, and the specimens before and after."""
    child = story.child
    before, after = (f"{child.case_id} {day}" for day in specimen_days(story))
    samples = (
        MadeSample(before, target.before / 100, amplifiable=1.1),
        MadeSample(after, _true_after(target) / 100, amplifiable=1.25),
    )
    lowest = target.sensitivity / 100
    assay = Assay(
        target.marker,
        efficiency=EFFICIENCY,
        cq_of_one=CQ_OF_ONE,
        error=0.12,
        background_share=0.5,
        background_cq=_cq_of(lowest) + ABOVE_SENSITIVITY,
        background_spread=0.15,
    )
    design = Design(assay, samples, dilutions=_dilutions(target), nanograms=NANOGRAMS)
    name = f"{child.case_id} {target.marker}.rdml".replace(" ", "_")
    return simulate_plate(design, name, np.random.default_rng([seed, CHILDREN.index(child)]))


def _true_after(target: Target) -> float:
    if isinstance(target.after, str):
        return FAINT if target.after == BELOW_RANGE else 0.0
    return target.after


def _dilutions(target: Target) -> tuple[float, ...]:
    """Tenfold down to the marker's range, then to its sensitivity."""
    reach = (target.quantitative_range / 100, target.sensitivity / 100)
    tenfold = (level for level in (1e-1, 1e-2, 1e-3, 1e-4) if level > reach[0] * 1.001)
    return (*tenfold, *reach)


def _cq_of(level: float) -> float:
    copies = level * NANOGRAMS * CELLS_PER_NANOGRAM
    return CQ_OF_ONE - math.log(max(copies, 1.0)) / math.log1p(EFFICIENCY)
