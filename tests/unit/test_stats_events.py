"""Rows to counts, and every row that cannot be counted."""

import numpy as np
import pytest

from caseseries.stats.events import RowError, count_events, reverse, single_cause


def columns(table):
    return [table.days.tolist(), table.entered.tolist(), table.events.tolist(), table.censored.tolist()]


def test_everyone_is_under_observation_from_before_day_0():
    table = count_events([0, 3, 3, 5], [1, 0, 1, 0])
    assert columns(table) == [[-1, 0, 3, 5], [4, 0, 0, 0], [[0], [1], [1], [0]], [0, 0, 1, 1]]
    assert table.at_risk.tolist() == [0, 4, 3, 1]
    assert (table.n, table.last_day, table.delayed) == (4, 5, False)


def test_entries_count_from_the_day_after():
    table = count_events([3, 5], [1, 2], start=[0, 3], causes=2)
    assert columns(table) == [[0, 3, 5], [1, 1, 0], [[0, 0], [1, 0], [0, 1]], [0, 0, 0]]
    assert table.at_risk.tolist() == [0, 1, 1]
    assert table.delayed


def test_entry_after_the_first_leaves_is_delayed_entry():
    assert not count_events([3, 5], [1, 1], start=[0, 2]).delayed
    assert count_events([3, 5], [1, 1], start=[0, 3]).delayed
    assert not count_events([], []).delayed


def test_counts_are_whole_64_bit_numbers_whatever_came_in():
    table = count_events(
        np.array([3.0, 5.0], dtype=np.float32), [True, False], np.array([0, 1], dtype=np.int8)
    )
    assert {column.dtype for column in (table.days, table.entered, table.events, table.censored)} == {
        np.dtype(np.int64)
    }


def test_every_row_that_cannot_be_counted_is_named():
    stop = [5, -1, float("nan"), 2.5, 4, float("inf"), 3]
    status = [1, 0, 0, 1, 2, 0, float("nan")]
    with pytest.raises(RowError) as error:
        count_events(stop, status, start=[0, 0, 0, 0, 4, 0, 0])
    assert str(error.value).splitlines() == [
        "row 2: start 0 is not before stop -1.0",
        "row 2: stop -1.0 is not a whole number of days from 0",
        "row 3: stop nan is not a whole number of days from 0",
        "row 4: stop 2.5 is not a whole number of days from 0",
        "row 5: start 4 is not before stop 4.0",
        "row 5: status 2.0 is not one of 0 to 1",
        "row 6: stop inf is not a whole number of days from 0",
        "row 7: status nan is not one of 0 to 1",
    ]
    assert error.value.problems[0] == (2, "start 0 is not before stop -1.0")


def test_negative_status_and_days_beyond_counting_are_refused():
    with pytest.raises(RowError, match=r"row 1: status -1 is not one of 0 to 1"):
        count_events([1], [-1])
    with pytest.raises(RowError, match=r"row 1: stop 1e\+300 is not a whole number of days from 0"):
        count_events([1e300], [1])


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="columns of different length: stop 2, status 1"):
        count_events([1, 2], [1])


def test_tables_of_different_causes_do_not_add():
    with pytest.raises(ValueError, match="tables of 1 and 2 causes cannot be added"):
        count_events([1], [1]) + count_events([1], [1], causes=2)


def test_a_table_equals_only_its_like():
    table = count_events([1, 2], [1, 0])
    assert table == count_events([2, 1], [0, 1])
    assert table != count_events([2, 1], [1, 0])
    assert table != "table"


def test_reverse_turns_censorings_into_events():
    table = reverse(count_events([3, 3, 5], [1, 0, 2], causes=2))
    assert columns(table) == [[-1, 3, 5], [3, 0, 0], [[0], [1], [0]], [0, 1, 1]]


def test_single_cause_keeps_other_causes_as_censorings():
    table = count_events([3, 3, 5, 6], [1, 2, 3, 0], causes=3)
    assert columns(single_cause(table, {1, 3})) == [
        [-1, 3, 5, 6],
        [4, 0, 0, 0],
        [[0], [1], [1], [0]],
        [0, 1, 0, 1],
    ]
    assert columns(single_cause(table))[2:] == [[[0], [2], [1], [0]], [0, 0, 0, 1]]
    with pytest.raises(ValueError, match="cause 4 is not one of 1 to 3"):
        single_cause(table, [4])
