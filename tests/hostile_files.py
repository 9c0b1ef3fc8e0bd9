"""Files that nobody exports by mistake: broken, nested, huge when unpacked, named to climb; by chance from a seed."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile import NAUGHTY, VALUES

__all__ = ["hostile_files"]

NAMES = (
    "export.{}", "../../etc/passwd.{}", "..\\..\\x.{}", "a\x00b.{}", "CON.{}", ".{}", "a" * 300 + ".{}", "x.{}.exe",
    "{}", "x.{}.gz", "=cmd|'x'!A0.{}", "<script>.{}", "\u202egpj.{}", "",
)  # fmt: skip
#: Bytes that a bomb unpacks to.
BOMB = 300_000_000
BLOCK = b" " * 100_000


def hostile_files(count: int, *, seed: int = 7, bomb: int = BOMB) -> Iterator[tuple[str, bytes]]:
    """Yield a name and the content of each file; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    makers: tuple[tuple[str, Callable[[random.Random, int], bytes]], ...] = (
        ("csv", _csv), ("csv", _csv_of_one_trouble), ("jsonl", _jsonl), ("xlsx", _workbook), ("xlsx", _zip),
        ("parquet", _parquet), ("csv", _noise), ("parquet", _noise), ("xlsx", _noise), ("jsonl", _noise),
    )  # fmt: skip
    for number in range(count):
        ending, make = makers[number % len(makers)]
        content = make(chance, bomb)
        if chance.random() < 0.25:
            content = _spoiled(chance, content)
        name = NAMES[0] if chance.random() < 0.7 else chance.choice(NAMES)
        yield name.format(ending), content


def _spoiled(chance: random.Random, content: bytes) -> bytes:
    at = chance.randint(0, len(content))
    if chance.random() < 0.5:
        return content[:at]
    return content[:at] + chance.randbytes(chance.randint(1, 50)) + content[at + 1 :]


def _texts(chance: random.Random, count: int = 6) -> list[str]:
    return [chance.choice(NAUGHTY)[:20_000] for _ in range(count)]


def _csv(chance: random.Random, bomb: int) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=chance.choice(",;\t|"))
    writer.writerow(
        chance.choice((["id", "text"], ["text", "text"], ["", ""], ["TEXT\x00", "id"], ["rating", "text"]))
    )
    writer.writerows([text, chance.choice(_texts(chance))] for text in _texts(chance))
    encoding = chance.choice(("utf-8", "utf-16", "utf-16-le", "utf-8-sig", "utf-32"))
    return file.getvalue().encode(encoding, "surrogatepass")


def _csv_of_one_trouble(chance: random.Random, bomb: int) -> bytes:
    return chance.choice(
        (
            b"",
            b"\n" * 5000,
            b"id,text",
            b"text\n" + b'"' * 9999,
            b'text\n"never closed\n' * 500,
            b"text\n" + b"a" * 3_000_000,
            b"text" + b",c" * 20_000 + b"\nx" + b"," * 20_000,
            b"id,text\r1,lovely\r2,bad\r",
            b"id,text\n" + b"1,\xff\xfe\x00\n" * 500,
            b"\x00" * 100_000,
            b"\x1f\x8b\x08" + b"\x00" * 50,
            b"text\n" + "ä".encode("cp1252") * 500 + b"\n" + "ä".encode() * 500,
            b"id,text\n" + b"1,=1+1,3,4\n,\n" * 800,
        )
    )


def _jsonl(chance: random.Random, bomb: int) -> bytes:
    lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(_texts(chance))]
    lines += [f'{{"text": {chance.choice(VALUES)}}}' for _ in range(4)]
    lines += chance.sample(
        ("[1, 2", "{}" * 3, '{"text": "a", "text": "b"}', '{"a":' * 30_000, "null", "[]", "\ufeff{}"), 2
    )
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _workbook(chance: random.Random, bomb: int) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(chance.choice((["id", "text"], ["text"], [None, "text"], [1, 2], [])))
    for cell in ("=1/0", "#REF!", 1e308, None, True, "lovely " * 2000, '=HYPERLINK("file:///etc/passwd")'):
        sheet.append([cell, chance.choice(("lovely", cell))])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _zip(chance: random.Random, bomb: int) -> bytes:
    kind = chance.choice(("bomb", "entities", "climbing", "empty", "missing"))
    source = zipfile.ZipFile(io.BytesIO(_workbook(chance, bomb)))
    parts = {name: source.read(name) for name in source.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    whole = parts.pop(sheet) if kind == "bomb" else b""
    if kind == "entities":
        entities = b"".join(
            b'<!ENTITY e%d "%s">' % (number + 1, b"&e%d;" % number * 10) for number in range(9)
        )
        doctype = b'<!DOCTYPE x [<!ENTITY e0 "lol">' + entities + b"]>"
        parts[sheet] = (
            b'<?xml version="1.0"?>' + doctype + b"<worksheet><sheetData>&e9;</sheetData></worksheet>"
        )
    elif kind == "climbing":
        parts["../../../tmp/climbed.xml"] = b"x"
    elif kind == "empty":
        parts = {}
    else:
        parts.pop(chance.choice(list(parts)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        if whole:
            head, end, tail = whole.partition(b"</sheetData>")
            with archive.open(sheet, "w") as part:
                part.write(head)
                for _ in range(bomb // len(BLOCK)):
                    part.write(BLOCK)
                part.write(end + tail)
    return file.getvalue()


def _parquet(chance: random.Random, bomb: int) -> bytes:
    plain = [text.encode("utf-8", "replace").decode() for text in _texts(chance, 5)]
    columns: tuple[pa.Array, ...] = (
        pa.array(plain),
        pa.array([1, None, 3, 4, 5]),
        pa.array([[1], None, [], [2, 3], [4]]),
        pa.array([{"a": 1}, None, {"a": 2}, {"a": 3}, {"a": 4}]),
        pa.array([b"\xff\xfe", b"", None, b"a", b"b"]),
        pa.array(plain).dictionary_encode(),
    )
    table = pa.table({"id": chance.choice(columns), "text": chance.choice(columns)})
    file = io.BytesIO()
    pq.write_table(table if chance.random() < 0.8 else table.slice(0, 0), file)
    return file.getvalue()


def _noise(chance: random.Random, bomb: int) -> bytes:
    start = chance.choice(
        (b"", b"PK\x03\x04", b"PAR1", b"{", b"text\n", b"\xef\xbb\xbf", b"\xd0\xcf\x11\xe0")
    )
    return start + chance.randbytes(chance.choice((1, 100, 20_000))) + (b"PAR1" if start == b"PAR1" else b"")
