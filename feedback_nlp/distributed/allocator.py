"""The C allocator of a worker, told to keep what is freed for the next chunk.

Dask starts workers with MALLOC_TRIM_THRESHOLD_=65536, which fits workers that hold large results. Scoring frees some
megabytes with each batch and wants them back at once: given to the system in between, every page of them is cleared
and mapped anew, which took a third of a worker's time.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

__all__ = ["free_at_once", "keep_freed"]

# From malloc.h of the GNU C library, which alone has these.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: What it would come to by itself; Dask's variable turns that off. The second is the most that it takes.
_KEPT_BYTES, _OWN_MAPPING_BYTES = 128 << 20, 32 << 20
#: What it starts with where no variable says otherwise.
_DEFAULT_BYTES = 128 << 10


def keep_freed() -> bool:
    """Keep up to 128 MB of freed memory; return whether the allocator can be told."""
    return _set(_KEPT_BYTES, _OWN_MAPPING_BYTES)


def free_at_once(environment: Mapping[str, str] = os.environ) -> bool:
    """Go back to what the environment says; return whether the allocator can be told."""
    return _set(
        int(environment.get("MALLOC_TRIM_THRESHOLD_", _DEFAULT_BYTES)),
        int(environment.get("MALLOC_MMAP_THRESHOLD_", _DEFAULT_BYTES)),
    )


def _set(trim: int, mapping: int) -> bool:
    try:
        told = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library; Windows has no library of that name
        return False
    return bool(told(_TRIM_THRESHOLD, trim)) and bool(told(_MMAP_THRESHOLD, mapping))
