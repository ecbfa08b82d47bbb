"""What each number of a finished report rests on, found without the code that printed it.

The sources are the rows of results.json, the protocol, listing.csv, adtte.csv and `caseseries check --json`.
Rounding is done here a second time, from the unrounded values. A number that none of them explains is an orphan.
"""

import csv
import hashlib
import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files
from itertools import groupby
from pathlib import Path

import openpyxl

from read_back import Piece

NUMBER = re.compile(r"(?<![A-Za-z0-9])\d[\d.,]*(?![A-Za-z0-9])")
TIME_UNITS = ("days", "months", "years")
NAMED_UNITS = (*TIME_UNITS, "10⁹/L", "cases", "percentage points")
ONE_DECIMAL = {"months", "years", "cases", "events"}
# Of the method, not of the study.
OF_THE_METHOD = ("Peto 1977",)
DAYS_PER_MONTH = Decimal("30.4375")


@dataclass(frozen=True)
class Account:
    """Everything a number may rest on. `days` are each case's dated cells, in days from its transplant."""

    rows: dict[str, dict]
    protocol: dict
    listing: dict[str, dict[str, str]]
    adtte: list[dict[str, str]]
    days: dict[str, set[int]]
    read: dict
    hashes: dict[str, str]
    software: str
    published: tuple[dict, ...]


def open_account(folder: Path, read: dict) -> Account:
    """`read` is what `caseseries check --json` printed for the study folder."""
    report = folder / "report"
    record = json.loads((report / "results.json").read_text(encoding="utf-8"))
    listing = {row["case_id"]: row for row in _read_csv(report / "listing.csv")}
    adtte = _read_csv(report / "adtte.csv")
    protocol = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    asked = [tomllib.loads((folder / "published" / "comparators.toml").read_text(encoding="utf-8"))]
    inputs = [
        folder / "study.toml",
        *sorted((folder / "returns").iterdir()),
        *sorted((folder / "plates").iterdir()),
        folder / "published" / "comparators.toml",
    ]
    hashes = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs
    }
    rows = {row["id"]: row for row in record["results"]}
    days = days_from_transplant(folder, adtte)
    library = _read_csv(Path(str(files("caseseries.evidence") / "library" / "comparators.csv")))
    words = ("study", "population", "endpoint", "origin", "source")
    studies = set(strings_in(asked))
    named = [
        {**{key: row[key] for key in words}, "n": f"n = {row['n']}"}
        for row in library
        if row["study"] in studies
    ]
    return Account(rows, protocol, listing, adtte, days, read, hashes, record["software"], (*asked, *named))


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def days_from_transplant(folder: Path, adtte: list[dict[str, str]]) -> dict[str, set[int]]:
    start = {r["USUBJID"]: date.fromisoformat(r["STARTDT"]) for r in adtte if r["PARAMCD"] == "OSHSCT"}
    days: dict[str, set[int]] = {case: set() for case in start}
    for path in sorted((folder / "returns").glob("*.xlsx")):
        for sheet in openpyxl.load_workbook(path):
            for case, *cells in sheet.iter_rows(values_only=True):
                if case in start:
                    dates = [cell.date() for cell in cells if isinstance(cell, datetime)]
                    days[case] |= {(one - start[case]).days for one in dates}
    return days


def find_orphans(pieces: list[Piece], account: Account) -> list[str]:
    """Every piece of the page that holds a number nothing explains, with that number."""
    return [
        *_orphans_of_links(pieces, account),
        *_orphans_of_words(pieces, account),
        *_orphans_of_drawings(pieces, account),
    ]


def _orphans_of_links(pieces: list[Piece], account: Account) -> Iterator[str]:
    for piece in pieces:
        for result, printed in piece.numbers:
            if result not in account.rows or printed not in forms(account.rows[result]):
                yield f"{piece}: {printed} is not printed by {result}"


