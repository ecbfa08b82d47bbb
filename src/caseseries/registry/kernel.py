"""The counting loop compiled, on two processors; needs the `fast` extra, and is imported only to count."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Column = npt.NDArray[np.integer[Any]]

_THREADS = 2
_BLOCK = 1 << 15  # rows that stay in the cache between the check and the count
_MOST_ROWS = 1 << 31  # a call's counters are 32 bits wide


def tally(
    day: Column, kind: Column | None, group: Column | None, groups: int, kinds: int, most: int
) -> Ints | None:
    """Rows in each cell, (days, groups, kinds); None if a value is out of range or a day is `most` or more."""
    g, d, k = (_unsigned(day[:0] if column is None else column) for column in (group, day, kind))
    parts = max(_THREADS, -(-day.size // _MOST_ROWS))
    bounds = np.linspace(0, day.size, parts + 1).astype(np.int64).tolist()

    def count(part: int) -> npt.NDArray[np.uint32]:
        rows = slice(bounds[part], bounds[part + 1])
        counts: npt.NDArray[np.uint32] = _count_rows(g[rows], d[rows], k[rows], groups, kinds, most)
        return counts

    with ThreadPoolExecutor(_THREADS) as pool:
        counted = list(pool.map(count, range(parts)))
    if not all(counts.size for counts in counted):
        return None
    total = np.zeros(max(counts.size for counts in counted), dtype=np.int64)
    for counts in counted:
        total[: counts.size] += counts
    return total.reshape(-1, groups, kinds)


def _unsigned(column: Column) -> Column:
    """The same bits read as unsigned, so that a negative value is a very large one."""
    return np.ascontiguousarray(column).view(f"u{column.itemsize}")


def _count_all(group: Column, day: Column, kind: Column, groups: int, kinds: int, most: int) -> Any:
    """Counts by (day, group, kind); an empty array if a value is out of range.

    Block by block: the largest values are found, then the rows are counted without looking again.
    """
    width, of_group = np.uint64(groups * kinds), np.uint64(kinds)
    counts = np.zeros(groups * kinds * 64, dtype=np.uint32)
    for first in range(0, day.size, _BLOCK):
        last = min(first + _BLOCK, day.size)
        days, g, k = day[first:last], group[first:last], kind[first:last]
        top = _largest(days)
        if top >= np.uint64(most) or (g.size and _largest(g) >= np.uint64(groups)):
            return np.zeros(0, dtype=np.uint32)
        if k.size and _largest(k) >= np.uint64(kinds):
            return np.zeros(0, dtype=np.uint32)
        needed = (int(top) + 1) * groups * kinds
        if needed > counts.size:
            wider = np.zeros(max(needed, 2 * counts.size), dtype=np.uint32)
            wider[: counts.size] = counts
            counts = wider
        _count_block(g, days, k, width, of_group, counts)
    return counts


def _largest_of(column: Column) -> Any:
    top = column[0]
    for value in column:
        top = max(top, value)
    return np.uint64(top)


def _count_in_range(group: Column, day: Column, kind: Column, width: Any, of_group: Any, counts: Any) -> None:
    one = np.uint32(1)
    if group.size and kind.size:
        for row in range(day.size):
            counts[np.uint64(day[row]) * width + np.uint64(group[row]) * of_group + np.uint64(kind[row])] += (
                one
            )
    elif kind.size:
        for row in range(day.size):
            counts[np.uint64(day[row]) * width + np.uint64(kind[row])] += one
    elif group.size:
        for row in range(day.size):
            counts[np.uint64(day[row]) * width + np.uint64(group[row]) * of_group] += one
    else:
        for row in range(day.size):
            counts[np.uint64(day[row]) * width] += one


def _compiled(function: Any) -> Any:
    """Compiled, and kept on disk where there is a place to keep it."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


_largest = _compiled(_largest_of)
_count_block = _compiled(_count_in_range)
_count_rows = _compiled(_count_all)
