"""The review page: what the form says, and the same in a real browser with the keyboard alone, also on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from api import create_app
from feedback_nlp.store import Store
from feedback_nlp.store.values import Filters
from tests.browser import IN_A_BROWSER, needs_chromium, opened_chromium, served
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import said

HOSTILE = "lovely, early <script>alert(1)</script> <b>bold</b>"


@pytest.fixture
def filled(tmp_path: Path, sqlite_file: Path) -> Iterator[Store]:
    (tmp_path / sqlite_file.name).write_bytes(sqlite_file.read_bytes())
    with Store.open(data_dir=tmp_path) as store:
        store.feedback.add([said(f"t{n}", f"{HOSTILE} {n}", 1 + n) for n in range(12)])
        yield store


@pytest.fixture
def client(filled: Store) -> FlaskClient:
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), filled).test_client()


def test_texts_are_chosen_shown_and_labelled(client: FlaskClient, filled: Store) -> None:
    assert "Nothing waits for you." in client.get("/review").text
    assert client.post("/review/draw").headers["Location"] == "/review"
    shown = client.get("/review").text
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert 'value="positive" data-key="3" checked' in shown
    (place,) = re.findall(r'action="(/review/\d+)"', shown)
    form = {"revision": "1", "sentiment": "mixed", "kind": "question", "topic": ["delivery", "venue"]}
    assert client.post(place, data=form).headers["Location"] == "/review"
    (done,) = filled.feedback.page(Filters(corrected=True)).items
    assert (done.sentiment, done.kind, [label.topic for label in done.topics]) == (
        "mixed",
        "question",
        ["delivery", "venue"],
    )
    assert place not in client.get("/review").text


def test_what_is_put_off_comes_last_and_nonsense_is_refused(client: FlaskClient, filled: Store) -> None:
    filled.review.draw(3)
    first = filled.review.open()[0].key
    assert client.post(f"/review/{first}", data={"skip": "yes"}).status_code == 303
    assert filled.review.open()[-1].key == first
    for place, form, status in (
        (f"/review/{first}", {"revision": "x"}, 422),
        (f"/review/{first}", {"revision": "1", "sentiment": "angry"}, 422),
        (f"/review/{first}", {"revision": "9"}, 422),
        ("/review/999", {"revision": "1"}, 404),
        (f"/review/{1 << 70}", {"revision": "1"}, 404),
    ):
        assert client.post(place, data=form).status_code == status
    assert len(filled.review.open()) == 3


def test_precision_and_recall_stand_below(client: FlaskClient, filled: Store) -> None:
    filled.review.draw(100)
    for item in filled.review.open(100):
        filled.review.answer(item.key, {"sentiment": "positive"})
    shown = client.get("/review").text
    assert "From 12 texts drawn at random" in shown
    assert re.search(r'<th scope="row">positive</th><td>sentiment</td><td>100\s%[^<]*</td><td>12</td>', shown)


@pytest.fixture
def address(filled: Store) -> Iterator[str]:
    filled.review.draw(12)
    app = create_app(replace(QUIET, store=True), FakeAnalyzer(), filled)
    with served(app) as place:
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_chromium() as chromium:
        yield chromium


def opened(browser: Browser, address: str, width: int, scheme: str, *, script: bool = True) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
    )
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(f"{address}/review")
    return page


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
class TestInABrowser:
    pytestmark = IN_A_BROWSER

    def test_ten_texts_are_labelled_with_four_keys_each(
        self, browser: Browser, address: str, filled: Store, width: int, scheme: str
    ) -> None:
        page = opened(browser, address, width, scheme)
        for done in range(1, 11):
            for key in ("1", "e", "d", "Enter"):
                page.keyboard.press(key)
            page.wait_for_function(
                "done => document.querySelector('.intro p').textContent.includes(`${done} done`)", arg=done
            )
        page.context.close()
        corrected = [one for one in filled.feedback.walk() if one.corrected]
        assert {(one.sentiment, one.kind) for one in corrected} == {("negative", "suggestion")}
        assert [[label.topic for label in one.topics] for one in corrected] == [["delivery"]] * 10

    def test_it_is_accessible_and_fits(self, browser: Browser, address: str, width: int, scheme: str) -> None:
        page = opened(browser, address, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        found = Axe().run(page)
        assert [(one["id"], one["impact"]) for one in found.response["violations"]] == []
        page.context.close()


@pytest.mark.browser
@needs_chromium
def test_without_script_tab_arrows_space_and_enter_do(browser: Browser, address: str, filled: Store) -> None:
    page = opened(browser, address, 1280, "light", script=False)
    page.get_by_role("radio", name="positive").focus()
    page.keyboard.press("ArrowRight")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.context.close()
    assert {one.sentiment for one in filled.feedback.walk() if one.corrected} == {"mixed"}
