"""Personal data found by pattern and masked: e-mail, phone, card, IBAN, order and account numbers, IP, URL secrets."""

from __future__ import annotations

from feedback_nlp.redact.redactor import KINDS_OF_PERSONAL_DATA, Masked, PersonalSpan, Redactor

__all__ = ["KINDS_OF_PERSONAL_DATA", "Masked", "PersonalSpan", "Redactor"]
