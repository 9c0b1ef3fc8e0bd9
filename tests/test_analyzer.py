"""The contract of the one inference path, over the shipped bundle."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp import Analysis, Analyzer, InputError
from feedback_nlp.records import KINDS, SCORED_COLUMNS, SENTIMENTS, STATUSES, TOPICS
from tests.awkward import PIECES, SENTENCES

GERMAN = "Das Paket kam leider viel zu spät an und der Karton war beschädigt."
LABEL_FIELDS = (
    "sentiment", "sentiment_score", "p_negative", "p_neutral", "p_positive", "mixed_probability", "confidence",
    "uncertain", "kind", "kind_confidence",
)  # fmt: skip
NEGATIVE = (
    "Website is not working.",
    "The app crashes every time I open it.",
    "My order never arrived and nobody answers.",
    "Terrible service, I want my money back.",
    "Card declined twice, still charged!",
    "Not good.",
    "Worst experience ever.",
    "Far too expensive for what you get.",
    "The staff was rude and unhelpful.",
)
POSITIVE = (
    "I love it!",
    "Great app, works perfectly.",
    "Fast delivery and friendly staff.",
    "Excellent quality, will buy again.",
    "Not bad at all.",
    "The best pizza in town.",
    "Very happy with my purchase, thank you.",
    "Amazing customer service!",
    "No complaints, everything was perfect.",
    "Beautiful dress and it fits perfectly.",
)
QUESTIONS = (
    "How do I change my password?",
    "What time do you open on Sunday?",
    "Where can I find my invoice?",
    "Can I pay by card?",
)
MIXED = ("Great food but terrible service.", "Good price, but the quality is poor.")
ANY_TEXT = st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def figures(one: Analysis) -> tuple[object, ...]:
    """Return all that an analysis says, with figures rounded where sums may differ in their last bits."""
    plain = (getattr(one, field.name) for field in fields(one) if not field.name.startswith("_"))
    rounded = (round(value, 5) if isinstance(value, float) else value for value in plain)
    topics = tuple((t.topic, round(t.probability, 5), t.sentiment, t.sentences) for t in one.topics)
    sentences = tuple((s.start, s.end, s.sentiment, round(s.score, 5)) for s in one.sentences)
    return (*rounded, topics, sentences)


def check_contract(one: Analysis, text: str) -> None:
    assert one.status in STATUSES
    assert 0 <= one.language_confidence <= 1
    row, answer = one.to_row(), json.loads(json.dumps(one.to_dict(id="x")))
    assert tuple(row) == SCORED_COLUMNS
    assert all(type(cell) is str for cell in row.values())
    if one.status != "ok":
        assert [getattr(one, name) for name in LABEL_FIELDS] == [None] * len(LABEL_FIELDS)
        assert (one.topics, one.sentences, one.explanation) == ((), (), ())
        assert (answer["sentiment"], answer["kind"], answer["topics"]) == (None, None, None)
        return
    three = {"negative": one.p_negative, "neutral": one.p_neutral, "positive": one.p_positive}
    values = [value for value in three.values() if value is not None]
    assert all(0 <= value <= 1 for value in values)
    assert sum(values) == pytest.approx(1, abs=1e-9)
    assert one.sentiment_score == pytest.approx(values[2] - values[0])
    assert one.sentiment in SENTIMENTS
    if one.sentiment == "mixed":
        assert one.confidence == one.mixed_probability
    else:
        assert one.confidence == max(values) == three[one.sentiment or ""]
    assert one.kind in KINDS
    assert type(one.uncertain) is bool
    assert [type(value) for value in (one.confidence, one.kind_confidence, one.p_negative)] == [float] * 3
    check_sentences(one, text)


def check_sentences(one: Analysis, text: str) -> None:
    spans = [(sentence.start, sentence.end) for sentence in one.sentences]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    uncovered = [*(text[end:start] for (_, end), (start, _) in pairwise(spans))]
    assert all(not gap or gap.isspace() for gap in uncovered)
    assert all(
        sentence.sentiment in SENTENCE_LABELS and -1 <= sentence.score <= 1 for sentence in one.sentences
    )
    topics = [finding.topic for finding in one.topics]
    assert topics == [topic for topic in TOPICS if topic in topics]
    for finding in one.topics:
        assert 0 <= finding.probability <= 1
        assert set(finding.sentences) <= set(range(len(spans)))
        assert finding.sentences == tuple(sorted(set(finding.sentences)))


SENTENCE_LABELS = SENTIMENTS[:3]


# -- labels that any sane bundle gives -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        *((text, "negative") for text in NEGATIVE),
        *((text, "positive") for text in POSITIVE),
        *((text, "neutral") for text in QUESTIONS),
        *((text, "mixed") for text in MIXED),
    ],
)
def test_sentiment_of_plain_sentences(analyzer: Analyzer, text: str, sentiment: str) -> None:
    assert analyzer.analyze(text).sentiment == sentiment


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "complaint") for text in NEGATIVE),
        *((text, "praise") for text in POSITIVE[:4]),
        *((text, "question") for text in QUESTIONS),
        ("Please add a dark mode.", "suggestion"),
        ("You should add more payment options.", "suggestion"),
    ],
)
def test_kind_of_plain_sentences(analyzer: Analyzer, text: str, kind: str) -> None:
    assert analyzer.analyze(text).kind == kind


@pytest.mark.parametrize(
    ("text", "topic", "sentiment"),
    [
        ("Website is not working.", "app_website", "negative"),
        ("Card declined twice, still charged!", "checkout_payment", "negative"),
        ("Far too expensive for what you get.", "price_value", "negative"),
        ("The staff was rude and unhelpful.", "customer_service", "negative"),
        ("Fast delivery and friendly staff.", "delivery", "positive"),
        ("Beautiful dress and it fits perfectly.", "fit_description", "positive"),
        ("Good price, but the quality is poor.", "price_value", "positive"),
        ("Good price, but the quality is poor.", "product_quality", "negative"),
    ],
)
def test_topics_of_plain_sentences(analyzer: Analyzer, text: str, topic: str, sentiment: str) -> None:
    assert (topic, sentiment) in [(found.topic, found.sentiment) for found in analyzer.analyze(text).topics]


def test_verdicts_without_a_subject_have_no_topic(analyzer: Analyzer) -> None:
    assert analyzer.analyze("I love it!").topics == ()
    assert analyzer.analyze("Worst experience ever.").topics == ()


# -- the shape of every answer -------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*NEGATIVE, *POSITIVE, *QUESTIONS, *MIXED, *SENTENCES, GERMAN, "", " \n"])
def test_every_answer_keeps_the_contract(analyzer: Analyzer, text: str) -> None:
    check_contract(analyzer.analyze(text, explain=True), text)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_TEXT, max_size=5))
def test_answers_to_any_texts_keep_the_contract(analyzer: Analyzer, texts: list[str]) -> None:
    analyses = analyzer.analyze_batch(texts)
    assert len(analyses) == len(texts)
    for one, text in zip(analyses, texts, strict=True):
        check_contract(one, text)


@pytest.mark.parametrize(
    ("text", "status", "language"),
    [
        ("", "empty", "und"),
        (" \n\t\u00a0 ", "empty", "und"),
        ("\u200b\ufeff", "empty", "und"),
        (GERMAN, "unsupported_language", "de"),
        ("Очень плохой сервис, больше не приду", "unsupported_language", "ru"),
        ("xkcdqwrtz pfglmnbv wrtzpklm xcvbnm qwrtzp", "unreadable", "und"),
        ("Good app", "ok", "en"),
        ("😀", "ok", "en"),
    ],
)
def test_statuses(analyzer: Analyzer, text: str, status: str, language: str) -> None:
    one = analyzer.analyze(text)
    assert (one.status, one.language) == (status, language)


def test_an_answer_names_its_model(analyzer: Analyzer) -> None:
    one = analyzer.analyze("Good app")
    assert one.model == analyzer.model
    assert one.to_row()["fb_model"] == str(analyzer.model)
    assert analyzer.manifest["digest"] == analyzer.model.digest


def test_analyses_cannot_be_changed(analyzer: Analyzer) -> None:
    one = analyzer.analyze("Good app")
    with pytest.raises(FrozenInstanceError):
        one.sentiment = "negative"  # type: ignore[misc]
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        one.comment = "new"  # type: ignore[attr-defined]


# -- one path ------------------------------------------------------------------------------------------


def test_one_by_one_in_batches_and_as_a_stream_is_the_same(analyzer: Analyzer) -> None:
    texts = [*SENTENCES, *NEGATIVE, GERMAN, *POSITIVE, *NEGATIVE]
    batch = [figures(one) for one in analyzer.analyze_batch(texts)]
    assert [figures(analyzer.analyze(text)) for text in texts] == batch
    for size in (1, 50, 10_000):
        assert [figures(one) for one in analyzer.analyze_many(iter(texts), batch_size=size)] == batch


def test_a_stream_is_read_as_it_is_needed(analyzer: Analyzer) -> None:
    read: list[int] = []

    def endless() -> Iterator[str]:
        while True:
            read.append(1)
            yield "Good app"

    analyses = analyzer.analyze_many(endless(), batch_size=10)
    assert [next(analyses).sentiment for _ in range(10)] == ["positive"] * 10
    assert len(read) == 10


def test_no_texts(analyzer: Analyzer) -> None:
    assert analyzer.analyze_batch([]) == []
    assert analyzer.analyze_batch([], [], [], explain=True) == []
    assert list(analyzer.analyze_many([])) == []


def test_another_process_gives_the_same_answer(analyzer: Analyzer) -> None:
    texts = [*NEGATIVE, *MIXED, "İt ﬁts 😀 well"]
    program = (
        "import sys, json\nfrom feedback_nlp import Analyzer\n"
        "texts = json.load(sys.stdin)\n"
        "print(json.dumps([one.to_dict() for one in Analyzer.load().analyze_many(texts, explain=True)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    here = [one.to_dict() for one in analyzer.analyze_many(texts, explain=True)]
    assert json.loads(done.stdout) == here


# -- what the caller knows -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["de", "DE", "de-AT", "de_CH"])
def test_a_foreign_language_named_by_the_caller_is_believed(analyzer: Analyzer, code: str) -> None:
    one = analyzer.analyze("Good app", language=code)
    assert (one.status, one.language, one.language_confidence) == ("unsupported_language", "de", 1.0)
    check_contract(one, "Good app")


@pytest.mark.parametrize("code", ["en", "EN", "en-GB", "en_US"])
def test_english_named_by_the_caller_is_believed(analyzer: Analyzer, code: str) -> None:
    assert analyzer.analyze(GERMAN).status == "unsupported_language"
    one = analyzer.analyze(GERMAN, language=code)
    assert (one.status, one.language, one.language_confidence) == ("ok", "en", 1.0)
    check_contract(one, GERMAN)
    assert analyzer.analyze("Good app", language=code).language_confidence == 1.0


def test_a_language_makes_no_empty_text_readable(analyzer: Analyzer) -> None:
    assert analyzer.analyze("  ", language="en").status == "empty"
    assert analyzer.analyze("  ", language="de").status == "empty"


def test_no_language_and_a_blank_one_are_identified(analyzer: Analyzer) -> None:
    texts = [GERMAN, "Good app"]
    plain = [figures(one) for one in analyzer.analyze_batch(texts)]
    assert [figures(one) for one in analyzer.analyze_batch(texts, [None, ""])] == plain


def test_languages_and_ratings_belong_to_their_texts(analyzer: Analyzer) -> None:
    texts = ["Good app", GERMAN, "Good app", GERMAN, "I love it!"]
    languages, ratings = ["de", "en", None, None, "en"], [1.0, None, None, 1.0, 1.0]
    for size in (1, 2, 10):
        analyses = list(
            analyzer.analyze_many(texts, languages=iter(languages), ratings=iter(ratings), batch_size=size)
        )
        assert [one.status for one in analyses] == [
            "unsupported_language", "ok", "ok", "unsupported_language", "ok",
        ]  # fmt: skip
        assert [one.flags for one in analyses] == [(), (), (), (), ("rating_text_mismatch",)]
        assert figures(analyses[1]) == figures(analyzer.analyze(GERMAN, language="en"))


@pytest.mark.parametrize(
    ("text", "rating", "flags"),
    [
        ("Worst experience ever.", 5, ("rating_text_mismatch",)),
        ("Worst experience ever.", 4.0, ("rating_text_mismatch",)),
        ("Worst experience ever.", 3, ()),
        ("Worst experience ever.", 1, ()),
        ("I love it!", 1, ("rating_text_mismatch",)),
        ("I love it!", 2, ("rating_text_mismatch",)),
        ("I love it!", 3, ()),
        ("I love it!", 5, ()),
        ("How do I change my password?", 1, ()),
        ("I love it!", None, ()),
        ("I love it!", float("nan"), ()),
        ("", 1, ()),
    ],
)
def test_stars_that_say_the_opposite_are_flagged(
    analyzer: Analyzer, text: str, rating: float | None, flags: tuple[str, ...]
) -> None:
    one = analyzer.analyze(text, rating=rating)
    assert one.flags == flags
    assert one.to_row()["fb_flags"] == "|".join(flags)


def test_the_flag_does_not_depend_on_the_precision_asked_for(analyzer: Analyzer) -> None:
    for text, rating in (("I love it!", 1), ("Worst experience ever.", 5)):
        one = analyzer.analyze(text, rating=rating, precision=0.9999)
        assert one.uncertain is True
        assert one.flags == ("rating_text_mismatch",)


def test_only_a_clear_text_contradicts_its_stars(analyzer: Analyzer) -> None:
    texts = [*NEGATIVE, *POSITIVE, *QUESTIONS, *MIXED, *SENTENCES]
    ratings: list[float | None] = [5.0] * len(texts)
    glad = analyzer.analyze_batch(texts, ratings=ratings)
    sad = analyzer.analyze_batch(texts, ratings=[1.0] * len(texts))
    for one, other in zip(glad, sad, strict=True):
        score = one.sentiment_score or 0.0
        assert bool(one.flags) == (one.sentiment == "negative" and score <= -0.5)
        assert bool(other.flags) == (one.sentiment == "positive" and score >= 0.5)
    assert any(one.flags for one in glad)
    assert any(one.flags for one in sad)


def test_the_wanted_precision_decides_what_is_uncertain(analyzer: Analyzer) -> None:
    texts = [*NEGATIVE, *POSITIVE, *QUESTIONS, *MIXED, *SENTENCES]
    shares = []
    for precision in (0.8, 0.9, 0.95, 0.99, 0.9999):
        analyses = [one for one in analyzer.analyze_batch(texts, precision=precision) if one.status == "ok"]
        shares.append(sum(one.uncertain is True for one in analyses) / len(analyses))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    default = [one.uncertain for one in analyzer.analyze_batch(texts)]
    assert default == [one.uncertain for one in analyzer.analyze_batch(texts, precision=0.95)]
    assert [row[0] for row in analyzer.precisions] == sorted(row[0] for row in analyzer.precisions)


# -- odd input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [None, 7, b"good", 1.5, float("nan"), ["good"]])
def test_what_is_no_string_is_refused_with_its_place(analyzer: Analyzer, wrong: object) -> None:
    name = type(wrong).__name__
    with pytest.raises(InputError, match=rf"Text 1 is {name}, not a string"):
        analyzer.analyze_batch(["good", wrong])  # type: ignore[list-item]
    with pytest.raises(InputError, match=rf"Text 0 is {name}"):
        analyzer.analyze(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=rf"Text 5 is {name}"):
        list(analyzer.analyze_many(["good"] * 5 + [wrong], batch_size=2))  # type: ignore[list-item]


def test_one_string_in_the_place_of_many_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(InputError, match="Pass a list of texts"):
        list(analyzer.analyze_many("good"))


@pytest.mark.parametrize("precision", [0, 1, -0.5, 1.5, float("nan")])
def test_a_precision_that_is_none(analyzer: Analyzer, precision: float) -> None:
    with pytest.raises(InputError, match="must lie between 0 and 1"):
        analyzer.analyze("good", precision=precision)


@pytest.mark.parametrize("name", ["languages", "ratings"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_no_text_is_lost_where_languages_or_ratings_are_not_one_each(
    analyzer: Analyzer, name: str, count: int
) -> None:
    texts = ["good", "bad"]
    with pytest.raises(InputError, match=rf"2 texts, but {count} {name}"):
        analyzer.analyze_batch(texts, **{name: [None] * count})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"Pass one a text"):
        list(analyzer.analyze_many(texts, **{name: iter([None] * count)}))  # type: ignore[arg-type]


def test_a_batch_size_below_one(analyzer: Analyzer) -> None:
    with pytest.raises(InputError, match="batch_size is 0"):
        list(analyzer.analyze_many(["good"], batch_size=0))


def test_a_very_long_text_is_scored_whole_and_in_bounded_time(analyzer: Analyzer) -> None:
    sentence = "The parcel came late and the box was torn. "
    text = sentence * (100_000 // len(sentence)) + "But the refund was quick."
    started = time.perf_counter()
    one = analyzer.analyze(text)
    count = len(one.sentences)
    assert time.perf_counter() - started < 20
    assert count == 100_000 // len(sentence) + 1
    assert (one.sentences[-1].start, one.sentences[-1].end) == (len(text) - 25, len(text))
    assert one.sentences[0].sentiment == "negative"
    check_contract(one, text)
    topics = {finding.topic: finding for finding in one.topics}
    assert topics["delivery"].sentences[:3] == (0, 1, 2)


def test_a_very_long_run_without_spaces_ends_soon(analyzer: Analyzer) -> None:
    started = time.perf_counter()
    for text in ("a" * 50_000, "ha!" * 15_000, "😀" * 20_000, "(" * 20_000):
        check_contract(analyzer.analyze(text), text)
    assert time.perf_counter() - started < 30


def test_nul_and_other_control_characters_are_read_over(analyzer: Analyzer) -> None:
    for text in ("Great app\x00", "\x00Great app", "Great\x00 app", "Great app \x07\x1b[31m"):
        one = analyzer.analyze(text)
        assert (one.status, one.sentiment) == ("ok", "positive")
        check_contract(one, text)


def test_half_characters_do_no_harm(analyzer: Analyzer) -> None:
    one = analyzer.analyze("Great app \ud83d")
    assert (one.status, one.sentiment) == ("ok", "positive")


def test_threads_share_an_analyzer(analyzer: Analyzer) -> None:
    """Words that nobody has met are learned by all threads at once, switching as often as they can."""
    texts = [
        [f"The w{number}x{thread} {number}% was slow?! it.broke" for number in range(40)]
        for thread in range(4)
    ]
    found: dict[int, list[dict[str, Any]]] = {}

    def analyze(thread: int) -> None:
        found[thread] = [analyzer.analyze(text, explain=True).to_dict() for text in texts[thread]]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=analyze, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    alone = [[analyzer.analyze(text, explain=True).to_dict() for text in batch] for batch in texts]
    assert [found.get(number) for number in range(4)] == alone


def test_an_analysis_travels_to_another_process_whole(analyzer: Analyzer) -> None:
    one = analyzer.analyze("Delivery was late. Lovely shoes though! My card was declined.")
    sent = pickle.dumps(one)
    assert b"ChunkTable" not in sent
    assert pickle.loads(sent).to_dict() == one.to_dict()  # noqa: S301 - made two lines above
    assert len(one.sentences) == 3
