"""From text to tokens, sentences, clauses and scopes. The only home of spaCy.

The text is never altered: tokens carry code-point offsets into it and a normal form beside it. spaCy's
blank English tokenizer does the splitting (with three small changes, see `build_tokenizer`); this module
adds the normal form of a token, sentence and clause ends that survive careless punctuation, and the scope of
negation, wish and past habit, because a classifier over words cannot see them otherwise.

This is the plain path and the definition; `fastpath` gives the same tokens and marks for whole batches.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

__all__ = ["PREPROCESS_VERSION", "Prepared", "Preprocessor", "build_tokenizer", "normalize_token"]

#: Goes into the manifest of a bundle; a bundle made with another version is refused.
PREPROCESS_VERSION = 1

#: Top-level domains that make "word.word" an address and not two sentences without a space between.
_DOMAINS = "com|net|org|info|io|app|co|uk|us|de|fr|es|eu|gov|edu|tv|me|ly|gl|be|ca|in|au|shop|store|biz"
_ADDRESS = re.compile(
    rf"(?:[a-z][a-z0-9+.-]*://|www\.)\S+"
    rf"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|(?:[a-z0-9-]+\.)+(?:{_DOMAINS})(?:[/?#:]\S*)?",
    re.IGNORECASE,
)
#: "slow.The", "pay!!!why": a sentence end glued between two words of at least two letters.
_GLUED_ENDS = r"(?<=[^\W\d_][^\W\d_])[.!?…]+(?=[^\W\d_])"
#: "slow,then", "good&cheap", "bad/late": words glued by other marks (spaCy leaves some of them whole).
_GLUED_MARKS = r"(?<=[^\W\d_])[,&/;:]+(?=[^\W\d_])"

_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."}
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_ELONGATION = re.compile(r"([^\W\d_])\1{2,}")
_ENDS = re.compile(r"[.!?]+")
_EMOTICONS_GLAD = frozenset(":) :-) :D :-D ;) ;-) =) (: <3 :)) :))) XD xD :P :p ^_^ =D :] (;".split())
_EMOTICONS_SAD = frozenset(":( :-( :(( :((( :'( :/ :-/ :| :-| =( >:( D: ): :[ :\\ :@ =/".split())
_EMOTICON = (
    "(?:" + "|".join(map(re.escape, sorted(_EMOTICONS_GLAD | _EMOTICONS_SAD, key=len, reverse=True))) + ")"
)

#: Contracted forms and the words they stand for, so that "won't", "wont" and "will not" read alike.
_EXPANSIONS = {
    "n't": "not",
    "nt": "not",
    "ca": "can",
    "wo": "will",
    "sha": "shall",
    "ai": "is",
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
        letters cut to two, contractions written out; placeholders for addresses, handles, numbers and
        emoticons. Empty for a token of invisible characters only.

    Examples
    --------
    >>> [normalize_token(t) for t in ("SOOOO", "n’t", "49.90", "https://a.example/b", "@shop", ":-(", "５")]
    ['soo', 'not', '<number>', '<url>', '<handle>', '<sad>', '5']
    """
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
    if _ADDRESS.fullmatch(form):
        return "<email>" if "@" in form and "/" not in form else "<url>"
    if len(form) > 1 and form[0] == "@":
        return "<handle>"
    form = _ELONGATION.sub(r"\1\1", form)
    return _EXPANSIONS.get(form, form)


def _normalize_number(form: str) -> str:
    """Numbers say what they are, not how many; single digits and x/5, x/10 stay, they are verdicts."""
    if _ADDRESS.fullmatch(form):
        return "<email>" if "@" in form and "/" not in form else "<url>"
    if form in _EXPANSIONS:
        return _EXPANSIONS[form]
    if len(form) == 1 or re.fullmatch(r"\d{1,2}/(?:5|10)", form):
        return form
    if form[0] == "@":
        return "<handle>"
    if re.fullmatch(r"[\d.,:/%+-]+", form):
        return "<number>"
    if re.fullmatch(r"\d+(?:st|nd|rd|th|am|pm|h|hrs?|mins?|s|k|m|gb|mb|kg|g|cm|mm|x)", form):
        return "<measure>"
    return form if len(form) <= 5 else "<code>"


