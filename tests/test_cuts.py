"""spaCy's answers that the package holds, and what is spared by them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from feedback_nlp import cuts
from feedback_nlp.chunks import ChunkTable
from feedback_nlp.cuts import KnownCuts
from feedback_nlp.preprocess import build_tokenizer
from feedback_nlp.splitting import split_texts

_ONE_TEXT = """
import sys
from feedback_nlp import Analyzer
def heavy():
    return sorted({"spacy", "sklearn", "scipy.stats", "pandas", "py3langid"} & set(sys.modules))

analyzer = Analyzer.load()
one = analyzer.analyze("My card was declined twice, I can't pay!")
print(one.sentiment, *heavy())
print(len(analyzer.analyze("My card was declined twice, I can't pay!", explain=True).explanation) > 0, *heavy())
"""


def test_the_answers_held_are_those_of_the_installed_spacy() -> None:
    # After a change: python -m feedback_nlp.cuts
    assert KnownCuts.read() == KnownCuts.ask(build_tokenizer())


def test_answers_of_another_spacy_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "version", lambda name: "0.0.0")
    assert KnownCuts.read() is None
    table = ChunkTable(None, [], lambda: None)
    assert table.spans(int(table.look_up(split_texts(["can't"]))[0])) == [(0, 2), (2, 5)]


def test_answers_held_are_written_as_they_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held = KnownCuts.read()
    assert held is not None
    monkeypatch.setattr(cuts, "_PATH", tmp_path / "cuts.json")
    held.write()
    assert KnownCuts.read() == held
    assert set(json.loads((tmp_path / "cuts.json").read_text())) == {"spacy", "cuts"}


def test_a_service_starts_without_what_trains_models() -> None:
    program = "import sys, api.server; print(*sorted({'spacy', 'sklearn', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_text_of_usual_words_needs_neither_spacy_nor_scikit_learn_and_reasons_need_spacy_only() -> None:
    done = subprocess.run([sys.executable, "-c", _ONE_TEXT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["negative", "True spacy"]
