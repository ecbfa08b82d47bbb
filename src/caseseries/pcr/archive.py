"""The inside of a zip file, trusted in nothing it says about itself. Never writes to disk.

Limits: 50 MB as sent, 2,000 parts, 500 MB unpacked (counted while unpacking), 200-fold per part above 1 MB.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from caseseries.pcr.plate import PlateError, refuse

MEGABYTE = 1024 * 1024
MAX_FILE = 50 * MEGABYTE
MAX_PARTS = 2000
MAX_UNPACKED = 500 * MEGABYTE
MAX_RATIO = 200
CHUNK = 256 * 1024
ZIP = b"PK\x03\x04"
RESEND = "Export the plate again from the instrument software and send that file"


def check_size(size: int, file: str) -> None:
    """Raise PlateError for an empty file or one beyond 50 MB."""
    if not size:
        raise refuse(file, "plate.empty", "the file is empty", "", RESEND)
    if size > MAX_FILE:
        what = f"the file has {size // MEGABYTE} MB"
        raise refuse(file, "plate.too_large", what, "up to 50 MB", "Export one run per file")


def read_parts(data: bytes, file: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The wanted parts of a zip, by name, in the order of the archive.

    Raises PlateError for anything hostile or damaged: too large, too many, overlapping, repeated, lying
    about size, outside the archive, encrypted, nested or cut short.
    """
    archive = _open(data, file)
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_entries(entries, data, file)
    parts: dict[str, bytes] = {}
    room = MAX_UNPACKED
    for entry in entries:
        if wanted(entry.filename):
            parts[entry.filename] = _unpack(archive, entry, file, room)
            room -= len(parts[entry.filename])
    return parts


def _open(data: bytes, file: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        what = f"the zip is incomplete: {len(data)} bytes and no table of contents at its end"
        raise refuse(file, "zip.incomplete", what, "", "Send the whole file again") from None


def _check_entries(entries: list[zipfile.ZipInfo], data: bytes, file: str) -> None:
    if len(entries) > MAX_PARTS:
        what = f"the zip holds {len(entries)} parts"
        raise refuse(file, "zip.parts", what, "up to 2,000", RESEND)
    names = [entry.filename for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refuse(file, "zip.duplicate", f"the zip holds two parts called {twice[0]}", "", RESEND)
    for entry in entries:
        _check_entry(entry, file)
    _check_overlap(entries, data, file)


def _check_entry(entry: zipfile.ZipInfo, file: str) -> None:
    name = entry.filename
    outside = name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name
    if outside or "\x00" in name or (entry.external_attr >> 16) & 0o170000 == 0o120000:
        raise refuse(file, "zip.path", "a part's name leads outside the zip", "plain names", RESEND, name)
    if entry.flag_bits & 1:
        what = "the zip is password-protected"
        raise refuse(file, "zip.encrypted", what, "", "Save it without a password", name)
    if name.lower().endswith((".zip", ".rdml", ".rdm")):
        raise refuse(file, "zip.nested", "a zip inside the zip", "", "Send the inner file", name)
    if entry.file_size > MAX_UNPACKED or _is_bomb(entry.file_size, entry.compress_size):
        raise _too_large(entry, file)


def _is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > MEGABYTE and unpacked > MAX_RATIO * max(packed, 1)


def _too_large(entry: zipfile.ZipInfo, file: str) -> PlateError:
    fold = f"({entry.file_size // max(entry.compress_size, 1)}×)"
    size = "more than 500 MB" if entry.file_size > MAX_UNPACKED else f"{entry.file_size // MEGABYTE} MB"
    what = f"the part unpacks to {size} {fold}"
    return refuse(file, "zip.bomb", what, "500 MB in all, 200× a part", RESEND, entry.filename)


def _check_overlap(entries: list[zipfile.ZipInfo], data: bytes, file: str) -> None:
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        start = entry.header_offset
        if start < end:
            raise refuse(file, "zip.overlap", "the zip's entries share bytes", "", RESEND, entry.filename)
        header = data[start : start + 30]
        if len(header) < 30 or not header.startswith(ZIP):
            raise _damaged(entry, file)
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        end = start + 30 + name_length + extra_length + entry.compress_size


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str, room: int) -> bytes:
    unpacked = bytearray()
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                unpacked += chunk
                if len(unpacked) > room or _is_bomb(len(unpacked), entry.compress_size):
                    raise _too_large(entry, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
        raise _damaged(entry, file) from None
    if len(unpacked) != entry.file_size:
        raise _damaged(entry, file)
    return bytes(unpacked)


def _damaged(entry: zipfile.ZipInfo, file: str) -> PlateError:
    what = "the part is damaged: its size or checksum is not what the zip declares"
    return refuse(file, "zip.damaged", what, "", "Send the whole file again", entry.filename)
