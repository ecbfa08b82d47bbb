"""A plate written as each instrument's software would export it, with that software's word for a missing Cq."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from xml.sax.saxutils import escape

import numpy as np
from xlsxwriter import Workbook

from caseseries.pcr.plate import Plate, Task, Well
from pcr_plates import zip_of

Rows = Sequence[Sequence[object]]
APPLIED = {Task.STANDARD: "STANDARD", Task.WATER: "NTC"}


def _cq(well: Well, missing: str) -> str:
    return missing if well.reading.cq is None else f"{well.reading.cq:.3f}"


def _padded(well: Well) -> str:
    return f"{well.position[0]}{int(well.position[1:]):02d}"


def _table(rows: Rows, delimiter: str = "\t", comma: bool = False) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        cells = [repr(cell) if isinstance(cell, float) else str(cell) for cell in row]
        writer.writerow([cell.replace(".", ",") if comma and _is_number(cell) else cell for cell in cells])
    return out.getvalue()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _results(plate: Plate, missing: str) -> Rows:
    head = [
        "Well",
        "Well Position",
        "Omit",
        "Sample Name",
        "Target Name",
        "Task",
        "Reporter",
        "CТ",
        "Quantity",
    ]
    places = list(dict.fromkeys(well.position for well in plate.wells))
    return [
        head,
        *(
            [places.index(w.position) + 1, w.position, "false", w.sample, w.target, APPLIED.get(w.task, "UNKNOWN"),
             "FAM", _cq(w, missing), w.quantity or ""]
            for w in plate.wells
        ),
    ]  # fmt: skip


def _points(plate: Plate, name: str = "Rn", offset: float = 0.0) -> Rows:
    places = list(dict.fromkeys(well.position for well in plate.wells))
    rows = [
        [places.index(well.position) + 1, n, well.target, round(float(value - offset), 5)]
        for well, curve in zip(plate.wells, plate.fluorescence, strict=True)
        for n, value in enumerate(curve, 1)
        if np.isfinite(value)
    ]
    return [["Well", "Cycle", "Target Name", name], *rows]


def quantstudio_text(plate: Plate, missing: str, *, comma: bool = False) -> bytes:
    text = f"* Block Type = 96-Well\n\n[Results]\n{_table(_results(plate, missing), comma=comma)}\n"
    if plate.fluorescence.shape[1]:
        text += f"[Amplification Data]\n{_table(_points(plate), comma=comma)}\n"
    return text.encode("utf-16")


def quantstudio_delta(plate: Plate, missing: str) -> bytes:
    """Amplification data without the raw column: the baseline is off already."""
    text = f"[Results]\n{_table(_results(plate, missing), ',')}\n"
    if plate.fluorescence.shape[1]:
        text += f"[Amplification Data]\n{_table(_points(plate, 'ΔRn', 2.0), ',')}\n"
    return text.encode()


def quantstudio_xlsx(plate: Plate, missing: str) -> bytes:
    sheets = {"Results": _results(plate, missing)}
    if plate.fluorescence.shape[1]:
        sheets["Amplification Data"] = _points(plate)
    return xlsx(sheets)


def seven_five_hundred(plate: Plate, missing: str) -> bytes:
    rows = [["Well", "Sample Name", "Detector", "Task", "Ct", "Qty"]]
    rows += [[w.position, w.sample, w.target, APPLIED.get(w.task, "Unknown").title() if w.task is not Task.WATER else "NTC",
              _cq(w, missing), w.quantity or ""] for w in plate.wells]  # fmt: skip
    return _table(rows, ",").encode()


def eds(plate: Plate, missing: str) -> bytes:
    lines = ["Well\tSample Name\tDetector\tTask\tCt\tAvg Ct\tQuantity"]
    for well, curve in zip(plate.wells, plate.fluorescence, strict=True):
        task = APPLIED.get(well.task, "UNKNOWN")
        lines.append(
            f"{well.position}\t{well.sample}\t{well.target}\t{task}\t{_cq(well, missing)}\t\t{well.quantity or ''}"
        )
        if len(curve):
            lines.append("\t".join(["Rn values", *(f"{value:.5f}" for value in curve)]))
            lines.append("\t".join(["Delta Rn values", *("0" for _ in curve)]))
    return zip_of({"apldbio/sds/analysis_result.txt": "\n".join(lines).encode()})


def cfx(plate: Plate, missing: str) -> bytes:
    """A workbook whose curves have lost their baseline, in one column a well."""
    kinds = {Task.STANDARD: "Std-1", Task.WATER: "NTC"}
    rows: list[list[object]] = [
        ["", "Well", "Fluor", "Target", "Content", "Sample", "Cq", "Starting Quantity (SQ)"]
    ]
    rows += [["", _padded(w), "FAM", w.target, kinds.get(w.task, "Unkn-1"), w.sample, _cq(w, missing),
              w.quantity or "NaN"] for w in plate.wells]  # fmt: skip
    sheets: dict[str, Rows] = {"Quantification Cq Results": rows}
    if plate.fluorescence.shape[1]:
        net = plate.fluorescence - np.median(plate.fluorescence[:, 2:8], axis=1, keepdims=True)
        cycles = range(plate.fluorescence.shape[1])
        sheets["Amplification"] = [
            ["Cycle", *(well.position for well in plate.wells)],
            *([n + 1, *(round(float(value), 4) for value in net[:, n])] for n in cycles),
        ]
    return xlsx(sheets)


CFX_HEAD = (
    ",Well,Fluor,Target,Content,Sample,Biological Set Name,Cq,Cq Mean,Cq Std. Dev,Starting Quantity (SQ),"
)
CFX_HEAD += "Log Starting Quantity,SQ Mean,SQ Std. Dev,Set Point,Well Note"
CFX_KINDS = {Task.STANDARD: "Std-01", Task.WATER: "NTC-01"}


def cfx_files(plate: Plate, run: str, *, comma: bool = False) -> dict[str, bytes]:
    """What CFX Maestro's "Export All Data Sheets" writes as text, names and headings as in published exports.

    The marker is read in FAM, the control gene in HEX; the baseline is off, wells are padded in one table only.
    """
    dyes = ["HEX" if well.is_control_gene else "FAM" for well in plate.wells]
    rows = [CFX_HEAD.split(",")]
    for well, dye in zip(plate.wells, dyes, strict=True):
        quantity = f"{well.quantity:.5E}" if well.quantity else "NaN"
        row = ["", _padded(well), dye, well.target, CFX_KINDS.get(well.task, "Unkn-01"), well.sample, ""]
        rows.append([*row, _cq(well, "NaN"), "0", "0", quantity, "NaN", "0", "0", "60", ""])
    net = plate.fluorescence - np.median(plate.fluorescence[:, 2:8], axis=1, keepdims=True)
    tables: dict[str, Rows] = {"Quantification Cq Results": rows}
    tables["Quantification Summary_0"] = [[row[n] for n in (0, 1, 2, 3, 4, 5, 7)] for row in rows]
    for dye in ("FAM", "HEX"):
        here = [n for n, one in enumerate(dyes) if one == dye]
        head = ["", "Cycle", *(plate.wells[n].position for n in here)]
        curve = [["", n + 1, *(float(net[row, n]) for row in here)] for n in range(net.shape[1])]
        tables[f"Quantification Amplification Results_{dye}"] = [head, *curve]
        tables[f"End Point Results_{dye}"] = [[",Well", "End RFU"], ["", "A01", "3"]]
        tables[f"Quantification Plate View Results_{dye}"] = [["", "", "1", "2"], ["", "A", "Unkn", "Unkn"]]
    tables["Standard Curve Results_0"] = [["", "Fluor", "Efficiency %"], ["", "FAM", "99"]]
    tables["Melt Curve Derivative Results_FAM"] = [["", "Temperature", "A1"], ["", "65", "1"]]
    tables["Gene Expression Results - Bar Chart"] = [["", "Target"], ["", "IGH"]]
    tables["ANOVA Results"] = [["", "Target"], ["", "IGH"]]
    named = {f"{run} -  {kind}.csv": rows for kind, rows in tables.items()}
    named[f"{run}_Run Information.csv"] = [["File Name", f"{run}.pcrd"]]
    return {name: _table(rows, ";" if comma else ",", comma).encode() for name, rows in named.items()}


def quantstudio_files(plate: Plate, run: str) -> dict[str, bytes]:
    """Design & Analysis: a file a table, the day and time of the export at the end of its name."""
    end = "20250506_164601.csv"
    return {
        f"{run}_Results_{end}": _table(_results(plate, "UNDETERMINED"), ",").encode(),
        f"{run}_Amplification Data_{end}": _table(_points(plate), ",").encode(),
        f"{run}_Raw Data_{end}": _table([["Well", "Cycle", "x1-m1"], [1, 1, 12.0]], ",").encode(),
    }


def lightcycler_480_files(plate: Plate, run: str) -> dict[str, bytes]:
    """The marker alone: its Cp from one analysis, the light of every program from the other."""
    marker = [n for n, well in enumerate(plate.wells) if not well.is_control_gene]
    alone = replace(
        plate, wells=tuple(plate.wells[n] for n in marker), fluorescence=plate.fluorescence[marker]
    )
    return {
        f"{run} Cp.txt": lightcycler_480(alone, ""),
        f"{run} fluorescence.txt": lightcycler_480_raw(alone),
    }


def rotor_gene_run(plate: Plate, *, comma: bool = False) -> bytes:
    """A .rex of one channel, tube by tube, with a melt and tubes that nobody filled."""
    types = {Task.STANDARD: 1, Task.WATER: 3}
    tubes, light, melt = [], [], []
    for tube, (well, curve) in enumerate(zip(plate.wells, plate.fluorescence, strict=True), 1):
        name, kind = escape(well.sample), types.get(well.task, 2)
        tubes.append(
            f"<Sample><ID>{tube}</ID><Name>{name}</Name><Type>{kind}</Type><GivenConc>{well.quantity or 0}</GivenConc>"
            f"<Selected>True</Selected><TubePosition>{tube}</TubePosition></Sample>"
        )
        light.append(" ".join(f"{value:.5f}" for value in curve))
        melt.append("9 8 7")
    for tube in range(len(plate.wells) + 1, 73):
        tubes.append(
            f"<Sample><Name></Name><Selected>False</Selected><TubePosition>{tube}</TubePosition></Sample>"
        )
        light.append("0.5 0.5 0.5")
    channels = "".join(
        f"<RawChannel><Name>{name}</Name><StartX>1</StartX>{''.join(f'<Reading>{one}</Reading>' for one in readings)}"
        "</RawChannel>"
        for name, readings in (("Cycling A.Green", light), ("Melt A.Green", melt))
    )
    text = (
        '<?xml version="1.0"?><Experiment><RexHeader>REX 3.15</RexHeader>'
        f"<Samples><Page>{''.join(tubes)}</Page></Samples><RawChannels>{channels}</RawChannels></Experiment>"
    )
    numbers = r"(?<=<Reading>)[^<]*|(?<=<GivenConc>)[^<]*"
    return (re.sub(numbers, lambda found: found[0].replace(".", ","), text) if comma else text).encode()


def rotor_gene_analysis(plate: Plate) -> bytes:
    """The analysis of the same tubes, a Ct or a blank."""
    kinds = {Task.STANDARD: "Standard", Task.WATER: "NTC"}
    rows = [["No.", "Colour", "Name", "Type", "Ct", "Given Conc (copies/reaction)"]]
    rows += [[n, "255", w.sample, kinds.get(w.task, "Unknown"), _cq(w, ""), w.quantity or ""]
             for n, w in enumerate(plate.wells, 1)]  # fmt: skip
    head = 'Excel Raw Data Export\n\n"Quantitative analysis of channel Cycling A.Green (Page 1)"\n\n'
    return (head + _table(rows, ",")).encode()


def cfx_xml(rows: Rows, root: str) -> bytes:
    """The same table as XML, headings spelt as XML names."""
    head = ["".join(c if c.isalpha() else f"_x{ord(c):04X}_" for c in str(name)) for name in rows[0]]
    lines = [
        "<Row>"
        + "".join(f"<{name}>{cell}</{name}>" for name, cell in zip(head, row, strict=True) if name)
        + "</Row>"
        for row in rows[1:]
    ]
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root}>\n{"".join(lines)}\n</{root}>'.encode()


def lightcycler_96(plate: Plate, missing: str) -> bytes:
    kinds = {Task.STANDARD: "Standard", Task.WATER: "Negative control"}
    rows = [
        [
            "Well",
            "Sample Name",
            "Gene Name",
            "Cq",
            "Concentration",
            "Call",
            "Excluded",
            "Sample Type",
            "Standard",
        ]
    ]
    rows += [[_padded(w), w.sample, w.target, _cq(w, missing), "", "", "", kinds.get(w.task, "Unknown"),
              w.quantity or ""] for w in plate.wells]  # fmt: skip
    return _table(rows).encode()


def rdes(plate: Plate, missing: str) -> bytes:
    cycles = range(1, plate.fluorescence.shape[1] + 1)
    rows: list[list[object]] = [
        ["Well", "Sample", "Sample Type", "Target", "Target Type", "Dye", "Cq", *cycles]
    ]
    for well, curve in zip(plate.wells, plate.fluorescence, strict=True):
        kind = "ref" if well.is_control_gene else "toi"
        numbers = (round(float(value), 5) for value in curve)
        rows.append(
            [
                well.position,
                well.sample,
                str(well.task),
                well.target,
                kind,
                "FAM",
                _cq(well, missing),
                *numbers,
            ]
        )
    return _table(rows).encode()


def rotor_gene(plate: Plate, missing: str) -> bytes:
    """One channel: the marker alone, wells by number."""
    kinds = {Task.STANDARD: "Standard", Task.WATER: "NTC"}
    rows = [
        ["No.", "Colour", "Name", "Type", "Ct", "Given Conc (copies/reaction)", "Calc Conc (copies/reaction)"]
    ]
    rows += [[n, "255", w.sample, kinds.get(w.task, "Unknown"), _cq(w, missing), w.quantity or "", ""]
             for n, w in enumerate((w for w in plate.wells if not w.is_control_gene), 1)]  # fmt: skip
    text = _table(rows, ",")
    return ("Excel Raw Data Export\nCopyright (c) Qiagen\n\n" + text).encode()


def lightcycler_480(plate: Plate, missing: str) -> bytes:
    """One filter: the marker alone."""
    rows = [["Include", "Color", "Pos", "Name", "Cp", "Concentration", "Standard", "Status"]]
    rows += [["True", "255", w.position, w.sample, _cq(w, missing), w.quantity or "", w.quantity or 0, ""]
             for w in plate.wells if not w.is_control_gene]  # fmt: skip
    return ("Experiment: run 12  Selected Filter: FAM (465-510)\n" + _table(rows)).encode()


def xlsx(sheets: Mapping[str, Rows]) -> bytes:
    """A workbook with these sheets; numbers as numbers, NaN as words."""
    packed = io.BytesIO()
    with Workbook(packed, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for n, row in enumerate(rows):
                for place, cell in enumerate(row):
                    text = str(cell)
                    (
                        sheet.write_number
                        if _is_number(text) and text.lower() != "nan"
                        else sheet.write_string
                    )(n, place, float(text) if _is_number(text) and text.lower() != "nan" else text)
    return packed.getvalue()


def lightcycler_480_raw(plate: Plate) -> bytes:
    """Raw fluorescence: every program of the run, one filter, no target and no Cq."""
    rows: list[list[object]] = [
        ["SamplePos", "SampleName", "Prog#", "Seg#", "Cycle#", "Time", "Temp", "465-510"]
    ]
    for well, curve in zip(plate.wells, plate.fluorescence, strict=True):
        rows.append([well.position, well.sample, 1, 1, 1, 0, 95.0, 0.5])
        rows += [
            [well.position, well.sample, 2, 2, n, 1000 * n, 60.0, round(float(value), 5)]
            for n, value in enumerate(curve, 1)
        ]
        rows += [[well.position, well.sample, 3, 1, 1, 99000 + n, 60.0 + n, 5.0 - n / 10] for n in range(20)]
    return f"Experiment: run 7  Active filters: FAM (465-510)\n{_table(rows)}".encode()


WITH_CURVES: dict[str, Callable[[Plate, str], bytes]] = {
    "QuantStudio text, UTF-16": quantstudio_text,
    "QuantStudio text, decimal comma": lambda plate, missing: quantstudio_text(plate, missing, comma=True),
    "QuantStudio csv, delta Rn": quantstudio_delta,
    "QuantStudio xlsx": quantstudio_xlsx,
    "eds": eds,
    "CFX xlsx": cfx,
    "RDES": rdes,
}
CQ_ONLY = {**WITH_CURVES, "7500 csv": seven_five_hundred, "LightCycler 96": lightcycler_96}
ONE_TARGET: dict[str, Callable[[Plate, str], bytes]] = {
    "Rotor-Gene csv": rotor_gene,
    "LightCycler 480": lightcycler_480,
}
