"""The counting loop compiled, on two processors; needs the `fast` extra, and is imported only to count.

A block of rows becomes the numbers of their cells, of which there are usually few enough for 16 bits; then the cells
are counted, with 8 bits and what runs over kept beside them, so that all that is written stays in the nearest cache.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from caseseries.stats.compiled import compile_once

Ints = npt.NDArray[np.int64]
Column = npt.NDArray[np.integer[Any]]

_THREADS = 2
_ALONE = 1 << 18  # rows that one thread counts before a second has started
_BLOCK = 1 << 15  # rows whose cell numbers stay in the cache between the two loops
_NARROW = 1 << 16  # cells that are numbered with 16 bits
_MOST_ROWS = 1 << 31  # a call's counters are 32 bits wide
_ABSENT = np.zeros(_BLOCK, dtype=np.uint8)  # a column that is not there: everyone in group 0, or of kind 0


def tally(
    day: Column, kind: Column | None, group: Column | None, groups: int, kinds: int, most: int
) -> Ints | None:
    """Rows in each cell, (days, groups, kinds); None if a value is out of range or a day is `most` or more."""
    columns = [_unsigned(_ABSENT if column is None else column) for column in (day, group, kind)]
    narrow = min(most, _NARROW // (groups * kinds))
    counts = _count(columns, groups, kinds, narrow, np.uint16)
    if counts is None and narrow < most:
        counts = _count(columns, groups, kinds, most, np.uint32)
    return counts


def _count(columns: list[Column], groups: int, kinds: int, days: int, code: Any) -> Ints | None:
    """The counts with cells numbered in the type `code`; None if a value is out of range."""
    rows = columns[0].size
    threads = 1 if rows <= _ALONE else _THREADS
    parts = max(threads, -(-rows // _MOST_ROWS))
    bounds = np.linspace(0, rows, parts + 1).astype(np.int64).tolist()

    def count(part: int) -> npt.NDArray[np.uint32] | None:
        day, group, kind = (_part_of(column, *bounds[part : part + 2]) for column in columns)
        counts = np.zeros(days * groups * kinds, dtype=np.uint32)
        small = np.zeros(counts.size if code is np.uint16 else 0, dtype=np.uint8)
        last = _count_rows(day, group, kind, groups, kinds, days, np.empty(_BLOCK, dtype=code), counts, small)
        counts = counts[: (last + 1) * groups * kinds]
        if small.size:
            counts += small[: counts.size]
        return counts if last < days else None

    if threads == 1:
        counted = [count(part) for part in range(parts)]
    else:
        with ThreadPoolExecutor(threads - 1) as pool:  # this thread counts too
            others = [pool.submit(count, part) for part in range(1, parts)]
            counted = [count(0), *(other.result() for other in others)]
    found = [counts for counts in counted if counts is not None]
    if len(found) < parts:
        return None
    total = np.zeros(max(groups * kinds, *(counts.size for counts in found)), dtype=np.int64)
    for counts in found:
        total[: counts.size] += counts
    return total.reshape(-1, groups, kinds)


def _part_of(column: Column, first: int, end: int) -> Column:
    return column if column.base is _ABSENT else column[first:end]


def _unsigned(column: Column) -> Column:
    """The same bits read as unsigned, so that a negative value is a very large one."""
    return np.ascontiguousarray(column).view(f"u{column.itemsize}")


def _count_all(
    day: Column,
    group: Column,
    kind: Column,
    groups: int,
    kinds: int,
    days: int,
    code: Any,
    counts: Any,
    small: Any,
) -> Any:
    """Adds the rows to `counts`, the overflow of `small` if that has a size; the last day, or `days` if one is out.

    What is out of range is seen before the block is counted, so that no cell beyond the table is touched.
    """
    last = np.int64(-1)
    for first in range(0, day.size, code.size):
        n = min(code.size, day.size - first)
        parts = day[first : first + n], _block(group, first, n), _block(kind, first, n)
        top, member, how = _number(parts[0], parts[1], parts[2], groups * kinds, kinds, code)
        if top >= np.uint64(days) or member >= np.uint64(groups) or how >= np.uint64(kinds):
            return days
        last = max(last, np.int64(top))
        if small.size:
            _count_small(code[:n], counts, small)
        else:
            for i in range(n):
                counts[code[i]] += np.uint32(1)
    return last


def _block_of(column: Column, first: int, n: int) -> Any:
    """The rows of a block; an absent column has those of one block, which serve for all."""
    at = first if first < column.size else 0
    return column[at : at + n]


def _number_cells(day: Column, group: Column, kind: Column, of_day: int, of_group: int, code: Any) -> Any:
    """The number of each row's cell put into `code`; the largest day, group and kind."""
    days, groups = code.dtype.type(of_day), code.dtype.type(of_group)  # unsigned with signed would be a float
    top, member, how = day[0], group[0], kind[0]
    for i in range(day.size):
        top, member, how = max(top, day[i]), max(member, group[i]), max(how, kind[i])
        code[i] = days * day[i] + groups * group[i] + kind[i]
    return np.uint64(top), np.uint64(member), np.uint64(how)


def _count_small_of(code: Any, counts: Any, small: Any) -> None:
    one, over = np.uint8(1), np.uint32(1 << 8)
    for i in range(code.size):
        cell = np.uint64(code[i])
        grown = np.uint8(small[cell] + one)
        small[cell] = grown
        if grown == 0:
            counts[cell] += over


_block = compile_once(_block_of)
_number = compile_once(_number_cells)
_count_small = compile_once(_count_small_of)
_count_rows = compile_once(_count_all)
