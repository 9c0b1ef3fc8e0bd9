"""Settings from a TOML file: one flat table of names and values."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path

from feedback_nlp.errors import SettingError
from feedback_nlp.setting_values import typed

__all__ = ["read_settings_file", "unknown_setting"]


def read_settings_file(file: Path, known: Sequence[str]) -> dict[str, str]:
    """Return what a file sets, in the words that a variable would have.

    Parameters
    ----------
    file : Path
    known : sequence of str
        Names that there are.

    Raises
    ------
    SettingError
        If it cannot be read, is not TOML, or holds another name or a value of another kind.
    """
    remedy = "FEEDBACK_CONFIG names a TOML file with lines such as: port = 9000"
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"Cannot read {file}: {error.strerror}.", remedy=remedy) from None
    except ValueError as error:
        raise SettingError(f"{file} is not TOML: {error}.", remedy=remedy) from None
    for name in read:
        if name not in known:
            raise unknown_setting(name, known, f" in {file}")
    return {name: _written(name, value, file) for name, value in read.items()}


def _written(name: str, value: object, file: Path) -> str:
    if isinstance(value, list) and all(isinstance(part, str) and "," not in part for part in value):
        return ",".join(value)
    if not isinstance(value, str | bool | int | float):
        raise SettingError(
            f"{name} in {file} is neither words, a number, true or false, nor a list of words.",
            remedy="`feedback-nlp config` says what each setting takes.",
        )
    return typed(value).strip()


def unknown_setting(name: str, known: Sequence[str], place: str = "") -> SettingError:
    """Return the error for a name that is none of ours.

    A misspelt setting that is silently ignored is a fault nobody finds.
    """
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    remedy = f"Did you mean {close[0]}?" if close else f"Known settings: {', '.join(known)}."
    return SettingError(f"There is no setting {name[:80]!r}{place}.", remedy=remedy)
