"""`evaluate_file` on small files whose figures can be worked out by hand."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from feedback_nlp import Analyzer
from feedback_nlp.errors import InputError, MissingColumnError, UnreadableFileError
from feedback_nlp.evaluate import evaluate_file
from feedback_nlp.records import Analysis, ModelId, TopicFinding


class ListedTopics:
    def __init__(self, findings: tuple[TopicFinding, ...]) -> None:
        self._findings = findings

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        return self._findings

    def sentences(self, row: int) -> tuple[()]:
        return ()


class SpokenAnalyzer:
    """Says what the text says: "negative 0.8 complaint delivery:negative", or nothing for "mute"."""

    model = ModelId("spoken", "1.0", "0123456789abcdef")

    def analyze_many(self, texts: Iterable[str]) -> Iterator[Analysis]:
        return map(self._analyze, texts)

    def _analyze(self, text: str) -> Analysis:
        if text == "mute":
            nothing = [None] * 10
            return Analysis("unreadable", "und", 0.0, *nothing, flags=(), model=self.model)  # type: ignore[arg-type]
        label, share, kind, *topics = text.split()
        three = dict.fromkeys(("negative", "neutral", "positive"), (1 - float(share)) / 2)
        if label == "mixed":
            three = {"negative": float(share), "neutral": 0.0, "positive": 1 - float(share)}
        else:
            three[label] = float(share)
        pairs = [part.split(":") for part in topics]
        details = ListedTopics(tuple(TopicFinding(topic, 0.9, sign, (0,)) for topic, sign in pairs))
        return Analysis(
            "ok", "en", 1.0, label, three["positive"] - three["negative"], *three.values(), 0.1,
            float(share), float(share) < 0.7, kind, 0.9, (), self.model, (), (), details, 0,
        )  # fmt: skip


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


@pytest.fixture
def three_classes(tmp_path: Path) -> Path:
    rows = [
        ["negative 0.8 complaint", "negative"],
        ["negative 0.8 complaint", "Negative "],
        ["positive 0.6 praise", "negative"],
        ["neutral 0.8 question", "neutral"],
        ["positive 0.8 praise", "positive"],
        ["mute", "positive"],
    ]
    return write(tmp_path / "three.csv", [["text", "label"], *rows])


def test_three_classes_are_judged_by_the_largest_probability(three_classes: Path) -> None:
    report = evaluate_file(SpokenAnalyzer(), three_classes)
    assert report["model"] == "spoken@1.0+0123456789ab"
    assert (report["rows"], report["judged"], report["rejected_rows"]) == (6, 6, 0)
    assert report["accuracy"] == 0.6667
    # F1: negative 0.8 (2 of 2, 2 of 3), neutral 1, positive 0.5 (1 of 2, 1 of 2)
    assert report["macro_f1"] == 0.7667
    assert report["per_class"]["negative"] == {"precision": 1.0, "recall": 0.6667, "f1": 0.8, "support": 3}
    assert report["confusion"]["negative"] == {"negative": 2, "neutral": 0, "positive": 1, "no label": 0}
    assert report["confusion"]["positive"] == {"negative": 0, "neutral": 0, "positive": 1, "no label": 1}
    assert "with_mixed" not in report
    assert "kind" not in report


def test_a_text_without_a_label_from_us_is_counted_and_wrong(three_classes: Path) -> None:
    report = evaluate_file(SpokenAnalyzer(), three_classes)
    assert report["without_our_label"] == 1
    # Four texts of six are sure (from 0.7 on), and all four right.
    assert (report["coverage"], report["precision_when_sure"]) == (0.6667, 1.0)
    # Bins: four at 0.8 that are right (gap 0.8), one at 0.6 and one at 1/3 that are wrong; over 6 texts.
    assert report["calibration_error"] == pytest.approx((0.8 + 0.6 + 1 / 3) / 6, abs=5e-5)


def test_equal_probabilities_are_never_right_by_their_order(tmp_path: Path) -> None:
    source = write(tmp_path / "mute.csv", [["text", "label"], ["mute", "negative"], ["mute", "neutral"]])
    report = evaluate_file(SpokenAnalyzer(), source)
    assert report["accuracy"] == 0.0
    assert (report["coverage"], report["precision_when_sure"]) == (0.0, None)


def test_a_file_without_neutral_is_judged_on_its_two_labels(tmp_path: Path) -> None:
    rows = [
        ["neutral 0.8 other", "positive"],
        ["neutral 0.4 other", "negative"],
        ["positive 0.8 praise", "positive"],
    ]
    report = evaluate_file(SpokenAnalyzer(), write(tmp_path / "two.csv", [["text", "sentiment"], *rows]))
    # Both of the neutral ones weigh the two labels equally, which reads as negative, the first.
    assert report["accuracy"] == 0.6667
    assert list(report["per_class"]) == ["negative", "positive"]


def test_mixed_rows_are_left_out_of_three_classes_and_judged_as_a_fourth(tmp_path: Path) -> None:
    rows = [
        ["mixed 0.8 praise", "mixed"],
        ["mixed 0.8 complaint", "negative"],
        ["negative 0.8 complaint", "mixed"],
        ["neutral 0.8 other", "neutral"],
        ["positive 0.8 praise", ""],
    ]
    report = evaluate_file(SpokenAnalyzer(), write(tmp_path / "four.csv", [["text", "label"], *rows]))
    assert report["left_out"] == {"empty_label": 1, "mixed": 2}
    assert (report["judged"], report["accuracy"]) == (2, 1.0)
    four = report["with_mixed"]
    assert (four["judged"], four["accuracy"]) == (4, 0.5)
    assert four["confusion"]["mixed"] == {
        "negative": 1,
        "neutral": 0,
        "positive": 0,
        "mixed": 1,
        "no label": 0,
    }
    # negative 0 of 1, neutral 1, mixed 1 of 2 found and 1 of 2 right; positive has no right label.
    assert four["macro_f1"] == 0.5


def test_kind_and_topics_are_judged_where_columns_are_named(tmp_path: Path) -> None:
    header = ["text", "label", "kind", "topics"]
    rows = [
        ["negative 0.8 complaint delivery:negative", "negative", "complaint", "delivery:negative"],
        [
            "positive 0.8 praise delivery:positive",
            "positive",
            "suggestion",
            "delivery:negative|venue:neutral",
        ],
        ["neutral 0.8 other", "neutral", "", ""],
    ]
    source = write(tmp_path / "all.csv", [header, *rows])
    report = evaluate_file(SpokenAnalyzer(), source, kind_column="kind", topics_column="topics")
    assert (report["kind"]["judged"], report["kind"]["accuracy"]) == (2, 0.5)
    topics = report["topics"]
    assert topics["micro_f1"] == 0.8  # 2 right, 2 found, 3 there
    assert topics["macro_f1"] == 0.5  # delivery 1, venue 0
    assert topics["topic_sentiment_f1"] == 0.4  # 1 pair right, 2 found, 3 there
    assert topics["share_without_topic"] == 0.3333
    assert topics["per_topic"]["venue"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_topics_without_a_sentiment_have_no_pairs(tmp_path: Path) -> None:
    rows = [["text", "label", "about"], ["negative 0.8 complaint venue:negative", "negative", "venue"]]
    report = evaluate_file(SpokenAnalyzer(), write(tmp_path / "bare.csv", rows), topics_column="about")
    assert report["topics"]["micro_f1"] == 1.0
    assert "topic_sentiment_f1" not in report["topics"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            ["a", "angry", "praise", ""],
            "Line 3, column 'label': 'angry' is no sentiment. Legal are negative, neutral",
        ),
        (["a", "mixed", "rant", ""], "Line 3, column 'kind': 'rant' is no kind. Legal are complaint, praise"),
        (
            ["a", "mixed", "", "weather"],
            "Line 3, column 'topics': 'weather' is no topic. Legal are checkout_payment",
        ),
        (
            ["a", "mixed", "", "venue:mixed"],
            "Line 3, column 'topics': 'mixed' is no sentiment of a topic. Legal are",
        ),
    ],
)
def test_an_unknown_label_names_its_place_and_the_legal_ones(
    tmp_path: Path, row: list[str], message: str
) -> None:
    good = ["negative 0.8 complaint", "negative", "complaint", "venue"]
    source = write(tmp_path / "wrong.csv", [["text", "label", "kind", "topics"], good, row])
    with pytest.raises(InputError) as caught:
        evaluate_file(SpokenAnalyzer(), source, kind_column="kind", topics_column="topics")
    assert message in str(caught.value)


def test_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    source = write(tmp_path / "plain.csv", [["text", "mood"], ["positive 0.8 praise", "positive"]])
    with pytest.raises(MissingColumnError, match=r"'sentiment' or 'label'; the columns are 'text', 'mood'"):
        evaluate_file(SpokenAnalyzer(), source)
    with pytest.raises(MissingColumnError, match=r"no column 'feeling'"):
        evaluate_file(SpokenAnalyzer(), source, label_column="feeling")
    with pytest.raises(MissingColumnError, match=r"no column 'sort'"):
        evaluate_file(SpokenAnalyzer(), source, label_column="mood", kind_column="sort")
    with pytest.raises(UnreadableFileError):
        evaluate_file(SpokenAnalyzer(), tmp_path / "nowhere.csv")


def test_a_file_without_any_label_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "empty.csv", [["text", "label"], ["positive 0.8 praise", ""]])
    with pytest.raises(InputError, match=r"No row has a label in column 'label'\. Name another"):
        evaluate_file(SpokenAnalyzer(), source)


def test_the_shipped_bundle_is_judged_on_json_lines(analyzer: Analyzer, tmp_path: Path) -> None:
    source = tmp_path / "labelled.jsonl"
    source.write_text(
        '{"comment": "Lovely shoes, very happy with them!", "right": "positive", "sort": "praise"}\n'
        '{"comment": "My card was declined twice.", "right": "negative", "sort": "complaint"}\n',
        encoding="utf-8",
    )
    report = evaluate_file(analyzer, source, text_column="comment", label_column="right", kind_column="sort")
    assert report["accuracy"] == 1.0
    assert report["kind"]["accuracy"] == 1.0
    assert report["model"] == str(analyzer.model)
