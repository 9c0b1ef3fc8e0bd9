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
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from feedback_nlp.language_words import COMMON_ENGLISH, FOREIGN_MARKERS
from feedback_nlp.readability import is_blank, letters_of, unreadable_reason, without_emoticons

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["ENGLISH", "UNDETERMINED", "LanguageGate", "Verdict"]

ENGLISH: Final = "en"
UNDETERMINED: Final = "und"

#: Least share of common English words for the cheap decision. English feedback has 0.30, German, French, Spanish,
#: Italian and Portuguese tweets 0.001 to 0.01; at 0.1 a foreign sentence needs several quoted English words.
COMMON_SHARE: Final = 0.1
#: Least share of known words for the cheap decision. Foreign tweets reach 0.45 to 0.62 on average even against a
#: vocabulary learned from English sets, since such a vocabulary holds stray foreign words.
KNOWN_SHARE: Final = 0.8
#: From this share of Latin letters on, a text is weighed as Latin; below, its script decides. A half, since a brand
#: in Latin letters within a Russian or Chinese sentence is common and a foreign name in English is shorter than it.
LATIN_OK_SHARE: Final = 0.5
#: Least probability of English for status "ok". Low, since refusing a customer costs more than an uncertain label.
ENGLISH_THRESHOLD: Final = 0.1
#: Texts with fewer letters are refused only for a word or an accent that English lacks: over "Okkk", "ntg" or a
#: product's name the identifier knows nothing.
SHORT_LETTERS: Final = 10
#: Confidence in "en" for emoji, emoticons and ratings, which are of no language: neither for nor against.
SIGN_CONFIDENCE: Final = 0.5
#: Below this support for the best other language its code is not told.
CODE_THRESHOLD: Final = 0.35
#: What each word that only some languages have adds to their support, in probability.
MARKER_SUPPORT: Final = 0.4

#: Languages in Latin letters that are told apart. Few, because every further one takes short English texts away.
LATIN_LANGUAGES: Final = tuple("en de fr es it pt nl pl tr sv da no fi cs hu ro id vi".split())

#: Script, as the first word of a letter's Unicode name, with the languages that are told apart in it.
SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "CYRILLIC": ("ru", "uk", "bg", "sr"),
        "ARABIC": ("ar", "fa", "ur"),
        "CJK": ("zh", "ja"),
        "DEVANAGARI": ("hi", "mr", "ne"),
        "HIRAGANA": ("ja",),
        "KATAKANA": ("ja",),
        "HANGUL": ("ko",),
        "GREEK": ("el",),
        "HEBREW": ("he",),
        "THAI": ("th",),
        "BENGALI": ("bn",),
        "TAMIL": ("ta",),
        "TELUGU": ("te",),
        "GUJARATI": ("gu",),
        "GURMUKHI": ("pa",),
        "KANNADA": ("kn",),
        "MALAYALAM": ("ml",),
        "GEORGIAN": ("ka",),
        "ARMENIAN": ("hy",),
    }
)

#: Log-odds of English: BIAS + WEIGHTS . evidence (order of `LanguageGate.evidence`). A logistic regression over the
#: 24,826 texts and fragments of one to six words of 19 English and 9 other sets that the cheap decision left open,
#: rounded; 5-fold cross-validated at the threshold: 0.8 % of the English texts refused, 1.5 % of the others passed.
BIAS: Final = 0.7
WEIGHTS: Final = (0.95, 0.8, 2.6, -2.1, -3.1, -0.9)

