"""Topics are changed on the page and by the API: previewed, added, merged, retired, suggested."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient

from api import create_app
from feedback_nlp.jobs import Worker
from feedback_nlp.store import Store
from tests.browser import needs_chromium, opened_chromium, served
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import said


@pytest.fixture
def filled(tmp_path: Path, sqlite_file: Path) -> Iterator[Store]:
    shutil.copy(sqlite_file, tmp_path)
    with Store.open(data_dir=tmp_path) as store:
        store.feedback.add([said(f"p{n}", f"No parking <b>near</b> the gate {n}", 1 + n) for n in range(15)])
        store.feedback.add([said(f"m{n}", f"The loud music hurts {n}", 1 + n) for n in range(6)])
        store.feedback.add([said("card", "my card was declined")])
        yield store


@pytest.fixture
def client(filled: Store) -> FlaskClient:
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), filled).test_client()


def work(store: Store) -> None:
    while Worker(store, FakeAnalyzer).run_one():
        pass


def counted_topics(store: Store) -> dict[str, int]:
    return dict(store.counts.names("topic"))


def test_a_topic_is_previewed_added_merged_and_retired(client: FlaskClient, filled: Store) -> None:
    first = client.get("/taxonomy").text
    assert "They are the model" in first
    assert "Checkout and payment" in first
    asked = {"name": "parking", "phrases": "parking\ncar park*"}
    tried = client.get("/taxonomy", query_string=asked).text
    assert "15 of the newest 22 texts have one of the phrases." in tried
    assert "No parking &lt;b&gt;near&lt;/b&gt; the gate 14" in tried
    assert client.post("/taxonomy/add", data=asked).headers["Location"] == "/taxonomy"
    work(filled)
    assert counted_topics(filled) == {"parking": 15, "checkout_payment": 1}
    assert "“parking”, “car park*”" in client.get("/taxonomy").text
    both = {"topic": ["parking", "checkout_payment"], "name": "everything"}
    assert client.post("/taxonomy/merge", data=both).status_code == 303
    work(filled)
    assert counted_topics(filled) == {"everything": 16}
    assert client.post("/taxonomy/retire", data={"topic": ["everything"]}).status_code == 303
    work(filled)
    assert counted_topics(filled) == {}
    assert "Bring back Checkout and payment" in client.get("/taxonomy").text
    assert client.post("/taxonomy/restore", data={"topic": "checkout_payment"}).status_code == 303
    work(filled)
    assert counted_topics(filled) == {"checkout_payment": 1}
    assert filled.taxonomies.active().version == 4


def test_a_suggestion_becomes_a_topic_with_one_click(client: FlaskClient, filled: Store) -> None:
    shown = client.get("/taxonomy?suggest=yes").text
    assert "15 texts: " in shown
    assert "No parking &lt;b&gt;" in shown
    found = client.get("/v1/taxonomy/suggestions").json
    assert found is not None
    one = found["suggestions"][0]
    data = {"name": one["name"], "phrases": "\n".join(one["terms"])}
    assert client.post("/taxonomy/add", data=data).status_code == 303
    work(filled)
    assert counted_topics(filled)[one["name"]] == 15


def test_the_api_saves_and_previews(client: FlaskClient, filled: Store) -> None:
    assert client.get("/v1/taxonomy/own").json == {"version": 0, "topics": []}
    entry = {"name": "parking", "phrases": ["parking"]}
    saved = client.put("/v1/taxonomy/own", json={"topics": [entry]}).json
    assert saved is not None
    assert saved["version"] == 1
    assert filled.jobs.get(saved["job"]).kind == "taxonomy"
    assert client.get("/v1/taxonomy/own").json == {"version": 1, "topics": [entry]}
    tried = client.post("/v1/taxonomy/preview", json={"phrases": ["declined"]}).json
    assert tried == {
        "looked_at": 22,
        "found": 1,
        "examples": [{"id": "card", "text": "my card was declined"}],
    }


@pytest.mark.parametrize(
    ("place", "form"),
    [
        ("/taxonomy/add", {"name": "a|b", "phrases": "x"}),
        ("/taxonomy/add", {"name": "", "phrases": ""}),
        ("/taxonomy/merge", {"name": "x"}),
        ("/taxonomy/merge", {"topic": "venue", "name": ""}),
    ],
)
def test_what_cannot_be_is_refused(
    client: FlaskClient, filled: Store, place: str, form: dict[str, str]
) -> None:
    assert client.post(place, data=form).status_code == 422
    assert filled.taxonomies.active().version == 0
    assert filled.jobs.list() == []


@pytest.mark.browser
@needs_chromium
def test_the_page_is_accessible_and_fits_a_phone(filled: Store) -> None:
    app = create_app(replace(QUIET, store=True), FakeAnalyzer(), filled)
    with served(app) as place, opened_chromium() as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 800})
        page.goto(f"{place}/taxonomy?suggest=yes")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        found = Axe().run(page)
        assert [(one["id"], one["impact"]) for one in found.response["violations"]] == []
