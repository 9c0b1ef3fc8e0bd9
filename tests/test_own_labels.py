"""A company's own labels: trained, measured, scored and refused."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from feedback_nlp import Analyzer, BundleError, InputError, TrainingDataError, score_file
from feedback_nlp.bundle import Floats, load_bundle, manifest_digest
from feedback_nlp.cli import commands
from feedback_nlp.evaluate_own import evaluate_own_labels
from feedback_nlp.features import SpellingVectorizer, build_term_vectorizer, spellings_of, terms_of
from feedback_nlp.own_labels import OwnHead, OwnModel, apply_curve, fit_curve, shipped_inputs
from feedback_nlp.preprocess import SCOPE_PREFIX, Preprocessor
from feedback_nlp.records import KINDS, SCORED_COLUMNS, OwnLabel
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.sentiment import pool_clauses
from feedback_nlp.train_own import train_own_labels
from feedback_nlp.training import own_features
from feedback_nlp.training.own_features import MEANING_SHARE, SHIPPED_SHARE, Features
from feedback_nlp.training.own_fit import (
    DEFAULT_BALANCE,
    Balance,
    fit_all,
    make_linear,
    right_share,
    split_folds,
)
from feedback_nlp.training.own_report import likely_label_errors
from feedback_nlp.training.own_rows import OwnRows, read_own_rows
from feedback_nlp.training.own_search import search_balance
from feedback_nlp.training.word_vectors import load_word_vectors

EXAMPLE = Path(__file__).resolve().parent.parent / "data" / "labelled_example.csv"
LABELS = ("billing", "delivery_slot", "freshness", "recipe", "subscription", "wrong_or_missing")
CHARGED = "I was charged twice for my box, please refund the second payment."
COLOURS = {"red": "ruby scarlet crimson", "blue": "navy azure cobalt"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a bundle with the example's labels."""
    folder = tmp_path_factory.mktemp("own") / "bundle"
    train_own_labels(EXAMPLE, folder)
    return folder


@pytest.fixture(scope="module")
def own(folder: Path) -> Analyzer:
    return Analyzer.load(folder)


