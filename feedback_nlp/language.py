"""Which language a text is in, and whether it is readable at all.

Two stages. The first counts words and decides most English texts from three numbers, for whole batches at once
(`LanguageGate.is_surely_english`). The second looks at one text (`LanguageGate.judge`): script, noise, and for Latin
letters a weighing of known English words, words that English lacks, accents, and the identifier py3langid, whose
model is in its wheel. py3langid alone refuses "meh", "lol no" and "gud product"; the words alone cannot tell Spanish
from a vocabulary that has seen Spanish tweets.

Figures in this file were measured with benchmarks/language.py.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter, mul
from typing import Any, Final

import numpy as np

from feedback_nlp.identifier import rank, ranked, share_batch
from feedback_nlp.language_words import COMMON_ENGLISH, FOREIGN_MARKERS
from feedback_nlp.readability import is_blank, letters_of, unreadable_reason, without_emoticons
from feedback_nlp.word_traits import Traits, WordTraits
from feedback_nlp.writing_systems import LATIN_OK_SHARE, SCRIPTS, foreign_script

__all__ = ["ENGLISH", "LATIN_OK_SHARE", "UNDETERMINED", "LanguageGate", "Verdict"]

ENGLISH: Final = "en"
UNDETERMINED: Final = "und"

#: Least share of common English words for the cheap decision. English feedback has 0.30, German, French, Spanish,
#: Italian and Portuguese tweets 0.001 to 0.01; at 0.1 a foreign sentence needs several quoted English words.
COMMON_SHARE: Final = 0.1
#: Least share of known words for the cheap decision. Foreign tweets reach 0.45 to 0.62 on average even against a
#: vocabulary learned from English sets, since such a vocabulary holds stray foreign words.
KNOWN_SHARE: Final = 0.8
#: Least probability of English for status "ok". Low, since refusing a customer costs more than an uncertain label.
ENGLISH_THRESHOLD: Final = 0.1
#: Texts with fewer letters are refused only for a word or an accent that English lacks: over "Okkk", "ntg" or a
#: product's name the identifier knows nothing.
SHORT_LETTERS: Final = 10
#: Likewise for texts with fewer words that look like no language in particular ("flimsy plastic", names).
SHORT_WORDS: Final = 4
#: Confidence in "en" for emoji, emoticons and ratings, which are of no language: neither for nor against.
SIGN_CONFIDENCE: Final = 0.5
#: Below this support for the best other language its code is not told.
CODE_THRESHOLD: Final = 0.35
#: What each word that only some languages have adds to their support, in probability.
MARKER_SUPPORT: Final = 0.4

#: Languages in Latin letters that are told apart. Few, because every further one takes short English texts away.
LATIN_LANGUAGES: Final = tuple("en de fr es it pt nl pl tr sv da no fi cs hu ro id vi".split())

#: Log-odds of English: BIAS + WEIGHTS . evidence (order of `_evidence`). A logistic regression by
#: benchmarks/language_weights.py over the texts and fragments of one to six words that the cheap decision left open.
#: Cross-validated at the threshold: 1.1 % of the English texts among them refused (most are in fact in another
#: language), 1.6 % of the foreign texts passed (most are in fact English).
BIAS: Final = 0.95
WEIGHTS: Final = (0.9, 1.05, 2.95, -2.15, -3.2, -0.25)

_ADDRESS = re.compile(r"(?:https?:|www\.)\S+|[\w.+-]{1,64}@\S+|@\w+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a text.

    Parameters
    ----------
    status : {"ok", "empty", "unsupported_language", "unreadable"}
    code : str
        ISO 639-1 code of the language, or "und".
    confidence : float
        How sure the language is, in [0, 1]; 0 where there is none.
    """

    status: str
    code: str
    confidence: float


def english_confidence(n_words: Any, n_known: Any, n_common: Any) -> Any:
    """Return the confidence in English from counts only, in [0, 1]; numbers or arrays.

    The known share times ``1 - 0.5 ** (n_common + 1)``: each word that only English has halves the doubt that is left.

    Examples
    --------
    >>> float(english_confidence(4, 4, 2))
    0.875
    """
    share = np.minimum(np.divide(n_known, np.maximum(n_words, 1)), 1.0)
    return share * (1.0 - 0.5 ** (np.asarray(n_common, dtype=float) + 1.0))


