"""Files spoilt at random, part by part: what a careless program, a bad disk or a hostile hand could leave behind.

Mutations know the structure they spoil: the cells, attributes and tags of a workbook's XML, the fields and lines of
delimited text, the sentences of minutes; one in ten spoils bytes anywhere, the zip's own included. Each file must be
read without an exception, in less than two seconds of the processor, with every filled cell having one fate, and on
to the end: the checks of the children's courses, and now and then the workbook that goes back to the centre. Returns in
a centre's own words (.xlsx, .ods, .csv and .xls) are read again and again, each question answered as it is first offered.

Run by hand for longer than a test may take: python tests/spoilt_files.py COUNT SEED
"""

import io
import math
import re
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import docx

from caseseries.decisions.chain import Decision, Log, seal
from caseseries.demo.office import write_ods
from caseseries.identify.mentions import find_candidates
from caseseries.identify.minutes import read_file
from caseseries.intake.old_excel import read_old_excel
from caseseries.intake.queries import write_queries
from caseseries.intake.returns import Returns, interpret, read_returns
from caseseries.pipeline import form_study
from made_up import made_up_study
from minutes_files import pdf
from own_workbooks import WHEN, check_sums, write_own
from return_folder import lines_of, return_of, together

STUDY = made_up_study()
SLOWEST = 2.0  # seconds of the processor for one file
BACK = 20  # every so many returns also go back to their centre

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
CONTENTS = (
    *(
        b"",
        b" ",
        b"-",
        b"?",
        b"0",
        b"-1",
        b"1",
        b"1,234",
        b"0,05",
        b"<0.01",
        b"12 %",
        b"1e-4",
        b"NaN",
        b"#REF!",
    ),
    *(
        b"=1+1",
        b"03/04/2018",
        b"2018",
        b"31.02.2018",
        b"45000",
        b"60",
        b"0.5",
        b"TRUE",
        b"yes",
        b"death",
        b"relapse",
    ),
    *(
        "é".encode(),
        "\u202e".encode(),
        "１２".encode(),
        b"x" * 40_000,
        b"A-1",
        b"A-9",
        b"a-1 ",
        "А-1".encode(),
    ),
)
ATTRIBUTES = (
    b"A1",
    b"B2",
    b"XFD1048576",
    b"A0",
    b"",
    b"s",
    b"str",
    b"inlineStr",
    b"d",
    b"99999",
    b"-1",
    b"1",
    b"hidden",
)
TAG = re.compile(rb"<[^<>]*>")
VALUE = re.compile(rb"(?<==\")[^\"]*(?=\")")
TEXT = re.compile(rb"(?<=>)[^<>]+(?=<)")
SENTENCE = re.compile(rb"[^.\n]*[.\n]?")

MINUTES = (
    "Tumour board, 3 April 2017. Present: all.",
    "1. AB, 5-month-old girl, infant ALL, KMT2A::AFF1. MRD 0.2 % after HR1. For blinatumomab from 05/04/2017, then HSCT.",
    "2. CD: no blinatumomab, family declined. Not for HSCT.",
    "3. Twin 1 had blinatumomab last week. Twin 2 is well. Another infant, AB, was never given blinatumomab.",
)

OWN_WORDS = (
    "Study no.|DOB|Sex|Date of diagnosis|MLL|WCC|Blina start|Date of MRD|MRD (%)|HSCT date|Relapse date|Last seen",
    "A-1|15/06/2016|f|23/09/2016|pos|120.5|01/01/2017|30/12/2016|0.2|20/02/2017|-|25/02/2018",
    "A-2|17/08/2016|m|13/11/2016|neg|88|22/02/2017|20/02/2017|<0.01|14/04/2017|30/07/2017|25/03/2018",
)
OLD_EXCEL = Path(__file__).parent / "museum" / "own-words-saved-by-libreoffice.xls"
ROUNDS = 4  # of questions: their answers raise others
USUAL = 10  # times as many of the other kinds, which take a tenth of the time

Change = Callable[[bytes, Random], bytes]


def workbook_seed(folder: Path) -> bytes:
    """A workbook of two cases without its help and lists."""

    def edit(book):
        for name in ("How to fill this in", "Lists"):
            del book[name]
        for sheet in book.worksheets:
            sheet.data_validations.dataValidation = []

    return return_of(folder, together(lines_of("A-1"), lines_of("A-2")), edit=edit).read_bytes()


def redcap_seed() -> bytes:
    fields = (
        "case_id,redcap_repeat_instrument,redcap_repeat_instance,patients_birth_date,patients_sex,"
        "diagnosis_diagnosis_date,treatment_treatment,treatment_start_date,specimens_mrd_percent,"
        "follow_up_date,follow_up_event,patients_complete"
    )
    rows = (
        "A-1,,,2016-06-15,1,2016-09-23,,,,,,2",
        "A-1,treatment,1,,,,1,2017-01-01,,,,",
        "A-1,follow_up,1,,,,,,,2018-02-05,5,",
        'A-2,,,"2016-06",2,23.09.2016,,,,,,2',
        'A-2,specimens,1,,,,,,"0,2",,,',
    )
    return "\n".join((fields, *rows)).encode()