def half_up(value: float | Decimal, digits: int = 0) -> str:
    text = str(Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
    return text.replace("-", "−") if Decimal(text) else text.lstrip("-")


def two_figures(fraction: float) -> str:
    """A fraction of cells as a percentage: two significant figures below 10, whole above, no exponent."""
    share = Decimal(str(fraction)) * 100
    if share >= 10 or not share:
        return half_up(share)
    shown = half_up(share, 1 - share.adjusted())
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def forms(row: dict) -> set[str]:
    """Every way the report may print a result: whole, or one of its parts for a column or a clause."""
    value, unit = row["value"], row["unit"]
    bounds = [row["lower"], row["upper"]]
    share = unit in ("probability", "proportion")
    to, kind = (" to ", "CrI") if unit == "percentage points" else ("–", "CI")
    limits = to.join(_number(unit, bound) for bound in bounds) if any(b is not None for b in bounds) else ""
    quoted = f"{half_up(100 * Decimal(str(row['level'])))}% {kind} {limits}" if limits else ""
    if value is None:
        reached = any(note.startswith("not reached") or "was not reached" in note for note in row["caveats"])
        number = "not reached" if reached else "not estimable"
    else:
        number = _number(unit, value) + ("%" if share or unit == "fraction of cells" else "")
    named = f"{number} {unit}" if unit in NAMED_UNITS and value is not None else number
    counts = {str(row[key]) for key in ("n", "events", "at_risk")} | {f"{row['events']} / {row['n']}"}
    counts |= {f"N = {row['value']}"} if unit == "count" else set()
    whole = (
        f"{row['events']}/{row['n']} ({number}; {quoted})" if unit == "proportion" else f"{named} ({quoted})"
    )
    brief = f"{row['events']} ({number})"
    other = (
        {brief, number.removesuffix("%"), f"{row['events']} of {row['n']}"} if unit == "proportion" else set()
    )
    return counts | other | {number, number.removesuffix("%"), limits, quoted, whole if quoted else named}


def _number(unit: str, value: float | None) -> str:
    if value is None:
        return "not reached" if unit in TIME_UNITS else "not estimable"
    if unit in ("probability", "proportion"):
        return half_up(100 * Decimal(str(value)))
    if unit == "fraction of cells":
        return two_figures(value)
    if unit == "p-value":
        return half_up(value, 2 if value >= 0.00995 else 3) if value >= 0.001 else "<\u00a00.001"
    if unit == "ratio":
        return half_up(value, 2)
    half = unit == "days" and value != int(value)
    return half_up(value, 1 if unit in ONE_DECIMAL or half else 0)


def _orphans_of_words(pieces: list[Piece], account: Account) -> Iterator[str]:
    known = re.compile("|".join(phrases(account)))
    captions = dict.fromkeys(("Table", "Figure"), 0)
    last = Counter(piece.words.split(" ")[0] for piece in pieces if piece.kind == "figcaption")
    rows = {key: list(row) for key, row in groupby(pieces, lambda piece: (piece.block, piece.row)) if key[0]}
    for piece in (piece for piece in pieces if piece.kind != "text"):
        words = _without_raised(piece)
        words = known.sub("", CITED.sub(lambda cited: _uncited(cited, last), words))
        if piece.kind == "figcaption":
            kind = words.split(" ")[0]
            captions[kind] += 1
            words = words.removeprefix(f"{kind} {captions[kind]}.")
        if piece.section == "References":
            words = JOURNAL.sub("", words.removeprefix(f"{piece.cites[0][1]}. ") if piece.cites else words)
        if piece.section == "Appendix: what was read":
            words = words if piece.words not in lines_of_reading(account) else ""
        elif piece.block and piece.row >= 0 and piece.kind in ("th", "td"):
            words = "" if piece.words in cells_of(rows[piece.block, piece.row], piece.row, account) else words
        if found := NUMBER.search(words):
            yield f"{piece}: nothing explains {found[0]}"


JOURNAL = re.compile(r"\. [A-Z][A-Za-z ]+ \d{4};\d+:e?\d+(–\d+)?\.$")
CITED = re.compile(r"\b(Table|Figure)s? (\d+)(?:(?:, \d+)* and (\d+))?(?=[;):])")


def _without_raised(piece: Piece) -> str:
    """The words without the raised numbers of references, which stand right behind a word."""
    words = piece.words
    for place, number in piece.cites:
        if place.startswith("reference-"):
            words = re.sub(rf"(?<=[^\s\d]){number}(?=[ ,.])", "", words, count=1)
    return words


def _uncited(cited: re.Match[str], last: Counter[str]) -> str:
    """Nothing where the report has the tables or figures that a text cites; else the citation as it stands."""
    kind, *numbers = cited.groups()
    return "" if all(0 < int(number) <= last[kind] for number in numbers if number) else cited[0]


def phrases(account: Account) -> list[str]:
    """What the protocol, the software and the results' own names explain, longest first, as patterns."""
    whole = {"10⁹/L", *(one for ones in reasons(account).values() for one in ones)}
    return [
        *levels(account),
        r"P\s=\s\x01",
        *(as_pattern(one) for one in sorted(whole, key=len, reverse=True)),
    ]


def levels(account: Account) -> list[str]:
    """The names of levels before their counts, as patterns: "2 in 2 of 11" is of two cycles."""
    names = {row["label"].rpartition(": ")[2] for row in account.rows.values() if row["unit"] == "proportion"}
    return [rf"\b{re.escape(one)} in \x01" for one in sorted(names)]


def as_pattern(words: str) -> str:
    return rf"(?<!\d){re.escape(words)}(?!\d)"


def reasons(account: Account) -> dict[str, set[str]]:
    """Why a number may stand in the text although no result prints it, and the words it then stands in."""
    protocol, report, response = account.protocol, account.protocol["report"], account.protocol["response"]
    level = half_up(Decimal(str(report["level"])) * 100)
    least = report["minimum_at_risk"]
    odds = {f"odds ratio of {name.rpartition('_')[2]}" for name in account.rows if "odds_ratio_" in name}
    return {
        "a constant of the method": {
            f"{level}% CI", f"{level}% interval", f"{level}% confidence interval", f"intervals are {level}%",
            *OF_THE_METHOD, *odds,
        },
        "a number of the protocol, which opens where the methods give it": {
            f"asks for {least}", f"fewer than {least}", f"{least} are asked for", _day(protocol["data_cut"]),
            f"within {response['before_within_days']} days",
            f"exceeds {half_up(response['partial_log_reduction'])} log",
            f"sensitivity of {two_figures(response['sensitivity'])}% or better",
        },
        "the protocol's own words": {one for one in strings_in(protocol) if NUMBER.search(one)},
        "a published outcome, with its source": {one for one in strings_in(account.published) if NUMBER.search(one)},
        "part of the name of an estimate": {
            *(spoken(horizon) for wanted in protocol["estimates"] for horizon in wanted["horizons"]),
            *(row["label"] for row in account.rows.values() if NUMBER.search(row["label"])),
        },
        "the version of the software": {account.software},
    }  # fmt: skip


def strings_in(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict | list | tuple):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from strings_in(inner)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def spoken(horizon: str) -> str:
    """ "12m" is 12-month and "36m" is 3-year."""
    number, unit = int(horizon[:-1]), {"d": "day", "m": "month", "y": "year"}[horizon[-1]]
    if unit == "day":
        return f"day-{number}"
    return (
        f"{number // 12}-year" if unit == "month" and number > 12 and number % 12 == 0 else f"{number}-{unit}"
    )


def lines_of_reading(account: Account) -> set[str]:
    """The sums of `caseseries check --json` and the hashes of results.json, as they must be printed."""
    cells, returns = account.read["cells"], account.read["files"]
    sums = (
        f"{len(returns)} returns with {cells['non_empty']} non-empty cells: {cells['stored']} stored, "
        f"{cells['problem']} set aside as problems, {cells['ignored']} ignored (headings, instructions, lists)."
    )
    hashes = {
        f"{name}: SHA-256 {account.hashes[name]}" for name in ("study.toml", "published/comparators.toml")
    }
    for folder in ("returns/", "plates/"):
        names = sorted(name for name in account.hashes if name.startswith(folder))
        listed = "".join(f"{account.hashes[name]}  {name}\n" for name in names)
        digest = hashlib.sha256(listed.encode()).hexdigest()
        hashes.add(
            f"{folder}, {len(names)} files: SHA-256 {digest} of their list as sha256sum prints it, which is in results.json."
        )
    return {
        sums,
        *lines_of_plates(account),
        *hashes,
    }


def lines_of_plates(account: Account) -> set[str]:
    """The sums of the wells, and the profile by the hash of its own file."""
    plates, wells, levels = account.read["plates"], account.read["wells"], account.read["levels"]
    name = account.protocol["response"].get("criteria", "esg-mrd-all-2007/prevent-false-negative")
    profile = (files("caseseries.pcr") / "profiles" / f"{name}.toml").read_bytes()
    return {
        f"RQ-PCR plates: {len(plates)}, with {wells['wells']} wells: {wells['used']} used, {wells['set_aside']} set "
        f"aside, {wells['asked']} asked about. Levels held against the returns: {levels['agree']} agree, "
        f"{levels['contradict']} contradict a line, {levels['added']} have no line and were added.",
        f"Plates were interpreted by {name} (SHA-256 {hashlib.sha256(profile).hexdigest()}).",
    }


def cells_of(row: list[Piece], number: int, account: Account) -> set[str]:
    """What the cells of one table row may say, from the result or the case that the row is about."""
    case = row[0].words
    if case in account.listing:
        return cells_of_case(account.listing[case]) | cells_of_sequel(row, account.days[case])
    if number == 0:
        return set()
    about = [account.rows[result] for piece in row for result, _ in piece.numbers]
    ends = [re.split(", |: ", one["label"], maxsplit=1)[-1] for one in about]
    names = {*ends, *(one["label"] for one in about), *(one["method"] for one in about)}
    names |= {why.removeprefix("not estimable: ") for one in about for why in one["caveats"]}
    names |= {name[:1].upper() + name[1:] for name in names}
    return names


def cells_of_case(case: dict[str, str]) -> set[str]:
    """The cells of a case, from its row of listing.csv."""
    cells = set(case.values())
    for key in ("age_at_diagnosis_months", "age_at_index_years"):
        cells |= {half_up(case[key], 1)} if case[key] else set()
    for when in ("before", "after"):
        value, limit = case[f"mrd_{when}"], case[f"mrd_{when}_sensitivity"]
        level = (
            f"{two_figures(float(value))}%" if value else f"< {two_figures(float(limit))}%" if limit else ""
        )
        cells |= {level, f"not detected ({level})"}
    event = ", ".join(part for part in (case["event_after_hsct"], case["event_detail"]) if part)
    return cells | {event, f"{event} ({case['days_hsct_to_event']})"}


def cells_of_sequel(row: list[Piece], days: set[int]) -> set[str]:
    """Cells of "what happened (day); …" whose every day is one on which something was reported of the case."""
    steps = {piece.words: re.findall(r"\((\d+)\)(?=;|$)", piece.words) for piece in row}
    return {words for words, found in steps.items() if found and {int(day) for day in found} <= days}


def _orphans_of_drawings(pieces: list[Piece], account: Account) -> Iterator[str]:
    texts = [piece for piece in pieces if piece.kind == "text"]
    for block, drawn in groupby(texts, lambda piece: piece.block):
        if block == "figure-flow":
            yield from _orphans_of_flow(list(drawn), account)
        else:
            yield from _orphans_of_figure(list(drawn), account)


def _orphans_of_flow(drawn: list[Piece], account: Account) -> Iterator[str]:
    """Every box of the flow diagram against the counts it must show."""
    count = {name: row["n"] for name, row in account.rows.items()}
    found = Counter(case["identified_by"] for case in account.listing.values())
    both = [c for c in account.listing.values() if c["mrd_before_result"] and c["mrd_after_result"]]
    boxes = {
        "Cases returned by the centres": account.rows["n.returned"]["value"],
        f"Eligible, received {account.protocol['index']['label']}": len(account.listing),
        f"MRD measured before and after {account.protocol['index']['label']}": len(both),
        "Proceeded to HSCT": count["time.index_to_hsct.median"],
    }
    lines = {f"{label} (n = {n})" for label, n in boxes.items()}
    lines |= {f"{found[one]} by {one} only" for one in ("survey", "tumour board")}
    lines |= {f"{found['both']} by tumour board and survey"}
    shown = re.sub(r"\s+", " ", " ".join(piece.words for piece in drawn))
    for line in sorted(lines, key=len, reverse=True):
        shown = shown.replace(line, "", 1)
    if left := NUMBER.search(shown):
        yield f"{drawn[0].block}: nothing explains {left[0]}"


LABELLED_COUNTS = {"At risk": "at risk", "Events": "0", "Censored": "1"}


def _orphans_of_figure(drawn: list[Piece], account: Account) -> Iterator[str]:
    """Bare numbers on a figure are the marks of an axis, or counts in line with those marks."""
    explained = re.compile("|".join([*phrases(account), *map(re.escape, account.listing)]))
    title, months = "", {}
    for run in _runs_of_numbers(drawn):
        label, numbers = run[0], run[1:]
        title = label.words if label.words in endpoint_labels(account) else title
        if numbers and label.at[1] != numbers[0].at[1]:
            if not (is_axis(numbers) or label.words == "protocol limit"):
                yield f"{numbers[0]}: these are no marks of an axis"
            months = {piece.at[0]: Decimal(piece.words) for piece in numbers if piece.words.isdigit()}
        elif numbers:
            expected = [
                str(count_on(account, drawn[0].block, title, label.words, months[n.at[0]])) for n in numbers
            ]
            if expected != [piece.words for piece in numbers]:
                yield f"{label}: {' '.join(n.words for n in numbers)}, the rows of adtte.csv give {' '.join(expected)}"
        if found := NUMBER.search(explained.sub("", label.words)):
            yield f"{label}: nothing explains {found[0]}"


def _runs_of_numbers(drawn: list[Piece]) -> Iterator[list[Piece]]:
    """Each word of a figure, with the bare numbers that follow it along one line or column."""
    run: list[Piece] = []
    for piece in drawn:
        bare = re.fullmatch(r"[\d.]+%?", piece.words)
        in_line = len(run) < 2 or piece.at[0] == run[-1].at[0] or piece.at[1] == run[-1].at[1]
        if bare and run and in_line:
            run.append(piece)
        else:
            if run:
                yield run
            run = [run[0], piece] if bare and run else [piece]
    yield run


def is_axis(marks: list[Piece]) -> bool:
    """Whether numbers stand where a linear or a logarithmic axis would put them, to a tenth of a pixel."""
    numbers = [float(piece.words.rstrip("%")) for piece in marks]
    way = 0 if len({piece.at[1] for piece in marks}) == 1 else 1
    places = [piece.at[way] for piece in marks]
    scales = [numbers] + ([[math.log10(n) for n in numbers]] if min(numbers) > 0 else [])
    return len(marks) > 2 and any(_is_straight(scale, places) for scale in scales)


def _is_straight(values: list[float], places: list[float]) -> bool:
    slope = (places[-1] - places[0]) / (values[-1] - values[0])
    return all(
        abs(p - places[0] - slope * (v - values[0])) < 0.1 for v, p in zip(values, places, strict=True)
    )


def endpoint_labels(account: Account) -> set[str]:
    return {endpoint["label"] for endpoint in account.protocol["endpoints"].values()}


def count_on(account: Account, block: str, title: str, label: str, month: Decimal) -> int:
    """The number beneath a curve at a month, counted in adtte.csv."""
    origin = account.protocol["origins"][block.rpartition("-")[2]]["label"]
    endpoints = account.protocol["endpoints"].values()
    named = [e["label"] for e in endpoints if label.lower() == e["short"].lower()]
    asked = named[0] if named else title or next(e["label"] for e in endpoints if e.get("competing"))
    rows = [row for row in account.adtte if row["PARAM"] == f"{asked} from {origin} (days)"]
    day, wanted = month * DAYS_PER_MONTH, LABELLED_COUNTS.get(label, "0")
    if wanted == "at risk":
        return sum(int(row["AVAL"]) >= day for row in rows)
    return sum(int(row["AVAL"]) <= day and row["CNSR"] == wanted for row in rows)
