"""The file around a workbook: opened, measured and named for what it is before a byte of it is believed.

An .xlsx file is a zip of XML parts (ECMA-376 part 2). Nothing is extracted to disk; sizes are checked before
anything is unpacked; a document type declaration, which XML bombs and references to other files need, is
refused wherever it stands.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import IO
from xml.parsers import expat

MEGABYTE = 1_000_000
LARGEST_FILE = 50 * MEGABYTE
LARGEST_UNPACKED = 500 * MEGABYTE
LARGEST_RATIO = 200  # above a megabyte; spreadsheets pack 10- to 30-fold
MOST_PARTS = 2_000
HERE = 16 * MEGABYTE  # of XML walked tag by tag, or of text, in this process; some two seconds at worst
KEPT = 6  # times as much does a part cost whose every element is kept
LOCAL_HEADER = 30  # bytes, before the name (APPNOTE 4.3.7)

SAVE_AS = "Open it in Excel and save it as “Excel Workbook (.xlsx)”"
SEND_AGAIN = "Ask the centre to send the file again"

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class UnreadableError(Exception):
    """The file as a whole cannot be read; says what it is and what to do."""

    def __init__(self, code: str, what: str, do: str = SEND_AGAIN) -> None:
        super().__init__(what)
        self.code, self.what, self.do = code, what, do


class CostlyError(Exception):
    """There is more to walk through than should be walked here; `apart` reads such files."""


@dataclass
class Package:
    """An opened, checked zip. `names` are its parts; `left` is how much of them may still be walked."""

    archive: zipfile.ZipFile
    names: frozenset[str]
    left: float = HERE

    def size_of(self, part: str) -> int:
        """How many bytes a part unpacks to. Raises UnreadableError when it is missing."""
        if part not in self.names:
            raise _damaged(part)
        return self.archive.getinfo(part).file_size

    def spend(self, size: float) -> None:
        """Count what will be walked. Raises CostlyError when it is too much."""
        self.left -= size
        if self.left < 0:
            raise CostlyError


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that is small enough to be a return. Raises UnreadableError."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UnreadableError(
                "too-large",
                f"the file has {size / MEGABYTE:.0f} MB; at most {LARGEST_FILE // MEGABYTE} MB are read",
                "Remove pictures and sheets that are no part of the return",
            )
        return path.read_bytes()
    except OSError as error:
        what = f"the file cannot be opened ({error.strerror or type(error).__name__})"
        raise UnreadableError(
            "no-access", what, "Close it in other programs and check that you may read it"
        ) from error


def hash_of(path: Path) -> str:
    """The SHA-256 of a file; empty when not a byte of it can be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def open_package(data: bytes, here: float = HERE) -> Package:
    """The zip in `data`, with every limit checked against its directory; `here` is how much of it may be walked.

    Raises UnreadableError.
    """
    if not data.startswith(b"PK"):
        raise _not_a_zip(data)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        what = f"the file is incomplete: its end is missing after {len(data)} bytes"
        raise UnreadableError("truncated", what) from error
    parts = archive.infolist()
    _check_parts(parts, len(data))
    return Package(archive, frozenset(part.filename for part in parts), here)


