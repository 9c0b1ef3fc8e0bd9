"""Telephone numbers: candidates by shape, then libphonenumber's plans, the shape itself or the words around decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from feedback_nlp.redact.spans import Finder, PersonalSpan

__all__ = ["build_phone_finder"]

_GAPS = "[ \u00a0\u202f.\u2013()/-]"
#: A run of digits and the marks that people put between them; read once (possessive).
_RUN = re.compile(rf"(?<![\w#$£€¥=@/])\+?[ ]?\(?\+?\d(?:{_GAPS}{{0,3}}+\d)++\)?", re.ASCII)
_EXTENSION = re.compile(r"[ ]?(?:x|ext\.?|extension)[ ]?\d{1,6}(?!\w)", re.IGNORECASE | re.ASCII)
_PIECE = re.compile(r"[^ \u00a0\u202f]+")
_NOT_BEHIND = re.compile(r"[\w%°]|[.,:]\d|[-/]\d|[ ]?(?:€|£|\$|%|eur\b|usd\b|gbp\b)", re.IGNORECASE)
#: Numbers before the name of a street are those of houses.
_STREET_BEHIND = re.compile(
    r"[ ](?:[A-Z][\w.'-]*[ ]){1,4}(?:St|Street|Ave|Avenue|Rd|Road|Lane|Ln|Dr|Drive|Blvd|Boulevard|Way|Court|Ct|Suite|"
    r"Place|Pl|Square|Sq)\b"
)
#: How digits without a trunk 0 are grouped: by two to four, or five and five.
_GROUPED = re.compile(r"\d{1,4}(?:\D{1,3}\d{2,4})+|\d{5}\D\d{5}")

_BEFORE = re.compile(
    r"\b(?:(?:tele)?phones?|tel|mobile|mob|cell(?:phone)?|call(?:s|ed|ing)?|rang|ring|text(?:ed|ing)?|sms|whats ?app|"
    r"fax|desk|office|hotline|helpline|reach|contact|answer(?:s|ed|ing)?|dial\w{0,4}|landline|registered|"
    r"my (?:new |old |other )?number|(?:his|her|our|their) number|messages? to)\b[^\d\n]{0,40}$",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"[ ,(\\-]{0,3}(?:office|fax|mobile|cell|home|work|landline|whatsapp)\b", re.IGNORECASE)
#: Words that say that the number is of another kind.
_OTHER_NUMBER = re.compile(
    r"\b(?:isbn|ean|upc|sku|serial|model|item|article|part|version|style|zip|postcode|batch|lot|barcode|bar code|"
    r"imei|vat|product)\b[^.!?\n]{0,20}$",
    re.IGNORECASE,
)
_AREA_CODED = re.compile(r"(?:\+?1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]{0,2}[2-9]?\d{2,3}[ .-]\d{4}")
_DAY, _MONTH, _YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:19|20)[0-9]{2}"
_DATE_LIKE = re.compile(
    rf"(?:{_YEAR}(?P<a>[-./ ]){_MONTH}(?P=a){_DAY}"
    rf"|{_DAY}(?P<b>[-./ ]){_MONTH}(?P=b){_YEAR}|{_MONTH}(?P<c>[-./ ]){_DAY}(?P=c){_YEAR})(?:[ /.–-]{{1,3}}(?=[0-9])|$)"
)
_YEARS = re.compile(r"(?:19|20)\d{2}[ ]?[-–/][ ]?(?:19|20)?\d{2}(?:\b.*)?")
#: Four groups of four are a card's; with a wrong check digit they are none, and no number to call either.
_CARD_LIKE = re.compile(r"(?:\d{4}[ ]){3}\d{4}(?!\d)", re.ASCII)
_ZIP = re.compile(r"\d{5}-\d{4}")
_AMOUNT = re.compile(
    r"\d+\.\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ .\u00a0\u202f]\d{3})*(?:[ .\u00a0\u202f]000)+"
)

#: Start, end and number of digits of what stands between spaces.
Piece = tuple[int, int, int]
_FEWEST, _MOST = 7, 15
#: Pieces between spaces that one number may have.
_MOST_PIECES = 7
#: Numbers a text that are looked up in the plans; what comes behind is masked by its shape: a list of numbers, most
#: likely, and no text may take long.
_MOST_LOOKUPS = 12


def build_phone_finder(regions: Sequence[str]) -> Finder:
    """Return a finder of telephone numbers.

    Parameters
    ----------
    regions : sequence of str
        ISO 3166 codes of the countries whose national numbers are known without a word such as "call" before them.
        International numbers (+44 ...) are found whatever the regions.
    """
    known = tuple(regions)

    def find(text: str) -> Iterator[PersonalSpan]:
        plans = _Plans(known)
        for run in _RUN.finditer(text):
            pieces = _pieces_of(run)
            first = 0
            while first < len(pieces):
                if _CARD_LIKE.match(text, pieces[first][0]):
                    first += 4
                    continue
                last = _last_piece(text, pieces, first, plans)
                if last is not None:
                    yield _span(text, pieces[first][0], pieces[last][1])
                    first = last
                first += 1

    return find


def _pieces_of(run: re.Match[str]) -> list[Piece]:
    return [
        (run.start() + found.start(), run.start() + found.end(), sum(map(str.isdigit, found[0])))
        for found in _PIECE.finditer(run[0])
    ]


def _last_piece(text: str, pieces: list[Piece], first: int, plans: _Plans) -> int | None:
    """Return the last piece of the longest number that begins with the piece `first`."""
    start = pieces[first][0]
    words = _Words(text, start)
    for last in _possible_ends(pieces, first):
        if words.name_another_kind:
            return None
        end = pieces[last][1]
        raw = _without_stray_brackets(text[start:end].strip("/.-– "))
        if _is_of_another_kind(text, end, raw):
            continue
        digits = "".join(filter(str.isdigit, raw))
        decided = _by_shape(raw, digits, words, end)
        if decided or (decided is None and plans.know(digits)):
            return last
    return None


def _possible_ends(pieces: list[Piece], first: int) -> list[int]:
    """Return the pieces with which a number may end, by its count of digits; the last one first."""
    ends, digits = [], 0
    for last in range(first, min(len(pieces), first + _MOST_PIECES)):
        digits += pieces[last][2]
        if digits > _MOST:
            break
        if digits >= max(_FEWEST - 1, 2 * (last - first) + 1):
            ends.append(last)
    return ends[::-1]


class _Words:
    """The words before a place in a text, looked at once and only if need be."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start

    @cached_property
    def name_another_kind(self) -> bool:
        start, text = self._start, self._text
        if start and text[start - 1] in ".,:-/" and text[start - 2 : start - 1].isdigit():
            return True
        return bool(_OTHER_NUMBER.search(text[max(0, start - 40) : start]))

    @cached_property
    def before(self) -> bool:
        return bool(_BEFORE.search(self._text[max(0, self._start - 60) : self._start]))

    def behind(self, end: int) -> bool:
        return bool(_BEHIND.match(self._text, end))

    def street_behind(self, end: int) -> bool:
        return bool(_STREET_BEHIND.match(self._text, end))


