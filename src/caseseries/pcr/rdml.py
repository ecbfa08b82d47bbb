"""RDML 1.0–1.4, zipped or bare, tolerant of schema faults (rdml.org; RDML-consortium/rdml-schema)."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from xml.etree.ElementTree import Element, tostring

import numpy as np

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.markup import check_markup, read_tree
from caseseries.pcr.plate import Plate, PlateError, Reading, Task, Well, is_count, refuse, stack_curves
from caseseries.pcr.readings import (
    check_cells,
    parse_number,
    parse_position,
    parse_reading,
    parse_task,
    position_at,
)

MAX_CYCLES = 200
MAX_ROWS, MAX_COLUMNS = 52, 768  # rows A to AZ; OpenArray and dPCR chips have many columns
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")
UNITS = ("cop", "fold", "dil", "ng", "nmol", "other")
_POINT = re.compile(
    rb"<adp>\s*<cyc>\s*([^<\s]*)\s*</cyc>\s*(?:<tmp>[^<]*</tmp>\s*)?<fluor>([^<]*)</fluor>\s*</adp>"
)
_IN_ORDER = [b"%d" % cycle for cycle in range(1, MAX_CYCLES + 1)]
_GUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_RESAVE = "Export the plate again as RDML"


@dataclass(frozen=True)
class _Tree:
    """The XML without its curves, and the curves: `<curve>` number n in the tree is `curves[n]`."""

    root: Element
    curves: tuple[list[float], ...]


def read_rdml(xml: bytes, file: str, sha256: str) -> Plate:
    """A plate from the XML of an RDML file. Raises PlateError when it is not safe or not RDML."""
    tree = _read_tree(xml, file)
    root = tree.root
    if root.tag != "rdml":
        raise refuse(file, "rdml.root", f"the XML is <{root.tag}>", "<rdml>", _RESAVE)
    version = root.get("version", "")
    found = list(_read_reactions(tree, file))
    if not found:
        raise refuse(file, "rdml.no_wells", "the file has no reaction", "", _RESAVE)
    _refuse_repeats(well for well, _, _ in found)
    name = f"RDML {version}" if version else "RDML"
    wells = tuple(well for well, _, _ in found)
    findings = [
        *_check_version(version, file),
        *_check_empty(root, file),
        *(finding for _, _, some in found for finding in some),
        *check_cells(wells),
    ]
    return Plate(
        file, sha256, name, wells, stack_curves([curve for _, curve, _ in found]), False, tuple(findings)
    )


def _refuse_repeats(wells: Iterable[Well]) -> None:
    """A well counted twice would claim DNA that was never there."""
    seen: set[tuple[str, str, str]] = set()
    for well in wells:
        key = (well.run, well.position, well.target)
        if key in seen:
            what = f"the file holds {well.target} of {well.position} twice"
            do = "Export the plate again; of two readings of one well nobody can tell which is meant"
            raise PlateError(
                [Finding(well.where, "rdml.repeated", Severity.FILE, what, "each well once", do)]
            )
        seen.add(key)


def _read_tree(xml: bytes, file: str) -> _Tree:
    """The XML as a tree, and its curves.

    A plate's curves are nine tenths of its XML and would become a quarter of a million objects, so they are
    lifted out first; curves not in plain form stay in the tree.
    """
    check_markup(xml, file)
    if b"<!" in xml:
        return _Tree(read_tree(xml, file), ())
    plain, curves = _lift_curves(_drop_melting(xml))
    try:
        return _Tree(read_tree(plain, file), curves)
    except PlateError:
        return _Tree(read_tree(xml, file), ())  # which says where the file itself is broken


def _lift_curves(xml: bytes) -> tuple[bytes, tuple[list[float], ...]]:
    kept: list[bytes] = []
    curves: list[list[float]] = []
    done = 0
    while (start := xml.find(b"<adp>", done)) >= 0:
        close = xml.find(b"</data>", start)
        end = xml.rfind(b"</adp>", start, close) + len(b"</adp>")
        curve = _read_points(xml[start:end])
        if curve is None:
            kept.append(xml[done:end])
        else:
            kept += (xml[done:start], b'<curve n="%d"/>' % len(curves))
            curves.append(curve)
        done = end
    return b"".join((*kept, xml[done:])), tuple(curves)


def _drop_melting(xml: bytes) -> bytes:
    """Melting curves say nothing about a level and are as long as the rest."""
    kept: list[bytes] = []
    done = 0
    while (start := xml.find(b"<mdp>", done)) >= 0:
        close = xml.find(b"</data>", start)
        end = xml.rfind(b"</mdp>", start, close) + len(b"</mdp>")
        only_points = all(xml.find(tag, start, end) < 0 for tag in (b"<adp>", b"<cq>", b"<excl>", b"<tar"))
        kept.append(xml[done : start if only_points else end])
        done = end
    return b"".join((*kept, xml[done:]))


def _read_points(block: bytes) -> list[float] | None:
    """The fluorescence of cycles 1, 2, 3, …; None when the block is written in any other way.

    Every tag is accounted for, so that nothing between the points is lost with them.
    """
    points = _POINT.findall(block)
    tags = 6 * len(points) + 2 * block.count(b"<tmp>")
    if block.count(b"<") != tags or [cycle for cycle, _ in points] != _IN_ORDER[: len(points)]:
        return None
    try:
        curve = [float(value) for _, value in points]
    except ValueError:
        return None
    return curve if math.isfinite(sum(curve)) else None


def _check_version(version: str, file: str) -> list[Finding]:
    if version in VERSIONS:
        return []
    what = f'the file says RDML version "{version}"' if version else "the file says no RDML version"
    do = "Check the wells with --roles"
    return [Finding(Where(file), "rdml.version", Severity.NOTE, what, ", ".join(VERSIONS), do)]


def _check_empty(root: Element, file: str) -> list[Finding]:
    """Reactions that hold partitions of digital PCR, or nothing: they are read by nobody."""
    empty = [react for _, run in _runs(root) for react in run.findall("react") if react.find("data") is None]
    if not empty:
        return []
    digital = sum(react.find("partitions") is not None for react in empty)
    what = f"reactions without data of a real-time PCR: {len(empty)}, of digital PCR: {digital}"
    return [Finding(Where(file), "rdml.no_data", Severity.NOTE, what, "", "Nothing to do if that is right")]


def _parse_number(text: str) -> float | None:
    """A number of RDML has a decimal point and no thousands; a comma in it is a decimal comma."""
    return parse_number(text, decimal_comma="." not in text)


def _read_reactions(tree: _Tree, file: str) -> Iterator[tuple[Well, list[float], list[Finding]]]:
    samples, targets = _by_id(tree.root, "sample", file), _by_id(tree.root, "target", file)
    bare = cache(partial(_bare_well, samples, targets))
    for name, run in _runs(tree.root):
        rows = run.findtext("pcrFormat/rows")
        columns = _columns(run)
        for react in run.findall("react"):
            position = _position(react.get("id", ""), rows == "1" or columns == 1, columns)
            where = Where(file, name, position)
            sample_id = _linked(react.find("sample"))
            for data in react.findall("data"):
                curve = _read_curve(data, tree.curves, where)
                excluded, findings = _read_exclusion(data, where)
                well = replace(
                    bare(sample_id, _linked(data.find("tar"))),
                    plate=file,
                    run=name,
                    position=position,
                    reading=_read_cq(data, len(curve)),
                    excluded=excluded,
                )
                yield well, curve, findings


def _by_id(root: Element, tag: str, file: str) -> dict[str, Element]:
    """Samples or targets by id; one id may be told twice, but not in two ways."""
    found: dict[str, Element] = {}
    for element in root.findall(tag):
        name = element.get("id", "").strip()
        first = found.setdefault(name, element)
        if first is not element and tostring(first).strip() != tostring(element).strip():
            what = f'the file describes the {tag} "{name}" twice, in two ways'
            raise refuse(file, "rdml.repeated", what, "each id once", _RESAVE)
    return found


def _linked(element: Element | None) -> str:
    return "" if element is None else element.get("id", element.text or "").strip()


def _runs(root: Element) -> list[tuple[str, Element]]:
    """The runs, each with a name of its own: its id, with the experiment's where ids repeat, else a number."""
    runs = [
        (experiment, run) for experiment in root.findall("experiment") for run in experiment.findall("run")
    ]
    ids = [run.get("id", "") for _, run in runs]
    if len(set(ids)) < len(ids):
        ids = [f"{experiment.get('id', '')} {run.get('id', '')}".strip() for experiment, run in runs]
    if len(ids) == 1 and _GUID.match(ids[0]):
        ids = [""]
    unnamed = len(set(ids)) < len(ids) or any(_GUID.match(name) for name in ids)
    names = [f"run {n}" for n in range(1, len(ids) + 1)] if unnamed else ids
    return [(name, run) for name, (_, run) in zip(names, runs, strict=True)]


