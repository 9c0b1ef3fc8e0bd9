"""Recipes: which sets a bundle is trained on, how their labels are read, with what weights and seed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback_nlp.errors import TrainingDataError

__all__ = [
    "GoldPart",
    "LinearPartRecipe",
    "Recipe",
    "SetPart",
    "TeacherPart",
    "load_recipe",
    "shipped_recipe_path",
]


@dataclass(frozen=True, slots=True)
class SetPart:
    """One set of star- or crowd-labelled texts.

    Parameters
    ----------
    file : str
        Name in datasets/, without ending.
    weight : float
        Weight of a text whose sentiment label is used.
    max_rows : int
        At most so many rows, drawn by the recipe's seed.
    longest : int
        Longer texts (in white-space chunks) are left out.
    neutral : bool
        Whether the label "neutral" is used: three stars are rarely neutral in wording.
    """

    file: str
    weight: float = 1.0
    max_rows: int = 10_000
    longest: int = 120
    neutral: bool = False


@dataclass(frozen=True, slots=True)
class GoldPart:
    """The carefully labelled texts.

    Parameters
    ----------
    file : str
    exclude_sources : tuple of str
        Rows of these sources are not used (their licence forbids it).
    calibration_percent : int
        Share of texts kept from the linear model, for heads and thresholds.
    sentiment_weight, kind_weight, topics_weight : float
    teacher_share : float
        Share of the teacher's probabilities in the targets; the rest are the labels.
    """

    file: str
    exclude_sources: tuple[str, ...] = ()
    calibration_percent: int = 12
    sentiment_weight: float = 3.0
    kind_weight: float = 3.0
    topics_weight: float = 8.0
    teacher_share: float = 0.0


@dataclass(frozen=True, slots=True)
class TeacherPart:
    """Soft labels of a teacher for texts of the sets (see benchmarks/teacher.py).

    Parameters
    ----------
    labels : str
        Path of the file, relative to the recipe's folder.
    weight : float
    longest : int
        Longer texts give their sentences instead.
    """

    labels: str
    weight: float = 1.0
    longest: int = 80


@dataclass(frozen=True, slots=True)
class LinearPartRecipe:
    """How the linear model is fitted; the reasons for the values are in docs/quality.md.

    Parameters
    ----------
    min_df, max_terms : int
        Terms in fewer texts are left out; of the rest the most telling are kept.
    min_sets : int
        Terms must stand in so many different sets: names of people and places rarely do.
    spelling_min_df : int
    spelling_weight : float
        Of the spelling block against the terms.
    c : float
        Inverse regularisation of all logistic regressions.
    iterations : int
        At most so many steps of the solver.
    """

    min_df: int = 4
    max_terms: int = 150_000
    min_sets: int = 2
    spelling_min_df: int = 30
    spelling_weight: float = 0.5
    c: float = 5.0
    iterations: int = 120


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides a bundle, beside the data.

    `plain_sentences_weight` is that of the behaviour suite's tuning half, `own_sentences_weight` that of our own
    sentences in the linear model, `own_head_weight` in the head of sentiment; 0 leaves them out.
    """

    path: Path
    name: str
    version: str
    language: str
    seed: int
    gold: GoldPart
    sets: tuple[SetPart, ...]
    teacher: TeacherPart | None
    plain_sentences_weight: float
    own_sentences_weight: float
    own_head_weight: float
    linear: LinearPartRecipe


def shipped_recipe_path() -> Path:
    """Return the recipe of the shipped bundle."""
    return Path(__file__).parent.parent / "recipes" / "commerce-en.toml"


def load_recipe(path: str | Path) -> Recipe:
    """Read a recipe.

    Raises
    ------
    TrainingDataError
        Not readable, not TOML, a missing or unknown entry.
    """
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingDataError(f"Cannot read the recipe {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"The recipe {path} is not TOML: {error}.") from error
    try:
        return _build(path, raw)
    except (KeyError, TypeError) as error:
        raise TrainingDataError(
            f"The recipe {path} has a missing or unknown entry: {error}.",
            remedy=f"Compare it with {shipped_recipe_path().name}.",
        ) from error


def _build(path: Path, raw: dict[str, Any]) -> Recipe:
    gold = {**raw["gold"], "exclude_sources": tuple(raw["gold"].get("exclude_sources", ()))}
    teacher = raw.get("teacher")
    return Recipe(
        path=path,
        name=raw["name"],
        version=raw["version"],
        language=raw["language"],
        seed=int(raw["seed"]),
        gold=GoldPart(**gold),
        sets=tuple(SetPart(**part) for part in raw["sets"]),
        teacher=TeacherPart(**teacher) if teacher else None,
        plain_sentences_weight=float(raw.get("plain_sentences_weight", 0.0)),
        own_sentences_weight=float(raw.get("own_sentences_weight", 0.0)),
        own_head_weight=float(raw.get("own_head_weight", 0.0)),
        linear=LinearPartRecipe(**raw.get("linear", {})),
    )
