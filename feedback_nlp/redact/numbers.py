"""Numbers that belong to one person: payment cards, IBANs, social security, orders, accounts, a company's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from stdnum import iban, luhn, numdb
from stdnum.us import ssn

from feedback_nlp.errors import InputError
from feedback_nlp.redact.spans import Finder, PersonalSpan

__all__ = ["build_shape_finder", "find_cards", "find_ibans", "find_references", "find_social_security"]

_GAP = "[ \u00a0\u202f.\u2013-]"
#: Digits in groups of three or more; the last may be shorter. One mark between groups.
_CARD = re.compile(rf"(?<![\w.])\d{{3,19}}+(?:{_GAP}\d{{3,19}}+)*(?:{_GAP}\d{{1,2}})?(?!\d)", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_CARD_CODE = re.compile(
    r"\b(?:cvv2?|cvc2?|cid|card (?:security|verification) code)\b[ :#-]{0,3}(?:is |was |code )?[ ]?(\d{3,4})(?!\w)",
    re.IGNORECASE | re.ASCII,
)
#: First digits of the networks and the lengths of their numbers (ISO/IEC 7812 ranges as the networks publish them).
_NETWORKS = (
    (re.compile("4"), (13, 16, 19)),  # Visa
    (re.compile("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile("3[47]"), (15,)),  # American Express
    (re.compile("30[0-5]|3[689]"), (14, 16, 19)),  # Diners Club
    (re.compile("6011|64[4-9]|65"), (16, 17, 18, 19)),  # Discover
    (re.compile("35(?:2[89]|[3-8])"), (16, 17, 18, 19)),  # JCB
    (re.compile("1800|2131"), (15,)),  # JCB, older
    (re.compile("62|81"), (16, 17, 18, 19)),  # UnionPay
    (re.compile("50|5[6-9]|6"), (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro, RuPay and others on its ranges
)

#: One of these words near a number makes it a card's, whatever its first digits.
_CARD_WORDS = re.compile(
    r"\b(?:cards?|cc|visa|mastercard|amex|maestro|debit|credit|discover|diners|jcb)\b", re.IGNORECASE
)
_NEAR = 60
#: Groups of digits in a row of which a card word says anything; a longer row is a list of numbers.
_MOST_NAMED = 12

_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?=[ \u00a0-]?[A-Z0-9])", re.IGNORECASE | re.ASCII)
_IBAN_GAPS = " \u00a0-"

_SOCIAL = re.compile(r"(?<![\w-])\d{3}([- ])\d{2}\1\d{4}(?![\w-])", re.ASCII)

_ORDER_WORDS = (
    "order|invoice|booking|reservation|ticket|case|tracking|parcel|package|shipment|consignment|confirmation|"
    "reference|ref|return|rma|transaction|receipt|claim|complaint|incident|request|purchase|voucher"
)
_ACCOUNT_WORDS = (
    "account|acct|customer|client|member|membership|loyalty|card|policy|contract|subscription|user|iban|routing|"
    "sort code|passport|licence|license"
)
#: "order", "order number", "order no.", "order id is", "order #": a sign that a number of that kind follows.
_SIGN = r"(?:numbers?|num|no|nr|nbr|id|code|reference|ref|#)"
_REFERENCE = re.compile(
    rf"\b(?:(?P<order>{_ORDER_WORDS})|(?P<account>{_ACCOUNT_WORDS}))"
    rf"(?P<sign>(?:[ -]?{_SIGN}\b\.?|[ ]?\#)?(?:[ ]?[:=\#])?(?:[ ](?:is|was|it's|are))?[ ]?[:\#]?)[ ]?(?P<value>"
    r"\d{2,}+(?:[ ]\d{2,12}+){0,5}(?![\w]|[.,:/]\d|[-/]\w)|[A-Z]{0,6}[-/]?[A-Z0-9]*\d[A-Z0-9]*+(?:[-/_][A-Z0-9]++)*+)",
    re.IGNORECASE | re.ASCII,
)
_HASH_NUMBER = re.compile(r"(?<![\w#&])#[ ]?\d{5,20}(?![\w-]|[.,]\d)", re.ASCII)
_NUMBER_SIGN = re.compile(rf"\b{_SIGN}\b|[#:=]", re.IGNORECASE)
_DATE = re.compile(
    r"(?:19|20)\d{2}[-/](?:19|20)\d{2}|\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}"
)
#: Digits that a reference has at the least: with a sign of a number, and without.
_DIGITS_WITH_SIGN, _DIGITS_ALONE = 4, 5

#: Shapes that are in use the world over: marketplace orders and parcels.
_KNOWN_SHAPES = {"order": ("###-#######-#######", "1Z****************")}
_SHAPE_CLASSES = {"#": r"\d", "@": "[A-Za-z]", "*": "[A-Za-z0-9]"}
_LONGEST_SHAPE = 64


def find_cards(text: str) -> Iterator[PersonalSpan]:
    """Find numbers of payment cards: a network's first digits or a word such as "card", and a Luhn digit that fits."""
    for match in _CARD.finditer(text):
        groups = [(group.start(), group.end(), group[0]) for group in _GROUP.finditer(match[0])]
        near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR // 2]
        named = len(groups) < _MOST_NAMED and bool(_CARD_WORDS.search(near))
        first = 0
        while first < len(groups):
            last = _card_end(groups, first, named)
            if last is not None:
                base = match.start()
                yield PersonalSpan(base + groups[first][0], base + groups[last][1], "card")
                first = last
            first += 1
    for match in _CARD_CODE.finditer(text):
        yield PersonalSpan(match.start(1), match.end(1), "card")


