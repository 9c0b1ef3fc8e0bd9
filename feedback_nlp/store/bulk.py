"""Many rows at once, the fastest way that each database has.

SQLite: prepared statements of many rows on the driver, without SQLAlchemy's work for each value; between rows of one
statement Python's lock is neither given up nor waited for, so another thread can score meanwhile. PostgreSQL: COPY,
and INSERT from arrays where some of the rows turn out to be there already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql

from feedback_nlp.store.column_types import Json, UtcTime

__all__ = ["insert_new", "insert_rows", "next_keys", "run_in_groups"]

Row = Sequence[Any]
#: Rows of one statement on SQLite: few sizes, so that each is prepared once. 100 of our widest rows have 2,400 values
#: (32,766 are taken).
_GROUPS = (100, 10)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows whose values stand in the order of the table's columns; none of them may be there already."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        run_in_groups(connection, _sqlite_insert(table), _converted(table, rows, _for_sqlite))
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy,
    ):
        for row in _converted(table, rows, _for_postgresql):
            copy.write_row(row)


def run_in_groups(connection: Connection, insert_one: str, rows: Sequence[Row]) -> None:
    """Run an INSERT of SQLite that ends in VALUES and the places of one row, perhaps with more behind."""
    start = 0
    for size in _GROUPS:
        statement = _sqlite_group(insert_one, size) if len(rows) - start >= size else ""
        while len(rows) - start >= size:
            values = tuple(chain.from_iterable(rows[start : start + size]))
            connection.exec_driver_sql(statement, values)
            start += size
    if start < len(rows):
        connection.exec_driver_sql(insert_one, list(rows[start:]))


def insert_new(connection: Connection, table: Table, rows: Sequence[Row], key: Column[Any]) -> set[Any]:
    """Insert those rows whose `key`, a unique column, is not there yet.

    Returns
    -------
    set
        First values of the rows that were inserted.
    """
    if connection.dialect.name == "sqlite":  # nobody else can write now, so what was not there is not there
        insert_rows(connection, table, rows)
        return {row[0] for row in rows}
    from psycopg.errors import UniqueViolation

    try:
        # Several times as fast as what finds out row by row, which is only needed when two bring the same at once.
        with _driver(connection).transaction():
            insert_rows(connection, table, rows)
        return {row[0] for row in rows}
    except UniqueViolation:
        pass
    columns = list(zip(*_converted(table, rows, _for_postgresql), strict=True))
    with _driver(connection).cursor() as cursor:
        cursor.execute(_array_insert(table, key.name), [list(values) for values in columns])
        return {found for (found,) in cursor.fetchall()}


def next_keys(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Return `count` numbers for new rows of `table` that no row has or had."""
    if connection.dialect.name == "sqlite":
        last = connection.exec_driver_sql(_last_key(table), ()).scalar_one()
        return range(last + 1, last + 1 + count)
    sequence = f"SELECT nextval('{table.name}_id_seq') FROM generate_series(1, %s)"  # noqa: S608
    return list(connection.exec_driver_sql(sequence, (count,)).scalars())


def _last_key(table: Table) -> str:
    if table.dialect_options["sqlite"]["autoincrement"]:
        return f"SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '{table.name}'"  # noqa: S608
    return f"SELECT coalesce(max(id), 0) FROM {table.name}"  # noqa: S608


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


@lru_cache
def _sqlite_insert(table: Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    places = ", ".join("?" for _ in table.columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({places})"  # noqa: S608 (names of our own tables)


@lru_cache
def _sqlite_group(insert_one: str, size: int) -> str:
    """Return the INSERT of one row as one of so many.

    Examples
    --------
    >>> _sqlite_group("INSERT INTO a VALUES (?, ?) ON CONFLICT DO NOTHING", 2)
    'INSERT INTO a VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING'
    """
    before, values, after = insert_one.partition(" VALUES (")
    places, closing, rest = after.partition(")")
    row = f"({places}{closing}"
    return f"{before}{values[:-1]}{', '.join([row] * size)}{rest}"


@lru_cache
def _array_insert(table: Table, key: str) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = [column.type.compile(dialect) for column in table.columns]
    # JSON goes as text: the driver has no arrays of it.
    arrays = ", ".join(f"%s::{'text' if kind == 'JSON' else kind}[]" for kind in types)
    values = ", ".join(
        f'"{column.name}"::json' if kind == "JSON" else f'"{column.name}"'
        for column, kind in zip(table.columns, types, strict=True)
    )
    first = table.columns[0].name
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {values} FROM unnest({arrays}) AS given({names}) "  # noqa: S608
        f"ON CONFLICT ({key}) DO NOTHING RETURNING {first}"
    )


def _converted(
    table: Table, rows: Sequence[Row], choose: Callable[[Column[Any]], Callable[[Any], Any] | None]
) -> Sequence[Row]:
    """Return rows with the values of some columns converted."""
    columns = list(zip(*rows, strict=True))
    for place, column in enumerate(table.columns):
        convert = choose(column)
        if convert is not None:
            columns[place] = _each(convert, columns[place])
    return list(zip(*columns, strict=True))


def _each(convert: Callable[[Any], Any], values: Sequence[Any]) -> tuple[Any, ...]:
    """Convert values but None; what stands in many rows one behind the other, such as a moment, once."""
    converted: list[Any] = []
    last, found = None, None
    for value in values:
        if value is not last:
            last, found = value, None if value is None else convert(value)
        converted.append(found)
    return tuple(converted)


def _for_sqlite(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, UtcTime):
        return _sqlite_time
    if column.type is Json:
        return _json
    return date.isoformat if column.type.python_type is date else None


def _for_postgresql(column: Column[Any]) -> Callable[[Any], Any] | None:
    return _json if column.type is Json else None


def _sqlite_time(moment: datetime) -> str:
    # As SQLAlchemy's own type writes it, so that both kinds of rows sort together.
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(" ", "microseconds")[:-6]  # less the zone


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
