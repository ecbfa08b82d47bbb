"""The plates of a study folder: every file read, every well accounted for, every sample tied to its case.

A run stands alone, in one file or in the several that its instrument writes; files in one folder of plates/ are read
together, with one threshold a target, so that a sample may lie on another plate than its curve. A sample is tied to its
case and day by plate.toml (`case`, `specimen_date`), else by its name, which must hold the case id and the day as in
`NB-01 2019-05-31`. A target is tied to a marker by plate.toml (`marker`), else by its own name.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.checks import check_setup
from caseseries.pcr.criteria import Profile, load_profile
from caseseries.pcr.interpret import MarkerLevel
from caseseries.pcr.markers import say_hidden
from caseseries.pcr.mrd import PlateReport, interpret_plate
from caseseries.pcr.plate import Plate, PlateError, join_plates, place_of
from caseseries.pcr.roles import Role
from caseseries.pcr.runs import (
    SETUP,
    Run,
    find_runs,
    find_setup,
    is_plate_file,
    read_run,
    say_aside,
    setup_beside,
)
from caseseries.pcr.setup import Saying, Setup, load_setup
from caseseries.pcr.specimens import FOLDER, PlateFile, Plates, Specimen, WellCounts
from caseseries.pcr.standards import Reaction
from caseseries.record.levels import LevelState, say_level
from caseseries.record.patient import Source
from caseseries.study.toml import suggest

DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
USED, SET_ASIDE, ASKED = "used", "set aside", "asked about"
NAMED = "the case id and the day, as in NB-01 2019-05-31"


@dataclass(frozen=True)
class Tie:
    """Whose a sample is: `case_id` empty when nobody can tell, `is_aside` when the case itself is not used."""

    case_id: str = ""
    on: date | None = None
    is_aside: bool = False

    @property
    def is_tied(self) -> bool:
        return bool(self.case_id) and self.on is not None


@dataclass(frozen=True)
class _Read:
    """What one file, or one folder of files, gave."""

    files: tuple[PlateFile, ...]
    specimens: tuple[Specimen, ...] = ()
    findings: tuple[Finding, ...] = ()
    setup: Path | None = None
    plate: Plate | None = None  # None where a file could not be read


def read_plates(folder: Path, profile: str, cases: Mapping[str, str]) -> Plates:
    """Every plate in `folder`/plates, interpreted under the profile.

    Args:
        cases: every case id that was returned, with the one that stands for it in the analysis; empty when the
            case is set aside.

    Raises:
        PlateError: the profile cannot be used.
    """
    criteria = load_profile(_beside(folder, profile))
    root = folder / FOLDER
    groups: dict[Path, list[Path]] = {}
    first: dict[str, Path] = {}
    copies = []
    for path in sorted(path for path in root.rglob("*") if _is_plate(path, root)):
        if (same := first.setdefault(_sha256(path), path)) is not path:
            copies.append(_copy(path, same, folder))
        else:
            groups.setdefault(path.parent, []).append(path)
    together = [runs for parent, paths in groups.items() for runs in _apart(find_runs(paths), parent == root)]
    reads = [*(_read(runs, folder, criteria, cases) for runs in together), *copies]
    setups = tuple(PlateFile(_name(path, folder), _sha256(path)) for path in sorted(root.rglob(f"*{SETUP}")))
    return Plates(
        files=(*(file for read in reads for file in read.files), *setups),
        specimens=tuple(one for read in reads for one in read.specimens),
        findings=tuple(sorted({*(f for read in reads for f in read.findings), *_unmatched(reads, folder)})),
        criteria=f"{criteria.id} (SHA-256 {criteria.sha256})",
        unverified=criteria.unverified,
    )


def _apart(runs: list[Run], is_root: bool) -> list[list[Run]]:
    """What is read together: every run of a folder of its own, and a run that lies in plates/ alone."""
    return [[run] for run in runs] if is_root else [runs]


def _beside(folder: Path, profile: str) -> str:
    """A laboratory's own profile lies in the study folder."""
    return str(folder / profile) if profile.endswith(SETUP) else profile


