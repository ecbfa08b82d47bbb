"""Plates for the tests of the MRD method: from Cq alone, from curves in closed form, and as files."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files

import numpy as np

from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE
from caseseries.pcr.plate import Plate, Reading, Task, Well, stack_curves
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate

FALSE_NEGATIVE, FALSE_POSITIVE = "prevent-false-negative", "prevent-false-positive"


def logistic(cq: float, efficiency: float = 1.0, cycles: int = 50, plateau: float = 10.0, base: float = 2.0):
    """A curve that stands at a tenth of its plateau at the Cq; when the Cq is infinite, flat but for the ripple that
    tells a measurement from a dead channel."""
    growth = np.log1p(efficiency)
    cycle = np.arange(1, cycles + 1)
    if cq == np.inf:
        return base + 1e-4 * np.cos(2.4 * cycle)
    with np.errstate(over="ignore"):
        return base + plateau / (1 + np.exp(-growth * (cycle - cq) + np.log(9)))


def well(position: str, sample: str, target: str = "IGH", cq: float | str | None = None, **more) -> Well:
    """A well with the instrument's Cq (a number, its word for none, or nothing)."""
    if cq is None:
        reading = Reading(note="no Cq given")
    elif isinstance(cq, str):
        reading = Reading(None, cq, "the instrument found no Cq")
    else:
        reading = Reading(float(cq), f"{cq:.3f}")
    return Well("p.rdml", "run 1", position, sample, target, reading=reading, **more)


def plate_of(wells: Sequence[Well], curves: Sequence | None = None) -> Plate:
    """A plate of these wells; without curves there is only the instrument's word."""
    rows = curves if curves is not None else [[] for _ in wells]
    return Plate("p.rdml", "0" * 64, "test", tuple(wells), stack_curves(rows))


def cq_at(amount: float, intercept: float = 18.0, slope: float = -3.3219280948873626) -> float:
    """The Cq of an amount on a perfect line."""
    return intercept + slope * float(np.log10(amount))


class Bench:
    """Pipettes a plate: each call adds replicate wells; `plate()` gives it back."""

    def __init__(self) -> None:
        self.wells: list[Well] = []

    def add(self, sample: str, cqs: Sequence[float | str | None], target: str = "IGH", **more) -> "Bench":
        for cq in cqs:
            place = f"{chr(65 + len(self.wells) // 12)}{len(self.wells) % 12 + 1}"
            self.wells.append(well(place, sample, target, cq, **more))
        return self

    def standards(self, levels: Mapping[float, Sequence[float | str | None]], **more) -> "Bench":
        for level, cqs in levels.items():
            self.add(f"dx {level:g}", cqs, task=Task.STANDARD, quantity=level, unit="dil", **more)
        return self

    def control(self, *samples: str, shift: Mapping[str, float] | None = None) -> "Bench":
        """ALB: a perfect curve in ng, the reference DNA, water, and each sample (later by its shift)."""
        alb = {"target": "ALB", "is_control_gene": True}
        for nanograms in (500.0, 50.0, 5.0, 0.5):
            cq = cq_at(nanograms, 30.0)
            self.add(
                f"{nanograms:g} ng", _three(cq), task=Task.STANDARD, quantity=nanograms, unit="ng", **alb
            )
        self.add("MNC", _three(cq_at(500, 30.0)), task=Task.NO_TARGET, **alb)
        for sample in samples:
            self.add(sample, _three(cq_at(500, 30.0) + (shift or {}).get(sample, 0.0)), **alb)
        return self

    def plate(self) -> Plate:
        return plate_of(self.wells)


def _three(cq: float) -> list[float]:
    return [cq - 0.1, cq, cq + 0.1]


def three(cq: float, spread: float = 0.1) -> list[float]:
    """Three replicates about a Cq."""
    return [cq - spread, cq, cq + spread]


def usual_standards() -> dict[float, Sequence[float | str | None]]:
    """10⁻¹ to 10⁻⁴ reproducible, 10⁻⁵ in two wells of three."""
    levels: dict[float, Sequence[float | str | None]] = {
        10.0**-n: three(cq_at(10.0**-n)) for n in (1, 2, 3, 4)
    }
    levels[1e-5] = [cq_at(1e-5), cq_at(1e-5) + 0.4, "Undetermined"]
    return levels


