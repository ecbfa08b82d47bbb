"""SAS transport files of version 5 read by the letter of SAS TS-140, slowly and without any library."""

import struct
from dataclasses import dataclass

RECORD, NAMESTR = 80, 140


@dataclass(frozen=True)
class Variable:
    name: str
    label: str
    format: str
    numeric: bool
    length: int
    position: int


@dataclass(frozen=True)
class Transport:
    """One data set; numbers are floats or None where missing, texts have lost their padding."""

    name: str
    label: str
    written: tuple[str, ...]
    variables: tuple[Variable, ...]
    rows: list[dict[str, float | str | None]]


def read_transport(data: bytes) -> Transport:
    assert len(data) % RECORD == 0
    records = [data[at : at + RECORD] for at in range(0, len(data), RECORD)]
    heads = [record[20:48].rstrip(b"!").split()[0] for record in records if record.startswith(b"HEADER")]
    assert heads == [b"LIBRARY", b"MEMBER", b"DSCRPTR", b"NAMESTR", b"OBS"]
    count = int(records[7][54:58])
    names = data[8 * RECORD :][: count * NAMESTR]
    variables = tuple(_variable(names[at : at + NAMESTR]) for at in range(0, len(names), NAMESTR))
    first = 8 * RECORD + -(-len(names) // RECORD) * RECORD
    assert data[first:].startswith(b"HEADER RECORD*******OBS")
    return Transport(
        records[5][8:16].decode().rstrip(),
        records[6][32:72].decode().rstrip(),
        tuple(part.decode() for part in (records[1][64:], records[2][:16], records[5][64:], records[6][:16])),
        variables,
        list(_rows(data[first + RECORD :], variables)),
    )


def _variable(namestr: bytes) -> Variable:
    kind, _, length, _ = struct.unpack(">4h", namestr[:8])
    words = [namestr[a:b].decode().rstrip() for a, b in ((8, 16), (16, 56), (56, 64))]
    (width,) = struct.unpack(">h", namestr[64:66])
    (position,) = struct.unpack(">l", namestr[84:88])
    shown = f"{words[2]}{width}." if words[2] else ""
    return Variable(words[0], words[1], shown, kind == 1, length, position)


def _rows(data: bytes, variables: tuple[Variable, ...]):
    size = sum(variable.length for variable in variables)
    for at in range(0, len(data) - size + 1, size):
        row = data[at : at + size]
        if row.strip(b" "):  # what is left of the last record is blank
            yield {v.name: _value(row[v.position :][: v.length], v) for v in variables}


def _value(cell: bytes, variable: Variable) -> float | str | None:
    return ibm_float(cell) if variable.numeric else cell.decode().rstrip()


def ibm_float(cell: bytes) -> float | None:
    """An IBM System/360 double: a sign, seven bits of a power of 16, fifty-six of a fraction; "." is missing."""
    if cell[0] in b"._ABCDEFGHIJKLMNOPQRSTUVWXYZ" and not any(cell[1:]):
        return None
    fraction = int.from_bytes(cell[1:]) / 2**56
    return (-1.0 if cell[0] & 0x80 else 1.0) * fraction * 16.0 ** ((cell[0] & 0x7F) - 64)