_ADDRESS = re.compile(r"(?:https?:|www\.)\S+|\S+@\S+|@\w+")
_NOT_WORDS = re.compile(r"#\w+|\d+")
_LONG_RUN = re.compile(r"(\w)\1{2,}")


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
        self._known = frozenset(known_words) | COMMON_ENGLISH

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
        known = sum(word in self._known for word in words)
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
        if is_blank(text):
            return Verdict("empty", UNDETERMINED, 0.0)
        plain = unicodedata.normalize("NFKC", _ADDRESS.sub(" ", without_emoticons(text)))
        letters = letters_of(plain)
        script = _foreign_script(letters)
        if script is not None:
            return _judge_script(script, plain)
        if unreadable_reason(_ADDRESS.sub(" ", text), words, self._known) is not None:
            return Verdict("unreadable", UNDETERMINED, 0.0)
        return (
            self._judge_latin(plain, letters, words) if letters else Verdict("ok", ENGLISH, SIGN_CONFIDENCE)
        )

    def _plain_form(self, word: str) -> str:
        """Return a known spelling of a stretched word ("sooo", "okkk"), or the word."""
        forms = (word, _LONG_RUN.sub(r"\1\1", word), _LONG_RUN.sub(r"\1", word))
        return next((form for form in forms if form in self._known), word)

    def _judge_latin(self, plain: str, letters: str, words: Sequence[str]) -> Verdict:
        ranked = _rank(plain, LATIN_LANGUAGES)
        english = 1.0 / (1.0 + math.exp(-self._log_odds(ranked, letters, words)))
        if english >= ENGLISH_THRESHOLD or _is_too_short(letters, words):
            return Verdict("ok", ENGLISH, english)
        return Verdict("unsupported_language", _best_code(ranked, words), 1.0 - english)

    def _log_odds(self, ranked: Mapping[str, float], letters: str, words: Sequence[str]) -> float:
        return BIAS + sum(w * x for w, x in zip(WEIGHTS, self.evidence(ranked, letters, words), strict=True))

    def evidence(self, ranked: Mapping[str, float], letters: str, words: Sequence[str]) -> tuple[float, ...]:
        """Return what speaks for English and against it, each a number near 0 to 5.

        The identifier's log-ratio of English to the best other language, within [-5, 5]; known words, common words
        and foreign markers as roots of their numbers (the tenth says less than the first); unknown words likewise;
        letters with accents, at most 4.
        """
        markers = sum(word in FOREIGN_MARKERS for word in words)
        unmarked = [self._plain_form(word) for word in words if word not in FOREIGN_MARKERS]
        n_words, known, n_common = self.count(unmarked)
        others = max(share for code, share in ranked.items() if code != ENGLISH)
        ratio = math.log(max(ranked[ENGLISH], 1e-6) / max(others, 1e-6))
        return (
            max(-5.0, min(5.0, ratio)),
            math.sqrt(known),
            math.sqrt(n_common),
            math.sqrt(n_words - known),
            math.sqrt(markers),
            min(4.0, sum(not char.isascii() for char in letters)),
        )


def _is_too_short(letters: str, words: Sequence[str]) -> bool:
    """Whether a text has too few letters to refuse it on the identifier's word: no foreign word, no accent."""
    return len(letters) < SHORT_LETTERS and letters.isascii() and FOREIGN_MARKERS.keys().isdisjoint(words)


def _foreign_script(letters: str) -> str | None:
    """Return the script most letters have, if fewer than LATIN_OK_SHARE are Latin."""
    foreign = [char for char in letters if not char.isascii()]
    if len(foreign) <= (1.0 - LATIN_OK_SHARE) * len(letters):
        return None
    scripts = Counter(_script_of(char) for char in letters)
    if scripts["LATIN"] >= LATIN_OK_SHARE * len(letters):
        return None
    del scripts["LATIN"]
    # Kana appear in Japanese only, and Japanese sentences hold many letters that Chinese has too.
    return (
        "HIRAGANA"
        if scripts["HIRAGANA"] + scripts["KATAKANA"]
        else max(scripts, key=lambda name: scripts[name])
    )


@cache
def _script_of(char: str) -> str:
    name = unicodedata.name(char, "UNKNOWN").replace("IDEOGRAPHIC", "CJK").split(" ")[0].split("-")[0]
    return "LATIN" if name in ("LATIN", "FEMININE", "MASCULINE", "MICRO") else name


def _judge_script(script: str, plain: str) -> Verdict:
    languages = SCRIPTS.get(script, ())
    if not languages:
        return Verdict("unsupported_language", UNDETERMINED, 0.5)
    if len(languages) == 1:
        return Verdict("unsupported_language", languages[0], 1.0)
    ranked = _rank(plain, languages)
    code = max(ranked, key=lambda language: ranked[language])
    return Verdict("unsupported_language", code, ranked[code])


def _best_code(ranked: Mapping[str, float], words: Sequence[str]) -> str:
    """Return the language with the most support other than English, or "und"."""
    support = Counter({code: share for code, share in ranked.items() if code != ENGLISH})
    for word in words:
        for code in FOREIGN_MARKERS.get(word, ()):
            support[code] += MARKER_SUPPORT
    code, best = support.most_common(1)[0]
    return code if best >= CODE_THRESHOLD else UNDETERMINED


def _rank(plain: str, languages: tuple[str, ...]) -> Mapping[str, float]:
    """Return the identifier's probabilities over some languages; without addresses, handles, numbers, long runs."""
    cleaned = _LONG_RUN.sub(r"\1\1", _NOT_WORDS.sub(" ", plain))
    return dict(_identifier(languages).rank(cleaned))


@cache
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    """Load py3langid when first needed: half a second and about 100 MB, which English-only use never pays."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(languages))
    return identifier
