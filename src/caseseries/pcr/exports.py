"""Results and amplification tables of instrument software, RDES included, by their column names.

Understood: QuantStudio, StepOne, ViiA 7, 7500 and Design & Analysis; Bio-Rad CFX; LightCycler 480 and 96;
Rotor-Gene; RDES 1.0 (RDML-consortium/rdml-schema). Preambles and footers are passed over.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isclose

import numpy as np

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.plate import (
    Plate,
    PlateError,
    Reading,
    Task,
    Well,
    is_count,
    place_of,
    refuse,
    stack_curves,
)
from caseseries.pcr.readings import (
    FOUND_NONE,
    check_cells,
    is_on_96,
    parse_number,
    parse_position,
    parse_reading,
    parse_task,
    position_at,
)
from caseseries.pcr.sheets import ROTOR_GENE, Sheet

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "position": ("well position", "well", "pos", "position", "samplepos", "no.", "well id"),
    "number": ("well", "no."),
    "sample": ("sample name", "sample", "name", "samplename", "biological set name"),
    "target": ("target name", "target", "detector", "detector name", "gene name", "assay"),
    "task": ("task", "content", "sample type", "type"),
    "target type": ("target type",),
    "cq": ("ct", "cq", "cp", "c(t)"),
    "quantity": ("quantity", "qty", "starting quantity (sq)", "given conc", "standard"),
    "omit": ("omit", "excluded", "filtered", "omitted"),
    "include": ("include",),
    "dye": ("reporter", "fluor", "dye", "colour"),
    "cycle": ("cycle", "cycle number", "cycle#", "cycles"),
    "raw": ("rn", "fluorescence", "norm fluorescence", "rfu"),
    "program": ("prog#",),
    "subtracted": ("delta rn", "δrn", "drn", "δ rn"),
}
_FOLDED = str.maketrans({"т": "t", "Т": "t", "с": "c", "С": "c", "\ufeff": "", "_": " ", "∆": "δ", "Δ": "δ"})
_WELL_CELL = re.compile(r"^([A-P]0?[1-9]|[A-P]1\d|[A-P]2[0-4])(?:[ _:-]+(.+))?$")
_OPTICS = re.compile(r"^\d{3}-\d{3}$")  # a LightCycler 480 names fluorescence by its filters, 465-510
_FILTER = re.compile(r"(?:Selected )?Filter:\s*(.+)$")
_CHANNEL = re.compile(r"Quantitative analysis of channel (?:Cycling \w+\.)?(\w+)", re.I)
BLANK_IS_NONE = ("LightCycler table", "Rotor-Gene table")  # elsewhere a blank is a well that was not analysed
SAME_SHARE, SAME_CQ = 1e-3, 0.1  # two tables round one reading differently
_YES = ("true", "yes", "1", "x", "omit", "excluded")


@dataclass
class _Draft:
    """What the tables say about one reaction, gathered in any order."""

    well: Well
    curve: dict[int, float] = field(default_factory=dict)
    clash: str = ""  # what was said of it twice, differently

    def add(self, cycle: int, value: float) -> None:
        before = self.curve.get(cycle, value)
        if not isclose(before, value, rel_tol=SAME_SHARE, abs_tol=1e-9):
            self.clash = f"in cycle {cycle} it has {before:g} and {value:g}"
        self.curve[cycle] = value

    def read(self, reading: Reading) -> None:
        before = self.well.reading
        is_same = before.cq == reading.cq or None not in (before.cq, reading.cq)
        if (
            before.text
            and reading.text
            and not (is_same and abs((before.cq or 0) - (reading.cq or 0)) <= SAME_CQ)
        ):
            self.clash = f'its Cq is "{before.text}" and "{reading.text}"'
        if reading.text or not before.text:  # a table that leaves the Cq out unsays nothing
            self.well = replace(self.well, reading=reading)


@dataclass
class _Gathering:
    """Reactions by (position, target), as the tables of one file name them."""

    file: str
    drafts: dict[tuple[str, str], _Draft] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)
    subtracted: bool = False
    format: str = ""
    unread: list[str] = field(default_factory=list)  # what stands for a well in rows that name none
    unclaimed: list[Well] = field(default_factory=list)  # that share a curve nobody can tell whose it is

    def curve_of(self, position: str, target: str, dye: str) -> _Draft | None:
        """The reaction that a curve is of: by its target, by its dye, or the only one in its well."""
        if target:
            return self.at(position, target)[0]
        here = [draft for (place, _), draft in self.drafts.items() if place == position]
        lit = [draft for draft in here if dye and draft.well.dye.casefold() == dye.casefold()]
        if not lit and all(draft.well.dye for draft in here) and (dye or not here):
            new = _Draft(Well(self.file, "", position, "", dye, dye))
            return self.drafts.setdefault((position, dye), new)
        if len(lit or here) == 1:
            return (lit or here)[0]
        self.unclaimed += [draft.well for draft in here if draft.well not in self.unclaimed]
        return None

    def by_filters(self, filters: str) -> str:
        """The target that a table of Cq names by these filters, `FAM (465-510)`; else the filters themselves."""
        return next((target for _, target in self.drafts if target.endswith(f"({filters})")), filters)

    @property
    def dyes(self) -> set[str]:
        return {draft.well.dye.casefold() for draft in self.drafts.values() if draft.well.dye}

    def at(self, position: str, target: str) -> list[_Draft]:
        """The reactions a row is about; a row without a target speaks of every target in its well."""
        if not target:
            found = [draft for (place, _), draft in self.drafts.items() if place == position]
            if found:
                return found
        elif (position, "") in self.drafts:
            draft = self.drafts.pop((position, ""))
            self.drafts[position, target] = replace(draft, well=replace(draft.well, target=target))
        key = (position, target)
        return [self.drafts.setdefault(key, _Draft(Well(self.file, "", position, "", target)))]


def read_export(sheets: tuple[Sheet, ...], file: str, sha256: str) -> Plate:
    """A plate from the tables of one export. Raises PlateError when no table of wells is found."""
    found = _Gathering(file)
    tables = [(sheet, header, rows) for sheet in sheets for header, rows in _tables(sheet)]
    for sheet, header, rows in sorted(tables, key=lambda table: "cycle" in table[1]):
        _gather(found, sheet, header, rows)
    wide = [(sheet, start) for sheet in sheets if (start := _start_of_columns(sheet)) is not None]
    for sheet, start in wide:
        is_dye = len(wide) > 1 or sheet.name.casefold() in found.dyes
        _gather_columns(found, sheet, start, sheet.name if is_dye else "")
    if not found.drafts:
        what = "no table of wells was found"
        allowed = "a header row with a well column and a Ct, Cq, Cp or fluorescence column"
        raise refuse(file, "export.no_wells", what, allowed, "Export results and amplification data again")
    drafts = list(found.drafts.values())
    _refuse_clashes(drafts)
    curves = stack_curves([_curve(draft.curve) for draft in drafts])
    wells = tuple(draft.well for draft in drafts)
    findings = (*check_cells(wells), *_check_unclaimed(found.unclaimed), *_check_unread(found))
    return Plate(file, sha256, found.format or "table", wells, curves, found.subtracted, findings)


def has_wells(sheet: Sheet) -> bool:
    """Whether a sheet holds a table of wells, or a column for each."""
    return _start_of_columns(sheet) is not None or any(True for _ in _tables(sheet))


def read_analysis_result(sheet: Sheet, file: str, sha256: str) -> Plate:
    """A plate from the `analysis_result.txt` of an .eds file: under each well's row, its "Rn values"."""
    kept: list[tuple[str, ...]] = []
    cycles = 0
    for row in sheet.rows:
        lead = _fold(row[0]) if row else ""
        if lead == "rn values" and kept:
            values = tuple(cell for cell in row[1:] if cell)
            cycles = max(cycles, len(values))
            kept[-1] += values
        elif lead != "delta rn values":
            kept.append(row)
    header = next((n for n, row in enumerate(kept) if len(row) > 1 and _columns(row)), None)
    if header is not None:
        width = len(kept[header])
        kept[header] += tuple(str(cycle) for cycle in range(1, cycles + 1))
        kept = [row[:width] + ("",) * (width - len(row)) + row[width:] for row in kept]
    return replace(read_export((replace(sheet, rows=tuple(kept)),), file, sha256), format="eds")