def _columns(run: Element) -> int:
    """What the file says; where it says nothing of use, 24 where a well is numbered above 96, else 12."""
    stated = _parse_number(run.findtext("pcrFormat/columns") or "")
    if stated is not None and 1 <= stated <= MAX_COLUMNS:
        return int(stated)
    numbers = [int(text) for react in run.findall("react") if is_count(text := react.get("id", ""))]
    return 24 if max(numbers, default=0) > 96 else 12


def _position(text: str, is_rotor: bool, columns: int) -> str:
    if is_count(text) and 0 < int(text) <= MAX_ROWS * columns:
        return text if is_rotor else position_at(int(text), columns)
    return parse_position(text)


def _bare_well(
    samples: dict[str, Element], targets: dict[str, Element], sample_id: str, target_id: str
) -> Well:
    """What the file says of a sample measured on a target, wherever it stands."""
    sample, target = samples.get(sample_id), targets.get(target_id)
    task, quantity, unit = _read_sample(sample, target_id)
    return Well(
        plate="",
        run="",
        position="",
        sample=_sample_name(sample_id, sample),
        target=target_id,
        dye="" if target is None else _linked(target.find("dyeId")),
        task=task,
        is_control_gene=None if target is None else _is_reference(target),
        quantity=quantity,
        unit=unit,
    )