def build_tokenizer() -> Language:
    """Return spaCy's blank English pipeline with its tokenizer fitted to what customers write.

    Four changes: only strings with a scheme, "www." or a well-known ending count as addresses ("slow.the"
    is two words); a sentence end or comma glued between two words splits them; emoticons are cut off as
    affixes, because spaCy's special cases also match over spaces ("( :(") and would make the tokens of a
    white-space chunk depend on its neighbours; nothing else runs.

    Returns
    -------
    spacy.language.Language
        A pipeline without components.
    """
    nlp = spacy.blank("en")
    # Shapes, prefixes and flags of a word cost more than finding it, and nothing here reads them.
    nlp.vocab.lex_attr_getters = {}  # type: ignore[attr-defined]  # missing in spaCy's stubs
    tokenizer = nlp.tokenizer
    assert isinstance(tokenizer, Tokenizer)  # noqa: S101  # narrows spaCy's loose type
    infixes = [*(nlp.Defaults.infixes or []), _GLUED_ENDS, _GLUED_MARKS]
    tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
    tokenizer.prefix_search = compile_prefix_regex([_EMOTICON, *(nlp.Defaults.prefixes or [])]).search
    tokenizer.suffix_search = compile_suffix_regex([_EMOTICON, *(nlp.Defaults.suffixes or [])]).search
    tokenizer.rules = {
        case: parts for case, parts in tokenizer.rules.items() if case[0].isalpha() or case[0] in "'’"
    }
    tokenizer.url_match = _ADDRESS.fullmatch
    return nlp


