"""What is not language at all: keyboard noise, encoded strings, logs, code and data dumps.

Each rule is small and looks at one thing. They run only on texts whose words are not plainly English
(see `feedback_nlp.language`), so an English complaint that quotes an error message is not refused.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache

__all__ = [
    "is_blank",
    "is_keyboard_noise",
    "letters_of",
    "machine_line_share",
    "opaque_share",
    "punctuation_density",
    "says_something_without_letters",
    "unreadable_reason",
    "without_emoticons",
]

#: From this share of a text's letters in noise words on, the text is noise. A half lets "asdfgh lol" through.
NOISE_SHARE = 0.5
#: From this share of code punctuation among the characters on, it is code; feedback has 0.02 at most.
CODE_DENSITY = 0.12
#: A word longer than this with digits or inner capitals in it is an encoded string, not a word.
OPAQUE_LENGTH = 20
#: Below this many letters there is too little to call a text code ("<3", "[ok]", "C++").
MIN_CODE_LETTERS = 8
#: Fewer marks than this are typing slips ("ugh >< sorry", "size = small").
MIN_CODE_MARKS = 4

_INVISIBLE = frozenset("\u2800\u3164\uffa0\u115f\u1160")
# All repeats that can meet are bounded, so that a text of a million brackets or dots takes linear time.
_EYES, _MOUTHS = r"[:;=8xX]", r"()\[\]{}DPpOo|/\\*3$@"
_EMOTICON = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_EYES}['’]?[-o^]?[{_MOUTHS}]{{1,20}}|[()\[\]]{{1,5}}[-o^]?['’]?{_EYES}|<[/\\]?3+"
    r"|[Tt;QqOo]_+[Tt;QqOo]|[-^>.][_.]{0,3}_[_.]{0,3}[-^<.]|-\.-|\^\^|\\[oO]/)(?![A-Za-z0-9])"
    r"|¯\\+_*\(ツ\)_*/+¯|\(ツ\)|ಠ_+ಠ|ʕ[^ʔ]{1,8}ʔ|\([╯ノ][^)]{1,8}\)[╯ノ]?|\( ?͡[^)]{1,10}\)"
)
#: Every emoticon holds one of these. Behind a letter or a digit (but "o", a nose) colons and the like are no eyes. What
#: may stand before a sign is looked at behind it, since a pattern that starts with one class of characters is faster.
_EMOTICON_SIGN = re.compile(
    r"[-:;=<_\\^8xX\x80-\U0010ffff](?:(?<=[<_\\^\x80-\U0010ffff])|(?<=[:;=])(?<![A-Za-np-z0-9].)"
    r"|(?<=[8xX])(?:(?<![A-Za-z0-9].)|(?<![A-Za-z0-9]o.))|(?<=-)\.-)"
)
#: What stands in those emoticons that may hold a space.
_WITH_SPACE = re.compile("[ʕ╯ノ\u0361]")
_RATING = re.compile(
    r"\s*(?:\d{1,3}(?:[.,]\d)?\s*/\s*\d{1,3}|[+\-]?\d{1,2}(?:[.,]\d)?\s*[%*★+]?|100\s*%|\*{1,5}|\++1)[\s!.]*"
)
_EMOJI_RANGES = ((0x1F000, 0x1FAFF), (0x2600, 0x27BF), (0x2B1B, 0x2B55), (0x2190, 0x21FF), (0x2639, 0x263B))
_LOG_LINE = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\[?\d\d:\d\d:\d\d|\w{3} +\d{1,2} \d\d:\d\d:\d\d"
    r"|\[(?:DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|TRACE)\]|at [\w$.<>/]+\(|File \"[^\"]+\", line \d+"
    r"|Traceback \(most recent|Caused by: |[\w.]+(?:Exception|Error)\b:?"
    r"|\d{1,3}(?:\.\d{1,3}){3} - )"
)
_CODE_LINE = re.compile(
    r"^\s*(?:[{}\[\]()]+[;,]?$|</?\w[^>]*>|(?:if|for|while) ?\(.*\) ?\{|def \w+\(|SELECT\b.*\bFROM\b|\"\w+\"\s*:"
    r"|[\w.]+\s*=[^=].*[;)]$|.*\)\s*[;{]$)"
)
_CODE_MARK = re.compile(r"[{}\[\]<>=;\\|$^~]")
#: Every line of a log, a stack trace or code holds one of these.
_MACHINE_SIGN = re.compile(r'[(:;=<{\["]')
_OPAQUE_ALPHABET = re.compile(r"[A-Za-z0-9+/=_\-.:%]+")
_SWITCH = re.compile(r"(?<=[a-z])[A-Z]|(?<=[A-Za-z])\d|(?<=\d)[A-Za-z]")
_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_STRETCH = re.compile(r"(.)\1{2,}")
_VOWELS = frozenset("aeiouy")
_NOT_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())


def is_blank(text: str) -> bool:
    r"""Whether a text shows nothing: white space, control and zero-width characters only.

    Examples
    --------
    >>> is_blank(" \u200b\n"), is_blank("k")
    (True, False)
    """
    return all(
        char.isspace() or char in _INVISIBLE or unicodedata.category(char)[0] in "CZM" for char in text
    )


@lru_cache(maxsize=2)  # asked twice for most texts: for their language, then for their readability
def without_emoticons(text: str) -> str:
    """Return the text with its emoticons (":D", "xD", "<3") replaced by spaces, as their letters are not words."""
    if not text.isascii() and _WITH_SPACE.search(text):
        return _EMOTICON.sub(" ", text)
    # The pattern is slow and most words cannot hold an emoticon.
    parts = []
    done = 0
    for found in _EMOTICON_SIGN.finditer(text):
        if found.start() >= done:
            start, end = text.rfind(" ", done, found.start()) + 1, text.find(" ", found.start())
            start, end = max(start, done), len(text) if end < 0 else end
            parts += [text[done:start], _EMOTICON.sub(" ", text[start:end])]
            done = end
    return "".join([*parts, text[done:]]) if parts else text


def letters_of(text: str) -> str:
    """Return the letters of a text, in order."""
    if text.isascii():
        return text.encode().translate(None, _NOT_LETTERS).decode()
    return "".join(filter(str.isalpha, text))


def says_something_without_letters(text: str) -> bool:
    """Whether a text without letters is still feedback: an emoji, an emoticon or a rating.

    Examples
    --------
    >>> [says_something_without_letters(text) for text in ("👍", ":(", "10/10", ";;;;;", "1234567")]
    [True, True, True, False, False]
    """
    if any(low <= ord(char) <= high for char in text for low, high in _EMOJI_RANGES):
        return True
    return bool(_EMOTICON.search(text) or _RATING.fullmatch(text))


@lru_cache(maxsize=65_536)
def is_keyboard_noise(word: str) -> bool:
    """Whether a word looks like keys hit at random.

    One letter repeated, neighbouring keys in a row, the home row only, four and more letters without any vowel, or
    seven consonants in a row; stretched letters count once ("hushhhhhhh"). Words with letters outside a-z are
    never judged.

    Parameters
    ----------
    word : str
        Lower-cased word of letters.

    Examples
    --------
    >>> [is_keyboard_noise(word) for word in ("asdfghjkl", "aaaaaaa", "hjkhjk", "hahaha", "great")]
    [True, True, True, False, False]
    """
    if len(word) < 4 or not word.isascii():
        return False
    calm = _STRETCH.sub(r"\1", word)
    return (
        len(set(word)) == 1
        or (_VOWELS.isdisjoint(calm) and (len(calm) >= 4 or (len(calm) == 3 and len(word) >= 8)))
        or _has_key_run(word)
        or _is_one_row(word)
        or re.search(r"[^aeiouy]{7}", calm) is not None
    )


def _has_key_run(word: str) -> bool:
    """Five neighbouring keys of the top row ("qwert"), or four of another: no common word of any language has them."""
    for row, length in zip(_KEY_ROWS, (5, 4, 4), strict=True):
        for keys in (row, row[::-1]):
            if any(keys[start : start + length] in word for start in range(len(keys) - length + 1)):
                return True
    return False


def _is_one_row(word: str) -> bool:
    """Six letters and more of the home row, three different ones at least (two would be "hahaha")."""
    letters = set(word)
    return len(word) >= 6 and len(letters) >= 3 and letters <= set(_KEY_ROWS[1])


def punctuation_density(text: str) -> float:
    """Return the share of code punctuation among the visible characters, in [0, 1]; 0 below MIN_CODE_MARKS marks.

    Examples
    --------
    >>> punctuation_density("a = {};"), punctuation_density("size = small")
    (0.8, 0.0)
    """
    marks = len(_CODE_MARK.findall(text))
    return marks / len("".join(text.split())) if marks >= MIN_CODE_MARKS else 0.0


def opaque_share(text: str) -> float:
    """Return the share of the visible characters that stand in encoded strings (base64, hashes, keys), in [0, 1]."""
    chunks = text.split()
    if max(map(len, chunks), default=0) <= OPAQUE_LENGTH:
        return 0.0
    chunks = [chunk for chunk in chunks if not chunk.startswith(("http:", "https:", "www.", "@", "#"))]
    opaque = sum(len(chunk) for chunk in chunks if len(chunk) > OPAQUE_LENGTH and _is_opaque(chunk))
    return opaque / max(sum(map(len, chunks)), 1)


def _is_opaque(chunk: str) -> bool:
    """A long chunk that switches between small, capital and digit at least once in every six characters."""
    if len(chunk) <= OPAQUE_LENGTH or not _OPAQUE_ALPHABET.fullmatch(chunk):
        return False
    return len(_SWITCH.findall(chunk)) * 6 >= len(chunk)


def machine_line_share(text: str) -> float:
    """Return the share of non-empty lines that look like a log, a stack trace or code, in [0, 1]."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = sum(bool(_LOG_LINE.match(line) or _CODE_LINE.match(line)) for line in lines)
    return found / max(len(lines), 1)


