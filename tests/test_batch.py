"""Scored files: one row out a row in, same order, input columns unchanged, every format to every format."""

from __future__ import annotations

import csv
import io
import json
import sys
from types import SimpleNamespace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.batch import score_file
from feedback_nlp.records import SCORED_COLUMNS
from tests.tiny_analyzer import TinyAnalyzer

MODEL = "tiny@1.0+0123456789ab"
CSV = 'id,text,rating\n1,bad,5\n2,"so ""good"",\nreally",5\n3,,\n'
SCORES = [
    ["ok", "en", "negative", "-0.5000", "0.6000", "0.3000", "0.1000", "0.6000", "true",
     "rating_text_mismatch", "complaint", "", MODEL],
    ["ok", "en", "positive", "0.5000", "0.1000", "0.3000", "0.6000", "0.6000", "false", "", "praise", "", MODEL],
    ["empty", "und", "", "", "", "", "", "", "", "", "", "", MODEL],
]  # fmt: skip
CELLS = [["1", "bad", "5"], ["2", 'so "good",\nreally', "5"], ["3", "", ""]]


@pytest.fixture
def tiny():
    return TinyAnalyzer()


def read_csv(path, delimiter=","):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=delimiter, strict=True))


def test_a_csv_file_is_scored_to_the_letter(tmp_path, tiny):
    (tmp_path / "in.csv").write_text(CSV)
    summary = score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    rows = read_csv(tmp_path / "out.csv")
    assert rows[0] == ["id", "text", "rating", *SCORED_COLUMNS]
    assert rows[1:] == [cells + scores for cells, scores in zip(CELLS, SCORES, strict=True)]
    assert (summary.rows_read, summary.rows_written, summary.rows_rejected) == (3, 3, 0)
    assert summary.by_status == {"empty": 1, "ok": 2}
    assert summary.by_sentiment == {"negative": 1, "positive": 1}
    assert summary.model == MODEL
    assert summary.rejected_path is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_rows_go_out_as_they_stand_in_the_file(tmp_path, tiny):
    (tmp_path / "in.csv").write_bytes(b'id,text\r\n"1","good"\r\n2, spaced \r\n3,"a\r\nb"\r\n')
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    lines = (tmp_path / "out.csv").read_bytes().decode().split(",ok,")
    assert [line.rpartition("\n")[2] for line in lines[:2]] == ['"1","good"', "2, spaced "]
    assert lines[2].endswith('3,"a\r\nb"')


