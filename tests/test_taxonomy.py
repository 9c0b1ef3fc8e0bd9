"""A company's own topics: what counts is made of what the model found, for what comes in and for the history."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from feedback_nlp.cli import commands
from feedback_nlp.errors import InputError
from feedback_nlp.jobs import Worker
from feedback_nlp.jobs.retopic import put_in_force
from feedback_nlp.review.suggesting import preview_topic, suggest_topics
from feedback_nlp.store import Store
from feedback_nlp.store.taxonomy import OwnTopic, Taxonomy, read_topics
from tests.fake_analyzer import FakeAnalyzer
from tests.stores import counted, counted_anew, said


def topics_of(store: Store, id: str) -> list[tuple[str, str | None]]:
    return [(label.topic, label.sentiment) for label in store.feedback.get(id).topics]


def own(*entries: dict[str, Any]) -> tuple[OwnTopic, ...]:
    return read_topics(list(entries))


RENAMED = {"name": "paying", "from": ["checkout_payment", "price_value"]}
SPLIT = {
    "name": "declined cards",
    "phrases": ["card was decl*"],
    "within": "checkout_payment",
    "instead": True,
}
DECLINED = ("declined cards", "negative")
NEW = {"name": "colour", "phrases": ["blue", "it's  red"]}


@pytest.mark.parametrize(
    ("entry", "text", "found"),
    [
        (RENAMED, "my card was declined", [("paying", "negative")]),
        (SPLIT, "my card was declined", [("declined cards", "negative")]),
        (SPLIT, "lovely card", [("checkout_payment", "negative")]),
        ({**SPLIT, "instead": False}, "my card was declined", [("checkout_payment", "negative"), DECLINED]),
        ({"name": "checkout_payment", "retired": True}, "lovely card", []),
        (NEW, "lovely. But it is BLUE!", [("colour", "neutral")]),
        (NEW, "lovely, and it’s\nred", [("colour", "positive")]),
        (NEW, "a bluebell, it's redder", []),
        ({**SPLIT, "within": "delivery"}, "my card was declined", [("checkout_payment", "negative")]),
    ],
)  # fmt: skip
def test_what_the_model_found_becomes_what_counts(
    entry: dict[str, Any], text: str, found: list[tuple[str, str]]
) -> None:
    analysis = FakeAnalyzer().analyze(text)
    assert list(Taxonomy(own(entry)).of_model(text, analysis)) == found


def test_without_a_taxonomy_everything_is_the_models() -> None:
    analysis = FakeAnalyzer().analyze("my card was declined")
    assert Taxonomy().of_model("my card was declined", analysis) == (("checkout_payment", "negative"),)
    assert Taxonomy().offered(["venue"]) == ["venue"]
    assert Taxonomy(own(RENAMED, NEW)).offered(["checkout_payment", "venue"]) == ["paying", "venue", "colour"]


def test_names_lead_back_to_the_model_where_that_is_sure() -> None:
    renamed = Taxonomy(own({"name": "paying", "from": ["checkout_payment"]}, NEW))
    assert renamed.to_model(["paying", "venue", "colour"]) == ["checkout_payment", "venue"]
    assert Taxonomy(own(RENAMED)).to_model(["paying"]) is None
    assert Taxonomy(own(RENAMED)).to_model(["venue"]) == ["venue"]
    assert Taxonomy(own({"name": "venue", "retired": True})).to_model(["delivery"]) is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({}, "is a list"),
        (["venue"], "Topic 1 is no topic"),
        ([{"name": "a|b"}], "a name has"),
        ([{"name": "a", "colour": 1}], "Topic 1 is no topic"),
        ([{"name": "a", "phrases": "blue"}], "phrases is a list"),
        ([{"name": "a", "phrases": ["*"]}], "a phrase begins"),
        ([{"name": "a", "phrases": ["x" * 101]}], "a phrase begins"),
        ([{"name": "a", "retired": 1}], "retired is true or false"),
        ([{"name": "a", "instead": True}], "instead of what"),
        ([{"name": "a"}, {"name": "a"}], "'a' stands in two"),
        ([{"name": "a", "from": ["c"]}, {"name": "b", "from": ["c"]}], "'c' stands in two"),
    ],
)
def test_what_is_no_taxonomy_is_refused_with_its_place(content: Any, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        read_topics(content)


def test_the_history_and_what_comes_in_follow(store: Store) -> None:
    store.feedback.add(
        [said("old", "my card was declined"), said("red", "it is blue"), said("said", "lovely")]
    )
    store.corrections.add("said", {"topics": [{"topic": "price_value", "sentiment": None}]})
    saved, job = put_in_force(store, own(RENAMED, NEW), actor="eve")
    assert (saved.version, store.taxonomies.active()) == (1, saved)
    assert topics_of(store, "old") == [("checkout_payment", "negative")]
    assert Worker(store, FakeAnalyzer).run_one()
    assert store.jobs.get(job.id).result == {
        "rows_read": 3, "rows_scored": 3, "rows_rejected": 0, "version": 1,
    }  # fmt: skip
    assert topics_of(store, "old") == [("paying", "negative")]
    assert topics_of(store, "red") == [("colour", "neutral")]
    assert topics_of(store, "said") == [("paying", None)]
    store.feedback.add([said("new", "a blue card was declined")])
    assert sorted(topics_of(store, "new")) == [("colour", "negative"), ("paying", "negative")]
    assert counted(store) == counted_anew(store)
    assert store.feedback.get("old").analysis.topics[0].topic == "checkout_payment"
    put_in_force(store, (), actor="eve")
    assert Worker(store, FakeAnalyzer).run_one()
    assert topics_of(store, "old") == [("checkout_payment", "negative")]
    assert topics_of(store, "said") == [("price_value", None)]
    assert counted(store) == counted_anew(store)
    assert [entry.target for entry in store.audit.page() if entry.action == "taxonomy.save"] == ["2", "1"]


def test_a_preview_counts_what_a_topic_would_find(store: Store) -> None:
    store.feedback.add([said(f"t{n}", "it is blue" if n % 3 else "it is red") for n in range(9)])
    (topic,) = own(NEW)
    found = preview_topic(store, topic)
    assert (found.looked_at, found.found, len(found.examples)) == (9, 6, 3)
    assert {one.text for one in store.feedback.get_many(found.examples)} == {"it is blue"}


def test_texts_without_a_topic_are_grouped(store: Store) -> None:
    assert suggest_topics(store) == []
    parking = [said(f"p{n}", f"No parking near the gate number {n}", 1 + n) for n in range(20)]
    music = [said(f"m{n}", f"The loud music hurts my ears, evening {n}", 20) for n in range(12)]
    store.feedback.add([*parking, *music, said("card", "my card, parking music")])
    first, second = suggest_topics(store)
    assert (first.texts, second.texts) == (20, 12)
    assert "parking" in first.terms
    assert "loud" in second.terms
    assert (sum(first.weeks), first.weeks[-1], second.weeks[-1]) == (20, 7, 12)
    assert {one.text[:10] for one in store.feedback.get_many(first.examples)} == {"No parking"}


def test_the_command_shows_and_applies_a_file(
    tmp_path: Path, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(sqlite_file, tmp_path)
    monkeypatch.setenv("FEEDBACK_DATA_DIR", str(tmp_path))
    run = CliRunner().invoke
    assert run(commands, ["taxonomy", "show"]).stdout == "[]\n"
    file = tmp_path / "taxonomy.yaml"
    file.write_text(
        "- name: paying\n  from: [checkout_payment, price_value]\n- name: venue\n  retired: true\n"
    )
    assert run(commands, ["taxonomy", "apply", str(file)]).stderr.startswith("Version 1 is in force; job ")
    shown = run(commands, ["taxonomy", "show"]).stdout
    assert (
        shown
        == "- name: paying\n  from:\n  - checkout_payment\n  - price_value\n- name: venue\n  retired: true\n"
    )
    for content, words in (("{", "is not YAML"), ("- venue\n", "Topic 1 is no topic"), ("a: &a [*a]\n", "")):
        file.write_text(content)
        ended = run(commands, ["taxonomy", "apply", str(file)])
        assert (ended.exit_code, words in ended.stderr) == (3, True), ended.output
    assert run(commands, ["taxonomy", "apply", str(tmp_path / "none.yaml")]).exit_code == 3
    with Store.open(data_dir=tmp_path) as store:
        assert store.taxonomies.active().version == 1
