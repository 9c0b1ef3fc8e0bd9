"""Sessions of people who logged in with a key: a signed cookie that names the key, and nothing kept here.

The key is looked up for every request, so a session ends with its key.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from feedback_nlp.errors import OutputError

__all__ = ["Sessions"]

COOKIE = "feedback_session"
#: Seconds after which people log in again: a working day.
LIFETIME = 12 * 3600
SECRET_FILE = "session.secret"  # noqa: S105 (a file's name)


class Sessions:
    """Opens, reads and ends sessions.

    Parameters
    ----------
    data_dir : Path
        Folder that holds the secret of the signature; made on first use, readable for this user only.
    """

    def __init__(self, data_dir: Path) -> None:
        self._serializer = URLSafeTimedSerializer(read_secret(data_dir / SECRET_FILE), salt="session")

    def key_id(self) -> str | None:
        """Return the id of the key with which the caller logged in."""
        cookie = request.cookies.get(COOKIE)
        if cookie is None:
            return None
        try:
            key_id = self._serializer.loads(cookie, max_age=LIFETIME)
        except BadSignature:  # also what has expired
            return None
        return key_id if isinstance(key_id, str) else None

    def begin(self, response: Response, key_id: str) -> None:
        """Put the cookie into an answer."""
        response.set_cookie(
            COOKIE,
            str(self._serializer.dumps(key_id)),
            max_age=LIFETIME,
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )


def end_session(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, secure=request.is_secure, httponly=True, samesite="Strict")


def read_secret(path: Path) -> bytes:
    """Return the secret in a file; of several processes that find none, one makes it.

    Raises
    ------
    OutputError
        If it cannot be read or made.
    """
    try:
        if not path.exists():
            _make(path)
        return path.read_bytes()
    except OSError as error:
        raise OutputError(f"The secret of the sessions cannot be kept: {error.strerror}.") from None


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    try:
        os.link(draft, path)  # whole or not at all, and never over another's
    except FileExistsError:
        pass
    finally:
        draft.unlink()
