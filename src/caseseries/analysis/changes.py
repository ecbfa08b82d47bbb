"""Two reports side by side: which numbers moved, which cases, and which of their inputs changed."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseseries.analysis.results import find_results

Record = Mapping[str, Any]  # results.json, as read
Listing = Mapping[str, Mapping[str, str]]  # the rows of listing.csv by case


@dataclass(frozen=True)
class Moved:
    """One result that is not the same in both; an empty string where it does not exist.

    `behind` says what differs where the printed form does not.
    """

    id: str
    label: str
    before: str
    after: str
    behind: str = ""


@dataclass(frozen=True)
class Changes:
    """`compared` results exist in either; `cases` are what the listing says otherwise of a case, and `causes` the
    inputs that differ, both in words.
    """

    compared: int
    moved: tuple[Moved, ...]
    causes: tuple[str, ...]
    cases: tuple[str, ...] = ()


def read_listing(path: Path) -> Listing:
    """The listing beside the results that `path` leads to; empty where there is none."""
    place = find_results(path).with_name("listing.csv")
    if not place.is_file():
        return {}
    with place.open(encoding="utf-8", newline="") as file:
        return {row.get("case_id", ""): row for row in csv.DictReader(file)}


def compare_results(
    old: Record, new: Record, before_case: Listing | None = None, after_case: Listing | None = None
) -> Changes:
    """What moved between two results.json, and two listings where both are given. A number moves if anything of its
    row does, not only its print.
    """
    before, after = ({row["id"]: row for row in record["results"]} for record in (old, new))
    ids = dict.fromkeys((*before, *after))
    moved = [
        _moved(name, before.get(name), after.get(name)) for name in ids if before.get(name) != after.get(name)
    ]
    cases = tuple(_cases(before_case, after_case)) if before_case and after_case else ()
    return Changes(len(ids), tuple(moved), tuple(_causes(old, new)), cases)


def _moved(name: str, before: Record | None, after: Record | None) -> Moved:
    label = (after or before or {})["label"]
    if before and after and before["shown"] == after["shown"]:
        return Moved(name, label, before["shown"], after["shown"], _behind(before, after))
    return Moved(name, label, before["shown"] if before else "", after["shown"] if after else "")


def _behind(before: Record, after: Record) -> str:
    """The first part of two rows that differs: of a list only what came and went."""
    key = next(key for key in (*before, *after) if before.get(key) != after.get(key))
    one, two = before.get(key), after.get(key)
    if isinstance(one, list) and isinstance(two, list):
        one, two = ("; ".join(x for x in a if x not in b) for a, b in ((one, two), (two, one)))
    return f"{key}: {_said(one)} → {_said(two)}"


def _said(value: object) -> str:
    return "none" if value in (None, "") else str(value)


def _cases(old: Listing, new: Listing) -> Iterator[str]:
    for case in dict.fromkeys((*old, *new)):
        before, after = old.get(case), new.get(case)
        if before is None or after is None:
            yield f"{case} › {'listed → not there' if after is None else 'not there → listed'}"
            continue
        for name in dict.fromkeys((*before, *after)):
            if before.get(name) != after.get(name):
                yield f"{case} › {name}: {_said(before.get(name))} → {_said(after.get(name))}"


def _causes(old: Record, new: Record) -> Iterator[str]:
    if old["software"] != new["software"]:
        yield f"software: {old['software']} → {new['software']}"
    inputs = dict.fromkeys((*old["inputs"], *new["inputs"]))
    for name in sorted(inputs):
        one, two = old["inputs"].get(name), new["inputs"].get(name)
        if one != two:
            change = "changed" if one and two else "added" if two else "removed"
            yield f"{_kind(name)}: {name} {change}"


def _kind(name: str) -> str:
    if name.startswith("published/"):
        return "published outcomes"
    return {"study.toml": "protocol", "decisions.jsonl": "decisions"}.get(name, "data")


def _described(one: Moved) -> str:
    if one.behind:
        return f"{one.before}, printed alike; {one.behind}"
    return f"{one.before or 'not there'} → {one.after or 'not there'}"


def describe_changes(changes: Changes) -> Sequence[str]:
    """The lines `caseseries diff` prints."""
    lines = [f"{len(changes.moved)} of {changes.compared} numbers differ."]
    lines += [f"  {one.id} › {_described(one)}" for one in changes.moved]
    if changes.cases:
        many = len(changes.cases)
        lines.append(
            f"{many} entries of the listing differ." if many > 1 else "1 entry of the listing differs."
        )
        lines += [f"  {one}" for one in changes.cases]
    lines.append("What changed:" if changes.causes else "No input changed.")
    return [*lines, *(f"  {cause}" for cause in changes.causes)]