class _Plans:
    """The numbering plans of some countries, asked a bounded number of times a text."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._regions = regions
        self._asked = 0

    def know(self, digits: str) -> bool:
        self._asked += 1
        return self._asked > _MOST_LOOKUPS or _in_a_plan(digits, self._regions)


def _without_stray_brackets(raw: str) -> str:
    if raw.startswith("(") and (")" not in raw or raw.index(")") == len(raw) - 1):
        return raw[1:].removesuffix(")")
    return raw[:-1] if raw.endswith(")") and raw.count("(") < raw.count(")") else raw


def _span(text: str, start: int, end: int) -> PersonalSpan:
    extension = _EXTENSION.match(text, end)
    found = text[start:end]
    kept = _without_stray_brackets(found.lstrip("/.-–)").rstrip("/.-–"))
    start += found.index(kept)
    return PersonalSpan(start, extension.end() if extension else start + len(kept), "phone")


def _by_shape(raw: str, digits: str, words: _Words, end: int) -> bool | None:
    """Whether `raw` is a number by its shape and the words around it; None if only the plans can tell."""
    bare = raw.isdigit()
    if raw.startswith(("+", "(+")) or (raw.startswith("00") and len(digits) >= 10):
        return len(digits) >= 8
    if words.before or words.behind(end):
        return len(digits) >= _FEWEST or not bare
    if words.street_behind(end):
        return False
    if _AREA_CODED.fullmatch(raw) or (raw.startswith("(") and ")" in raw[2:7] and 8 <= len(digits) <= 12):
        return True
    if raw.startswith("0") and not bare and len(digits) >= 9:
        return True
    if bare:  # digits without a gap are more often some other number
        return None if len(digits) == 10 or (raw.startswith("0") and len(digits) > 10) else False
    return None if len(digits) >= 9 and _GROUPED.fullmatch(raw) else False


def _is_of_another_kind(text: str, end: int, raw: str) -> bool:
    if not _EXTENSION.match(text, end) and _NOT_BEHIND.match(text, end):
        return True
    if any(shape.match(raw) for shape in (_DATE_LIKE, _YEARS)):
        return True
    return bool(_ZIP.fullmatch(raw) or _AMOUNT.fullmatch(raw))


@lru_cache(maxsize=4096)
def _in_a_plan(digits: str, regions: tuple[str, ...]) -> bool:
    import phonenumbers

    for region in regions:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(digits, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