def write(path: Path, rows: list[tuple[str, str]], header: tuple[str, str] = ("text", "label")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def colour_rows(label: str, count: int = 8) -> list[tuple[str, str]]:
    """Return texts that say a label's colours, numbered so that they differ."""
    words = " ".join(COLOURS[name] for name in label.split("|") if name)
    return [(f"The cushion number {number} has the shade {words} all over", label) for number in range(count)]


# -- what a trained bundle says


def test_a_text_gets_the_companys_label_and_the_shipped_ones(own: Analyzer, analyzer: Analyzer) -> None:
    ours, shipped = own.analyze(CHARGED, explain=True), analyzer.analyze(CHARGED, explain=True)
    assert ours.own is not None
    assert ours.own.label == "billing"
    assert ours.own.probability == pytest.approx(0.99, abs=0.01)
    assert own.own_labels == LABELS
    assert (ours.sentiment, ours.p_negative, ours.topics) == (
        shipped.sentiment,
        shipped.p_negative,
        shipped.topics,
    )
    assert ours.explanation == shipped.explanation
    assert analyzer.own_labels == ()


def test_the_api_result_gains_two_keys_and_only_then(own: Analyzer, analyzer: Analyzer) -> None:
    ours, shipped = own.analyze(CHARGED).to_dict(), analyzer.analyze(CHARGED).to_dict()
    assert set(ours) - set(shipped) == {"label", "label_probability"}
    assert ours["label"] == "billing"
    german = own.analyze("Der Versand war leider viel zu langsam und niemand antwortet auf meine Fragen")
    assert (german.status, german.to_dict()["label"], german.to_row()["fb_label"]) == (
        "unsupported_language", None, "",
    )  # fmt: skip
    assert own.analyze(german_text := "Alles gut", language="en").own is not None, german_text


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_scored_files_gain_two_columns(folder: Path, own: Analyzer, ending: str, tmp_path: Path) -> None:
    target = tmp_path / f"scored.{ending}"
    source = write(tmp_path / "in.csv", [(CHARGED, "kept"), ("", "kept")], ("text", "mine"))
    score_file(source, target, analyzer=folder)
    rows: list[dict[str, Any]]
    if ending == "csv":
        rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    elif ending == "jsonl":
        rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    else:
        rows = pq.read_table(target).to_pylist()
    assert list(rows[0]) == ["text", "mine", *SCORED_COLUMNS, "fb_label", "fb_label_probability"]
    assert [row["mine"] for row in rows] == ["kept", "kept"]
    assert [row["fb_label"] for row in rows] == ["billing", "" if ending == "csv" else None]
    shown = own.analyze(CHARGED).to_row()["fb_label_probability"]
    assert float(rows[0]["fb_label_probability"]) == float(shown)


def test_workers_write_the_same_columns(folder: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [(CHARGED, "a"), ("The lettuce was brown", "b")])
    for workers in (1, 2):
        score_file(source, tmp_path / f"{workers}.csv", analyzer=folder, workers=workers)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_scoring_again_with_the_shipped_bundle_takes_the_columns_away(folder: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [(CHARGED, "a")])
    score_file(source, tmp_path / "own.csv", analyzer=folder)
    score_file(tmp_path / "own.csv", tmp_path / "shipped.csv")
    header = (tmp_path / "shipped.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == ["text", "label", *SCORED_COLUMNS]


# -- what is measured


def test_manifest_and_card_hold_what_was_measured(own: Analyzer) -> None:
    figures = own.manifest["metrics"]["own_labels"]
    assert own.manifest["own"] == {"labels": list(LABELS), "several": False, "task": None}
    assert figures["texts"] == 150
    assert 0.72 <= figures["accuracy"] <= 0.9
    assert [figures["per_class"][label]["texts"] for label in LABELS] == [18, 28, 24, 32, 21, 27]
    assert [point["texts"] for point in figures["learning_curve"]] == [30, 60, 120]
    assert figures["learning_curve"][0]["macro_f1"] < figures["learning_curve"][2]["macro_f1"]
    card = own.bundle.card
    assert f"| accuracy | {figures['accuracy']} |" in card
    assert "| billing |" in card
    assert "## Likely label errors" in card


def test_the_same_file_gives_the_same_bundle(folder: Path, tmp_path: Path) -> None:
    assert train_own_labels(EXAMPLE, tmp_path / "again").model == load_bundle(folder).model


def test_the_fast_path_gives_the_margins_that_were_fitted() -> None:
    rows = read_own_rows(EXAMPLE, text_column=None, label_column="label")
    shipped = load_bundle()
    features = Features.of(rows.texts, shipped.linear)
    weights, intercepts = fit_all(features, rows.truth, Balance(0.4, spellings=2.0, meanings=1.5), 0)
    linear, shipped_weights = make_linear(features, weights)
    own = LinearScorer(linear).score(rows.texts).texts
    expected = features.block @ weights + intercepts
    # Weights are stored in half precision.
    found = own + inputs_of(rows.texts) @ shipped_weights + intercepts
    assert found == pytest.approx(expected, abs=5e-3)


def inputs_of(texts: list[str]) -> Floats:
    """Return what the shipped bundle makes of texts."""
    scores = LinearScorer(load_bundle().linear).score(texts)
    return shipped_inputs(scores, pool_clauses(scores))


def test_a_handle_of_several_texts_is_a_word_of_the_company_and_changes_nothing_around_it() -> None:
    shipped = load_bundle().linear
    ours, theirs = ("@Slowjet", ".@slowjet", "@slowjet,", "@slowjet", "@SLOWJET"), ("@FastJet", "") * 4
    moods = "late great slow lovely lost fine broken here early wet away safe blue".split()
    texts = [f"{handle} my bag is {mood}" for handle, mood in zip(ours + theirs, moods, strict=True)]
    features = Features.of(texts, shipped)
    assert [word for word in features.words if word[0] == "@"] == ["@slowjet"]
    truth = np.array([[1.0, 0.0]] * len(ours) + [[0.0, 1.0]] * len(theirs))
    weights, intercepts = fit_all(features, truth, Balance(1.0, spellings=0, meanings=0, shipped=0), 0)
    linear, shipped_weights = make_linear(features, weights)
    head = OwnHead(("a", "b"), False, None, shipped_weights, intercepts, 1.0, np.zeros(2), [])
    shares = OwnModel(linear, head).probabilities(["@slowjet hello", "@fastjet hello"], inputs_of(["x", "y"]))
    assert shares.argmax(axis=1).tolist() == [0, 1]
    plain, kept = LinearScorer(shipped), LinearScorer(shipped, handles=True)
    assert (kept.score(texts).clauses == plain.score(texts).clauses).all()
    assert ["@slowjet" in scorer.table.forms for scorer in (plain, kept)] == [False, True]


def test_older_bundles_know_only_the_scores_of_whole_texts() -> None:
    inputs = inputs_of(["The gift box was lovely."])
    weights = np.ones((21, 2))
    head = OwnHead(("a", "b"), False, None, weights, np.zeros(2), 1.0, np.zeros(2), [])
    whole = float(inputs[0, :21].sum())
    assert head.margins(np.zeros((1, 2), dtype=np.float32), inputs).tolist() == [
        pytest.approx([whole, whole], abs=1e-4)
    ]


def test_the_features_are_those_of_the_vectorizers() -> None:
    texts = read_own_rows(EXAMPLE, text_column=None, label_column="label").texts
    texts += [
        "",
        "!!",
        "Not good, not good 😀 but fine :)",
        "@anna it's https://x.example isn't cheap",
        "café Café",
    ]
    shipped = load_bundle().linear
    features = Features.of(texts, shipped)
    preprocessor = Preprocessor()
    prepared = [preprocessor.prepare(text) for text in texts]
    terms = build_term_vectorizer().fit([terms_of(one) for one in prepared])
    speller = SpellingVectorizer(min_df=1).fit([spellings_of(one) for one in prepared])
    named = [SCOPE_PREFIX[scope] + " ".join(features.words[word] for word in words if word >= 0)
             for scope, *words in features.terms.tolist()]  # fmt: skip
    assert sorted(named) == list(terms.get_feature_names_out())
    assert list(features.grams) == list(speller.vocabulary_)
    n_terms = len(named)
    expected = terms.transform([terms_of(one) for one in prepared])[
        :, [terms.vocabulary_[name] for name in named]
    ]
    assert abs(features.block[:, :n_terms] - expected).max() < 1e-6
    spelled = speller.transform([spellings_of(one) for one in prepared])
    assert abs(features.block[:, n_terms : n_terms + len(features.grams)] - spelled).max() < 1e-6
    scores = inputs_of(texts)
    known = load_word_vectors()
    number = {word: row for row, word in enumerate(known.words)}
    sums = np.zeros((len(texts), known.vectors.shape[1]))
    for row, words in enumerate(map(spellings_of, prepared)):
        for word in words:
            if word in number:
                sums[row] += known.vectors[number[word]] * MEANING_SHARE / np.sqrt(len(words))
    start = n_terms + len(features.grams)
    assert features.block[:, start : start + sums.shape[1]].toarray() == pytest.approx(sums, abs=1e-5)
    assert features.block[:, -scores.shape[1] :].toarray() == pytest.approx(
        scores / scores.std(axis=0) * SHIPPED_SHARE, rel=1e-4, abs=1e-4
    )


def test_many_texts_do_without_meanings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_features, "_LEAST_TEXTS_WITHOUT_MEANINGS", 4)
    shipped = load_bundle().linear
    truth = np.array([[1.0, 0.0], [0.0, 1.0]] * 2)
    for texts, columns in ((["good", "bad", "fine"], 256), (["good", "bad", "fine", "poor"], 0)):
        features = Features.of(texts, shipped)
        weights, _ = fit_all(features, truth[: len(texts)], Balance(0.4), 0)
        linear, _ = make_linear(features, weights)
        assert features.sizes[2] == columns
        assert (linear.whole_weights is None) == (columns == 0)


def test_a_wrong_label_is_found() -> None:
    truth = np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4)
    shares = np.array([[0.9, 0.1]] * 3 + [[0.05, 0.95]] + [[0.1, 0.9]] * 4)
    rows = OwnRows(["x"] * 8, ("a", "b"), truth, False, list(range(2, 10)), {})
    assert likely_label_errors(rows, shares) == [{"line": 5, "label": "a", "likely": "b", "margin": 0.9}]


