"""CSV and TSV: cells as they stand, line numbers that are right, nothing dropped in silence."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp import InputError, UnreadableFileError, UnsupportedFormatError
from feedback_nlp.ingest import open_table
from feedback_nlp.ingest.lines import LongLineError, line_blocks, split_lines


def write(folder: Path, content: bytes | str, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, **options):
    """Return cells, their lines, rejected (line, reason), and the table."""
    table = open_table(path, **options)
    cells, lines, rejected = [], [], []
    for chunk in table.chunks():
        cells += chunk.rows()
        lines += chunk.lines()
        rejected += [(row.line, row.reason) for row in chunk.rejected]
    return cells, lines, rejected, table


def test_cells_and_line_numbers_with_quoted_line_ends(tmp_path):
    path = write(tmp_path, 'id,text\r\n1,"two\r\nlines, one cell"\r\n2,"she said ""hi"""\r\n3, spaces \r\n')
    cells, lines, rejected, table = read(path)
    assert table.columns == ("id", "text")
    assert cells == [["1", "two\r\nlines, one cell"], ["2", 'she said "hi"'], ["3", " spaces "]]
    assert lines == [2, 4, 5]
    assert rejected == []
    assert table.warnings == []


cell = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
awkward = st.text(st.sampled_from('",;\t|\r\n\x0b\x85\u2028 =aé\ufeff'), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(cell | awkward, min_size=width, max_size=width), max_size=12)
    ),
    st.sampled_from(",;\t|"),
    st.integers(1, 5),
)
def test_what_csv_writer_wrote_is_read_back(tmp_path_factory, rows, delimiter, chunk_rows):
    width = len(rows[0]) if rows else 1
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([[f"c{i}" for i in range(width)], *rows])
    path = write(tmp_path_factory.mktemp("property"), buffer.getvalue())
    cells, lines, rejected, _ = read(path, encoding="utf-8", delimiter=delimiter, chunk_rows=chunk_rows)
    assert cells == rows
    assert rejected == []
    text_lines = io.StringIO(buffer.getvalue(), newline="").readlines()
    assert lines == sorted(set(lines))
    assert all(1 < line <= len(text_lines) for line in lines)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from('ab",\n\r'), max_size=9), max_size=30), st.integers(1, 4))
def test_no_line_of_a_broken_file_is_lost(tmp_path_factory, lines, chunk_rows):
    content = "a,b\n" + "\n".join(lines)
    path = write(tmp_path_factory.mktemp("broken"), content)
    covered: list[int] = [1]
    for chunk in open_table(path, delimiter=",", chunk_rows=chunk_rows).chunks():
        for start, raw in zip(chunk.starts, chunk.raw, strict=True):
            covered += range(start, start + len(split_lines(raw)))
        for row in chunk.rejected:
            covered += range(row.line, row.line + max(1, len(split_lines(row.raw))))
    there = [number for number, line in enumerate(split_lines(content), 1) if line.strip("\r\n")]
    assert len(covered) == len(set(covered)), "no line belongs to two rows"
    assert set(there) <= set(covered), "no line belongs to none"


_BROKEN = (
    "The quoting is broken: a closing quote is followed by more text (quotes inside a cell are doubled)."
)


@pytest.mark.parametrize(
    ("odd", "cells", "rejected"),
    [
        ('700,"two\nlines"', [["700", "two\nlines"]], []),
        ("", [], []),
        ("700,a,b", [], [(702, "The row has 3 cells where the header has 2.")]),
        ("700,nul\0", [], [(702, "The row holds a NUL byte; the file is damaged here or not text.")]),
        ('700,"open', [], [(702, _BROKEN)]),
    ],
    ids=["two lines", "blank", "ragged", "NUL", "open quote"],
)
def test_an_odd_row_among_many_that_are_read_at_once(tmp_path, odd, cells, rejected):
    rows = [f'{number},"a, ""b"" {number}"' for number in range(2000)]
    path = write(tmp_path, "\n".join(["id,text", *rows[:700], odd, *rows[701:]]) + "\n")
    common = [[str(number), f'a, "b" {number}'] for number in range(2000)]
    after = 702 + len(odd.split("\n"))
    found, lines, bad, _ = read(path, chunk_rows=600)
    assert found == common[:700] + cells + common[701:]
    assert lines == [*range(2, 702), *([702] if cells else []), *range(after, after + 1299)]
    assert bad == rejected
    raw = [text for chunk in open_table(path, chunk_rows=600).chunks() for text in chunk.raw]
    assert raw == rows[:700] + ([odd] if cells else []) + rows[701:]


