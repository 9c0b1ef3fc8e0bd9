"""What the teacher learns from and labels, on tiny files, who sees what, and how its model is put together."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from benchmarks import _teacher_texts
from benchmarks._teacher_labels import N_OUT, figures, probabilities, save_topic_sentiment
from benchmarks._teacher_model import assemble
from benchmarks._teacher_texts import (
    TeacherTexts,
    left_out,
    phrases_of,
    pieces_of,
    read_teacher_texts,
    stage_a_rows,
)
from feedback_nlp.preprocess import Preprocessor
from feedback_nlp.records import TOPICS
from feedback_nlp.training.corpus import fingerprint
from feedback_nlp.training.recipe import GoldPart, LinearPartRecipe, Recipe, SetPart
from tests.tiny_corpus import write_rows

GOLD = ["text", "label", "kind", "topics", "source"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_rows(tmp_path / "gold" / "dev.csv", GOLD, [["Held out words", "positive", "praise", "", "shoes"]])
    gold = [
        ["The soles came off", "negative", "complaint", "product_quality:negative|delivery:mixed", "shoes"],
        ["Warm and kind staff", "positive", "praise", "", "hotels"],
        ["Never to be used", "positive", "praise", "", "secret"],
    ]
    write_rows(tmp_path / "gold" / "train.csv", GOLD, gold)
    shoes = [
        ["Nice laces", "positive", ""],
        ["Shared by both", "negative", ""],
        ["So-so laces", "neutral", "3"],
        ["Plain laces", "neutral", ""],
        ["Laces", "positive", ""],
    ]
    hotels = [
        ["shared BY both!", "positive", ""],
        ["Damp room", "negative", ""],
        ["held out words", "positive", ""],
        ["never to be USED", "positive", ""],
    ]
    write_rows(tmp_path / "datasets" / "shoes.csv", ["text", "label", "stars"], shoes)
    write_rows(tmp_path / "datasets" / "hotels.csv", ["text", "label", "stars"], hotels)
    return tmp_path


@pytest.fixture
def texts(data: Path) -> TeacherTexts:
    gold = GoldPart("gold/train.csv", ("secret",), calibration_percent=0)
    sets = (SetPart("shoes"), SetPart("hotels"))
    linear = LinearPartRecipe()
    return read_teacher_texts(
        Recipe(data / "r.toml", "tiny", "1", "en", 7, gold, sets, None, 0.0, 0.0, 0.0, linear), data
    )


def test_a_long_text_gives_the_sentences_with_the_smallest_fingerprints() -> None:
    sentences = [f"Parcel number {number} came late again, sadly enough." for number in range(12)]
    preprocessor = Preprocessor()
    found = pieces_of(" ".join(["Why?", *sentences]), preprocessor)
    assert found == sorted(sentences, key=fingerprint)[:6]
    assert pieces_of(" ".join(["Why?", *reversed(sentences)]), preprocessor) == found
    assert pieces_of("Why? It broke.", preprocessor) == ["Why? It broke."]


def test_phrases_stand_in_three_sets_and_end_at_marks() -> None:
    pieces = [(name, "so kind, so kind. So Kind") for name in ("a", "b", "c") for _ in range(2)]
    assert phrases_of(pieces) == ["kind", "so", "so kind"]
    assert phrases_of(pieces[:4]) == []  # two sets
    assert phrases_of([(name, "so kind") for name in ("a", "b", "c") for _ in range(2)]) == ["kind", "so"]


def test_nothing_of_gold_dev_or_of_excluded_sources_is_read(texts: TeacherTexts) -> None:
    assert texts.texts == [
        "Nice laces", "Shared by both", "So-so laces", "Plain laces", "Laces", "Damp room",
        "The soles came off", "Warm and kind staff",
    ]  # fmt: skip
    assert texts.sources.tolist() == ["shoes"] * 5 + ["hotels", "shoes", "hotels"]
    assert texts.keys.tolist() == [fingerprint(text) for text in texts.texts]


def test_labels_are_those_of_people_the_last_set_decides_and_gold_has_all(texts: TeacherTexts) -> None:
    # Three stars and texts of one word have none.
    assert texts.sentiment.tolist() == [2, 2, -1, 1, -1, 0, 0, 2]
    assert texts.kind.tolist() == [-1] * 6 + [0, 1]
    signs = dict(zip(TOPICS, texts.topics[6].tolist(), strict=True))
    assert {topic: sign for topic, sign in signs.items() if sign >= 0} == {
        "delivery": 3,
        "product_quality": 0,
    }
    assert (texts.topics[[0, 7]] == -1).all()


def test_with_a_set_go_its_gold_rows_and_what_it_shares(texts: TeacherTexts, data: Path) -> None:
    assert left_out(texts, "hotels", data).tolist() == [False, True, *[False] * 3, True, False, True]
    assert left_out(texts, "shoes", data).tolist() == [True] * 5 + [False, True, False]


def test_stage_a_takes_labelled_texts_up_to_the_cap_of_their_set(
    texts: TeacherTexts, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = np.zeros(len(texts.texts), dtype=np.bool_)
    assert sorted(stage_a_rows(texts, nobody, np.random.default_rng(1)).tolist()) == [0, 1, 3, 5]
    without = stage_a_rows(texts, left_out(texts, "hotels", data), np.random.default_rng(1))
    assert sorted(without.tolist()) == [0, 3]
    monkeypatch.setattr(_teacher_texts, "CAPS", {"shoes": 4})
    draws = [stage_a_rows(texts, nobody, np.random.default_rng(1), 0.5).tolist() for _ in range(2)]
    assert draws[0] == draws[1]
    assert len(draws[0]) == 3  # two of shoes, the one of hotels
    assert stage_a_rows(texts, ~nobody, np.random.default_rng(1)).tolist() == []


def test_logits_become_probabilities_figures_and_sentiments_of_probable_topics(
    texts: TeacherTexts, tmp_path: Path
) -> None:
    logits = np.full((2, N_OUT), -9, dtype=np.float32)
    logits[[0, 1], [0, 2]] = 9  # negative, positive
    logits[[0, 1], [4, 5]] = 9  # complaint, praise
    for topic, sign in (("delivery", 3), ("product_quality", 2)):
        place = TOPICS.index(topic)
        logits[0, [9 + place, 21 + 4 * place + sign]] = 9
    chances = probabilities(logits)
    assert chances.shape == (2, 21)
    assert chances[0, [0, 4]] == pytest.approx(1, abs=1e-6)
    assert chances[:, :4].sum(axis=1) == pytest.approx(1)
    shown = figures(texts, np.array([6, 7]), logits)
    assert shown["topics, micro"] == 1.0
    assert shown["sentiment of a topic, right"] == 0.5  # the quality was bad
    assert shown["sentiment, 3 classes"] == pytest.approx(2 / 3)  # nothing is neutral
    save_topic_sentiment(tmp_path / "topics.npz", np.array([7, 5], dtype=np.uint64), logits)
    with np.load(tmp_path / "topics.npz") as stored:
        assert stored["keys"].tolist() == [7, 7]
        assert [TOPICS[place] for place in stored["topics"]] == ["delivery", "product_quality"]
        assert stored["steps"].tolist() == [[0, 0, 0, 255], [0, 0, 255, 0]]


def test_a_model_is_joined_from_its_parts_and_refused_if_it_is_another(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with ZipFile(whole, "w") as zipped:
        zipped.writestr("all-mpnet-base-v2/config.json", "{}")
    content = whole.getvalue()
    parts = [tmp_path / "part.001", tmp_path / "part.002"]
    for part, piece in zip(parts, (content[:40], content[40:]), strict=True):
        part.write_bytes(piece)
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    bad.mkdir()
    folder = assemble(parts, good, hashlib.sha256(content).hexdigest())
    assert (folder / "config.json").read_text() == "{}"
    with pytest.raises(ValueError, match="2 parts make a file with SHA-256"):
        assemble(parts[::-1], bad, hashlib.sha256(content).hexdigest())
    assert list(bad.iterdir()) == []