def test_a_wrong_label_of_several_is_found() -> None:
    truth = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] * 4)
    shares = np.where(truth > 0, 0.9, 0.1)
    shares[3] = 0.05, 0.95  # says a, is b
    rows = OwnRows(["x"] * 12, ("a", "b"), truth, True, list(range(2, 14)), {})
    assert likely_label_errors(rows, shares) == [{"line": 5, "label": "a", "likely": "b", "margin": 0.95}]


def test_the_curve_finds_the_probabilities_that_made_the_labels() -> None:
    generator = np.random.default_rng(3)
    margins = generator.normal(0, 1, (4000, 3))
    offsets = np.array([0.5, 0.0, -0.5])
    shares = apply_curve(margins, 1.7, offsets, several=False)
    truth = np.array([generator.multinomial(1, row) for row in shares], dtype=float)
    scale, found = fit_curve(margins, truth, several=False)
    assert scale == pytest.approx(1.7, abs=0.12)
    assert found == pytest.approx(offsets, abs=0.12)
    several = generator.random(shares.shape) < apply_curve(margins, 1.7, offsets, several=True)
    scale, found = fit_curve(margins, several.astype(float), several=True)
    assert scale == pytest.approx(1.7, abs=0.12)
    assert found == pytest.approx(offsets, abs=0.12)


