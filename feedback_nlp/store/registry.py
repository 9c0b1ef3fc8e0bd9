"""Which model bundles there are, and which one analyses what comes in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from feedback_nlp.errors import NotStoredError
from feedback_nlp.records import ModelId
from feedback_nlp.store.audit import add_entry
from feedback_nlp.store.engine import Database
from feedback_nlp.store.model_values import Activation, ModelEntry
from feedback_nlp.store.tables import model_activations, models

__all__ = ["ModelRegistry", "model_key"]

#: Reasons of an activation: the program's own at a start, and those of people.
START, ACTIVATE, ROLLBACK = "start", "activate", "rollback"


def model_key(connection: Connection, model: ModelId) -> int:
    """Return the number of a model; one that is not known yet is added."""
    known = select(models.c.id).where(models.c.model == str(model))
    found = connection.execute(known).scalar_one_or_none()
    if found is not None:
        return int(found)
    return _add(connection, model, None, {})


def _add(connection: Connection, model: ModelId, path: str | None, metrics: dict[str, Any]) -> int:
    values = {
        "model": str(model),
        "name": model.name,
        "version": model.version,
        "digest": model.digest,
        "path": path,
        "added_at": datetime.now(UTC),
        "metrics": metrics,
    }
    if connection.dialect.name == "sqlite":
        connection.execute(insert(models).values(values))
    else:
        from sqlalchemy.dialects import postgresql

        # Another writer may add it at the same time.
        connection.execute(postgresql.insert(models).values(values).on_conflict_do_nothing())
    return int(connection.execute(select(models.c.id).where(models.c.model == str(model))).scalar_one())


class ModelRegistry:
    """Model bundles and their activations.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(
        self, model: ModelId, path: str | Path | None = None, metrics: dict[str, Any] | None = None
    ) -> ModelEntry:
        """Make a bundle known; of one that is known, note where it lies now.

        Parameters
        ----------
        model : ModelId
        path : str or Path or None
            Its folder; None is the shipped bundle.
        metrics : dict, optional
            From its manifest.
        """
        place = str(path) if path is not None else None
        with self._database.write() as connection:
            key = model_key(connection, model)
            changed = {"path": place} | ({"metrics": metrics} if metrics is not None else {})
            connection.execute(update(models).where(models.c.id == key).values(changed))
        return self.get(str(model))

    def start_with(
        self, model: ModelId, path: str | Path | None = None, metrics: dict[str, Any] | None = None
    ) -> ModelEntry:
        """Register the bundle that the settings name, and return the one that is active.

        It becomes active itself unless a person has activated another one: an upgrade of the shipped bundle is
        taken over, a person's choice is kept.
        """
        entry = self.register(model, path, metrics)
        with self._database.write() as connection:
            last = connection.execute(_last_activation()).one_or_none()
            if last is None or (last.reason == START and last.model_id != entry.key):
                _activate(connection, entry.key, "start", START)
        active = self.active()
        assert active is not None  # noqa: S101 (there is one by now)
        return active

    def list(self) -> list[ModelEntry]:
        """Return all known bundles, newest first."""
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(_entries().order_by(models.c.id.desc()))]

    def get(self, model: str) -> ModelEntry:
        """Return the bundle of this name, such as ``commerce-en@1.0.0+0123456789ab``; the digest may be left out.

        Raises
        ------
        NotStoredError
            If there is none, or more than one.
        """
        with self._database.read() as connection:
            rows = connection.execute(_entries()).all()
        found = [row for row in rows if row.model == model] or [
            row for row in rows if model in (f"{row.name}@{row.version}", row.digest)
        ]
        if len(found) != 1:
            reason = "There is no model" if not found else "There is more than one model"
            raise NotStoredError(f"{reason} {model[:200]!r}.", remedy="GET /v1/models lists them.")
        return _entry(found[0])

    def active(self) -> ModelEntry | None:
        """Return the bundle that analyses what comes in; None before the first start."""
        with self._database.read() as connection:
            row = connection.execute(_entries().where(models.c.id == _active_key())).one_or_none()
        return None if row is None else _entry(row)

    def activate(self, model: str, actor: str) -> ModelEntry:
        """Let a bundle analyse what comes in from now on; what is stored keeps its labels until it is rescored.

        Parameters
        ----------
        model : str
            As for `get`.
        actor : str
            Who wants it.

        Raises
        ------
        NotStoredError
            If there is no such bundle.
        """
        entry = self.get(model)
        with self._database.write() as connection:
            _activate(connection, entry.key, actor, ACTIVATE)
        return self.get(entry.model)

    def roll_back(self, actor: str) -> ModelEntry:
        """Activate the bundle that was active before the present one.

        Raises
        ------
        NotStoredError
            If there was none.
        """
        with self._database.write() as connection:
            _activate(connection, _key_before(connection), actor, ROLLBACK)
        active = self.active()
        assert active is not None  # noqa: S101 (just activated)
        return active

    def previous(self) -> ModelEntry:
        """Return the bundle that `roll_back` would activate.

        Raises
        ------
        NotStoredError
            If there was none.
        """
        with self._database.read() as connection:
            key = _key_before(connection)
            return _entry(connection.execute(_entries().where(models.c.id == key)).one())

    def history(self, limit: int = 100) -> Sequence[Activation]:
        """Return who activated which bundle, newest first."""
        c = model_activations.c
        query = (
            select(models.c.model, c.activated_at, c.actor, c.reason)
            .join_from(model_activations, models, models.c.id == c.model_id)
            .order_by(c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Activation(*row) for row in connection.execute(query)]


def _key_before(connection: Connection) -> int:
    history = connection.execute(_history()).all()
    before = _bundle_before([row.model_id for row in history if row.reason != ROLLBACK], history)
    if before is None:
        raise NotStoredError("No other model was active before this one.", remedy="Activate one by name.")
    return before


def _bundle_before(chosen: list[int], history: Any) -> int | None:
    """Return the bundle chosen before the present one; `chosen` is newest first, without roll-backs."""
    present = history[0].model_id if history else None
    if present not in chosen:
        return None
    rest = chosen[chosen.index(present) :]
    return next((model for model in rest if model != present), None)


def _history() -> Select[Any]:
    c = model_activations.c
    return select(c.model_id, c.reason).order_by(c.id.desc())


def _last_activation() -> Select[Any]:
    return _history().limit(1)


def _active_key() -> Any:
    c = model_activations.c
    return select(c.model_id).order_by(c.id.desc()).limit(1).scalar_subquery()


def _entries() -> Select[Any]:
    activated = (
        select(model_activations.c.model_id, func.max(model_activations.c.activated_at).label("activated_at"))
        .group_by(model_activations.c.model_id)
        .subquery()
    )
    return select(models, activated.c.activated_at, (models.c.id == _active_key()).label("active")).join_from(
        models, activated, models.c.id == activated.c.model_id, isouter=True
    )


def _activate(connection: Connection, key: int, actor: str, reason: str) -> None:
    values = {"model_id": key, "activated_at": datetime.now(UTC), "actor": actor[:200], "reason": reason}
    connection.execute(insert(model_activations).values(values))
    name = connection.execute(select(models.c.model).where(models.c.id == key)).scalar_one()
    add_entry(connection, actor, f"model.{reason}", name)


def _entry(row: Any) -> ModelEntry:
    return ModelEntry(
        key=row.id,
        model=row.model,
        name=row.name,
        version=row.version,
        digest=row.digest,
        path=row.path,
        added_at=row.added_at,
        active=bool(row.active),
        activated_at=row.activated_at,
        metrics=row.metrics or {},
    )
