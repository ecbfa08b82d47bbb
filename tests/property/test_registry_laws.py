"""Laws of counting: tables add, order does not matter, nothing is lost, and a dumb loop agrees; for every way."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.registry import arrays
from caseseries.registry.arrays import count_groups
from caseseries.registry.coding import Layout
from caseseries.registry.counted import count_distinct
from caseseries.registry.text import count_text
from caseseries.stats.events import EventTable
from registry_rows import count_dumbly, flatten

CAUSES = (None, "a", "b")
ROW = st.tuples(st.sampled_from("XYZ"), st.integers(1, 25), st.integers(0, 24), st.sampled_from(CAUSES))
ROWS = st.lists(ROW, max_size=40)
LAYOUT = Layout("t", "e", "c", "g")
LATE = Layout("t", "e", "c", "g", "s")


def as_values(rows, layout):
    """Rows as a source gives them: in the order of the layout's columns."""
    return [
        tuple({"t": day, "e": int(cause is not None), "c": cause, "g": group, "s": start}[name] for name in layout.columns)
        for group, day, start, cause in rows
    ]  # fmt: skip


def in_range(rows):
    return [(group, day, min(start, day - 1), cause) for group, day, start, cause in rows]


def count_text_of(values, layout, folder: Path):
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(layout.columns)
        writer.writerows([["" if cell is None else cell for cell in row] for row in values])
    return count_text(path, layout)


def count_values(values, layout, _):
    return count_distinct(Counter(values), layout)[0]


def count_parquet(values, layout, folder: Path):
    pl = pytest.importorskip("polars", reason="needs polars: install caseseries[registry]")
    from caseseries.registry.sources import count_source

    kinds = {"t": pl.Int32, "e": pl.Int8, "c": pl.String, "g": pl.String, "s": pl.Int32}
    frame = pl.DataFrame(values, schema={name: kinds[name] for name in layout.columns}, orient="row")
    frame.write_parquet(folder / "rows.parquet")
    return count_source(str(folder / "rows.parquet"), layout)


WAYS = {"values": count_values, "text": count_text_of, "parquet": count_parquet}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("laws")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layout", [LAYOUT, LATE], ids=["from day 0", "delayed"])
@settings(max_examples=60)
@given(rows=ROWS)
def test_every_way_agrees_with_one_row_after_another(way, layout, folder, rows):
    rows = in_range(rows)
    counted = WAYS[way](as_values(rows, layout), layout, folder)
    expected = count_dumbly((g, day, start if layout.entry else None, cause) for g, day, start, cause in rows)
    assert flatten(counted.tables, counted.causes) == (expected or {"": (Counter(), Counter())})
    assert counted.rows == counted.used == len(rows)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40)
@given(rows=ROWS, cut=st.integers(0, 40))
def test_the_table_of_two_parts_is_the_sum_of_their_tables(way, folder, rows, cut):
    rows = [("X", *row[1:]) for row in [*in_range(rows), ("X", 3, 0, "a"), ("X", 3, 0, "b")]]
    both = [("X", 9, 0, "a"), ("X", 9, 0, "b")]  # every part knows both causes
    parts = [[*rows[:cut], *both], [*rows[cut:], *both]]
    counts = [WAYS[way](as_values(part, LATE), LATE, folder).tables["X"] for part in parts]
    assert counts[0] + counts[1] == WAYS[way](as_values(parts[0] + parts[1], LATE), LATE, folder).tables["X"]


@settings(max_examples=60)
@given(rows=ROWS, random=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random):
    values = as_values(in_range(rows), LATE)
    shuffled = random.sample(values, len(values))
    first, second = (count_distinct(Counter(some), LATE)[0] for some in (values, shuffled))
    assert first.tables == second.tables


BAD = st.one_of(
    st.none(), st.integers(-3, 30), st.sampled_from(["", "x", "7.5", "NaN", "inf", "1", " 4 ", "٣"])
)


@settings(max_examples=150)
@given(values=st.lists(st.tuples(BAD, BAD, BAD, BAD, BAD), max_size=15))
def test_whatever_is_read_is_used_or_refused_with_a_reason(values):
    counted, refused = count_distinct(Counter(values), LATE)
    assert counted.rows == len(values)
    assert counted.used == sum(table.n for table in counted.tables.values())
    assert counted.refused == sum(value in refused for value in values)
    assert all(complaints for complaints in refused.values())


@pytest.mark.parametrize("way", ["numpy", "kernel"])
@settings(max_examples=60)
@given(rows=st.lists(ROW, min_size=1, max_size=60), groups=st.integers(3, 5))
def test_columns_in_memory_agree_with_one_row_after_another(way, rows, groups):
    if way == "kernel":
        pytest.importorskip("numba", reason="needs numba: install caseseries[fast]")
    rows = in_range(rows)
    stop, start, status = (
        np.array(column) for column in zip(*((d, s, CAUSES.index(c)) for _, d, s, c in rows), strict=True)
    )
    group = np.array(["XYZ".index(row[0]) for row in rows])
    before, arrays.FAST_FROM = arrays.FAST_FROM, -1 if way == "kernel" else 2**62
    try:
        tables = count_groups(stop, status, group, start, groups=groups, causes=2)
    finally:
        arrays.FAST_FROM = before
    found = flatten({name: table for name, table in zip("XYZ", tables, strict=False) if table.n}, ("a", "b"))
    assert found == count_dumbly(rows)
    assert sum(tables, EventTable(*empty())).n == len(rows)


def empty():
    none = np.zeros(0, dtype=np.int64)
    return none, none, np.zeros((0, 2), dtype=np.int64), none
