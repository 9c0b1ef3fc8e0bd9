"""The first page as the server sends it, and the layout of an analysis behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import api
from api.highlight import Piece, lines_of, reasons_of
from api.pages import EXAMPLES
from feedback_nlp.records import SENTIMENTS, Contribution, SentenceSentiment
from tests.fake_analyzer import QUIET, FakeAnalyzer, build_client

TEXT = "Lovely shoes, early. Then: my card was declined!"


@pytest.fixture
def client() -> FlaskClient:
    return build_client()


class Tags(HTMLParser):
    """Collects tags, attributes and the text of marked words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_empty_page_is_a_plain_form_without_script(client: FlaskClient) -> None:
    response = client.get("/")
    tags = Tags(response.text).tags
    assert ("html", {"lang": "en"}) in tags
    assert {"main", "header", "footer", "nav", "h1", "form"} <= {tag for tag, _ in tags}
    assert "script" not in {tag for tag, _ in tags}
    assert not any("style" in attributes for _, attributes in tags)
    named = {attributes["id"] for tag, attributes in tags if tag in ("textarea", "select")}
    assert named == {attributes["for"] for tag, attributes in tags if tag == "label"}


def test_a_posted_comment_is_answered_in_words_as_well_as_colours(client: FlaskClient) -> None:
    page = client.post("/", data={"text": TEXT, "rating": "5"}).text
    shown = words(page)
    assert "− negative 71&nbsp;% sure" in shown
    assert "Uncertain." not in shown
    assert "negative 62&nbsp;% neutral 10&nbsp;% positive 28&nbsp;%" in shown
    assert "complaint 80&nbsp;% sure" in shown
    assert "Checkout and payment − negative 90&nbsp;% sure" in shown
    assert "counting@0.0.1+001122334455" in shown
    assert re.search(r'<mark class="negative level3" title="2.00 toward negative">declined</mark>', page)
    assert re.search(r'<option value="5" selected>', page)
    assert f">\n{TEXT}</textarea>" in page


def test_an_uncertain_label_is_called_uncertain(client: FlaskClient) -> None:
    assert "Uncertain." in client.post("/", data={"text": "Shoes."}).text


def test_notes_say_what_a_flag_means(client: FlaskClient) -> None:
    page = client.post("/", data={"text": "My card was declined.", "rating": "5"}).text
    assert "The rating and the text disagree." in page


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_link_to_its_answer(client: FlaskClient, name: str) -> None:
    assert f'href="/?example={name}#result"' in client.get("/").text
    page = client.get(f"/?example={name}").text
    assert 'id="result"' in page
    assert f">\n{EXAMPLES[name][1].replace(chr(39), '&#39;')}</textarea>" in page


def test_an_unknown_example_is_404(client: FlaskClient) -> None:
    assert client.get("/?example=zzz", headers={"Accept": "text/html"}).status_code == 404


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is nothing to analyse"),
        ("   ", "There is nothing to analyse"),
        ("Die Lieferung kam nie.", "No labels: unsupported language"),
    ],
)
def test_without_labels_the_page_says_why(client: FlaskClient, text: str, said: str) -> None:
    response = client.post("/", data={"text": text})
    assert response.status_code == 200
    assert said in response.text
    assert 'class="bars"' not in response.text


HOSTILE = "</textarea><script>alert(1)</script> lovely <img src=x onerror=alert(1)> {{ 7*7 }} ' \" declined"


def test_a_hostile_text_stays_text(client: FlaskClient) -> None:
    page = client.post("/", data={"text": HOSTILE}).text
    tags = Tags(page).tags
    assert "script" not in {tag for tag, _ in tags}
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "49" not in words(page)


def test_line_breaks_of_the_form_are_those_of_the_text(client: FlaskClient) -> None:
    page = client.post("/", data={"text": "lovely\r\nearly"}).text
    assert ">\nlovely\nearly</textarea>" in page
    assert "\\r" not in page


