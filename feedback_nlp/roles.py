"""What part each clause plays: what others say, what was once, what was only expected, what is asked or wished for.

"My friend hates it, I love it": the verdict is the author's, so the first clause is an *aside* and does not count. So
are what was before ("used to be great, now it crashes") and what was only expected ("thought it would be cheap, but
it is solid"), each only where another clause of the same sentence (for the past also of the next) says what holds.
Questions and wishes are no asides: what the words in them are worth, the model learns.

This is the definition; `scan` finds the same parts for whole batches at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby, takewhile
from typing import Final

__all__ = ["CONTRASTS", "WISHES", "Cue", "cues_of", "mark_asides", "starts_clause"]

CONTRASTS: Final = frozenset(
    "but however although though yet except nevertheless nonetheless whereas unfortunately sadly".split()
)
WISHES: Final = frozenset("would should could wish if hope unless".split())


class Cue:
    """Bits that say what a word tells about its clause; they stand above those of chunks.Form."""

    SELF, OTHERS, OPINES, AGREES = 1 << 14, 1 << 15, 1 << 16, 1 << 17
    PAST, NOW, EXPECTS = 1 << 18, 1 << 19, 1 << 20
    #: Two words that tell together: "used to", "at first", "last year", "this time".
    LEADS, TRAILS, LAST, THIS, PERIOD = 1 << 22, 1 << 23, 1 << 24, 1 << 25, 1 << 26
    #: Starts a clause behind a comma; starts one behind "and".
    OPENS, FOLLOWS, COMMA, AND = 1 << 27, 1 << 28, 1 << 29, 1 << 30


_WORDS: Final[dict[int, str]] = {
    Cue.SELF: "i we me us myself mine ourselves",
    Cue.OTHERS: """<family> <name> friend friends neighbour neighbours neighbor neighbors colleague colleagues coworker
        coworkers boss roommate flatmate partner mate mates people reviewers reviewer critics users customers guests
        bloggers others everyone everybody they papers reviews press forums""",
    Cue.OPINES: """love loves loved like likes liked hate hates hated dislike dislikes disliked say says said think
        thinks find finds found call calls called praise praises praised complain complains complained warned swear
        swears rave raves raved recommend recommends enjoy enjoys adore adores adored rate rates claim claims""",
    Cue.AGREES: "agree agreed agrees disagree disagreed second right true rightly same too also",
    Cue.PAST: "initially originally previously formerly ago once beginning",
    Cue.NOW: "now today nowadays lately currently anymore since until recently then",
    Cue.EXPECTS: "thought expected hoped feared worried afraid wanted doubted sceptical skeptical",
    Cue.LEADS: "used at",
    Cue.TRAILS: "to first",
    Cue.LAST: "last",
    Cue.THIS: "this these",
    Cue.PERIOD: "year month week summer winter spring autumn season time days",
    Cue.OPENS: """only i we it they you this that these those the there my our your their for now today then nowadays
        lately nobody nothing everyone everything""",
    Cue.FOLLOWS: "i we it they you now today nobody nothing",
    Cue.COMMA: ",",
    Cue.AND: "and",
}
#: Cues of a clause, and whether it starts with a contrast.
_Said = tuple[int, bool]
_CUES: Final[dict[str, int]] = {}
for _bit, _members in _WORDS.items():
    for _word in _members.split():
        _CUES[_word] = _CUES.get(_word, 0) | _bit


def cues_of(form: str) -> int:
    """Return the cues of a normal form.

    Examples
    --------
    >>> cues_of("now") == Cue.NOW | Cue.OPENS | Cue.FOLLOWS, cues_of("kettle")
    (True, 0)
    """
    return _CUES.get(form, 0)


def starts_clause(form: str, before: str) -> bool:
    """Return whether a new clause starts at a word because of it and the one before: ", it", "and I"."""
    cues, earlier = cues_of(form), cues_of(before)
    return bool((earlier & Cue.COMMA and cues & Cue.OPENS) or (earlier & Cue.AND and cues & Cue.FOLLOWS))


def mark_asides(forms: Sequence[str], sentences: Sequence[int], clauses: Sequence[int]) -> list[bool]:
    """Return for each clause of a text whether it is an aside.

    Parameters
    ----------
    forms : sequence of str
        Normal forms of the tokens.
    sentences, clauses : sequence of int
        Sentence and clause of each token, counted from 0.

    Examples
    --------
    >>> mark_asides("my <family> hates it , i love it .".split(), [0] * 9, [0] * 5 + [1] * 4)
    [True, False]
    """
    by_clause: list[list[str]] = []
    owners: list[int] = []
    for token, form in enumerate(forms):
        if not token or clauses[token] != clauses[token - 1]:
            by_clause.append([])
            owners.append(sentences[token])
        by_clause[-1].append(form)
    said = [_said(clause) for clause in by_clause]
    asides: list[bool] = []
    for sentence, mates in groupby(range(len(said)), key=owners.__getitem__):
        here = [said[mate] for mate in mates]
        end = len(asides) + len(here)
        following = takewhile(partial(_stands_in, owners, sentence + 1), range(end, len(said)))
        asides.extend(_asides(here, [said[place] for place in following]))
    return asides


def _stands_in(owners: list[int], sentence: int, clause: int) -> bool:
    return owners[clause] == sentence


def _said(forms: list[str]) -> _Said:
    """Return the cues of a clause, and whether it starts with a contrast."""
    cues = [cues_of(form) for form in forms]
    every = 0
    for before, cue in zip([0, *cues], cues, strict=False):
        every |= cue & ~Cue.PAST if before & Cue.LEADS else cue  # "at once" is not the past
        if (before & Cue.LEADS and cue & Cue.TRAILS) or (before & Cue.LAST and cue & Cue.PERIOD):
            every |= Cue.PAST
        if before & Cue.THIS and cue & Cue.PERIOD:
            every |= Cue.NOW
    return every, forms[0] in CONTRASTS


def _asides(here: list[_Said], following: list[_Said]) -> list[bool]:
    """Return which clauses of one sentence are asides; `following` are those of the next."""
    overruled = any(cues & Cue.SELF for cues, _ in here) and not any(cues & Cue.AGREES for cues, _ in here)
    changed = any((cues & Cue.NOW or contrast) and not cues & Cue.PAST for cues, contrast in here)
    changed = changed or any(cues & Cue.NOW and not cues & Cue.PAST for cues, _ in following)
    facts = [place for place, (cues, _) in enumerate(here) if not cues & Cue.EXPECTS]
    return [
        (_is_others(cues) and overruled)
        or bool(cues & Cue.PAST and changed)
        or bool(cues & Cue.EXPECTS and facts and facts[-1] > place)
        for place, (cues, _) in enumerate(here)
    ]


def _is_others(cues: int) -> bool:
    return bool(cues & Cue.OTHERS and cues & Cue.OPINES and not cues & Cue.SELF)
