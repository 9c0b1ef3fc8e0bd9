"""Profiles of texts, and the drift of a service's last day against that of its bundle."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, ClassVar

import pytest

from api.counters import Metrics, shared_folder
from api.drift import DAY, HOUR, LEAST, Recent, counted_profile
from feedback_nlp.analyzer import Analyzer
from feedback_nlp.profile import build_profile, drift_between, profile_of
from tests.fake_analyzer import FakeAnalyzer, build_client
from tests.test_api_metrics import figures_of

TEXTS = ["lovely words", "card declined", " ", "Die Lieferung"]
PROFILE = {
    "status": {"ok": 2, "empty": 1, "unsupported_language": 1},
    "sentiment": {"positive": 1, "negative": 1},
    "kind": {"praise": 1, "complaint": 1},
    "topic": {"checkout_payment": 1},
    "uncertain": {"true": 0, "false": 2},
    "length": {"0-19": 4},
    "words": {"true": 2, "false": 4},
}


def test_the_profile_of_texts_counts_what_is_said_of_them() -> None:
    assert build_profile(FakeAnalyzer(), TEXTS) == PROFILE


def test_what_a_service_counts_has_the_same_shape() -> None:
    metrics, analyzer = Metrics(), FakeAnalyzer()
    metrics.count_texts(TEXTS, list(analyzer.analyze_many(TEXTS)), analyzer)
    assert counted_profile(metrics.collect()) == PROFILE


def test_the_index_is_that_of_the_textbook() -> None:
    before, now = {"a": 60.0, "b": 40.0}, {"a": 40.0, "b": 60.0}
    a, b = 60.5 / 101, 40.5 / 101
    assert drift_between(before, now) == pytest.approx(2 * (a - b) * math.log(a / b))
    assert drift_between(before, {"a": 0.0}) is None
    assert (drift_between({"a": 100.0}, {"b": 100.0}) or 0) > 5


class Shipped(FakeAnalyzer):
    """A bundle whose profile is half praise, half complaint."""

    manifest: ClassVar[dict[str, Any]] = {**FakeAnalyzer.manifest, "profile": PROFILE}


def test_drift_is_shown_once_there_are_enough_texts() -> None:
    client = build_client(Shipped())
    client.post("/v1/score/batch", json={"documents": [{"text": "lovely"}] * (LEAST - 1)})
    figures = figures_of(client.get("/metrics").data)
    assert figures["feedback_reference_share sentiment positive"] == 0.5
    assert not any(name.startswith("feedback_drift_psi") for name in figures)
    client.post("/v1/score", json={"text": "lovely"})
    figures = figures_of(client.get("/metrics").data)
    assert figures["feedback_drift_psi sentiment"] > 0.25  # praise alone now
    assert figures["feedback_drift_psi length"] < 0.1
    assert "feedback_drift_psi topic" not in figures  # none was found


def test_a_bundle_without_a_profile_shows_no_drift() -> None:
    client = build_client()
    client.post("/v1/score/batch", json={"documents": [{"text": "lovely"}] * LEAST})
    assert b"feedback_drift_psi" not in client.get("/metrics").data


def test_a_day_is_what_came_since_yesterday() -> None:
    now = 0.0
    recent = Recent(None, lambda: now)
    assert recent.since_yesterday({"kind": {"praise": 5}}) == {"kind": {"praise": 5}}
    now = DAY - 1
    assert recent.since_yesterday({"kind": {"praise": 7}}) == {"kind": {"praise": 7}}
    now = DAY
    assert recent.since_yesterday({"kind": {"praise": 9, "other": 1}}) == {"kind": {"praise": 4, "other": 1}}
    now = 2 * DAY
    assert recent.since_yesterday({"kind": {"praise": 9, "other": 3}}) == {"kind": {"praise": 2, "other": 3}}


def test_processes_share_their_notes_and_keep_few() -> None:
    now = 0.0
    with shared_folder() as folder:
        one, other = (Recent(folder, lambda: now) for _ in range(2))
        for hour in range(60):
            now = hour * HOUR
            shown = (one, other)[hour % 2].since_yesterday({"kind": {"praise": hour}})
        assert shown == {"kind": {"praise": 24}}
        assert len(json.loads((folder / "notes.json").read_text())) == 25


def test_the_shipped_bundle_has_a_profile(analyzer: Analyzer) -> None:
    profile = profile_of(analyzer.manifest)
    texts = sum(profile["status"].values())
    assert texts == sum(profile["length"].values()) == analyzer.manifest["texts"]["calibration"]
    assert set(profile) == set(PROFILE)
    known = profile["words"]
    assert 0.9 < known["true"] / sum(known.values()) < 1


def test_a_profile_can_be_added_to_a_bundle(analyzer: Analyzer, tmp_path: Path) -> None:
    from feedback_nlp.bundle import load_bundle, save_bundle
    from feedback_nlp.training.add_profile import add_profile

    shipped = analyzer.bundle
    plain = {key: value for key, value in shipped.manifest.items() if key != "profile"}
    save_bundle(tmp_path, shipped.linear, shipped.heads, plain, "card")
    add_profile(tmp_path, ["Where is my parcel?"])
    assert load_bundle(tmp_path).manifest["profile"]["status"] == {"ok": 1}
