"""Repeated texts, which count once.

A survey sent twice, a robot or a copied petition would otherwise weigh as much as many customers. Short praise such as
"great" is no copy: many people write it by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.report.rows import ScoredRow

__all__ = ["first_of_each", "normal_form"]

#: Fewer words than this prove no copying, unless it is the same customer.
_MIN_WORDS = 6
_LETTERS = {code: chr(code).lower() if chr(code).isalpha() else " " for code in range(128)}
_WORD = re.compile(r"[^\W\d_]+")


def normal_form(text: str) -> str:
    """Return a text without case, digits, punctuation and spacing: texts that share it are near-duplicates.

    Examples
    --------
    >>> normal_form("Order 4711: still NOT here!") == normal_form("order 4712 - still not here")
    True
    """
    if text.isascii():  # most texts, at a tenth of the time
        return " ".join(text.translate(_LETTERS).split())
    return " ".join(_WORD.findall(text.casefold()))


def first_of_each(rows: Sequence[ScoredRow]) -> NDArray[np.bool_]:
    """Return which rows are the first of their kind.

    Two rows are near-duplicates if their normal forms are equal and either hold at least six words or come from the
    same customer.

    Parameters
    ----------
    rows : sequence of ScoredRow

    Returns
    -------
    ndarray of bool, shape (n_rows,)

    Examples
    --------
    >>> texts = ["My parcel is still not here", "My parcel is still not here!", "Great", "great"]
    >>> first_of_each([ScoredRow(str(n), text) for n, text in enumerate(texts)]).tolist()
    [True, False, True, True]
    """
    seen: set[str | tuple[str, str]] = set()
    first = np.ones(len(rows), bool)
    for place, row in enumerate(rows):
        form = normal_form(row.text)
        is_long = form.count(" ") >= _MIN_WORDS - 1
        own = (form, row.customer_ref) if row.customer_ref else None
        first[place] = not ((is_long and form in seen) or (own is not None and own in seen))
        if is_long:
            seen.add(form)
        if own is not None:
            seen.add(own)
    return first