def _curve(points: dict[int, float]) -> list[float]:
    return [points.get(cycle, np.nan) for cycle in range(1, max(points, default=0) + 1)]


def _refuse_clashes(drafts: Iterable[_Draft]) -> None:
    """Of two readings of one well nobody can tell which is meant."""
    clashing = [draft for draft in drafts if draft.clash]
    if clashing:
        first = clashing[0]
        what = f"{first.well.target or 'the well'} is told twice: {first.clash} (wells told twice: {len(clashing)})"
        do = "Export the plate again, one analysis a file"
        where = first.well.where
        raise PlateError([Finding(where, "export.repeated", Severity.FILE, what, "each well once", do)])


def _check_unclaimed(wells: Sequence[Well]) -> list[Finding]:
    if not wells:
        return []
    names = ", ".join(dict.fromkeys(well.target for well in wells))
    what = f"the curves of these wells do not say which of {names} they are of; none is used"
    do = "Export the amplification data with a target or dye, or name each sheet by its dye"
    return [Finding(place_of(wells), "export.whose_curve", Severity.VALUE, what, "", do)]


def _check_unread(found: _Gathering) -> list[Finding]:
    if not found.unread:
        return []
    what = f'filled rows that name no well, and are not read: {len(found.unread)}; the first has "{found.unread[0]}"'
    allowed, do = "a well such as A1 in each row", "Correct the rows, or export the plate again"
    return [Finding(Where(found.file), "export.unread_rows", Severity.VALUE, what, allowed, do)]


