"""The shapes of answers about model bundles."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from api.job_schemas import State
from api.schemas import Precision, Share, Strict

__all__ = ["DiffResponse", "ModelBody", "ModelList", "ModelPath", "RescoreRequest"]


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


class RescoreRequest(Strict):
    """Which bundle goes through the history, and whether its labels count from then on."""

    model: str = Field(min_length=1, max_length=200, description="As in `GET /v1/models`.")
    apply: bool = Field(
        False,
        description="Whether its labels count from then on, corrections aside; false keeps them beside the "
        "present ones, for the diff alone.",
    )
    precision: Precision | None = Field(
        None,
        description="Wanted precision of labels not marked uncertain; null takes the bundle's threshold.",
    )


class PartOfTexts(Strict):
    """Some of the texts that were compared; `low` and `high` bound the share among texts like these (95 %)."""

    count: int = Field(ge=0)
    share: Share
    low: Share
    high: Share


class ChangeExample(Strict):
    """A text whose label changes."""

    id: str
    text: str = Field(description="How it begins, personal data masked.")


class ChangeBody(PartOfTexts):
    """One label that became another; of topics null is "not found"."""

    before: str | None
    after: str | None
    examples: list[ChangeExample]


class TaskDiffBody(Strict):
    """What changed of one kind of label."""

    task: str = Field(description="sentiment, kind, topics or status.")
    changed: PartOfTexts
    changes: list[ChangeBody] = Field(description="Most frequent first.")


class DiffResponse(Strict):
    """What a bundle says of the history, against what counted when it came by."""

    job: str
    state: State = Field(description="While it is not done, the diff is that of the part behind it.")
    model: str
    applied: bool = Field(description="Whether its labels count now.")
    rows: int = Field(ge=0, description="Texts looked at.")
    compared: int = Field(ge=0, description="Those of them whose labels came from another bundle.")
    before: dict[str, int] = Field(description="These bundles, with texts.")
    tasks: list[TaskDiffBody]