def _is_json(text: str) -> bool:
    stripped = text.strip()
    if stripped[:1] not in ("{", "["):
        return False
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict | list)


def unreadable_reason(text: str, word_letters: int, noise_letters: int) -> str | None:
    """Say why a text is not language, or return None if nothing speaks against it.

    Parameters
    ----------
    text : str
        The text as written.
    word_letters, noise_letters : int
        Length of its words together, and of those among them that `is_keyboard_noise` holds for and that are not
        known ("thx", "hmmm").

    Returns
    -------
    str or None
        "no letters", "structured data", "encoded", "log or code" or "keyboard noise".

    Examples
    --------
    >>> unreadable_reason('{"status": 500}', 6, 0)
    'structured data'
    >>> unreadable_reason("dfgdfg hjkhjk", 12, 12)
    'keyboard noise'
    """
    letters = letters_of(text)
    if not letters:
        return None if says_something_without_letters(text) else "no letters"
    if _is_json(text):
        return "structured data"
    text = without_emoticons(text)
    if opaque_share(text) >= NOISE_SHARE:
        return "encoded"
    if _is_machine_text(text, letters) and machine_line_share(text) >= NOISE_SHARE:
        return "log or code"
    if len(letters) >= MIN_CODE_LETTERS and punctuation_density(text) >= CODE_DENSITY:
        return "log or code"
    if word_letters and noise_letters >= NOISE_SHARE * word_letters:
        return "keyboard noise"
    return None


def _is_machine_text(text: str, letters: str) -> bool:
    return len(letters) >= MIN_CODE_LETTERS and _MACHINE_SIGN.search(text) is not None
