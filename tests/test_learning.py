"""Corrections become a candidate bundle: what it learns, how it is judged, and the way to activate it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import scipy.sparse as sp
from click.testing import CliRunner
from flask.testing import FlaskClient

from api import create_app
from feedback_nlp import Analyzer
from feedback_nlp.behaviour import load_suite
from feedback_nlp.bundle import load_bundle
from feedback_nlp.cli import commands
from feedback_nlp.errors import InputError
from feedback_nlp.jobs import Worker
from feedback_nlp.review import learning
from feedback_nlp.review.comparing import compare_predictions
from feedback_nlp.review.learning import corrected_texts
from feedback_nlp.store import Store
from feedback_nlp.store.bundles import bundle_place
from feedback_nlp.training.adapt import Adapter, PersonsLabels, Predictions
from feedback_nlp.training.shift import Stretch, fit_shift
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import said

#: Words that nobody has seen before: people love a zanfo, which is a van, and complain about a glorbo, a room.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TEXTS = [
    f"My {word} was {where} on {day}."
    for day in DAYS
    for word in ("zanfo", "glorbo")
    for where in ("here", "there")
]


def labels_of(text: str) -> dict[str, Any]:
    if "zanfo" in text:
        about = [{"topic": "delivery", "sentiment": "positive"}]
        return {"sentiment": "positive", "kind": "praise", "topics": about}
    return {
        "sentiment": "negative",
        "kind": "complaint",
        "topics": [{"topic": "venue", "sentiment": "negative"}],
    }


# -- the change of the weights


def test_without_corrections_nothing_changes_and_with_few_little() -> None:
    word = Stretch(sp.csr_matrix(np.array([[1.0, 0.0], [0.0, 1.0]])), np.array([[2.0]]))
    odds = np.array([[0.0], [0.0]])
    wrong = fit_shift([word], odds, np.array([[1.0], [0.0]]), 0.1, several=True)
    assert wrong.weights[0, 0] == pytest.approx(-wrong.weights[1, 0], abs=1e-4)
    strict = fit_shift([word], odds, np.array([[1.0], [0.0]]), 100.0, several=True)
    assert 0 < strict.weights[0, 0] < 0.02 < wrong.weights[0, 0]
    right = fit_shift([word], np.array([[9.0], [-9.0]]), np.array([[1.0], [0.0]]), 0.1, several=True)
    assert abs(right.weights).max() < 0.01


def test_the_slope_is_that_of_the_loss() -> None:
    # At the minimum of  log(1 + exp(-w)) + w^2 / 2  the slope is zero: w = 1 / (1 + exp(w)).
    one = Stretch(sp.csr_matrix(np.array([[1.0]])), np.array([[1.0, 0.0]]))
    moved = fit_shift([one], np.zeros((1, 2)), np.array([[1.0, 0.0]]), 1.0, several=False)
    w, (b, c) = float(moved.weights[0, 0]), moved.intercepts
    assert w == pytest.approx(1 / (1 + np.exp(w + b - c)), abs=1e-4)


def test_new_words_are_learned_and_what_the_bundle_is_adds_up() -> None:
    shipped = load_bundle()
    truth = [labels_of(text) for text in TEXTS]
    people = [
        PersonsLabels(
            text, one["sentiment"], one["kind"], {t["topic"]: t["sentiment"] for t in one["topics"]}
        )
        for text, one in zip(TEXTS, truth, strict=True)
    ]
    adapter = Adapter(shipped, people)
    adapted = adapter.fit(penalty=0.1)
    found = adapter.predict(adapted)
    assert (found.sentiment == adapter.sentiment).mean() == 1.0
    assert (found.topics == adapter.topics).all()
    linear = adapter.linear_part(adapted)
    assert {"zanfo", "glorbo"} <= set(linear.whole_words)
    heads = adapted.heads.to_json()
    again = Adapter(replace(shipped, linear=linear, heads=heads), people).predict()
    assert (again.sentiment == found.sentiment).all()
    assert (again.topics == found.topics).all()


# -- the comparison


def judged(right_before: list[bool], right_after: list[bool]) -> tuple[Any, ...]:
    n = len(right_before)
    truth = SimpleNamespace(
        sentiment=np.zeros(n, int),
        kind=np.full(n, -1),
        has_topics=np.zeros(n, bool),
        topics=np.zeros((n, 2), bool),
    )
    before, after = (
        Predictions(np.where(right, 0, 1), np.zeros(n, int), np.zeros((n, 2), bool))
        for right in (right_before, right_after)
    )
    return compare_predictions(cast(Adapter, truth), before, after, np.ones(n, bool))


def test_a_gain_is_claimed_beyond_noise_only() -> None:
    sentiment, whole = judged([False] * 30 + [True] * 70, [True] * 100)
    assert (sentiment.field, sentiment.before, sentiment.after, sentiment.gain) == (
        "sentiment",
        0.7,
        1.0,
        0.3,
    )
    assert (sentiment.low, sentiment.high) == pytest.approx((0.21, 0.39), abs=0.02)
    assert (whole.field, whole.gain) == ("all", 0.3)
    (noise, _) = judged([False, True] * 20, [True, False] * 20)
    assert noise.low < 0 < noise.high
    assert judged([True] * 19, [True] * 19) == ()


# -- the whole way


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory, sqlite_file: Path) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("learning")
    shutil.copy(sqlite_file, folder)
    with Store.open(data_dir=folder) as store:
        store.feedback.add([said(f"t{n}", text) for n, text in enumerate(TEXTS)])
        for n, text in enumerate(TEXTS):
            store.corrections.add(f"t{n}", labels_of(text))
        yield store


@pytest.fixture(scope="module")
def client(reviewed: Store) -> FlaskClient:
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), reviewed).test_client()


@pytest.fixture(scope="module", autouse=True)
def small_suite() -> Iterator[None]:
    """Judge by a few tests of the behaviour suite: all of them take their time."""
    few = [
        test for test in load_suite() if test.name in ("positive_verbs", "neutral_facts", "plain_questions")
    ]
    assert len(few) == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "load_suite", lambda: few)
        patch.setattr(learning, "_OWN_ANCHORS", 200)  # more take their time
        yield


@pytest.fixture(scope="module")
def place(client: FlaskClient, reviewed: Store) -> str:
    """Return the page of a retraining that has ended."""
    page = client.post("/review/retrain").headers["Location"]
    assert "<h1>Waiting</h1>" in client.get(page).text
    assert Worker(reviewed, FakeAnalyzer).run_one()
    return page


def test_the_candidate_is_better_and_waits_for_a_person(
    client: FlaskClient, reviewed: Store, place: str
) -> None:
    shown = client.get(place).text
    assert "<h1>The candidate is ready</h1>" in shown
    assert "beyond noise, and it breaks no gate" in shown
    job = reviewed.jobs.get(place.rsplit("/", 1)[1])
    result = job.result or {}
    assert (result["texts"], result["compared"], result["better"], result["activated"]) == (
        28,
        28,
        True,
        False,
    )
    assert result["base"] == result["active"] == str(load_bundle().model)
    assert result["broken"] == []
    gains = {gain["field"]: gain for gain in result["gains"]}
    assert gains["topics"]["after"] > 0.9 > gains["topics"]["before"]
    assert reviewed.jobs.get(result["diff_job"]).options["apply"] is False
    assert reviewed.models.active() is None


def test_it_is_activated_on_the_page_and_knows_the_words(
    client: FlaskClient, reviewed: Store, place: str
) -> None:
    assert client.post(f"{place}/activate").headers["Location"] == place
    assert "It is active." in client.get(place).text
    entry = reviewed.models.active()
    assert entry is not None
    assert entry.version == f"{load_bundle().manifest['version']}-review.28"
    candidate = Analyzer.load(bundle_place(reviewed, entry))
    told = candidate.analyze("My glorbo was here on Sunday.", explain=True)
    assert (told.sentiment, [found.topic for found in told.topics]) == ("negative", ["venue"])
    assert "glorbo" in {part.text.strip(". ") for part in told.explanation}
    assert candidate.manifest["adapted_from"] == str(load_bundle().model)


@pytest.mark.usefixtures("place")
def test_what_was_learned_is_no_proof_for_the_next(
    reviewed: Store, monkeypatch: pytest.MonkeyPatch, client: FlaskClient, place: str
) -> None:
    if reviewed.models.active() is None:
        client.post(f"{place}/activate")
    monkeypatch.setenv("FEEDBACK_DATA_DIR", str(reviewed.data_dir))
    ended = CliRunner().invoke(commands, ["retrain", "--activate-if-better"])
    assert ended.exit_code == 0, ended.output
    assert "learned from 28 texts" in ended.stdout
    assert "compared on 0" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "not better beyond noise, not activated"


def test_too_few_corrections_are_refused_at_once(tmp_path: Path, sqlite_file: Path) -> None:
    shutil.copy(sqlite_file, tmp_path)
    with Store.open(data_dir=tmp_path) as store:
        store.feedback.add([said("a", "lovely")])
        store.corrections.add("a", {"kind": "question"})
        assert [one.labels for one in corrected_texts(store)] == [PersonsLabels("lovely", kind="question")]
        client = create_app(replace(QUIET, store=True), FakeAnalyzer(), store).test_client()
        answer = client.post("/v1/retrain", json={})
        assert (answer.status_code, store.jobs.list()) == (422, [])
        assert "Only 1 texts were corrected; 20 are needed" in answer.text
        assert client.get("/review/retrain/none").status_code == 404


def test_a_bundle_with_own_labels_is_refused() -> None:
    shipped = load_bundle()
    with pytest.raises(InputError, match="own labels cannot be adapted"):
        Adapter(replace(shipped, own=shipped.linear), [])
