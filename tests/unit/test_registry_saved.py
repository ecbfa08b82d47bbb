"""Event tables kept beside the data: used again only for the same data and the same question."""

import os
from dataclasses import replace

import numpy as np
import pytest

from caseseries.registry import sources
from caseseries.registry.saved import place_beside
from caseseries.registry.sources import count_source
from registry_rows import LAYOUT, write_csv

ROWS = [(12, 1, "A"), (-3, 0, "A"), (30, 0, "B")]


@pytest.fixture
def data(tmp_path):
    return write_csv(tmp_path / "rows.csv", "days,status,arm", ROWS)


@pytest.fixture
def asked(monkeypatch):
    """How often the rows themselves were read."""
    times = []
    count = sources._count
    monkeypatch.setattr(sources, "_count", lambda *question: times.append(question) or count(*question))
    return times


def test_the_second_question_is_answered_without_the_rows(data, asked):
    first, second = (count_source(str(data), LAYOUT, keep=True) for _ in range(2))
    assert len(asked) == 1
    assert first == second
    assert second.findings == first.findings
    assert second.refused == 1


def test_nothing_is_kept_unless_asked(data, asked):
    for _ in range(2):
        count_source(str(data), LAYOUT)
    assert len(asked) == 2
    assert not place_beside(data).exists()


def test_another_question_is_another_count(data, asked):
    count_source(str(data), LAYOUT, keep=True)
    assert list(count_source(str(data), replace(LAYOUT, group=""), keep=True).tables) == [""]
    assert list(count_source(str(data), replace(LAYOUT, unit="months"), keep=True).tables) == ["A", "B"]
    assert len(asked) == 3


def test_changed_data_are_counted_again(data, asked):
    count_source(str(data), LAYOUT, keep=True)
    write_csv(data, "days,status,arm", [*ROWS, (31, 1, "B")])
    assert count_source(str(data), LAYOUT, keep=True).rows == 4
    assert len(asked) == 2


def test_data_of_the_same_size_and_another_time_are_counted_again(data, asked):
    count_source(str(data), LAYOUT, keep=True)
    changed = data.stat().st_mtime_ns + 1_000_000
    write_csv(data, "days,status,arm", [(13, *ROWS[0][1:]), *ROWS[1:]])
    os.utime(data, ns=(changed, changed))
    assert count_source(str(data), LAYOUT, keep=True).tables["A"].days.tolist() == [-1, 13]
    assert len(asked) == 2


@pytest.mark.skipif(
    os.name == "nt", reason="needs a file system that keeps the time of the last change itself"
)
def test_data_of_the_same_size_whose_time_was_set_back_are_counted_again(data, asked):
    count_source(str(data), LAYOUT, keep=True)
    before = data.stat().st_mtime_ns
    write_csv(data, "days,status,arm", [(13, *ROWS[0][1:]), *ROWS[1:]])
    os.utime(data, ns=(before, before))
    assert count_source(str(data), LAYOUT, keep=True).tables["A"].days.tolist() == [-1, 13]
    assert len(asked) == 2


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY"])
def test_a_damaged_file_is_counted_again(data, asked, damage):
    count_source(str(data), LAYOUT, keep=True)
    place_beside(data).write_bytes(damage)
    assert count_source(str(data), LAYOUT, keep=True).used == 2
    assert len(asked) == 2


def test_a_file_with_an_object_in_it_is_never_unpickled(data, asked):
    count_source(str(data), LAYOUT, keep=True)
    np.savez(place_beside(data), facts=np.array([print], dtype=object), allow_pickle=True)
    assert count_source(str(data), LAYOUT, keep=True).used == 2
    assert len(asked) == 2
