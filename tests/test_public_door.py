"""The names that `feedback_nlp` shows, and that showing them costs nothing."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import feedback_nlp
import feedback_nlp.errors
import feedback_nlp.records

HEAVY = ("spacy", "sklearn", "pandas", "numpy", "pyarrow", "flask", "click")


def test_the_names_are_sorted_and_there() -> None:
    assert feedback_nlp.__all__ == sorted(feedback_nlp.__all__)
    assert dir(feedback_nlp) == feedback_nlp.__all__
    for name in feedback_nlp.__all__:
        assert getattr(feedback_nlp, name) is not None


def test_the_door_shows_these_names() -> None:
    verbs_and_classes = {name for name in feedback_nlp.__all__ if not name.endswith("Error")}
    assert verbs_and_classes == {
        "Analysis",
        "Analyzer",
        "Contribution",
        "Feedback",
        "ModelId",
        "RejectedRow",
        "SentenceSentiment",
        "TopicFinding",
        "__version__",
        "score_file",
    }


def test_every_error_can_be_caught_from_the_door() -> None:
    shown = {name for name in feedback_nlp.__all__ if name.endswith("Error")}
    assert shown == set(feedback_nlp.errors.__all__)
    assert all(issubclass(getattr(feedback_nlp, name), feedback_nlp.FeedbackError) for name in shown)


def test_names_are_the_same_objects_as_in_their_modules() -> None:
    assert feedback_nlp.Feedback is feedback_nlp.records.Feedback
    assert feedback_nlp.InputError is feedback_nlp.errors.InputError
    assert feedback_nlp.Analyzer.__module__ == "feedback_nlp.analyzer"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'feedback_nlp' has no attribute 'Analizer'"):
        feedback_nlp.Analizer  # noqa: B018


def test_import_star_brings_the_names() -> None:
    names: dict[str, object] = {}
    exec("from feedback_nlp import *", names)  # noqa: S102 - the statement is the subject
    assert set(feedback_nlp.__all__) <= set(names)


@pytest.mark.parametrize("module", ["feedback_nlp", "feedback_nlp.cli", "feedback_nlp.settings"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    importlib.import_module(module)
    heavy = set(HEAVY) - ({"click"} if module.endswith("cli") else set())
    program = f"import sys, {module}; print(sorted({heavy!r} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
