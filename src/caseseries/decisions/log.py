"""decisions.jsonl on disk: append-only, locked against a second writer, and whole after any crash.

A decision is acknowledged when `append_decision` returns: by then its line is in the file and the file is on
the disk. A crash before that leaves at most an unfinished last line, which no reader counts and the next
append moves out of the way.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from caseseries.decisions.chain import FILE, Decision, Entry, Log, check_decision, line_of, read_chain, seal
from caseseries.findings import Finding, Severity, StudyError, Where

TORN = "decisions.torn"
PATIENCE = 10.0  # seconds to wait for another writer, whose append takes milliseconds
CHUNK = 1 << 20

if sys.platform == "win32":
    import msvcrt

    FAR = 1 << 30  # Windows locks bytes, and a locked byte cannot be read: lock one that no log reaches

    def _try_lock(handle: int) -> None:
        os.lseek(handle, FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def read_decisions(folder: Path) -> Log:
    """The decisions of the study in `folder`; none when nothing was ever decided.

    Raises:
        StudyError: the chain is broken, or the file cannot be read.
    """
    log = _inspect(folder)
    if broken := [finding for finding in log.findings if finding.severity is Severity.STUDY]:
        raise StudyError(broken)
    return log


def verify_decisions(folder: Path, head: str = "") -> tuple[Finding, ...]:
    """What is wrong with the log: the first bad line, an unfinished last line, or lines cut off its end.

    A chain cannot show that its last lines were removed; `head`, as printed in a report, can.
    """
    log = _inspect(folder)
    known = {entry.hash for entry in log.entries}
    if head and not log.findings and head not in known:
        what = f"no line has the hash {head}: lines that a report was made from are no longer in the log"
        do = "Put back the file from a backup"
        return (
            Finding(Where(FILE), "decisions.cut", Severity.STUDY, what, "the head of an older report", do),
        )
    return log.findings


def append_decision(folder: Path, decision: Decision) -> Entry:
    """Record a decision; it is safe on the disk when this returns.

    Raises:
        StudyError: the decision lacks something, the log is broken or locked, or the disk refuses.
    """
    if refusals := check_decision(decision):
        raise StudyError(refusals)
    try:
        with _open_locked(folder / FILE) as handle:
            return _append(folder, handle, decision)
    except OSError as error:
        what = f"the decision is not recorded ({error.strerror or type(error).__name__})"
        raise StudyError([_trouble("unwritable", what, "Mend that and answer again")]) from error


def _append(folder: Path, handle: int, decision: Decision) -> Entry:
    whole, torn = _split(_read(handle))
    if torn:
        _set_aside(folder, handle, torn, len(whole))
    entries, findings = read_chain(_lines(whole))
    if findings:
        raise StudyError(list(findings))
    entry = seal(decision, len(entries) + 1, Log(entries).head)
    try:
        _write(handle, line_of(entry))
        os.fsync(handle)
        if not whole:
            _sync_folder(folder)
    except OSError:
        with suppress(OSError):  # not acknowledged, so it must not be found later
            os.ftruncate(handle, len(whole))
        raise
    return entry


def _inspect(folder: Path) -> Log:
    """The log with everything that is wrong with it."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Log()
    except OSError as error:
        what = f"the file cannot be read ({error.strerror or type(error).__name__})"
        return Log(findings=(_trouble("unreadable", what, "Mend that"),))
    whole, torn = _split(data)
    entries, findings = read_chain(_lines(whole))
    return Log(entries, len(torn), findings or _torn(len(entries) + 1, len(torn)))


def _torn(line: int, size: int) -> tuple[Finding, ...]:
    if not size:
        return ()
    what = f"the last line is unfinished ({size} bytes): the program was stopped while writing it"
    do = f"Answer the question again if it is still open; the next answer moves the bytes to {TORN}"
    return (Finding(Where(FILE, cell=f"line {line}"), "decisions.torn", Severity.NOTE, what, "", do),)


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The finished lines, and the beginning of one that was not finished."""
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]


def _lines(whole: bytes) -> list[bytes]:
    return whole.split(b"\n")[:-1]


def _set_aside(folder: Path, handle: int, torn: bytes, end: int) -> None:
    """Keep the bytes of an unfinished line elsewhere before they are cut off; at worst they are kept twice."""
    aside = os.open(folder / TORN, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        _write(aside, torn + b"\n")
        os.fsync(aside)
    finally:
        os.close(aside)
    _sync_folder(folder)
    os.ftruncate(handle, end)
    os.fsync(handle)


@contextmanager
def _open_locked(path: Path) -> Iterator[int]:
    """The log, opened for appending, with no other writer until it is closed."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        _lock(handle)
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _try_lock(handle)
        except OSError as error:
            if time.monotonic() > deadline:
                what = "another program is writing decisions; this one is not recorded"
                raise StudyError([_trouble("locked", what, "Close the other program")]) from error
        time.sleep(0.02)


def _read(handle: int) -> bytes:
    os.lseek(handle, 0, os.SEEK_SET)
    return b"".join(iter(lambda: os.read(handle, CHUNK), b""))


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    if sys.platform != "win32":  # Windows opens no folders and needs no such call
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _trouble(code: str, what: str, do: str) -> Finding:
    return Finding(Where(FILE), f"decisions.{code}", Severity.STUDY, what, "", do)
