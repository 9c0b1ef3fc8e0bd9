"""Bytes to text: which encoding a file has, and what becomes of bytes that do not fit it.

The order is: the encoding the caller names; a byte order mark; UTF-16 recognised by its pattern of NUL bytes;
UTF-8; Windows-1252. Statistical guessers were wrong on short Western text (cp1252 taken for cp1250), so none is
asked. Stray bytes inside a UTF-8 file are read as Windows-1252, so that one bad row never costs the others.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from feedback_nlp.errors import InputError

__all__ = ["Encoding", "decode_blocks", "guess_encoding"]

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_AS_WINDOWS = "feedback_nlp.windows1252"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that do not fit as Windows-1252; its five undefined bytes become control characters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return "".join(_WINDOWS[byte] for byte in stray), error.end


_WINDOWS = [
    bytes([byte]).decode("cp1252" if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1")
    for byte in range(256)
]
codecs.register_error(_AS_WINDOWS, _as_windows)


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a file is decoded with.

    Parameters
    ----------
    codec : str
        Name of the Python codec.
    mark : int
        Bytes of the byte order mark, to be left out.
    warning : str, default=""
        One sentence where the encoding had to be guessed.
    """

    codec: str
    mark: int = 0
    warning: str = ""


def guess_encoding(sample: bytes, wanted: str | None = None) -> Encoding:
    r"""Decide how a file that starts with `sample` is decoded.

    Parameters
    ----------
    sample : bytes
        The beginning of the file; 1 MiB is plenty.
    wanted : str or None, default=None
        The encoding that the caller names; it is taken at its word.

    Raises
    ------
    InputError
        There is no text encoding called `wanted`.

    Examples
    --------
    >>> guess_encoding("text\nprima".encode("utf-16")).codec
    'utf-16-le'
    >>> guess_encoding("text\nschön".encode("latin-1")).codec
    'cp1252'
    """
    mark, marked = next(((m, name) for m, name in _MARKS if sample.startswith(m)), (b"", ""))
    if wanted is not None:
        return _wanted(wanted, mark, marked)
    if marked:
        return Encoding(marked, len(mark))
    wide = _wide_codec(sample)
    if wide:
        return Encoding(wide, warning=f"The file was read as {wide.upper()}, by its pattern of NUL bytes.")
    return Encoding("utf-8") if _mostly_utf8(sample) else _windows()


def _windows() -> Encoding:
    return Encoding(
        "cp1252",
        warning="The file is not UTF-8 and was read as Windows-1252; name its encoding if letters look wrong.",
    )


def _wanted(wanted: str, mark: bytes, marked: str) -> Encoding:
    try:
        codec = codecs.lookup(wanted).name.removesuffix("-sig")
        b"x".decode(codec, "ignore")  # refuses codecs such as base64 that do not give text
    except LookupError as error:
        raise InputError(
            f"There is no text encoding called {wanted!r}.", remedy="Try utf-8, utf-16, cp1252 or latin-1."
        ) from error
    # "utf-16" with a mark means "utf-16-le": the mark decides the byte order and is no text.
    if marked and marked.startswith(codec):
        return Encoding(marked, len(mark))
    return Encoding(codec)


def _wide_codec(sample: bytes) -> str | None:
    """Recognise UTF-16 without a mark: in Western text nearly every second byte is NUL."""
    pairs = len(sample) // 2
    # The very first character must show the pattern too, or a damaged file with a few NUL bytes would.
    if not pairs or sample[:2].count(0) != 1:
        return None
    even = sample[: 2 * pairs : 2].count(0) / pairs
    odd = sample[1 : 2 * pairs : 2].count(0) / pairs
    if odd > 0.3 and even < 0.05 and not sample[1]:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 and odd < 0.05 and not sample[0] else None


def _mostly_utf8(sample: bytes) -> bool:
    """Whether the bytes above 127 form UTF-8 characters more often than not."""
    try:
        codecs.utf_8_decode(sample, "strict", False)
    except UnicodeDecodeError:
        characters = _MULTIBYTE.findall(sample)
        stray = len(_HIGH.findall(sample)) - sum(map(len, characters))
        return 4 * len(characters) > stray  # by chance, Windows-1252 text hardly ever forms one
    return True


def decode_blocks(blocks: Iterable[bytes], encoding: Encoding, warnings: list[str]) -> Iterator[str]:
    """Decode a file block by block; what does not fit is told once in `warnings`, with its first line.

    Parameters
    ----------
    blocks : iterable of bytes
        The file from its first byte.
    encoding : Encoding
        As guessed.
    warnings : list of str
        Gains at most one sentence.
    """
    if encoding.codec == "utf-8":
        yield from _decode_utf8(_without_mark(blocks, encoding.mark), warnings)
        return
    # cp1252 leaves five bytes undefined; everything else gets the replacement character.
    errors = _AS_WINDOWS if encoding.codec == "cp1252" else "replace"
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors)
    lines, told = 0, False
    for block in _without_mark(blocks, encoding.mark):
        text = decoder.decode(block)
        if not told and "\ufffd" in text:
            told = True
            line = lines + text[: text.index("\ufffd")].count("\n") + 1
            warnings.append(f"Some bytes are not {encoding.codec} and became \ufffd, first on line {line}.")
        lines += text.count("\n")
        yield text
    yield decoder.decode(b"", True)


def _decode_utf8(blocks: Iterable[bytes], warnings: list[str]) -> Iterator[str]:
    tail, lines, told = b"", 0, False
    for block in blocks:
        piece = tail + block
        try:
            text, used = codecs.utf_8_decode(piece, "strict", False)
        except UnicodeDecodeError as error:
            if not told:
                told = True
                line = lines + piece[: error.start].count(b"\n") + 1
                warnings.append(
                    f"Some bytes are not UTF-8 and were read as Windows-1252, first on line {line}."
                )
            text, used = codecs.utf_8_decode(piece, _AS_WINDOWS, False)
        tail = piece[used:]
        lines += text.count("\n")
        yield text
    if tail:
        warnings.append("The file ends in the middle of a character.")
        yield codecs.utf_8_decode(tail, _AS_WINDOWS, True)[0]


def _without_mark(blocks: Iterable[bytes], mark: int) -> Iterator[bytes]:
    for number, block in enumerate(blocks):
        yield block[mark:] if number == 0 else block