def _copy(path: Path, first: Path, folder: Path) -> _Read:
    """A second copy of a plate: its wells must not count twice, so none of them is read."""
    name, what = _name(path, folder), f"the file is the same as {_name(first, folder)}"
    found = Finding(
        Where(name), "plate.twice", Severity.FILE, what, "each plate once", "Remove one of the two"
    )
    return _Read((PlateFile(name, _sha256(path)),), findings=(found,))


def _is_plate(path: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "~$")) for part in path.relative_to(root).parts)
    return is_plate_file(path) and not hidden


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(runs: Sequence[Run], folder: Path, criteria: Profile, cases: Mapping[str, str]) -> _Read:
    strays = [say_aside(_name(run.path, folder), run) for run in runs if not run.wanted]
    wanted = [run for run in runs if run.wanted]
    kept = [PlateFile(_name(path, folder), _sha256(path)) for run in runs for path, _ in run.aside]
    if not wanted:
        return _Read(tuple(kept), findings=tuple(strays))
    try:
        setup = find_setup(wanted[0].path)
        plates = [read_run(run, _name(run.path, folder)) for run in wanted]
    except PlateError as error:
        faults = (_in_folder(finding, wanted[0].path, folder) for finding in error.findings)
        files = (PlateFile(_name(path, folder), _sha256(path)) for run in wanted for path in run.wanted)
        return _Read((*files, *kept), findings=(*faults, *strays), setup=setup_beside(wanted[0].path))
    report = interpret_plate(join_plates(plates), criteria, setup)
    ties = {sample: tie_sample(sample, setup, cases) for sample in _samples(report)}
    fates = [_fate(one, report, ties) for one in report.reactions]
    counts = [_count(plate.name, len(plate.wells), report, fates) for plate in plates]
    findings = (*report.findings, *_untied(report, ties, setup, cases), *strays)
    files = (file for run, count in zip(wanted, counts, strict=True) for file in _files(run, count, folder))
    specimens = tuple(_specimens(report, ties, setup))
    return _Read((*files, *kept), specimens, findings, setup_beside(wanted[0].path), report.plate)


def _unmatched(reads: Sequence[_Read], folder: Path) -> Iterator[Finding]:
    """What each plate.toml names that is on none of its plates: said once all of them could be read."""
    for path in dict.fromkeys(read.setup for read in reads if read.setup):
        plates = [read.plate for read in reads if read.setup == path]
        read = [plate for plate in plates if plate]
        if len(read) == len(plates):
            yield from check_setup(join_plates(read), load_setup(path), _name(path, folder))


def _files(run: Run, counts: WellCounts, folder: Path) -> Iterator[PlateFile]:
    """The files of a run; its wells are counted with the first."""
    for n, path in enumerate(run.wanted):
        yield PlateFile(_name(path, folder), _sha256(path), WellCounts() if n else counts)


def _in_folder(finding: Finding, plate: Path, folder: Path) -> Finding:
    """A fault of plate.toml, named as the study's files are."""
    beside = setup_beside(plate)
    if beside is None or finding.where.file != beside.name:
        return finding
    return replace(finding, where=finding.where._replace(file=_name(beside, folder)))


def _samples(report: PlateReport) -> list[str]:
    return list(dict.fromkeys(one.well.sample for one in report.reactions if one.part.role is Role.FOLLOW_UP))


def tie_sample(sample: str, setup: Setup, cases: Mapping[str, str]) -> Tie:
    """Whose a sample is and of which day: plate.toml first, then its name."""
    said = setup.samples.get(sample, Saying())
    named = said.case if said.case in cases else _case_in(sample, cases) if not said.case else ""
    on = said.specimen_date or day_in(sample)
    return Tie(cases.get(named, "") or named, on, bool(named) and not cases[named])


def _case_in(sample: str, cases: Mapping[str, str]) -> str:
    """The case id that stands in the name as a word of its own; none where two do.

    Underscores part words; a hyphen does only before a day, because `AB-01-2` may be another case.
    """
    end = r"(?![^\W_])(?!-(?!\d{4}-\d{2}-\d{2}))"
    found = [case for case in cases if re.search(rf"(?<![^\W_])(?<!-){re.escape(case)}{end}", sample)]
    longest = max(found, key=len, default="")
    return longest if all(case in longest for case in found) else ""


