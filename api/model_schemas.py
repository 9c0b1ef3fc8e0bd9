"""The shapes of answers about model bundles."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from api.schemas import Strict

__all__ = ["ModelBody", "ModelList", "ModelPath"]


class ModelPath(BaseModel):
    """Which bundle."""

    model: str = Field(
        max_length=200, description="name@version+digest as in `fb_model`; the digest may be left out."
    )


class ModelBody(Strict):
    """A model bundle that the store knows."""

    model: str = Field(description="name@version+digest, as in `fb_model`.")
    name: str
    version: str
    digest: str
    added_at: str
    active: bool = Field(description="Whether it analyses what comes in.")
    activated_at: str | None = Field(description="When it last became the active one.")
    available: bool = Field(description="Whether it still lies where it was, as it was.")
    metrics: dict[str, Any] = Field(description="Measured quality, from its manifest.")


class ActivationBody(Strict):
    """One change of the active bundle."""

    model: str
    at: str
    actor: str = Field(description="Who: key:PREFIX, cli:USER, local, or start for the program itself.")
    reason: str = Field(description="start, activate or rollback.")


class ModelList(Strict):
    """All bundles, newest first, and the last 100 changes."""

    active: str | None = Field(description="Null before the first start.")
    answering: str | None = Field(
        description="The bundle of the process that answers: the active one, or for about a second the one before."
    )
    models: list[ModelBody]
    history: list[ActivationBody]
