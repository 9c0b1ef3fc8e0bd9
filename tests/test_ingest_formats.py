"""Encodings, compression, JSON Lines, Parquet, Excel and standard input."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from datetime import datetime
from types import SimpleNamespace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feedback_nlp import InputError, MissingColumnError, UnreadableFileError
from feedback_nlp.ingest import find_text_column, open_table
from feedback_nlp.ingest.encoding import guess_encoding

CSV = "id,text\n1,schön – prima\n2,naïve café\n"
ROWS = [["1", "schön – prima"], ["2", "naïve café"]]


def read(path, **options):
    table = open_table(path, **options)
    rows = [row for chunk in table.chunks() for row in chunk.rows()]
    return rows, table


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_western_encodings_are_recognised(tmp_path, encoding):
    (tmp_path / "in.csv").write_bytes(CSV.encode(encoding))
    rows, table = read(tmp_path / "in.csv")
    assert table.columns == ("id", "text")
    assert rows == ROWS
    guessed = encoding in ("utf-16-le", "utf-16-be", "cp1252")
    assert len(table.warnings) == guessed


def test_a_warning_names_the_encoding(tmp_path):
    (tmp_path / "in.csv").write_bytes(CSV.encode("cp1252"))
    assert read(tmp_path / "in.csv")[1].warnings == [
        "The file is not UTF-8 and was read as Windows-1252; name its encoding if letters look wrong."
    ]


@pytest.mark.parametrize("encoding", ["shift_jis", "iso-8859-2", "koi8-r"])
def test_other_encodings_are_read_when_named(tmp_path, encoding):
    text = {"shift_jis": "とても良い", "iso-8859-2": "zażółć", "koi8-r": "хорошо"}[encoding]
    (tmp_path / "in.csv").write_bytes(f"id,text\n1,{text}\n".encode(encoding))
    rows, table = read(tmp_path / "in.csv", encoding=encoding)
    assert rows == [["1", text]]
    assert table.warnings == []


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13"])
def test_an_unknown_encoding(tmp_path, encoding):
    (tmp_path / "in.csv").write_text("id,text\n")
    with pytest.raises(InputError, match=f"no text encoding called '{encoding}'"):
        open_table(tmp_path / "in.csv", encoding=encoding)


def test_stray_bytes_cost_nothing_but_a_warning(tmp_path):
    (tmp_path / "in.csv").write_bytes("id,text\n1,schön\n2,für\n3,".encode() + b"caf\xe9 \x81\n")
    rows, table = read(tmp_path / "in.csv")
    assert rows == [["1", "schön"], ["2", "für"], ["3", "café \x81"]]
    assert table.warnings == ["Some bytes are not UTF-8 and were read as Windows-1252, first on line 4."]


def test_stray_bytes_far_behind_the_beginning(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"id,text\n" + b"1,plain\n" * 200_000 + b"2,caf\xe9\n")
    rows, table = read(tmp_path / "in.csv")
    assert rows[-1] == ["2", "café"]
    assert table.warnings == ["Some bytes are not UTF-8 and were read as Windows-1252, first on line 200002."]


def test_characters_cut_by_block_borders_stay_whole(tmp_path):
    text = "ä€😀" * 300_000
    (tmp_path / "in.csv").write_text(f"id,text\n1,{text}\n", encoding="utf-8")
    assert read(tmp_path / "in.csv")[0] == [["1", text]]


def test_a_file_that_ends_inside_a_character(tmp_path):
    (tmp_path / "in.csv").write_bytes("id,text\n1,für".encode() + b"\xe2\x82")
    rows, table = read(tmp_path / "in.csv")
    assert rows == [["1", "fürâ‚"]]
    assert table.warnings == ["The file ends in the middle of a character."]


def test_bytes_that_a_named_encoding_lacks(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"id,text\n1,a\xffb\n")
    rows, table = read(tmp_path / "in.csv", encoding="ascii")
    assert rows == [["1", "a\ufffdb"]]
    assert table.warnings == ["Some bytes are not ascii and became \ufffd, first on line 2."]


def test_guessing_looks_at_whole_characters():
    assert guess_encoding(("ä" * 10).encode()[:-1]).codec == "utf-8"


COMPRESSORS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
COMPRESSORS["zst"] = lambda content: pa.Codec("zstd").compress(content, asbytes=True)


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_compressed_files(tmp_path, ending):
    path = tmp_path / f"in.csv.{ending}"
    compress = COMPRESSORS[ending]
    path.write_bytes(compress(CSV.encode()) + compress(b"3,more\n"))
    assert read(path)[0] == [*ROWS, ["3", "more"]]


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_compressed_files_that_are_cut_or_damaged(tmp_path, ending):
    rows = "".join(f"{number * 7919 % 10007},{number}\n" for number in range(60_000))
    content = COMPRESSORS[ending](f"id,text\n{rows}".encode())
    path = tmp_path / f"in.csv.{ending}"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableFileError, match="is damaged or cut off"):
        read(path)


def test_json_lines_keep_types_and_text(tmp_path):
    lines = ['{"id": 1, "text": "good", "tags": ["a"], "price": 1.10}', '{"text": null, "extra": true}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n\n")
    table = open_table(tmp_path / "in.jsonl")
    (chunk,) = table.chunks()
    assert table.columns == ("id", "text", "tags", "price", "extra")
    assert chunk.rows() == [[1, "good", ["a"], 1.1, None], [None, None, None, None, True]]
    assert chunk.raw == lines
    assert chunk.lines() == [1, 2]


def test_json_lines_that_cannot_be_read(tmp_path):
    bad = [
        '{"text": "ok"}',
        '{"text": "cut',
        "[1, 2]",
        "7",
        '{"n": NaN}',
        "[" * 100_000,
        '{"text": "ok too"}',
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(bad))
    (chunk,) = open_table(tmp_path / "in.jsonl").chunks()
    assert chunk.rows() == [["ok"], ["ok too"]]
    assert [(row.line, row.reason) for row in chunk.rejected] == [
        (2, "The line is not valid JSON: Unterminated string starting at, at character 10."),
        (3, "The line holds array, not an object."),
        (4, "The line holds whole number, not an object."),
        (5, "The line is not valid JSON: NaN is not JSON."),
        (6, "The line is not valid JSON: nested too deeply."),
    ]


def test_half_a_surrogate_pair_becomes_the_replacement_character(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "cut \\ud83d"}\n{"text": "whole \\ud83d\\ude00"}\n')
    assert read(tmp_path / "in.jsonl")[0] == [["cut \ufffd"], ["whole 😀"]]


@pytest.mark.parametrize(
    ("content", "message"), [('[{"text": "a"}]', "is one JSON array"), ("text\nhello\n", "no JSON object")]
)
def test_files_that_are_not_json_lines(tmp_path, content, message):
    (tmp_path / "in.jsonl").write_text(content)
    with pytest.raises(UnreadableFileError, match=message):
        open_table(tmp_path / "in.jsonl")


def test_a_first_json_row_longer_than_a_block(tmp_path):
    text = "x" * 2_000_000
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": text}) + "\n")
    assert read(tmp_path / "in.jsonl")[0] == [[text]]


def test_scanning_finds_late_keys_and_all_types(tmp_path):
    rows = [{"id": number} for number in range(50_000)] + [{"id": 2**70, "text": "late"}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row) + " " * 20 for row in rows))
    table = open_table(tmp_path / "in.jsonl")
    assert table.columns == ("id",)
    table.scan()
    assert table.columns == ("id", "text")
    assert table.kinds == {"id": {"whole number", "huge number"}, "text": {"string"}}


def test_parquet_keeps_its_types(tmp_path):
    written = pa.table({"text": ["a", None, "c"], "n": [1, 2, 3]})
    pq.write_table(written, tmp_path / "in.parquet", row_group_size=2)
    table = open_table(tmp_path / "in.parquet", chunk_rows=2)
    chunks = list(table.chunks())
    assert pa.Table.from_batches([chunk.batch for chunk in chunks]) == written
    assert [number for chunk in chunks for number in chunk.lines()] == [1, 2, 3]
    assert chunks[-1].fraction == 1.0


def test_parquet_that_is_cut(tmp_path):
    pq.write_table(pa.table({"text": ["a"] * 1000}), tmp_path / "whole.parquet")
    (tmp_path / "in.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-9])
    with pytest.raises(UnreadableFileError, match=r"is damaged or cut off \(Parquet"):
        open_table(tmp_path / "in.parquet")


def test_parquet_with_a_damaged_middle(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"text": [str(number) for number in range(5000)]}), path, use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[4:2000] = b"\xff" * 1996
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="is damaged or cut off"):
        read(path)


def test_excel_rows_keep_their_numbers_and_types(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in ([], ["id", "text", "at"], [1, "=good", datetime(2026, 9, 14, 8)], [], [2.5, None, None]):
        sheet.append(row)
    book["Sheet"]["B3"].data_type = "s"
    book.create_sheet("more")
    book.save(tmp_path / "in.xlsx")
    table = open_table(tmp_path / "in.xlsx")
    (chunk,) = table.chunks()
    assert table.columns == ("id", "text", "at")
    assert chunk.rows() == [[1, "=good", datetime(2026, 9, 14, 8)], [2.5, None, None]]
    assert chunk.lines() == [3, 5]
    assert table.warnings == ["Only the first sheet, 'Sheet', was read.", "1 blank rows were left out."]


def test_excel_that_is_cut(tmp_path):
    openpyxl.Workbook().save(tmp_path / "whole.xlsx")
    (tmp_path / "in.xlsx").write_bytes((tmp_path / "whole.xlsx").read_bytes()[:2000])
    with pytest.raises(UnreadableFileError, match="cannot be read as an Excel workbook"):
        open_table(tmp_path / "in.xlsx")


def test_an_empty_sheet(tmp_path):
    openpyxl.Workbook().save(tmp_path / "in.xlsx")
    with pytest.raises(UnreadableFileError, match="is empty"):
        open_table(tmp_path / "in.xlsx")


def feed(monkeypatch, content):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))


def test_standard_input_is_looked_at(monkeypatch):
    feed(monkeypatch, CSV.encode())
    assert read("-")[0] == ROWS
    feed(monkeypatch, b'{"text": "a"}\n')
    assert read("-")[0] == [["a"]]
    feed(monkeypatch, b"{text},id\nx,1\n")
    assert read("-", file_format="csv")[1].columns == ("{text}", "id")


def test_standard_input_beyond_the_first_block(monkeypatch):
    feed(monkeypatch, b"id,text\n" + b"1,abcdefg\n" * 300_000)
    assert len(read("-")[0]) == 300_000


def test_parquet_and_scanning_work_on_standard_input(monkeypatch):
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a"]}), sink)
    feed(monkeypatch, sink.getvalue())
    assert read("-")[0] == [["a"]]
    feed(monkeypatch, b'{"text": "a"}\n' * 200_000 + b'{"id": 1}\n')
    table = open_table("-")
    table.scan()
    assert table.columns == ("text", "id")
    assert sum(len(chunk) for chunk in table.chunks()) == 200_001


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        (["id", "text", "comment"], 1),
        (["Review Text", "review"], 0),
        (["BODY", "subject"], 0),
        (["date", "customer_feedback"], 1),
        (["a", "Text"], 1),
    ],
)
def test_the_text_column_is_found(columns, place):
    assert find_text_column(columns) == place


def test_a_missing_column_says_which_there_are():
    with pytest.raises(MissingColumnError) as caught:
        find_text_column(["id", "commment", "n"], "comment")
    assert str(caught.value) == (
        "There is no column 'comment'; the columns are 'id', 'commment', 'n'. Did you mean 'commment'?"
    )
    with pytest.raises(MissingColumnError, match=r"the columns are 'id', 'n'. Name it with --text-column"):
        find_text_column(["id", "n"])
    with pytest.raises(MissingColumnError, match=r"and 70 more\."):
        find_text_column([f"c{number}" for number in range(100)])


def test_a_named_column_may_differ_in_case_but_not_be_ambiguous():
    assert find_text_column(["id", " Comment"], "comment") == 1
    with pytest.raises(MissingColumnError, match=r"fits several columns \(1, 3\)"):
        find_text_column(["text", "id", "text"], "text")