def _fold(cell: str) -> str:
    return re.sub(r"\s+", " ", cell.translate(_FOLDED).strip().lower()).removesuffix(".") or ""


def _columns(row: tuple[str, ...]) -> dict[str, int]:
    """Which known column stands where; {} when the row is no header."""
    names = [re.sub(r"\s*\((?!t\)|sq\)).*\)$", "", _fold(cell)) for cell in row]
    found = {}
    for meaning, spellings in COLUMNS.items():
        for spelling in spellings:
            if spelling.removesuffix(".") in names:
                found[meaning] = names.index(spelling.removesuffix("."))
                break
    measured = {"cq", "raw", "subtracted"} & found.keys()
    is_rdes = any(map(is_count, names))
    has_optics = "cycle" in found and any(_OPTICS.match(name) for name in names)
    is_setup = {"sample", "target", "task"} <= found.keys()
    return found if "position" in found and (measured or is_rdes or has_optics or is_setup) else {}


def _tables(sheet: Sheet) -> Iterator[tuple[dict[str, int], list[tuple[str, ...]]]]:
    """Each header row with the rows under it, up to a [Section], the next header, or a blank line before no well."""
    header: dict[str, int] = {}
    rows: list[tuple[str, ...]] = []
    is_after_blank = False
    for row in sheet.rows:
        if not any(row):
            is_after_blank = True
            continue
        columns = _columns(row) if len(row) > 1 else {}
        is_end = row[0].startswith("[") or (is_after_blank and bool(header) and not _names_well(header, row))
        is_after_blank = False
        if columns or is_end:
            if header and rows:
                yield header, rows
            header, rows = columns, []
            if columns:
                header = {**columns, **_cycle_columns(row)}
        elif header:
            rows.append(row)
    if header and rows:
        yield header, rows


def _names_well(header: dict[str, int], row: tuple[str, ...]) -> bool:
    text = row[header["position"]] if header["position"] < len(row) else ""
    return is_count(text) or bool(_WELL_CELL.match(parse_position(text)))


def _cycle_columns(row: tuple[str, ...]) -> dict[str, int]:
    """The fluorescence columns of RDES, named by their cycle, and of a LightCycler 480, by their filters."""
    cycles = {f"@{int(cell)}": place for place, cell in enumerate(row) if is_count(cell)}
    return cycles | {f"~{cell}": place for place, cell in enumerate(row) if _OPTICS.match(cell)}


