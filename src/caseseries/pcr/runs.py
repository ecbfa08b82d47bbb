"""The files that an instrument's software writes of one run, found by their names and read as one plate.

Bio-Rad CFX Manager and Maestro write each table of a run to a file of its own, named by the run, a hyphen and what the
table holds, with the dye or a sheet number at the end ("RUN -  Quantification Amplification Results_FAM.csv"). The
names and headings are those of exports in public repositories (RobertsLab/project-gigas-carryover). QuantStudio Design
& Analysis writes "RUN_Results_DATE.csv" and "RUN_Amplification Data_DATE.csv". A LightCycler 480 leaves the name to its
user; "RUN Cp.txt" and "RUN fluorescence.txt" are understood.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.exports import has_wells, read_export
from caseseries.pcr.plate import Plate, PlateError, Reading, Well, place_of, refuse
from caseseries.pcr.reading import read_file, read_plate, read_tables
from caseseries.pcr.setup import Setup, load_setup
from caseseries.pcr.sheets import Sheet

TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".xml", ".rex")
WHOLE = (".rdml", ".rdm", ".eds")  # hold a run by themselves
SETUP = ".toml"
# What a file's name says that it holds; "" where that is wanted, else why it is not.
KINDS: Mapping[str, str] = {
    "quantification cq results": "",
    "quantification summary": "",
    "quantification amplification results": "",
    "quantification plate view results": "the Cq again, as a picture of the plate",
    "end point results": "the last cycles only",
    "standard curve results": "the instrument's own standard curves",
    r"melt(?:[\s_-]+curve(?:[\s_-]+[a-z]+)+)?": "melting, not amplification",
    r"gene expression results(?:[\s_-]+[a-z]+)*": "relative expression",
    r"anova results": "relative expression",
    "allelic discrimination results": "genotypes",
    "run information": "how the run was made",
    "amplification data": "",
    "sample setup": "",
    "multicomponent data": "the dyes apart, before they are normalised",
    "raw data": "",
    "results": "",
    "cp": "",
    "ct": "",
    "cq": "",
    "fluorescence": "",
    "curves": "",
}
OWN = "the instrument's own file"
NOT_TABLES: Mapping[str, str] = {
    ".pcrd": f"{OWN}, encrypted",
    ".zpcr": OWN,
    ".pltd": "a plate layout for the instrument",
    ".prcl": "a protocol for the instrument",
    ".ixo": OWN,
    **dict.fromkeys((".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".svg"), "a picture or a report"),
    **dict.fromkeys((".docx", ".doc", ".md", ".html", ".pptx"), "a report"),
}
_ALL = "|".join(kind.replace(" ", r"[\s_-]+") for kind in KINDS)
_NAME = re.compile(rf"^(?:(?P<run>.*?)[\s_-]+)?(?P<kind>{_ALL})(?:_(?P<end>\d{{8}}_\d{{6}}|[^_]+))?$", re.I)
_WITHOUT_CURVES = "Export the curves of the run too; without them nothing is called negative"


@dataclass(frozen=True)
class Run:
    """The files of one run: the `wanted` ones are read as one plate, `aside` says why the others are not."""

    parent: Path
    name: str
    wanted: tuple[Path, ...]
    aside: tuple[tuple[Path, str], ...] = ()

    @property
    def path(self) -> Path:
        """What the plate is called by: its file, or what the names of its files share."""
        return self.wanted[0] if len(self.wanted) == 1 else self.parent / (self.name or self.parent.name)


def run_of(name: str) -> str:
    """The run in a file's name: what stands before the words for what the file holds."""
    match = _NAME.match(_stem(name))
    return (match["run"] or "") if match else _stem(name)


def _kind_of(name: str) -> str | None:
    """Why the name says that a file is not wanted; "" where it is, None where the name says nothing."""
    match = _NAME.match(_stem(name))
    if match is None:
        return None
    folded = re.sub(r"[\s_-]+", " ", match["kind"].lower())
    return next(why for kind, why in KINDS.items() if re.fullmatch(kind, folded))


def _dye_of(name: str) -> str:
    """The dye at the end of a file's name; a number there is that of a sheet or a date."""
    match = _NAME.match(_stem(name))
    end = (match["end"] or "") if match else ""
    return "" if end.replace("_", "").isdigit() else end


def _stem(name: str) -> str:
    path = Path(name)
    return path.stem if path.suffix.lower() in (*TABLES, *WHOLE, *NOT_TABLES) else name


def find_runs(named: Sequence[Path]) -> list[Run]:
    """The runs in what was named: files, folders of files, or what the names of a run's files begin with.

    Raises:
        PlateError: a folder without any file.
    """
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in (path for one in named for path in _expand(one)):
        groups.setdefault((path.parent, run_of(path.name).casefold()), []).append(path)
    return [run for paths in groups.values() for run in _sort_out(paths)]


def _expand(named: Path) -> list[Path]:
    if named.is_dir():
        if found := [path for path in sorted(named.iterdir()) if is_plate_file(path)]:
            return found
        raise refuse(named.name, "plate.empty_folder", "the folder holds no plate", "", "Check the path")
    if named.is_file() or not named.parent.is_dir():
        return [named]
    name = named.name.casefold()
    beside = (path for path in sorted(named.parent.iterdir()) if is_plate_file(path))
    return [path for path in beside if run_of(path.name).casefold() == name] or [named]


def is_plate_file(path: Path) -> bool:
    """Whether a file of a folder is looked at: hidden ones, those open in Excel, and plate.toml are not."""
    return path.is_file() and not path.name.startswith((".", "~$")) and path.suffix.lower() != SETUP


