"""The table of settings: defaults, parsing, unknown names."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from feedback_nlp.errors import SettingError
from feedback_nlp.settings import SETTINGS, Settings


def test_defaults_are_those_of_the_contract() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.max_text_characters == 100_000
    assert settings.bundle is None
    assert settings.precision is None
    assert settings.allow_remote is False


def test_variables_of_other_programs_are_left_alone() -> None:
    assert Settings.from_environment({"PORT": "1", "HOME": "/nowhere"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "raw", "name", "value"),
    [
        ("FEEDBACK_CONFIG", "", "config", None),
        ("FEEDBACK_HOST", " ::1 ", "host", "::1"),
        ("FEEDBACK_PORT", "0", "port", 0),
        ("FEEDBACK_WORKERS", "4", "workers", 4),
        ("FEEDBACK_THREADS", "1", "threads", 1),
        ("FEEDBACK_QUEUE_LENGTH", "0", "queue_length", 0),
        ("FEEDBACK_ALLOW_REMOTE", "Yes", "allow_remote", True),
        ("FEEDBACK_ALLOW_REMOTE", "off", "allow_remote", False),
        ("FEEDBACK_BUNDLE", "models/ours", "bundle", Path("models/ours")),
        ("FEEDBACK_PRECISION", "0.9", "precision", 0.9),
        ("FEEDBACK_MAX_BODY_BYTES", "2048", "max_body_bytes", 2048),
        ("FEEDBACK_MAX_TEXT_CHARACTERS", "10", "max_text_characters", 10),
        ("FEEDBACK_MASK", "on", "mask", True),
        (
            "FEEDBACK_MASK_NUMBERS",
            "order=SO-####, account=K##",
            "mask_numbers",
            ("order=SO-####", "account=K##"),
        ),
        ("FEEDBACK_MASK_REGIONS", "GB,IE", "mask_regions", ("GB", "IE")),
        ("FEEDBACK_ACCESS_LOG", "0", "access_log", False),
        ("FEEDBACK_JOB_WORKERS", "0", "job_workers", 0),
        ("FEEDBACK_MAX_UPLOAD_BYTES", "4096", "max_upload_bytes", 4096),
        ("FEEDBACK_API_KEY", "fnlp_x", "api_key", "fnlp_x"),
        ("FEEDBACK_TRAINING_DATA", "/srv/texts", "training_data", Path("/srv/texts")),
        ("FEEDBACK_PORT", "", "port", 8000),
    ],
)
def test_each_variable_sets_its_field(variable: str, raw: str, name: str, value: object) -> None:
    assert getattr(Settings.from_environment({variable: raw}), name) == value


def test_every_field_is_covered_by_the_test_above_and_the_table() -> None:
    assert [row.name for row in SETTINGS] == [item.name for item in fields(Settings)]
    assert all(row.variable == f"FEEDBACK_{row.name.upper()}" for row in SETTINGS)
    assert all(row.meaning.endswith(".") for row in SETTINGS)


def test_the_defaults_in_the_table_can_be_typed_back() -> None:
    typed = {row.variable: row.default for row in SETTINGS}
    assert Settings.from_environment(typed) == Settings()


@pytest.mark.parametrize(
    ("variable", "raw", "message"),
    [
        ("FEEDBACK_PORT", "80a", "FEEDBACK_PORT must be a whole number from 0 to 65,535, but it is '80a'."),
        ("FEEDBACK_PORT", "70000", "FEEDBACK_PORT must be a whole number from 0 to 65,535"),
        ("FEEDBACK_PORT", "-1", "FEEDBACK_PORT must be a whole number"),
        ("FEEDBACK_PORT", "٣", "FEEDBACK_PORT must be a whole number"),
        ("FEEDBACK_PORT", "9" * 5000, "FEEDBACK_PORT must be a whole number"),
        ("FEEDBACK_WORKERS", "0", "FEEDBACK_WORKERS must be a whole number from 1 to 256"),
        ("FEEDBACK_ALLOW_REMOTE", "maybe", "FEEDBACK_ALLOW_REMOTE must be one of true, false"),
        ("FEEDBACK_PRECISION", "1", "FEEDBACK_PRECISION must be a number between 0 and 1"),
        ("FEEDBACK_PRECISION", "nan", "FEEDBACK_PRECISION must be a number between 0 and 1"),
        ("FEEDBACK_MASK_NUMBERS", "SO-####", "FEEDBACK_MASK_NUMBERS must be kind=shape pairs"),
        ("FEEDBACK_MASK_REGIONS", "gb", "FEEDBACK_MASK_REGIONS must be ISO 3166 codes in capitals"),
        ("FEEDBACK_PRECISION", "high", "FEEDBACK_PRECISION must be a number between 0 and 1"),
    ],
)
def test_an_illegal_value_names_variable_value_and_default(variable: str, raw: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({variable: raw})
    assert str(caught.value).startswith(message)
    assert "Default: " in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_misspelt_name_is_refused_with_the_closest_one() -> None:
    with pytest.raises(SettingError, match=r"no setting 'FEEDBACK_PROT'\. Did you mean FEEDBACK_PORT\?"):
        Settings.from_environment({"FEEDBACK_PROT": "8000"})


def test_a_name_like_no_other_is_refused_with_the_whole_list() -> None:
    with pytest.raises(
        SettingError, match=r"Known settings: FEEDBACK_CONFIG, FEEDBACK_HOST, FEEDBACK_PORT, "
    ):
        Settings.from_environment({"FEEDBACK_ZZZZZZZZZZ": "1"})


def test_arguments_are_laid_over_the_environment_and_checked_alike() -> None:
    settings = Settings.from_environment({"FEEDBACK_PORT": "9000", "FEEDBACK_WORKERS": "3"})
    changed = settings.with_changes(port=9001, workers=None)
    assert (changed.port, changed.workers) == (9001, 3)
    with pytest.raises(SettingError, match="FEEDBACK_PORT must be a whole number"):
        settings.with_changes(port=99_999)


# -- the file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feedback.toml"


def test_a_file_sets_what_no_variable_does(file: Path) -> None:
    file.write_text(
        """
        port = 9000
        mask = true
        mask_regions = ["GB", "IE"]
        precision = 0.9
        data_dir = "/srv/feedback"
        """
    )
    environ = {"FEEDBACK_CONFIG": str(file), "FEEDBACK_PORT": "9001", "FEEDBACK_MASK": ""}
    settings = Settings.from_environment(environ)
    assert (settings.port, settings.mask, settings.mask_regions) == (9001, True, ("GB", "IE"))
    assert (settings.precision, settings.data_dir) == (0.9, Path("/srv/feedback"))
    origins = Settings.origins(environ)
    assert {name: origin for name, origin in origins.items() if origin != "default"} == {
        "config": "FEEDBACK_CONFIG",
        "port": "FEEDBACK_PORT",
        "mask": str(file),
        "mask_regions": str(file),
        "precision": str(file),
        "data_dir": str(file),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("port = 70000", "port in FILE must be a whole number from 0 to 65,535, but it is '70000'."),
        ('port = "x"', "port in FILE must be a whole number"),
        ("prot = 1", "There is no setting 'prot' in FILE. Did you mean port?"),
        ('config = "other.toml"', "There is no setting 'config' in FILE."),
        ("[server]\nport = 1", "There is no setting 'server' in FILE."),
        ("host = 2025-01-01", "host in FILE is neither words, a number"),
        ("mask_regions = [1]", "mask_regions in FILE is neither words, a number"),
        ("port = ", "FILE is not TOML: Invalid value (at end of document)."),
        (None, "Cannot read FILE: No such file or directory."),
    ],
)
def test_a_fault_of_the_file_names_it(file: Path, content: str | None, message: str) -> None:
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({"FEEDBACK_CONFIG": str(file)})
    assert str(caught.value).replace(str(file), "FILE").startswith(message)


def test_a_password_is_not_shown() -> None:
    rows = {row.name: row for row in SETTINGS}
    shown = rows["database_url"].shown("postgresql://shop:s3cret@db/feedback?sslmode=require")
    assert shown == "postgresql://shop:***@db/feedback?sslmode=require"
    assert rows["host"].shown("::1") == "::1"
    assert rows["api_key"].shown("fnlp_4k2m9x1a_secret") == "***"
    assert [row.name for row in SETTINGS if row.is_secret] == ["database_url", "api_key"]
