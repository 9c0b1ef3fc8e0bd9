"""One table of settings: name, environment variable, default, meaning. Read by cli and api only.

Each field of `Settings` is one row of the table; `SETTINGS` lists the rows for people and for the docs.
The library itself takes its choices as arguments and never reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from feedback_nlp import setting_values as take
from feedback_nlp.errors import SettingError
from feedback_nlp.setting_file import read_settings_file, unknown_setting
from feedback_nlp.setting_values import typed, without_password

__all__ = ["SETTINGS", "SettingRow", "Settings"]

PREFIX = "FEEDBACK_"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One row of the table of settings.

    Parameters
    ----------
    name : str
        Attribute of `Settings`.
    variable : str
        Environment variable that sets it.
    default : str
        The default as one would type it; empty means "not set".
    meaning : str
        What it does, in one sentence.
    is_secret : bool, default=False
        Whether a value may hold a password.
    """

    name: str
    variable: str
    default: str
    meaning: str
    is_secret: bool = False

    def shown(self, value: object) -> str:
        """Return a value as one would type it, without a password in it; empty for "not set"."""
        return without_password(typed(value)) if self.is_secret else typed(value)


def _row(
    variable: str, default: Value, parse: Callable[[str], Value], meaning: str, *, is_secret: bool = False
) -> Value:
    # Typed as the value it stands for, as dataclasses.field is.
    metadata = {
        "variable": PREFIX + variable,
        "parse": parse,
        "meaning": meaning,
        "is_secret": is_secret,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run of the program was told, by environment variable or argument.

    Every field has a legal default. `Settings.from_environment()` reads the variables; `with_changes` lays
    command-line choices over them.

    Examples
    --------
    >>> Settings.from_environment({"FEEDBACK_PORT": "9000"}).port
    9000
    """

    config: Path | None = _row(  # noqa: RUF009 (a dataclass field)
        "CONFIG",
        None,
        take.path,
        "TOML file with settings, such as `port = 9000`; a variable comes before the file.",
    )
    host: str = _row("HOST", "127.0.0.1", take.words, "Address that `serve` listens on.")
    port: int = _row(
        "PORT", 8000, take.whole(0, 65_535), "Port that `serve` listens on; 0 takes any free one."
    )
    workers: int = _row(
        "WORKERS", 2, take.whole(1, 256), "Processes that answer requests; they share one bundle."
    )
    threads: int = _row(
        "THREADS", 2, take.whole(1, 256), "Texts or batches analysed at a time in each process."
    )
    queue_length: int = _row(
        "QUEUE_LENGTH",
        16,
        take.whole(0, 10_000),
        "Requests that may wait in each process; more are answered 503.",
    )
    allow_remote: bool = _row(
        "ALLOW_REMOTE",
        False,
        take.switch,
        "Lets `serve` listen on addresses that other machines can reach though there is no key: everybody gets in.",
    )
    allowed_hosts: tuple[str, ...] = _row(
        "ALLOWED_HOSTS",
        (),
        take.names,
        "Names by which browsers reach the service, such as feedback.shop.example; * allows all. Addresses, "
        "localhost and the machine's own name need no entry.",
    )
    proxies: int = _row(
        "PROXIES",
        0,
        take.whole(0, 10),
        "Proxies in front of the service whose X-Forwarded headers are believed.",
    )
    rate_limit: int = _row(
        "RATE_LIMIT",
        6_000,
        take.whole(0, 1_000_000),
        "Requests a minute for each key, or each address without a good key; 0 is no limit. On this machine "
        "without keys there is none.",
    )
    bundle: Path | None = _row(  # noqa: RUF009 (a dataclass field)
        "BUNDLE",
        None,
        take.path,
        "Folder of the model bundle; not set means the shipped one. A service begins with it.",
    )
    precision: float | None = _row(
        "PRECISION",
        None,
        take.share,
        "Wanted precision of labels not marked uncertain; not set means the bundle's own threshold.",
    )
    max_body_bytes: int = _row(
        "MAX_BODY_BYTES",
        16_777_216,
        take.whole(1_024, 1_073_741_824),
        "Largest request body; larger ones are answered 413.",
    )
    max_text_characters: int = _row(
        "MAX_TEXT_CHARACTERS",
        100_000,
        take.whole(1, 10_000_000),
        "Longest text that the API analyses; it is never cut.",
    )
    mask: bool = _row(
        "MASK",
        False,
        take.switch,
        "Masks personal data in texts before they are stored or written to scored files.",
    )
    mask_numbers: tuple[str, ...] = _row(
        "MASK_NUMBERS",
        (),
        take.own_numbers,
        "Shapes of your own numbers to mask, such as order=SO-######,account=K@-####; # is a digit, @ a letter, "
        "* either.",
    )
    mask_regions: tuple[str, ...] = _row(
        "MASK_REGIONS",
        ("US", "CA", "GB", "IE", "AU", "NZ", "IN", "ZA", "DE", "FR", "ES", "IT", "NL"),
        take.regions,
        "Countries whose national phone numbers are known without a word such as call before them.",
    )
    access_log: bool = _row(
        "ACCESS_LOG", True, take.switch, "Writes one JSON line a request to standard error; never any text."
    )
    store: bool = _row(
        "STORE",
        True,
        take.switch,
        "Keeps feedback that is posted to be kept; false is a service that only scores.",
    )
    data_dir: Path | None = _row(  # noqa: RUF009 (a dataclass field)
        "DATA_DIR",
        None,
        take.path,
        "Folder for the SQLite file, uploads and results; not set means the platform's own.",
    )
    database_url: str = _row(
        "DATABASE_URL",
        "",
        take.words,
        "Store, such as postgresql://user:password@host:5432/name; not set means an SQLite file in the data folder.",
        is_secret=True,
    )
    retention_days: int = _row(
        "RETENTION_DAYS",
        0,
        take.whole(0, 36_500),
        "Days after which feedback, jobs and their files are deleted, by a job every day; 0 keeps everything.",
    )
    job_workers: int = _row(
        "JOB_WORKERS",
        1,
        take.whole(0, 64),
        "Processes for background jobs that `serve` starts; 0 leaves the jobs to `feedback-nlp worker`.",
    )
    max_upload_bytes: int = _row(
        "MAX_UPLOAD_BYTES",
        1_073_741_824,
        take.whole(1_024, 1_099_511_627_776),
        "Largest file that a job takes; larger ones are answered 413.",
    )
    api_key: str = _row(
        "API_KEY",
        "",
        take.words,
        "Key that `feedback_nlp.client` shows to a service; the service itself reads none from here.",
        is_secret=True,
    )
    training_data: Path | None = _row(  # noqa: RUF009 (a dataclass field)
        "TRAINING_DATA",
        None,
        take.path,
        "Folder that holds datasets/ and gold/, for training and benchmarks.",
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables, and from the file that FEEDBACK_CONFIG names.

        Parameters
        ----------
        environ : mapping of str to str, optional
            Default: the environment of this run.

        Raises
        ------
        SettingError
            For a value that is not legal, and for a name with our prefix that is not in the table: a
            misspelt setting that is silently ignored is a fault nobody finds.
        """
        return cls(**{name: _parsed(*given) for name, given in _given(environ).items()})

    @classmethod
    def origins(cls, environ: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return where each setting comes from: its variable, the file's path, or "default".

        Parameters
        ----------
        environ : mapping of str to str, optional
            Default: the environment of this run.

        Raises
        ------
        SettingError
            As for `from_environment`.
        """
        given = _given(environ)
        return {item.name: given[item.name][2] if item.name in given else "default" for item in fields(cls)}

    def with_changes(self, **changes: Any) -> Settings:
        """Return these settings with other values; those that are None are left as they were.

        Raises
        ------
        SettingError
            For a value out of its range.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        for item in fields(self):
            if item.name in given:
                _parsed(item, typed(given[item.name]))
        return replace(self, **given)


Given = tuple[Any, str, str]


def _given(environ: Mapping[str, str] | None) -> dict[str, Given]:
    """Return what is set, by name: its field, the words, and the variable or file that says so."""
    environ = os.environ if environ is None else environ
    rows = {item.metadata["variable"]: item for item in fields(Settings)}
    given = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
    for name in sorted(given.keys() - rows.keys()):
        raise unknown_setting(name, list(rows))
    # An empty variable means "not set", as compose files and shells write it.
    variables = {rows[name].name: (rows[name], raw, name) for name, raw in given.items() if raw}
    if "config" not in variables:
        return variables
    file = _parsed(*variables["config"])
    named = {item.name: item for item in fields(Settings) if item.name != "config"}
    written = read_settings_file(file, list(named))
    return {name: (named[name], raw, str(file)) for name, raw in written.items()} | variables


def _parsed(item: Any, raw: str, place: str | None = None) -> Any:
    """Return the value of words; `place` is the variable or the file that they stand in."""
    if not raw:
        return item.default
    try:
        return item.metadata["parse"](raw)
    except ValueError as error:
        variable = item.metadata["variable"]
        where = variable if place in (None, variable) else f"{item.name} in {place}"
        raise SettingError(
            f"{where} {error}, but it is {raw[:40]!r}.",
            remedy=f"Default: {typed(item.default) or 'not set'}.",
        ) from None


#: The table of settings, in the order of the fields of `Settings`.
SETTINGS: tuple[SettingRow, ...] = tuple(
    SettingRow(
        item.name,
        item.metadata["variable"],
        typed(item.default),
        item.metadata["meaning"],
        item.metadata["is_secret"],
    )
    for item in fields(Settings)
)