def test_chunks_are_the_same_however_many_rows_are_read_at_once(tmp_path, monkeypatch):
    odd = {500: '"x\ny"', 1100: '"', 1101: "a,b,c", 1700: "", 2400: "\0"}
    path = write(tmp_path, "id,text\n" + "".join(f"{n},{odd.get(n, 'plain')}\n" for n in range(3000)))

    def chunks():
        return list(open_table(path, chunk_rows=256).chunks())

    at_once = chunks()
    monkeypatch.setattr("feedback_nlp.ingest.quoting.RowReader._common_rows", lambda *_: [])
    assert at_once == chunks()


def test_rows_of_the_wrong_width_are_rejected_and_cost_nothing_else(tmp_path):
    path = write(tmp_path, "id,text\n1,a\n2\n3,b,c\n4,d\n")
    cells, lines, rejected, _ = read(path)
    assert cells == [["1", "a"], ["4", "d"]]
    assert lines == [2, 5]
    assert rejected == [
        (3, "The row has 1 cells where the header has 2."),
        (4, "The row has 3 cells where the header has 2."),
    ]


def test_a_rejected_row_shows_its_beginning(tmp_path):
    path = write(tmp_path, "id,text\n1," + "x," * 500 + "\n")
    (chunk,) = open_table(path).chunks()
    assert chunk.rejected[0].raw == ("1," + "x," * 500)[:200]


def test_broken_quoting_inside_a_cell(tmp_path):
    path = write(tmp_path, 'id,text\n1,"he said "wow" loudly"\n2,"fine"\n')
    cells, _, rejected, _ = read(path)
    assert cells == [["2", "fine"]]
    assert [line for line, _ in rejected] == [2]
    assert "quotes inside a cell are doubled" in rejected[0][1]


def test_a_quote_left_open_costs_one_row(tmp_path):
    rows = "".join(f'{number},"fine"\n' for number in range(2, 100))
    cells, lines, rejected, _ = read(write(tmp_path, f'id,text\n1,"open\n{rows}'))
    assert len(cells) == 98
    assert lines[0] == 3
    assert [line for line, _ in rejected] == [2]


def test_a_quote_left_open_to_the_end_of_the_file(tmp_path):
    rows = "".join(f"{number},fine\n" for number in range(2, 100))
    cells, _, rejected, _ = read(write(tmp_path, f'id,text\n1,"open\n{rows}'))
    assert len(cells) == 98
    assert rejected == [(2, "A quote is opened here and never closed.")]


def test_rows_that_an_open_quote_swallowed_are_read_again(tmp_path):
    path = write(tmp_path, 'id,text,n\n1,x,"open\n2,a,2\n3,19",3\n4,c,4\n')
    cells, lines, rejected, _ = read(path)
    assert cells == [["2", "a", "2"], ["3", '19"', "3"], ["4", "c", "4"]]
    assert lines == [3, 4, 5]
    assert rejected == [(2, "A quote is opened here and never closed.")]


def test_an_open_quote_that_finds_a_partner_is_told_of(tmp_path):
    path = write(tmp_path, 'id,text,n\n1,"open,1\n2,a,2\n3,b,3\n4,c,4\n5,d",5\n')
    cells, _, _, table = read(path)
    assert len(cells) == 1
    assert table.warnings == ["The row on line 2 goes on for 5 lines: is a quote left open there?"]


def test_nul_bytes_reject_the_row(tmp_path):
    cells, _, rejected, _ = read(write(tmp_path, "id,text\n1,a\0b\n2,c\n"))
    assert cells == [["2", "c"]]
    assert rejected == [(2, "The row holds a NUL byte; the file is damaged here or not text.")]


def test_blank_lines_are_left_out_and_counted(tmp_path):
    cells, lines, _, table = read(write(tmp_path, "\nid,text\n\n1,a\n\n\n2,b\n"))
    assert cells == [["1", "a"], ["2", "b"]]
    assert lines == [4, 7]
    assert table.warnings == ["3 blank lines were left out."]


def test_many_blank_lines_do_not_end_the_file(tmp_path):
    cells, *_ = read(write(tmp_path, "id,text\n" + "\n" * 50 + "1,a\n"), chunk_rows=3)
    assert cells == [["1", "a"]]


def test_in_a_single_column_a_blank_line_is_an_empty_cell(tmp_path):
    cells, *_ = read(write(tmp_path, "text\ngood\n\nbad\n"))
    assert cells == [["good"], [""], ["bad"]]


@pytest.mark.parametrize("size", [131_073, 1_048_576, 3_000_000])
def test_long_cells_pass_whole(tmp_path, size):
    text = ("long, " * size)[:size]
    cells, *_ = read(write(tmp_path, f'id,text\n1,"{text}"\n2,b\n'))
    assert cells == [["1", text], ["2", "b"]]


def test_a_row_beyond_the_limit_is_rejected_and_bounded(tmp_path):
    path = write(tmp_path, "id,text\n1," + "x" * 10_000_000 + "\n2,ok\n")
    cells, lines, rejected, _ = read(path)
    assert cells == [["2", "ok"]]
    assert lines == [3]
    assert rejected[0][0] == 2
    assert "longer than 8,388,608 characters" in rejected[0][1]


