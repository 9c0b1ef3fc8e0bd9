"""Rate limits that hold over all processes of a server, without another server to ask.

One number a caller lies in memory that all processes share: the moment until which the caller has used up its
share (the generic cell rate algorithm, ITU-T I.371). Two callers that fall on one number share a limit; nobody
can choose to, because the place is drawn with a secret.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import ipaddress
import math
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["RateLimit", "Verdict", "network_of"]

WINDOW = 60.0
PLACES = 1 << 16
NUMBER = struct.Struct("d")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a caller may still do.

    Parameters
    ----------
    allowed : bool
        Whether this request is within the limit.
    remaining : int
        Requests that would be allowed now.
    reset : int
        Seconds until all of the limit is there again; if refused, until the next request is allowed.
    """

    allowed: bool
    remaining: int
    reset: int


class RateLimit:
    """At most `quota` requests at once, and as many a minute on average, for each caller.

    Made before the server's processes are: what they fork from is what they share.

    Parameters
    ----------
    quota : int
        Requests a minute, at least 1.
    clock : callable, default=time.monotonic
        Seconds; the same in all processes.

    Examples
    --------
    >>> limit = RateLimit(2, clock=lambda: 100.0)
    >>> [limit.spend("key:a").allowed for _ in range(3)], limit.spend("key:b").allowed
    ([True, True, False], True)
    """

    def __init__(self, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.quota = quota
        self._clock = clock
        self._step = WINDOW / quota
        self._secret = secrets.token_bytes(16)
        self._shared = mmap.mmap(-1, PLACES * NUMBER.size)
        self._threads = threading.Lock()
        # A lock of the system, which lets go when a process dies in the middle.
        self._file = self._lock_file() if importlib.util.find_spec("fcntl") else None

    def spend(self, caller: str) -> Verdict:
        """Count a request of a caller."""
        place = self._place(caller)
        now = self._clock()
        with self._alone():
            (used_until,) = NUMBER.unpack_from(self._shared, place)
            ahead = max(0.0, used_until - now)
            # A hair of tolerance: steps that add up to the window exactly must not lose to rounding.
            allowed = ahead + self._step <= WINDOW * (1 + 1e-9)
            if allowed:
                ahead += self._step
                NUMBER.pack_into(self._shared, place, now + ahead)
        if not allowed:
            return Verdict(False, 0, max(1, math.ceil(ahead + self._step - WINDOW)))
        return Verdict(True, int((WINDOW - ahead) / self._step + 1e-6), math.ceil(ahead))

    def _lock_file(self) -> int:
        descriptor, name = tempfile.mkstemp()
        os.unlink(name)
        weakref.finalize(self, os.close, descriptor)
        return descriptor

    def _place(self, caller: str) -> int:
        drawn = hashlib.blake2b(caller.encode(), digest_size=8, key=self._secret).digest()
        return int.from_bytes(drawn, "big") % PLACES * NUMBER.size

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self._threads:
            if self._file is None:
                yield
                return
            import fcntl

            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return what stands for a caller's address: of IPv6 the /64, since one caller has all of it.

    Examples
    --------
    >>> network_of("192.0.2.7"), network_of("2001:db8::1"), network_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
