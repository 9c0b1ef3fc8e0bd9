"""Pages over the store: what they say equals what the library says, and texts of customers stay texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from api import create_app
from api.hooks import PAGE_POLICY
from feedback_nlp.cli import commands
from feedback_nlp.records import Feedback
from feedback_nlp.report import DayCounts, build_summary
from feedback_nlp.report.stored import StoredRows, row_of, spread_rows, summarize_store
from feedback_nlp.report.wording import headlines, percent, points, with_interval
from feedback_nlp.store import Store
from feedback_nlp.store.values import Filters
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import said

HOSTILE = "declined card <script>alert(1)</script> \"><img src=x onerror=alert(2)> {{ 7*7 }} ' --"
HOSTILE_NAME = "<b onmouseover=alert(3)>shop</b>"
PAGES = ("/overview", "/alerts", "/compare", "/explore")


def texts() -> list[Feedback]:
    """Return 13 weeks: praise and complaints in turn, and five days in which cards were declined."""
    written = []
    for day in range(91):
        moment = datetime.fromordinal(date(2026, 6, 1).toordinal() + day).replace(tzinfo=UTC)
        many = 80 <= day < 85
        for number in range(6):
            card = (many and number < 5) or (number == 0 and day % 9 == 0)
            words = f"My card was declined, case {day} {number}." if card else f"A lovely {day} day {number}."
            channel = "chat" if number % 2 else "email"
            written.append(
                Feedback(f"F-{day}-{number}", words, moment, channel, "Tent", None, f"C-{day}-{number}")
            )
    moment = datetime(2026, 8, 22, tzinfo=UTC)
    return [*written, Feedback("<i>x</i>", HOSTILE, moment, HOSTILE_NAME, HOSTILE_NAME, 1.0, HOSTILE_NAME)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    analyzer = FakeAnalyzer()
    with Store.open(data_dir=tmp_path_factory.mktemp("pages")) as store:
        store.feedback.add([(one, analyzer.analyze(one.text, rating=one.rating)) for one in texts()])
        yield store


@pytest.fixture(scope="module")
def client(filled: Store) -> FlaskClient:
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), filled).test_client()


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
    return answer.text


def key_of(store: Store, id: str) -> int:
    return store.feedback.get(id).key


def test_the_overview_says_what_the_library_says_of_the_same_texts(
    client: FlaskClient, filled: Store
) -> None:
    shown = page(client, "/overview?days=0")
    summary = summarize_store(filled, date(2026, 6, 1), date(2026, 8, 30))
    by_rows = build_summary([row for row in StoredRows(filled, Filters())])
    assert by_rows.rows.analysed == summary.rows.analysed == 547
    assert by_rows.net_sentiment == summary.net_sentiment
    assert by_rows.alerts[0].topic == summary.alerts[0].topic == "checkout_payment"
    figures = re.findall(r"<dd>([^<]+)<span>95 %: ([^<]+)</span>", shown)
    net = summary.net_sentiment
    assert figures[0] == (points(net.value), f"{points(net.low)} to {points(net.high)} points")
    assert [value for value, _ in figures[1:]] == [percent(share.share.value) for share in summary.sentiment]
    assert all(line in shown for line in headlines(summary))
    assert f"net sentiment {with_interval(summary.topics[0].net_sentiment)}" in shown


def test_a_period_is_chosen_by_length_or_by_days(client: FlaskClient) -> None:
    assert "3 August – 30 August 2026" not in page(client, "/overview")
    assert "3 – 30 August 2026 · 169 texts" in page(client, "/overview?days=28")
    assert "1 – 2 June 2026 · 12 texts" in page(client, "/overview?from=2026-06-01&to=2026-06-02")
    for query in ("days=12", "from=yesterday", "from=2026-06-02&to=2026-06-01", "to=0001-01-01"):
        answer = client.get(f"/overview?{query}")
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_the_alert_is_dated_drawn_and_quoted(client: FlaskClient) -> None:
    shown = page(client, "/alerts")
    assert "Checkout and payment, 20 – 24 August 2026" in shown
    assert "criticised checkout payment" in shown
    assert shown.count("<blockquote") >= 3
    assert 'download="alert-checkout-payment-2026-08-20.svg"' in shown


def test_a_topic_has_trend_segments_words_and_quotes(client: FlaskClient) -> None:
    shown = page(client, "/topics/checkout_payment?days=0")
    assert "Share of all texts that criticise checkout payment" in shown
    assert re.search(r">chat</a></th><td>channel</td><td>\d+</td>", shown)
    assert "card was declined, case" in shown
    assert "Nobody wrote about it" in page(client, "/topics/checkout_payment?from=2026-06-02&to=2026-06-03")
    assert client.get("/topics/weather").status_code == 404


def test_quotes_are_masked_and_never_uncertain(filled: Store) -> None:
    rows = spread_rows(filled, Filters(uncertain=False), date(2026, 6, 1), date(2026, 8, 30), most=80)
    assert len(rows) == 80
    assert len({row.created_at for row in rows}) > 8
    assert not any(row.uncertain for row in rows)


def test_explore_filters_marks_words_and_goes_on(client: FlaskClient) -> None:
    shown = page(client, "/explore?q=declined&channel=chat")
    found = int(re.search(r"(\d+) texts, latest arrivals first", shown)[1])  # type: ignore[index]
    assert found == 10
    assert shown.count('<mark class="found">declined</mark>') == 10
    assert '<span class="sentence negative">' in shown
    first = page(client, "/explore?sentiment=positive")
    older = re.search(r'href="(/explore\?[^"]*after=[^"]*)">Older', first)
    assert older is not None
    second = page(client, older[1].replace("&amp;", "&"))
    keys = [re.findall(r'href="/explore/(\d+)"', shown) for shown in (first, second)]
    assert len(keys[0]) == len(keys[1]) == 25
    assert not set(keys[0]) & set(keys[1])
    assert "Nothing passes these filters" in page(client, "/explore?q=nonesuch")
    assert client.get("/explore?sentiment=angry").status_code == 422
    assert client.get("/explore?after=nonsense").status_code == 422


def test_one_text_shows_why(client: FlaskClient, filled: Store) -> None:
    shown = page(client, f"/explore/{key_of(filled, 'F-0-0')}")
    assert re.search(r'<mark class="negative level3"[^>]*>declined</mark>', shown)
    assert "Why negative" in shown
    assert client.get("/explore/99999").status_code == 404
    assert client.get(f"/explore/{10**30}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/overview",
        "/topics/checkout_payment",
        "/alerts",
        "/compare",
        "/compare?by=channel",
        "/explore?q=declined",
    ],
)
def test_markup_of_customers_stays_text(client: FlaskClient, path: str) -> None:
    shown = page(client, path)
    assert not re.search(r"<(script|img src=x|b onmouse)", shown)
    assert "49" not in re.findall(r"\{\{ 7\*7 \}\}|alert\(2\)&gt; (\d+)", shown)


def test_markup_stays_text_on_the_page_of_the_text(client: FlaskClient, filled: Store) -> None:
    shown = page(client, f"/explore/{key_of(filled, '<i>x</i>')}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "{{ 7*7 }}" in shown
    assert not re.search(r"<(script|i>x|img src=x|b onmouse)", shown)


def test_two_periods_and_two_segments_are_compared(client: FlaskClient) -> None:
    periods = "before_from=2026-08-10&before_to=2026-08-14&from=2026-08-20&to=2026-08-24"
    shown = page(client, f"/compare?{periods}")
    assert "20 – 24 August 2026 against 10 – 14 August 2026" in shown
    assert re.search(
        r"all texts: net sentiment</th><td>\+\d+</td><td>-\d+</td>\s*<td>[^<]+</td><td>yes", shown
    )
    shown = page(client, "/compare?by=channel&first=email&second=chat")
    assert "chat against email" in shown
    assert "all texts: net sentiment" in shown
    assert client.get("/compare?by=weather").status_code == 422


def test_charts_keep_to_the_policy_of_the_page(client: FlaskClient) -> None:
    shown = page(client, "/overview")
    drawn = re.findall(r"<svg.*?</svg>", shown, re.DOTALL)
    assert len(drawn) == 3
    assert not any("style" in svg for svg in drawn)
    ids = re.findall(r' id="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
    assert shown.count("<summary>Table</summary>") == shown.count(">Picture</a>") == 3


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_store_says_what_to_do_next(tmp_path: Path, sqlite_file: Path, path: str) -> None:
    (tmp_path / sqlite_file.name).write_bytes(sqlite_file.read_bytes())
    with Store.open(data_dir=tmp_path) as store:
        empty = create_app(replace(QUIET, store=True), FakeAnalyzer(), store).test_client()
        shown = page(empty, path)
    assert "No feedback is stored yet" in shown
    assert "Upload a file" in shown


def test_a_service_that_keeps_nothing_offers_no_reports() -> None:
    client = create_app(QUIET, FakeAnalyzer()).test_client()
    assert re.findall(
        r'<a href="(/[^"]*)"[^>]*>(?:Overview|Explore|Try a text|API)</a>', client.get("/").text
    ) == [
        "/",
        "/docs",
    ]
    assert client.get("/overview").status_code == 404


def test_counts_within_a_topic_are_by_the_topics_own_sentiment(store: Store) -> None:
    store.feedback.add(
        [
            said("1", "card declined", channel="chat", product="Tent"),
            said("2", "a lovely lovely card", day=2, channel="chat"),
            said("3", "lovely", day=2, channel="chat"),
        ]
    )
    since, until = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 3, 3, tzinfo=UTC)
    cells = sorted(store.counts.within_topic("checkout_payment", since, until))
    assert cells == [
        (date(2025, 3, 1), "channel", "chat", "negative", 1),
        (date(2025, 3, 1), "kind", "complaint", "negative", 1),
        (date(2025, 3, 1), "product", "Tent", "negative", 1),
        (date(2025, 3, 2), "channel", "chat", "negative", 1),
        (date(2025, 3, 2), "kind", "praise", "negative", 1),
    ]
    assert DayCounts.from_cells(cells).whole("channel", "chat").sum() == 2
    assert row_of(store.feedback.get("1")).topics == (("checkout_payment", "negative"),)


def test_the_command_reports_on_the_store(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDBACK_DATA_DIR", str(filled.data_dir))
    target, page_file = tmp_path / "report.json", tmp_path / "report.html"
    ended = CliRunner().invoke(
        commands,
        ["report", "--store", "--since", "2026-08-03", "--json", str(target), "-o", str(page_file)],
    )
    assert ended.exit_code == 0, ended.stderr
    report = json.loads(target.read_text(encoding="utf-8"))
    assert (report["first_day"], report["rows"]["analysed"]) == ("2026-08-03", 169)
    assert report["source"] == "stored feedback"
    assert "<script" not in page_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["--store", "in.csv"], []])
def test_a_file_or_the_store_is_reported_on_not_both(arguments: list[str]) -> None:
    ended = CliRunner().invoke(commands, ["report", *arguments, "-o", "r.html"])
    assert ended.exit_code == 2
    assert "Name a file to report on, or --store; not both." in ended.stderr
