"""Single texts of many threads become batches, and each thread gets its own answer or its own error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from api.answers import answer_documents
from api.combiner import Combiner
from api.counters import Metrics
from api.schemas import Document
from feedback_nlp.records import Analysis
from tests.fake_analyzer import FakeAnalyzer


class Gated(FakeAnalyzer):
    """Holds its first batch until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.began = threading.Event()
        self.gate = threading.Event()

    def analyze_many(self, texts: Iterable[str], **options: Any) -> Iterator[Analysis]:
        if not self.began.is_set():
            self.began.set()
            assert self.gate.wait(30)
        return super().analyze_many(texts, **options)


def combine(analyzer: FakeAnalyzer) -> Combiner:
    metrics = Metrics()
    return Combiner(lambda documents, precision: answer_documents(analyzer, metrics, documents, precision))


def ask(combiner: Combiner, text: str, *, precision: float | None = None, **options: Any) -> dict[str, Any]:
    (answer,) = combiner.answer([Document(text=text, **options)], precision)
    return dict(json.loads(answer))


def ask_together(combiner: Combiner, gated: Gated, requests: list[dict[str, Any]]) -> list[Any]:
    """Send the first request, wait until it is inside, send the others, then open the gate."""
    answers: list[Any] = [None] * len(requests)

    def ask_for(place: int) -> None:
        try:
            answers[place] = ask(combiner, **requests[place])
        except Exception as error:
            answers[place] = error

    threads = [threading.Thread(target=ask_for, args=(place,)) for place in range(len(requests))]
    threads[0].start()
    assert gated.began.wait(30)
    for thread in threads[1:]:
        thread.start()
    while len(combiner._waiting) < len(requests) - 1:
        threading.Event().wait(0.001)
    gated.gate.set()
    for thread in threads:
        thread.join()
    return answers


def test_what_comes_while_one_is_analysed_is_the_next_batch() -> None:
    gated = Gated()
    texts = ["lovely", "declined", "lovely and early", "refund"]
    answers = ask_together(combine(gated), gated, [{"text": text} for text in texts])
    assert [len(batch["texts"]) for batch in gated.batches] == [1, 3]
    alone = FakeAnalyzer()
    assert answers == [alone.analyze(text).to_dict() for text in texts]


def test_a_text_that_fails_costs_no_other() -> None:
    gated = Gated()
    answers = ask_together(combine(gated), gated, [{"text": t} for t in ("lovely", "explode", "refund")])
    assert [answers[place]["sentiment"]["label"] for place in (0, 2)] == ["positive", "negative"]
    assert isinstance(answers[1], RuntimeError)


def test_texts_asked_for_in_other_ways_are_analysed_apart() -> None:
    gated = Gated()
    requests: list[dict[str, Any]] = [
        {"text": "lovely"},
        {"text": "lovely", "explain": True},
        {"text": "lovely", "precision": 0.5},
        {"text": "lovely", "language": "de"},
    ]
    answers = ask_together(combine(gated), gated, requests)
    assert [bool(answer["explanation"]) for answer in answers] == [False, True, False, False]
    assert [answer["sentiment"]["uncertain"] for answer in answers[:3]] == [False, False, False]
    assert answers[3]["status"] == "unsupported_language"
    assert {(len(batch["texts"]), batch["explain"], batch["precision"]) for batch in gated.batches} == {
        (1, False, None), (1, True, None), (1, False, 0.5),
    }  # fmt: skip


def test_one_text_that_fails_alone_raises_its_error() -> None:
    with pytest.raises(RuntimeError, match="cannot digest"):
        ask(combine(FakeAnalyzer()), "explode")


class Clock:
    """Stands for the module time; notes how many requests wait when somebody sleeps, and oversleeps by `late`."""

    def __init__(self, combiner: Combiner, late: float = 0.0) -> None:
        self.combiner, self.late = combiner, late
        self.now, self.naps = 0.0, list[int]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late
        self.naps.append(len(self.combiner._waiting))


def test_nobody_is_waited_for_where_all_requests_under_way_are_here(monkeypatch: pytest.MonkeyPatch) -> None:
    combiner = combine(FakeAnalyzer())
    clock = Clock(combiner)
    clock.now = 1.0  # there was no crowd before
    monkeypatch.setattr("api.combiner.time", clock)
    combiner.expect(lambda: 1)
    ask(combiner, "lovely")
    combiner.expect(lambda: 2)
    combiner.answer([Document(text="lovely")] * 32, None)
    assert clock.naps == []


@pytest.mark.parametrize(("late", "naps"), [(0.0, 3), (0.01, 1)])
def test_who_is_on_the_way_is_waited_for_but_not_for_long(
    monkeypatch: pytest.MonkeyPatch, late: float, naps: int
) -> None:
    combiner = combine(FakeAnalyzer())
    clock = Clock(combiner, late)
    monkeypatch.setattr("api.combiner.time", clock)
    combiner.expect(lambda: 2)
    ask(combiner, "lovely")
    assert clock.naps == [1] * naps


def test_who_turns_out_to_want_something_else_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    combiner = combine(FakeAnalyzer())
    clock = Clock(combiner)
    monkeypatch.setattr("api.combiner.time", clock)
    combiner.expect(lambda: 2 if not clock.naps else 1)
    ask(combiner, "lovely")
    assert clock.naps == [1]


def test_batches_are_answered_together_until_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.combiner._ENOUGH", 3)
    gated = Gated()
    combiner = combine(gated)
    sent = [["lovely"], ["declined", "early"], ["refund", "lovely early"], ["declined"]]
    answers: list[Any] = [None] * len(sent)

    def send(place: int) -> None:
        answers[place] = combiner.answer([Document(text=text) for text in sent[place]], None)

    threads = [threading.Thread(target=send, args=(place,)) for place in range(len(sent))]
    for thread in threads:
        thread.start()
        assert gated.began.wait(30)
        while thread is not threads[0] and len(combiner._waiting) < threads.index(thread):
            threading.Event().wait(0.001)
    gated.gate.set()
    for thread in threads:
        thread.join()
    assert [batch["texts"] for batch in gated.batches] == [sent[0], sent[1] + sent[2], sent[3]]
    assert [len(answer) for answer in answers] == [1, 2, 2, 1]
