"""Answers of the API as JSON text, straight from analyses: what `json.dumps(analysis.to_dict(id=...))` says, faster.

Half the price of an answer was the dicts it was put together from. Figures have four decimals, so each is one of twenty
thousand texts, made once and looked up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final

from feedback_nlp.rendering import contribution_dict, whole_figures

if TYPE_CHECKING:
    from feedback_nlp.records import Analysis, ModelId, SentenceSentiment, TopicFinding

__all__ = ["answer_texts"]

_UNITS: Final = 10_000
#: Texts of the ten-thousandths from 0 to 1, behind them of those from -1 on, for negative places.
_FIGURES: Final = tuple(repr(number / _UNITS) for number in (*range(_UNITS + 1), *range(-_UNITS, 0)))


def answer_texts(analyses: Sequence[Analysis], ids: Sequence[str | None]) -> list[str]:
    """Return one JSON object an analysis.

    Parameters
    ----------
    analyses : sequence of Analysis
    ids : sequence of (str or None)
        The callers' identifiers, one an analysis.

    Examples
    --------
    >>> from feedback_nlp import Analyzer
    >>> analysis = Analyzer.load().analyze("Card was declined.")
    >>> json.loads(answer_texts([analysis], ["T-1"])[0]) == analysis.to_dict(id="T-1")
    True
    """
    return [_answer(one, id) for one, id in zip(analyses, ids, strict=True)]


def _answer(one: Analysis, id: str | None) -> str:
    flags = _dumped(one.flags) if one.flags else "[]"
    warnings = _dumped(one.warnings) if one.warnings else "[]"
    own = _own_labels(one)
    return (
        f'{{"id":{_text(id)},"status":"{one.status}","language":{{"code":{_text(one.language)},'
        f'"confidence":{_figure(one.language_confidence)}}},{_labels(one)},"flags":{flags},"warnings":{warnings},'
        f'"model":{_model(one.model)}{own}}}'
    )


def _labels(one: Analysis) -> str:
    if one.status != "ok":
        return '"sentiment":null,"kind":null,"topics":null,"sentences":null,"explanation":null'
    negative, neutral, positive, confidence = whole_figures(one)
    explanation = _dumped([contribution_dict(part) for part in one.explanation]) if one.explanation else "[]"
    return (
        f'"sentiment":{{"label":"{one.sentiment}","score":{_FIGURES[positive - negative]},'
        f'"confidence":{_FIGURES[confidence]},"uncertain":{"true" if one.uncertain else "false"},'
        f'"mixed_probability":{_figure(one.mixed_probability)},"probabilities":{{"negative":{_FIGURES[negative]},'
        f'"neutral":{_FIGURES[neutral]},"positive":{_FIGURES[positive]}}}}},'
        f'"kind":{{"label":"{one.kind}","confidence":{_figure(one.kind_confidence)}}},'
        f'"topics":[{_topics(one.topics)}],"sentences":[{_sentences(one.sentences)}],"explanation":{explanation}'
    )


def _topics(findings: Iterable[TopicFinding]) -> str:
    return ",".join(
        [
            f'{{"topic":{encode_basestring(topic)},"probability":{_FIGURES[round(p * _UNITS)]},'
            f'"sentiment":"{sentiment}","sentences":{list(places)}}}'
            for topic, p, sentiment, places in findings
        ]
    )


def _sentences(sentences: Iterable[SentenceSentiment]) -> str:
    return ",".join(
        [
            f'{{"start":{start},"end":{end},"sentiment":"{sentiment}","score":{_FIGURES[round(score * _UNITS)]}}}'
            for start, end, sentiment, score in sentences
        ]
    )


def _own_labels(one: Analysis) -> str:
    if one.own is None:
        return ""
    return f',"label":{_text(one.own.label)},"label_probability":{_figure(one.own.probability)}'


@cache
def _model(model: ModelId) -> str:
    return _dumped({"name": model.name, "version": model.version, "digest": model.digest})


def _text(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)


def _figure(value: float | None) -> str:
    return "null" if value is None else _FIGURES[round(value * _UNITS)]


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
