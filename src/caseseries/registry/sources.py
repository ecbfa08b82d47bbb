"""A file, a folder or a database, by its name, to event tables."""

import re
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted, part_strata
from caseseries.registry.text import count_text, is_parquet, unreadable

if TYPE_CHECKING:
    from caseseries.registry.frames import Source


def count_source(name: str, layout: Layout, query: str = "", table: str = "", keep: bool = False) -> Counted:
    """The event tables of a source by its name.

    A text file with a heading; a Parquet file, a folder of them or a pattern such as "parts/*.parquet"; a
    `.pzfx` or `.prism` file, of which `table` names the table; or with a query the URL of a database:
    postgresql://user@host/base or duckdb:///file. With `keep` the tables of a file or a folder are kept
    beside it, and used again while nothing has changed.

    Raises:
        StudyError: the source cannot be read, or a column is not there.
    """
    counted = _count_or_recall(name, layout, query, table, keep=keep)
    return part_strata(counted) if layout.strata else counted


def _count_or_recall(name: str, layout: Layout, query: str, table: str, *, keep: bool) -> Counted:
    path = Path(name)
    if not keep or not path.exists():
        return _count(name, layout, query, table)
    from caseseries.registry.saved import fingerprint, place_beside, read_tables, write_tables

    beside, mark = place_beside(path), fingerprint(path, layout)
    counted = read_tables(beside, mark)
    if counted is None:
        counted = _count(name, layout, query, table)
        write_tables(counted, beside, mark)
    return counted


def _count(name: str, layout: Layout, query: str, table: str) -> Counted:
    path = Path(name)
    if path.suffix in (".pzfx", ".prism"):
        from caseseries.registry.prism import count_prism

        return count_prism(path, layout.unit, table)
    if "://" in name:
        source = open_database(name, query)
    elif is_parquet(name):
        source = open_parquet(name)
    else:
        return count_text(path, layout)
    from caseseries.registry.frames import count_frame

    try:
        return count_frame(source, layout)
    finally:
        source.close()


def open_parquet(name: str) -> "Source":
    """Parquet files read by polars, as a stream and only the columns that are asked for."""
    _require(name, "polars", "registry")
    import narwhals as nw
    import polars as pl

    from caseseries.registry.columns import count_columns
    from caseseries.registry.frames import Source

    pattern = str(Path(name, "**", "*.parquet")) if Path(name).is_dir() else name
    if not glob(pattern, recursive=True):
        raise unreadable(name, "there is no Parquet file of this name or in this place", "Check the path")
    try:
        frame = pl.scan_parquet(pattern, hive_partitioning=False)
        frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).split("\n")[0]
        raise unreadable(name, f"no Parquet can be read here: {reason}", "Check the path") from None
    numbered = pl.scan_parquet(pattern, hive_partitioning=False, row_index_name=_ROW)
    sources = nw.from_native(frame), nw.from_native(numbered)
    return Source(name, *sources, _ROW, lambda layout: count_columns(frame, layout))


def open_database(url: str, query: str) -> "Source":
    """The rows a query gives, in a DuckDB file or in PostgreSQL; only counts are fetched from there."""
    if not query:
        do = 'Add --query "SELECT …"'
        raise unreadable(without_password(url), "a database needs a query", do)
    if url.startswith("duckdb://"):
        return _open_duckdb(url, query)
    if url.startswith(("postgresql://", "postgres://")):
        return _open_postgres(url, query)
    what = f"{url.split('://')[0]} is not a database that can be read"
    raise unreadable(without_password(url), what, "Use postgresql:// or duckdb://")


def without_password(url: str) -> str:
    """The URL as it may be printed."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1@", url)


def _open_duckdb(url: str, query: str) -> "Source":
    _require(url, "duckdb", "registry")
    import duckdb
    import narwhals as nw

    from caseseries.registry.frames import Source

    file = url.removeprefix("duckdb://").removeprefix("/") if url.startswith("duckdb:///") else ""
    try:
        connection = duckdb.connect(file, read_only=True)
        rows = connection.sql(query)
    except duckdb.Error as error:
        raise unreadable(url, str(error).split("\n")[0], "Check the file and the query") from None
    if rows is None:
        raise unreadable(url, "the query gives no rows", "Write a SELECT")
    return Source(url, nw.from_native(rows), close=connection.close)


def _open_postgres(url: str, query: str) -> "Source":
    _require(url, "ibis", "postgres")
    import ibis
    import narwhals as nw
    import psycopg

    from caseseries.registry.frames import Source

    name = without_password(url)
    try:
        connection = ibis.connect(url)
    except psycopg.Error as error:
        raise unreadable(name, str(error).split("\n")[0], "Check the address") from None
    try:
        rows = connection.sql(query)
    except psycopg.Error as error:
        connection.disconnect()
        raise unreadable(name, str(error).split("\n")[0], "Check the query") from None
    return Source(name, nw.from_native(rows), close=connection.disconnect)


def _require(name: str, module: str, extra: str) -> None:
    """Raises StudyError unless the library of an extra is installed."""
    if find_spec(module) is None:
        what, do = f"reading this needs {module}", f'Install it: pip install "caseseries[{extra}]"'
        raise unreadable(without_password(name), what, do)


_ROW = "number of this row"