def usual_bench(samples: Mapping[str, Sequence[float | str | None]], background=None, water=None) -> Bench:
    """A sound plate with these follow-up samples, each with its control gene."""
    bench = Bench().standards(usual_standards())
    bench.add("MNC", background or ["Undetermined"] * 3, task=Task.NO_TARGET)
    bench.add("water", water or ["Undetermined"] * 2, task=Task.WATER)
    for sample, cqs in samples.items():
        bench.add(sample, cqs)
    return bench.control(*samples)


def zip_of(parts: Mapping[str, bytes], stored: bool = False) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return packed.getvalue()


def zip_by_hand(entries: Sequence[tuple[str, bytes, int, int]]) -> bytes:
    """A zip whose directory says what we like: (name, data, declared size, offset or −1 for the true one)."""
    body, directory = b"", b""
    for name, data, size, offset in entries:
        packed = zlib.compress(data)[2:-4]
        sums = struct.pack("<LLL", zlib.crc32(data), len(packed), size)
        start = len(body) if offset < 0 else offset
        if offset < 0:
            body += struct.pack("<4sHHHHH", b"PK\x03\x04", 20, 0, 8, 0, 0) + sums
            body += struct.pack("<HH", len(name), 0) + name.encode() + packed
        directory += struct.pack("<4sHHHHHH", b"PK\x01\x02", 20, 20, 0, 8, 0, 0) + sums
        directory += struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0, start) + name.encode()
    end = struct.pack(
        "<4sHHHHLLH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(body), 0
    )
    return body + directory + end


def rdml(body: str, version: str = "1.4", head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<rdml version="{version}" xmlns="http://www.rdml.org">{body}</rdml>'.encode()


def points(values: Sequence[float]) -> str:
    return "".join(f"<adp><cyc>{n}</cyc><fluor>{value}</fluor></adp>" for n, value in enumerate(values, 1))


def one_well(data: str = "<cq>25.1</cq>", react: str = "1", extra: str = "") -> str:
    """RDML with one sample, one target and one reaction."""
    return (
        '<sample id="s"><type>unkn</type></sample><target id="t"><type>toi</type></target>'
        f'{extra}<experiment id="e"><run id="r"><pcrFormat><rows>8</rows><columns>12</columns></pcrFormat>'
        f'<react id="{react}"><sample id="s"/><data><tar id="t"/>{data}</data></react></run></experiment>'
    )


DESIGN = Design(Assay("IGH", background_share=0.3), (MadeSample("pt", 0.0),))
FLAT = np.inf


def made(*shapes, seed=1, **wells):
    """A simulated plate whose three follow-up wells have these curves (a Cq, or a whole curve)."""
    rng = np.random.default_rng(seed)
    plate = simulate_plate(DESIGN, "p.rdml", rng)
    curves, listed = plate.fluorescence.copy(), list(plate.wells)
    for row, shape in zip(rows_of(plate), shapes, strict=True):
        curves[row] = shape if np.ndim(shape) else logistic(shape, 0.95) + rng.normal(0, 0.01, 50)
        listed[row] = replace(listed[row], **wells)
    return replace(plate, fluorescence=curves, wells=tuple(listed))


def rows_of(plate):
    return [n for n, one in enumerate(plate.wells) if (one.sample, one.target) == ("pt", "IGH")]


def own_profile(path, change=lambda text: text, **values) -> str:
    """A laboratory's profile: the first built-in one under a name of its own, with other values or other words."""
    text = files("caseseries.pcr").joinpath(f"profiles/{PREVENT_FALSE_NEGATIVE}.toml").read_text("utf-8")
    text = text.replace(f'id = "{PREVENT_FALSE_NEGATIVE}"', 'id = "lab-sop-7"', 1)
    for name, value in values.items():
        head, rest = text.split(f"[criteria.{name}]\nvalue = ")
        text = f"{head}[criteria.{name}]\nvalue = {value}\n{rest.split(chr(10), 1)[1]}"
    path.write_text(change(text), encoding="utf-8")
    return str(path)
