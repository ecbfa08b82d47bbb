"""A file, a folder or a database, by its name, to event tables."""

from pathlib import Path

from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted
from caseseries.registry.text import count_text


def count_source(name: str, layout: Layout) -> Counted:
    """The event tables of a source.

    Raises:
        StudyError: the source cannot be read, or a column is not there.
    """
    return count_text(Path(name), layout)
