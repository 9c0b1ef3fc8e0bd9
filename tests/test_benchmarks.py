"""The benchmarks' pure functions, the protocol of leaving sets out on tiny files, and what is said without data."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import _transfer, _transfer_rows
from benchmarks._figures import arg_max, bootstrap_interval, class_figures, cut, macro_f1, markdown
from benchmarks._gold import length_group, micro_f1
from benchmarks._left_out_labels import LeftOutLabels, load_left_out_labels
from benchmarks._rivals import NaivePipeline, textblob_scores, vader_scores
from benchmarks._sources import TRANSFER_SETS, classes_of, find_data, read_test_rows
from benchmarks._transfer import even_out, middle
from benchmarks._transfer_rows import Held, read_texts, teach, transfer_recipe
from feedback_nlp import Analyzer
from feedback_nlp.training.corpus import fingerprint, is_kept_for_calibration, read_corpus
from feedback_nlp.training.recipe import (
    GoldPart,
    LinearPartRecipe,
    Recipe,
    SetPart,
    load_recipe,
    shipped_recipe_path,
)
from tests.tiny_corpus import write_rows

NOUNS = "room shop box lamp desk cart page form".split()
SCRIPT = Path(__file__).resolve().parent.parent / "benchmarks" / "quality.py"


# -- the plain path of the speed benchmarks


def test_the_plain_path_says_what_the_fast_one_says(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))  # its files import each other as scripts do
    paths = importlib.import_module("_speed_paths")
    texts = ["Lovely shoes. My card was declined twice!", "Das Paket kam zu spät.", ""]
    found = paths.PlainAnalyzer(analyzer).analyze_batch(texts)
    fast = analyzer.analyze_batch(texts)
    assert [one.status for one in found] == ["ok", "unsupported_language", "empty"]
    assert [one.p_negative for one in found[:1]] == pytest.approx([fast[0].p_negative], abs=1e-5)
    assert [one.sentiment for one in found[0].sentences] == [one.sentiment for one in fast[0].sentences]


# -- cuts and figures


def test_word_lists_are_neutral_inside_the_cut_and_never_where_a_set_has_no_neutral() -> None:
    scores = np.array([-0.9, -0.05, -0.049, 0.0, 0.049, 0.05, 0.9])
    assert cut(scores, (0, 1, 2)).tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert cut(scores, (0, 2)).tolist() == [0, 0, 0, 2, 2, 2, 2]


def test_the_likeliest_class_is_one_that_the_set_knows() -> None:
    three = np.array([[0.2, 0.5, 0.3], [0.4, 0.5, 0.1]])
    assert arg_max(three, (0, 1, 2)).tolist() == [1, 1]
    assert arg_max(three, (0, 2)).tolist() == [2, 0]


def test_a_set_without_neutral_has_two_classes() -> None:
    assert classes_of(np.array([2, 0, 2])) == (0, 2)
    assert classes_of(np.array([2, 1])) == (0, 1, 2)
    assert classes_of(np.array([2, 2])) == (0, 1, 2)


def test_figures_by_class_count_texts_without_a_label_as_missed() -> None:
    truth, found = np.array([0, 0, 1, 2]), np.array([0, -1, 1, 1])
    precision, recall, f1, support = class_figures(truth, found, 3).tolist()
    assert (precision, recall, support) == ([1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [2.0, 1.0, 1.0])
    assert f1 == pytest.approx([2 / 3, 2 / 3, 0.0])
    assert macro_f1(truth, found, (0, 1, 2)) == pytest.approx(4 / 9)


def test_micro_f1_counts_cells() -> None:
    truth = np.array([[True, False], [True, True]])
    found = np.array([[True, True], [False, True]])
    assert micro_f1(truth, found) == pytest.approx(2 / 3)


def test_the_bootstrap_repeats_with_its_seed_and_holds_the_figure() -> None:
    right = np.arange(200) % 5 != 0
    intervals = [
        bootstrap_interval(200, lambda d: float(right[d].mean()), seed=s, resamples=300) for s in (1, 1, 2)
    ]
    assert intervals[0] == intervals[1] != intervals[2]
    low, high = intervals[0]
    assert low < 0.8 < high
    # A binomial of 200 at 0.8 has a standard deviation of 0.028.
    assert high - low == pytest.approx(4 * 0.028, abs=0.03)


def test_lengths_are_grouped_by_words() -> None:
    assert [length_group("so " * n) for n in (0, 5, 6, 15, 16, 40, 41)] == [
        "1-5", "1-5", "6-15", "6-15", "16-40", "16-40", "41+",
    ]  # fmt: skip


def test_tables_show_nothing_as_a_dash() -> None:
    assert markdown(("a", "b"), [(1, None), (0.25, float("nan"))]).splitlines()[2:] == [
        "| 1 | - |",
        "| 0.250 | - |",
    ]


def test_evening_out_assumes_less_uneven_classes() -> None:
    three, labels = np.array([[0.6, 0.1, 0.3]]), np.array([0] * 6 + [1] * 1 + [2] * 3)
    assert even_out(three, labels, 0.0) == pytest.approx(three)
    assert even_out(three, labels, 1.0) == pytest.approx(np.full((1, 3), 1 / 3))
    half = even_out(three, labels, 0.5)[0]
    assert half[1] > 0.1 and half[0] < 0.6
    assert half.sum() == pytest.approx(1.0)


# -- rivals


def test_word_lists_score_plain_words() -> None:
    texts = ["I love it", "I hate it", "The box is square"]
    for scores in (vader_scores(texts), textblob_scores(texts)):
        assert scores[0] > 0.05 > scores[1]
        assert scores[2] == 0.0


def test_the_naive_pipeline_leaves_unknown_classes_at_zero() -> None:
    texts = ["fast and kind", "slow and rude", "fast and neat", "slow and sad"]
    naive = NaivePipeline(3).fit(texts, [2, 0, 2, 0])
    assert naive.predict(["fast", "slow"]).tolist() == [2, 0]
    assert naive.probabilities(["fast"])[0, 1] == 0.0


# -- leaving sets out


@pytest.fixture
def data(tmp_path: Path) -> Path:
    gold = ["id", "text", "label", "kind", "topics", "source"]
    write_rows(
        tmp_path / "gold" / "dev.csv", gold, [["g1", "Held out words", "positive", "praise", "", "shoes"]]
    )
    rows = [
        ["g2", "The soles came off", "negative", "complaint", "product_quality:negative", "shoes"],
        ["g3", "Warm and kind staff", "positive", "praise", "customer_service:positive", "hotels"],
    ]
    write_rows(tmp_path / "gold" / "train.csv", gold, rows)
    shoes = [
        ["Nice laces", "positive"],
        ["Shared by both", "negative"],
        ["So-so", "neutral"],
        ["No label", ""],
    ]
    hotels = [["shared BY both!", "negative"], ["Damp room", "negative"], ["held out words", "positive"]]
    write_rows(tmp_path / "datasets" / "shoes.csv", ["text", "label"], shoes)
    write_rows(tmp_path / "datasets" / "hotels.csv", ["text", "label"], hotels)
    return tmp_path


def tiny_recipe(tmp_path: Path) -> Recipe:
    sets = (SetPart("shoes"), SetPart("hotels"))
    gold = GoldPart("gold/train.csv", calibration_percent=0)
    return Recipe(
        tmp_path / "r.toml", "tiny", "1", "en", 7, gold, sets, None, 0.0, 0.0, 0.0, LinearPartRecipe()
    )


def test_with_a_set_go_its_gold_rows_and_the_texts_it_shares(data: Path) -> None:
    assert read_corpus(tiny_recipe(data), data, leave_out=frozenset(["shoes"])).texts == [
        "Warm and kind staff",
        "Damp room",
    ]


def test_without_leaving_out_only_held_out_texts_and_repetitions_go(data: Path) -> None:
    texts = sorted(read_corpus(tiny_recipe(data), data).texts)
    assert texts == ["Damp room", "Nice laces", "Shared by both", "The soles came off", "Warm and kind staff"]


def test_test_rows_are_labelled_ones_and_the_same_every_time(data: Path) -> None:
    test = read_test_rows(data, "shoes")
    assert sorted(zip(test.texts, test.labels.tolist(), strict=True)) == [
        ("Nice laces", 2), ("Shared by both", 0), ("So-so", 1),
    ]  # fmt: skip
    assert read_test_rows(data, "shoes", 2).texts == test.texts[:2]


def test_the_transfer_recipe_has_no_teacher_and_teaches_sentiment_alone() -> None:
    shipped = load_recipe(shipped_recipe_path())
    varied = transfer_recipe(shipped)
    assert varied.teacher is None
    assert (varied.gold.kind_weight, varied.gold.topics_weight, varied.plain_sentences_weight) == (0, 0, 0)
    assert {part.max_rows for part in varied.sets} == {_transfer_rows.MAX_ROWS}
    assert [part.file for part in varied.sets] == [part.file for part in shipped.sets]
    assert varied.gold.exclude_sources == shipped.gold.exclude_sources


def test_mixed_counts_as_neutral() -> None:
    found = middle(np.array([[0.6, 0.2, 0.2], [0.6, 0.2, 0.2]]), np.array([0.0, 0.5]))
    np.testing.assert_allclose(found, [[0.6, 0.2, 0.2], [0.3, 0.6, 0.1]])


def test_taught_are_gold_and_labelled_texts_some_of_them_for_the_head_alone(data: Path) -> None:
    recipe = transfer_recipe(tiny_recipe(data))
    labelled = read_corpus(recipe, data, leave_out=frozenset(["shoes"]))
    damp, soles = fingerprint("Damp room"), fingerprint("Warm and kind staff")
    labels = {key: np.array([0.5, 0.5, 0, 0], dtype=np.float32) for key in (damp, soles)}
    texts = read_texts(recipe, data, {damp, fingerprint("shared by both")})
    assert texts == {
        damp: ("hotels", "Damp room"),
        fingerprint("shared by both"): ("shoes", "Shared by both"),
    }
    taught = teach(labelled, texts, labels, 0.5)
    rows = zip(taught.corpus.texts, taught.corpus.sources, taught.corpus.sentiment, strict=True)
    found = {text: (source, target.tolist()) for text, source, target in rows}
    assert not is_kept_for_calibration(damp, _transfer_rows.HELD_PERCENT)
    assert found == {
        "Warm and kind staff": ("gold", [0.25, 0.25, 0.5, 0]),
        "Damp room": ("hotels", [0.5, 0.5, 0, 0]),
    }
    assert taught.held.texts == []


def test_texts_held_for_the_head_weigh_the_same_in_every_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_transfer_rows, "HELD_WEIGHT", 6.0)
    row = np.array([0.5, 0, 0.5, 0], dtype=np.float32)
    held = Held(["a", "b", "c"], ["shoes", "hotels", "shoes"], [row, np.eye(4, dtype=np.float32)[1], row])
    texts, labels, weights = held.weighted_labels()
    assert texts.tolist() == [0, 0, 1, 2, 2]
    assert labels.tolist() == [0, 2, 1, 0, 2]
    assert weights.tolist() == [1.5, 1.5, 6.0, 1.5, 1.5]


def test_the_stored_labels_are_probabilities_of_each_of_the_nine() -> None:
    stored = load_left_out_labels()
    assert list(stored.sets) == TRANSFER_SETS
    found = np.array(list(stored.without("sst5").values()))
    assert found.shape[0] < len(stored.keys)  # those of the set itself have none
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


RECIPE = """
name = "tiny"
version = "1"
language = "en"
seed = 7
[gold]
file = "gold/train.csv"
calibration_percent = 40
[linear]
min_df = 1
min_sets = 1
spelling_min_df = 1
[[sets]]
file = "shoes"
[[sets]]
file = "hotels"
"""
VERDICTS = {
    "negative": ("awful", "late", "rude"),
    "neutral": ("blue", "round"),
    "positive": ("lovely", "kind"),
}


def test_a_set_left_out_is_measured_beside_all_rivals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = [
        (f"the {n} is {word}", label) for label, words in VERDICTS.items() for word in words for n in NOUNS
    ]
    gold = [["g", f"{text} today", label, "other", "", "shops"] for text, label in labelled]
    header = ["id", "text", "label", "kind", "topics", "source"]
    write_rows(tmp_path / "gold" / "train.csv", header, gold)
    write_rows(tmp_path / "gold" / "dev.csv", header, [])
    write_rows(
        tmp_path / "datasets" / "shoes.csv", ["text", "label"], [[text, label] for text, label in labelled]
    )
    write_rows(
        tmp_path / "datasets" / "hotels.csv",
        ["text", "label"],
        [[f"well, {t}", label] for t, label in labelled],
    )
    (tmp_path / "tiny.toml").write_text(RECIPE, encoding="utf-8")
    monkeypatch.setattr(_transfer, "shipped_recipe_path", lambda: tmp_path / "tiny.toml")
    keys = np.array([fingerprint(f"well, {text}") for text, _ in labelled], dtype=np.uint64)
    steps = 255 * np.array([[label == name for _, label in labelled] for name in (*VERDICTS, "mixed")])
    stored = LeftOutLabels(("shoes",), keys, steps[None].astype(np.uint8))
    monkeypatch.setattr(_transfer, "load_left_out_labels", lambda: stored)
    lines: list[str] = []
    figures = _transfer.measure_transfer(tmp_path, ["shoes"], lines.append)
    assert (figures["shoes"]["test rows"], figures["shoes"]["training rows"]) == (56, 56 + 56)
    assert (figures["shoes"]["ours"], figures["shoes"]["naive"]) == (1.0, 1.0)
    assert figures["mean"]["ours minus naive"] == 0.0
    # VADER does not know "late": a third of the negative ones, half as many as there are neutral ones.
    assert figures["mean"]["VADER"] == pytest.approx((0.8 + 0.8 + 1) / 3)
    assert len(lines) == 1 and lines[0].startswith(
        "without shoes: ours 1.000, naive 1.000, VADER 0.867, TextBlob"
    )


# -- the script


def test_the_data_is_found_by_name_by_setting_and_beside(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEEDBACK_TRAINING_DATA", raising=False)
    assert find_data(data) == data
    assert find_data(None, beside=data) == data
    assert find_data(None, beside=data / "nowhere") is None
    monkeypatch.setenv("FEEDBACK_TRAINING_DATA", str(data))
    assert find_data(None, beside=data / "nowhere") == data
    assert find_data(data / "nowhere", beside=data) is None


def test_the_script_says_plainly_that_there_is_no_data(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "FEEDBACK_TRAINING_DATA": ""},
        check=False,
        timeout=120,
    )
    assert ended.returncode == 6
    assert ended.stdout == ""
    assert ended.stderr == (
        "No data: give --data DIR or set FEEDBACK_TRAINING_DATA to the folder that holds datasets/ and gold/.\n"
    )