@pytest.mark.parametrize(
    "target", ["out.csv", "out.tsv", "out.csv.gz", "out.csv.zst", "out.csv.bz2", "out.csv.xz"]
)
def test_existing_fb_columns_are_replaced_and_others_kept(tmp_path, tiny, target):
    (tmp_path / "in.csv").write_text("fb_status,text,fb_page_id,fb_model\nold,bad,7,old\n")
    score_file(tmp_path / "in.csv", tmp_path / target, analyzer=tiny, chunk_rows=1)
    score_file(tmp_path / target, tmp_path / "again.csv", analyzer=tiny)
    assert read_csv(tmp_path / "again.csv") == [
        ["text", "fb_page_id", *SCORED_COLUMNS],
        ["bad", "7", *SCORES[0][:9], "", *SCORES[0][10:]],
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_the_input_is_kept(tmp_path, tiny, delimiter):
    (tmp_path / "in.csv").write_text(
        delimiter.join(["id", "text"]) + "\n" + delimiter.join(["1", "bad"]) + "\n"
    )
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    assert read_csv(tmp_path / "out.csv", delimiter)[1] == ["1", "bad", *SCORES[0][:9], "", *SCORES[0][10:]]


def test_json_lines_keep_their_text_and_gain_typed_values(tmp_path, tiny):
    lines = ['{ "price":1.10,"text":"bad" }', '{"text": "", "fb_status": "old", "fb_page_id": 7}', "{}"]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    score_file(tmp_path / "in.jsonl", tmp_path / "out.jsonl", analyzer=tiny)
    out = (tmp_path / "out.jsonl").read_text().splitlines()
    assert out[0].startswith('{ "price":1.10,"text":"bad", "fb_status": "ok", "fb_language": "en", ')
    first, second, third = map(json.loads, out)
    assert [first[name] for name in SCORED_COLUMNS] == [
        "ok", "en", "negative", -0.5, 0.6, 0.3, 0.1, 0.6, True, "", "complaint", "", MODEL
    ]  # fmt: skip
    nothing = dict.fromkeys(SCORED_COLUMNS) | {"fb_status": "empty", "fb_language": "und", "fb_model": MODEL}
    assert second == {"text": "", "fb_page_id": 7} | nothing
    assert third == nothing


def test_parquet_keeps_its_types_and_gains_typed_columns(tmp_path, tiny):
    table = pa.table({"text": ["bad", None], "n": pa.array([1, 2], pa.int8()), "fb_kind": ["old", "old"]})
    pq.write_table(table, tmp_path / "in.parquet")
    score_file(tmp_path / "in.parquet", tmp_path / "out.parquet", analyzer=tiny, chunk_rows=1)
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.schema.field("n").type == pa.int8()
    assert out.schema.field("fb_p_negative").type == pa.float64()
    assert out.schema.field("fb_uncertain").type == pa.bool_()
    assert out.column_names == ["text", "n", *SCORED_COLUMNS]
    assert out.select(["text", "n", "fb_status", "fb_p_negative", "fb_flags"]).to_pylist() == [
        {"text": "bad", "n": 1, "fb_status": "ok", "fb_p_negative": 0.6, "fb_flags": ""},
        {"text": None, "n": 2, "fb_status": "empty", "fb_p_negative": None, "fb_flags": None},
    ]


def test_json_lines_to_a_table_find_their_columns_first(tmp_path, tiny):
    rows = [{"text": "bad", "n": 1}, {"text": "good", "n": None, "x": [1, "é"]}, {"text": "good", "mixed": 1.5},
            {"mixed": "a", "yes": True}]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    score_file(tmp_path / "in.jsonl", tmp_path / "out.csv", analyzer=tiny, chunk_rows=2)
    assert [row[:5] for row in read_csv(tmp_path / "out.csv")] == [
        ["text", "n", "x", "mixed", "yes"],
        ["bad", "1", "", "", ""],
        ["good", "", '[1, "é"]', "", ""],
        ["good", "", "", "1.5", ""],
        ["", "", "", "a", "true"],
    ]
    score_file(tmp_path / "in.jsonl", tmp_path / "out.parquet", analyzer=tiny, chunk_rows=2)
    out = pq.read_table(tmp_path / "out.parquet")
    assert [str(out.schema.field(name).type) for name in ("n", "x", "mixed", "yes")] == [
        "int64",
        "string",
        "string",
        "bool",
    ]
    assert out.column("mixed").to_pylist() == [None, None, "1.5", "a"]


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
def test_excel_to_every_format(tmp_path, tiny, target):
    book = openpyxl.Workbook()
    for row in (["id", "text", "rating"], [1, "bad", 5.0], [2.5, None, True]):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    assert score_file(tmp_path / "in.xlsx", tmp_path / target, analyzer=tiny).rows_written == 2
    score_file(tmp_path / target, tmp_path / "flat.csv", analyzer=tiny)
    assert [row[:5] for row in read_csv(tmp_path / "flat.csv")] == [
        ["id", "text", "rating", "fb_status", "fb_language"],
        ["1", "bad", "5", "ok", "en"],
        ["2.5", "", "true", "empty", "und"],
    ]


def test_names_that_a_format_needs_once(tmp_path, tiny):
    (tmp_path / "in.csv").write_text('id,,id,text,"100 %s ""é"""\n1,x,2,bad,"a\t\\""b"""\n')
    score_file(tmp_path / "in.csv", tmp_path / "out.jsonl", analyzer=tiny)
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert list(row.items())[:5] == [
        ("id", "1"), ("column_2", "x"), ("id.2", "2"), ("text", "bad"), ('100 %s "é"', 'a\t\\"b"')
    ]  # fmt: skip


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
def test_a_file_without_rows(tmp_path, tiny, target):
    (tmp_path / "in.csv").write_text("id,text\n")
    assert score_file(tmp_path / "in.csv", tmp_path / target, analyzer=tiny).rows_read == 0
    if target == "out.csv":
        assert read_csv(tmp_path / target) == [["id", "text", *SCORED_COLUMNS]]
    if target == "out.parquet":
        assert pq.read_table(tmp_path / target).column_names == ["id", "text", *SCORED_COLUMNS]


def test_rejected_rows_are_written_with_line_and_reason(tmp_path, tiny):
    (tmp_path / "in.csv").write_text("id,text\n1,bad\n2\n3,good\n4,a,b\n")
    summary = score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    assert (summary.rows_read, summary.rows_written, summary.rows_rejected) == (4, 2, 2)
    assert summary.rejected_path == str(tmp_path / "out.csv.rejected.jsonl")
    rows = list(map(json.loads, (tmp_path / "out.csv.rejected.jsonl").read_text().splitlines()))
    assert rows == [
        {"line": 3, "reason": "The row has 1 cells where the header has 2.", "raw": "2"},
        {"line": 5, "reason": "The row has 3 cells where the header has 2.", "raw": "4,a,b"},
    ]
    (tmp_path / "in.csv").write_text("id,text\n1,bad\n")
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    assert not (tmp_path / "out.csv.rejected.jsonl").exists(), "it would speak of the earlier run"


def test_rejected_rows_to_a_named_file(tmp_path, tiny):
    (tmp_path / "in.csv").write_text("id,text\n1\n")
    summary = score_file(
        tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny, rejected=tmp_path / "bad.jsonl"
    )
    assert summary.rejected_path == str(tmp_path / "bad.jsonl")
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 2


def test_what_the_analyzer_is_given(tmp_path, tiny):
    (tmp_path / "in.csv").write_text("Comment,stars,lang,language\ngood,2/5,EN,xx\nbad,9,,yy\n")
    summary = score_file(
        tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny, language_column="lang", precision=0.9
    )
    assert tiny.seen == [("good", 2.0, "en", 0.9), ("bad", None, None, 0.9)]
    assert summary.warnings == ("The text was taken from the column 'Comment'.",)


def test_a_language_column_is_not_used_unless_named(tmp_path, tiny):
    (tmp_path / "in.csv").write_text("text,language\ngood,xx\n")
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    assert tiny.seen == [("good", None, None, None)]


def test_a_text_on_which_the_analyzer_fails_costs_only_itself(tmp_path, tiny):
    (tmp_path / "in.csv").write_text("id,text\n1,bad\n2,explode\n3,good\n")
    summary = score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    assert summary.by_status == {"error": 1, "ok": 2}
    assert read_csv(tmp_path / "out.csv")[2] == ["2", "explode", "error", "und", *[""] * 10, MODEL]


def test_spreadsheet_safe_cells(tmp_path, tiny):
    cells = ["=1+1", "+49 30", "-5", "-a", "@me", "\tx", "\rx", "fine", "-1,5", "+2e3", "'=x"]
    with (tmp_path / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["=id", "text"], *([cell, cell] for cell in cells)])
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny, spreadsheet_safe=True)
    rows = read_csv(tmp_path / "out.csv")
    assert rows[0][:2] == ["'=id", "text"]
    assert [row[1] for row in rows[1:]] == [
        "'=1+1", "'+49 30", "-5", "'-a", "'@me", "'\tx", "'\rx", "fine", "-1,5", "+2e3", "'=x"
    ]  # fmt: skip
    assert [text for text, *_ in tiny.seen] == cells, "what is scored is the text as it came"
    assert rows[1][5] == "0.5000" and rows[4][5] == "0.5000"