def _card_end(groups: list[tuple[int, int, str]], first: int, named: bool) -> int | None:
    """Return the last group of a card number that begins with the group `first`."""
    digits, found = "", None
    for last in range(first, min(first + 7, len(groups))):
        digits += groups[last][2]
        if len(digits) > 19:
            break
        if len(digits) >= 12 and _is_card(digits, named):
            found = last
    return found


def _is_card(digits: str, named: bool) -> bool:
    issued = named or any(len(digits) in lengths and first.match(digits) for first, lengths in _NETWORKS)
    return issued and len(set(digits)) > 1 and bool(luhn.is_valid(digits))


def find_ibans(text: str) -> Iterator[PersonalSpan]:
    """Find IBANs: the country's length and structure, and check digits that fit (ISO 13616)."""
    for match in _IBAN.finditer(text):
        length = _iban_length(match[0][:2].upper())
        end = _walk(text, match.start(), length) if length else None
        if end is not None and iban.is_valid(text[match.start() : end], check_country=False):
            yield PersonalSpan(match.start(), end, "iban")


@lru_cache(maxsize=1024)
def _iban_length(country: str) -> int:
    """Return how many characters an IBAN of the country has; 0 if there are none."""
    properties = numdb.get("iban").info(country)[0][1]
    return 4 + sum(map(int, re.findall(r"(\d+)!", properties.get("bban", "")))) if properties else 0


def _walk(text: str, start: int, length: int) -> int | None:
    """Return where `length` letters and digits end, with at most one gap between two; None if they do not."""
    at, taken, gap = start, 0, False
    while taken < length:
        letter = text[at : at + 1]
        if letter.isascii() and letter.isalnum():
            taken, gap = taken + 1, False
        elif letter and letter in _IBAN_GAPS and not gap:
            gap = True
        else:
            return None
        at += 1
    follows = text[at : at + 1]
    return None if follows.isalnum() or follows == "_" else at


def find_social_security(text: str) -> Iterator[PersonalSpan]:
    """Find social security numbers of the United States in their usual shape."""
    for match in _SOCIAL.finditer(text):
        if ssn.is_valid(match[0].replace(" ", "-")):
            yield PersonalSpan(match.start(), match.end(), "ssn")


def find_references(text: str) -> Iterator[PersonalSpan]:
    """Find order and account numbers by the words before them, ``#12345``, and shapes known the world over."""
    for match in _REFERENCE.finditer(text):
        start, end = match.span("value")
        value = match["value"]
        digits = sum(c.isdigit() for c in value)
        if digits < (_DIGITS_WITH_SIGN if _NUMBER_SIGN.search(match["sign"]) else _DIGITS_ALONE):
            continue
        if _DATE.fullmatch(value) or re.match(r"\w|[.,:]\d|%", text[end : end + 2]):
            continue
        yield PersonalSpan(start, end, "order" if match["order"] else "account")
    for match in _HASH_NUMBER.finditer(text):
        yield PersonalSpan(match.start(), match.end(), "order")
    yield from _find_known_shapes(text)


def build_shape_finder(shapes: Mapping[str, tuple[str, ...]]) -> Finder:
    """Return a finder for numbers of given shapes.

    Parameters
    ----------
    shapes : mapping of str to tuple of str
        Kind to shapes. In a shape `#` is a digit, `@` a letter, `*` either; all else stands for itself.

    Raises
    ------
    InputError
        For a shape that is empty, too long, or would match words.

    Examples
    --------
    >>> find = build_shape_finder({"order": ("SO-####",)})
    >>> list(find("SO-1234 never came"))
    [PersonalSpan(start=0, end=7, kind='order')]
    """
    patterns = [(kind, _shape_pattern(shape)) for kind, listed in shapes.items() for shape in listed]

    def find(text: str) -> Iterator[PersonalSpan]:
        for kind, pattern in patterns:
            for match in pattern.finditer(text):
                yield PersonalSpan(match.start(), match.end(), kind)

    return find


def _shape_pattern(shape: str) -> re.Pattern[str]:
    if not 3 <= len(shape) <= _LONGEST_SHAPE or not (set(shape) & set("#*")):
        raise InputError(
            f"{shape[:80]!r} is no shape of a number.",
            remedy=f"Write 3 to {_LONGEST_SHAPE} characters, at least one of them # (digit) or * (letter or digit).",
        )
    parts = "".join(_SHAPE_CLASSES.get(c, re.escape(c)) for c in shape)
    return re.compile(rf"(?<!\w){parts}(?!\w)", re.IGNORECASE | re.ASCII)


_find_known_shapes = build_shape_finder(_KNOWN_SHAPES)
