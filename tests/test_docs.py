"""The pages say what the program does: their examples run, their tables and help texts are the real ones."""

from __future__ import annotations

import io
import itertools
import json
import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api import create_app
from feedback_nlp import Analyzer
from feedback_nlp.cli import commands
from feedback_nlp.errors import FeedbackError
from feedback_nlp.records import SCORED_COLUMNS
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str) -> list[tuple[str, str]]:
    """Return (page, text) of every fenced block of a language."""
    fence = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [(page.name, block) for page in PAGES for block in fence.findall(page.read_text(encoding="utf-8"))]


CONSOLE = [
    (page, line[2:]) for page, block in blocks("console") for line in block.splitlines() if line[:2] == "$ "
]
REQUESTS = [
    (page, request)
    for page, block in blocks("sh")
    for request in block.replace("\\\n", " ").splitlines()
    if request.startswith("curl ")
]


@pytest.mark.parametrize(("page", "line"), CONSOLE)
def test_console_examples_run(page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(line)
    assert program == "feedback-nlp"
    ended = CliRunner().invoke(commands, arguments)
    assert ended.exit_code == 0, ended.output


@pytest.mark.parametrize(("page", "block"), blocks("python"))
def test_python_examples_run(page: str, block: str) -> None:
    exec(compile(block, page, "exec"), {"__name__": "example"})  # noqa: S102 - our own pages


@pytest.mark.parametrize("page", sorted({page for page, _ in REQUESTS}))
def test_curl_examples_are_answered(page: str, analyzer: Analyzer, tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path) as store:
        client = create_app(Settings(access_log=False), analyzer, store).test_client()
        for words in (shlex.split(request) for of, request in REQUESTS if of == page):
            path = next(word for word in words if word.startswith("http://127.0.0.1:8000")).partition(
                ":8000"
            )[2]
            if "-d" in words:
                answer = client.post(path, json=json.loads(words[words.index("-d") + 1]))
            elif "-F" in words:
                answer = client.post(path, data=form_of(words))
            else:
                method = words[words.index("-X") + 1] if "-X" in words else "GET"
                answer = client.open(path, method=method)
            assert answer.status_code in (200, 201, 202), answer.text


def form_of(words: list[str]) -> dict[str, Any]:
    """Return the form that curl would send."""
    given = [word for option, word in itertools.pairwise(words) if option == "-F"]
    fields: dict[str, Any] = dict(field.split("=", 1) for field in given)
    for name, value in fields.items():
        if value.startswith("@"):
            fields[name] = (io.BytesIO((ROOT / value[1:]).read_bytes()), value)
    return fields


def test_the_pages_hold_examples_of_each_sort() -> None:
    assert len(CONSOLE) >= 5
    assert len(REQUESTS) >= 5
    assert {page for page, _ in blocks("python")} >= {"README.md", "bundles.md"}


def test_help_texts_and_settings_are_the_real_ones() -> None:
    reference = ROOT / "docs" / "cli.md"
    render = runpy.run_path(str(ROOT / "docs" / "write_cli_reference.py"))["render"]
    page = reference.read_text(encoding="utf-8")
    assert page == render(page), "run `make docs`"


def test_every_command_and_option_has_its_help_on_the_page() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in commands.commands if f"$ feedback-nlp {name} --help" not in page] == []


def test_every_exit_code_is_on_the_page_and_in_the_help() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert listed == {0, 2, 130} | {error.exit_code for error in all_errors(FeedbackError)}
    assert {int(code) for code in re.findall(r"\d+", str(commands.help))} == listed


def all_errors(root: type[FeedbackError]) -> list[type[FeedbackError]]:
    return [root, *(error for child in root.__subclasses__() for error in all_errors(child))]


def test_every_column_of_a_scored_file_is_described() -> None:
    page = (ROOT / "docs" / "scored-files.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| (fb_\w+) \|", page, re.MULTILINE)) == SCORED_COLUMNS


@pytest.mark.parametrize("page", ["reliability.md", "security.md"])
def test_promises_name_tests_that_there_are(page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    _, _, table = written.partition("| promise | how")
    rows = table.partition("\n\n")[0].splitlines()[2:]
    assert len(rows) >= 10
    assert [row for row in rows if "tests/test_" not in row and "the same test" not in row] == []
    named = set(re.findall(r"(?:tests|benchmarks)/\w+\.py", written))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