def day_in(sample: str) -> date | None:
    """The one day that stands in a name as 2019-05-31; none where there are two, or no such day."""
    found = {match.groups() for match in DAY.finditer(sample)}
    if len(found) != 1:
        return None
    year, month, day = map(int, found.pop())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _fate(one: Reaction, report: PlateReport, ties: Mapping[str, Tie]) -> str:
    """The one place where a well ends up."""
    if one.part.role is Role.UNCLEAR:
        return ASKED
    if one.part.role is Role.UNUSED or not one.counts:
        return SET_ASIDE
    if one.part.role is not Role.FOLLOW_UP:
        return USED
    tie = ties[one.well.sample]
    if not tie.is_tied:
        return ASKED
    levels = [level for level in report.levels if level.sample == one.well.sample]
    own = [level for level in levels if one in level.evidence.reactions] or levels
    evaluable = any(level.level.state is not LevelState.NOT_EVALUABLE for level in own)
    return USED if evaluable and not tie.is_aside else SET_ASIDE


def _count(plate: str, wells: int, report: PlateReport, fates: Sequence[str]) -> WellCounts:
    here = [fate for one, fate in zip(report.reactions, fates, strict=True) if one.well.plate == plate]
    return WellCounts(wells, here.count(USED), here.count(SET_ASIDE), here.count(ASKED))


def _untied(
    report: PlateReport, ties: Mapping[str, Tie], setup: Setup, cases: Mapping[str, str]
) -> Iterator[Finding]:
    for sample, tie in ties.items():
        if tie.is_tied:
            continue
        where = place_of(
            one.well
            for one in report.reactions
            if one.well.sample == sample and one.part.role is Role.FOLLOW_UP
        )
        said = setup.samples.get(sample, Saying())
        missing = "its case" if tie.on else "its day" if tie.case_id else "its case and day"
        near = suggest(said.case or sample.split()[0], cases) if not tie.case_id and sample.strip() else ""
        hint = f"{near} " if near.endswith("?") else ""
        do = f"{hint}Give case and specimen_date of the sample in plate.toml; its wells are not used until then"
        what = f'the sample "{sample}" does not say {missing}'
        yield Finding(where, "plate.no_case", Severity.VALUE, what, NAMED, do)


def _specimens(report: PlateReport, ties: Mapping[str, Tie], setup: Setup) -> Iterator[Specimen]:
    for one in report.levels:
        tie = ties[one.sample]
        if not tie.is_tied or tie.is_aside or tie.on is None:
            continue
        yield Specimen(
            case_id=tie.case_id,
            on=tie.on,
            sample=one.sample,
            marker=setup.markers.get(one.target, one.target),
            level=one.level,
            where=place_of(reaction.well for reaction in one.evidence.reactions),
            wells=dict(_wells_behind(one)),
            hides=say_hidden(one, report.profile),
            because=one.reasons[0] if one.level.state is LevelState.NOT_EVALUABLE and one.reasons else "",
        )


def _wells_behind(one: MarkerLevel) -> Iterator[tuple[str, Source]]:
    """The places that a level rests on, and what stood there."""
    evidence = one.evidence
    wells = _source(evidence.reactions, one.target)
    yield "plate_wells", wells._replace(raw=f"{wells.raw}; {say_level(one.level)}")
    if evidence.control and evidence.control.reactions:
        yield "plate_control", _source(evidence.control.reactions, f"control gene {evidence.control.target}")
    if evidence.curve and evidence.curve.used:
        yield "plate_standards", _source(evidence.curve.used, "standard curve")
    if evidence.background:
        yield "plate_background", _source(evidence.background, "polyclonal background")


def _source(reactions: Sequence[Reaction], name: str) -> Source:
    said = ", ".join(one.call.state.value if one.cq is None else f"{one.cq:.2f}" for one in reactions)
    return Source(place_of(one.well for one in reactions), f"{name}: Cq {said}")
