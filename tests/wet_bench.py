"""A bench in numbers, made without the package: copies, cycles, light, and RDML written by hand.

A well starts with a whole number of copies. Each cycle adds a share of them that falls as product accumulates, so that
the curve is no logistic in closed form; the detector adds an offset, a drift and noise. Non-specific background is
drawn as copies too: of the pool alone, or of every well that holds normal DNA, as at a real bench. `by_hand` works the
level out of the Cq that were found, as a laboratory would in a spreadsheet, and `is_positive_by_hand` the call.

By hand, printing the numbers of docs/plates-tested.md:  python tests/wet_bench.py COUNT
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.stats import linregress

from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, PREVENT_FALSE_POSITIVE, load_profile
from caseseries.pcr.mrd import PlateReport, interpret_plate
from caseseries.pcr.reading import read_plate_bytes
from caseseries.record.levels import LevelState

MARKER, CONTROL = "IGH VH3-JH4", "ALB"
CELLS = 500e3 / 6.6  # in 500 ng of diploid DNA
DILUTIONS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
NANOGRAMS = (500, 50, 5, 0.5)
# Cycles before the background, wells, and cycles after the last dilution where there is no background.
RULES = {PREVENT_FALSE_NEGATIVE: (1, 1, 4), PREVENT_FALSE_POSITIVE: (3, 2, 1.5)}


@dataclass
class Bench:
    """What is pipetted goes into `rows`: sample, target, type, quantity, unit, curve."""

    seed: int
    efficiency: float = 0.95
    plateau: float = 4.0
    noise: float = 0.004
    drift: float = 0.002
    scale: float = 1.0
    cycles: int = 50
    rows: list[tuple] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def curve(self, copies: float, efficiency: float, full: float = 2e12) -> np.ndarray:
        share, light = copies * 2 ** self.random.normal(0, 0.12) / full, []
        for _ in range(self.cycles):
            share = min(share + share * efficiency * (1 - share), 1.0)
            light.append(share)
        cycle = np.arange(1, self.cycles + 1)
        noise = self.random.normal(0, self.noise, self.cycles)
        return self.scale * (1 + self.drift * cycle + self.plateau * np.array(light) + noise)

    def add(self, sample, target, copies, wells=3, kind="unkn", quantity=None, unit="") -> "Bench":
        efficiency = 0.97 if target == CONTROL else self.efficiency
        for _ in range(wells):
            held = self.random.poisson(copies) if copies < 1e6 else copies
            self.rows.append((sample, target, kind, quantity, unit, self.curve(held, efficiency)))
        return self

    def plate(
        self, samples: Mapping[str, tuple[float, float]], background: float = 0.0, everywhere: bool = False
    ) -> bytes:
        """RDML of a whole plate. `samples` are level and share of amplifiable DNA; `background` copies a well.

        The background is the pool's alone, or, `everywhere`, of all normal DNA: dilutions and samples have their share.
        """
        elsewhere = background if everywhere else 0.0
        for level in DILUTIONS:
            copies = level * CELLS + elsewhere
            self.add(f"dx {level:g}", MARKER, copies, kind="std", quantity=level, unit="dil")
        self.add("MNC pool", MARKER, background, wells=6, kind="ntp").add("NTC", MARKER, 0, 2, "ntc")
        for mass in NANOGRAMS:
            self.add(f"{mass:g} ng", CONTROL, 2 * mass * CELLS / 500, kind="std", quantity=mass, unit="ng")
        self.add("MNC pool", CONTROL, 2 * CELLS, kind="ntp").add("NTC", CONTROL, 0, 2, "ntc")
        for name, (level, share) in samples.items():
            copies = share * (level * CELLS + elsewhere)
            self.add(name, MARKER, copies).add(name, CONTROL, 2 * share * CELLS)
        return self.rdml()

    def rdml(self) -> bytes:
        """RDML 1.3 by its schema: types and quantities by target, a 384-well format, no Cq."""
        samples: dict[str, str] = {}
        for name, target, kind, quantity, unit, _ in self.rows:
            said = f'<type targetId="{target}">{kind}</type>'
            if quantity is not None:
                said += (
                    f'<quantity targetId="{target}"><value>{quantity}</value><unit>{unit}</unit></quantity>'
                )
            samples[name] = samples.get(name, "").replace(said, "") + said
        described = "".join(f'<sample id="{name}">{said}</sample>' for name, said in samples.items())
        targets = "".join(
            f'<target id="{name}"><type>{kind}</type></target>'
            for name, kind in ((MARKER, "toi"), (CONTROL, "ref"))
        )
        reacts = "".join(
            f'<react id="{n}"><sample id="{name}"/><data><tar id="{target}"/>'
            + "".join(
                f"<adp><cyc>{cycle}</cyc><fluor>{light:.5f}</fluor></adp>"
                for cycle, light in enumerate(curve, 1)
            )
            + "</data></react>"
            for n, (name, target, *_, curve) in enumerate(self.rows, 1)
        )
        run = f'<run id="run 1"><pcrFormat><rows>16</rows><columns>24</columns></pcrFormat>{reacts}</run>'
        head = '<rdml version="1.3" xmlns="http://www.rdml.org">'
        return f'{head}{described}{targets}<experiment id="e">{run}</experiment></rdml>'.encode()


def by_hand(report, sample: str) -> tuple[float, float, float]:
    """Level, slope and quantitative range, from the Cq alone: two regressions and the ratio of control genes."""
    cqs = _cqs(report)
    background = [cq for cq in cqs[MARKER, "MNC pool"] if cq is not None]
    good = [
        level
        for level in DILUTIONS
        if None not in (step := cqs[MARKER, f"dx {level:g}"])
        and max(step) - min(step) <= 1.5
        and (not background or min(background) - max(step) >= 1.5)
    ]
    marker = linregress(
        [np.log10(level) for level in good for _ in range(3)],
        [cq for level in good for cq in cqs[MARKER, f"dx {level:g}"]],
    )
    control = linregress(
        [np.log10(mass) for mass in NANOGRAMS for _ in range(3)],
        [cq for mass in NANOGRAMS for cq in cqs[CONTROL, f"{mass:g} ng"]],
    )
    read = (np.mean(cqs[MARKER, sample]) - marker.intercept) / marker.slope
    later = np.mean(cqs[CONTROL, "MNC pool"]) - np.mean(cqs[CONTROL, sample])
    ratio = 10 ** (later / control.slope)
    return 10**read * ratio, marker.slope, min(good) * ratio


def is_positive_by_hand(report, sample: str) -> bool:
    """The rule for a positive, from the Cq alone: so many wells at least so far before the pool's first.

    Where no well of the pool amplifies, up to so far after the last dilution that does.
    """
    margin, wells, beyond = RULES[report.profile.id]
    cqs = _cqs(report)
    found = {
        name: [cq for cq in of if cq is not None] for (target, name), of in cqs.items() if target == MARKER
    }
    last = next(found[name] for level in reversed(DILUTIONS) if found[name := f"dx {level:g}"])
    latest = min(found["MNC pool"]) - margin if found["MNC pool"] else max(last) + beyond
    return sum(cq <= latest for cq in found[sample]) >= wells


def _cqs(report) -> dict[tuple[str, str], list[float | None]]:
    cqs: dict[tuple[str, str], list[float | None]] = {}
    for one in report.reactions:
        cqs.setdefault((one.well.target, one.well.sample), []).append(one.cq)
    return cqs


class Drawn(NamedTuple):
    """A plate of a bench drawn at random: its samples (level, share), background copies a well, and its report."""

    samples: Mapping[str, tuple[float, float]]
    background: float
    report: PlateReport


def drawn_plate(seed: int, profile: str = PREVENT_FALSE_NEGATIVE, everywhere: bool = False) -> Drawn:
    random = np.random.default_rng(10_000 + seed)
    bench = Bench(
        seed,
        efficiency=random.uniform(0.85, 1.0),
        plateau=random.uniform(2, 6),
        noise=random.choice([0.002, 0.008, 0.02]),
        drift=random.choice([0, 0.002, -0.004, 0.01]),
        scale=random.choice([1, 1000]),
    )
    samples = {f"s{n}": (10 ** random.uniform(-5.2, -1), random.uniform(0.3, 1.3)) for n in range(5)}
    samples |= {"none": (0.0, 1.0), "none, little": (0.0, 0.6)}
    background = random.choice([0, 0, 0.2, 0.6])
    plate = read_plate_bytes(bench.plate(samples, background, everywhere), "wet.rdml")
    return Drawn(samples, background, interpret_plate(plate, load_profile(profile)))


def measure(count: int, profile: str, everywhere: bool) -> str:
    above = missed = none = called = beside = numbers = covered = plates = 0
    for seed in range(count):
        samples, background, report = drawn_plate(seed, profile, everywhere)
        plates += any(one.level.state is not LevelState.NOT_EVALUABLE for one in report.levels)
        for one in report.levels:
            true, level = samples[one.sample][0], one.level
            if level.state is LevelState.QUANTIFIED:
                numbers += 1
                covered += level.lower <= true <= level.upper
            if not true:
                none += level.state is not LevelState.NOT_EVALUABLE
                beside += level.state is not LevelState.NOT_EVALUABLE and bool(background)
                called += level.state in (LevelState.QUANTIFIED, LevelState.BELOW_RANGE)
            elif level.sensitivity and true >= level.sensitivity:
                above += 1
                missed += level.state is LevelState.NOT_DETECTED
    return (
        f"{profile.split('/')[-1]}, background in {'all normal DNA' if everywhere else 'the pool alone'}:\n"
        f"  {count} plates, {plates} of them evaluable\n"
        f"  samples at or above the sensitivity printed: {above}, of them called negative: {missed}\n"
        f"  samples without leukaemia: {none} ({beside} on plates with background), called positive: {called}\n"
        f"  numbers: {numbers}, with the truth in their 95 % interval: {covered} ({covered / numbers:.1%})\n"
    )


def main(count: int) -> None:
    for everywhere in (False, True):
        for profile in RULES:
            sys.stdout.write(measure(count, profile, everywhere))


if __name__ == "__main__":
    main(int(sys.argv[1]))
