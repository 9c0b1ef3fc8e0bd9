"""The sample files keep what data/README.md promises of them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "data"
COLUMNS = ["id", "created_at", "channel", "product", "customer_ref", "rating", "text"]
CHANNELS_WITH_RATING = {"checkout_survey", "app_store"}
INCIDENT_WEEK = 38
FIT_PRODUCT = "Fell Trousers"
PAYMENT_WORDS = re.compile(
    r"\b(pay|paid|payment|charged?|card|cards|declined|checkout|paypal|refused)\b", re.I
)
#: Function words that English texts do not share; two different ones mark a text as German or Spanish.
GERMAN = {"die", "das", "und", "ist", "nicht", "mir", "kann", "ich", "wird", "mehr", "schon", "am", "alles"}
SPANISH = {"el", "la", "que", "muy", "los", "una", "es", "yo", "mismo", "en"}

Row = dict[str, str]


def read_rows(name: str) -> tuple[list[str], list[Row]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        rows = list(reader)
        return list(reader.fieldnames or ()), rows


def parse_time(cell: str) -> datetime:
    """Read a time by the rule of data/README.md: ISO 8601, else day/month/year; naive means UTC."""
    moment = datetime.strptime(cell, "%d/%m/%Y %H:%M") if "/" in cell else datetime.fromisoformat(cell)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def iso_week(row: Row) -> int:
    return parse_time(row["created_at"]).isocalendar().week


def words(row: Row) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", row["text"].lower()))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read_rows("sample_feedback.csv")[1]


@pytest.fixture(scope="module")
def labelled() -> list[Row]:
    return read_rows("labelled_example.csv")[1]


def test_columns_are_exactly_the_documented_ones() -> None:
    assert read_rows("sample_feedback.csv")[0] == COLUMNS
    assert read_rows("labelled_example.csv")[0] == ["text", "label"]


@pytest.mark.parametrize("name", ["sample_feedback.csv", "labelled_example.csv"])
def test_bytes_are_utf8_without_mark_and_with_plain_line_ends(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert content.decode("utf-8")


def test_row_count(rows: list[Row]) -> None:
    assert len(rows) == 684
    assert all(None not in row and None not in row.values() for row in rows)


def test_one_id_stands_twice_and_all_others_once(rows: list[Row]) -> None:
    counts = Counter(row["id"] for row in rows)
    assert all(re.fullmatch(r"FB-\d{4}", name) for name in counts)
    assert sorted(counts.values(), reverse=True)[:2] == [2, 1]
    first, second = [row for row in rows if counts[row["id"]] == 2]
    assert first["customer_ref"] == second["customer_ref"]
    assert second["text"].startswith(first["text"])
    assert second["text"] != first["text"]


def test_customers_come_back(rows: list[Row]) -> None:
    refs = Counter(row["customer_ref"] for row in rows)
    assert len(refs) == 352
    assert all(re.fullmatch(r"C-\d{4}", ref) for ref in refs)


def test_every_time_parses_and_the_weeks_are_complete(rows: list[Row]) -> None:
    moments = [parse_time(row["created_at"]) for row in rows]
    assert min(moments) >= datetime(2026, 5, 4, tzinfo=UTC)
    assert max(moments) < datetime(2026, 11, 2, tzinfo=UTC)
    assert {moment.isocalendar().week for moment in moments} == set(range(19, 45))


def test_rows_stand_in_time_order_to_the_minute(rows: list[Row]) -> None:
    minutes = [parse_time(row["created_at"]).replace(second=0) for row in rows]
    assert all(earlier <= later for earlier, later in pairwise(minutes))


def test_times_come_in_all_documented_forms(rows: list[Row]) -> None:
    cells = [row["created_at"] for row in rows]
    assert sum("/" in cell for cell in cells) == 42
    assert any(cell.endswith("Z") for cell in cells)
    assert any(re.search(r"\+0[01]:00$", cell) for cell in cells)
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", cell) for cell in cells)
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", cell) for cell in cells)


def test_channels_and_ratings(rows: list[Row]) -> None:
    counts = Counter(row["channel"] for row in rows)
    assert counts == {"checkout_survey": 343, "chat": 116, "app_store": 115, "email": 110}
    for row in rows:
        allowed = {"1", "2", "3", "4", "5"} if row["channel"] in CHANNELS_WITH_RATING else {""}
        assert row["rating"] in allowed, row["id"]


def test_the_incident_week_stands_out(rows: list[Row]) -> None:
    weeks = Counter(iso_week(row) for row in rows)
    assert weeks.most_common(1) == [(INCIDENT_WEEK, 48)]
    assert max(count for week, count in weeks.items() if week != INCIDENT_WEEK) == 28
    payment = Counter(iso_week(row) for row in rows if PAYMENT_WORDS.search(row["text"]))
    assert payment[INCIDENT_WEEK] >= 25
    assert max(count for week, count in payment.items() if week != INCIDENT_WEEK) <= 6


def test_one_product_loses_its_ratings_from_july_on(rows: list[Row]) -> None:
    rated = [row for row in rows if row["product"] == FIT_PRODUCT and row["rating"]]
    before = [int(row["rating"]) for row in rated if iso_week(row) < 27]
    after = [int(row["rating"]) for row in rated if iso_week(row) >= 27]
    assert min(before) >= 3
    assert max(after) <= 3
    assert (len(before), len(after)) == (7, 19)


def test_odd_rows_are_there(rows: list[Row]) -> None:
    blank = [row for row in rows if not row["text"].strip()]
    assert len(blank) == 4
    copies = Counter(row["text"] for row in rows if row["text"].strip())
    assert sum(count - 1 for count in copies.values()) == 11
    assert any("\n\n" in row["text"] and '"' in row["text"] for row in rows)
    assert sum(len(row["text"].split()) >= 150 for row in rows) >= 5
    assert any(row["text"].startswith(("=", "-")) for row in rows)


def test_german_and_spanish_rows_are_there(rows: list[Row]) -> None:
    assert sum(len(words(row) & GERMAN) >= 2 for row in rows) == 4
    assert sum(len(words(row) & SPANISH) >= 2 for row in rows) == 4


def test_personal_details_can_belong_to_nobody(rows: list[Row]) -> None:
    texts = "\n".join(row["text"] for row in rows)
    addresses = re.findall(r"\S+@(\S+\w)", texts)
    assert addresses == ["example.com"]
    assert re.findall(r"\b0\d\d \d{3} \d{4}\b", texts) == ["020 555 0142"]
    assert all(host.endswith(".example.com") for host in re.findall(r"https?://([^/\s]+)", texts))


def test_labelled_example_can_train_a_model(labelled: list[Row]) -> None:
    assert Counter(row["label"] for row in labelled) == {
        "recipe": 32,
        "delivery_slot": 28,
        "wrong_or_missing": 27,
        "freshness": 24,
        "subscription": 21,
        "billing": 18,
    }
    assert len({row["text"] for row in labelled}) == 150
    assert all(row["text"].strip() for row in labelled)
