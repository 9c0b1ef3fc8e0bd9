"""Measure the language gate: who is refused, who slips through, what it costs, against py3langid alone.

    python benchmarks/language.py --data DIR [--rows 2000]

DIR holds datasets/ and gold/ (default: FEEDBACK_TRAINING_DATA). The known words are those seen three times in
gold/train.csv and samples of the English sets; a shipped bundle brings its own. The sets called "en" hold some texts
in other languages and the others some English ones, so no figure can reach 0 or 100 %.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from feedback_nlp.identifier import rank
from feedback_nlp.language import LATIN_LANGUAGES, SCRIPTS, LanguageGate, Verdict

ENGLISH_SETS = (
    "semeval2017_tweets womens_clothing yelp_10k zomato_10k netflix_app_reviews flipkart_10k amazon_polarity_10k "
    "grubhub_issues banking77 playstore_review_types amazon_alexa sst5 vader_tweets skytrax_lounge_seat"
).split()
FOREIGN_SETS = (
    "xlmt_tweets_de",
    "xlmt_tweets_es",
    "xlmt_tweets_fr",
    "amazon_de_household",
    "germeval2017_de",
)
# spaCy splits "don't" into "do" and "n't"; a regular expression is near enough to count words.
WORD = re.compile(r"n't\b|[^\W\d_]+?(?=n't\b)|[^\W\d_]+")
ADDRESS = re.compile(r"(?:https?:|www\.)\S+|\bhttps?\b|@\w+|\S+@\S+")


def words_of(text: str) -> list[str]:
    """Return the lower-cased alphabetic words of a text, without addresses and handles."""
    return [word.lower() for word in WORD.findall(ADDRESS.sub(" ", text.replace("\u2019", "'")))]


def read_texts(path: Path, rows: int, language: str | None = None) -> list[str]:
    """Return at most `rows` texts of a set, the same ones every time."""
    with path.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file) if language is None or row["lang"] == language]
    return random.Random(20).sample(texts, min(rows, len(texts)))


def read_sets(data: Path, rows: int) -> dict[str, tuple[str, list[str]]]:
    """Return name -> (language, texts) of all sets."""
    datasets = data / "datasets"
    sets = {name: ("en", read_texts(datasets / f"{name}.csv", rows)) for name in ENGLISH_SETS}
    sets["gold_train"] = ("en", read_texts(data / "gold" / "train.csv", rows))
    sets["gold_dev"] = ("en", read_texts(data / "gold" / "dev.csv", rows))
    for name in FOREIGN_SETS:
        sets[name] = (name[-2:] if name[-3] == "_" else "de", read_texts(datasets / f"{name}.csv", rows))
    for code in ("ar", "de", "es", "fr", "hi", "it", "pt"):
        sets[f"langid_tweets_{code}"] = (code, read_texts(datasets / "langid_tweets.csv", rows, code))
    return sets


def known_words(data: Path, rows: int) -> set[str]:
    """Return the words seen at least three times in gold/train.csv and samples of the English sets."""
    paths = [data / "gold" / "train.csv", *(data / "datasets" / f"{name}.csv" for name in ENGLISH_SETS)]
    counts = Counter(word for path in paths for text in read_texts(path, rows) for word in words_of(text))
    return {word for word, seen in counts.items() if seen >= 3}


def print_row(name: str, language: str, texts: list[str], gate: LanguageGate) -> None:
    """Print one set's shares in per cent; for other languages also of texts with four words and more."""
    languages = tuple(
        dict.fromkeys([*LATIN_LANGUAGES, *(code for codes in SCRIPTS.values() for code in codes)])
    )
    words = [words_of(text) for text in texts]
    verdicts = [gate.judge(text, found) for text, found in zip(texts, words, strict=True)]
    slow = sum(not gate.is_surely_english(*gate.count(found)) for found in words)
    long = [verdict for verdict, found in zip(verdicts, words, strict=True) if len(found) >= 4]
    plain = [
        max(ranked, key=ranked.__getitem__) for ranked in (rank(text, languages) for text in texts[:500])
    ]
    print(
        f"{name:24} {language} {len(texts):6} {share(v.status == 'ok' for v in verdicts):7.2f}"
        f" {share(v.status == 'ok' for v in long):8.2f} {share(v.status == 'unreadable' for v in verdicts):7.2f}"
        f" {share(v.code == language for v in verdicts):7.2f} {100 * slow / len(texts):6.1f}"
        f" {share(code == 'en' for code in plain):9.2f} {share(code == language for code in plain):8.2f}"
    )


def share(flags: Iterable[bool]) -> float:
    """Return the share of true values in per cent."""
    values = list(flags)
    return 100 * sum(values) / max(len(values), 1)


def print_times(texts: list[str], gate: LanguageGate) -> None:
    """Print what a text costs in each stage."""
    words = [words_of(text) for text in texts]
    counts = [gate.count(found) for found in words]
    start = time.perf_counter()
    sure = [gate.is_surely_english(*count) for count in counts]
    cheap = time.perf_counter() - start
    unsure = [(text, found) for text, found, is_sure in zip(texts, words, sure, strict=True) if not is_sure]
    gate.judge(*unsure[0])
    start = time.perf_counter()
    for text, found in unsure:
        gate.judge(text, found)
    slow = time.perf_counter() - start
    print(
        f"counts: {1e6 * cheap / len(texts):.1f} us a text one by one; "
        f"second stage: {1e6 * slow / len(unsure):.1f} us for each of {len(unsure)} unsure of {len(texts)}"
    )


def list_refused(sets: dict[str, tuple[str, list[str]]], gate: LanguageGate) -> None:
    """Print each refused text of the English sets with its verdict, to be read by eye."""
    for name, (language, texts) in sets.items():
        for text in texts if language == "en" else ():
            verdict: Verdict = gate.judge(text, words_of(text))
            if verdict.status != "ok":
                print(name, verdict.status, verdict.code, f"{verdict.confidence:.2f}", repr(text[:140]))


def main() -> int:
    """Print the table; exit code 6 when the data is absent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("FEEDBACK_TRAINING_DATA"))
    parser.add_argument("--rows", type=int, default=2000, help="texts a set")
    parser.add_argument(
        "--list-refused", action="store_true", help="print the refused texts of the English sets"
    )
    options = parser.parse_args()
    if options.data is None or not (Path(options.data) / "datasets").is_dir():
        print(
            "No data: give --data DIR or set FEEDBACK_TRAINING_DATA to the folder with datasets/ and gold/.",
            file=sys.stderr,
        )
        return 6
    sets = read_sets(Path(options.data), options.rows)
    gate = LanguageGate(known_words(Path(options.data), 5000))
    if options.list_refused:
        list_refused(sets, gate)
        return 0
    print(f"{'set':24} la  texts    ok %  ok>=4w unread%  code %  slow% plain en% plain la%")
    for name, (language, texts) in sets.items():
        print_row(name, language, texts, gate)
    print_times([text for language, texts in sets.values() if language == "en" for text in texts], gate)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
