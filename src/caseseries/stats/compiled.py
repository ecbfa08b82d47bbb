"""Cox's sums compiled, on two processors; needs the `fast` extra, and is imported only for many rows.

Each bin is summed by one thread, in eight partial sums that are added in a fixed order: the digits depend
neither on the number of threads nor on the width of the processor.
"""

from concurrent.futures import ThreadPoolExecutor
from math import exp
from typing import Any

import numba
import numpy as np

from caseseries.stats.distributions import Floats
from caseseries.stats.steps import Ints

_THREADS = 2
_LANES = 8
_BLOCK = 512  # rows whose weights stay in the cache while the products are summed


def add_moments(ends: Ints, x: Floats, beta: Floats) -> Floats:
    """The sums of w, w x and the triangle of w x x' over the rows of each bin: (bins, m).

    Bin b holds the rows `ends[b]` to `ends[b + 1]` of `x` (p, N).
    """
    bins, p = ends.size - 1, len(x)
    sums = np.zeros((bins, 1 + p + p * (p + 1) // 2))
    cuts = np.searchsorted(ends, np.linspace(0, x.shape[1], _THREADS + 1)[1:-1])
    bounds = [0, *cuts.tolist(), bins]

    def add(part: int) -> None:
        _add_bins(bounds[part], bounds[part + 1], ends, x, beta, sums)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(add, range(_THREADS)))
    return sums


def _add_bins_of(first: int, last: int, ends: Ints, x: Floats, beta: Floats, sums: Floats) -> None:
    p = x.shape[0]
    weight, weighted = np.zeros(_BLOCK), np.zeros(_BLOCK)
    for b in range(first, last):
        for start in range(ends[b], ends[b + 1], _BLOCK):
            n = min(_BLOCK, ends[b + 1] - start)
            weight[:] = 0.0
            for a in range(p):
                for i in range(n):
                    weight[i] += beta[a] * x[a, start + i]
            for i in range(n):
                weight[i] = exp(weight[i])
            sums[b, 0] += _total(weight, n)
            place = 1 + p
            for a in range(p):
                for i in range(n):
                    weighted[i] = weight[i] * x[a, start + i]
                sums[b, 1 + a] += _total(weighted, n)
                for c in range(a, p):
                    sums[b, place] += _product(weighted, x[c, start : start + n], n)
                    place += 1


def _total_of(numbers: Floats, n: int) -> Any:
    lanes = np.zeros(_LANES)
    for i in range(0, n - n % _LANES, _LANES):
        for lane in range(_LANES):
            lanes[lane] += numbers[i + lane]
    for i in range(n - n % _LANES, n):
        lanes[0] += numbers[i]
    return _fold(lanes)


def _product_of(numbers: Floats, others: Floats, n: int) -> Any:
    lanes = np.zeros(_LANES)
    for i in range(0, n - n % _LANES, _LANES):
        for lane in range(_LANES):
            lanes[lane] += numbers[i + lane] * others[i + lane]
    for i in range(n - n % _LANES, n):
        lanes[0] += numbers[i] * others[i]
    return _fold(lanes)


def _fold_of(lanes: Floats) -> Any:
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))


def compile_once(function: Any) -> Any:
    """`function` compiled at its first call, and kept on disk where there is a place to keep it."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


_fold = compile_once(_fold_of)
_total = compile_once(_total_of)
_product = compile_once(_product_of)
_add_bins = compile_once(_add_bins_of)
