"""The first page in a real browser: Debian's chromium, without script of ours, without a request to elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from api import create_app
from tests.browser import IN_A_BROWSER, opened_chromium, served
from tests.fake_analyzer import QUIET, FakeAnalyzer

TEXT = "The boots came early. My card was declined. <script>alert(1)</script> <b>refund</b>"

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(create_app(QUIET, FakeAnalyzer())) as place:
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_chromium() as chromium:
        yield chromium


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return a page that fails the test when it asks another host, shows a dialog, or is refused something."""
    width, scheme = request.param
    # The page has to work without JavaScript; what the test itself evaluates still runs.
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=False
    )
    opened = context.new_page()
    faults: list[str] = []
    opened.on(
        "request", lambda sent: faults.append(sent.url) if urlsplit(sent.url).netloc not in address else None
    )
    opened.on("dialog", lambda dialog: faults.append(dialog.message))
    opened.on("console", lambda line: faults.append(line.text))
    opened.on("response", lambda got: faults.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    opened.goto(address)
    yield opened
    assert faults == []
    context.close()


def ask(page: Page, text: str, rating: str = "") -> None:
    page.get_by_label("Feedback", exact=True).fill(text)
    page.get_by_label("Rating (optional)").select_option(rating)
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url("**/#result")


def has_no_horizontal_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_comment_is_answered(page: Page) -> None:
    assert has_no_horizontal_scroll(page)
    ask(page, TEXT, rating="5")
    sentiment = page.get_by_role("region", name="Sentiment")
    assert sentiment.locator(".verdict").inner_text().split() == ["−", "negative", "79", "%", "sure"]
    assert sentiment.get_by_role("definition").all_inner_texts() == ["73\xa0%", "10\xa0%", "17\xa0%"]
    assert page.get_by_role("region", name="Kind").inner_text().split()[1:] == [
        "Complaint",
        "80",
        "%",
        "sure",
    ]
    assert "Checkout and payment" in page.get_by_role("region", name="Topics").inner_text()
    assert "The rating and the text disagree." in page.get_by_role("region", name="Notes").inner_text()
    assert page.locator("mark", has_text="declined").count() == 1
    rows = page.get_by_role("region", name="Why").get_by_role("rowheader").all_inner_texts()
    assert rows == ["declined", "refund", "early"]
    assert has_no_horizontal_scroll(page)


def test_markup_in_a_comment_stays_text(page: Page) -> None:
    ask(page, TEXT)
    assert "<script>alert(1)</script>" in page.locator("ol.lines").inner_text()
    assert page.locator("script").count() == 0
    assert page.locator("main b").count() == 0
    assert page.get_by_label("Feedback", exact=True).input_value() == TEXT


def test_long_words_do_not_widen_the_page(page: Page) -> None:
    ask(page, "declined" + "w" * 600)
    assert has_no_horizontal_scroll(page)


def test_an_example_is_one_click_and_another_language_gets_no_label(page: Page) -> None:
    page.get_by_role("link", name="Another language").click()
    assert page.get_by_text("No labels: unsupported language").is_visible()
    assert page.locator(".verdict").count() == 0


def test_the_form_works_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_label("Feedback", exact=True).focus()
    page.keyboard.type("lovely")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#result")
    assert "positive" in page.locator(".verdict").inner_text()


def test_the_docs_show_every_route_with_their_own_assets(browser: Browser, address: str) -> None:
    page = browser.new_page()
    elsewhere: list[str] = []
    refused: list[str] = []
    page.on(
        "request",
        lambda sent: elsewhere.append(sent.url) if not sent.url.startswith((address, "data:")) else None,
    )
    page.on("console", lambda line: refused.append(line.text) if line.type == "error" else None)
    page.goto(f"{address}/docs")
    page.wait_for_selector(".opblock")
    described = page.request.get(f"{address}/openapi.json").json()["paths"]
    assert {"/v1/score", "/v1/feedback", "/v1/jobs/{job_id}", "/healthz"} <= set(described)
    operations = sorted(path for path, methods in described.items() for _ in methods)
    assert sorted(page.locator(".opblock-summary-path").all_inner_texts()) == operations
    assert (elsewhere, refused) == ([], [])
    page.close()