def _gather(found: _Gathering, sheet: Sheet, header: dict[str, int], rows: list[tuple[str, ...]]) -> None:
    own_format = _format_of(sheet, header)
    found.format = found.format or own_format
    _learn_positions(found, header, rows)
    label = _label_of(sheet)
    optics = {name[1:]: found.by_filters(name[1:]) for name in header if name.startswith("~")}
    rows = _amplifying(header, rows)
    cycles = max((int(name[1:]) for name in header if name.startswith("@")), default=0)
    for row in rows:
        cell = {name: row[place] for name, place in header.items() if place < len(row)}
        position = _position(found, cell.get("position", ""))
        if not position:
            if sum(map(bool, cell.values())) > len(header) / 2:
                found.unread.append(cell.get("position", ""))
            continue
        target = cell.get("target", "") or label
        for filters, named in optics.items():
            here = {**cell, "raw": cell.get(f"~{filters}", "")}
            _add_point(found, position, named, here, sheet.decimal_comma)
        if optics:
            continue
        if "cycle" in header:
            _add_point(found, position, target, cell, sheet.decimal_comma)
            continue
        for draft in found.at(position, target):
            _add_result(draft, cell, cycles, own_format in BLANK_IS_NONE, sheet.decimal_comma)


def _add_result(draft: _Draft, cell: dict[str, str], cycles: int, blank_is_none: bool, comma: bool) -> None:
    """A row of results; in RDES its curve stands behind them."""
    draft.well = _fill(draft.well, cell, comma)
    if "cq" in cell:
        reading = parse_reading(cell["cq"], cycles, comma)
        draft.read(_not_blank(reading) if blank_is_none and draft.well.sample else reading)
    points = {int(name[1:]): text for name, text in cell.items() if name.startswith("@")}
    _add_points(draft, points, comma)