def test_a_text_over_the_limit_is_kept_in_the_form_and_refused() -> None:
    client = build_client(settings=replace(QUIET, max_text_characters=10))
    response = client.post("/", data={"text": "lovely " * 3})
    assert response.status_code == 413
    assert "The text has 21 characters; at most 10 are analysed." in response.text
    assert "lovely lovely lovely </textarea>" in response.text


@pytest.mark.parametrize("rating", ["0", "6", "five", "1.5"])
def test_a_rating_that_the_form_does_not_offer_is_422(client: FlaskClient, rating: str) -> None:
    assert client.post("/", data={"text": "a", "rating": rating}).status_code == 422


def test_an_error_of_the_service_is_a_page_for_browsers(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    response = client.post("/", data={"text": "explode"}, headers={"Accept": "text/html"})
    assert (response.status_code, response.mimetype) == (500, "text/html")
    assert "explode" not in response.text + capsys.readouterr().err


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [("ink", "paper"), ("ink", "card"), ("quiet", "paper"), ("quiet", "card"), ("accent-ink", "accent")]
PAIRS += [("accent", "card"), ("accent", "paper"), ("warn", "warn-soft"), ("negative", "card")]
PAIRS += [(label, f"{label}-soft") for label in SENTIMENTS]
PAIRS += [("ink", f"{label}-{shade}") for label in SENTIMENTS for shade in ("soft", "mid")]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(scheme: int) -> None:
    style = (Path(api.__file__).parent / "static" / "page.css").read_text()
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_lines_hold_the_whole_text_in_order() -> None:
    analysis = FakeAnalyzer().analyze(TEXT, explain=True)
    lines, left_out = lines_of(TEXT, analysis)
    assert left_out == 0
    assert ["".join(piece.text for piece in line.pieces) for line in lines] == [
        "Lovely shoes, early.",
        "Then: my card was declined!",
    ]
    assert lines[1].pieces == (
        Piece("Then: my card was "),
        Piece("declined", "negative", 2.0, 3),
        Piece("!"),
    )
    assert [line.sentiment for line in lines] == ["positive", "negative"]


class OneSentence:
    """Details with a sentence in the middle of the text."""

    def topics(self, row: int) -> tuple[()]:
        return ()

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        return []

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        return (SentenceSentiment(4, 8, "neutral", 0.0),)


def test_text_outside_sentences_is_shown_and_overlaps_go_to_the_stronger() -> None:
    parts = (
        Contribution("b c", 4, 7, "positive", 1.0),
        Contribution("c d", 6, 9, "negative", 2.0),
        Contribution("a", 0, 1, "positive", 0.1),
    )
    analysis = replace(FakeAnalyzer().analyze("a"), explanation=parts, _details=OneSentence())
    lines, _ = lines_of("aaa b c d eee", analysis)
    assert [(line.sentiment, line.pieces) for line in lines] == [
        (None, (Piece("aaa "),)),
        ("neutral", (Piece("b "), Piece("c ", "negative", 2.0, 3))),
        (None, (Piece("d", "negative", 2.0, 3), Piece(" eee"))),
    ]


def test_a_long_text_is_shown_up_to_a_limit_that_is_named() -> None:
    text = "So lovely. " * 250
    lines, left_out = lines_of(text, FakeAnalyzer().analyze(text))
    assert (len(lines), left_out) == (200, 50)
    assert "50 more sentences are not shown here" in build_client().post("/", data={"text": text}).text


def test_reasons_are_the_strongest_contributions_first() -> None:
    reasons = reasons_of(FakeAnalyzer().analyze("declined, lovely, early, refund", explain=True), limit=3)
    assert [(reason.text, reason.toward, reason.weight, reason.share) for reason in reasons] == [
        ("declined", "negative", 2.0, 100),
        ("lovely", "positive", 1.5, 75),
        ("refund", "negative", 1.0, 50),
    ]