def test_standard_input_to_standard_output(monkeypatch, capsysbinary, tiny):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(CSV.encode() + b"4\n")))
    summary = score_file("-", "-", analyzer=tiny)
    sys.stdout.flush()
    rows = list(csv.reader(io.StringIO(capsysbinary.readouterr().out.decode(), newline="")))
    assert rows[1:] == [cells + scores for cells, scores in zip(CELLS, SCORES, strict=True)]
    assert summary.warnings == ("Rejected: line 6: The row has 1 cells where the header has 3.",)
    assert summary.rejected_path is None


def test_standard_output_speaks_json_lines_for_json_lines(tmp_path, capsysbinary, tiny):
    (tmp_path / "in.jsonl").write_text('{"text": "bad"}\n[]\n')
    summary = score_file(tmp_path / "in.jsonl", "-", analyzer=tiny, rejected=tmp_path / "bad.jsonl")
    assert json.loads(capsysbinary.readouterr().out)["fb_sentiment"] == "negative"
    assert summary.rejected_path == str(tmp_path / "bad.jsonl")


def test_the_target_may_be_the_source(tmp_path, tiny):
    (tmp_path / "in.csv").write_text(CSV)
    (tmp_path / "in.csv").chmod(0o640)
    score_file(tmp_path / "in.csv", tmp_path / "in.csv", analyzer=tiny, chunk_rows=1)
    first = (tmp_path / "in.csv").read_bytes()
    score_file(tmp_path / "in.csv", tmp_path / "in.csv", analyzer=tiny, chunk_rows=2)
    assert (tmp_path / "in.csv").read_bytes() == first
    assert (tmp_path / "in.csv").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path, tiny):
    (tmp_path / "in.csv").write_text(CSV)
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "out.csv").symlink_to(tmp_path / "real.csv")
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    assert (tmp_path / "out.csv").is_symlink()
    assert len(read_csv(tmp_path / "real.csv")) == 4