class LanguageGate:
    """Decides which texts are readable English.

    Parameters
    ----------
    known_words : collection of str
        Lower-cased English words, such as the vocabulary of a bundle. Stray foreign words in it do little harm.

    Examples
    --------
    >>> gate = LanguageGate({"the", "parcel", "was", "late", "and", "wet"})
    >>> gate.judge("The parcel was late and wet", ["the", "parcel", "was", "late", "and", "wet"]).status
    'ok'
    >>> gate.judge("Das Paket kam zu spät", ["das", "paket", "kam", "zu", "spät"]).code
    'de'
    """

    def __init__(self, known_words: Collection[str]) -> None:
        self.traits = WordTraits(known_words)

    def is_surely_english(self, n_words: Any, n_known: Any, n_common: Any) -> Any:
        """Whether counts alone make a text English; numbers or arrays of one shape.

        Parameters
        ----------
        n_words, n_known, n_common : int or array of int
            Alphabetic words of a text, how many are known words, how many are in `COMMON_ENGLISH`.

        Returns
        -------
        bool or array of bool
            False means unsure, not foreign.

        Examples
        --------
        >>> gate = LanguageGate(())
        >>> gate.is_surely_english(np.array([6, 6, 0]), np.array([6, 3, 0]), np.array([2, 0, 0])).tolist()
        [True, False, False]
        """
        return (n_common >= np.maximum(1.0, COMMON_SHARE * n_words)) & (n_known >= KNOWN_SHARE * n_words)

    def count(self, words: Sequence[str]) -> tuple[int, int, int]:
        """Return how many words there are, how many are known, and how many only English has."""
        known = sum(word in self.traits.known for word in words)
        return len(words), known, sum(word in COMMON_ENGLISH for word in words)

    def judge(self, text: str, words: Sequence[str]) -> Verdict:
        """Decide for one text.

        Parameters
        ----------
        text : str
            The text as written.
        words : sequence of str
            Its lower-cased alphabetic words; contractions in two ("do", "n't").

        Returns
        -------
        Verdict
            Always status "ok" and code "en" where `is_surely_english` holds for the counts of `words`.
        """
        counts = self.count(words)
        if self.is_surely_english(*counts):
            return Verdict("ok", ENGLISH, float(english_confidence(*counts)))
        traits = self.traits.of_all(words)
        plain = _plain_text(text)
        decided = _plain_case(text, plain, traits)
        return decided or self._judge_latin(plain, words, traits)

    def judge_unsure(
        self, texts: Sequence[str], traits: Sequence[Traits], words_of: Callable[[int], Sequence[str]]
    ) -> list[Verdict]:
        """Decide for many texts for whose words `is_surely_english` does not hold.

        Parameters
        ----------
        texts : sequence of str
        traits : sequence of Traits
            Sums over the words of each text.
        words_of : callable
            Returns the words of a text by its place in `texts`; few texts need more than the sums.

        Returns
        -------
        list of Verdict
            What `judge` says of each, but the identifier runs once for all.

        Examples
        --------
        >>> gate, words = LanguageGate(()), [["danke"], ["merci"]]
        >>> traits = list(map(gate.traits.of_all, words))
        >>> verdicts = gate.judge_unsure(["Danke!", "Merci!"], traits, words.__getitem__)
        >>> [verdict.code for verdict in verdicts]
        ['de', 'fr']
        """
        plains: list[str] = []
        out: list[Verdict | None] = []
        for text, found in zip(texts, traits, strict=True):
            plains.append(_plain_text(text))
            out.append(_plain_case(text, plains[-1], found))
        open_rows = [row for row, verdict in enumerate(out) if verdict is None]
        codes, shares = share_batch([plains[row] for row in open_rows], LATIN_LANGUAGES)
        english = codes.index(ENGLISH)
        others = np.delete(shares, english, axis=1).max(axis=1).tolist()
        for row, own, other, all_shares in zip(
            open_rows, shares[:, english].tolist(), others, shares, strict=True
        ):
            likely = _likelihood(_weigh(own, other, plains[row], traits[row]))
            if likely >= ENGLISH_THRESHOLD:
                out[row] = Verdict("ok", ENGLISH, likely)
            else:
                out[row] = _judge_foreign(plains[row], words_of(row), ranked(codes, all_shares), likely)
        return [verdict for verdict in out if verdict is not None]

    def second_stage_evidence(self, text: str, words: Sequence[str]) -> tuple[float, ...] | None:
        """Return what `judge` weighs for a text in Latin letters, or None where it has nothing to weigh.

        Returns
        -------
        tuple of float or None
            In the order of `WEIGHTS`, see `evidence`. For fitting the weights.
        """
        plain = _plain_text(text)
        traits = self.traits.of_all(words)
        if self.is_surely_english(*self.count(words)) or _plain_case(text, plain, traits):
            return None
        return _evidence(rank(plain, LATIN_LANGUAGES), plain, traits)

    def _judge_latin(self, plain: str, words: Sequence[str], traits: Traits) -> Verdict:
        ranked = rank(plain, LATIN_LANGUAGES)
        english = _likelihood(_evidence(ranked, plain, traits))
        if english >= ENGLISH_THRESHOLD:
            return Verdict("ok", ENGLISH, english)
        return _judge_foreign(plain, words, ranked, english)