def _is_reference(target: Element) -> bool:
    return (target.findtext("type") or "").strip() == "ref"


def _sample_name(sample_id: str, sample: Element | None) -> str:
    described = "" if sample is None else (sample.findtext("description") or "").strip()
    return described or sample_id if _GUID.match(sample_id) else sample_id


def _read_sample(sample: Element | None, target_id: str) -> tuple[Task, float | None, str]:
    """Type and quantity, for this target where the sample says so (RDML 1.3), else for all."""
    if sample is None:
        return Task.UNSTATED, None, ""
    kind = _for_target(sample.findall("type"), target_id)
    amount = _for_target(sample.findall("quantity"), target_id)
    task = Task.UNSTATED if kind is None else parse_task(kind.text or "")
    if amount is None:
        return task, None, ""
    unit = (amount.findtext("unit") or "").strip()
    is_known = unit.casefold() in UNITS
    return task, _parse_number(amount.findtext("value") or ""), unit.casefold() if is_known else unit


def _for_target(elements: list[Element], target_id: str) -> Element | None:
    own = [element for element in elements if element.get("targetId") == target_id]
    general = [element for element in elements if element.get("targetId") is None]
    return next(iter(own + general), None)


def _read_exclusion(data: Element, where: Where) -> tuple[str, list[Finding]]:
    element = data.find("excl")
    if element is None:
        return "", []
    text = (element.text or "").strip()
    if text.lower() in ("false", "0"):
        what = f'the well is marked excluded with the text "{text}"'
        do = "It was used; remove the mark or the text"
        return "", [Finding(where, "rdml.excluded_false", Severity.NOTE, what, "no mark", do)]
    reason = "" if text.lower() in ("", "true", "1") else f": {text}"
    return f"the plate file{reason}", []


def _read_cq(data: Element, cycles: int) -> Reading:
    element = data.find("cq")
    if element is None:
        return Reading(note="no Cq given")
    text = element.text or ""
    return parse_reading(text, cycles, decimal_comma="." not in text)


def _read_curve(data: Element, curves: tuple[list[float], ...], where: Where) -> list[float]:
    lifted = data.find("curve")
    if lifted is not None:
        return curves[int(lifted.get("n", "0"))]
    points: dict[int, float] = {}
    for point in data.iterfind("adp"):
        cycle = _parse_number(point.findtext("cyc") or "")
        fluorescence = _parse_number(point.findtext("fluor") or "")
        if fluorescence is None or cycle is None or not 1 <= cycle <= MAX_CYCLES:
            continue
        if points.setdefault(round(cycle), fluorescence) != fluorescence:
            what = f"cycle {cycle:g} is told twice, in two ways"
            raise PlateError(
                [Finding(where, "rdml.repeated", Severity.FILE, what, "each cycle once", _RESAVE)]
            )
    return [points.get(cycle, np.nan) for cycle in range(1, max(points, default=0) + 1)]
