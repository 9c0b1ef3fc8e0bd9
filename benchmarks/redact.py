"""How well and how fast personal data is found: recall and precision by type, beside plain patterns from cookbooks.

    python benchmarks/redact.py                      our own 200 sentences, and speed
    python benchmarks/redact.py --data DIR           also the Presidio research sample

Nothing is random; nothing here was trained. A find is right if it has the marked kind and covers exactly what was
marked, but for marks such as "(" at its ends.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from feedback_nlp.redact import Redactor

HERE = Path(__file__).resolve().parent
SENTENCES = HERE / "personal_sentences.txt"
SAMPLE = HERE.parent / "data" / "sample_feedback.csv"
PRESIDIO_KINDS = {
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip",
    "US_SSN": "ssn",
}
MARKED = re.compile(r"\[\[(\w+):(.*?)\]\](?!\])")
#: What one finds first when looking for such patterns; the peer in the tables.
COOKBOOK = {
    "email": re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"),
    "iban": re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b"),
    "card": re.compile(r"\b(?:\d[ -]?){13,16}\b"),
    "ssn": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "ip": re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
    "phone": re.compile(r"(?:\+?\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}"),
}
Found = set[tuple[str, int, int]]
Finder = Callable[[str], Found]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("FEEDBACK_TRAINING_DATA"))
    parser.add_argument("--part", choices=["A", "B"], help="one half of our own sentences")
    parser.add_argument("--misses", action="store_true", help="print what was missed or found in error")
    options = parser.parse_args()
    redactor = Redactor()

    def ours(text: str) -> Found:
        return {(span.kind, span.start, span.end) for span in redactor.find(text)}

    tables = [("200 sentences of our own", read_sentences(options.part))]
    if options.data:
        tables.append(("Presidio research sample, 1,392 texts", read_presidio(Path(options.data))))
    for title, texts in tables:
        print(f"\n### {title}\n")
        print_table(texts, ours, missed=options.misses)
    print_speed(redactor)


def read_sentences(part: str | None = None) -> list[tuple[str, Found]]:
    """Return our own sentences with what is marked in them."""
    texts, half = [], ""
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            half = line.removeprefix("## ") if line.startswith("## ") else half
        elif line and part in (None, half):
            texts.append(unmark(line))
    return texts


def unmark(line: str) -> tuple[str, Found]:
    """Return a line without its marks, and the places of what was marked."""
    plain, marked, at = "", set(), 0
    for match in MARKED.finditer(line):
        plain += line[at : match.start()]
        marked.add((match[1], len(plain), len(plain) + len(match[2])))
        plain += match[2]
        at = match.end()
    return plain + line[at:], marked


def read_presidio(folder: Path) -> list[tuple[str, Found]]:
    """Return the texts of the sample with the places of the types that are looked for here."""
    with (folder / "datasets" / "pii_presidio.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (
            row["text"],
            {
                (PRESIDIO_KINDS[kind], start, end)
                for kind, start, end, _ in json.loads(row["spans"])
                if kind in PRESIDIO_KINDS
            },
        )
        for row in rows
    ]


def print_table(texts: list[tuple[str, Found]], ours: Finder, *, missed: bool) -> None:
    """Print recall and precision of both finders by type."""
    kinds = sorted({kind for _, marked in texts for kind, _, _ in marked})
    figures = {name: count(texts, finder, kinds) for name, finder in (("ours", ours), ("cookbook", cookbook))}
    print(
        "| type | marked | recall | precision | cookbook recall | cookbook precision |\n|---|---|---|---|---|---|"
    )
    for kind in kinds:
        marked = sum(kind == found for _, spans in texts for found, _, _ in spans)
        cells = [f"{value:.3f}" if value is not None else "–" for value in figures["ours"][kind]]
        peers = [f"{value:.3f}" if value is not None else "–" for value in figures["cookbook"][kind]]
        print(f"| {kind} | {marked} | {' | '.join(cells + peers)} |")
    clean = [text for text, marked in texts if not marked]
    print(
        f"\ntexts with nothing to find: {len(clean)}, with a find: {sum(bool(ours(text)) for text in clean)}"
    )
    if missed:
        for text, marked in texts:
            print_misses(text, trimmed(text, marked), trimmed(text, {s for s in ours(text) if s[0] in kinds}))


def print_misses(text: str, marked: Found, found: Found) -> None:
    """Print what two sets of places do not share."""
    for name, spans in (("missed", marked - found), ("in error", found - marked)):
        for kind, start, end in sorted(spans):
            print(f"{name}: {kind} {text[start:end]!r} in {text[max(0, start - 40) : end + 20]!r}")


def count(
    texts: list[tuple[str, Found]], finder: Finder, kinds: Iterable[str]
) -> dict[str, tuple[float | None, ...]]:
    """Return recall and precision of a finder by type; None where there is nothing to divide by."""
    hits, marked_of, found_of = (defaultdict[str, int](int) for _ in range(3))
    for text, marked in texts:
        truth, found = trimmed(text, marked), trimmed(text, finder(text))
        for counts, spans in ((hits, truth & found), (marked_of, truth), (found_of, found)):
            for kind, _, _ in spans:
                counts[kind] += 1
    return {
        kind: tuple(hits[kind] / total[kind] if total[kind] else None for total in (marked_of, found_of))
        for kind in kinds
    }


def cookbook(text: str) -> Found:
    """Find with plain patterns; where two overlap, the first in the list wins."""
    found: Found = set()
    for kind, pattern in COOKBOOK.items():
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for _, start, end in found):
                found.add((kind, match.start(), match.end()))
    return found


def trimmed(text: str, spans: Found) -> Found:
    """Return places without brackets, plus signs and white space at their ends."""
    marks = " ()+.#"
    return {
        (
            kind,
            start + len(text[start:end]) - len(text[start:end].lstrip(marks)),
            end - len(text[start:end]) + len(text[start:end].rstrip(marks)),
        )
        for kind, start, end in spans
    }


def print_speed(redactor: Redactor) -> None:
    """Print texts a second for feedback with little personal data, as a median of five rounds."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)] * 20
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        found = sum(1 for text in texts if redactor.find(text))
        rounds.append(time.perf_counter() - began)
    seconds = statistics.median(rounds)
    print(f"\n{len(texts):,} sample texts ({found:,} with a find): {len(texts) / seconds:,.0f} texts/s")


if __name__ == "__main__":
    main()
