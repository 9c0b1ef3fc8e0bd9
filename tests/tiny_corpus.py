"""A corpus made up of short lists, in the layout of the training data: enough to fit a bundle in seconds."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

SUBJECTS = {
    "checkout_payment": "checkout",
    "price_value": "price",
    "delivery": "delivery",
    "returns_refunds": "refund",
    "order_accuracy": "order",
    "product_quality": "kettle",
    "fit_description": "jacket",
    "customer_service": "support",
    "app_website": "app",
    "account_privacy": "account",
    "availability_range": "range",
    "venue": "shop",
}
GOOD = ("great", "lovely", "excellent", "perfect")
BAD = ("terrible", "awful", "useless", "broken")
COLUMNS = ("id", "text", "label", "kind", "topics", "source")

RECIPE = """\
name = "tiny-en"
version = "0.1.0"
language = "en"
seed = 3

[gold]
file = "gold/train.csv"
exclude_sources = ["forbidden"]
calibration_percent = 40

[linear]
min_df = 2
min_sets = 1
spelling_min_df = 2
iterations = 30

[[sets]]
file = "first"
neutral = true

[[sets]]
file = "second"
max_rows = 5
"""

Row = tuple[str, str, str, str, str]


def gold_rows() -> list[Row]:
    """Return text, sentiment, kind, topics and source of each row."""
    rows: list[Row] = []
    for number, (topic, subject) in enumerate(SUBJECTS.items()):
        source = ("first", "second", "third")[number % 3]
        for word in GOOD:
            rows.append((f"The {subject} is {word}.", "positive", "praise", f"{topic}:positive", source))
        for word in BAD:
            rows.append((f"The {subject} is {word}!", "negative", "complaint", f"{topic}:negative", source))
        rows += [
            (f"Where is the {subject}?", "neutral", "question", f"{topic}:neutral", source),
            (f"Please change the {subject}.", "neutral", "suggestion", f"{topic}:neutral", source),
            (f"Lovely {subject}, but useless too.", "mixed", "complaint", f"{topic}:neutral", source),
            (f"I saw the {subject} on Monday.", "neutral", "other", "", source),
        ]
    return rows


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a CSV file, folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)


def write_corpus(folder: Path) -> Path:
    """Write gold and sets and the recipe; return the recipe's path."""
    gold = [*gold_rows(), ("Secret words of somebody.", "positive", "praise", "", "forbidden")]
    numbered: list[tuple[str, ...]] = [(f"g{number}", *row) for number, row in enumerate(gold)]
    write_rows(folder / "gold" / "train.csv", COLUMNS, numbered)
    dev: list[tuple[str, ...]] = [
        ("d1", "The courier was great.", "positive", "praise", "delivery:positive", "first"),
        ("d2", "The delivery was awful.", "negative", "complaint", "delivery:negative", "first"),
        ("d3", "Where is it?", "neutral", "question", "", "second"),
        ("d4", "Great price, but a terrible app.", "mixed", "complaint", "price_value:positive", "second"),
    ]
    write_rows(folder / "gold" / "dev.csv", COLUMNS, dev)
    first: list[tuple[str, ...]] = [
        *((f"What a {word} day {number}", "positive") for word in GOOD for number in range(3)),
        *((f"What an {word} mess {number}", "negative") for word in BAD for number in range(3)),
        ("It is a day", "neutral"),
        ("the courier was GREAT", "positive"),  # a text of dev
        ("Shared by two sets", "negative"),
        (" ".join(["too long"] * 100), "negative"),
        ("Of no known label", "angry"),
    ]
    write_rows(folder / "datasets" / "first.csv", ("text", "label"), first)
    second: list[tuple[str, ...]] = [
        ("shared, by two sets!", "negative"),
        ("Three stars, it is", "neutral"),
        *((f"Really {word} thing", "positive") for word in GOOD),
        *((f"Really {word} thing", "negative") for word in BAD),
    ]
    write_rows(folder / "datasets" / "second.csv", ("text", "label"), second)
    licences = [("first.csv", "CC0", "", "noisy | labels", "yes"), ("second.csv", "MIT", "CC BY", "", "yes")]
    columns = ("file", "licence_stated", "licence_elsewhere", "notes", "shipped_model")
    write_rows(folder / "datasets" / "MANIFEST.csv", columns, list(licences))
    recipe = folder / "tiny.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return recipe
