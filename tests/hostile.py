"""Requests that nobody sends by mistake: made by chance from a seed, for a socket or a test client."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

__all__ = ["HostileRequest", "hostile_requests"]

#: Texts that have broken programs: encodings, markup, queries, paths, formats, formulas, log lines.
NAUGHTY: tuple[str, ...] = (
    "",
    " \t\r\n",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\ufeff\u202egnp.exe",
    "e\u0301" * 500,
    "Z" + "\u0336\u0489" * 300,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 60,
    "\uffff\ufffe",
    "' OR '1'='1' --",
    '"; DROP TABLE feedback; --',
    'a* NEAR/2 (b OR "c',
    "%' ESCAPE '",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "${jndi:ldap://localhost/a}",
    "%s%n%x%99999999d{0.__class__}",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/dev/zero",
    "file:///etc/passwd",
    '=HYPERLINK("http://localhost/")',
    "@SUM(1)*cmd|' /C calc'!A0",
    "x\r\nSet-Cookie: stolen=1\r\n\r\n<html>",
    'x\n{"event": "forged", "level": "info"}',
    "; cat /etc/passwd | `id` $(id)",
    "(a+)+$" * 40 + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
    "a@" * 3000,
    "+49 " * 2000,
    "1" * 6000,
    "9" * 400 + "." + "9" * 400,
    "A" * 120_000,
)
VALUES: tuple[str, ...] = (
    "null", "true", "0", "-1", "1e308", "1e999", "-1e-999", "NaN", "Infinity", "1" * 5000, "9223372036854775808",
    "[]", "{}", '""', '"5"', "[null]", "[[]]", '{"a": {"a": {"a": null}}}', "\"\\ud800\"", '"\\u0000"', "[" * 3000,
)  # fmt: skip
FIELDS: tuple[str, ...] = (
    "id", "text", "language", "rating", "explain", "precision", "documents", "channel", "product", "customer_ref",
    "created_at", "feedback", "sentiment", "topics", "__proto__", "constructor", "text\x00", "TEXT",
)  # fmt: skip
PARAMETERS: tuple[str, ...] = (
    "q", "limit", "after", "before", "cursor", "sentiment", "topic", "channel", "since", "until", "example", "next",
    "order", "id",
)  # fmt: skip
METHODS: tuple[str, ...] = (
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "X-Y",
)
TYPES: tuple[str, ...] = (
    "application/json", "application/json; charset=utf-16", "APPLICATION/JSON", "text/plain", "text/csv", "",
    "multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/xml",
    "application/json\x0b", "a" * 3000,
)  # fmt: skip
PLACES: tuple[str, ...] = (
    "/..%2f..%2fetc/passwd", "/static/..%2f..%2fapp.py", "/docs/assets/%2e%2e/%2e%2e/setup", "//evil.example/",
    "/%00", "/%ff%fe", "/v1//score", "/" + "a" * 3000, "/v1/" + "x/" * 300, "/static/%5c..%5c", "/?" + "a=1&" * 500,
)  # fmt: skip
HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Host", ("evil.example", "localhost:99999", "[::1", "a b", "localhost\x01", "")),
    ("Origin", ("null", "http://evil.example", "://", "http://[", "\x7f")),
    ("Sec-Fetch-Site", ("cross-site", "same-origin", "x" * 500)),
    ("Authorization", ("Bearer", "Bearer ", "Bearer a b c", "Basic !!!", "Digest a=\"", "Bearer \xe9", "x" * 4000)),
    ("Cookie", ("feedback_session=a.b.c", "feedback_session=", ";;;===", "=;=", "a=\xff", "a=" + "x" * 3000)),
    ("X-Request-ID", ("a" * 65, "a b", '{"a": 1}', "\xe9")),
    ("X-Forwarded-For", ("127.0.0.1", "::::", "a, b, c", "1" * 500)),
    ("X-Forwarded-Host", ("evil.example",)),
    ("Accept", ("text/html", "*/*;q=x", "application/json;q=-1", ",,,", "a" * 2000)),
    ("Accept-Encoding", ("gzip, br, \x7f",)),
    ("Content-Encoding", ("gzip", "deflate", "br, br, br")),
    ("Range", ("bytes=0-0,1-1,2-2,-5", "bytes=9999999999999999-", "lines=1")),
    ("If-Modified-Since", ("yesterday", "Thu, 99 Foo 0000 99:99:99 GMT")),
    ("If-None-Match", ('W/"', '"a", "b')),
    ("If-Range", ('"x',)),
    ("Expect", ("200-maybe",)),
    ("Idempotency-Key", ("", "a" * 1000, "\xe9")),
    ("Upgrade", ("h2c", "websocket")),
    ("Connection", ("upgrade", "close, close")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HostileRequest:
    """One request.

    Parameters
    ----------
    method : str
    target : str
        Path and query as they stand on the wire, in ASCII.
    headers : tuple of (str, str)
        Characters up to U+00FF.
    body : bytes
    broken : str
        How the framing itself is broken on a socket; empty if it is not.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    broken: str = ""

    def wire(self) -> bytes:
        """Return the bytes for a socket, with ``Connection: close``."""
        names = {name.lower() for name, _ in self.headers}
        lines = [f"{self.method} {self.target} HTTP/1.1", "Connection: close"]
        lines += [] if "host" in names else ["Host: localhost"]
        lines += [
            f"{name}: {value}" for name, value in self.headers if "\r" not in value and "\n" not in value
        ]
        framing = {
            "": f"Content-Length: {len(self.body)}",
            "long": f"Content-Length: {len(self.body) + 10}",
            "short": f"Content-Length: {len(self.body) // 2}",
            "negative": "Content-Length: -5",
            "word": "Content-Length: many",
            "both": f"Content-Length: {len(self.body)}\r\nTransfer-Encoding: chunked",
            "chunk": "Transfer-Encoding: chunked",
            "huge": "Content-Length: 99999999999999999999",
        }[self.broken]
        head = "\r\n".join([*lines, framing, "", ""])
        body = b"zz\r\n" + self.body if self.broken == "chunk" else self.body
        return head.encode("latin-1", "replace") + body


