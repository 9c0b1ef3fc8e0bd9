"""What customers write in a handful of words, judged by the shipped bundle: nouns of a shop take no side, facts do."""

from __future__ import annotations

import pytest

from feedback_nlp import Analyzer

TROUBLE = (
    "My card was declined.",
    "my card was declined",
    "card declined three times",
    "Payment failed.",
    "the app crashed 3 times today",
    "checkout hangs",
    "I was charged twice.",
    "parcel never came",
    "Login does not work.",
    "The page does not load.",
    "Your code expired before I could use it.",
    "payment page stays blank",
    "order never arrived",
    "Kindly improve your performance",
    "I used to love this app, now it crashes at checkout.",
)
GOOD_NEWS = (
    "my card was accepted at once",
    "arrived a day early",
    "The parcel came the next morning.",
    "Refund came the same day.",
    "nothing to complain about",
    "no problems ever",
    "can't fault it",
    "could not be happier",
    "couldn't agree more",
    "My friend hates it, I don't, I love it.",
)
ASKED_OR_TOLD = (
    "Is the kettle good?",
    "Which cards do you take?",
    "Where do I enter my voucher?",
    "I paid by card.",
    "My order number is 4711.",
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *((text, "negative") for text in TROUBLE),
        *((text, "positive") for text in GOOD_NEWS),
        *((text, "neutral") for text in ASKED_OR_TOLD),
    ],
)
def test_short_reports_have_their_verdict(analyzer: Analyzer, text: str, wanted: str) -> None:
    assert analyzer.analyze(text).sentiment == wanted


@pytest.mark.parametrize(
    "text", ["My card was declined twice.", "Our payment was refused.", "card declined again"]
)
def test_a_refused_card_is_no_close_call(analyzer: Analyzer, text: str) -> None:
    analysis = analyzer.analyze(text)
    assert analysis.sentiment == "negative"
    assert analysis.p_negative > 0.65
    assert [(found.topic, found.sentiment) for found in analysis.topics] == [("checkout_payment", "negative")]
