"""The data folder: the SQLite file, uploads and results, bundles made here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from feedback_nlp.errors import OutputError

__all__ = ["data_folder", "default_data_folder"]

NAME = "feedback-nlp"


def default_data_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return where the platform wants programs to keep what they gather.

    Examples
    --------
    >>> default_data_folder({"XDG_DATA_HOME": "/home/ada/.data"}, "linux").as_posix()
    '/home/ada/.data/feedback-nlp'
    """
    home = Path.home()
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / NAME
    if platform == "darwin":
        return home / "Library" / "Application Support" / NAME
    return Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / NAME


def data_folder(chosen: str | Path | None = None) -> Path:
    """Return the data folder, made if it is not there; only this user may look into a new one.

    Parameters
    ----------
    chosen : str or Path or None
        None takes `default_data_folder()`.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    folder = Path(chosen).expanduser() if chosen is not None else default_data_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The data folder {folder} cannot be made: {error.strerror}.",
            remedy="Name another one with FEEDBACK_DATA_DIR.",
        ) from None
    return folder.resolve()