# -- several labels a row, and labels of a task


def test_several_labels_a_row(tmp_path: Path) -> None:
    rows = [row for label in ("red", "blue", "red|blue") for row in colour_rows(label, 10)]
    bundle = train_own_labels(write(tmp_path / "in.csv", rows), tmp_path / "b")
    assert bundle.manifest["own"] == {"labels": ["blue", "red"], "several": True, "task": None}
    own = Analyzer(bundle)
    both = own.analyze("The cushion number 3 has the shade ruby scarlet crimson navy azure cobalt all over")
    assert both.own is not None
    assert both.own.label == "blue|red"
    assert own.analyze(rows[0][0]).to_row()["fb_label"] == "red"
    report = evaluate_own_labels(own, tmp_path / "in.csv")
    assert (report["accuracy"], report["micro_f1"]) == (1.0, 1.0)


def test_a_text_without_any_of_several_labels_is_said_so() -> None:
    head = OwnHead(("a", "b"), True, None, np.zeros((1, 2)), np.zeros(2), 1.0, np.zeros(2), [])
    shown = head.shown(np.array([[0.1, 0.3], [0.8, 0.6]]))
    assert shown == [OwnLabel("", pytest.approx(0.7)), OwnLabel("a|b", pytest.approx(0.6))]


def test_a_task_is_replaced(tmp_path: Path) -> None:
    rows = [(text, {"red": "Positive", "blue": "negative"}[label]) for label in COLOURS
            for text, _ in colour_rows(label, 30)]  # fmt: skip
    bundle = train_own_labels(write(tmp_path / "in.csv", rows), tmp_path / "b", task="sentiment")
    own = Analyzer(bundle)
    one = own.analyze("The cushion has the shade navy azure cobalt all over")
    assert (one.sentiment, one.p_neutral, one.mixed_probability, one.own) == ("negative", 0.0, 0.0, None)
    assert one.uncertain is False
    assert own.scored_columns == SCORED_COLUMNS
    assert set(one.to_row()) == set(SCORED_COLUMNS)
    compared = bundle.manifest["metrics"]["own_labels"]["shipped_bundle"]
    assert (compared["texts"], set(compared)) == (60, {"texts", "accuracy", "macro_f1"})
    ended = CliRunner().invoke(
        commands,
        ["evaluate", str(tmp_path / "in.csv"), "--label-column", "label", "--bundle", str(tmp_path / "b")],
    )
    assert ended.exit_code == 0
    assert re.search(r"^accuracy +1\.000$", ended.output, re.MULTILINE)


def test_a_kind_is_replaced(tmp_path: Path) -> None:
    rows = [(text, {"red": "praise", "blue": "question"}[label]) for label in COLOURS
            for text, _ in colour_rows(label)]  # fmt: skip
    own = Analyzer(train_own_labels(write(tmp_path / "in.csv", rows), tmp_path / "b", task="kind"))
    assert own.analyze("The cushion has the shade navy azure cobalt all over").kind == "question"
    assert KINDS[3] == "question"


