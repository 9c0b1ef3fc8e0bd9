"""The pages of models: try a bundle on the history, read what it changes, activate it, roll back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient

from api import create_app
from feedback_nlp.jobs import Worker
from feedback_nlp.jobs import rescore as rescoring
from feedback_nlp.jobs.rescore import submit_rescore
from feedback_nlp.store import Store
from tests.browser import needs_chromium, opened_chromium, served
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import said
from tests.test_models import NEW, OLD, follower
from tests.test_rescore import Gloomy

METRICS = {"gold": {"sentiment_accuracy": 0.9242, "topics_macro_f1": 0.81, "texts": 100}}
HTML = {"Accept": "text/html"}


@pytest.fixture
def own_store(tmp_path: Path, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for place in ("api.model_pages", "feedback_nlp.jobs.rescore"):
        monkeypatch.setattr(f"{place}.is_available", lambda store, entry: True)
    monkeypatch.setattr("api.model_pages._card", lambda store, entry: f"# Card <b>{entry.version}</b>")
    monkeypatch.setattr(rescoring, "load_model", lambda store, entry: Gloomy())
    (tmp_path / sqlite_file.name).write_bytes(sqlite_file.read_bytes())
    with Store.open(data_dir=tmp_path) as store:
        store.feedback.add([said("a", "blue <script>alert(1)</script> ann@example.com"), said("b", "lovely")])
        yield store


@pytest.fixture
def client(own_store: Store) -> Iterator[FlaskClient]:
    analyzer = follower(own_store)
    own_store.models.register(NEW, None, METRICS)
    yield create_app(replace(QUIET, store=True), analyzer, own_store).test_client()
    analyzer.close()


def shown(client: FlaskClient, place: str = "/models") -> str:
    answer = client.get(place)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text)


def test_a_bundle_is_tried_read_activated_and_rolled_back(client: FlaskClient, own_store: Store) -> None:
    page = shown(client)
    assert f'{OLD} <span class="badge">active</span>' in page
    assert f"{NEW}</th><td>0.924</td><td>–</td><td>–</td><td>0.810</td>" in page
    assert "# Card &lt;b&gt;0.0.2&lt;/b&gt;" in page
    assert 'aria-current="page">Models</a>' in page
    tried = client.post("/models/rescore", data={"model": str(NEW)})
    assert tried.status_code == 303
    place = tried.headers["Location"]
    assert "Waiting for a worker." in shown(client, place)
    Worker(own_store, FakeAnalyzer).run_one()
    page = shown(client, place)
    assert "2 texts; 2 of them had labels of another bundle. Nothing was changed." in page
    row = '<th scope="row">neutral</th><td>negative</td><td>1</td><td>50 % (9.5 % to 91 %)</td>'
    assert row in page.replace("\xa0", " ")
    assert "blue &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "ann@example.com" not in page
    assert "http-equiv" not in page
    assert client.post("/models/activate", data={"model": str(NEW)}).headers["Location"] == "/models"
    assert f'{NEW} <span class="badge">active</span>' in shown(client)
    applied = client.post("/models/rescore", data={"model": str(NEW), "apply": "yes"}).headers["Location"]
    Worker(own_store, FakeAnalyzer).run_one()
    page = shown(client, applied)
    assert "Its labels count now; corrections stay in force." in page
    assert "What next" in page
    assert "Let its labels count" not in page
    assert own_store.feedback.get("a").sentiment == "negative"
    assert client.post("/models/rollback").status_code == 303
    page = shown(client)
    assert f'{OLD} <span class="badge">active</span>' in page
    rows = re.findall(r"<td>([^<]+)</td><td>local</td><td>([^<]+)</td>", page)
    assert rows == [(str(OLD), "rolled back"), (str(NEW), "activated")]


def test_what_cannot_be_is_said_on_a_page(client: FlaskClient) -> None:
    for place, form, status, words in (
        ("/models/activate", {"model": "nothing@1"}, 404, "There is no model"),
        ("/models/activate", {}, 404, "There is no model"),
        ("/models/rollback", {}, 404, "No other model was active"),
        ("/models/rescore", {"model": "nothing@1"}, 404, "There is no model"),
    ):
        answer = client.post(place, data=form, headers=HTML)
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
        assert words in answer.text
    assert client.get("/models/diff/nonesuch", headers=HTML).status_code == 404


def test_who_may_only_read_sees_no_buttons(client: FlaskClient, own_store: Store) -> None:
    token = own_store.keys.add("t", ["read"], actor="t").token
    reader = create_app(replace(QUIET, store=True), FakeAnalyzer(), own_store).test_client()
    headers = {"Authorization": f"Bearer {token}"}
    page = reader.get("/models", headers=headers)
    assert page.status_code == 200
    assert "Try on the history" not in page.text
    for place in ("activate", "rollback", "rescore"):
        assert reader.post(f"/models/{place}", headers=headers).status_code == 403


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path / "empty") as store:
        page = create_app(replace(QUIET, store=True), FakeAnalyzer(), store).test_client().get("/models")
    assert "None yet: the shipped one is made known when the service starts." in page.text


# -- in a browser


@pytest.mark.browser
@needs_chromium
def test_a_bundle_is_activated_by_the_keyboard_alone(client: FlaskClient, own_store: Store) -> None:
    job = submit_rescore(own_store, str(NEW))
    Worker(own_store, FakeAnalyzer).run_one()
    with served(client.application) as address, opened_chromium() as browser:
        page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
        for place in ("/models", f"/models/diff/{job.id}"):
            page.goto(f"{address}{place}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            assert [found["id"] for found in Axe().run(page).response["violations"]] == []
            assert page.locator("script").count() == 0
        page.get_by_role("button", name="Activate it for what comes in").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/models")
        assert page.get_by_role("row", name="active").get_by_role("rowheader").inner_text().split()[0] == str(
            NEW
        )
