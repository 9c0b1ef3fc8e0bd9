"""The whole path in a real browser: upload, progress, report, drill down, correct, retrain, diff, activate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from api import create_app
from feedback_nlp.behaviour import load_suite
from feedback_nlp.jobs import Worker
from feedback_nlp.review import learning
from feedback_nlp.store import Store
from feedback_nlp.store.values import Filters
from tests.browser import IN_A_BROWSER, opened_chromium, served
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.test_learning import TEXTS, labels_of

EXPORT = "id,text,created_at\n" + "".join(
    f"{n},{text},2026-06-0{1 + n % 9}\n" for n, text in enumerate(["My card was declined.", *TEXTS])
)

pytestmark = IN_A_BROWSER


@pytest.fixture
def page(own_store: Store) -> Iterator[Page]:
    app = create_app(replace(QUIET, store=True), FakeAnalyzer(), own_store)
    with served(app) as place, opened_chromium() as chromium:
        yield chromium.new_page(base_url=place)


def test_from_the_upload_to_another_model(
    page: Page, own_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [test for test in load_suite() if test.name in ("positive_verbs", "neutral_facts")]
    monkeypatch.setattr(learning, "load_suite", lambda: few)
    worker = Worker(own_store, FakeAnalyzer)
    export = tmp_path / "export.csv"
    export.write_text(EXPORT, encoding="utf-8")

    page.goto("/files")
    page.locator("input[type=file]").set_input_files(export)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting")
    assert worker.run_one()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Done"
    )  # the script asks, and loads the page again

    page.get_by_role("link", name="Read the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customer feedback")
    page.get_by_role("link", name="Checkout and payment").first.click()
    expect(page.get_by_text("My card was declined.").first).to_be_visible()

    page.goto("/explore?topic=checkout_payment")
    page.get_by_role("link", name="Why: text 1").click()
    page.get_by_label("Sentiment").select_option("mixed")
    page.get_by_role("button", name="Correct", exact=True).click()
    expect(page.get_by_text("A person corrected: sentiment.")).to_be_visible()
    for one in own_store.feedback.page(Filters(corrected=False), limit=100).items:
        own_store.corrections.add(one.id, labels_of(one.text))

    page.goto("/review")
    page.get_by_role("button", name="Make a candidate").click()
    assert worker.run_one()
    expect(page.get_by_role("heading", level=1)).to_have_text("The candidate is ready")
    outcome = page.url
    assert [(one["id"], one["impact"]) for one in Axe().run(page).response["violations"]] == []
    page.get_by_role("link", name="What it would change").click()
    assert worker.run_one()
    page.reload()
    expect(page.get_by_text(re.compile("29 texts")).first).to_be_visible()
    page.goto(outcome)
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("It is active.")).to_be_visible()
    active = own_store.models.active()
    assert active is not None
    assert active.version.endswith("-review.29")
