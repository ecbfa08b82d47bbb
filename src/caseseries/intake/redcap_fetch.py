"""The one place that may open a network connection: a raw export fetched from REDCap, when a person asks for it.

Nothing else in the package may import what this does, and nothing imports this but the command that was given a URL
(docs/decisions/0026). The token is never printed, logged, kept or sent anywhere but to that URL.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.study.forms import CASE_ID

SECONDS = 120
FILE = "redcap.csv"
EARLIER = "replaced"
TOKEN = re.compile(r"[0-9A-Fa-f]{32}", re.ASCII)
TAG = re.compile(r"<[^>]*>")
ERROR = re.compile(r"""'error': ['"](.*)['"]""")
HERE = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])[:/]")


def read_token(path: Path) -> str:
    """The token in a file. It is no argument of the command: every user of a machine sees those."""
    return path.read_text(encoding="utf-8", errors="replace").strip()


def fetch_export(url: str, token: str) -> str:
    """Every record of the project that a token opens, as REDCap's raw CSV with its Data Access Groups.

    Raises:
        StudyError: PyCap is not installed, the address or the token is none, or the answer is no export.
    """
    _check_address(url, token)
    try:
        from redcap.project import Project
        from redcap.request import RedcapError
    except ImportError as error:
        do = "Install caseseries[redcap]; or export the data in REDCap by hand"
        raise _refusal(url, "PyCap is not installed", "", do) from error
    project: Any = Project(url, token, timeout=SECONDS, allow_redirects=False)
    try:
        text = project.export_records(format_type="csv", export_data_access_groups=True)
    except RedcapError as error:
        what = _STRANGE if isinstance(error, ValueError) else _in_words(error, token)
        raise _refusal(url, what, "", _MEND) from None
    except (
        LookupError,
        TypeError,
        AttributeError,
    ):  # PyCap takes the shape of the project's fields for granted
        raise _refusal(url, _STRANGE, "", _MEND) from None
    return _checked(url, text)


_STRANGE = "the answer is none of REDCap's API"
_MEND = "Check the address, the token and its right to export, and the connection"


def _check_address(url: str, token: str) -> None:
    if not (url.startswith("https://") or HERE.match(url)) or not url.endswith("/api/"):
        do = "Copy the address from REDCap's page “API”"
        raise _refusal(url, "this is no address of REDCap's API", "https://…/api/", do)
    if not TOKEN.fullmatch(token):
        do = "Copy the token from REDCap's page “API”"
        raise _refusal(url, "the token is none", "32 hexadecimal digits", do)


def _in_words(error: Exception, token: str) -> str:
    """What REDCap or the connection says, in one line and without the token."""
    told = ERROR.search(str(error))
    said = TAG.sub(" ", told[1] if told else str(error)).replace(token, "…")
    return f"REDCap gave no records: {' '.join(said.split())[:200]}"


def _checked(url: str, text: str) -> str:
    """The text, if it is an export of our dictionary: PyCap passes on whatever a server answers."""
    with suppress(
        UnicodeError
    ):  # an answer that names no encoding comes read as Latin-1; REDCap writes UTF-8
        text = text.encode("latin-1").decode("utf-8")
    head = text.lstrip("\ufeff").partition("\n")[0]
    if CASE_ID.name not in [name.strip().strip('"') for name in head.split(",")]:
        what = "the answer is no export of the study's dictionary: its first line has no field case_id"
        raise _refusal(url, what, "raw records in CSV", _MEND)
    return text


def _refusal(url: str, what: str, allowed: str, do: str) -> StudyError:
    return StudyError([Finding(Where(url), "redcap.fetch", Severity.STUDY, what, allowed, do)])


def keep_export(folder: Path, text: str) -> tuple[Path, Path | None]:
    """Write an export into the returns; one that it takes the place of is kept, and its path given too."""
    path, data = folder / "returns" / FILE, text.encode("utf-8")
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_bytes() == data:
        path.write_bytes(data)
        return path, None
    earlier = folder / EARLIER / FILE
    earlier.parent.mkdir(exist_ok=True)
    path.replace(earlier)
    path.write_bytes(data)
    return path, earlier