#: A longer run without white space is cut: spaCy's affix rules need quadratic time on it, and no word is so long.
LONGEST_CHUNK = 250
_LONG_RUN = re.compile(rf"\S{{{LONGEST_CHUNK + 1}}}")
_PIECE = re.compile(rf"\S{{1,{LONGEST_CHUNK}}}|\s+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def split_surfaces(nlp: Language, text: str) -> list[tuple[str, int]]:
    """Return the tokens of a text as they stand in it, with their offsets; white space is a token too.

    Half characters (lone surrogates, from broken JSON) are read as U+FFFD, which keeps offsets.

    Examples
    --------
    >>> split_surfaces(build_tokenizer(), "Can't pay!")
    [('Ca', 0), ("n't", 2), ('pay', 6), ('!', 9)]
    """
    text = _LONE_SURROGATE.sub("\ufffd", text)
    if not _LONG_RUN.search(text):
        return [(token.text, token.idx) for token in nlp.make_doc(text)]
    return [
        (token.text, piece.start() + token.idx)
        for piece in _PIECE.finditer(text)
        for token in nlp.make_doc(piece.group())
    ]


# -- classes of tokens -----------------------------------------------------------------------------------------------

#: What a normal form is to the scanner below; small integers, so that a whole batch can be scanned in numpy.
WORD, MARK, END, ELLIPSIS, EMOTE = range(5)

NEGATORS = frozenset(
    "not no never none nothing nobody neither nor without hardly barely scarcely rarely".split()
)
CONTRASTS = frozenset(
    "but however although though yet except nevertheless nonetheless whereas unfortunately sadly".split()
)
WISHES = frozenset("would should could wish if hope unless".split())
#: "not only good": the word after the negator that lifts it.
LIFTERS = frozenset("only just".split())
BREAKS = frozenset([",", ";", ":", "-", "--", "(", ")", "/", "|", "*"])
CLAUSE_MARKS = frozenset([";", "-", "--", "|", "*"])

PLAIN, NEGATED, WISHED = range(3)
SCOPE_PREFIX = ("", "NOT_", "IF_")
#: Words after a negator that it reaches; more than four adds noise (benchmarks/quality.py, ablation).
NEGATION_REACH = 4
WISH_REACH = 8


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


@dataclass(frozen=True, slots=True)
class Prepared:
    """One text, ready for feature extraction; all lists have one entry a token.

    Parameters
    ----------
    forms : list of str
        Normal forms.
    starts, ends : list of int
        Code-point offsets into the text as given.
    classes : list of int
        WORD, MARK, END, ELLIPSIS or EMOTE.
    sentences, clauses : list of int
        Index of the sentence and of the clause (both counted through the text, from 0).
    scopes : list of int
        PLAIN, NEGATED or WISHED.
    """

    forms: list[str]
    starts: list[int]
    ends: list[int]
    classes: list[int]
    sentences: list[int]
    clauses: list[int]
    scopes: list[int]


class Preprocessor:
    """Turns texts into `Prepared` records.

    Examples
    --------
    >>> prepared = Preprocessor().prepare("Not good.Delivery was late but cheap")
    >>> [f"{s}:{p}{f}" for s, p, f in zip(prepared.clauses, prepared.scopes, prepared.forms)]
    ['0:0not', '0:1good', '0:0.', '1:0delivery', '1:0was', '1:0late', '2:0but', '2:0cheap']
    """

    def __init__(self) -> None:
        self._nlp = build_tokenizer()

    def prepare(self, text: str) -> Prepared:
        """Return the tokens of `text` with sentences, clauses and scopes."""
        forms: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        breaks: list[bool] = []  # a line break stands before the token
        fresh_line = False
        for surface, start in split_surfaces(self._nlp, text):
            if surface.isspace():
                fresh_line = fresh_line or "\n" in surface
                continue
            form = normalize_token(surface)
            forms.append(form)
            starts.append(start)
            ends.append(start + len(surface))
            breaks.append(fresh_line)
            fresh_line = False
        capitals = [text[start].isupper() for start in starts]
        classes = [classify_form(form) for form in forms]
        sentences = split_sentences(classes, capitals, breaks)
        clauses = split_clauses(forms, sentences)
        return Prepared(
            forms, starts, ends, classes, sentences, clauses, mark_scopes(forms, classes, clauses)
        )


def split_sentences(classes: list[int], capitals: list[bool], breaks: list[bool]) -> list[int]:
    """Return the sentence index of each token.

    A sentence begins at a word that follows a full stop, question or exclamation mark (capital or not:
    customers write lower case); after an ellipsis or an emoji only at a capital; after a line break only at a
    capital or a mark, so that hard-wrapped mails stay whole. Closing marks and emoji stay with the sentence before.

    Examples
    --------
    >>> capitals = [True, False, False, False, False, False]
    >>> split_sentences([WORD, ELLIPSIS, WORD, END, EMOTE, WORD], capitals, [False] * 6)
    [0, 0, 0, 0, 0, 1]
    """
    index = 0
    pending = WORD
    out: list[int] = []
    for position, (cls, capital, fresh_line) in enumerate(zip(classes, capitals, breaks, strict=True)):
        if position and cls == WORD:
            ended = pending == END or (capital and pending in (ELLIPSIS, EMOTE)) or (fresh_line and capital)
            index += ended
        elif position and fresh_line and cls == MARK:
            index += 1
        out.append(index)
        if cls == WORD:
            pending = WORD
        elif cls == END or (cls in (ELLIPSIS, EMOTE) and pending != END):
            pending = cls
    return out


def split_clauses(forms: list[str], sentences: list[int]) -> list[int]:
    """Return the clause index of each token: clauses end with sentences, at dashes and before contrasts.

    Examples
    --------
    >>> split_clauses(["fast", "but", "dear", ".", "bad"], [0, 0, 0, 0, 1])
    [0, 1, 1, 1, 2]
    """
    index = 0
    out: list[int] = []
    for position, form in enumerate(forms):
        if position and (
            sentences[position] != sentences[position - 1]
            or form in CONTRASTS
            or forms[position - 1] in CLAUSE_MARKS
        ):
            index += 1
        out.append(index)
    return out


def mark_scopes(forms: list[str], classes: list[int], clauses: list[int]) -> list[int]:
    """Return the scope of each token: NEGATED after a negator, WISHED after "would", "if" and the like.

    A scope reaches over at most NEGATION_REACH (WISH_REACH) words and ends with its clause, at a comma, bracket
    or sentence end. "Not only" and "not just" negate nothing.

    Examples
    --------
    >>> mark_scopes(["not", "very", "good", ",", "fine"], [WORD, WORD, WORD, MARK, WORD], [0] * 5)
    [0, 1, 1, 0, 0]
    """
    out: list[int] = []
    negated = wished = 0
    for position, form in enumerate(forms):
        if position and clauses[position] != clauses[position - 1]:
            negated = wished = 0
        if classes[position] != WORD:
            if form in BREAKS or classes[position] != MARK:
                negated = wished = 0
            out.append(PLAIN)
            continue
        out.append(NEGATED if negated else WISHED if wished else PLAIN)
        negated, wished = max(negated - 1, 0), max(wished - 1, 0)
        if form in NEGATORS:
            lifted = position + 1 < len(forms) and forms[position + 1] in LIFTERS
            negated = 0 if lifted else NEGATION_REACH
            out[-1] = PLAIN
        elif form in WISHES:
            wished = WISH_REACH
    return out
