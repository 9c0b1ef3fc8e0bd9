"""One table of settings: name, environment variable, default, meaning. Read by cli and api only.

Each field of `Settings` is one row of the table; `SETTINGS` lists the rows for people and for the docs.
The library itself takes its choices as arguments and never reads the environment.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from feedback_nlp.errors import SettingError

__all__ = ["SETTINGS", "SettingRow", "Settings"]

PREFIX = "FEEDBACK_"
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})

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
    """

    name: str
    variable: str
    default: str
    meaning: str


def _words(raw: str) -> str:
    return raw


def _path(raw: str) -> Path | None:
    return Path(raw).expanduser() if raw else None


def _switch(raw: str) -> bool:
    word = raw.lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    raise ValueError("must be one of true, false, yes, no, on, off, 1, 0")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and len(raw) <= 18 and low <= int(raw) <= high):
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return int(raw)

    return parse


def _share(raw: str) -> float | None:
    try:
        share = float(raw) if raw else None
    except ValueError:
        share = -1.0
    if share is not None and not 0.0 < share < 1.0:
        raise ValueError("must be a number between 0 and 1, such as 0.95")
    return share


def _list(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _names(raw: str) -> tuple[str, ...]:
    listed = _list(raw.lower())
    if not all(name == "*" or re.fullmatch("[a-z0-9._-]{1,253}", name) for name in listed):
        raise ValueError(
            "must be names without scheme and port, with commas between, such as feedback.shop.example"
        )
    return listed


def _own_numbers(raw: str) -> tuple[str, ...]:
    listed = _list(raw)
    for part in listed:
        kind, equals, shape = part.partition("=")
        if not (equals and re.fullmatch("[a-z][a-z_]{0,29}", kind.strip()) and shape.strip()):
            raise ValueError("must be kind=shape pairs with commas between, such as order=SO-######")
    return listed


def _regions(raw: str) -> tuple[str, ...]:
    listed = _list(raw)
    if not all(re.fullmatch("[A-Z]{2}", region) for region in listed):
        raise ValueError("must be ISO 3166 codes in capitals with commas between, such as GB,IE")
    return listed


def _row(variable: str, default: Value, parse: Callable[[str], Value], meaning: str) -> Value:
    # Typed as the value it stands for, as dataclasses.field is.
    metadata = {"variable": PREFIX + variable, "parse": parse, "meaning": meaning}
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

    host: str = _row("HOST", "127.0.0.1", _words, "Address that `serve` listens on.")
    port: int = _row("PORT", 8000, _whole(0, 65_535), "Port that `serve` listens on; 0 takes any free one.")
    workers: int = _row(
        "WORKERS", 2, _whole(1, 256), "Processes that answer requests; they share one bundle."
    )
    threads: int = _row("THREADS", 2, _whole(1, 256), "Texts or batches analysed at a time in each process.")
    queue_length: int = _row(
        "QUEUE_LENGTH",
        16,
        _whole(0, 10_000),
        "Requests that may wait in each process; more are answered 503.",
    )
    allow_remote: bool = _row(
        "ALLOW_REMOTE",
        False,
        _switch,
        "Lets `serve` listen on addresses that other machines can reach though there is no key: everybody gets in.",
    )
    allowed_hosts: tuple[str, ...] = _row(
        "ALLOWED_HOSTS",
        (),
        _names,
        "Names by which browsers reach the service, such as feedback.shop.example; * allows all. Addresses, "
        "localhost and the machine's own name need no entry.",
    )
    proxies: int = _row(
        "PROXIES",
        0,
        _whole(0, 10),
        "Proxies in front of the service whose X-Forwarded headers are believed.",
    )
    rate_limit: int = _row(
        "RATE_LIMIT",
        6_000,
        _whole(0, 1_000_000),
        "Requests a minute for each key, or each address without a good key; 0 is no limit. On this machine "
        "without keys there is none.",
    )
    bundle: Path | None = _row(  # noqa: RUF009 (a dataclass field)
        "BUNDLE", None, _path, "Folder of the model bundle; not set means the shipped one."
    )
    precision: float | None = _row(
        "PRECISION",
        None,
        _share,
        "Wanted precision of labels not marked uncertain; not set means the bundle's own threshold.",
    )
    max_body_bytes: int = _row(
        "MAX_BODY_BYTES",
        16_777_216,
        _whole(1_024, 1_073_741_824),
        "Largest request body; larger ones are answered 413.",
    )
    max_text_characters: int = _row(
        "MAX_TEXT_CHARACTERS",
        100_000,
        _whole(1, 10_000_000),
        "Longest text that the API analyses; it is never cut.",
    )
    mask: bool = _row(
        "MASK",
        False,
        _switch,
        "Masks personal data in texts before they are stored or written to scored files.",
    )
    mask_numbers: tuple[str, ...] = _row(
        "MASK_NUMBERS",
        (),
        _own_numbers,
        "Shapes of your own numbers to mask, such as order=SO-######,account=K@-####; # is a digit, @ a letter, "
        "* either.",
    )
    mask_regions: tuple[str, ...] = _row(
        "MASK_REGIONS",
        ("US", "CA", "GB", "IE", "AU", "NZ", "IN", "ZA", "DE", "FR", "ES", "IT", "NL"),
        _regions,
        "Countries whose national phone numbers are known without a word such as call before them.",
    )
    access_log: bool = _row(
        "ACCESS_LOG", True, _switch, "Writes one JSON line a request to standard error; never any text."
    )
    store: bool = _row(
        "STORE",
        True,
        _switch,
        "Keeps feedback that is posted to be kept; false is a service that only scores.",
    )
    data_dir: Path | None = _row(  # noqa: RUF009 (a dataclass field)
        "DATA_DIR",
        None,
        _path,
        "Folder for the SQLite file, uploads and results; not set means the platform's own.",
    )
    database_url: str = _row(
        "DATABASE_URL",
        "",
        _words,
        "Store, such as postgresql://user:password@host:5432/name; not set means an SQLite file in the data folder.",
    )
    retention_days: int = _row(
        "RETENTION_DAYS",
        0,
        _whole(0, 36_500),
        "Days after which feedback, jobs and their files are deleted, by a job every day; 0 keeps everything.",
    )
    job_workers: int = _row(
        "JOB_WORKERS",
        1,
        _whole(0, 64),
        "Processes for background jobs that `serve` starts; 0 leaves the jobs to `feedback-nlp worker`.",
    )
    max_upload_bytes: int = _row(
        "MAX_UPLOAD_BYTES",
        1_073_741_824,
        _whole(1_024, 1_099_511_627_776),
        "Largest file that a job takes; larger ones are answered 413.",
    )
    training_data: Path | None = _row(  # noqa: RUF009 (a dataclass field)
        "TRAINING_DATA", None, _path, "Folder that holds datasets/ and gold/, for training and benchmarks."
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables.

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
        environ = os.environ if environ is None else environ
        rows = {item.metadata["variable"]: item for item in fields(cls)}
        given = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
        for name in sorted(given.keys() - rows.keys()):
            raise _unknown(name, list(rows))
        return cls(**{rows[name].name: _parsed(rows[name], raw) for name, raw in given.items()})

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
                _parsed(item, _typed(given[item.name]))
        return replace(self, **given)


def _typed(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parsed(item: Any, raw: str) -> Any:
    if not raw:  # an empty variable means "not set", as compose files and shells write it
        return item.default
    try:
        return item.metadata["parse"](raw)
    except ValueError as error:
        variable = item.metadata["variable"]
        raise SettingError(
            f"{variable} {error}, but it is {raw[:40]!r}.",
            remedy=f"Default: {_typed(item.default) or 'not set'}.",
        ) from None


def _unknown(name: str, known: list[str]) -> SettingError:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    remedy = f"Did you mean {close[0]}?" if close else f"Known settings: {', '.join(known)}."
    return SettingError(f"There is no setting {name[:80]!r}.", remedy=remedy)


#: The table of settings, in the order of the fields of `Settings`.
SETTINGS: tuple[SettingRow, ...] = tuple(
    SettingRow(item.name, item.metadata["variable"], _typed(item.default), item.metadata["meaning"])
    for item in fields(Settings)
)
