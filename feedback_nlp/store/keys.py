"""API keys: made of chance, shown once, stored as a digest, looked up by their first part.

A key is ``fnlp_PREFIX_SECRET``. The secret has 43 letters and digits drawn from the system's source of
randomness (256 bits), so that a plain SHA-256 digest cannot be turned back by guessing; slow password hashes
protect secrets that people choose, and would cost every request tens of milliseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, or_, select, update

from feedback_nlp.errors import InputError, NotStoredError
from feedback_nlp.store.audit import add_entry
from feedback_nlp.store.engine import Database
from feedback_nlp.store.service_tables import api_keys

__all__ = ["SCOPES", "ApiKey", "KeyTable", "NewKey"]

#: What a key may be good for; ``admin`` includes the others.
SCOPES = ("score", "read", "write", "metrics", "admin")
TOKEN = re.compile(r"(fnlp_[0-9a-z]{8})_[0-9A-Za-z]{43}")
SMALL = string.digits + string.ascii_lowercase
LETTERS = string.digits + string.ascii_letters
#: The last use is written at most once in this time: a date for people, not a count of requests.
USE_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; not the key.

    Parameters
    ----------
    id : str
        Names the key in other tables.
    name : str
        For people: who or what uses it.
    prefix : str
        First part of the key, by which people tell keys apart.
    scopes : tuple of str
        Some of `SCOPES`.
    created_at, expires_at, revoked_at, last_used_at : datetime or None
        In UTC; the last use is true to a minute.
    """

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def allows(self, scope: str) -> bool:
        """Whether the key is good for a scope."""
        return scope in self.scopes or "admin" in self.scopes

    def state(self, now: datetime) -> str:
        """Return active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the only time that its token is seen."""

    key: ApiKey
    token: str


class KeyTable:
    """API keys.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(
        self, name: str, scopes: Iterable[str], *, actor: str, expires_at: datetime | None = None
    ) -> NewKey:
        """Make a key.

        Parameters
        ----------
        name : str
            1 to 200 printable characters.
        scopes : iterable of str
            One or more of `SCOPES`.
        actor : str
            Who makes it, for the audit log.
        expires_at : datetime or None
            None never expires.

        Raises
        ------
        InputError
            For a name, scope or moment that cannot be.
        """
        now = datetime.now(UTC)
        wanted = _checked(name, scopes, expires_at, now)
        prefix = "fnlp_" + _drawn(SMALL, 8)
        token = f"{prefix}_{_drawn(LETTERS, 43)}"
        key = ApiKey(str(uuid.uuid4()), name, prefix, wanted, now, expires_at, None, None)
        with self.database.write() as connection:
            connection.execute(
                insert(api_keys).values(
                    id=key.id,
                    name=name,
                    prefix=prefix,
                    digest=_digest(token),
                    scopes=" ".join(wanted),
                    created_at=now,
                    expires_at=expires_at,
                )
            )
            add_entry(connection, actor, "key.create", prefix, {"name": name, "scopes": list(wanted)})
        return NewKey(key, token)

    def list(self) -> list[ApiKey]:
        """Return all keys, oldest first, expired and revoked ones too."""
        with self.database.read() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
            return [_key(row) for row in rows]

    def exist(self) -> bool:
        """Whether a key was ever made, in use or not: from then on the service asks for one."""
        with self.database.read() as connection:
            return connection.execute(select(api_keys.c.id).limit(1)).first() is not None

    def revoke(self, name: str, *, actor: str) -> ApiKey:
        """Make a key useless from now on; one that is revoked already stays as it is.

        Parameters
        ----------
        name : str
            Prefix or id of the key.
        actor : str
            Who does it, for the audit log.

        Raises
        ------
        NotStoredError
            If there is no such key.
        """
        chosen = or_(api_keys.c.prefix == name, api_keys.c.id == name)
        with self.database.write() as connection:
            change = update(api_keys).where(chosen, api_keys.c.revoked_at.is_(None))
            changed = connection.execute(change.values(revoked_at=datetime.now(UTC)))
            row = connection.execute(select(api_keys).where(chosen)).first()
            if row is None:
                # Not repeated: people paste the whole key here.
                raise NotStoredError(
                    "There is no such key.", remedy="`feedback-nlp keys list` shows all prefixes."
                )
            if changed.rowcount:
                add_entry(connection, actor, "key.revoke", row.prefix)
        return _key(row)

    def find(self, token: str) -> ApiKey | None:
        """Return the key that a caller shows, if it is one of ours and good now; note that it was used.

        Parameters
        ----------
        token : str
            Whatever the caller sent.
        """
        found = TOKEN.fullmatch(token)
        if found is None:
            return None
        with self.database.read() as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.prefix == found[1])).first()
        # Compared in constant time, also where there is no such prefix.
        same = hmac.compare_digest(_digest(token), row.digest if row is not None else "0" * 64)
        if row is None or not same:
            return None
        return self._used(_key(row))

    def active(self, key_id: str) -> ApiKey | None:
        """Return the key with an id if it is good now: for sessions that were opened with it."""
        with self.database.read() as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).first()
        return None if row is None else self._used(_key(row))

    def _used(self, key: ApiKey) -> ApiKey | None:
        now = datetime.now(UTC)
        if key.state(now) != "active":
            return None
        if key.last_used_at is None or now - key.last_used_at >= USE_INTERVAL:
            with self.database.write() as connection:
                connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(last_used_at=now))
        return key


def _checked(name: str, scopes: Iterable[str], expires_at: datetime | None, now: datetime) -> tuple[str, ...]:
    given = set(scopes)
    if not (0 < len(name) <= 200 and name.isprintable() and name.strip()):
        raise InputError("A key needs a name of 1 to 200 printable characters.")
    if not given or not given <= set(SCOPES):
        raise InputError(f"A key needs one or more of the scopes {', '.join(SCOPES)}.")
    if expires_at is not None and expires_at <= now:
        raise InputError("The key would have expired already.", remedy="Choose a later moment.")
    return tuple(scope for scope in SCOPES if scope in given)


def _drawn(letters: str, length: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(length))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _key(row: object) -> ApiKey:
    values = dict(row._mapping)  # type: ignore[attr-defined]
    del values["digest"]
    return ApiKey(**values | {"scopes": tuple(values["scopes"].split())})
