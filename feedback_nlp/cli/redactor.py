"""The redactor that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedback_nlp.redact import Redactor
    from feedback_nlp.settings import Settings

__all__ = ["build_redactor"]


def build_redactor(settings: Settings) -> Redactor | None:
    """Return what masks texts as the settings say, or None if they are not to be masked.

    Raises
    ------
    InputError
        For a shape of a number that cannot be.
    """
    if not settings.mask:
        return None
    from feedback_nlp.redact import Redactor

    return Redactor.from_words(regions=settings.mask_regions, numbers=settings.mask_numbers)
