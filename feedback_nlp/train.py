"""Makes the bundle of a recipe: corpus, linear model, heads, metrics, card."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from feedback_nlp.analyzer import DEFAULT_PRECISION, Analyzer
from feedback_nlp.behaviour import render_table, run_suite
from feedback_nlp.bundle import Bundle, LinearPart, save_bundle
from feedback_nlp.errors import TrainingDataError
from feedback_nlp.heads import Heads
from feedback_nlp.profile import Profile, build_profile
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.training.breakdown import CardTable, build_tables
from feedback_nlp.training.card import render_card
from feedback_nlp.training.corpus import Corpus, read_corpus
from feedback_nlp.training.heads import Scored, Taught, fit_heads
from feedback_nlp.training.linear import fit_linear
from feedback_nlp.training.measure import measure_rows, read_dev
from feedback_nlp.training.own_sentences import add_own_sentences, head_texts
from feedback_nlp.training.own_sentences import topic_rows as own_topic_rows
from feedback_nlp.training.plain_sentences import add_plain_sentences, topic_rows
from feedback_nlp.training.recipe import Recipe, load_recipe, shipped_recipe_path

__all__ = ["fit_recipe", "train_bundle"]

#: Fewer calibration texts give no thresholds worth the name.
LEAST_CALIBRATION_TEXTS = 50


def _silent(message: str) -> None:
    pass


def fit_recipe(
    recipe: Recipe,
    data: Path,
    *,
    leave_out: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = _silent,
) -> tuple[LinearPart, Heads, Corpus]:
    """Fit all of a recipe without writing anything.

    Parameters
    ----------
    recipe : Recipe
    data : Path
        Folder with datasets/ and gold/.
    leave_out : frozenset of str
        Sets left out altogether, for transfer measurements.
    progress : callable
        Gets a line a step.
    """
    corpus = read_corpus(recipe, data, leave_out=leave_out, progress=progress)
    if len(corpus.calibration) < LEAST_CALIBRATION_TEXTS:
        raise TrainingDataError(
            f"Only {len(corpus.calibration)} texts are left for calibration, {LEAST_CALIBRATION_TEXTS} are needed.",
            remedy="Raise calibration_percent in the recipe or add labelled texts.",
        )
    own_rows = []
    if recipe.plain_sentences_weight > 0:
        add_plain_sentences(corpus, recipe.plain_sentences_weight)
        own_rows += topic_rows()
    if recipe.own_sentences_weight > 0:
        add_own_sentences(corpus, recipe.own_sentences_weight, recipe.seed)
        own_rows += own_topic_rows(recipe.seed)
    linear = fit_linear(corpus, recipe.linear, progress)
    scorer = LinearScorer(linear)
    calibration, learned, own = (
        Scored(scorer.score([row.text for row in rows]), rows)
        for rows in (corpus.calibration, corpus.gold, own_rows)
    )
    taught = _taught(scorer, recipe) if recipe.own_head_weight > 0 else None
    return linear, fit_heads(calibration, learned, own, taught, recipe.seed), corpus


def _taught(scorer: LinearScorer, recipe: Recipe) -> Taught:
    """Return own sentences for the head of sentiment; pairs of topics would only teach it to call texts mixed."""
    texts = [one for one in head_texts(recipe.seed) if len(one.topics or ()) < 2]
    shares = np.array([[one.sentiment.get(label, 0.0) for label in SENTIMENTS] for one in texts])
    return Taught(scorer.score([one.text for one in texts]), shares, recipe.own_head_weight)


def train_bundle(
    recipe_path: str | Path | None,
    data: str | Path,
    out: str | Path,
    progress: Callable[[str], None] = _silent,
) -> Bundle:
    """Train the bundle of a recipe and write it.

    Parameters
    ----------
    recipe_path : str, Path or None
        None for the recipe of the shipped bundle.
    data : str or Path
        Folder with datasets/ and gold/.
    out : str or Path
        Folder of the new bundle.
    progress : callable
        Gets a line a step.

    Raises
    ------
    TrainingDataError
        A set or the recipe cannot be read.
    """
    recipe = load_recipe(recipe_path or shipped_recipe_path())
    data = Path(data)
    linear, heads, corpus = fit_recipe(recipe, data, progress=progress)
    metrics, tables, behaviour = _measure(linear, heads, data)
    manifest = _describe(recipe, data, corpus, linear, metrics)
    manifest["profile"] = _profile(linear, heads, corpus)
    card = render_card(recipe, data, corpus, heads, metrics, tables, behaviour)
    bundle = save_bundle(out, linear, heads.to_json(), manifest, card)
    progress(f"bundle {bundle.model} written to {out}")
    return bundle


def _describe(
    recipe: Recipe, data: Path, corpus: Corpus, linear: LinearPart, metrics: dict[str, Any]
) -> dict[str, Any]:
    libraries = ("scikit-learn", "numpy", "scipy", "spacy")
    return {
        "name": recipe.name,
        "version": recipe.version,
        "language": recipe.language,
        "seed": recipe.seed,
        "recipe_sha256": _sha256(recipe.path),
        "labels": {"sentiment": list(SENTIMENTS), "kind": list(KINDS), "topics": list(TOPICS)},
        "taxonomy": "commerce",
        "trained_with": {"python": platform.python_version(), **{name: version(name) for name in libraries}},
        "texts": {**corpus.counts, "calibration": len(corpus.calibration)},
        "sizes": {"terms": len(linear.terms), "words": len(linear.words), "grams": len(linear.grams)},
        "data_sha256": _data_digests(recipe, data),
        "metrics": metrics,
    }


def _data_digests(recipe: Recipe, data: Path) -> dict[str, str]:
    files = [recipe.gold.file, *(f"datasets/{part.file}.csv" for part in recipe.sets)]
    digests = {file: _sha256(data / file) for file in files}
    if recipe.teacher:
        digests[recipe.teacher.labels] = _sha256(recipe.path.parent / recipe.teacher.labels)
    return digests


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _profile(linear: LinearPart, heads: Heads, corpus: Corpus) -> Profile:
    """Return the profile of the texts kept for calibration, which are like the others but were not learned from."""
    return build_profile(_analyzer(linear, heads), [row.text for row in corpus.calibration])


def _analyzer(linear: LinearPart, heads: Heads) -> Analyzer:
    return Analyzer(Bundle(Path(), {"name": "", "version": "", "digest": ""}, linear, heads.to_json()))


def _measure(linear: LinearPart, heads: Heads, data: Path) -> tuple[dict[str, Any], list[CardTable], str]:
    """Judge the fitted model on gold dev and the behaviour suite, through the same path that answers requests."""
    analyzer, rows = _analyzer(linear, heads), read_dev(data)
    analyses = analyzer.analyze_batch([row.text for row in rows])
    figures = measure_rows(analyses, rows, heads.threshold_for(DEFAULT_PRECISION))
    behaviour = render_table(run_suite(analyzer), markdown=True)
    return {"gold_dev": figures}, build_tables(analyses, rows), behaviour
