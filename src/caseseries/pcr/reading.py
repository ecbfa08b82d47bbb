"""A file to a plate, by what its bytes are and not by what its name says."""

import hashlib
from pathlib import Path

from caseseries.pcr.archive import ZIP, check_size, read_parts
from caseseries.pcr.exports import read_analysis_result, read_export
from caseseries.pcr.plate import Plate, PlateError, refuse
from caseseries.pcr.rdml import read_rdml
from caseseries.pcr.sheets import (
    ENCRYPTED_OR_OLD,
    Sheet,
    read_rotor_gene_run,
    read_text_sheet,
    read_xls_sheets,
    read_xlsx_sheets,
    read_xml_sheet,
)

_KNOWN = "RDML, RDES, eds, xlsx, xls, csv or text"


def read_plate(path: Path, name: str = "") -> Plate:
    """The plate in a file. Raises PlateError with its findings when the file cannot or must not be read.

    `name` is the file's name in findings, where its own would not tell it from another.
    """
    file = name or path.name
    return read_plate_bytes(read_file(path, file), file)


def read_file(path: Path, file: str) -> bytes:
    """The bytes of a file. Raises PlateError where it cannot be opened, is empty or has over 50 MB."""
    try:
        check_size(path.stat().st_size, file)
        return path.read_bytes()
    except OSError as error:
        what = f"the file cannot be opened ({error.strerror})"
        raise refuse(file, "plate.missing", what, "", "Check the path") from None


def read_plate_bytes(data: bytes, file: str) -> Plate:
    """As `read_plate`, from bytes; `file` is the name used in findings."""
    check_size(len(data), file)
    sha256 = hashlib.sha256(data).hexdigest()
    if data.startswith(ZIP):
        return _read_zip(data, file, sha256)
    if _is_markup(data) and not (_is_rows(data) or _is_rotor_gene(data)):
        return _read_markup(data, file, sha256)
    return read_export(read_tables(data, file), file, sha256)


def read_tables(data: bytes, file: str) -> tuple[Sheet, ...]:
    """The tables of an export: a workbook, text, CFX's XML, a Rotor-Gene's run. Raises PlateError for anything else."""
    if data.startswith(ZIP):
        parts = read_parts(data, file, _is_wanted)
        if "xl/workbook.xml" in parts:
            return read_xlsx_sheets(parts, file)
        raise _no_table(file)
    if data.startswith(ENCRYPTED_OR_OLD):
        return read_xls_sheets(data, file)
    if _is_rows(data):
        return (read_xml_sheet(data, file),)
    if _is_rotor_gene(data):
        return (read_rotor_gene_run(data, file),)
    if _is_markup(data):
        raise _no_table(file)
    if data.startswith(b"PK"):
        raise refuse(file, "zip.incomplete", "the zip is empty or damaged", "", "Send the whole file again")
    return (read_text_sheet(data, file),)


def _no_table(file: str) -> PlateError:
    allowed = "xlsx, xls, csv or text"
    return refuse(file, "plate.no_table", "the file is no table", allowed, "Export it again as a table")


def _is_markup(data: bytes) -> bool:
    is_utf16_markup = b"<" in data[:4] and b"\0" in data[:4]
    return data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") or is_utf16_markup


def _is_rows(data: bytes) -> bool:
    """Whether this is a table that CFX wrote as XML, each row a <Row>."""
    head = data[:4000].replace(b"\0", b"")
    return _is_markup(data) and b"<Row>" in head and b"<rdml" not in head


def _is_rotor_gene(data: bytes) -> bool:
    return _is_markup(data) and b"<RexHeader>" in data[:4000].replace(b"\0", b"")


def _read_markup(data: bytes, file: str, sha256: str) -> Plate:
    if b"<html" in data[:2000].lower() or b"<table" in data[:2000].lower():
        what = "the file is a web page, whatever its name says"
        raise refuse(file, "plate.html", what, _KNOWN, "Export the plate again from the instrument software")
    return read_rdml(data, file, sha256)


def _read_zip(data: bytes, file: str, sha256: str) -> Plate:
    parts = read_parts(data, file, _is_wanted)
    if "xl/workbook.xml" in parts:
        return read_export(read_xlsx_sheets(parts, file), file, sha256)
    results = next((name for name in parts if name.endswith("analysis_result.txt")), None)
    if results is not None:
        return read_analysis_result(read_text_sheet(parts[results], file), file, sha256)
    if any(name.startswith("apldbio/") for name in parts):
        what = "the run was never analysed: the file holds no results"
        raise refuse(
            file, "eds.unanalysed", what, "", "Analyse the run in the instrument software and save it"
        )
    return _read_zipped_rdml(parts, file, sha256)


def _is_wanted(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", "analysis_result.txt"))


def _read_zipped_rdml(parts: dict[str, bytes], file: str, sha256: str) -> Plate:
    """The RDML part by its usual name, else the only XML part that is RDML."""
    named = [name for name in parts if name.lower().endswith("rdml_data.xml")]
    candidates = named or [name for name, xml in parts.items() if b"<rdml" in xml[:4000]]
    if len(candidates) != 1:
        what = (
            f"the zip holds {len(candidates)} parts that are RDML" if candidates else "the zip holds no RDML"
        )
        raise refuse(file, "zip.no_rdml", what, f"one part; or {_KNOWN}", "Export the plate again as RDML")
    return read_rdml(parts[candidates[0]], file, sha256)