def test_an_open_quote_over_more_than_the_limit(tmp_path):
    line = "x" * 99_999 + "\n"
    path = write(tmp_path, 'id,text\n1,"open\n' + line * 100 + "2,ok\n")
    cells, lines, rejected, _ = read(path)
    assert cells == [["2", "ok"]]
    assert lines == [103]
    assert [row for row, _ in rejected] == list(range(2, 103))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_guessed(tmp_path, delimiter):
    rows = [["id", "text", "stars"], ["1", "slow, but; good", "3"], ["2", "fine, | thanks", "4"]]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    cells, _, _, table = read(write(tmp_path, buffer.getvalue()))
    assert table.delimiter == delimiter
    assert cells == rows[1:]


def test_a_separator_line_names_the_delimiter(tmp_path):
    cells, lines, _, table = read(write(tmp_path, "sep=;\nid;text\n1;a,b\n"))
    assert table.columns == ("id", "text")
    assert (cells, lines) == ([["1", "a,b"]], [3])


def test_a_tsv_may_hold_any_number_of_commas(tmp_path):
    cells, _, _, table = read(write(tmp_path, "id,x\ttext\n1\ta,b,c\n", "in.tsv"))
    assert table.columns == ("id,x", "text")
    assert cells == [["1", "a,b,c"]]


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n"])
def test_an_impossible_delimiter(tmp_path, delimiter):
    with pytest.raises(InputError, match="cannot separate cells"):
        open_table(write(tmp_path, "a,b\n"), delimiter=delimiter)


def test_duplicate_header_names_are_kept_and_told_of(tmp_path):
    _, _, _, table = read(write(tmp_path, "id,text,id\n1,a,2\n"))
    assert table.columns == ("id", "text", "id")
    assert table.warnings == ["Column names that occur more than once: 'id'."]


@pytest.mark.parametrize("content", [b"", b"   \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file(tmp_path, content):
    with pytest.raises(UnreadableFileError, match=r"is empty|has no header"):
        open_table(write(tmp_path, content))


def test_a_header_without_names(tmp_path):
    with pytest.raises(UnreadableFileError, match="has no header"):
        open_table(write(tmp_path, ",,\n1,2,3\n"))


def test_a_header_with_broken_quoting(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"header on line 1 cannot be read: A quote is opened"):
        open_table(write(tmp_path, 'id,"text\n1,a\n'), delimiter=",")


def test_a_header_only_file_has_no_rows(tmp_path):
    assert read(write(tmp_path, "id,text"))[0] == []


def test_a_hundred_thousand_columns(tmp_path):
    header = ",".join(f"c{number}" for number in range(100_000))
    with pytest.raises(UnreadableFileError, match="100,000 columns; at most 16,384"):
        open_table(write(tmp_path, header + "\n"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", b"PK\x03\x04...", r"should hold CSV but holds XLSX"),
        ("in.csv", b"PAR1....", r"should hold CSV but holds Parquet"),
        ("in.csv", b"\x1f\x8b....", r"should hold CSV but holds gzip"),
        ("in.jsonl", b"%PDF-1.7", r"should hold JSONL but holds PDF"),
        ("in.parquet", b"id,text\n", r"should hold Parquet but holds something else"),
        ("in.xlsx", b"id,text\n", r"should hold XLSX"),
    ],
)
def test_content_that_is_not_what_the_name_says(tmp_path, name, content, message):
    with pytest.raises(UnreadableFileError, match=message):
        open_table(write(tmp_path, content, name))


def test_an_ending_without_a_reader(tmp_path):
    with pytest.raises(UnsupportedFormatError, match=r"no reader for the ending '.docx'") as caught:
        open_table(write(tmp_path, "x", "in.docx"))
    assert ".parquet" in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(UnreadableFileError, match="No such file"):
        open_table(tmp_path / "none.csv")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        (tmp_path / "folder.csv").mkdir()
        open_table(tmp_path / "folder.csv")


@pytest.mark.parametrize("size", range(1, 12))
def test_lines_are_the_same_however_the_text_is_cut(size):
    text = "a\r\nbb\rc\x0bc\n\n\u2028d\r\r\nend"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    blocks = list(line_blocks(pieces))
    assert [line for block in blocks for line in block] == split_lines(text)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_long_line_is_replaced_by_an_error(size):
    text = "ab\n" + "x" * 50 + "\ncd\n"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    found = [
        "long" if isinstance(line, LongLineError) else line
        for block in line_blocks(pieces, limit=20)
        for line in ([block] if isinstance(block, LongLineError) else block)
    ]
    assert found == ["ab\n", "long", "cd\n"]
