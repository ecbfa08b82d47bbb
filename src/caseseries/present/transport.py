"""ADSL and ADTTE as SAS transport files, version 5: the form in which regulators take ADaM (SAS TS-140).

Names have at most 8 characters, labels 40 and texts 200 bytes; dates are days since 1960 with the format DATE9. The
library is the extra [xpt] and is imported only here, when it is asked for.
"""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from caseseries.findings import Finding, Severity, StudyError, Where, show_unseen

Row = Mapping[str, object]

SAS_EPOCH = date(1960, 1, 1)
LONGEST_TEXT = 200
NUMBERS = ("AGE", "WBCDX", "AVAL", "CNSR")
DATES = ("TRTSDT", "TRTEDT", "DIAGDT", "HSCTDT", "LSTALVDT", "DTHDT", "STARTDT", "ADT")
DATASETS = {"ADSL": "Subject-Level Analysis Dataset", "ADTTE": "Time-to-Event Analysis Dataset"}
LABELS = {
    "STUDYID": "Study Identifier",
    "USUBJID": "Unique Subject Identifier",
    "SUBJID": "Subject Identifier for the Study",
    "SITEID": "Study Site Identifier",
    "COUNTRY": "Country",
    "SEX": "Sex",
    "AGE": "Age",
    "AGEU": "Age Units",
    "TRT01A": "Actual Treatment for Period 01",
    "TRTSDT": "Date of First Exposure to Treatment",
    "TRTEDT": "Date of Last Exposure to Treatment",
    "ENRLFL": "Enrolled Population Flag",
    "DIAGDT": "Date of Diagnosis",
    "HSCTDT": "Date of First HSCT after Treatment",
    "INDICAT": "Indication",
    "REMISS": "Remission at Start of Treatment",
    "FUSION": "KMT2A Fusion",
    "WBCDX": "White Cell Count at Diagnosis (10^9/L)",
    "LSTALVDT": "Date Last Known Alive",
    "DTHFL": "Subject Death Flag",
    "DTHDT": "Date of Death",
    "PARAM": "Parameter",
    "PARAMCD": "Parameter Code",
    "AVAL": "Analysis Value",
    "CNSR": "Censor",
    "STARTDT": "Time-to-Event Origin Date for Subject",
    "ADT": "Analysis Date",
    "EVNTDESC": "Event or Censoring Description",
    "CNSDTDSC": "Censor Date Description",
}

# Where the two headers keep the time they were written, as TS-140 lays their records of 80 bytes out.
_WRITTEN = (80 + 64, 2 * 80, 5 * 80 + 64, 6 * 80)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def require_transport() -> None:
    """Raises StudyError unless the libraries of the extra are installed."""
    for module in ("pyreadstat", "polars"):
        if find_spec(module) is None:
            do = 'Install it: pip install "caseseries[xpt]"'
            raise _refusal("run --xpt", f"writing transport files needs {module}", do)


def to_transport(name: str, columns: Sequence[str], rows: Sequence[Row], dated: date) -> bytes:
    """A transport file of one dataset, `name` of DATASETS, whose headers say it was written on `dated`.

    Raises:
        StudyError: a text is longer than the 200 bytes that version 5 has room for.
    """
    import polars
    import pyreadstat

    _check_texts(name, columns, rows)
    numeric = {*NUMBERS, *DATES}
    values = {column: [_value(column, row.get(column)) for row in rows] for column in columns}
    schema = {column: polars.Float64 if column in numeric else polars.String for column in columns}
    with tempfile.TemporaryDirectory(prefix="caseseries-") as place:
        path = Path(place) / f"{name.lower()}.xpt"
        pyreadstat.write_xport(
            polars.DataFrame(values, schema=schema),
            path,
            file_label=DATASETS[name],
            column_labels={column: LABELS[column] for column in columns},
            table_name=name,
            file_format_version=5,
            variable_format={column: "DATE9." for column in columns if column in DATES},
        )
        return _dated(path.read_bytes(), dated)


def _value(column: str, value: object) -> float | str | None:
    if column in DATES:
        return float((date.fromisoformat(str(value)) - SAS_EPOCH).days) if value else None
    if column in NUMBERS:
        return float(str(value)) if value is not None else None
    return "" if value is None else show_unseen(str(value))


def _check_texts(name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    long = [
        (row["USUBJID"], column, size)
        for row in rows
        for column in columns
        if column not in DATES
        and (size := len(show_unseen(str(row.get(column) or "")).encode())) > LONGEST_TEXT
    ]
    if long:
        case, column, size = long[0]
        what = f"{column} of {case} has {size} bytes; a transport file has room for {LONGEST_TEXT}"
        raise _refusal(f"{name.lower()}.xpt", what, "Shorten it, or run without --xpt")


def _refusal(where: str, what: str, do: str) -> StudyError:
    return StudyError([Finding(Where(where), "transport", Severity.STUDY, what, "", do)])


def _dated(data: bytes, dated: date) -> bytes:
    """The file with the data cut where the library wrote the time of day: the same inputs give the same bytes."""
    stamp = f"{dated:%d}{_MONTHS[dated.month - 1]}{dated:%y}:00:00:00".encode()
    changed = bytearray(data)
    for place in _WRITTEN:
        changed[place : place + len(stamp)] = stamp
    return bytes(changed)