def test_progress_is_told_after_each_chunk(tmp_path, tiny):
    (tmp_path / "in.csv").write_text("id,text\n1,a\n2\n3,b\n4,c\n5,d\n")
    told = []
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny, chunk_rows=2, progress=told.append)
    assert [(p.rows_read, p.rows_written, p.rows_rejected, p.fraction) for p in told] == [
        (2, 1, 1, 1.0), (4, 3, 1, 1.0), (5, 4, 1, 1.0)
    ]  # fmt: skip


def test_any_number_of_workers_writes_the_same_bytes(tmp_path):
    with (tmp_path / "in.csv").open("w", newline="") as file:
        rows = ([str(n), ["bad", "good", "", "explode", 'a "b"\nc'][n % 5], n % 6] for n in range(1003))
        csv.writer(file).writerows([["id", "text", "rating"], *rows, ["ragged"]])
    for workers, name in ((1, "one.csv"), (2, "two.csv")):
        summary = score_file(
            tmp_path / "in.csv", tmp_path / name, analyzer=TinyAnalyzer(), workers=workers, chunk_rows=10
        )
        assert (summary.rows_written, summary.rows_rejected) == (1003, 1)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


cell = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=10)
awkward = st.text(st.sampled_from('",;\r\n=é '), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cell | awkward, cell | awkward), max_size=8), st.integers(1, 3), st.booleans())
def test_every_cell_survives_scoring(tmp_path_factory, rows, chunk_rows, again):
    folder = tmp_path_factory.mktemp("cells")
    with (folder / "in.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "text"], *rows])
    options = {"analyzer": TinyAnalyzer(), "encoding": "utf-8", "chunk_rows": chunk_rows, "delimiter": ","}
    summary = score_file(folder / "in.csv", folder / "out.csv", **options)
    if again:  # replaces columns, so rows are written anew instead of as they stand
        score_file(folder / "out.csv", folder / "out.csv", **options)
    assert [tuple(row[:2]) for row in read_csv(folder / "out.csv")[1:]] == rows
    assert summary.rows_read == len(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from('ab",\n\r\0'), max_size=9), max_size=20), st.integers(1, 4))
def test_rows_in_are_rows_out_and_rejected(tmp_path_factory, lines, chunk_rows):
    folder = tmp_path_factory.mktemp("counts")
    (folder / "in.csv").write_bytes(("text,b\n" + "\n".join(lines)).encode())
    summary = score_file(
        folder / "in.csv", folder / "out.csv", analyzer=TinyAnalyzer(), chunk_rows=chunk_rows
    )
    rejects = folder / "out.csv.rejected.jsonl"
    rejected = rejects.read_text().splitlines() if rejects.exists() else []
    assert summary.rows_written == len(read_csv(folder / "out.csv")) - 1
    assert summary.rows_rejected == len(rejected)
    assert summary.rows_read == summary.rows_written + summary.rows_rejected
