"""Columns in memory: the counts of NumPy, of the compiled kernel and of one row after another are the same."""

import subprocess
import sys

import numpy as np
import pytest

from caseseries.registry import arrays
from caseseries.registry.arrays import count_groups
from caseseries.stats.events import EventTable, RowError, count_events


def one_by_one(stop, status, group, groups, causes, start=None):
    """Each group's rows on their own, by the plain counter of `stats`."""
    chosen = [np.asarray(group) == g for g in range(groups)]
    return tuple(
        count_events(stop[here], status[here], None if start is None else start[here], causes)
        for here in chosen
    )


def some_rows(n, seed=1, last=40, groups=3, causes=2):
    random = np.random.default_rng(seed)
    start = random.integers(0, last, n)
    stop = start + random.integers(1, last, n)
    return stop, random.integers(0, causes + 1, n), random.integers(0, groups, n), start


@pytest.fixture(params=["numpy", "kernel"], autouse=True)
def _way(request, monkeypatch):
    monkeypatch.setattr(arrays, "FAST_FROM", -1 if request.param == "kernel" else 2**62)
    if request.param == "kernel":
        pytest.importorskip("numba", reason="needs numba: install caseseries[fast]")


@pytest.mark.parametrize("dtypes", [("i8", "i8", "i8"), ("i4", "i1", "u1")])
@pytest.mark.parametrize("delayed", [False, True])
def test_every_way_of_counting_agrees(dtypes, delayed):
    stop, status, group, start = some_rows(5_000)
    start = start if delayed else None
    expected = one_by_one(stop, status, group, 3, 2, start)
    columns = [column.astype(dtype) for column, dtype in zip((stop, status, group), dtypes, strict=True)]
    assert count_groups(*columns, start, groups=3, causes=2) == expected


def test_one_group_needs_no_group_column():
    stop, status, _, start = some_rows(500)
    assert count_groups(stop, status, causes=2) == (count_events(stop, status, causes=2),)
    assert count_groups(stop, status, None, start, causes=2) == (count_events(stop, status, start, 2),)


def test_more_rows_than_one_stretch(monkeypatch):
    monkeypatch.setattr(arrays, "_CHUNK", 64)
    stop, status, group, _ = some_rows(1_000, last=500)
    assert count_groups(stop, status, group, groups=3, causes=2) == one_by_one(stop, status, group, 3, 2)


def test_a_later_day_widens_the_table(monkeypatch):
    monkeypatch.setattr(arrays, "_CHUNK", 8)
    stop = np.array([1] * 20 + [3_000] + [2] * 20)
    assert count_groups(stop, np.ones(41, dtype=int)) == (count_events(stop, np.ones(41, dtype=int)),)


def test_days_too_many_for_a_table_are_counted_all_the_same():
    stop = np.array([5, 10**15, 5, 2**40])
    status = np.array([1, 0, 1, 1])
    assert count_groups(stop, status) == (count_events(stop, status),)
    assert count_groups(stop, status, [0, 1, 1, 0], groups=2) == one_by_one(stop, status, [0, 1, 1, 0], 2, 1)


@pytest.mark.parametrize("rows", [255, 256, 257, 511, 512, 513, 65_536, 200_000, 700_001])
def test_a_cell_may_hold_more_rows_than_8_bits_count(rows):
    """With a second cell, so that what runs over goes to its own; 700,001 rows are shared by two threads."""
    stop = np.full(rows, 7, dtype=np.int32)
    stop[::1000] = 3
    (table,) = count_groups(stop, np.ones(rows, dtype=np.int8))
    threes = len(range(0, rows, 1000))
    assert table.days.tolist() == [-1, 3, 7]
    assert table.events[:, 0].tolist() == [0, threes, rows - threes]


@pytest.mark.parametrize("last", [5_460, 5_461, 5_462, 6_000, 100_000])
def test_cells_beyond_16_bits_are_counted_as_well(last):
    """3 groups of 4 kinds: day 5,461 begins below cell 65,536 and ends beyond it."""
    stop, status, group, _ = some_rows(40_000, last=5_000, causes=3)
    stop[39_990:] = last
    assert count_groups(stop, status, group, groups=3, causes=3) == one_by_one(stop, status, group, 3, 3)


def test_a_bad_row_late_in_many_is_named():
    stop, status = np.ones(300_000, dtype=np.int32), np.ones(300_000, dtype=np.int8)
    status[299_998] = 2
    with pytest.raises(RowError, match="row 299999: status 2 is not one of 0 to 1"):
        count_groups(stop, status)


def test_a_group_without_rows_has_an_empty_table():
    first, second = count_groups([3], [1], [1], groups=2)
    assert first.n == 0
    assert first.causes == 1
    assert second == count_events([3], [1])


def test_no_rows_at_all():
    (table,) = count_groups(np.array([], dtype=int), np.array([], dtype=int))
    assert table.n == 0


def test_whole_floats_and_booleans_are_counted():
    assert count_groups([3.0, 5.0], [True, False]) == (count_events([3, 5], [1, 0]),)


@pytest.mark.parametrize(
    ("stop", "status", "group", "start", "problems"),
    [
        ([3, -1], [1, 0], [0, 0], None, [(2, "stop -1 is not a whole number of days from 0")]),
        ([3.5, 2], [1, 0], [0, 0], None, [(1, "stop 3.5 is not a whole number of days from 0")]),
        ([np.nan, np.inf], [1, 0], [0, 0], None,
         [(1, "stop nan is not a whole number of days from 0"), (2, "stop inf is not a whole number of days from 0")]),
        ([3, 2], [1, 2], [0, 0], None, [(2, "status 2 is not one of 0 to 1")]),
        ([3, 2], [1, -1], [0, 0], None, [(2, "status -1 is not one of 0 to 1")]),
        ([3, 2], [1, 0], [0, 2], None, [(2, "group 2 is not one of 0 to 1")]),
        ([3, 2], [1, 0], [-1, 0], None, [(1, "group -1 is not one of 0 to 1")]),
        ([3, 2], [1, 0], [0, 0], [3, 0], [(1, "start 3 is not before stop 3")]),
        ([3, -2], [7, 0], [0, 5], None,
         [(1, "status 7 is not one of 0 to 1"), (2, "group 5 is not one of 0 to 1"),
          (2, "stop -2 is not a whole number of days from 0")]),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_counted_are_all_named(stop, status, group, start, problems):
    with pytest.raises(RowError) as caught:
        count_groups(stop, status, group, start, groups=2)
    assert caught.value.problems == problems


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="columns of different length: stop 2, status 1"):
        count_groups([1, 2], [1])
    with pytest.raises(ValueError, match="columns of different length: stop 2, group 3"):
        count_groups([1, 2], [1, 0], [0, 0, 0])


def test_the_kernel_is_not_imported_for_fewer_than_a_million_rows():
    code = (
        "import sys; from caseseries.registry.arrays import count_groups;"
        "count_groups([1] * 1000, [1] * 1000); print('numba' in sys.modules, 'polars' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout == "False False\n"


def test_a_table_of_counts_is_an_event_table():
    assert all(isinstance(table, EventTable) for table in count_groups([1, 2], [0, 1]))
