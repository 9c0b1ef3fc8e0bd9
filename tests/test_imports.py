"""One small export of each tool, written by us under the headers that the tool gives, and the preview of a file."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from api import create_app
from api.job_schemas import PreviewResponse
from feedback_nlp.cli import commands
from feedback_nlp.ingest import COLUMN_ALIASES, read_feedback
from feedback_nlp.ingest.columns import find_text_column
from feedback_nlp.jobs.preview import preview_file
from feedback_nlp.jobs.upload import UploadOptions
from feedback_nlp.redact import Redactor
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer

#: Header and one row of each export, and what our fields must be.
EXPORTS = {
    "zendesk": (
        "Id,Subject,Description,Status,Requester,Requester email,Created at,Via\n"
        "1042,Late,my parcel never came,Open,Kim,kim@example.org,2026-03-04 10:00:00,web\n",
        ("1042", "my parcel never came", "2026-03-04", "web", None, None, "Kim"),
    ),
    "typeform": (
        "#,How likely are you to return?,What could we do better?,Start Date (UTC),Submit Date (UTC),Network ID\n"
        "ab12,9,faster delivery,2026-03-04 09:58:00,2026-03-04 10:00:00,f00\n",
        ("ab12", "faster delivery", "2026-03-04", None, None, None, None),
    ),
    "surveymonkey": (
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,"
        "Please tell us why you chose this answer.\n"
        "118,77,03/31/2026 09:58:00 AM,03/31/2026 10:00:00 AM,192.0.2.1,kim@example.org,the fit was wrong\n",
        ("118", "the fit was wrong", "2026-03-31", None, None, None, "kim@example.org"),
    ),
    "google_play": (
        "Package Name,App Version Code,Reviewer Language,Device,Review Submit Date and Time,"
        "Review Submit Millis Since Epoch,Star Rating,Review Title,Review Text,Developer Reply Text,Review Link\n"
        "com.example.shop,7,en,pixel,2026-03-04T10:00:00Z,1772618400000,2,,keeps crashing,,http://example.org/r/1\n",
        ("http://example.org/r/1", "keeps crashing", "2026-03-04", None, "com.example.shop", 2.0, None),
    ),
    "app_store": (
        "Review ID,App Name,Store,Rating,Title,Review,Nickname,Date\n"
        "55,Shop,GB,5,Great,lovely app,kim22,2026-03-04\n",
        ("55", "lovely app", "2026-03-04", None, "Shop", 5.0, "kim22"),
    ),
    "trustpilot": (
        "Review Id,Review Created (UTC),Review Consumer User Id,Review Title,Review Content,Review Stars,Source Name,"
        "Domain URL\n"
        "66,2026-03-04 10:00:00,c-9,Slow,slow refund,1,Organic,shop.example.org\n",
        ("66", "slow refund", "2026-03-04", "Organic", "shop.example.org", 1.0, "c-9"),
    ),
    "intercom": (
        "Conversation ID,Conversation started at (UTC),Conversation channel,User ID,Conversation rating,"
        "Conversation rating remark\n"
        "900,2026-03-04 10:00:00,Messenger,u-3,4,quick answer\n",
        ("900", "quick answer", "2026-03-04", "Messenger", None, 4.0, "u-3"),
    ),
}


@pytest.mark.parametrize("tool", EXPORTS)
def test_exports_are_recognised(tool: str, tmp_path: Path) -> None:
    content, expected = EXPORTS[tool]
    path = tmp_path / f"{tool}.csv"
    # Google Play writes UTF-16; the others UTF-8.
    path.write_text(content, encoding="utf-16" if tool == "google_play" else "utf-8")
    (found,) = read_feedback(path)
    day = found.created_at.date().isoformat() if found.created_at else None
    assert (
        found.id,
        found.text,
        day,
        found.channel,
        found.product,
        found.rating,
        found.customer_ref,
    ) == expected


def test_no_name_stands_for_two_fields() -> None:
    names = [name for aliases in COLUMN_ALIASES.values() for name in aliases]
    assert sorted(names) == sorted(set(names))


def test_of_two_questions_none_is_chosen() -> None:
    from feedback_nlp.errors import MissingColumnError

    with pytest.raises(MissingColumnError, match="No column is called 'text'"):
        find_text_column(["What could we do better?", "Anything else?"])


CONTENT = "ref,Date,words,text\n" + "".join(f"{n},2026-03-04,lovely {n},\n" for n in range(12)) + "13\n"


def test_a_preview_shows_mapping_and_ten_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CONTENT)
    options = UploadOptions(mapping={"text": "words", "id": "ref"})
    seen = preview_file(tmp_path / "a.csv", FakeAnalyzer(), options)
    assert seen.columns == ("ref", "Date", "words", "text")
    assert seen.mapping == {"text": "words", "id": "ref", "created_at": "Date"}
    assert seen.missing == ("channel", "product", "rating", "customer_ref")
    assert [row["text"] for row in seen.rows] == [f"lovely {n}" for n in range(10)]
    assert seen.rows[0]["analysis"]["sentiment"]["label"] == "positive"
    assert [row["line"] for row in seen.rejected] == [14]


def test_a_preview_masks_where_that_is_on(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nwrite to kim@example.org\n")
    (row,) = preview_file(tmp_path / "a.csv", FakeAnalyzer(), redactor=Redactor()).rows
    assert "kim@example.org" not in row["text"]


def test_the_command_shows_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys.modules["feedback_nlp.cli.preview"], "load_analyzer", lambda bundle: FakeAnalyzer()
    )
    (tmp_path / "a.csv").write_text(CONTENT)
    arguments = ["preview", str(tmp_path / "a.csv"), "--map", "text=words"]
    shown = CliRunner().invoke(commands, arguments)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[:3] == ["text          words", "created_at    Date", "id            -"]
    assert "  positive              lovely 9" in shown.stdout.splitlines()
    assert (
        json.loads(CliRunner().invoke(commands, [*arguments, "--json"]).stdout)["mapping"]["text"] == "words"
    )
    wrong = CliRunner().invoke(commands, [*arguments[:2], "--map", "words"])
    assert (wrong.exit_code, "write FIELD=COLUMN" in wrong.stderr) == (2, True)


def test_the_api_shows_the_same_and_keeps_nothing(tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path) as store:
        client = create_app(QUIET.with_changes(store=True), FakeAnalyzer(), store).test_client()
        form = {"file": (io.BytesIO(CONTENT.encode()), "a.csv"), "mapping": '{"text": "words"}'}
        answer = client.post("/v1/jobs/preview", data=form)
        assert answer.status_code == 200, answer.text
        body = PreviewResponse.model_validate_json(answer.data)
        assert [row.id for row in body.rows] == [str(n) for n in range(1, 11)]
        assert store.jobs.list() == []
        assert [path for path in (tmp_path / "jobs").rglob("*") if path.is_file()] == []
