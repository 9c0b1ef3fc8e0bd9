"""What the teacher learns from and labels: pieces of the recipe's sets, phrases, gold rows; and who sees what."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.preprocess import Preprocessor
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.corpus import (
    GoldRow,
    fingerprint,
    is_kept_for_calibration,
    read_gold,
    read_rows,
    sentences_of,
)
from feedback_nlp.training.recipe import Recipe

__all__ = [
    "UNKNOWN",
    "TeacherTexts",
    "left_out",
    "phrases_of",
    "pieces_of",
    "read_teacher_texts",
    "stage_a_rows",
]

#: No label.
UNKNOWN = -1
#: Texts of more words give sentences of so many words instead, at most SENTENCES_A_TEXT of them.
LONGEST, SENTENCE_WORDS, SENTENCES_A_TEXT = 80, range(3, 61), 6
#: Stage A learns from whole texts of so many words.
LABELLED_WORDS = range(2, 71)
#: Sentences of a newspaper's opinion pages: labelled by people, but no feedback.
NO_FEEDBACK = "vader_nyt"
#: Texts of a set in stage A, at most.
CAP = 10_000
CAPS = {
    "semeval2017_tweets": 15_000, "grubhub_issues": 1_500, "womens_clothing": 3_000, "flipkart_10k": 2_000,
    "brands_tweets_sxsw": 4_000, "zomato_10k": 4_000, "fudan_mtl16": 6_000, "tripadvisor_lara": 5_000,
}  # fmt: skip
#: A phrase stands in so many sets and so often; several words count in a set where they stand there twice.
PHRASE_SETS, WORD_COUNT, PHRASE_COUNT = 3, 6, 12
_RUN_END = re.compile(r'[.,;:!?()"\n]+')
_WORD = re.compile(r"[a-z][a-z']*")

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TeacherTexts:
    """All texts: pieces of the sets, then phrases, then gold rows; no fingerprint stands twice.

    Parameters
    ----------
    texts : list of str
    keys : ndarray of uint64
        Fingerprints.
    sources : ndarray of str
        The set, "" for phrases.
    is_gold, is_kept : ndarray of bool
        Whether a text is a gold row, and one that is kept for calibration: the teacher never learns from it.
    sentiment, kind : ndarray of int64
        Place of the label; UNKNOWN where there is none.
    topics : ndarray of int64, shape (n, 12)
        Sentiment of each topic; UNKNOWN where the topic is not there, or the text is no gold row.
    """

    texts: list[str]
    keys: NDArray[np.uint64]
    sources: NDArray[np.str_]
    is_gold: Mask
    is_kept: Mask
    sentiment: Rows
    kind: Rows
    topics: Rows


def pieces_of(text: str, preprocessor: Preprocessor) -> list[str]:
    """Return a short text itself, of a longer one the sentences with the smallest fingerprints.

    The sentences decide by themselves which are taken, so that no order and no other text moves the choice.
    """
    if len(text.split()) <= LONGEST:
        return [text]
    fitting = [
        sentence for sentence in sentences_of(text, preprocessor) if len(sentence.split()) in SENTENCE_WORDS
    ]
    return sorted(fitting, key=fingerprint)[:SENTENCES_A_TEXT]


def phrases_of(pieces: Iterable[tuple[str, str]]) -> list[str]:
    """Return words, pairs and triples that several sets have, the most frequent first.

    Parameters
    ----------
    pieces : iterable of (str, str)
        Set and text.
    """
    by_set: dict[str, Counter[str]] = defaultdict(Counter)
    for name, text in pieces:
        by_set[name].update(_word_runs(text))
    counts: Counter[str] = Counter()
    sets: Counter[str] = Counter()
    for in_set in by_set.values():
        usual = {phrase: count for phrase, count in in_set.items() if count >= 2 or " " not in phrase}
        counts.update(usual)
        sets.update(usual.keys())
    enough = [
        phrase
        for phrase, count in counts.items()
        if sets[phrase] >= PHRASE_SETS and count >= (PHRASE_COUNT if " " in phrase else WORD_COUNT)
    ]
    return sorted(enough, key=lambda phrase: (-counts[phrase], phrase))


def _word_runs(text: str) -> Iterator[str]:
    for run in _RUN_END.split(text.lower()):
        words = _WORD.findall(run)
        for length in (1, 2, 3):
            for start in range(len(words) - length + 1):
                yield " ".join(words[start : start + length])


def read_teacher_texts(recipe: Recipe, data: Path, limit: int | None = None) -> TeacherTexts:
    """Read the sets and the gold rows of a recipe; nothing of gold dev, nor of sources that it excludes.

    Parameters
    ----------
    recipe : Recipe
    data : Path
        Folder with datasets/ and gold/.
    limit : int or None, default=None
        Rows read of each file, for a trial.

    Raises
    ------
    TrainingDataError
    """
    dev = {fingerprint(row.text) for row in read_gold(data / "gold" / "dev.csv")}
    seen = dev | {fingerprint(row.text) for row in read_gold(data / recipe.gold.file)}
    gold = [
        row
        for row in read_gold(data / recipe.gold.file, recipe.gold.exclude_sources)
        if fingerprint(row.text) not in dev
    ][:limit]
    pieces: dict[int, tuple[str, str]] = {}
    labels: dict[int, int] = {}
    preprocessor = Preprocessor()
    for part in recipe.sets:
        for row in read_rows(data / "datasets" / f"{part.file}.csv")[:limit]:
            text = row["text"].strip()
            for piece in pieces_of(text, preprocessor):
                key = fingerprint(piece)
                if piece and key not in seen:
                    seen.add(key)
                    pieces[key] = (part.file, piece)
            label = _label_of(part.file, row)
            if label != UNKNOWN:
                labels[fingerprint(text)] = label
    phrases: dict[int, str] = {}
    for phrase in phrases_of(pieces.values()):
        key = fingerprint(phrase)
        if key not in seen:
            seen.add(key)
            phrases[key] = phrase
    return _joined(pieces, labels, phrases, gold, recipe.gold.calibration_percent)


def _label_of(name: str, row: dict[str, str]) -> int:
    """Return the label of people or stars; three stars are left out, because their wording is rarely neutral."""
    label = row.get("label", "")
    three_stars = label == "neutral" and bool(row.get("stars")) and name != "sst5"
    fitting = len(row["text"].split()) in LABELLED_WORDS and name != NO_FEEDBACK
    return SENTIMENTS.index(label) if label in SENTIMENTS[:3] and fitting and not three_stars else UNKNOWN


def _joined(
    pieces: dict[int, tuple[str, str]],
    labels: dict[int, int],
    phrases: dict[int, str],
    gold: list[GoldRow],
    calibration_percent: int,
) -> TeacherTexts:
    keys = [*pieces, *phrases, *(fingerprint(row.text) for row in gold)]
    n_texts, n_others = len(keys), len(keys) - len(gold)
    sentiment, kind = np.full(n_texts, UNKNOWN), np.full(n_texts, UNKNOWN)
    topics = np.full((n_texts, len(TOPICS)), UNKNOWN)
    sentiment[: len(pieces)] = [labels.get(key, UNKNOWN) for key in pieces]
    for place, row in enumerate(gold, n_others):
        sentiment[place], kind[place] = SENTIMENTS.index(row.sentiment), KINDS.index(row.kind)
        for topic, sign in row.topics.items():
            topics[place, TOPICS.index(topic)] = SENTIMENTS.index(sign)
    is_gold = np.arange(n_texts) >= n_others
    kept = np.array([is_kept_for_calibration(key, calibration_percent) for key in keys], dtype=np.bool_)
    return TeacherTexts(
        texts=[*(text for _, text in pieces.values()), *phrases.values(), *(row.text for row in gold)],
        keys=np.array(keys, dtype=np.uint64),
        sources=np.array(
            [*(name for name, _ in pieces.values()), *("" for _ in phrases), *(r.source for r in gold)]
        ),
        is_gold=is_gold,
        is_kept=is_gold & kept,
        sentiment=sentiment,
        kind=kind,
        topics=topics,
    )


def left_out(texts: TeacherTexts, name: str, data: Path) -> Mask:
    """Return what goes with a set that is left out: its texts, its gold rows, and every text it shares with others."""
    shared = {fingerprint(row["text"]) for row in read_rows(data / "datasets" / f"{name}.csv")}
    return (texts.sources == name) | np.array([key in shared for key in texts.keys.tolist()], dtype=np.bool_)


def stage_a_rows(texts: TeacherTexts, gone: Mask, rng: np.random.Generator, share: float = 1.0) -> Rows:
    """Return the labelled texts of the sets that stage A learns from, drawn up to the set's cap times `share`."""
    usable = (texts.sentiment != UNKNOWN) & ~texts.is_gold & ~gone
    chosen = [np.zeros(0, dtype=np.int64)]
    for name in np.unique(texts.sources[usable]).tolist():
        rows = rng.permutation(np.flatnonzero(usable & (texts.sources == name)))
        chosen.append(rows[: int(share * CAPS.get(name, CAP))])
    return np.concatenate(chosen)
