"""Column types that mean the same in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["Json", "Key", "UtcTime"]

#: Whole-number key: 64 bits in PostgreSQL; SQLite numbers rows itself only where the type is spelled INTEGER.
Key: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")

#: Any JSON value; None is NULL, not the JSON word null.
Json: TypeEngine[Any] = JSON(none_as_null=True)


class UtcTime(TypeDecorator[datetime]):
    """A moment: always aware and in UTC in Python; SQLite, which knows no zones, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a moment of any zone into UTC; one without a zone is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
