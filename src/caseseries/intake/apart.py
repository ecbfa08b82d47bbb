"""Files whose cost cannot be told beforehand are read in a process apart, with memory and time that are capped.

Most files never come here: what a reader does with them is bounded by the size of what it walks through, which is
measured before anything is unpacked (`package.HERE`). The rest (PDF, old Excel, packages with much to walk) go to one
helper process, which lives for all files of a study and is begun again when a file has killed it. It caps what a file
may cost; it is no sandbox (docs/decisions/0022).

    python -P -m caseseries.intake.apart        reads requests from stdin, a line of JSON each
"""

import contextlib
import importlib
import io
import json
import math
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

from caseseries.intake.package import HERE, MEGABYTE, CostlyError, UnreadableError

MOST_MEMORY = 1_000 * MEGABYTE
MOST_SECONDS = 60
OURS = "caseseries."

ALLOWED = "a file that is read within a minute and in 1 GB of memory"
SMALLER = "Ask the centre to save a copy with nothing but the filled sheets or pages, and send that"

FULL = pickle.dumps(("memory", None))  # made while there still is memory

Read = TypeVar("Read")
Reader = Callable[[Path, Path, float], Read]


class Apart:
    """The helper process, begun at the first file that needs it."""

    def __init__(self, memory: int = MOST_MEMORY, seconds: float = MOST_SECONDS) -> None:
        self.memory, self.seconds = memory, seconds
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Apart":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, reader: Reader[Read], path: Path, root: Path, *, apart: bool = False) -> Read:
        """What `reader` makes of a file: here if that is cheap, else (or if `apart`) in the helper process.

        Raises:
            UnreadableError: reading it costs more than any return should.
        """
        if not apart:
            with contextlib.suppress(CostlyError):
                return reader(path, root, HERE)
        request = json.dumps(
            [reader.__module__, reader.__name__, str(path), str(root), self.memory, math.ceil(self.seconds)]
        )
        process = self.process = self.process or _begin()
        reply = _Reply(process, request.encode() + b"\n")
        reply.join(self.seconds)
        is_late = reply.is_alive()
        if not is_late and reply.data:
            verdict, found = _Unpickler(io.BytesIO(reply.data)).load()
            if verdict == "read":
                return found  # type: ignore[no-any-return]  # the reader's own type, made in the other process
        self._stop()
        raise _too_costly(self, is_late=is_late, is_told=bool(reply.data))

    def _stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()
        self.process = None


def _too_costly(apart: Apart, *, is_late: bool, is_told: bool) -> UnreadableError:
    if is_late:
        what = f"reading the file takes more than {apart.seconds:g} seconds"
    elif is_told:
        what = f"reading the file takes more than {apart.memory // MEGABYTE} MB of memory"
    else:
        what = "the program that was to read the file broke down over it"
    return UnreadableError("too-costly", what, SMALLER)


def _begin() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", __name__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


class _Reply(threading.Thread):
    """Waits for the answer to one request; empty when the process ended instead."""

    def __init__(self, process: subprocess.Popen[bytes], request: bytes) -> None:
        super().__init__(daemon=True)
        self.process, self.request, self.data = process, request, b""
        self.start()

    def run(self) -> None:
        if self.process.stdin and self.process.stdout:
            with contextlib.suppress(OSError, ValueError):  # a process that has ended takes and gives nothing
                self.process.stdin.write(self.request)
                self.process.stdin.flush()
                size = int.from_bytes(self.process.stdout.read(8))
                data = self.process.stdout.read(size)
                self.data = data if len(data) == size else b""


class _Unpickler(pickle.Unpickler):
    """Takes nothing but our own classes."""

    def find_class(self, module: str, name: str) -> Any:
        if not module.startswith(OURS) or not isinstance(found := super().find_class(module, name), type):
            raise pickle.UnpicklingError(f"{module}.{name} is none of ours")
        return found


# --- in the helper process --------------------------------------------------------------------------------


def main(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are none, or until one has taken all the memory there may be."""
    sys.stdout = sys.stderr  # what a library prints is no reply
    for line in requests:
        module, name, path, root, memory, seconds = json.loads(line)
        _cap(memory, seconds)
        try:
            found = getattr(importlib.import_module(module), name)(Path(path), Path(root), math.inf)
            data = pickle.dumps(("read", found), protocol=5)
        except MemoryError:
            data = FULL
        replies.write(len(data).to_bytes(8))
        replies.write(data)
        replies.flush()
        if data is FULL:
            return


def _cap(memory: int, seconds: int) -> None:
    """Windows has no such limits; there the parent's patience is the only one."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = math.ceil(used.ru_utime + used.ru_stime)
        for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, spent + seconds)):
            with contextlib.suppress(ValueError, OSError):  # a system that refuses has its own limits
                resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
