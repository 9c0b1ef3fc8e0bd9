"""The one inference path: texts in, analyses out, same order. CLI, API, jobs and notebooks all come through here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.batch_labels import BatchLabeller, BatchLabels
from feedback_nlp.batch_language import BatchGate
from feedback_nlp.bundle import Bundle, load_bundle
from feedback_nlp.errors import BundleError, InputError
from feedback_nlp.language import ENGLISH, LanguageGate, Verdict
from feedback_nlp.language_words import COMMON_ENGLISH
from feedback_nlp.ratings import contradicted, note_rating
from feedback_nlp.records import (
    KINDS,
    MISMATCH,
    OWN_COLUMNS,
    SCORED_COLUMNS,
    SENTIMENTS,
    Analysis,
    ModelId,
    OwnLabel,
    labelled_analysis,
)
from feedback_nlp.scan import ONE_AT_A_TIME
from feedback_nlp.scoring import LinearScorer

if TYPE_CHECKING:
    from feedback_nlp.explain import Explainer, Explanation

__all__ = ["DEFAULT_PRECISION", "Analyzer"]

#: Wanted share of right labels among those not marked uncertain.
DEFAULT_PRECISION: Final = 0.95

_OK, _CALLER_SAYS_FOREIGN = "ok", "unsupported_language"
_ONE_EACH: Final = "Pass one a text, None where it is not known."
_END: Final = object()


class Analyzer:
    """Analyses customer feedback with one bundle.

    Use `Analyzer.load`; the constructor takes a bundle that is already loaded.

    Parameters
    ----------
    bundle : Bundle

    Examples
    --------
    >>> analyzer = Analyzer.load()
    >>> analyzer.analyze("Website is not working.").sentiment
    'negative'
    >>> [one.kind for one in analyzer.analyze_many(["Love it!", "How do I pay?"])]
    ['praise', 'question']
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._scorer = LinearScorer(bundle.linear, frozenset(COMMON_ENGLISH))
        try:
            self._labeller = BatchLabeller(bundle)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"The heads of the bundle in {bundle.path} are malformed: {error}.") from error
        self._gate = BatchGate(LanguageGate(bundle.linear.words), self._scorer)
        self.model: ModelId = bundle.model
        self._threshold = self._labeller.heads.threshold_for(DEFAULT_PRECISION)
        self._words_met = (0, 0)

    @classmethod
    def load(cls, path: str | Path | None = None) -> Self:
        """Load a bundle.

        Parameters
        ----------
        path : str, Path or None, default=None
            Folder of the bundle; None for the shipped one.

        Raises
        ------
        BundleNotFoundError, BundleDigestError, BundleVersionError, BundleError
        """
        return cls(load_bundle(path))

    @property
    def manifest(self) -> dict[str, Any]:
        """The bundle's manifest."""
        return self._bundle.manifest

    @property
    def bundle(self) -> Bundle:
        """The bundle itself."""
        return self._bundle

    @property
    def words_met(self) -> tuple[int, int]:
        """Words of distinct texts analysed so far, and how many of them the vocabulary has."""
        return self._words_met

    @property
    def precisions(self) -> list[list[float]]:
        """Rows of wanted precision, threshold on confidence, coverage."""
        return self._labeller.heads.precisions

    @property
    def scored_columns(self) -> tuple[str, ...]:
        """Columns of a scored file; a bundle with own labels adds two."""
        return SCORED_COLUMNS + (OWN_COLUMNS if self._labeller.adds_labels else ())

    @property
    def own_labels(self) -> tuple[str, ...]:
        """Labels of a company's own, which come besides the product's; none for most bundles."""
        return (
            self._labeller.own.head.labels
            if self._labeller.own is not None and self._labeller.adds_labels
            else ()
        )

    @property
    def own_task(self) -> str | None:
        """Which shipped labels a company's own ones replace: "sentiment", "kind", "topics" or none."""
        return self._labeller.own_task

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics that are looked for."""
        return self._labeller.topics

    def analyze(
        self,
        text: str,
        *,
        language: str | None = None,
        rating: float | None = None,
        explain: bool = False,
        precision: float | None = None,
    ) -> Analysis:
        """Analyse one text; see `analyze_batch`.

        Examples
        --------
        >>> analysis = Analyzer.load().analyze("Card was declined twice.", explain=True)
        >>> analysis.sentiment, [(t.topic, t.sentiment) for t in analysis.topics]
        ('negative', [('checkout_payment', 'negative')])
        """
        return self.analyze_batch([text], [language], [rating], explain=explain, precision=precision)[0]

    def analyze_many(
        self,
        texts: Iterable[str],
        *,
        languages: Iterable[str | None] | None = None,
        ratings: Iterable[float | None] | None = None,
        explain: bool = False,
        precision: float | None = None,
        batch_size: int = 1024,
    ) -> Iterator[Analysis]:
        """Analyse texts in batches; yields one analysis a text, in the same order.

        Parameters
        ----------
        texts : iterable of str
            Read as they are needed.
        languages, ratings : iterable or None
            One entry a text.
        explain : bool
        precision : float or None
        batch_size : int, default=1024
            Larger ones gain nothing and keep more in memory.

        Raises
        ------
        InputError
            As for `analyze_batch`; languages or ratings end before the texts or after them.
        """
        if isinstance(texts, str):
            raise InputError("The texts are one string.", remedy="Pass a list of texts, or use analyze.")
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}, it must be at least 1.")
        stream, done = iter(texts), 0
        beside = [None if column is None else iter(column) for column in (languages, ratings)]
        while batch := list(islice(stream, batch_size)):
            _check_texts(batch, done)
            parts: list[Any] = [
                None if column is None else list(islice(column, len(batch))) for column in beside
            ]
            yield from self.analyze_batch(batch, *parts, explain=explain, precision=precision)
            done += len(batch)
        if any(column is not None and next(column, _END) is not _END for column in beside):
            raise InputError(f"There are {done} texts, but more languages or ratings.", remedy=_ONE_EACH)

    def analyze_batch(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None = None,
        ratings: Sequence[float | None] | None = None,
        *,
        explain: bool = False,
        precision: float | None = None,
    ) -> list[Analysis]:
        """Analyse one batch of texts at once.

        Parameters
        ----------
        texts : sequence of str
        languages : sequence of (str or None) or None
            ISO 639-1 code where the caller knows it; else it is identified.
        ratings : sequence of (float or None) or None
            Stars from 1 to 5; a text that clearly says the opposite is flagged "rating_text_mismatch".
        explain : bool, default=False
            Whether to explain each label.
        precision : float or None, default=None
            Wanted precision in (0, 1) that decides `uncertain`; None for 0.95.

        Raises
        ------
        InputError
            A text is no string; languages or ratings are not one a text; `precision` is not between 0 and 1.
        """
        with ONE_AT_A_TIME:
            return self._analyze_batch(texts, languages, ratings, explain, precision)

    def _analyze_batch(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None,
        ratings: Sequence[float | None] | None,
        explain: bool,
        precision: float | None,
    ) -> list[Analysis]:
        threshold = self._threshold_for(precision)
        rows, verdicts, columns = self._read_batch(texts, languages, ratings)
        records = self._build_records(columns, verdicts, threshold)
        out = [records[row] for row in rows]
        self._note_callers_language(out, languages, rows, columns, threshold)
        if ratings is not None:
            out = [note_rating(one, rating) for one, rating in zip(out, ratings, strict=True)]
        if explain:
            out = [self._note_explanation(one, text) for one, text in zip(out, texts, strict=True)]
        return out

    def _read_batch(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None,
        ratings: Sequence[float | None] | None,
    ) -> tuple[list[int], list[Verdict | float], BatchLabels]:
        """Return for each text its place among the distinct ones, and what is found of those."""
        _check_texts(texts)
        for name, column in (("languages", languages), ("ratings", ratings)):
            if column is not None and len(column) != len(texts):
                raise InputError(f"There are {len(texts)} texts, but {len(column)} {name}.", remedy=_ONE_EACH)
        distinct: dict[str, int] = {}
        rows = [distinct.setdefault(text, len(distinct)) for text in texts]
        unique = list(distinct)
        scores = self._scorer.score(unique)
        every, known = self._words_met
        self._words_met = every + int(scores.all_words.sum()), known + int(scores.known_words.sum())
        return (
            rows,
            self._gate.identify(unique, scores),
            self._labeller.label(unique, scores),
        )

    def analyze_columns(
        self,
        texts: Sequence[str],
        *,
        languages: Sequence[str | None] | None = None,
        ratings: Sequence[float | None] | None = None,
        precision: float | None = None,
        batch_size: int = 1024,
    ) -> list[list[str]]:
        """Return the columns of a scored file, the values of `Analysis.to_row`, each column a list of text.

        Parameters
        ----------
        texts : sequence of str
        languages, ratings : sequence or None
            As for `analyze_batch`.
        precision : float or None
        batch_size : int, default=1024

        Raises
        ------
        InputError
            As for `analyze_batch`.

        Examples
        --------
        >>> columns = dict(zip(SCORED_COLUMNS, Analyzer.load().analyze_columns(["Love it!", ""]), strict=True))
        >>> columns["fb_status"], columns["fb_sentiment"]
        (['ok', 'empty'], ['positive', ''])
        """
        out: list[list[str]] = [[] for _ in self.scored_columns]
        for start in range(0, len(texts), batch_size):
            part = slice(start, start + batch_size)
            with ONE_AT_A_TIME:
                found = self._batch_columns(
                    texts[part],
                    None if languages is None else languages[part],
                    None if ratings is None else ratings[part],
                    precision,
                )
            for column, more in zip(out, found, strict=True):
                column.extend(more)
        return out

    def _batch_columns(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None,
        ratings: Sequence[float | None] | None,
        precision: float | None,
    ) -> list[list[str]]:
        from feedback_nlp.columns import texts_of_columns

        if self._labeller.own is not None or any(languages or ()):
            rows_of_text = [
                one.to_row() for one in self._analyze_batch(texts, languages, ratings, False, precision)
            ]
            return [[row[name] for row in rows_of_text] for name in self.scored_columns]
        threshold = self._threshold_for(precision)
        rows, verdicts, columns = self._read_batch(texts, languages, ratings)
        unflagged = [""] * len(verdicts)
        uncertain = columns.confidence < threshold
        found = texts_of_columns(
            columns.details,
            columns.confidence,
            uncertain,
            columns.kinds,
            verdicts,
            unflagged,
            str(self.model),
        )
        if len(verdicts) < len(rows):
            found = [list(map(column.__getitem__, rows)) for column in found]
        if ratings is not None:
            places = np.array(rows, dtype=np.int64)
            scores = columns.three[places, 2] - columns.three[places, 0]
            flags, statuses = found[SCORED_COLUMNS.index("fb_flags")], found[0]
            for place in contradicted(columns.labels[places], scores, ratings):
                if statuses[place] == _OK:
                    flags[place] = MISMATCH
        return found

    def topic_margins(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the log-odds of each topic above its threshold's, shape (n_texts, n_topics); for review.

        Examples
        --------
        >>> analyzer = Analyzer.load()
        >>> margins = analyzer.topic_margins(["Card was declined twice."])
        >>> bool(margins[0, analyzer.topics.index("checkout_payment")] > 0)
        True
        """
        rows = list(texts)
        with ONE_AT_A_TIME:
            found = self._labeller.label(rows, self._scorer.score(rows)).details
        shares = np.clip(found.probabilities, 1e-6, 1 - 1e-6)
        thresholds = np.clip(self._labeller.heads.topics.thresholds, 1e-6, 1 - 1e-6)
        margins: NDArray[np.float64] = np.log(shares / (1 - shares)) - np.log(thresholds / (1 - thresholds))
        return margins

    def explain(self, text: str) -> Explanation:
        """Return the decision of one text taken apart, with intercept and runner-up.

        Raises
        ------
        InputError
            The text has no label: it is empty, unreadable or in another language.
        """
        analysis = self.analyze(text)
        if analysis.sentiment is None:
            raise InputError(f"There is no label to explain: the text's status is {analysis.status!r}.")
        with ONE_AT_A_TIME:
            return self._explainer.explain(text, SENTIMENTS.index(analysis.sentiment))

    @cached_property
    def _explainer(self) -> Explainer:
        from feedback_nlp.explain import Explainer

        return Explainer(self._scorer, self._labeller.heads)

    def _threshold_for(self, precision: float | None) -> float:
        if precision is None:
            return self._threshold
        if not 0 < precision < 1:
            raise InputError(f"precision is {precision}, it must lie between 0 and 1.", remedy="Try 0.95.")
        return self._labeller.heads.threshold_for(precision)

    def _build_records(
        self, columns: BatchLabels, verdicts: list[Verdict | float], threshold: float
    ) -> list[Analysis]:
        uncertain = columns.confidence < threshold
        parts = zip(
            verdicts,
            columns.labels.tolist(),
            columns.three.tolist(),
            columns.mixed.tolist(),
            columns.confidence.tolist(),
            uncertain.tolist(),
            columns.kinds.tolist(),
            columns.kind_confidence.tolist(),
            strict=True,
        )
        out = []
        for row, (
            verdict,
            label,
            (p_neg, p_neu, p_pos),
            mixed,
            confidence,
            unsure,
            kind,
            p_kind,
        ) in enumerate(parts):
            if isinstance(verdict, float):
                code, certainty = ENGLISH, verdict
            elif verdict.status == _OK:
                code, certainty = verdict.code, verdict.confidence
            else:
                out.append(self._unlabelled(verdict.status, verdict.code, verdict.confidence))
                continue
            figures = (
                SENTIMENTS[label], p_pos - p_neg, p_neg, p_neu, p_pos, mixed, confidence, unsure, KINDS[kind], p_kind,
            )  # fmt: skip
            own = columns.own[row] if columns.own else None
            out.append(labelled_analysis(code, certainty, figures, self.model, own, columns.details, row))
        return out

    def _unlabelled(self, status: str, code: str, confidence: float) -> Analysis:
        return Analysis(
            status,
            code,
            confidence,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            (),
            self.model,
            own=OwnLabel() if self._labeller.adds_labels else None,
        )

    def _note_callers_language(
        self,
        out: list[Analysis],
        languages: Sequence[str | None] | None,
        rows: list[int],
        columns: BatchLabels,
        threshold: float,
    ) -> None:
        """A language that the caller names is taken at its word."""
        as_english: list[Analysis] = []
        for place, code in enumerate(languages or ()):
            if not code or out[place].status == "empty":
                continue
            primary = code.lower().replace("_", "-").split("-")[0]
            if primary != ENGLISH:
                out[place] = self._unlabelled(_CALLER_SAYS_FOREIGN, primary, 1.0)
            elif out[place].status == _OK:
                out[place] = replace(out[place], language=ENGLISH, language_confidence=1.0)
            elif out[place].status == _CALLER_SAYS_FOREIGN:
                if not as_english:
                    as_english = self._build_records(columns, [1.0] * len(columns.labels), threshold)
                out[place] = as_english[rows[place]]

    def _note_explanation(self, one: Analysis, text: str) -> Analysis:
        if one.sentiment is None:
            return one
        explained = self._explainer.explain(text, SENTIMENTS.index(one.sentiment))
        return replace(one, explanation=explained.contributions)


def _check_texts(texts: Sequence[str], first: int = 0) -> None:
    """Refuse anything but strings; `first` is the number of the first text."""
    for place, text in enumerate(texts, first):
        if not isinstance(text, str):
            raise InputError(f"Text {place} is {type(text).__name__}, not a string.", remedy="Pass str only.")