def _amplifying(header: dict[str, int], rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows of the program that has the most cycles: the others heat, melt and cool."""
    if "program" not in header or "cycle" not in header:
        return rows
    cycles: dict[str, set[str]] = {}
    for row in rows:
        if len(row) > max(header["program"], header["cycle"]):
            cycles.setdefault(row[header["program"]], set()).add(row[header["cycle"]])
    longest = max(cycles, key=lambda program: len(cycles[program]), default="")
    return [row for row in rows if row[header["program"] : header["program"] + 1] == (longest,)]


def _format_of(sheet: Sheet, header: dict[str, int]) -> str:
    if sheet.name == ROTOR_GENE or any(name.startswith("@") for name in header):
        return sheet.name if sheet.name == ROTOR_GENE else "RDES"
    head = " ".join(cell for row in sheet.rows[:60] for cell in row[:12])
    signs = {
        "QuantStudio, StepOne or 7500 table": ("[Results]", "Block Type", "Well Position", "Detector"),
        "Bio-Rad CFX table": ("Biological Set Name", "Starting Quantity", "Fluor"),
        "LightCycler table": ("Filter:", "filters:", "SamplePos", "Cp", "Gene Name"),
        "Rotor-Gene table": ("Given Conc", "Rotor-Gene"),
    }
    return next((name for name, words in signs.items() if any(word in head for word in words)), "table")


def _label_of(sheet: Sheet) -> str:
    """The one target of a file that has no target column: LightCycler's filter, Rotor-Gene's channel, else nothing."""
    top = [" ".join(row) for row in sheet.rows[:20]]
    match = next(filter(None, map(_FILTER.search, top[:3])), None)
    match = match or next(filter(None, map(_CHANNEL.search, top)), None)
    return match[1].strip() if match else ""


def _learn_positions(found: _Gathering, header: dict[str, int], rows: list[tuple[str, ...]]) -> None:
    number, position = header.get("number"), header["position"]
    if number is None or number == position:
        return
    for row in rows:
        if len(row) > max(number, position):
            found.positions[row[number]] = parse_position(row[position])


def _position(found: _Gathering, text: str) -> str:
    if not is_count(text):
        position = parse_position(text)
        return position if _WELL_CELL.match(position) else ""
    if text in found.positions:
        return found.positions[text]
    if not found.positions:
        return text
    numbers = map(int, filter(is_count, (text, *found.positions)))
    is_small = max(numbers) <= 96 and all(map(is_on_96, found.positions.values()))
    return found.positions.setdefault(text, position_at(int(text), 12 if is_small else 24))


def _fill(well: Well, cell: dict[str, str], decimal_comma: bool) -> Well:
    task_text = cell.get("task", "")
    quantity = parse_number(cell.get("quantity", ""), decimal_comma)
    omitted = cell.get("omit", "").lower() in _YES or cell.get("include", "true").lower() in (
        "false",
        "no",
        "0",
    )
    kind = cell.get("target type", "").lower()
    task = parse_task(task_text)
    if not task_text and quantity and "include" in cell:
        task = Task.STANDARD  # LightCycler 480 marks a standard by its concentration only
    return replace(
        well,
        sample=cell.get("sample", "") or well.sample,
        dye=cell.get("dye", "") or well.dye,
        task=task or well.task,
        is_control_gene=None if not kind else kind == "ref",
        quantity=quantity if quantity else well.quantity,
        excluded="the plate file" if omitted else well.excluded,
    )


def _not_blank(reading: Reading) -> Reading:
    return reading if reading.cq is not None or reading.text else Reading(None, "", FOUND_NONE)


def _add_point(found: _Gathering, position: str, target: str, cell: dict[str, str], comma: bool) -> None:
    cycle = parse_number(cell.get("cycle", ""), comma)
    is_raw = "raw" in cell
    value = parse_number(cell.get("raw", "") if is_raw else cell.get("subtracted", ""), comma)
    found.subtracted = found.subtracted or not is_raw
    draft = found.curve_of(position, target, cell.get("dye", ""))
    if draft is None:
        return
    draft.well = replace(draft.well, sample=draft.well.sample or cell.get("sample", ""))
    if cycle is not None and value is not None and 1 <= cycle <= 200:
        draft.add(round(cycle), value)


def _add_points(draft: _Draft, points: dict[int, str], comma: bool) -> None:
    for cycle, text in points.items():
        value = parse_number(text, comma)
        if value is not None:
            draft.add(cycle, value)


def _start_of_columns(sheet: Sheet) -> int | None:
    """The row that heads one column a well: CFX (`Cycle, A1, A2 …`) and LightCycler (`A1 target`)."""
    for at, row in enumerate(sheet.rows):
        lead = next((place for place, cell in enumerate(row) if cell), 0)
        if _fold(row[lead] if row else "") in ("cycle", "cycles") and _wells_across(row, lead):
            return at
    return None


def _wells_across(row: tuple[str, ...], lead: int) -> dict[int, re.Match[str]]:
    names = {place: _WELL_CELL.match(parse_position(cell)) for place, cell in enumerate(row)}
    wells = {place: match for place, match in names.items() if match}
    return wells | {
        place: m for place, cell in enumerate(row) if place > lead and (m := _WELL_CELL.match(cell))
    }


def _gather_columns(found: _Gathering, sheet: Sheet, start: int, dye: str) -> None:
    """The columns of one sheet. A CFX workbook has a sheet for each dye, named by it."""
    found.format = found.format or "table"
    head, rows, comma = sheet.rows[start], sheet.rows[start + 1 :], sheet.decimal_comma
    lead = next(place for place, cell in enumerate(head) if cell)
    numbers = [row for row in rows if len(row) > lead and parse_number(row[lead], comma) is not None]
    lowest = np.inf
    for place, match in _wells_across(head, lead).items():
        texts = {n: row[place] for n, row in enumerate(numbers, 1) if place < len(row)}
        draft = found.curve_of(parse_position(match[1]), (match[2] or "").strip(), dye)
        if draft is not None:
            _add_points(draft, texts, comma)
            lowest = min(lowest, *draft.curve.values(), np.inf)
    found.subtracted = found.subtracted or lowest < 0