BROKEN = ("long", "short", "negative", "word", "both", "chunk", "huge")


def hostile_requests(
    routes: Sequence[tuple[str, str]], count: int, *, seed: int = 7, framing: bool = False
) -> Iterator[HostileRequest]:
    """Yield requests.

    Parameters
    ----------
    routes : sequence of (str, str)
        Method and rule of every route, such as ``("GET", "/v1/feedback/<id>")``.
    count : int
        How many.
    seed : int
        The same requests for the same seed.
    framing : bool
        Whether the framing may be broken, too, which only a socket can show.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for _ in range(count):
        method, rule = chance.choice(routes)
        if chance.random() < 0.12:
            method = chance.choice(METHODS)
        target = _target(chance, rule)
        headers = dict(_headers(chance))
        body = b""
        if method not in ("GET", "HEAD") or chance.random() < 0.1:
            body, kind = _body(chance)
            headers.setdefault("Content-Type", kind)
        broken = chance.choice(BROKEN) if framing and chance.random() < 0.08 else ""
        yield HostileRequest(method, target, tuple(headers.items()), body, broken)


def _target(chance: random.Random, rule: str) -> str:
    if chance.random() < 0.1:
        rule = chance.choice(PLACES)
    path = re.sub(r"<[^>]+>", lambda _: _quoted(chance.choice(NAUGHTY))[:2000] or "x", rule)
    if chance.random() < 0.35:
        pairs = [
            f"{chance.choice(PARAMETERS)}={_quoted(chance.choice(NAUGHTY))[:1500]}"
            for _ in range(chance.randint(1, 4))
        ]
        path += ("&" if "?" in path else "?") + "&".join(pairs)
    return path


def _quoted(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


def _headers(chance: random.Random) -> Iterator[tuple[str, str]]:
    for name, values in chance.sample(HEADERS, chance.choice((0, 0, 1, 1, 2, 5))):
        yield name, chance.choice(values)
    if chance.random() < 0.02:
        yield from ((f"X-Many-{number}", "a" * 20) for number in range(70))


def _body(chance: random.Random) -> tuple[bytes, str]:
    kind = "application/json" if chance.random() < 0.8 else chance.choice(TYPES)
    whole = _members(chance)
    shape = chance.random()
    if shape < 0.25:
        whole = '{"documents": [' + ", ".join(_members(chance) for _ in range(chance.randint(0, 4))) + "]}"
    elif shape < 0.35:
        whole = '{"feedback": [' + ", ".join(_members(chance) for _ in range(chance.randint(0, 4))) + "]}"
    elif shape < 0.42:
        whole = "&".join(
            f"{chance.choice(FIELDS)}={_quoted(chance.choice(NAUGHTY))[:4000]}" for _ in range(9)
        )
        kind = "application/x-www-form-urlencoded"
    elif shape < 0.47:
        whole = _form(chance)
        kind = "multipart/form-data; boundary=x"
    elif shape < 0.5:
        whole = '{"a":' * 50_000
    raw = whole.encode("utf-8", "surrogatepass")
    spoiling = chance.random()
    if spoiling < 0.06:
        raw = raw[: chance.randint(0, len(raw))]
    elif spoiling < 0.1:
        raw = whole.encode("utf-16", "surrogatepass")
    elif spoiling < 0.14:
        at = chance.randint(0, len(raw))
        raw = raw[:at] + chance.randbytes(chance.randint(1, 300)) + raw[at:]
    elif spoiling < 0.16:
        raw = chance.randbytes(5000)
    return raw, kind


def _members(chance: random.Random) -> str:
    members = {field: _value(chance) for field in chance.sample(FIELDS, chance.randint(1, 7))}
    if chance.random() < 0.7:
        members["text"] = json.dumps(chance.choice(NAUGHTY))
    listed = [f"{json.dumps(name)}: {value}" for name, value in members.items()]
    if chance.random() < 0.05:
        listed.append(listed[0])
    return "{" + ", ".join(listed) + "}"


def _value(chance: random.Random) -> str:
    return chance.choice(VALUES) if chance.random() < 0.5 else json.dumps(chance.choice(NAUGHTY))


def _form(chance: random.Random) -> str:
    parts: list[Any] = []
    for _ in range(chance.randint(1, 5)):
        name = chance.choice((*FIELDS, "file", "mapping"))
        filename = chance.choice(
            (
                "",
                '; filename="../../x.csv"',
                '; filename="a\x00.csv"',
                "; filename*=utf-8''%ff",
                '; filename="',
            )
        )
        parts.append(
            f'--x\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n{chance.choice(NAUGHTY)}\r\n'
        )
    return "".join(parts) + chance.choice(("--x--\r\n", "--x", ""))
