"""Rows as Feedback: column mapping, ratings, dates."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from feedback_nlp import Feedback, InputError, MissingColumnError
from feedback_nlp.ingest import parse_date, parse_rating, read_feedback, vote_order


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-09-14", at(2026, 9, 14)),
        ("2026-09-14T18:30:00Z", at(2026, 9, 14, 18, 30)),
        ("2026-09-14 18:30", at(2026, 9, 14, 18, 30)),
        ("2026-09-14 18:30:15.250 UTC", at(2026, 9, 14, 18, 30, 15, 250000)),
        ("2026-09-14T00:30:00+02:00", at(2026, 9, 13, 22, 30)),
        ("20260914", at(2026, 9, 14)),
        ("2026/09/14", at(2026, 9, 14)),
        ("14/09/2026", at(2026, 9, 14)),
        ("14.09.2026 18:30", at(2026, 9, 14, 18, 30)),
        ("14-09-26", at(2026, 9, 14)),
        ("09/14/2026 6:30 PM", at(2026, 9, 14, 18, 30)),
        ("14/09/2026, 12:05 a.m.", at(2026, 9, 14, 0, 5)),
        ("14/09/2026 18:30 +05:30", at(2026, 9, 14, 13, 0)),
        ("14 Sep 2026", at(2026, 9, 14)),
        ("14-Sept-2026 08:00", at(2026, 9, 14, 8)),
        ("September 14th, 2026", at(2026, 9, 14)),
        ("Mon, 14 Sep 2026 18:30:00 +0200", at(2026, 9, 14, 16, 30)),
        ("1789410600", at(2026, 9, 14, 18, 30)),
        (1789410600000, at(2026, 9, 14, 18, 30)),
        (datetime(2026, 9, 14, 8), at(2026, 9, 14, 8)),
        (datetime(2026, 9, 14, 8, tzinfo=timezone(timedelta(hours=1))), at(2026, 9, 14, 7)),
        (date(2026, 9, 14), at(2026, 9, 14)),
    ],
)
def test_dates_that_are_read(value, expected):
    assert parse_date(value) == expected
    assert parse_date(value, "month_first") == expected


@pytest.mark.parametrize(
    "value",
    ["", None, "soon", "31/02/2026", "99/99/2026", "2026-13-01", "14/09/2026 25:00", "5", "13:45", True],
)
def test_values_that_are_no_dates(value):
    assert parse_date(value) is None


def test_both_orders_of_an_ambiguous_date():
    assert parse_date("03/04/2026") == at(2026, 4, 3)
    assert parse_date("03/04/2026", "month_first") == at(2026, 3, 4)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["03/04/2026"], "day_first"),
        (["03/04/2026", "14/09/2026"], "day_first"),
        (["03/04/2026", "09/14/2026"], "month_first"),
        (["14/09/2026", "09/14/2026"], "day_first"),
        (["2026-01-31", None, 7], "day_first"),
    ],
)
def test_the_order_is_voted_by_unambiguous_dates(values, order):
    assert vote_order(values) == order


def test_all_fields_by_their_usual_names(tmp_path):
    (tmp_path / "in.csv").write_text(
        "Review ID,Submitted At,Source,SKU,Stars,Customer ID,Comment,Colour\n"
        "T-1,14/09/2026 18:30,app,P-7,4,C-1, good ,red\n"
        ",,,,,,,\n"
    )
    reader = read_feedback(tmp_path / "in.csv")
    assert list(reader) == [
        Feedback("T-1", " good ", at(2026, 9, 14, 18, 30), "app", "P-7", 4.0, "C-1"),
        Feedback("2", ""),
    ]
    assert reader.mapping == {
        "text": "Comment", "id": "Review ID", "created_at": "Submitted At", "channel": "Source",
        "product": "SKU", "rating": "Stars", "customer_ref": "Customer ID",
    }  # fmt: skip
    assert reader.warnings == []


def test_an_explicit_mapping_wins(tmp_path):
    (tmp_path / "in.csv").write_text("text,note,id\na,b,1\n")
    assert list(read_feedback(tmp_path / "in.csv", mapping={"text": "note", "id": "text"})) == [
        Feedback("a", "b")
    ]


def test_wrong_mappings(tmp_path):
    (tmp_path / "in.csv").write_text("text,id\na,1\n")
    with pytest.raises(InputError, match="'colour' is no field of feedback"):
        read_feedback(tmp_path / "in.csv", mapping={"colour": "id"})
    with pytest.raises(MissingColumnError, match="no column 'stars'"):
        read_feedback(tmp_path / "in.csv", mapping={"rating": "stars"})


def test_a_late_date_decides_for_the_whole_file(tmp_path):
    rows = "".join(f"{number},03/04/2026,a\n" for number in range(9000))
    (tmp_path / "in.csv").write_text(f"id,date,text\n{rows}x,12/31/2026,b\n")
    feedback = list(read_feedback(tmp_path / "in.csv"))
    assert {item.created_at for item in feedback[:-1]} == {at(2026, 3, 4)}
    assert feedback[-1].created_at == at(2026, 12, 31)


def test_the_order_is_found_on_standard_input_too(monkeypatch):
    content = b"date,text\n" + b"03/04/2026,a\n" * 5000 + b"12/31/2026,b\n"
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert next(read_feedback("-")).created_at == at(2026, 3, 4)


def test_what_is_no_date_or_rating_is_counted(tmp_path):
    (tmp_path / "in.csv").write_text("date,stars,text\nsoon,9,a\n14/09/2026,5,b\nx,y,z\nragged\n")
    reader = read_feedback(tmp_path / "in.csv")
    assert [item.rating for item in reader] == [None, 5.0, None]
    assert [row.line for row in reader.rejected] == [5]
    assert reader.warnings == [
        "2 values of 'date' are no created_at and were left out.",
        "2 values of 'stars' are no rating and were left out.",
    ]


@pytest.mark.parametrize("value", [0, 6, -1, "10", "four", "nan", True, float("nan"), "1e9"])
def test_values_that_are_no_rating(value):
    assert parse_rating(value) is None
