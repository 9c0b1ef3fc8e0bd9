"""Training on a tiny corpus of invented rows: the same bundle each time, and clear errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from feedback_nlp import Analyzer, TrainingDataError
from feedback_nlp.bundle import Bundle, load_bundle
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.terms import term_names
from feedback_nlp.train import fit_recipe, train_bundle
from feedback_nlp.training.corpus import fingerprint, gold_targets, read_corpus, read_gold
from feedback_nlp.training.heads import PRECISIONS, precision_table
from feedback_nlp.training.measure import measure_rows
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path
from feedback_nlp.training.soft_fit import Design, fit_soft
from feedback_nlp.training.teacher_labels import load_teacher_labels, save_teacher_labels
from tests.tiny_corpus import RECIPE, gold_rows, write_corpus, write_rows


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_corpus(folder)
    return folder


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, list[str]]:
    lines: list[str] = []
    out = tmp_path_factory.mktemp("out") / "bundle"
    return train_bundle(data / "tiny.toml", data, out, lines.append), lines


def write_recipe(folder: Path, old: str, new: str) -> Path:
    assert old in RECIPE
    path = folder / "changed.toml"
    path.write_text(RECIPE.replace(old, new), encoding="utf-8")
    return path


# -- the bundle ----------------------------------------------------------------------------------------


def test_training_twice_gives_the_same_bundle(
    data: Path, trained: tuple[Bundle, list[str]], tmp_path: Path
) -> None:
    again = train_bundle(data / "tiny.toml", data, tmp_path / "again")
    assert again.model == trained[0].model
    for part in trained[0].path.iterdir():
        assert (tmp_path / "again" / part.name).read_bytes() == part.read_bytes(), part.name


def test_another_seed_gives_another_bundle(
    data: Path, trained: tuple[Bundle, list[str]], tmp_path: Path
) -> None:
    other = train_bundle(write_recipe(tmp_path, "seed = 3", "seed = 4"), data, tmp_path / "other")
    assert other.model.digest != trained[0].model.digest


def test_the_manifest_says_what_the_bundle_is_made_of(data: Path, trained: tuple[Bundle, list[str]]) -> None:
    manifest = load_bundle(trained[0].path).manifest
    assert (manifest["name"], manifest["version"], manifest["language"]) == ("tiny-en", "0.1.0", "en")
    assert manifest["labels"] == {"sentiment": list(SENTIMENTS), "kind": list(KINDS), "topics": list(TOPICS)}
    counts = manifest["texts"]
    assert counts["gold"] + counts["calibration"] == len(gold_rows())
    # 12 + 12 + one neutral + the shared one; the second set is cut to five.
    assert (counts["first"], counts["second"]) == (26, 5)
    assert sorted(manifest["data_sha256"]) == ["datasets/first.csv", "datasets/second.csv", "gold/train.csv"]
    assert manifest["metrics"]["gold_dev"]["texts"] == 4
    assert manifest["sizes"]["terms"] == len(trained[0].linear.terms)


def test_progress_is_told(trained: tuple[Bundle, list[str]]) -> None:
    bundle, lines = trained
    assert lines[0].startswith("gold: ")
    assert lines[1:3] == ["first: 26 texts", "second: 5 texts"]
    assert lines[-1] == f"bundle {bundle.model} written to {bundle.path}"


def test_the_bundle_has_learned_its_corpus(trained: tuple[Bundle, list[str]]) -> None:
    analyzer = Analyzer(trained[0])
    texts = ["The delivery is excellent.", "The app is awful!", "Where is the refund?"]
    analyses = analyzer.analyze_batch(texts, ["en"] * 3)
    assert [one.sentiment for one in analyses] == ["positive", "negative", "neutral"]
    assert [one.kind for one in analyses] == ["praise", "complaint", "question"]
    found = [max(one.topics, key=lambda topic: topic.probability).topic for one in analyses]
    assert found == ["delivery", "app_website", "returns_refunds"]


def test_the_card_lists_the_sets_and_their_licences(trained: tuple[Bundle, list[str]]) -> None:
    card = trained[0].card
    assert card.startswith("# Model card: tiny-en 0.1.0\n")
    assert "| first | 26 | CC0 |" in card
    assert "| second | 5 | MIT | CC BY |" in card
    assert "noisy / labels" in card  # a bar in a note would tear the table
    assert "forbidden" in card
    assert "Secret words" not in card
    assert "| 0.95 |" in card


def test_no_term_of_an_excluded_source(trained: tuple[Bundle, list[str]]) -> None:
    assert not {"secret", "somebody"} & set(trained[0].linear.words)
    assert "kettle" in term_names(trained[0].linear)


# -- the corpus ----------------------------------------------------------------------------------------


def test_texts_of_dev_and_repeated_ones_are_not_trained_on(data: Path) -> None:
    corpus = read_corpus(load_recipe(data / "tiny.toml"), data)
    texts = [text.lower() for text in corpus.texts]
    assert not any("courier" in text for text in texts)
    assert sum("shared" in text for text in texts) == 1
    assert not any("too long" in text or "known label" in text for text in texts)
    assert len(corpus.calibration) >= 50
    calibrating = {fingerprint(row.text) for row in corpus.calibration}
    trained_on = {fingerprint(text) for text in texts}
    assert not calibrating & trained_on


def test_targets_and_weights(data: Path) -> None:
    corpus = read_corpus(load_recipe(data / "tiny.toml"), data)
    by_text = {text: n for n, text in enumerate(corpus.texts)}
    number = by_text["What a great day 0"]
    assert corpus.sources[number] == "first"
    assert corpus.sentiment[number].tolist() == [0, 0, 1, 0]
    assert corpus.weights[number] == (1.0, 0.0, 0.0)
    gold = corpus.sources.index("gold")
    assert corpus.weights[gold] == (3.0, 3.0, 8.0)
    assert corpus.kind[gold].sum() == 1


def test_leaving_a_set_out_takes_its_gold_rows_and_shared_texts_along(data: Path) -> None:
    recipe = load_recipe(data / "tiny.toml")
    whole = read_corpus(recipe, data)
    without = read_corpus(recipe, data, leave_out=frozenset(["first"]))
    assert "first" not in without.counts
    assert {row.source for row in whole.calibration} == {"first", "second", "third"}
    assert {row.source for row in without.calibration} == {"second", "third"}
    texts = [text.lower() for text in without.texts]
    assert not any("shared" in text for text in texts)
    of_first = sum(source == "first" for *_, source in gold_rows())
    kept = without.counts["gold"] + len(without.calibration)
    assert kept == len(gold_rows()) - of_first


def test_leaving_out_nothing_changes_nothing(data: Path) -> None:
    recipe = load_recipe(data / "tiny.toml")
    one = read_corpus(recipe, data)
    other = read_corpus(recipe, data, leave_out=frozenset())
    assert one.texts == other.texts


def test_fingerprints() -> None:
    assert fingerprint("Great app!") == fingerprint(" great\nAPP ")
    assert fingerprint("Great app") != fingerprint("Great apps")
    assert 0 <= fingerprint("half \ud800") < 2**64


def test_gold_rows_are_read_once_with_their_topics(tmp_path: Path) -> None:
    rows: list[tuple[str, ...]] = [
        ("Nice mug, slow post", "mixed", "complaint", "product_quality:positive|delivery:negative", "a"),
        ("nice mug; slow post!", "positive", "praise", "", "a"),
        ("Hello", "neutral", "other", "", "b"),
    ]
    write_rows(tmp_path / "gold.csv", ("text", "label", "kind", "topics", "source"), rows)
    first, second = read_gold(tmp_path / "gold.csv")
    assert first.topics == {"product_quality": "positive", "delivery": "negative"}
    sentiment, kind, topics = gold_targets(first)
    assert (sentiment.tolist(), kind.tolist()) == ([0, 0, 0, 1], [1, 0, 0, 0, 0])
    assert [TOPICS[place] for place in np.flatnonzero(topics)] == ["delivery", "product_quality"]
    assert second.topics == {}
    assert [row.source for row in read_gold(tmp_path / "gold.csv", ("b",))] == ["a"]


# -- a teacher -----------------------------------------------------------------------------------------


def test_teacher_labels_there_and_back(tmp_path: Path) -> None:
    keys = np.array([fingerprint("b"), fingerprint("a")], dtype=np.uint64)
    probabilities = np.full((2, 21), 0.2, dtype=np.float32)
    probabilities[0, :4] = [0.6, 0.2, 0.2, 0.0]
    save_teacher_labels(tmp_path / "labels.npz", keys, probabilities)
    labels = load_teacher_labels(tmp_path / "labels.npz")
    assert labels.keys.tolist() == sorted(keys.tolist())
    found = labels.find(fingerprint("B!"))
    assert found is not None
    sentiment, kind, topics = found
    assert sentiment.tolist() == pytest.approx([0.6, 0.2, 0.2, 0.0], abs=1e-6)
    assert kind.tolist() == pytest.approx([0.2] * 5)
    assert topics.tolist() == pytest.approx([0.2] * 12)
    assert labels.find(fingerprint("c")) is None


def test_a_teacher_labels_the_texts_of_the_sets(data: Path, tmp_path: Path) -> None:
    texts = ["Of no known label", "Three stars, it is"]
    keys = np.array([fingerprint(text) for text in texts], dtype=np.uint64)
    probabilities = np.zeros((2, 21), dtype=np.float32)
    probabilities[:, [0, 4]] = 1
    save_teacher_labels(tmp_path / "labels.npz", keys, probabilities)
    recipe = write_recipe(
        tmp_path, "[linear]", '[teacher]\nlabels = "labels.npz"\nweight = 0.5\nlongest = 50\n\n[linear]'
    )
    corpus = read_corpus(load_recipe(recipe), data)
    assert (corpus.counts["first"], corpus.counts["second"]) == (1, 1)
    number = corpus.sources.index("first")
    assert corpus.sentiment[number].tolist() == [1, 0, 0, 0]
    assert corpus.kind[number].tolist() == [1, 0, 0, 0, 0]
    assert corpus.weights[number] == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 torn", b"\x93NUMPY\x01\x00", None])
def test_teacher_labels_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "labels.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingDataError, match=r"Teacher labels .*labels\.npz cannot be read"):
        load_teacher_labels(path)


# -- errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["gold/train.csv", "gold/dev.csv", "datasets/first.csv"])
def test_a_missing_file(tmp_path: Path, file: str) -> None:
    recipe = write_corpus(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(TrainingDataError, match=rf"{Path(file).name} cannot be read.*--data") as caught:
        train_bundle(recipe, tmp_path, tmp_path / "out")
    assert caught.value.exit_code == 6
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("column", ["text", "label", "kind", "topics", "source"])
def test_a_missing_column_of_gold(tmp_path: Path, column: str) -> None:
    recipe = write_corpus(tmp_path)
    path = tmp_path / "gold" / "train.csv"
    first, rest = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(first.replace(column, "other_name") + "\n" + rest, encoding="utf-8")
    with pytest.raises(TrainingDataError, match=rf"train\.csv has no column '?{column}'?; it has id, "):
        train_bundle(recipe, tmp_path, tmp_path / "out")


def test_a_missing_column_of_a_set(tmp_path: Path) -> None:
    recipe = write_corpus(tmp_path)
    write_rows(tmp_path / "datasets" / "first.csv", ("words", "label"), [("a", "positive")])
    with pytest.raises(TrainingDataError, match=r"first\.csv has no column 'text'; it has words, label"):
        train_bundle(recipe, tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("row", "label"),
    [
        (("Hm", "angry", "praise", "", "a"), "angry"),
        (("Hm", "positive", "rant", "", "a"), "rant"),
        (("Hm", "positive", "praise", "weather:positive", "a"), "weather"),
        (("Hm", "positive", "praise", "delivery:superb", "a"), "superb"),
        (("Hm", "positive", "praise", "delivery", "a"), ""),
        (("Hm", "positive"), ""),
    ],
)
def test_an_unknown_label_in_gold(tmp_path: Path, row: tuple[str, ...], label: str) -> None:
    sound = ("Fine", "positive", "praise", "delivery:positive", "a")
    write_rows(tmp_path / "gold.csv", ("text", "label", "kind", "topics", "source"), [sound, row])
    with pytest.raises(TrainingDataError, match=rf"Row 2 of .*gold\.csv has an unknown label '{label}'"):
        read_gold(tmp_path / "gold.csv")


def test_too_few_texts_for_calibration(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "calibration_percent = 40", "calibration_percent = 5")
    with pytest.raises(TrainingDataError, match=r"Only \d+ texts are left for calibration, 50 are needed"):
        train_bundle(recipe, data, tmp_path / "out")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 3\n", "", "missing or unknown entry: 'seed'"),
        ("neutral = true", "neutrall = true", "missing or unknown entry: .*neutrall"),
        ("min_df = 2", "mindf = 2", "missing or unknown entry: .*mindf"),
        ("[gold]", "[golden]", "missing or unknown entry: 'gold'"),
        ("seed = 3", "seed = ", "is not TOML"),
    ],
)
def test_a_recipe_with_a_mistake(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(TrainingDataError, match=message):
        load_recipe(write_recipe(tmp_path, old, new))


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"Cannot read the recipe .*none\.toml: No such file"):
        load_recipe(tmp_path / "none.toml")


def test_the_shipped_recipe_can_be_read_and_names_only_allowed_sets() -> None:
    recipe = load_recipe(shipped_recipe_path())
    assert recipe.name == "commerce-en"
    assert recipe.teacher is not None
    assert (recipe.path.parent / recipe.teacher.labels).is_file()
    assert not {part.file for part in recipe.sets} & set(recipe.gold.exclude_sources)
    assert len({part.file for part in recipe.sets}) == len(recipe.sets)


# -- corpora with gaps ---------------------------------------------------------------------------------


def test_a_corpus_without_a_label_or_a_topic_trains_all_the_same(data: Path, tmp_path: Path) -> None:
    """Nobody's feedback holds every label: what was never seen is never shown, and nothing shifts."""
    recipe = write_corpus(tmp_path)
    rows: list[tuple[str, ...]] = [
        (f"g{number}", *row)
        for number, row in enumerate(gold_rows())
        if row[1] in ("positive", "negative") and "venue" not in row[3]
    ]
    # Enough of them for calibration.
    rows += [(f"h{row[0]}", f"Truly: {row[1]}", *row[2:]) for row in rows]
    write_rows(tmp_path / "gold" / "train.csv", ("id", "text", "label", "kind", "topics", "source"), rows)
    analyzer = Analyzer(train_bundle(recipe, tmp_path, tmp_path / "out"))
    assert analyzer.bundle.linear.term_weights.shape[1] == 21
    texts = ["The delivery is excellent.", "The app is awful!", "Where is the shop?"]
    analyses = analyzer.analyze_batch(texts, ["en"] * 3)
    assert [one.sentiment for one in analyses[:2]] == ["positive", "negative"]
    assert [one.kind for one in analyses[:2]] == ["praise", "complaint"]
    for one in analyses:
        assert one.sentiment in ("positive", "negative")
        assert one.kind in ("praise", "complaint")
        assert "venue" not in [finding.topic for finding in one.topics]


