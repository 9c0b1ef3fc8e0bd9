"""The normal form of a token: what the classifiers see of it, and which class of token it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from feedback_nlp.neutral import NEUTRAL_FORMS

__all__ = [
    "ADDRESS",
    "DOMAINS",
    "ELLIPSIS",
    "EMOTE",
    "EMOTICON",
    "END",
    "EXPRESSIVE_MARKS",
    "MARK",
    "WORD",
    "classify_form",
    "handle_of",
    "normalize_token",
    "normalize_words",
]

#: Top-level domains that make "word.word" an address and not two sentences without a space between.
DOMAINS = "com|net|org|info|io|app|co|uk|us|de|fr|es|eu|gov|edu|tv|me|ly|gl|be|ca|in|au|shop|store|biz"
ADDRESS = re.compile(
    rf"(?:[a-z][a-z0-9+.-]*://|www\.)\S+"
    rf"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|(?:[a-z0-9-]+\.)+(?:{DOMAINS})(?:[/?#:]\S*)?",
    re.IGNORECASE,
)
_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."}
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
#: The commonest handles and addresses.
_USUAL_NAMES = re.compile(r"@_*[a-zA-Z0-9]\w*|https?://\S+")
_ELONGATION = re.compile(r"([^\W\d_])\1{2,}")
#: A mark before it (".@shop" makes a tweet public) hides no handle.
_HANDLE = re.compile(r"[^\w]*(@\w+)")
_ENDS = re.compile(r"[.!?]+")
_EMOTICONS_GLAD = frozenset(":) :-) :D :-D ;) ;-) =) (: <3 :)) :))) XD xD :P :p ^_^ =D :] (;".split())
_EMOTICONS_SAD = frozenset(":( :-( :(( :((( :'( :/ :-/ :| :-| =( >:( D: ): :[ :\\ :@ =/".split())
EMOTICON = (
    "(?:" + "|".join(map(re.escape, sorted(_EMOTICONS_GLAD | _EMOTICONS_SAD, key=len, reverse=True))) + ")"
)

#: Contracted forms and the words they stand for, so that "don't", "dont" and "do not" read alike. The stems of "can't",
#: "won't" and "ain't" (ca, wo, ai) stay as they are, since CA and AI are words.
_EXPANSIONS = {
    "n't": "not",
    "nt": "not",
    "'ll": "will",
    "'re": "are",
    "'m": "am",
    "'ve": "have",
    "u": "you",
    "ur": "your",
    "r": "are",
    "plz": "please",
    "pls": "please",
    "thx": "thanks",
    "thanx": "thanks",
    "tnx": "thanks",
    "ty": "thanks",
    "gr8": "great",
    "luv": "love",
    "dnt": "not",
    "doesnt": "not",
    "didnt": "not",
    "isnt": "not",
    "wasnt": "not",
    "dont": "not",
    "cant": "not",
    "cannt": "not",
    "wont": "not",
    **NEUTRAL_FORMS,
}


@lru_cache(maxsize=65_536)
def normalize_token(text: str) -> str:
    """Return the normal form of one token: what the classifiers see of it.

    Parameters
    ----------
    text : str
        A token as it stands in the customer's text.

    Returns
    -------
    str
        Lower case, compatibility forms and quotes unified, invisible characters gone, three and more equal
        letters cut to two, contractions written out; placeholders for numbers, emoticons, names and other words
        that must not decide (see neutral). Empty for what says nothing: addresses, handles, invisible characters.

    Examples
    --------
    >>> [normalize_token(t) for t in ("SOOOO", "n’t", "49.90", "https://a.example/b", "@shop", ":-(", "Emma")]
    ['soo', 'not', '<number>', '', '', '<sad>', '<name>']
    """
    if text.isascii() and _USUAL_NAMES.fullmatch(text):
        return ""
    if text in _EMOTICONS_GLAD:
        return "<glad>"
    if text in _EMOTICONS_SAD:
        return "<sad>"
    if text.isascii() and text.isalpha():  # most tokens: nothing below can apply but the last two steps
        form = _ELONGATION.sub(r"\1\1", text.lower())
        return _EXPANSIONS.get(form, form)
    form = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.translate(_QUOTES))).lower()
    form = "".join(form.split())  # some compatibility forms hold a space
    if any(c.isdigit() for c in form):
        return _normalize_number(form)
    if ADDRESS.fullmatch(form):
        return ""
    if _HANDLE.match(form):
        return ""
    form = _ELONGATION.sub(r"\1\1", form)
    return _EXPANSIONS.get(form, form)


def normalize_words(words: Sequence[str]) -> list[str]:
    """Return the normal forms of tokens of ASCII letters, what `normalize_token` gives for each, all at once.

    Examples
    --------
    >>> normalize_words(["SOOOO", "Dont", "xD"])
    ['soo', 'not', '<glad>']
    """
    if not words:
        return []
    letters = _cut_elongations("\n".join(words).lower())
    lower = letters.split("\n")
    forms = list(map(_EXPANSIONS.get, lower, lower))
    if "xd" not in letters:
        return forms
    return ["<glad>" if word in _EMOTICONS_GLAD else form for word, form in zip(words, forms, strict=True)]


def _cut_elongations(letters: str) -> str:
    """Cut three and more equal letters to two; letters are ASCII, where few are equal to the two before them."""
    codes = np.frombuffer(letters.encode(), dtype=np.uint8)
    same = codes[1:] == codes[:-1]
    return _ELONGATION.sub(r"\1\1", letters) if (same[1:] & same[:-1]).any() else letters


def handle_of(text: str) -> str:
    """Return the handle that a token is, which its normal form leaves out; empty if it is none.

    Examples
    --------
    >>> handle_of(".@Shop"), handle_of("shop"), handle_of("me@shop.example")
    ('@shop', '', '')
    """
    found = _HANDLE.match(unicodedata.normalize("NFKC", text).lower())
    return found[1] if found else ""


def _normalize_number(form: str) -> str:
    """Numbers say what they are, not how many; single digits and x/5, x/10 stay, they are verdicts."""
    if ADDRESS.fullmatch(form):
        return ""
    if form in _EXPANSIONS:
        return _EXPANSIONS[form]
    if len(form) == 1 or re.fullmatch(r"\d{1,2}/(?:5|10)", form):
        return form
    if _HANDLE.match(form):
        return ""
    if re.fullmatch(r"[\d.,:/%+-]+", form):
        return "<number>"
    if re.fullmatch(r"\d+(?:st|nd|rd|th|am|pm|h|hrs?|mins?|s|k|m|gb|mb|kg|g|cm|mm|x)", form):
        return "<measure>"
    return form if len(form) <= 5 else "<number>"


#: Marks that are terms; other punctuation is not.
EXPRESSIVE_MARKS = frozenset("!?")

#: What a normal form is to the scanner below; small integers, so that a whole batch can be scanned in numpy.
WORD, MARK, END, ELLIPSIS, EMOTE = range(5)


def classify_form(form: str) -> int:
    """Return the class of a normal form: WORD, MARK, END (of a sentence), ELLIPSIS or EMOTE."""
    if not form:
        return MARK
    if form in ("<glad>", "<sad>"):
        return EMOTE
    if form[0].isalnum() or (form[0] in "<'" and len(form) > 1):
        return WORD
    if _ENDS.fullmatch(form):
        return ELLIPSIS if len(form) > 1 and set(form) == {"."} else END
    if unicodedata.category(form[0]) in ("So", "Cn"):
        return EMOTE
    return WORD if any(c.isalnum() for c in form) else MARK
