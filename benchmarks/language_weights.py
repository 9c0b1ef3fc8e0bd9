"""Fit the weights of the language gate's second stage (`BIAS` and `WEIGHTS` in feedback_nlp/language.py).

    python benchmarks/language_weights.py --data DIR

A logistic regression over the evidence of the texts that the cheap decision leaves open, and of fragments of one to
six words cut from them. Sets with many texts in another language than theirs, with a non-commercial licence, or kept
for measuring are left out.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from language import ENGLISH_SETS, FOREIGN_SETS, known_words, read_texts, words_of
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from feedback_nlp.language import ENGLISH_THRESHOLD, LanguageGate

ROWS = 900
#: A text of a foreign set with a larger share of words that only English has is an English text.
ENGLISH_TEXT_SHARE = 0.08


def evidence_of(
    texts: list[str], gate: LanguageGate, cut: random.Random, *, english: bool
) -> Iterator[tuple[bool, tuple[float, ...]]]:
    """Yield (is a fragment, evidence) of each text and of one fragment of it, where the second stage has to decide."""
    for text in texts:
        n_words, _, n_common = gate.count(words_of(text))
        if not english and n_common > ENGLISH_TEXT_SHARE * n_words:
            continue
        for is_fragment, part in ((False, text), (True, fragment(text, cut))):
            found = gate.second_stage_evidence(part, words_of(part))
            if found is not None:
                yield is_fragment, found


def fragment(text: str, cut: random.Random) -> str:
    """Cut one to six neighbouring words out of a text."""
    words = text.split()
    length = cut.choice([1, 2, 2, 3, 3, 4, 5, 6])
    start = cut.randrange(max(1, len(words) - length + 1))
    return " ".join(words[start : start + length])


def main() -> int:
    """Print weights, bias and cross-validated errors; exit code 6 when the data is absent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("FEEDBACK_TRAINING_DATA"))
    data = parser.parse_args().data
    if data is None or not (Path(data) / "datasets").is_dir():
        print("No data: give --data DIR or set FEEDBACK_TRAINING_DATA.", file=sys.stderr)
        return 6
    data = Path(data)
    gate = LanguageGate(known_words(data, 5000))
    cut = random.Random(0)
    rows = [
        (name not in FOREIGN_SETS, *row)
        for name in (*ENGLISH_SETS, *FOREIGN_SETS)
        if name != "netflix_app_reviews"
        for row in evidence_of(
            read_texts(data / "datasets" / f"{name}.csv", ROWS), gate, cut, english=name not in FOREIGN_SETS
        )
    ]
    english, is_fragment = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    evidence = np.array([row[2] for row in rows])
    model = LogisticRegression(C=10, max_iter=1000)
    shares = cross_val_predict(model, evidence, english, cv=5, method="predict_proba")[:, 1]
    model.fit(evidence, english)
    print(
        f"{len(rows)} texts and fragments; bias {model.intercept_[0]:.2f}, weights {model.coef_[0].round(2).tolist()}"
    )
    for name, chosen in (("texts", ~is_fragment), ("fragments", is_fragment)):
        refused = (shares[english & chosen] < ENGLISH_THRESHOLD).mean()
        passed = (shares[~english & chosen] >= ENGLISH_THRESHOLD).mean()
        print(f"{name}: English refused {100 * refused:.2f} %, others passed {100 * passed:.2f} %")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
