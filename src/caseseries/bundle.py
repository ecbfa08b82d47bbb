"""A run in one file, and whether it can be had again: inputs, report and environment, each with its hash.

The bundle is an attached RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) in a zip whose bytes depend on nothing
but what it holds. RO-Crate 1.1 names no property for hashes; `sha256` is schema.org's and is defined in the context.
"""

import hashlib
import io
import json
import platform
import re
import string
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from caseseries import __version__
from caseseries.analysis.changes import compare_results
from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.intake.package import Package, UnreadableError, open_package
from caseseries.pipeline import Progress, run_study, silent
from caseseries.study.definition import Study
from caseseries.study.load import FILE

BUNDLE, CRATE, ENVIRONMENT, RESULTS = (
    "bundle.zip",
    "ro-crate-metadata.json",
    "environment.json",
    "report/results.json",
)
SPECIFICATION = "https://w3id.org/ro/crate/1.1"

# What a run may read, as files or folders of the study folder.
INPUTS = (FILE, "decisions.jsonl", "returns", "identifiers", "minutes", "plates", "published")

# What is written with optional packages, by its ending.
WRITTEN_BY = {".xpt": ("polars", "pyreadstat")}

_URI_SAFE = frozenset(string.ascii_letters + string.digits + "-._~/")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_MEDIA = {
    ".csv": "text/csv", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html", ".json": "application/json", ".pdf": "application/pdf", ".svg": "image/svg+xml",
    ".toml": "application/toml", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


@dataclass(frozen=True)
class Reproduced:
    """What came of running a bundle again: `difference` is the first, empty when there is none.

    `environment` lists what is installed in another version than it was then; that alone is no difference.
    """

    files: int
    results: int
    difference: str
    environment: tuple[str, ...]


def write_bundle(folder: Path, study: Study) -> Path:
    """Freeze a study that has been run: `folder`/report/bundle.zip, of the same bytes whenever it is made."""
    read = json.loads((folder / RESULTS).read_bytes())["inputs"]
    names = {name for root in (*INPUTS, *read, "report") for name in _list(folder, root)}
    parts = {name: (folder / name).read_bytes() for name in sorted(names - {f"report/{BUNDLE}"})}
    parts[ENVIRONMENT] = _to_json(describe_environment(parts))
    parts[CRATE] = _to_json(describe_crate(study, parts))
    path = folder / "report" / BUNDLE
    path.write_bytes(_pack(parts))
    return path


def _list(folder: Path, root: str) -> Iterator[str]:
    """The files at or below `root`, without those a program hides or holds open."""
    place = folder / root
    found = [place] if place.is_file() else sorted(place.rglob("*"))
    for path in found:
        if path.is_file() and not path.name.startswith((".", "~$")):
            yield path.relative_to(folder).as_posix()


def _to_json(record: object) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def _pack(parts: Mapping[str, bytes]) -> bytes:
    """A zip without dates, in order of name, and stored as is: what compresses differs between machines."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(parts):
            part = zipfile.ZipInfo(name, _ZIP_EPOCH)
            part.external_attr = 0o644 << 16
            archive.writestr(part, parts[name])
    return packed.getvalue()


def describe_environment(parts: Iterable[str]) -> dict[str, object]:
    """The versions of Python, of this package and of every package it runs on; nothing about the machine.

    Of the optional ones, those that write a file such as one of `parts`.
    """
    endings = {PurePosixPath(name).suffix for name in parts}
    waiting = ["caseseries", *(name for ending in endings for name in WRITTEN_BY.get(ending, ()))]
    names: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name in names or not (version := __version__ if name == "caseseries" else _version(name)):
            continue
        names[name] = version
        needs = (need for need in metadata.requires(name) or () if "extra ==" not in need)
        waiting += [
            re.split(r"[\s\[<>=!~;(]", need, maxsplit=1)[0].lower().replace("_", "-") for need in needs
        ]
    return {"python": platform.python_version(), "packages": dict(sorted(names.items()))}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # needed on another system only
        return None


def describe_crate(study: Study, parts: Mapping[str, bytes]) -> dict[str, object]:
    """ro-crate-metadata.json for `parts`: what the study is, every file with its hash, and the run that made them."""
    files = sorted(parts)
    made = [name for name in files if name.startswith("report/")]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": study.title,
        "description": f"{study.design}. {study.population}. {study.notice}".strip(),
        "datePublished": study.data_cut.isoformat(),
        "license": {"@id": "#rights"},
        "hasPart": _references(files),
        "mentions": {"@id": "#run"},
    }
    descriptor = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": SPECIFICATION},
        "about": {"@id": "./"},
    }
    rights = {
        "@id": "#rights",
        "@type": "CreativeWork",
        "name": "No licence is given",
        "description": "The bundle holds a row for each case and belongs with the study's own papers.",
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "caseseries run",
        "instrument": {"@id": "#caseseries"},
        "object": _references([name for name in files if name not in made]),
        "result": _references(made),
    }
    program = {
        "@id": "#caseseries",
        "@type": "SoftwareApplication",
        "name": "caseseries",
        "softwareVersion": __version__,
    }
    entities = [descriptor, root, *(_entity(name, parts[name]) for name in files), rights, run, program]
    return {
        "@context": [f"{SPECIFICATION}/context", {"sha256": "https://schema.org/sha256"}],
        "@graph": entities,
    }


def _references(names: list[str]) -> list[dict[str, str]]:
    return [{"@id": uri_of(name)} for name in names]


def uri_of(name: str) -> str:
    """A file's name as a URI reference (RFC 3986): a space is %20."""
    return "".join(chr(byte) if chr(byte) in _URI_SAFE else f"%{byte:02X}" for byte in name.encode())


def _entity(name: str, data: bytes) -> dict[str, object]:
    return {
        "@id": uri_of(name),
        "@type": "File",
        "name": PurePosixPath(name).name,
        "encodingFormat": _MEDIA.get(PurePosixPath(name).suffix, "text/plain"),
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def reproduce(path: Path, progress: Progress = silent) -> Reproduced:
    """Unpack a bundle into a folder of its own, run it again, and hold the two reports side by side.

    Raises:
        StudyError: the file is no bundle, or the study in it cannot be run.
    """
    parts = read_bundle(path)
    frozen = {name: data for name, data in parts.items() if name.startswith("report/")}
    again = {} if any(_altered(parts)) else _run_again(parts, progress)
    difference = next(chain(_altered(parts), _differences(frozen, again)), "")
    then, now = json.loads(parts[ENVIRONMENT]), describe_environment(parts)
    count = len(json.loads(parts[RESULTS])["results"])
    return Reproduced(len(frozen), count, difference, tuple(_moved(then, now)))


def _run_again(parts: Mapping[str, bytes], progress: Progress) -> dict[str, bytes]:
    """The report that the inputs among `parts` give today."""
    with tempfile.TemporaryDirectory(prefix="caseseries-") as place:
        folder = Path(place)
        for name in (name for name in parts if not name.startswith("report/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(parts[name])
        run_study(folder, progress, transport=any(name.endswith(".xpt") for name in parts))
        return {name: (folder / name).read_bytes() for name in _list(folder, "report")}


def read_bundle(path: Path) -> dict[str, bytes]:
    """The files of a bundle by name, none of which can lead out of the folder it is unpacked in.

    Raises:
        StudyError: it is no zip, fails the audit of `intake.package`, or lacks what makes it a bundle.
    """
    try:
        data = path.read_bytes()
        if not data.startswith(b"PK"):
            raise UnreadableError("no-bundle", "the file is not a zip")
        package = open_package(data)
        parts = {name: _unpack(package, name) for name in sorted(package.names)}
    except (UnreadableError, OSError) as error:
        raise _refusal(path, getattr(error, "what", "the file cannot be opened")) from error
    if missing := [name for name in (CRATE, ENVIRONMENT, FILE, RESULTS) if name not in parts]:
        raise _refusal(path, f"the zip holds no {missing[0]}")
    if odd := [name for name, sound in SHAPES.items() if not _has_shape(parts[name], sound)]:
        raise _refusal(path, f"{odd[0]} in the zip is not as a bundle has it")
    return parts


def _has_shape(data: bytes, sound: Callable[[Any], bool]) -> bool:
    try:
        return sound(json.loads(data))
    except (ValueError, RecursionError):
        return False


def _is_crate(read: Any) -> bool:
    graph = read.get("@graph") if isinstance(read, dict) else None
    return isinstance(graph, list) and all(
        isinstance(one, dict) and isinstance(one.get("@id"), str) for one in graph
    )


def _is_environment(read: Any) -> bool:
    return isinstance(read, dict) and "python" in read and isinstance(read.get("packages"), dict)


def _is_results(read: Any) -> bool:
    rows = read.get("results") if isinstance(read, dict) else None
    return isinstance(rows, list) and all(isinstance(one, dict) and "id" in one for one in rows)


SHAPES: dict[str, Callable[[Any], bool]] = {
    CRATE: _is_crate,
    ENVIRONMENT: _is_environment,
    RESULTS: _is_results,
}


def _unpack(package: Package, name: str) -> bytes:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name or name.endswith("/"):
        raise UnreadableError("zip-path", f"the zip names a place outside itself: {name}")
    try:
        return package.archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise UnreadableError("damaged", f"the zip is damaged: {name} cannot be read") from error


def _refusal(path: Path, what: str) -> StudyError:
    do = "Name the bundle.zip of a report made by: caseseries run --freeze"
    return StudyError([Finding(Where(str(path)), "bundle.unreadable", Severity.STUDY, what, "", do)])


def _altered(parts: Mapping[str, bytes]) -> Iterator[str]:
    """Files of a bundle that are not what its crate says they are."""
    graph = json.loads(parts[CRATE])["@graph"]
    names = {uri_of(name): name for name in parts}
    recorded = {names.get(one["@id"], one["@id"]): one["sha256"] for one in graph if "sha256" in one}
    for name in sorted(recorded.keys() | parts.keys() - {CRATE}):
        found = hashlib.sha256(parts[name]).hexdigest() if name in parts else ""
        if name not in recorded:
            yield f"{name} was added after the study was frozen"
        elif not found:
            yield f"{name} was taken away after the study was frozen"
        elif recorded[name] != found:
            yield f"{name} was changed after it was frozen: SHA-256 {recorded[name]} → {found}"


def _differences(frozen: Mapping[str, bytes], again: Mapping[str, bytes]) -> Iterator[str]:
    """What is not the same in two reports: numbers before files, because a number explains its files."""
    if frozen[RESULTS] != again[RESULTS]:
        yield from _differences_in_results(json.loads(frozen[RESULTS]), json.loads(again[RESULTS]))
    for name in sorted(frozen.keys() | again.keys()):
        old, new = (
            hashlib.sha256(one[name]).hexdigest() if name in one else "not there" for one in (frozen, again)
        )
        if old != new:
            yield f"{name}: SHA-256 {old} → {new}"


def _differences_in_results(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    rows = [{row["id"]: row for row in record["results"]} for record in (old, new)]
    for moved in compare_results(old, new).moved:
        if moved.behind:
            yield f"{RESULTS} › {moved.id} › {moved.behind}"
            continue
        before, after = (side.get(moved.id, {}) for side in rows)
        key = next(key for key in ("shown", *before, *after) if before.get(key) != after.get(key))
        yield f"{RESULTS} › {moved.id} › {key}: {before.get(key, 'not there')} → {after.get(key, 'not there')}"
    for key in old:
        if key != "results" and old[key] != new.get(key):
            yield f"{RESULTS} › {key}: {old[key]} → {new.get(key)}"


def _moved(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    before, after = ({"python": one["python"], **one["packages"]} for one in (then, now))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{name} {before.get(name, 'not there')} → {after.get(name, 'not there')}"