def _not_a_zip(data: bytes) -> UnreadableError:
    """What the file is instead, told from its first bytes."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return UnreadableError("empty-file", "the file is empty")
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            what = "the workbook is protected by a password"
            return UnreadableError("encrypted", what, "Open it in Excel and save it without the password")
        return UnreadableError(
            "old-excel", "the file is an old Excel workbook (.xls) or another Office file", SAVE_AS
        )
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<meta")):
        return UnreadableError("web-page", "the file is a web page or XML, not an Excel workbook", SAVE_AS)
    if start.startswith(b"%pdf"):
        return UnreadableError(
            "pdf", "the file is a PDF, not an Excel workbook", "Ask the centre for the workbook"
        )
    if start and b"\0" not in data[:1024]:
        return UnreadableError(
            "plain-text", "the file is plain text (perhaps CSV), not an Excel workbook", SAVE_AS
        )
    return UnreadableError("unknown-file", "the file is not an Excel workbook", SAVE_AS)


def _check_parts(parts: list[zipfile.ZipInfo], size: int) -> None:
    names = [part.filename for part in parts]
    total = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS:
        raise UnreadableError(
            "zip-parts", f"the file packs {len(parts)} parts; at most {MOST_PARTS} are read"
        )
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise UnreadableError("zip-duplicate", f"the file packs two parts named {repeated[0]}")
    if total > LARGEST_UNPACKED:
        limit = LARGEST_UNPACKED // MEGABYTE
        raise UnreadableError(
            "zip-bomb", f"the file unpacks to {total // MEGABYTE} MB; at most {limit} MB are read"
        )
    for part in parts:
        _check_part(part, size)
    _check_overlap(parts)


def _check_part(part: zipfile.ZipInfo, size: int) -> None:
    is_inside = 0 <= part.header_offset <= size - LOCAL_HEADER
    if not is_inside or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _damaged(part.filename)
    if part.flag_bits & 1:
        raise UnreadableError(
            "encrypted", "the zip is protected by a password", "Save it without the password"
        )
    if part.file_size > MEGABYTE and part.file_size > LARGEST_RATIO * part.compress_size:
        what = f"the part {part.filename} unpacks more than {LARGEST_RATIO}-fold"
        raise UnreadableError("zip-bomb", what)


def _check_overlap(parts: list[zipfile.ZipInfo]) -> None:
    """Parts that share bytes unpack a small file to any size (Fifield, WOOT 2019)."""
    ordered = sorted(parts, key=lambda part: part.header_offset)
    for part, following in pairwise(ordered):
        end = part.header_offset + LOCAL_HEADER + len(part.filename.encode()) + part.compress_size
        if end > following.header_offset:
            raise UnreadableError(
                "zip-overlap", f"the parts {part.filename} and {following.filename} share bytes"
            )


DAMAGE = (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
ENCODINGS = ("UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII")  # those that expat knows by itself


class Walker:
    """What to do at each start, text and end while a part is read; names come without their prefix."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None: ...

    def text(self, data: str) -> None: ...

    def end(self, name: str) -> None: ...


def walk(package: Package, part: str, walker: Walker, data: bytes | None = None) -> None:
    """Read one XML part from beginning to end, or `data` in its place.

    Raises UnreadableError when it is missing or damaged, CostlyError when that is too much for this process.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.XmlDeclHandler = lambda _version, encoding, _alone: _check_encoding(part, encoding)
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, attributes: walker.start(_local(name), attributes)
    parser.EndElementHandler = lambda name: walker.end(_local(name))
    parser.CharacterDataHandler = walker.text
    try:
        if data is not None:
            package.spend(len(data))
            parser.Parse(data, True)
        else:
            package.spend(package.size_of(part))
            with _open_part(package, part) as stream:
                parser.ParseFile(stream)
    except DAMAGE as error:
        raise _damaged(part) from error


def read_part(package: Package, part: str) -> bytes:
    """One part, unpacked. Raises UnreadableError when it is missing or damaged."""
    try:
        with _open_part(package, part) as stream:
            return stream.read()
    except DAMAGE as error:
        raise _damaged(part) from error


def _open_part(package: Package, part: str) -> IO[bytes]:
    try:
        return package.archive.open(part)
    except (KeyError, ValueError) as error:  # it is missing, or the name at its own beginning is in no code
        raise _damaged(part) from error


def _damaged(part: str) -> UnreadableError:
    return UnreadableError("damaged", f"the file is damaged: its part {part} cannot be read")


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError(
        "doctype", "the file contains a document type declaration, which no workbook or document needs"
    )


def _check_encoding(part: str, encoding: str | None) -> None:
    """Office files are in UTF-8 or UTF-16 (ECMA-376 part 2); for others expat would ask Python's codecs."""
    if encoding and encoding.upper() not in ENCODINGS:
        raise _damaged(part)


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Elements(Walker):
    def __init__(self) -> None:
        self.open: list[str] = [""]
        self.found: list[tuple[str, str, Mapping[str, str]]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = {_local(key): value for key, value in attributes.items()}
        self.found.append((self.open[-1], name, local))
        self.open.append(name)

    def end(self, name: str) -> None:  # noqa: ARG002
        self.open.pop()


def read_elements(package: Package, part: str) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Parent, name and attributes of every element of a small part, in order."""
    elements = _Elements()
    package.spend((KEPT - 1) * package.size_of(part))
    walk(package, part, elements)
    return iter(elements.found)
