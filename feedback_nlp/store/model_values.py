"""What the store says of model bundles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["Activation", "ModelEntry"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model bundle that the store knows.

    Parameters
    ----------
    key : int
        Number in the store.
    model : str
        name@version+digest, as in the column fb_model.
    name, version, digest : str
    path : str or None
        Folder; None is the shipped bundle.
    added_at : datetime
    active : bool
        Whether it analyses what comes in.
    activated_at : datetime or None
        When it last became the active one.
    analyses : int or None
        How many analyses it made, where counted.
    metrics : dict
        From its manifest.
    """

    key: int
    model: str
    name: str
    version: str
    digest: str
    path: str | None
    added_at: datetime
    active: bool
    activated_at: datetime | None
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Activation:
    """One change of the bundle that analyses what comes in.

    Parameters
    ----------
    model : str
        Which became active.
    at : datetime
    actor : str
        Who wanted it: ``key:PREFIX``, ``cli:USER``, ``local``, or ``start`` for the program itself.
    reason : {"start", "activate", "rollback"}
    """

    model: str
    at: datetime
    actor: str
    reason: str
