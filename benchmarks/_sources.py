"""Where the labelled texts of the benchmarks lie, and which of them are drawn."""

from __future__ import annotations

import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.records import SENTIMENTS
from feedback_nlp.training.corpus import read_rows

__all__ = ["SEED", "TEST_ROWS", "TRANSFER_SETS", "LabelledTexts", "classes_of", "find_data", "read_test_rows"]

#: Of every sample and every bootstrap.
SEED = 7
#: Exit code where there is no training data.
NO_DATA = 6
#: At most so many test rows a set.
TEST_ROWS = 3_000
#: English sets with sentiment labels made by people or taken from stars.
SENTIMENT_SETS = (
    "semeval2017_tweets womens_clothing yelp_10k zomato_10k netflix_app_reviews flipkart_10k amazon_polarity_10k "
    "blitzer_mds fudan_mtl16 tripadvisor_lara sst5 brands_tweets_sxsw vader_tweets vader_nyt acos_laptop "
    "acos_restaurant16 skytrax_lounge_seat amazon_alexa airline_tweets"
).split()
#: Left out of training one at a time.
TRANSFER_SETS = (
    "acos_laptop acos_restaurant16 brands_tweets_sxsw semeval2017_tweets vader_tweets sst5 netflix_app_reviews "
    "zomato_10k tripadvisor_lara"
).split()
#: Beside this checkout, where the training data usually lies.
BESIDE = Path(__file__).resolve().parent.parent.parent / "shared"


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Texts with the places of their labels in records.SENTIMENTS (0 to 2)."""

    texts: list[str]
    labels: NDArray[np.int64]


def find_data(named: Path | None, beside: Path = BESIDE) -> Path | None:
    """Return the folder with datasets/ and gold/, or None.

    Parameters
    ----------
    named : Path or None
        What --data says; else FEEDBACK_TRAINING_DATA counts, then a folder "shared" beside the checkout.
    beside : Path
    """
    variable = os.environ.get("FEEDBACK_TRAINING_DATA")
    folder = named or (Path(variable) if variable else beside)
    return folder if (folder / "gold" / "dev.csv").is_file() and (folder / "datasets").is_dir() else None


def require_data(named: Path | None) -> Path:
    """Return the folder with datasets/ and gold/; end with exit code 6 and one line where there is none."""
    data = find_data(named)
    if data is None:
        print(
            "No data: give --data DIR or set FEEDBACK_TRAINING_DATA to the folder that holds datasets/ and gold/.",
            file=sys.stderr,
        )
        raise SystemExit(NO_DATA)
    return data


def read_test_rows(data: Path, name: str, most: int = TEST_ROWS) -> LabelledTexts:
    """Return at most `most` labelled texts of a set, the same ones every time; mixed ones have no label there."""
    rows = [
        row
        for row in read_rows(data / "datasets" / f"{name}.csv")
        if row.get("label") in SENTIMENTS[:3] and row["text"].strip()
    ]
    random.Random(f"{SEED}:{name}").shuffle(rows)
    rows = rows[:most]
    return LabelledTexts(
        [row["text"] for row in rows],
        np.array([SENTIMENTS.index(row["label"]) for row in rows], dtype=np.int64),
    )


def classes_of(labels: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the classes that a set is judged on: its two where it knows no neutral.

    Examples
    --------
    >>> classes_of(np.array([0, 2, 2])), classes_of(np.array([0, 1, 2]))
    ((0, 2), (0, 1, 2))
    """
    return (0, 2) if set(labels.tolist()) == {0, 2} else (0, 1, 2)
