"""How well the method gives back what simulated plates were made of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.interpret import NEGATIVE, POSITIVE, MarkerLevel
from caseseries.pcr.mrd import AIMS, interpret_plate
from caseseries.pcr.setup import Setup
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate

LOW = (1e-5, 3e-5, 1e-4)  # true levels of the samples that a false negative can happen to


@dataclass(frozen=True)
class Rates:
    """Shares of the evaluable samples: `false_negative` of those with `LOW` levels; `not_evaluable` of both kinds."""

    false_positive: float
    false_negative: float
    not_evaluable: float


@dataclass(frozen=True)
class Recovery:
    """What came back. `coverage` is of 95 % intervals of quantified levels."""

    plates: int
    quantified: int
    coverage: float
    too_low: float  # intervals that end below the truth
    too_high: float
    mean_log10_error: float
    sd_log10_error: float
    rates: dict[str, Rates]


@dataclass(frozen=True)
class _Outcome:
    true: float
    level: MarkerLevel


def recover(plates: int, seed: int, *, with_curves: bool = False) -> Recovery:
    """Simulate so many plates, each with its own assay, and interpret them.

    Efficiency 85–100 %, error 0.08–0.25 cycles, background in none or 30 % of polyclonal wells, levels
    2 × 10⁻⁴ to 10⁻¹ (log-uniform), amplifiable DNA 40–120 % of the reference; beside it a negative sample and
    one of a level in `LOW`.
    """
    rng = np.random.default_rng(seed)
    outcomes = [outcome for _ in range(plates) for outcome in _one_plate(rng, with_curves)]
    quantified = [one for one in outcomes if one.true not in (0.0, *LOW) and one.level.level.value]
    value, lower, upper, true = (np.array(column) for column in zip(*map(_numbers, quantified), strict=True))
    error = np.log10(value / true)
    return Recovery(
        plates=plates,
        quantified=len(quantified),
        coverage=float(np.mean((lower <= true) & (true <= upper))),
        too_low=float(np.mean(upper < true)),
        too_high=float(np.mean(lower > true)),
        mean_log10_error=float(error.mean()),
        sd_log10_error=float(error.std()),
        rates={aim: _rates(outcomes, aim) for aim in AIMS},
    )


def _numbers(one: _Outcome) -> tuple[float, float, float, float]:
    return one.level.level.value or 0.0, one.level.lower or 0.0, one.level.upper or 0.0, one.true


def _rates(outcomes: list[_Outcome], aim: str) -> Rates:
    clear = [one.level.calls[aim] for one in outcomes if one.true == 0]
    low = [one.level.calls[aim] for one in outcomes if one.true in LOW]
    silent = sum(call not in (POSITIVE, NEGATIVE) for call in (*clear, *low)) / len((*clear, *low))
    return Rates(_share(clear, POSITIVE), _share(low, NEGATIVE), silent)


def _share(calls: list[str], wanted: str) -> float:
    evaluable = [call for call in calls if call in (POSITIVE, NEGATIVE)]
    return evaluable.count(wanted) / len(evaluable)


def _one_plate(rng: np.random.Generator, with_curves: bool) -> Iterator[_Outcome]:
    assay = Assay(
        "IGH",
        efficiency=rng.uniform(0.85, 1.0),
        error=rng.uniform(0.08, 0.25),
        background_share=float(rng.choice([0.0, 0.3])),
    )
    quantity = MadeSample("quantity", float(10 ** rng.uniform(-3.7, -1)), rng.uniform(0.4, 1.2))
    samples = (quantity, MadeSample("clear", 0.0), MadeSample("low", float(rng.choice(LOW))))
    plate = simulate_plate(Design(assay, samples), "simulated", rng, with_curves=with_curves)
    reviewed = Setup(curves_reviewed_by="simulation")
    levels = interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE), reviewed).levels
    true = {sample.name: sample.level for sample in samples}
    return (_Outcome(true[level.sample], level) for level in levels)
