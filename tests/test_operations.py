"""The handbook, the container and the compose file name only what there is."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from feedback_nlp.cli import commands
from feedback_nlp.settings import Settings
from tests.test_docs import blocks

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return the compose file with its variables as a shell would fill them in."""
    written = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    filled = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{POSTGRES_PASSWORD:\?[^}]*\}", "pa55", written))
    assert "${" not in filled
    found: dict[str, Any] = yaml.safe_load(filled)
    return found


def test_settings_of_the_containers_are_legal(compose: dict[str, Any]) -> None:
    in_image = dict(re.findall(r"(FEEDBACK_\w+)=(\S+)", DOCKERFILE))
    for name in ("service", "worker"):
        settings = Settings.from_environment({**in_image, **compose["services"][name]["environment"]})
        assert settings.database_url == "postgresql://feedback:pa55@database:5432/feedback"
        assert (settings.host, settings.job_workers) == ("0.0.0.0", 0)  # noqa: S104
        assert f"files:{settings.data_dir}" in compose["services"][name]["volumes"]


def test_containers_have_few_rights_and_time_to_stop(compose: dict[str, Any]) -> None:
    for name in ("service", "worker"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["stop_grace_period"] == "35s"
        assert parsed(shlex.join(service["command"]))
    assert compose["services"]["service"]["ports"] == ["127.0.0.1:8000:8000"]
    assert compose["services"]["worker"]["deploy"]["replicas"] == 2


def test_the_image_copies_what_there_is_and_runs_without_root() -> None:
    copied = [
        word
        for line in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for word in line.split()
    ]
    assert set(copied) >= {"requirements.txt", "requirements-postgres.txt", "api", "feedback_nlp"}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored
    assert DOCKERFILE.count("pip install") == DOCKERFILE.count("--require-hashes") + DOCKERFILE.count(
        "--no-index"
    )
    assert DOCKERFILE.index("\nUSER feedback") < DOCKERFILE.index("\nCMD")


def test_the_driver_is_pinned_with_hashes() -> None:
    pinned = (ROOT / "requirements-postgres.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([\w-]+)==", pinned, re.MULTILINE)
    assert set(names) >= {"psycopg", "psycopg-binary"}
    assert len(re.split(r"^\S+==", pinned, flags=re.MULTILINE)[1:]) == len(names)
    assert all("--hash=sha256:" in part for part in re.split(r"^\S+==", pinned, flags=re.MULTILINE)[1:])


def parsed(line: str) -> bool:
    """Parse a command of ours as the program would, without running it."""
    program, *arguments = shlex.split(line.partition(" >")[0])
    assert program == "feedback-nlp"
    command: click.Command = commands
    context = None
    while isinstance(command, click.Group):
        name, *arguments = arguments
        context = click.Context(command, parent=context, **command.context_settings)
        found = command.get_command(context, name)
        assert found is not None, line
        command = found
    command.make_context(command.name, arguments, parent=context)
    return True


def test_commands_of_the_handbook_exist() -> None:
    lines = [
        line.partition("feedback-nlp ")[2]
        for page, block in blocks("text")
        if page == "operations.md"
        for line in block.splitlines()
        if line.startswith("$ ") and "feedback-nlp " in line
    ]
    assert len(lines) >= 6
    assert all(parsed(f"feedback-nlp {line}") for line in lines)


def test_the_settings_file_of_the_handbook_is_legal(tmp_path: Path) -> None:
    (written,) = (block for page, block in blocks("toml") if page == "operations.md")
    file = tmp_path / "feedback.toml"
    file.write_text(written)
    settings = Settings.from_environment({"FEEDBACK_CONFIG": str(file)})
    assert (settings.job_workers, settings.mask) == (0, True)
    assert {
        name
        for name, origin in Settings.origins({"FEEDBACK_CONFIG": str(file)}).items()
        if origin == str(file)
    } == set(tomllib.loads(written))
