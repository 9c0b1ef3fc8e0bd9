"""The one door to finding and masking: `Redactor`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedback_nlp.errors import InputError
from feedback_nlp.redact.addresses import find_emails, find_ip_addresses, find_url_secrets
from feedback_nlp.redact.numbers import (
    build_shape_finder,
    find_cards,
    find_ibans,
    find_references,
    find_social_security,
)
from feedback_nlp.redact.phones import build_phone_finder
from feedback_nlp.redact.spans import Finder, PersonalSpan

__all__ = ["DEFAULT_REGIONS", "KINDS_OF_PERSONAL_DATA", "Masked", "PersonalSpan", "Redactor"]

#: What is found, in the order of who wins where two overlap.
KINDS_OF_PERSONAL_DATA = ("secret", "email", "iban", "card", "ssn", "ip", "order", "account", "phone")
#: Countries whose national numbers are known as such without a word before them.
DEFAULT_REGIONS = ("US", "CA", "GB", "IE", "AU", "NZ", "IN", "ZA", "DE", "FR", "ES", "IT", "NL")
_REGION = re.compile("[A-Z]{2}")
_KIND = re.compile("[a-z][a-z_]{0,29}")

#: Nothing below can match a text without one of these: most feedback is passed over at the cost of one search.
_MAY_HOLD = re.compile(r"[@=]|\d\D{0,3}\d\D{0,3}\d|://|[\[({]\s?at\s?[\])}]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with its personal data masked.

    Parameters
    ----------
    text : str
        With ``[EMAIL]``, ``[PHONE]`` ... in the place of what was found.
    spans : tuple of PersonalSpan
        What was found, as places in the text as it was.
    """

    text: str
    spans: tuple[PersonalSpan, ...] = ()

    def original_offset(self, offset: int) -> int:
        """Return where in the text as it was the character at `offset` of the masked text stood.

        Within a mask it is the start of what was masked.

        Examples
        --------
        >>> masked = Redactor().mask("Mail jo@shop.example please")
        >>> masked.text, masked.original_offset(masked.text.index("please"))
        ('Mail [EMAIL] please', 21)
        """
        shift = 0
        for span in self.spans:
            begins = span.start + shift
            if offset < begins:
                break
            ends = begins + len(_mask_of(span.kind))
            if offset < ends:
                return span.start
            shift = ends - span.end
        return offset - shift


class Redactor:
    """Finds personal data by pattern and masks it.

    Names and street addresses are not found: no pattern tells them from other words.

    Parameters
    ----------
    regions : sequence of str, default=DEFAULT_REGIONS
        ISO 3166 codes of the countries whose national telephone numbers are known without a word such as "call"
        before them.
    numbers : mapping of str to sequence of str, optional
        A company's own numbers: kind to shapes, where `#` is a digit, `@` a letter and `*` either.

    Raises
    ------
    InputError
        For a region or a shape that cannot be.

    Examples
    --------
    >>> redactor = Redactor(numbers={"order": ["SO-######"]})
    >>> redactor.mask("SO-104233 is late, call me: 020 7946 0958").text
    '[ORDER] is late, call me: [PHONE]'
    """

    def __init__(
        self,
        *,
        regions: Sequence[str] = DEFAULT_REGIONS,
        numbers: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        own = {kind: tuple(shapes) for kind, shapes in (numbers or {}).items()}
        _check(regions, own)
        self.regions = tuple(regions)
        self.numbers = own
        self._always_look = bool(own)
        self._finders: tuple[Finder, ...] = (
            find_url_secrets,
            find_emails,
            find_ibans,
            find_cards,
            find_social_security,
            find_ip_addresses,
            build_shape_finder(own),
            find_references,
            build_phone_finder(self.regions),
        )

    def __repr__(self) -> str:
        return f"Redactor(regions={self.regions!r}, numbers={self.numbers!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Finders are functions of this process; another one builds its own.
        return _build, (self.regions, self.numbers)

    @classmethod
    def from_words(cls, *, regions: Sequence[str] = DEFAULT_REGIONS, numbers: Sequence[str] = ()) -> Redactor:
        """Build one from words such as a setting holds.

        Parameters
        ----------
        regions : sequence of str
            As for the class.
        numbers : sequence of str
            ``kind=shape`` pairs; a kind may come more than once.

        Examples
        --------
        >>> Redactor.from_words(numbers=["order=SO-####", "order=W####"]).mask("SO-1234 or W9876?").text
        '[ORDER] or [ORDER]?'
        """
        own: dict[str, list[str]] = {}
        for pair in numbers:
            kind, _, shape = pair.partition("=")
            own.setdefault(kind.strip(), []).append(shape.strip())
        return cls(regions=regions, numbers=own)

    def identity(self) -> dict[str, Any]:
        """Return what has to be the same for two redactors to mask alike, as JSON knows it."""
        return {
            "regions": list(self.regions),
            "numbers": {kind: list(own) for kind, own in self.numbers.items()},
        }

    def find(self, text: str) -> list[PersonalSpan]:
        """Return what was found in a text, from left to right, without overlaps."""
        if not self._always_look and not _MAY_HOLD.search(text):
            return []
        taken = _Taken()
        for finder in self._finders:
            for span in finder(text):
                taken.add(span)
        return taken.spans

    def mask(self, text: str) -> Masked:
        """Return the text with everything that was found masked."""
        spans = self.find(text)
        if not spans:
            return Masked(text)
        parts, at = [], 0
        for span in spans:
            parts += [text[at : span.start], _mask_of(span.kind)]
            at = span.end
        return Masked("".join([*parts, text[at:]]), tuple(spans))

    def mask_many(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield each text masked, in order; one without personal data is the same object."""
        for text in texts:
            yield self.mask(text).text


def _build(regions: Sequence[str], numbers: Mapping[str, Sequence[str]]) -> Redactor:
    return Redactor(regions=regions, numbers=numbers)


class _Taken:
    """Spans in order; one that overlaps an earlier finder's is dropped."""

    def __init__(self) -> None:
        self.spans: list[PersonalSpan] = []

    def add(self, span: PersonalSpan) -> None:
        place = bisect_right(self.spans, span)
        free_before = place == 0 or self.spans[place - 1].end <= span.start
        free_behind = place == len(self.spans) or span.end <= self.spans[place].start
        if free_before and free_behind:
            self.spans.insert(place, span)


def _mask_of(kind: str) -> str:
    return f"[{kind.upper()}]"


def _check(regions: Sequence[str], numbers: Mapping[str, Sequence[str]]) -> None:
    for region in regions:
        if not _REGION.fullmatch(region):
            raise InputError(
                f"{region[:40]!r} is no region.", remedy="Use ISO 3166 codes in capitals, such as GB."
            )
    for kind in numbers:
        if not _KIND.fullmatch(kind):
            raise InputError(
                f"{kind[:40]!r} cannot name a kind of number.", remedy="Use small letters, such as order."
            )
