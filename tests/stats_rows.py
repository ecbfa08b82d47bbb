"""Strategies: rows of a small study, with as many ties as chance gives."""

from hypothesis import strategies as st

from caseseries.stats.events import EventTable, count_events

STATUS = st.integers(0, 2)


def rows(least: int = 1, most: int = 40, last: int = 30, statuses=STATUS):
    """Lists of (stop, status), everyone under observation from the outset."""
    return st.lists(st.tuples(st.integers(0, last), statuses), min_size=least, max_size=most)


@st.composite
def entry_rows(draw, most: int = 40, last: int = 30):
    """Lists of (start, stop, status) with delayed entry."""
    size = draw(st.integers(1, most))
    starts = draw(st.lists(st.integers(0, last - 1), min_size=size, max_size=size))
    return [(start, draw(st.integers(start + 1, last)), draw(STATUS)) for start in starts]


def count(rows: list[tuple[int, int]], causes: int = 2) -> EventTable:
    return count_events([stop for stop, _ in rows], [status for _, status in rows], causes=causes)


def count_entries(rows: list[tuple[int, int, int]]) -> EventTable:
    start, stop, status = zip(*rows, strict=True)
    return count_events(stop, status, start, causes=2)