def small_design() -> Design:
    """Four texts of one term each, and of two words that share a spelling."""
    eye = sp.csr_matrix(np.eye(4, dtype=np.float32))
    words = sp.csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32))
    return Design(eye, words, sp.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], dtype=np.float32)))


def test_soft_targets_with_classes_that_no_text_has() -> None:
    targets = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]], dtype=np.float32)
    ones = np.ones(4, dtype=np.float32)
    coefficients = fit_soft(small_design(), targets, ones, exclusive=True, c=1.0, iterations=50)
    assert coefficients.shape == (7, 3)
    assert not coefficients[:, 1].any()
    assert (coefficients[:4, 0] > 0).tolist() == [True, True, False, False]
    np.testing.assert_allclose(coefficients[:, 0], -coefficients[:, 2], atol=1e-6)
    nothing = np.array([[1, 0]] * 4, dtype=np.float32)
    for exclusive in (True, False):
        assert not fit_soft(small_design(), nothing, ones, exclusive=exclusive, c=1.0, iterations=50).any()


@pytest.mark.parametrize("exclusive", [True, False])
def test_soft_targets_give_what_scikit_learn_finds_for_texts_repeated_by_class(exclusive: bool) -> None:
    """Each text once for each class, weighted by its share: the same objective."""
    rng = np.random.default_rng(3)
    terms = sp.random(60, 12, 0.3, format="csr", dtype=np.float32, random_state=4)
    words = sp.random(60, 9, 0.3, format="csr", dtype=np.float32, random_state=5)
    profiles = sp.random(9, 7, 0.4, format="csr", dtype=np.float32, random_state=6)
    design = Design(terms, words, profiles)
    block = sp.hstack([terms, words @ profiles]).tocsr()
    targets = rng.dirichlet([0.5] * 3, 60).astype(np.float32)
    weights = rng.uniform(0.5, 3, 60).astype(np.float32)
    found = fit_soft(design, targets, weights, exclusive=exclusive, c=2.0, iterations=500)
    if exclusive:
        rows, classes = np.nonzero(targets)
        model = LogisticRegression(C=2.0, max_iter=5000, tol=1e-8)
        model.fit(block[rows], classes, sample_weight=targets[rows, classes] * weights[rows])
        np.testing.assert_allclose(found, model.coef_.T, atol=4e-3)
        return
    for column in range(3):
        pair = np.stack([1 - targets[:, column], targets[:, column]], axis=1)
        rows, classes = np.nonzero(pair)
        model = LogisticRegression(C=2.0, max_iter=5000, tol=1e-8)
        model.fit(block[rows], classes, sample_weight=pair[rows, classes] * weights[rows])
        np.testing.assert_allclose(found[:, column], model.coef_[0], atol=4e-3)


