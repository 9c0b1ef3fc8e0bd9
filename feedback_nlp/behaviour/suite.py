"""Read the sentences: TOML files with lexicons, templates and what is expected of them.

A file names its capability and holds ``[lexicons]``, ``[groups.NAME]`` (templates shared by several tests)
and ``[[tests]]``. A test has ``name``, ``about``, ``kind``, and templates in two halves, ``tuning`` and
``held_out`` (or ``group``); then for its kind

* label: ``expect`` (allowed labels; for ``field = "topics"`` the "topic:sentiment" pairs that must be found,
  with ``forbid`` for topics that must not),
* invariance: ``max_change``, and ``change`` (a name of `changes.CHANGES`) or ``vary`` (lexicons whose
  fillers are exchanged) or pairs of templates,
* direction: ``toward`` ("up" or "down"), ``at_least``, optionally ``at_most``, and pairs of templates or
  ``change``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from feedback_nlp.behaviour.cases import FIELDS, SPLITS, BehaviourTest, Case
from feedback_nlp.behaviour.changes import CHANGES
from feedback_nlp.behaviour.expectations import Expectation, LabelIn, Moves, TopicsFound, Unchanged
from feedback_nlp.behaviour.limits import load_limits
from feedback_nlp.behaviour.templates import Template, expand, with_other_fillers
from feedback_nlp.errors import InputError
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS

__all__ = ["CASES_A_HALF", "load_suite", "read_tests", "suite_digest"]

#: Cases sampled for each half of a test.
CASES_A_HALF = 50
_SHARED = "shared.toml"


def load_suite() -> tuple[BehaviourTest, ...]:
    """Return all tests of the package in the order of their files.

    Raises
    ------
    InputError
        A file, a test or a limit cannot be used, or two tests have one name.
    """
    folder = files("feedback_nlp.behaviour").joinpath("sentences")
    contents = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir()}
    shared = contents.pop(_SHARED)
    tests = [
        test for name in sorted(contents) for test in read_tests(contents[name], source=name, shared=shared)
    ]
    names = [test.name for test in tests]
    repeated = {name for name in names if names.count(name) > 1} | (load_limits().tests.keys() - set(names))
    if repeated:
        raise InputError(f"Behaviour test {min(repeated)!r} is named twice, or only in limits.toml.")
    return tuple(tests)


def read_tests(content: str, *, source: str, shared: str = "") -> list[BehaviourTest]:
    """Build the tests of one TOML file.

    Parameters
    ----------
    content : str
        The file's text.
    source : str
        Its name, for messages.
    shared : str, default=""
        Text of another file whose lexicons and groups may be used.

    Raises
    ------
    InputError
        The file is not TOML or a test is incomplete; the message names file, test and key.

    Examples
    --------
    >>> tests = read_tests('''
    ... capability = "thanks"
    ... [lexicons]
    ... who = ["the driver", "the shop"]
    ... [[tests]]
    ... name = "thanks"
    ... about = "Thanks are praise."
    ... kind = "label"
    ... expect = ["positive"]
    ... tuning = ["Thanks to {who}!"]
    ... held_out = ["{Who} deserves my thanks."]
    ... ''', source="thanks.toml")
    >>> len(tests[0].cases)
    4
    """
    try:
        document, base = tomllib.loads(content), tomllib.loads(shared)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{source}: not valid TOML: {problem}.") from None
    lexicons = base.get("lexicons", {}) | document.get("lexicons", {})
    groups = base.get("groups", {}) | document.get("groups", {})
    limits = load_limits()
    tests = []
    for entry in document.get("tests", []):
        try:
            halves = groups[entry["group"]] if "group" in entry else entry
            cases = tuple(case for split in SPLITS for case in _cases(entry, halves[split], lexicons, split))
            tests.append(_test(document["capability"], entry, cases, limits.of(entry["name"])))
        except KeyError as missing:
            raise InputError(
                f"{source}: test {entry.get('name')!r} has no {missing}, or not a known one."
            ) from None
        except InputError as problem:
            raise InputError(f"{source}: test {entry.get('name')!r}: {problem}") from None
    return tests


def suite_digest(tests: Sequence[BehaviourTest]) -> str:
    """Return the SHA-256 of all names and texts: two runs with one digest were asked the same."""
    digest = hashlib.sha256()
    for test in tests:
        for case in test.cases:
            digest.update("\x1f".join((test.name, case.split, *case.texts)).encode() + b"\x1e")
    return digest.hexdigest()


def _test(capability: str, entry: Mapping[str, Any], cases: tuple[Case, ...], limit: float) -> BehaviourTest:
    return BehaviourTest(
        name=entry["name"],
        capability=capability,
        about=entry["about"],
        kind=entry["kind"],
        field=entry.get("field", "sentiment"),
        expectation=_expectation(entry),
        limit=limit,
        cases=cases,
        rough=entry.get("rough", False),
    )


def _expectation(entry: Mapping[str, Any]) -> Expectation:
    if entry["kind"] == "label":
        return _label_expectation(entry)
    if entry["kind"] == "invariance":
        return Unchanged(max_change=entry["max_change"])
    if entry["kind"] == "direction" and entry["toward"] in ("up", "down"):
        return Moves(entry["toward"], at_least=entry["at_least"], at_most=entry.get("at_most", 2.0))
    raise InputError(
        f"kind {entry['kind']!r} is unknown.", remedy="Use label, invariance, or direction up or down."
    )


def _label_expectation(entry: Mapping[str, Any]) -> Expectation:
    field = entry.get("field", "sentiment")
    if field not in FIELDS:
        raise InputError(f"field {field!r} is unknown.", remedy=f"Use one of {', '.join(FIELDS)}.")
    if field == "topics":
        pairs = tuple((topic, sign) for topic, _, sign in (pair.partition(":") for pair in entry["expect"]))
        forbidden = frozenset(TOPICS) if entry.get("forbid") == "all" else frozenset(entry.get("forbid", ()))
        _refuse_unknown(forbidden | {topic for topic, _ in pairs}, TOPICS)
        _refuse_unknown({sign for _, sign in pairs}, (*SENTIMENTS, "any"))
        return TopicsFound(pairs, forbidden)
    _refuse_unknown(set(entry["expect"]), SENTIMENTS if field == "sentiment" else KINDS)
    return LabelIn(field, frozenset(entry["expect"]))


def _refuse_unknown(labels: set[str] | frozenset[str], known: Sequence[str]) -> None:
    unknown = sorted(labels - set(known))
    if unknown:
        raise InputError(f"label {unknown[0]!r} is unknown.", remedy=f"Use one of {', '.join(known)}.")


def _cases(
    entry: Mapping[str, Any], templates: Sequence[Any], lexicons: Mapping[str, Sequence[str]], split: str
) -> Iterator[Case]:
    written = [_template(entry, template) for template in templates]
    key = f"{entry['name']}/{split}"
    for index, texts in expand(written, lexicons, CASES_A_HALF, key):
        changed = (
            CHANGES[entry["change"]](texts[0]) if "change" in entry else texts[1] if len(texts) > 1 else None
        )
        if changed != texts[0]:  # a change that finds nothing to change asks nothing
            yield Case(texts[0], changed, split, index)


def _template(entry: Mapping[str, Any], template: str | Sequence[str]) -> Template:
    if isinstance(template, str):
        return with_other_fillers(template, entry["vary"]) if "vary" in entry else (template,)
    return tuple(template)
