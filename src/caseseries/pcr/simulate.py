"""Made-up RQ-PCR plates from a stated model, for the demo study and for measuring the method itself.

A well of so many nanograms holds a Poisson number N of copies of its target. Its Cq is
`cq_of_one` − log N / log(1 + efficiency) + a normal error; without a copy it does not amplify. Polyclonal
DNA amplifies unspecifically in a share of its wells. A curve is a logistic that has reached a tenth of its
plateau at the Cq, on a drifting baseline, with normal noise.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from caseseries.pcr.plate import Matrix, Plate, Reading, Task, Well, stack_curves
from caseseries.pcr.readings import position_at

CELLS_PER_NANOGRAM = 1000 / 6.6  # diploid, 6.6 pg
PLATEAU, BASE, DRIFT, FLUCTUATION = 10.0, 2.0, 0.004, 0.01


@dataclass(frozen=True)
class Assay:
    """How one target behaves. `error` is in cycles; the background is of polyclonal DNA."""

    name: str
    efficiency: float = 0.95
    cq_of_one: float = 38.0
    error: float = 0.15
    background_share: float = 0.0
    background_cq: float = 42.0
    background_spread: float = 0.7
    copies_per_cell: int = 1


@dataclass(frozen=True)
class MadeSample:
    """A follow-up sample: its true level (0 for none) and its amplifiable DNA against the reference."""

    name: str
    level: float
    amplifiable: float = 1.0


@dataclass(frozen=True)
class Design:
    """What is pipetted. Dilutions are fractions of diagnosis DNA in polyclonal DNA, from the highest."""

    marker: Assay
    samples: tuple[MadeSample, ...]
    control: Assay = Assay("ALB", efficiency=0.97, cq_of_one=38.5, error=0.1, copies_per_cell=2)
    dilutions: tuple[float, ...] = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
    control_nanograms: tuple[float, ...] = (500.0, 50.0, 5.0, 0.5)
    nanograms: float = 500.0
    replicates: int = 3
    background_wells: int = 6
    cycles: int = 50


@dataclass(frozen=True)
class _Made:
    well: Well
    assay: Assay
    cq: float  # infinite when it does not amplify


def simulate_plate(
    design: Design, name: str, rng: np.random.Generator | None = None, *, with_curves: bool = True
) -> Plate:
    """A plate of the design. Without a generator every replicate set has its expected mean and spread.

    `with_curves=False` gives Cq only, as an instrument without error would.
    """
    made = list(_wells(design, name, rng))
    wells = tuple(one.well for one in made)
    if with_curves:
        curves = _curves(made, design.cycles, rng)
    else:
        wells = tuple(_with_reading(one, design.cycles) for one in made)
        curves = stack_curves([[] for _ in made])
    sha256 = hashlib.sha256(repr(wells).encode() + curves.tobytes()).hexdigest()
    return Plate(name, sha256, "simulated", wells, curves)


def _with_reading(one: _Made, cycles: int) -> Well:
    seen = one.cq < cycles
    reading = Reading(one.cq, f"{one.cq:.3f}") if seen else Reading(None, "Undetermined", "no Cq")
    return replace(one.well, reading=reading)


def _wells(design: Design, name: str, rng: np.random.Generator | None) -> Iterator[_Made]:
    plan = list(_plan(design, rng))
    columns = 12 if sum(len(row[-1]) for row in plan) <= 96 else 24
    places = (position_at(n, columns) for n in count(1))
    for sample, task, amount, unit, assay, cqs in plan:
        for cq in cqs:
            well = Well(
                plate=name,
                run="run 1",
                position=next(places),
                sample=sample,
                target=assay.name,
                dye="FAM",
                task=task,
                is_control_gene=assay is design.control,
                quantity=amount,
                unit=unit,
            )
            yield _Made(well, assay, float(cq))


Planned = tuple[str, Task, float | None, str, Assay, Sequence[float]]


def _plan(design: Design, rng: np.random.Generator | None) -> Iterator[Planned]:
    marker, control, n = design.marker, design.control, design.replicates
    cells = design.nanograms * CELLS_PER_NANOGRAM
    for level in design.dilutions:
        yield f"dx {level:g}", Task.STANDARD, level, "dil", marker, _draw(marker, level * cells, n, rng)
    yield "MNC", Task.NO_TARGET, None, "", marker, _draw_background(marker, design.background_wells, rng)
    yield "water", Task.WATER, None, "", marker, [math.inf] * 2
    for nanograms in design.control_nanograms:
        copies = nanograms * CELLS_PER_NANOGRAM * control.copies_per_cell
        yield f"{nanograms:g} ng", Task.STANDARD, nanograms, "ng", control, _draw(control, copies, n, rng)
    full = cells * control.copies_per_cell
    yield "MNC", Task.NO_TARGET, None, "", control, _draw(control, full, n, rng)
    yield "water", Task.WATER, None, "", control, [math.inf] * 2
    for sample in design.samples:
        held = sample.amplifiable * cells
        wells = _draw(marker, sample.level * held, n, rng)
        if not sample.level:
            wells = [math.inf] * n
        yield sample.name, Task.UNKNOWN, None, "", marker, wells
        yield sample.name, Task.UNKNOWN, None, "", control, _draw(control, sample.amplifiable * full, n, rng)


def _draw(assay: Assay, copies: float, wells: int, rng: np.random.Generator | None) -> Sequence[float]:
    """The Cq of replicate wells that hold so many copies on average."""
    if rng is None:
        return _expected(assay, copies, wells)
    held = rng.poisson(copies, wells)
    with np.errstate(divide="ignore"):
        cqs = assay.cq_of_one - np.log(held) / np.log1p(assay.efficiency)
    drawn: list[float] = (cqs + rng.normal(0, assay.error, wells)).tolist()
    return drawn


def _expected(assay: Assay, copies: float, wells: int) -> Sequence[float]:
    """Replicates spread evenly about the expected Cq; as many amplify as would on average."""
    if copies <= 0:
        return [math.inf] * wells
    cq = assay.cq_of_one - math.log(copies) / math.log1p(assay.efficiency)
    amplify = round(wells * -math.expm1(-copies))
    spread = np.linspace(-1, 1, amplify) * assay.error * math.sqrt(1.5) if amplify > 1 else np.zeros(amplify)
    return [*(cq + spread).tolist(), *[math.inf] * (wells - amplify)]


def _draw_background(assay: Assay, wells: int, rng: np.random.Generator | None) -> Sequence[float]:
    if rng is None:
        amplify = round(wells * assay.background_share)
        spread = np.linspace(-1, 1, amplify) * assay.background_spread
        return [*(assay.background_cq + spread).tolist(), *[math.inf] * (wells - amplify)]
    cqs = rng.normal(assay.background_cq, assay.background_spread, wells)
    drawn: list[float] = np.where(rng.random(wells) < assay.background_share, cqs, math.inf).tolist()
    return drawn


def _curves(made: Sequence[_Made], cycles: int, rng: np.random.Generator | None) -> Matrix:
    """Logistic curves that stand at a tenth of their plateau at the Cq."""
    cycle = np.arange(1, cycles + 1, dtype=float)
    growth = np.log1p([one.assay.efficiency for one in made])[:, None]
    middle = np.array([one.cq for one in made])[:, None] + np.log(9) / growth
    with np.errstate(over="ignore"):
        signal = PLATEAU / (1 + np.exp(-growth * (cycle - middle)))
    noise = _ripple(len(made), cycles) if rng is None else rng.normal(0, FLUCTUATION, signal.shape)
    curves: Matrix = BASE + DRIFT * cycle + signal + noise
    return curves


def _ripple(wells: int, cycles: int) -> Matrix:
    """Noise for looks, always the same and too small to move a Cq: a fixed generator of its own."""
    fixed = np.random.default_rng(20200401)
    ripple: Matrix = fixed.normal(0, FLUCTUATION / 5, (wells, cycles))
    return ripple
