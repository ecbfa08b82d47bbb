"""Two reports side by side: which numbers moved, and which of their inputs changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]  # results.json, as read


@dataclass(frozen=True)
class Moved:
    """One result that is not the same in both; an empty string where it does not exist."""

    id: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """`compared` results exist in either; `causes` are the inputs that differ, in words."""

    compared: int
    moved: tuple[Moved, ...]
    causes: tuple[str, ...]


def compare_results(old: Record, new: Record) -> Changes:
    """What moved between two results.json. A number moves if anything of its row does, not only its print."""
    before, after = ({row["id"]: row for row in record["results"]} for record in (old, new))
    ids = dict.fromkeys((*before, *after))
    moved = [
        _moved(name, before.get(name), after.get(name)) for name in ids if before.get(name) != after.get(name)
    ]
    return Changes(len(ids), tuple(moved), tuple(_causes(old, new)))


def _moved(name: str, before: Record | None, after: Record | None) -> Moved:
    label = (after or before or {})["label"]
    return Moved(name, label, before["shown"] if before else "", after["shown"] if after else "")


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


def describe_changes(changes: Changes) -> Sequence[str]:
    """The lines `caseseries diff` prints."""
    lines = [f"{len(changes.moved)} of {changes.compared} numbers differ."]
    lines += [
        f"  {one.id} › {one.before or 'not there'} → {one.after or 'not there'}" for one in changes.moved
    ]
    lines.append("What changed:" if changes.causes else "No input changed.")
    return [*lines, *(f"  {cause}" for cause in changes.causes)]