def word_seed() -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for paragraph in MINUTES:
        document.add_paragraph(paragraph)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "EF", "considered for blinatumomab"
    document.save(out)
    return out.getvalue()


def own_seeds(folder: Path) -> tuple[bytes, bytes, bytes]:
    """The same two children in a centre's own words: as .xlsx, .ods and .csv."""
    rows = [line.split("|") for line in OWN_WORDS]
    write_ods(folder / "own.ods", "Children", rows)
    own = write_own(folder, {"Children": rows}, "own.xlsx")
    return own.read_bytes(), (folder / "own.ods").read_bytes(), "\n".join(map(",".join, rows)).encode()


# --- spoiling ---------------------------------------------------------------------------------------------


def spoil(data: bytes, rng: Random) -> bytes:
    """One to four edits: bytes flipped, cut, repeated, moved, or replaced by something known to hurt."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((0, 1, 3, 20, 200)))
        piece = data[start:end]
        new = rng.choice((rng.choice(TOKENS), b"", piece * 2, piece[::-1], bytes([rng.randrange(256)])))
        data = data[:start] + new + data[end:]
    return data


def spoil_pieces(pattern: re.Pattern[bytes], news: tuple[bytes, ...], data: bytes, rng: Random) -> bytes:
    """One of the pieces that a pattern finds: replaced, dropped, doubled, or exchanged with another."""
    found = list(pattern.finditer(data))
    if not found:
        return spoil(data, rng)
    one, other = rng.choice(found), rng.choice(found)
    new = rng.choice((rng.choice(news), b"", one.group() * 2, other.group()))
    return data[: one.start()] + new + data[one.end() :]


def spoil_xml(data: bytes, rng: Random) -> bytes:
    for _ in range(rng.randint(1, 3)):
        pattern, news = rng.choice(((TAG, TOKENS), (VALUE, ATTRIBUTES), (TEXT, CONTENTS), (TEXT, CONTENTS)))
        data = spoil_pieces(pattern, news, data, rng) if rng.random() < 0.9 else spoil(data, rng)
    return data


def spoil_package(data: bytes, rng: Random) -> bytes:
    """Mostly one part spoilt inside a sound zip; now and then a part gone or doubled, or the zip itself."""
    chance = rng.random()
    if chance < 0.1:
        return spoil(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = [(name, package.read(name)) for name in package.namelist() if "docProps" not in name]
    at = rng.randrange(len(parts))
    if chance < 0.14:
        del parts[at]
    elif chance < 0.16:
        parts.append((parts[at][0].upper(), parts[at][1]))
    else:
        parts[at] = parts[at][0], spoil_xml(parts[at][1], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in parts:
            package.writestr(name, content)
    return out.getvalue()


def spoil_table(data: bytes, rng: Random) -> bytes:
    """Fields and lines of delimited text; now and then another delimiter, another encoding, or any bytes."""
    for _ in range(rng.randint(1, 3)):
        lines = data.split(b"\n")
        at, chance = rng.randrange(len(lines)), rng.random()
        fields = lines[at].split(b",")
        if chance < 0.6:
            fields[rng.randrange(len(fields))] = rng.choice((*CONTENTS, *TOKENS))
        elif chance < 0.7:
            del fields[rng.randrange(len(fields))]
        elif chance < 0.8:
            lines.insert(rng.randrange(len(lines) + 1), lines[at])
        lines[at] = b",".join(fields)
        data = b"\n".join(lines)
        if chance >= 0.9:
            data = spoil(data, rng)
        elif chance >= 0.8:
            change = rng.choice(((b",", b";"), (b"\n", b"\r\n"), (b",", b"\t"), (b"-", b"/"), (b"", b"")))
            data = data.replace(*change) if change[0] else data.decode("utf-8", "replace").encode("utf-16")
    return data


def spoil_text(data: bytes, rng: Random) -> bytes:
    for _ in range(rng.randint(1, 4)):
        data = spoil_pieces(SENTENCE, TOKENS, data, rng) if rng.random() < 0.7 else spoil(data, rng)
    return data


def spoil_in_place(data: bytes, rng: Random) -> bytes:
    """A few bytes of a format that counts from its beginning: nothing after them moves."""
    spoilt = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(spoilt))
        piece = rng.choice((bytes([rng.randrange(256)]), b"\0\0", b"\xff\xff\xff\xff", rng.choice(TOKENS)))
        spoilt[at : at + len(piece)] = piece
    return bytes(spoilt[: len(data)])


# --- checking ---------------------------------------------------------------------------------------------


def check_return(folder: Path, name: str, data: bytes, number: int) -> int:
    """Read one return to its end: one fate for every filled cell. How many filled cells it had."""
    path = folder / "returns" / name
    path.write_bytes(data)
    start = time.process_time()
    returns = read_returns(folder, STUDY)
    form_study(folder, STUDY, returns, Log())
    if number % BACK == 0:
        write_queries(folder / "queries", returns.books, returns.findings, STUDY)
    assert time.process_time() - start < SLOWEST
    path.unlink()
    for file in returns.files:
        counts = file.counts
        assert counts.non_empty == counts.stored + counts.problem + counts.ignored, file
    return returns.counts.non_empty


def check_own_words(folder: Path, name: str, data: bytes, number: int) -> int:  # noqa: ARG001
    """Read one return whose headings and words are asked about; whatever is answered, the cells add up."""
    path, log = folder / "returns" / name, Log()
    path.write_bytes(data)
    for _ in range(ROUNDS):
        start = time.process_time()
        returns = read_own(path, folder, log)
        form_study(folder, STUDY, returns, Log())
        assert time.process_time() - start < SLOWEST
        check_sums(returns)
        if not returns.questions:
            break
        for asked in returns.questions:
            decision = Decision(
                asked.id, asked.text, asked.options[0].answer, "as offered", "A. Tester", WHEN
            )
            log = Log((*log.entries, seal(decision, len(log.entries) + 1, log.head)))
    path.unlink()
    return returns.counts.non_empty


def read_own(path: Path, folder: Path, log: Log) -> Returns:
    """A study of one file; old Excel, which a study reads in a process apart, is read in this one."""
    if path.suffix == ".xls":
        return interpret([read_old_excel(path, folder, math.inf)], STUDY, (), log)
    return read_returns(folder, STUDY, log)


def check_minutes(folder: Path, name: str, data: bytes, number: int) -> int:  # noqa: ARG001
    """Read one file of minutes: a refusal, or a candidate for every paragraph that names the drug."""
    path = folder / name
    path.write_bytes(data)
    start = time.process_time()
    found = read_file(path, folder, math.inf)
    for paragraph in found.paragraphs:
        candidates = find_candidates(paragraph, "blinatumomab")
        is_named = re.search(r"\bblinatumomab\b", paragraph, re.IGNORECASE)
        assert bool(candidates) or not is_named, paragraph
        assert all(candidate.quote in paragraph for candidate in candidates)
    assert time.process_time() - start < SLOWEST
    assert bool(found.paragraphs) != bool(found.findings)
    return len(found.paragraphs)


Kind = tuple[str, bytes, Change, Callable[[Path, str, bytes, int], int]]


def kinds() -> tuple[Kind, ...]:
    """What is spoilt, how, and what is held of it. Another format is another line."""
    with tempfile.TemporaryDirectory() as name:
        book = workbook_seed(Path(name))
        own, ods, csv = own_seeds(Path(name))
    usual = (
        ("leeds.xlsx", book, spoil_package, check_return),
        ("leeds.csv", redcap_seed(), spoil_table, check_return),
        ("a.txt", "\n".join(MINUTES).encode(), spoil_text, check_minutes),
        ("leeds.xlsx", book, spoil_package, check_return),
        ("a.docx", word_seed(), spoil_package, check_minutes),
        ("a.pdf", pdf(*MINUTES), spoil_text, check_minutes),
    )
    asked = (
        ("york.xlsx", own, spoil_package, check_own_words),
        ("york.ods", ods, spoil_package, check_own_words),
        ("york.csv", csv, spoil_table, check_own_words),
        ("york.xls", OLD_EXCEL.read_bytes(), spoil_in_place, check_own_words),
    )
    return (*usual * USUAL, *asked)


def read_spoilt(count: int, seed: int) -> tuple[Counter[str], float]:
    """Spoil and check `count` files in turn: how many of each kind were read and refused; seconds of the slowest."""
    rng, made = Random(seed), kinds()
    read: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "returns").mkdir()
        for number in range(count):
            file, data, change, check = made[number % len(made)]
            spoilt = change(data, rng)
            start = time.process_time()
            try:
                found = check(folder, file, spoilt, number)
            except BaseException:
                (Path(tempfile.gettempdir()) / f"spoilt-{seed}-{number}-{file}").write_bytes(spoilt)
                raise
            slowest = max(slowest, time.process_time() - start)
            read[f"{file} {'read' if found else 'refused'}"] += 1
    return read, slowest


def main(count: int, seed: int) -> None:
    start = time.process_time()
    read, slowest = read_spoilt(count, seed)
    spent = time.process_time() - start
    sys.stdout.write(
        f"{count} files from seed {seed} in {spent:.0f} s, slowest {slowest:.2f} s: {dict(sorted(read.items()))}\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
