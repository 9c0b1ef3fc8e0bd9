"""From text to tokens, sentences, clauses and scopes. The only home of spaCy.

The text is never altered: tokens carry code-point offsets into it and a normal form beside it. spaCy's
blank English tokenizer does the splitting (with four small changes, see `build_tokenizer`); this module adds
sentence and clause ends that survive careless punctuation, and the scope of negation and wish, because a
classifier over words cannot see them otherwise. Normal forms are in `forms`.

This is the plain path and the definition; `chunks` and `scan` give the same tokens and marks for whole batches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from feedback_nlp.forms import (
    ADDRESS,
    ELLIPSIS,
    EMOTE,
    EMOTICON,
    END,
    MARK,
    WORD,
    classify_form,
    normalize_token,
)
from feedback_nlp.roles import CONTRASTS, WISHES, mark_asides, starts_clause

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokenizer import Tokenizer

__all__ = [
    "LINE_BREAK",
    "PREPROCESS_VERSION",
    "Prepared",
    "Preprocessor",
    "build_tokenizer",
    "mend_surrogates",
    "split_surfaces",
]

#: Goes into the manifest of a bundle; a bundle made with another version is refused.
PREPROCESS_VERSION = 2

#: "slow.The", "pay!!!why": a sentence end glued between two words of at least two letters.
_GLUED_ENDS = r"(?<=[^\W\d_][^\W\d_])[.!?…]+(?=[^\W\d_])"
#: "slow,then", "good&cheap", "bad/late": words glued by other marks (spaCy leaves some of them whole).
_GLUED_MARKS = r"(?<=[^\W\d_])[,&/;:]+(?=[^\W\d_])"


@cache
def build_tokenizer() -> Language:
    """Return spaCy's blank English pipeline with its tokenizer fitted to what customers write.

    Four changes: only strings with a scheme, "www." or a well-known ending count as addresses ("slow.the"
    is two words); a sentence end or comma glued between two words splits them; emoticons are cut off as
    affixes, because spaCy's special cases also match over spaces ("( :(") and would make the tokens of a
    white-space chunk depend on its neighbours; nothing else runs. It is built once a process.

    Returns
    -------
    spacy.language.Language
        A pipeline without components.
    """
    # A third of the time of a cold start, and most short texts need no tokenizer (see cuts).
    import spacy
    from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

    nlp = spacy.blank("en")
    # Shapes, prefixes and flags of a word cost more than finding it, and nothing here reads them.
    nlp.vocab.lex_attr_getters = {}  # type: ignore[attr-defined]  # missing in spaCy's stubs
    tokenizer = cast("Tokenizer", nlp.tokenizer)
    infixes = [*(nlp.Defaults.infixes or []), _GLUED_ENDS, _GLUED_MARKS]
    tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
    tokenizer.prefix_search = compile_prefix_regex([EMOTICON, *(nlp.Defaults.prefixes or [])]).search
    tokenizer.suffix_search = compile_suffix_regex([EMOTICON, *(nlp.Defaults.suffixes or [])]).search
    tokenizer.rules = {
        case: parts
        for case, parts in tokenizer.rules.items()
        if case[0].isalpha() or (case[0] in "'’" and case != "''")
    }
    tokenizer.url_match = ADDRESS.fullmatch
    return nlp


#: Stands between the chunks of two lines; no text can hold it, since texts are split at white space.
LINE_BREAK = "\n"
#: A longer run without white space is cut: spaCy's affix rules need quadratic time on it, and no word is so long.
LONGEST_CHUNK = 250
_LONG_RUN = re.compile(rf"\S{{{LONGEST_CHUNK + 1}}}")
_PIECE = re.compile(rf"\S{{1,{LONGEST_CHUNK}}}|\s+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def mend_surrogates(text: str) -> str:
    """Return the text with half characters (lone surrogates, from broken JSON) as U+FFFD, which keeps offsets."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def split_surfaces(nlp: Language, text: str) -> list[tuple[str, int]]:
    """Return the tokens of a text as they stand in it, with their offsets; white space is a token too.

    Examples
    --------
    >>> split_surfaces(build_tokenizer(), "Can't pay!")
    [('Ca', 0), ("n't", 2), ('pay', 6), ('!', 9)]
    """
    text = mend_surrogates(text)
    if not _LONG_RUN.search(text):
        return [(token.text, token.idx) for token in nlp.make_doc(text)]
    return [
        (token.text, piece.start() + token.idx)
        for piece in _PIECE.finditer(text)
        for token in nlp.make_doc(piece.group())
    ]


# -- classes of tokens -----------------------------------------------------------------------------------------------

NEGATORS = frozenset(
    "not no never none nothing nobody neither nor without hardly barely scarcely rarely".split()
)
#: "not only good": the word after the negator that lifts it.
LIFTERS = frozenset("only just".split())
BREAKS = frozenset([",", ";", ":", "-", "--", "(", ")", "/", "|", "*"])
#: A negation does not reach behind these: "no problems and good service".
SCOPE_ENDS = frozenset("and because so".split())
CLAUSE_MARKS = frozenset([";", "-", "--", "|", "*"])

#: Tokens of a sentence before a comma or "and" can end its first clause.
LEAST_CLAUSE = 4

PLAIN, NEGATED, WISHED = range(3)
SCOPE_PREFIX = ("", "NOT_", "IF_")
#: Words after a negator, and after a wish, that it reaches: most English clauses say by then what is meant. Not tuned.
NEGATION_REACH = 4
WISH_REACH = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """One text, ready for feature extraction; lists have one entry a token unless said otherwise.

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
    asides : list of bool
        One entry a clause: whether it does not count (see roles).
    """

    forms: list[str]
    starts: list[int]
    ends: list[int]
    classes: list[int]
    sentences: list[int]
    clauses: list[int]
    scopes: list[int]
    asides: list[bool]


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
        scopes = mark_scopes(forms, classes, clauses)
        asides = mark_asides(forms, sentences, clauses)
        return Prepared(forms, starts, ends, classes, sentences, clauses, scopes, asides)


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
    """Return the clause index of each token.

    Clauses end with sentences, at dashes, before contrasts, and where a new subject follows a comma or "and" (but not
    among the first LEAST_CLAUSE tokens of a sentence: "great, it broke again" is one breath).

    Examples
    --------
    >>> split_clauses(["fast", "but", "dear", ".", "bad"], [0, 0, 0, 0, 1])
    [0, 1, 1, 1, 2]
    """
    index = begin = 0
    out: list[int] = []
    for position, form in enumerate(forms):
        fresh = bool(position) and sentences[position] != sentences[position - 1]
        begin = position if fresh else begin
        if position and (
            fresh
            or form in CONTRASTS
            or forms[position - 1] in CLAUSE_MARKS
            or (position - begin >= LEAST_CLAUSE and starts_clause(form, forms[position - 1]))
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
        if form in SCOPE_ENDS:
            negated = wished = 0
        if form in NEGATORS:
            lifted = position + 1 < len(forms) and forms[position + 1] in LIFTERS
            negated = 0 if lifted else NEGATION_REACH
            out[-1] = PLAIN
        elif form in WISHES:
            wished = WISH_REACH
    return out