# -- figures -------------------------------------------------------------------------------------------


def test_the_precision_table_by_hand() -> None:
    three = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.7, 0.3, 0.0], [0.6, 0.4, 0.0], [1.0, 0.0, 0.0]])
    labels = np.array([0, 0, 1, 0, 3])  # the last one is mixed for people: not judged
    rows = {row[0]: row[1:] for row in precision_table(three, labels, np.zeros(5, dtype=bool))}
    assert tuple(rows) == PRECISIONS
    # Right are 1, 1, 0, 1: the first two are all right, of all four three are.
    assert rows[0.99] == [0.8, 0.5]
    assert rows[0.8] == [0.8, 0.5]
    # All four are right often enough for any precision: then none is uncertain.
    all_right = precision_table(three, np.array([0, 0, 0, 0, 3]), np.zeros(5, dtype=bool))
    assert {tuple(row[1:]) for row in all_right} == {(0.0, 1.0)}


def test_figures_of_analyses(data: Path, trained: tuple[Bundle, list[str]]) -> None:
    rows = read_gold(data / "gold" / "dev.csv")
    analyses = Analyzer(trained[0]).analyze_batch([row.text for row in rows], ["de", "en", "en", "en"])
    figures = measure_rows(analyses, rows, threshold=0.0)
    assert figures["texts"] == 4
    assert figures["coverage"] == 1.0
    # The text in "another language" has equal probabilities; the first class of equals is not its own.
    assert figures["sentiment_accuracy"] <= round(2 / 3, 4)
    assert set(figures["topic_f1"]) == set(TOPICS)


def test_fitting_writes_nothing(data: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in data.rglob("*"))
    linear, heads, corpus = fit_recipe(load_recipe(data / "tiny.toml"), data)
    assert sorted(path.name for path in data.rglob("*")) == before
    assert list(tmp_path.iterdir()) == []
    assert linear.term_weights.shape == (len(linear.terms), 21)
    assert len(heads.precisions) == len(PRECISIONS)
    assert len(corpus.calibration) >= 50