def topic_rows() -> list[tuple[str, str]]:
    """Return texts with own topics: one, both or another."""
    parts = {"Gift box": "The gift box was {}", "Music": "The music in the lobby was {}"}
    moods = ("lovely", "awful", "great", "horrible", "really nice", "terrible", "delightful", "a disgrace")
    rows = [(f"{part.format(mood)}.", name) for name, part in parts.items() for mood in moods]
    both = [
        f"{parts['Gift box'].format(m)} but {parts['Music'].format(n)}."
        for m, n in zip(moods, moods[::-1], strict=True)
    ]
    return rows + [(text, "Gift box|Music") for text in both]


def test_own_topics_replace_the_taxonomy(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", topic_rows())
    bundle = train_own_labels(source, tmp_path / "b", task="topics")
    own = Analyzer.load(tmp_path / "b")
    assert (own.topics, own.own_labels, own.scored_columns) == (("Gift box", "Music"), (), SCORED_COLUMNS)
    assert bundle.manifest["labels"]["topics"] == ["Gift box", "Music"]
    one = own.analyze("The gift box was lovely. The music in the lobby was awful.")
    assert one.to_row()["fb_topics"] == "Gift box:positive|Music:negative"
    assert [finding.sentences for finding in one.topics] == [(0,), (1,)]
    report = evaluate_own_labels(own, source)
    assert (report["accuracy"], report["micro_f1"]) == (1.0, 1.0)
    ended = CliRunner().invoke(
        commands,
        ["evaluate", str(source), "--label-column", "label", "--bundle", str(tmp_path / "b"), "--json"],
    )
    assert json.loads(ended.stdout)["micro_f1"] == 1.0


def test_a_topic_cannot_hold_what_separates_topics(tmp_path: Path) -> None:
    rows = [("The cushion", "a:b")] * 8 + colour_rows("blue")
    with pytest.raises(TrainingDataError, match="'a:b' cannot be the name of a topic"):
        read_own_rows(write(tmp_path / "in.csv", rows), text_column=None, label_column="label", task="topics")


# -- labels that stand for a sentiment


def test_labels_are_mapped_to_sentiments(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", colour_rows("red", 30) + colour_rows("blue", 30))
    bundle = train_own_labels(source, tmp_path / "b", mapping={"red": "positive", "blue": "negative"})
    assert bundle.manifest["metrics"]["own_labels"]["mapped"] == {
        "texts": 60,
        "accuracy": 1.0,
        "macro_f1": 1.0,
    }
    own = Analyzer(bundle)
    row = own.analyze("The cushion has the shade navy azure cobalt all over").to_row()
    assert (row["fb_sentiment"], row["fb_label"], row["fb_p_neutral"]) == ("negative", "blue", "0.0000")
    assert row["fb_p_negative"] == row["fb_label_probability"] == row["fb_confidence"]
    assert own.scored_columns == (*SCORED_COLUMNS, "fb_label", "fb_label_probability")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "red=positive"], "'blue' has no sentiment"),
        (["--map", "red=positive", "--map", "blue=sad"], "'sad' is no sentiment"),
        (
            ["--map", "red=positive", "--map", "blue=neutral", "--map", "green=neutral"],
            "'green' is not a label",
        ),
        (["--map", "red=positive", "--task", "topics"], "cannot be mapped to sentiments with a task"),
        (["--map", "red"], "'red' is not of the form LABEL=SENTIMENT"),
    ],
)
def test_a_mapping_that_does_not_fit(arguments: list[str], message: str, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", colour_rows("red") + colour_rows("blue"))
    ended = CliRunner().invoke(
        commands, ["train", "--labels", str(source), *arguments, "-o", str(tmp_path / "b")]
    )
    assert ended.exit_code != 0
    assert message in ended.output
    assert not (tmp_path / "b").exists()


# -- a search for better settings


def test_a_search_takes_the_best_it_has_seen() -> None:
    rows = read_own_rows(EXAMPLE, text_column=None, label_column="label")
    features = Features.of(rows.texts, load_bundle().linear)
    folds = split_folds(rows.truth, several=False, seed=0)
    poor = Balance(0.0001, spellings=0.0, meanings=0.0, shipped=0.0)
    seen: list[tuple[float, str]] = []
    best, tries = search_balance(
        features, rows.truth, folds[:1], poor,
        several=False, seed=0, minutes=0.02, report=lambda share, message: seen.append((share, message)),
    )  # fmt: skip
    assert tries >= 2
    assert len(seen) == tries + 1
    assert seen[-1][0] == 1.0
    assert [share for share, _ in seen] == sorted(share for share, _ in seen)
    shares = [
        right_share(features, rows.truth, folds[:1], one, several=False, seed=0) for one in (poor, best)
    ]
    assert shares[0] < shares[1]
    assert seen[-1][1] == f"{tries} tries, best {shares[1]:.4f}"


def test_a_search_without_time_measures_the_start_only() -> None:
    rows = read_own_rows(EXAMPLE, text_column=None, label_column="label")
    features = Features.of(rows.texts[:60], load_bundle().linear)
    truth = rows.truth[:60]
    folds = split_folds(truth, several=True, seed=0)
    found = search_balance(
        features, truth, folds, DEFAULT_BALANCE,
        several=True, seed=0, minutes=1e-9, report=lambda share, message: None,
    )  # fmt: skip
    assert found == (DEFAULT_BALANCE, 1)


# -- what is refused


@pytest.mark.parametrize(
    ("rows", "task", "message"),
    [
        (colour_rows("red"), None, "1 label(s), at least 2 are needed"),
        (colour_rows("red", 7) + colour_rows("blue", 9), None, "fewer than 8 examples of 'red' (7)"),
        (
            colour_rows("red") + colour_rows("blue"),
            "sentiment",
            "'blue', 'red' unknown to the task sentiment",
        ),
        (colour_rows("red") + colour_rows("red|blue"), "kind", "'blue', 'red' unknown to the task kind"),
    ],
)
def test_labels_that_cannot_be_learned(
    rows: list[tuple[str, str]], task: str | None, message: str, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", rows)
    with pytest.raises(TrainingDataError) as caught:
        train_own_labels(source, tmp_path / "b", task=task)
    assert message in str(caught.value)
    assert not (tmp_path / "b").exists()


def test_rows_without_text_or_label_are_counted(tmp_path: Path) -> None:
    rows = [*colour_rows("red"), *colour_rows("blue"), ("", "red"), ("no label", " | ")]
    read = read_own_rows(write(tmp_path / "in.csv", rows), text_column=None, label_column="label")
    assert len(read.texts) == 16
    assert read.left_out == {"without text": 1, "without label": 1, "unreadable": 0}
    with pytest.raises(InputError, match="no row has a text and, in column 'label', a label"):
        read_own_rows(write(tmp_path / "none.csv", [("a", "")]), text_column=None, label_column="label")


def test_own_parts_are_checked_like_the_rest(tmp_path: Path) -> None:
    rows = colour_rows("red") + colour_rows("blue")
    folder = tmp_path / "b"
    train_own_labels(write(tmp_path / "in.csv", rows), folder)
    (folder / "own_grams.txt").write_text("changed", encoding="utf-8")
    with pytest.raises(BundleError, match=r"own_grams\.txt .* differs from its digest"):
        load_bundle(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["parts"] = {name: part for name, part in manifest["parts"].items() if name[:4] != "own_"}
    manifest["digest"] = manifest_digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match=r"own labels of the bundle in .* are incomplete"):
        load_bundle(folder)


# -- the command


def test_the_command_prints_what_it_measured(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", colour_rows("red") + colour_rows("blue"), ("words", "colour"))
    columns = ["--text-column", "words", "--label-column", "colour"]
    ended = CliRunner().invoke(
        commands, ["train", "--labels", str(source), *columns, "-o", str(tmp_path / "b")]
    )
    assert ended.exit_code == 0, ended.output
    for part in ("accuracy", "learning_curve", "likely_label_errors", "most_confused", "per_class"):
        assert part in ended.stdout
    evaluated = CliRunner().invoke(
        commands, ["evaluate", str(source), *columns, "--bundle", str(tmp_path / "b"), "--json"]
    )
    assert json.loads(evaluated.stdout)["per_class"]["red"] == {
        "precision": 1.0, "recall": 1.0, "f1": 1.0, "texts": 8,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--labels", "x.csv", "--recipe", "y.toml", "-o", "b"], "--labels goes without --recipe and --data"),
        (["--task", "kind", "-o", "b"], "need --labels FILE"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], message: str) -> None:
    ended = CliRunner().invoke(commands, ["train", *arguments])
    assert ended.exit_code == 2
    assert message in ended.output