def _plain_case(text: str, plain: str, traits: Traits) -> Verdict | None:
    """Decide what needs no weighing: nothing there, another script, noise, signs without words."""
    letters = letters_of(plain)
    if not (letters and plain.isascii()) and is_blank(text):
        return Verdict("empty", UNDETERMINED, 0.0)
    script = foreign_script(letters)
    if script is not None:
        return _judge_script(script, plain)
    if unreadable_reason(_without_addresses(text), traits.letters, traits.noise) is not None:
        return Verdict("unreadable", UNDETERMINED, 0.0)
    return None if letters else Verdict("ok", ENGLISH, SIGN_CONFIDENCE)


def _evidence(ranked: Mapping[str, float], plain: str, traits: Traits) -> tuple[float, ...]:
    """Return what speaks for English and against it, each a number near 0 to 5.

    The identifier's log-ratio of English to the best other language, within [-5, 5]; known words, common words
    and foreign markers as roots of their numbers (the tenth says less than the first); unknown words likewise;
    letters with accents, at most 4.
    """
    others = max(share for code, share in ranked.items() if code != ENGLISH)
    return _weigh(ranked[ENGLISH], others, plain, traits)


def _weigh(english: float, others: float, plain: str, traits: Traits) -> tuple[float, ...]:
    """Return the evidence, given the identifier's shares of English and of the best other language."""
    ratio = math.log(max(english, 1e-6) / max(others, 1e-6))
    return (
        max(-5.0, min(5.0, ratio)),
        math.sqrt(traits.known),
        math.sqrt(traits.common),
        math.sqrt(traits.words - traits.markers - traits.known),
        math.sqrt(traits.markers),
        0.0 if plain.isascii() else float(min(4, sum(not char.isascii() for char in letters_of(plain)))),
    )


def _likelihood(evidence: tuple[float, ...]) -> float:
    """Return the probability of English."""
    return 1.0 / (1.0 + math.exp(-BIAS - sum(map(mul, WEIGHTS, evidence))))


def _judge_foreign(plain: str, words: Sequence[str], ranked: Mapping[str, float], english: float) -> Verdict:
    """Decide for a text that is likely not English."""
    code = _best_code(ranked, words)
    if _says_too_little(letters_of(plain), words, code):
        return Verdict("ok", ENGLISH, english)
    return Verdict("unsupported_language", code, 1.0 - english)


def _says_too_little(letters: str, words: Sequence[str], code: str) -> bool:
    """Whether a text without any foreign word or accent is too short to refuse on the identifier's word."""
    if not letters.isascii() or not FOREIGN_MARKERS.keys().isdisjoint(words):
        return False
    return len(letters) < SHORT_LETTERS or (code == UNDETERMINED and len(words) < SHORT_WORDS)


def _plain_text(text: str) -> str:
    """Return the text in plain letters (NFKC), without emoticons and addresses."""
    return unicodedata.normalize("NFKC", _without_addresses(without_emoticons(text)))


def _without_addresses(text: str) -> str:
    """Replace addresses by spaces; no address holds a space, so only words that can be one are searched."""
    if "@" not in text and "http" not in text and "www." not in text:
        return text
    return " ".join(
        [
            _ADDRESS.sub(" ", part) if "@" in part or "http" in part or "www." in part else part
            for part in text.split(" ")
        ]
    )


def _judge_script(script: str, plain: str) -> Verdict:
    languages = SCRIPTS.get(script, ())
    if not languages:
        return Verdict("unsupported_language", UNDETERMINED, 0.5)
    if len(languages) == 1:
        return Verdict("unsupported_language", languages[0], 1.0)
    ranked = rank(plain, languages)
    code, confidence = max(ranked.items(), key=itemgetter(1))
    return Verdict("unsupported_language", code, confidence)


def _best_code(ranked: Mapping[str, float], words: Sequence[str]) -> str:
    """Return the language with the most support other than English, or "und"."""
    support = {code: share for code, share in ranked.items() if code != ENGLISH}
    for word in words:
        for code in FOREIGN_MARKERS.get(word, ()):
            support[code] = support.get(code, 0.0) + MARKER_SUPPORT
    code, best = max(support.items(), key=itemgetter(1))
    return code if best >= CODE_THRESHOLD else UNDETERMINED
