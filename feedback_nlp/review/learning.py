"""A candidate bundle from the one in use and what people corrected, and whether it is better.

It is judged on corrections that it did not see (three folds, each predicted by a model fitted to the other two) and
that the bundle in use did not see either, text by text against that bundle; then by what it unlearned of the
behaviour suite, against the bundle in use and the first one.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from feedback_nlp.analyzer import Analyzer
from feedback_nlp.behaviour import BehaviourTest, load_suite
from feedback_nlp.bundle import Bundle, load_bundle, save_bundle
from feedback_nlp.errors import InputError
from feedback_nlp.review.comparing import FieldGain, compare_predictions
from feedback_nlp.review.gates import failed_cases, worse_tests
from feedback_nlp.store import Store
from feedback_nlp.store.bundles import activate_model, adopt_bundle, bundle_place
from feedback_nlp.store.model_values import ModelEntry
from feedback_nlp.store.taxonomy import Taxonomy
from feedback_nlp.training.adapt import PENALTY, Adapter, PersonsLabels, Predictions
from feedback_nlp.training.own_sentences import own_texts

__all__ = ["LEAST_TEXTS", "Retrained", "anchor_texts", "corrected_texts", "retrain"]

#: With fewer corrected texts nothing is learned.
LEAST_TEXTS: Final = 20
_FOLDS: Final = 3
#: Sentences on which the bundle is held: of the behaviour suite's tuning half (the other one judges), and of those
#: that the project wrote for training.
_ANCHORS: Final = 2000
_OWN_ANCHORS: Final = 6000
_SEED: Final = 0
#: Texts that are loaded at once.
_GROUP: Final = 500


@dataclass(frozen=True, slots=True)
class Retrained:
    """What came of a retraining.

    Parameters
    ----------
    model : str
        The candidate, registered and not active.
    base : str
        The bundle that it started from.
    active : str
        The one that it was compared with.
    texts : int
        Corrected texts it learned from.
    compared : int
        Those of them that the active bundle did not learn from; the figures rest on them.
    gains : tuple of FieldGain
        Candidate minus active, by field, and "all".
    broken : tuple of str
        Tests of the behaviour suite, and "mean", in which the candidate is worse beyond noise than the active bundle,
        or than the base.
    better : bool
        Beyond noise, in no field worse beyond noise, and no gate broken.
    activated : bool
    seconds : float
    """

    model: str
    base: str
    active: str
    texts: int
    compared: int
    gains: tuple[FieldGain, ...]
    broken: tuple[str, ...]
    better: bool
    activated: bool
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self) | {
            "gains": [asdict(gain) for gain in self.gains],
            "broken": list(self.broken),
        }


@dataclass(frozen=True, slots=True)
class CorrectedText:
    """A text with what people say of it, and when they last said so."""

    labels: PersonsLabels
    said_at: datetime


def corrected_texts(store: Store) -> list[CorrectedText]:
    """Return the texts that people said something about, in the order of arrival."""
    said: dict[int, dict[str, Any]] = {}
    moments: dict[int, datetime] = {}
    for one in store.corrections.in_force():
        said.setdefault(one.feedback_key, {})[one.field] = one.value
        moments[one.feedback_key] = max(moments.get(one.feedback_key, one.created_at), one.created_at)
    taxonomy = store.taxonomies.active()
    keys, out = sorted(said), []
    for start in range(0, len(keys), _GROUP):
        for stored in store.feedback.get_many(keys[start : start + _GROUP]):
            if stored.analysis.status == "ok":
                labels = _labels(stored.text, said[stored.key], taxonomy)
                out.append(CorrectedText(labels, moments[stored.key]))
    return out


def _labels(text: str, truth: Mapping[str, Any], taxonomy: Taxonomy) -> PersonsLabels:
    topics = truth.get("topics")
    names = None if topics is None else taxonomy.to_model(item["topic"] for item in topics)
    felt = {item["topic"]: item["sentiment"] for item in topics or ()}
    return PersonsLabels(
        text,
        truth.get("sentiment"),
        truth.get("kind"),
        None if names is None else {name: felt.get(name) for name in names},
    )


def retrain(
    store: Store,
    active: ModelEntry | None = None,
    *,
    actor: str,
    activate: bool = False,
    penalty: float = PENALTY,
    progress: Callable[[float], None] = lambda share: None,
) -> Retrained:
    """Make a candidate bundle, judge it and register it.

    Parameters
    ----------
    store : Store
    active : ModelEntry or None, default=None
        The bundle in use; None is the active one of the store, or the shipped one.
    actor : str
        Who wants it, for the audit log.
    activate : bool, default=False
        Whether to activate it if it is better beyond noise and breaks no gate.
    penalty : float, default=PENALTY
        What a change of a weight costs.
    progress : callable
        Gets the share that is done.

    Raises
    ------
    InputError
        With fewer than 20 corrected texts, and for a bundle with own labels.
    """
    began = time.monotonic()
    entry = active or store.models.active()
    present = load_bundle(None if entry is None else bundle_place(store, entry))
    base = _base(store, present)
    texts = corrected_texts(store)
    if len(texts) < LEAST_TEXTS:
        raise InputError(
            f"Only {len(texts)} texts were corrected; {LEAST_TEXTS} are needed to learn from.",
            remedy="Review some more.",
        )
    labels = [one.labels for one in texts]
    suite = load_suite()
    adapter = Adapter(base, labels, anchor_texts(suite))
    candidate = _saved(base, adapter, texts, penalty)
    progress(0.4)
    after = _out_of_fold(adapter, penalty)
    before = adapter.predict() if present.model == base.model else Adapter(present, labels).predict()
    unseen = np.array([one.said_at > _learned_until(present) for one in texts])
    gains = compare_predictions(adapter, before, after, unseen)
    progress(0.7)
    broken = _broken_gates(suite, candidate[1], present, base)
    better = not broken and _is_better(gains)
    known = adopt_bundle(store, candidate[0].name, actor=actor)
    candidate[0].cleanup()
    if activate and better:
        activate_model(store, known.model, actor=actor)
    return Retrained(
        known.model,
        str(base.model),
        str(present.model),
        len(texts),
        int(unseen.sum()),
        gains,
        broken,
        better,
        activate and better,
        round(time.monotonic() - began, 1),
    )


def anchor_texts(suite: Sequence[BehaviourTest]) -> list[str]:
    """Return the sentences on which an adapted bundle goes on saying what it said."""
    tuning = sorted({text for test in suite for case in test.half("tuning") for text in case.texts})
    own = sorted({one.text for one in own_texts(_SEED)} - set(tuning))
    return [*_some(tuning, _ANCHORS), *_some(own, _OWN_ANCHORS)]


def _some(texts: Sequence[str], count: int) -> list[str]:
    return [texts[place] for place in np.random.default_rng(_SEED).permutation(len(texts))[:count]]


def _base(store: Store, present: Bundle) -> Bundle:
    """Return the bundle to start from: one that was itself adapted names the one it came from."""
    name = present.manifest.get("adapted_from")
    if name is None:
        return present
    for entry in store.models.list():
        if entry.model == name:
            return load_bundle(bundle_place(store, entry))
    shipped = load_bundle()
    return shipped if str(shipped.model) == name else present


def _learned_until(bundle: Bundle) -> datetime:
    """Return the moment of the last correction that a bundle learned from."""
    moment = bundle.manifest.get("corrections_until")
    return datetime.fromisoformat(moment) if moment else datetime.min.replace(tzinfo=UTC)


def _saved(
    base: Bundle, adapter: Adapter, texts: list[CorrectedText], penalty: float
) -> tuple[tempfile.TemporaryDirectory[str], Bundle]:
    adapted = adapter.fit(penalty=penalty)
    folder = tempfile.TemporaryDirectory(prefix="feedback-nlp-")
    added = {
        "version": f"{re.sub(r'-review[.].*', '', base.manifest['version'])}-review.{len(texts)}",
        "adapted_from": str(base.model),
        "corrections": len(texts),
        "corrections_until": max(one.said_at for one in texts).isoformat(),
        "adapting_penalty": penalty,
    }
    manifest = {key: value for key, value in base.manifest.items() if key not in ("digest", "parts")}
    note = (
        f"\n\n## Adapted\n\nFrom {base.model} by {len(texts)} texts that people corrected. The figures above are of "
        "the bundle that it came from.\n"
    )
    heads = adapted.heads.to_json()
    linear = adapter.linear_part(adapted)
    return folder, save_bundle(folder.name, linear, heads, manifest | added, base.card + note)


def _out_of_fold(adapter: Adapter, penalty: float) -> Predictions:
    """Return the labels of each text by a model that was fitted to the other folds."""
    fold = np.random.default_rng(_SEED).permutation(len(adapter)) % _FOLDS
    out = adapter.predict()
    for number in range(_FOLDS):
        outside = fold == number
        found = adapter.predict(adapter.fit(np.flatnonzero(~outside), penalty))
        for name in ("sentiment", "kind", "topics"):
            getattr(out, name)[outside] = getattr(found, name)[outside]
    return out


def _broken_gates(suite: Sequence[BehaviourTest], candidate: Bundle, *others: Bundle) -> tuple[str, ...]:
    """Return where the candidate is worse than another bundle; the first one is asked too, lest losses add up."""
    new = failed_cases(Analyzer(candidate), suite)
    rivals = {str(one.model): one for one in others}.values()
    named = [worse_tests(suite, failed_cases(Analyzer(one), suite), new) for one in rivals]
    return tuple(dict.fromkeys(name for some in named for name in some))


def _is_better(gains: tuple[FieldGain, ...]) -> bool:
    by_field = {gain.field: gain for gain in gains}
    whole = by_field.get("all")
    return whole is not None and whole.low > 0 and all(gain.high >= 0 for gain in gains)
