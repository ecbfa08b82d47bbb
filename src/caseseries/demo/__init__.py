"""A made-up study that reproduces a published one, and the empty study folder made from its protocol."""

from importlib.resources import files
from pathlib import Path

from caseseries.demo.returns import build_returns, tell_stories
from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.intake.template import write_template
from caseseries.study.load import FILE, load_study

RETURNS = "returns"
PLATES = "plates"
LETTER = files("caseseries.evidence") / "published" / "letter.toml"  # what the letter prints, claim by claim
COMPARATORS = "comparators.toml"
TEMPLATE = "template.xlsx"
ANSWERS = "answers.toml"


def write_demo(folder: Path) -> None:
    """Write the demo study into a new or empty folder: study.toml, returns/*.xlsx, plates/*.rdml,
    published/letter.toml, published/comparators.toml and README.txt.

    The bytes are the same every time. Raises StudyError if the folder holds anything.
    """
    _make_empty(folder)
    (folder / FILE).write_bytes(_packaged("preamble.toml") + _packaged(FILE))
    (folder / "README.txt").write_bytes(_packaged("README.txt"))
    _write_published(folder / "published")
    study = load_study(folder)
    (folder / RETURNS).mkdir()
    for centre, rows in build_returns(study.data_cut).items():
        write_template(folder / RETURNS / f"{centre}.xlsx", study, rows, centre)
    from caseseries.demo.plates import write_plates  # simulation needs NumPy, `new` does not

    (folder / PLATES).mkdir()
    for name, data in write_plates(tell_stories(study.data_cut)):
        (folder / PLATES / name).write_bytes(data)


def write_messy(folder: Path) -> None:
    """Write the same study into a new or empty folder, as hospitals would return it: study.toml, returns/*,
    minutes/*, published/*, answers.toml and README.txt. What the laboratory sent stands in the returns alone.

    The bytes are the same every time. Raises StudyError if the folder holds anything.
    """
    from caseseries.demo.messy import MISSING, write_messy_returns, write_minutes

    _make_empty(folder)
    protocol = _packaged(FILE).replace(b'"Kilvarra"]', f'"Kilvarra", "{MISSING}"]'.encode())
    (folder / FILE).write_bytes(_packaged("preamble.toml") + protocol)
    (folder / "README.txt").write_bytes(_packaged("messy.txt"))
    (folder / ANSWERS).write_bytes(_packaged(ANSWERS))
    _write_published(folder / "published")
    study = load_study(folder)
    for name, write in ((RETURNS, write_messy_returns), ("minutes", write_minutes)):
        (folder / name).mkdir()
        write(folder / name, study)


def _write_published(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.toml").write_bytes(LETTER.read_bytes())
    (folder / COMPARATORS).write_bytes(_packaged(COMPARATORS))


def write_new(folder: Path) -> tuple[Path, ...]:
    """Write what a new study starts from, and the paths written: study.toml, the workbook, an empty returns/.

    In a folder that has its own study.toml, only the workbook of that study. Raises StudyError if the workbook
    is there already, if the protocol cannot be used, or if the folder holds something else.
    """
    protocol, template, returns = folder / FILE, folder / TEMPLATE, folder / RETURNS
    if template.exists():
        raise _refusal(
            template,
            "the workbook is there already, and centres may be using it",
            "no such file",
            "Move it away to have a new one written",
        )
    written = () if protocol.exists() else (protocol,)
    if written:
        _make_empty(folder)
        protocol.write_bytes(_packaged(FILE))
    write_template(template, load_study(folder))
    returns.mkdir(exist_ok=True)
    return (*written, template, returns)


def _make_empty(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise _refusal(
            folder, "there is something here already", "a new or empty folder", "Name another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)


def _refusal(path: Path, what: str, allowed: str, do: str) -> StudyError:
    where = Where(str(path))
    return StudyError([Finding(where, "study.not-empty", Severity.STUDY, what, allowed, do)])


def _packaged(name: str) -> bytes:
    return files("caseseries.demo").joinpath(name).read_bytes()