def _sort_out(paths: Sequence[Path]) -> Iterator[Run]:
    """One run, or several files that only happen to share a name."""
    parent, name = paths[0].parent, run_of(paths[0].name)
    why = {path: NOT_TABLES.get(path.suffix.lower()) or _kind_of(path.name) or "" for path in paths}
    wanted = tuple(path for path in paths if not why[path])
    aside = tuple((path, why[path]) for path in paths if why[path])
    if any(_kind_of(path.name) is not None for path in wanted) or len(wanted) < 2:
        yield Run(parent, name, wanted, aside)
    else:
        yield from (Run(parent, name, (path,)) for path in wanted)
        yield from (Run(parent, name, (), (pair,)) for pair in aside)


def read_run(run: Run, name: str = "") -> Plate:
    """The plate of a run. Raises PlateError when a file cannot be read, or two tell a well differently.

    `name` is what the plate is called in findings, where its own would not tell it from another.
    """
    file = name or run.path.name
    if not run.wanted:
        raise PlateError([replace(say_aside(file, run), severity=Severity.FILE)])
    plate = read_plate(run.path, file) if len(run.wanted) == 1 else _join(run, file)
    is_part = any(_kind_of(path.name) is not None for path in run.wanted)
    findings = (*plate.findings, *(_check_whole(plate, run) if is_part else ()))
    return replace(plate, findings=(*findings, *([say_aside(file, run)] if run.aside else ())))


def _join(run: Run, file: str) -> Plate:
    if whole := [path.name for path in run.wanted if path.suffix.lower() in WHOLE]:
        what = f"{whole[0]} holds the run, and other files of it are named too: {len(run.wanted) - 1}"
        raise refuse(file, "plate.twice", what, "each run once", "Keep one, and move the others away")
    faults: list[Finding] = []
    sheets: list[Sheet] = []
    hashes, empty = [], []
    for path in run.wanted:
        try:
            data = read_file(path, path.name)
            dye = _dye_of(path.name)
            read = [replace(sheet, name=dye or sheet.name) for sheet in read_tables(data, path.name)]
        except PlateError as error:
            faults += error.findings
            continue
        if any(map(has_wells, read)):
            sheets += read
            hashes.append(hashlib.sha256(data).hexdigest())
        else:
            empty.append((path, "no table of wells"))
    if faults:
        raise PlateError(faults)
    plate = read_export(tuple(sheets), file, " ".join(hashes))
    aside = say_aside(file, replace(run, aside=tuple(empty)))
    return replace(plate, findings=(*plate.findings, aside)) if empty else plate


def _check_whole(plate: Plate, run: Run) -> Iterator[Finding]:
    """Wells of which one of the two, Cq or curve, was not sent."""
    has_curve = [bool(np.isfinite(curve).any()) for curve in plate.fluorescence]
    told = [well.reading != Reading() for well in plate.wells]
    dark = [well for well, seen in zip(plate.wells, has_curve, strict=True) if not seen]
    nameless = [well for well, is_told in zip(plate.wells, told, strict=True) if not is_told]
    here = _left_beside(run)
    if dark:
        which = _dyes(dark) if len(dark) < len(plate.wells) else ""
        yield _missing(dark, f"wells without a curve: {len(dark)}{which}", here or _WITHOUT_CURVES)
    if nameless:
        what = f"wells with a curve that stand in no table of Cq: {len(nameless)}{_dyes(nameless)}"
        yield _missing(nameless, what, here or "Export the Cq results of the run too: they name the samples")


def _dyes(wells: Sequence[Well]) -> str:
    dyes = ", ".join(dict.fromkeys(well.dye for well in wells if well.dye))
    return f" of {dyes}" if dyes else ""


def _missing(wells: Sequence[Well], what: str, do: str) -> Finding:
    return Finding(place_of(wells), "plate.part_missing", Severity.VALUE, what, "", do)


def _left_beside(run: Run) -> str:
    """What to do where other files of the run lie in its folder and were not named."""
    named = {*run.wanted, *(path for path, _ in run.aside)}
    left = [
        path.name
        for path in sorted(run.parent.iterdir())
        if path not in named and is_plate_file(path) and run_of(path.name).casefold() == run.name.casefold()
        and _kind_of(path.name) == ""
    ]  # fmt: skip
    return f"Name {', '.join(left)} too, or the run: {run.name}" if left and run.name else ""


def say_aside(file: str, run: Run) -> Finding:
    """Names the files of a run that are not read, each with its reason.

    A note, unless the run is there only as the instrument keeps it, which nobody else can read.
    """
    what = "set aside: " + "; ".join(f"{path.name} ({why})" for path, why in run.aside)
    is_lost = not run.wanted and any(why.startswith(OWN) for _, why in run.aside)
    do = "Export its Cq and its curves from the instrument software" if is_lost else "Nothing to do"
    severity = Severity.FILE if is_lost else Severity.NOTE
    return Finding(Where(file), "plate.set_aside", severity, what, "", do)


def find_setup(plate: Path, named: Path | None = None) -> Setup:
    """The plate.toml that goes with a plate; an empty one when there is none."""
    path = named or setup_beside(plate)
    return load_setup(path) if path else Setup()


def setup_beside(plate: Path) -> Path | None:
    """NAME.toml, RUN.toml or plate.toml, in the folder of the plate; None when none of them is there."""
    names = (plate.with_suffix(SETUP).name, f"{run_of(plate.name)}{SETUP}", f"plate{SETUP}")
    return next((path for name in names if (path := plate.parent / name).is_file()), None)
