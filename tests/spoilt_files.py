"""Files spoilt at random, part by part: what a careless program, a bad disk or a hostile hand could leave behind.

Run by hand for longer than a test may take: python tests/spoilt_files.py 100000
"""

import io
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from caseseries.intake.returns import Returns, read_returns
from made_up import made_up_study
from return_folder import lines_of, return_of, together

STUDY = made_up_study()
SLOWEST = 2.0  # seconds for one file

TOKENS = (
    *(
        b"",
        b"0",
        b"-1",
        b"1E400",
        b"NaN",
        b"9" * 30,
        b"<",
        b">",
        b"&amp;",
        b"&#0;",
        b"\0",
        b"\xff",
        b'"',
        b",",
    ),
    *(
        b";",
        b"\r\n",
        b"=1+1",
        b"</c>",
        b"<c>",
        b"<row>",
        b'r="A1"',
        b't="s"',
        b's="99"',
        b"<v>",
        b"\xe2\x80\xae",
    ),
    *(b"XFD1048576", b"31.02.2018", "С".encode(), b"<!DOCTYPE x>", b"<!--", b"]]>", b"1900-01-00", b"A-1"),
)


def seeds(folder: Path) -> tuple[bytes, bytes]:
    """A workbook of two cases without its help and lists, and the same as delimited text."""

    def edit(book):
        for name in ("How to fill this in", "Lists"):
            del book[name]
        for sheet in book.worksheets:
            sheet.data_validations.dataValidation = []

    path = return_of(folder, together(lines_of("A-1"), lines_of("A-2")), edit=edit)
    fields = (
        "case_id,redcap_repeat_instrument,patients_birth_date,patients_sex,follow_up_date,follow_up_event"
    )
    rows = ("A-1,,2016-06-15,1,,", "A-1,follow_up,,,2018-02-05,5", 'A-2,,"2016-06",2,,')
    return path.read_bytes(), "\n".join((fields, *rows)).encode()


def spoil(data: bytes, rng: Random) -> bytes:
    """One to four edits: bytes flipped, cut, repeated, moved, or replaced by something known to hurt."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((0, 1, 3, 20, 200)))
        piece = data[start:end]
        new = rng.choice((rng.choice(TOKENS), b"", piece * 2, piece[::-1], bytes([rng.randrange(256)])))
        data = data[:start] + new + data[end:]
    return data


def spoil_workbook(data: bytes, rng: Random) -> bytes:
    """Mostly one part spoilt inside a sound zip; now and then the zip itself."""
    if rng.random() < 0.1:
        return spoil(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    name = rng.choice(sorted(name for name in parts if not name.startswith("docProps")))
    parts[name] = spoil(parts[name], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for each, content in parts.items():
            package.writestr(each, content)
    return out.getvalue()


def check_one(folder: Path, name: str, data: bytes) -> Returns:
    """Read it: no exception, no hang, and every filled cell has one fate."""
    path = folder / "returns" / name
    path.write_bytes(data)
    start = time.process_time()
    returns = read_returns(folder, STUDY)
    assert time.process_time() - start < SLOWEST
    path.unlink()
    for file in returns.files:
        counts = file.counts
        assert counts.non_empty == counts.stored + counts.problem + counts.ignored, file
    return returns


def spoilt_files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` files, half of them workbooks."""
    rng = Random(seed)
    with tempfile.TemporaryDirectory() as name:
        book, text = seeds(Path(name))
    kinds: tuple[tuple[str, bytes, Callable[[bytes, Random], bytes]], ...] = (
        ("leeds.xlsx", book, spoil_workbook),
        ("leeds.csv", text, spoil),
    )
    for number in range(count):
        file, data, change = kinds[number % 2]
        yield file, change(data, rng)


def main(count: int, seed: int) -> None:
    read: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "returns").mkdir()
        start = time.process_time()
        for file, data in spoilt_files(count, seed):
            returns = check_one(folder, file, data)
            read[f"{file[-4:]} {'read' if returns.files[0].counts.non_empty else 'refused'}"] += 1
    sys.stdout.write(f"{count} files from seed {seed} in {time.process_time() - start:.0f} s: {dict(read)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
