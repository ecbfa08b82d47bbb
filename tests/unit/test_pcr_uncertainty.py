"""The parts of a level's interval, each where its size is known without us."""

import math

import pytest

from caseseries.pcr.standards import fit_line
from caseseries.pcr.uncertainty import Part, add_parts, count_copies, read_amount


@pytest.mark.parametrize("copies", [10.0, 100.0, 10_000.0])
def test_copies_in_the_wells_vary_by_the_root_of_their_number(copies):
    part = count_copies(copies)
    assert part.upper == pytest.approx(1.959964 / math.sqrt(copies) / math.log(10), rel=1e-6)
    assert part.lower == -part.upper


def test_parts_add_in_quadrature_each_side_on_its_own():
    total = add_parts((Part(1.0, 0.7, 1.3), Part(-2.0, -2.4, -1.6)))
    assert (total.value, total.lower, total.upper) == pytest.approx((-1.0, -1.5, -0.5))


def test_a_part_without_a_bound_leaves_none():
    total = add_parts((Part(1.0, -math.inf, math.inf), Part(0.0, -0.1, 0.1)))
    assert (total.lower, total.upper) == (-math.inf, math.inf)


def test_a_slope_that_is_not_distinct_from_none_bounds_nothing():
    line = fit_line([1, 10, 100, 1000], [30, 20, 31, 21])
    part = read_amount(line, 25.0, 3)
    assert (part.lower, part.upper) == (-math.inf, math.inf)


def test_scatter_that_the_copies_explain_is_not_called_error():
    """Three, thirty, … copies a well: the lowest step scatters by a cycle from counting alone."""
    amounts = [3000.0] * 3 + [300.0] * 3 + [30.0] * 3 + [3.0] * 3
    errors = [0.02, -0.02, 0.0] * 2 + [0.25, -0.25, 0.0] + [0.9, -0.8, -0.1]
    cqs = [38 - 3.3219 * math.log10(amount) + error for amount, error in zip(amounts, errors, strict=True)]
    counted, blind = fit_line(amounts, cqs, copies_of_one=1.0), fit_line(amounts, cqs)
    assert counted.error < 0.1 < 0.3 < blind.error
    assert counted.slope == blind.slope
