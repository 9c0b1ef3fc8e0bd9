"""Print the behaviour suite's failure rates: ours beside VADER and TextBlob.

    python benchmarks/behaviour.py [--bundle DIR] [--markdown] [--failures]

The word lists answer the sentiment tests only; their compound or polarity score is cut at -0.05 and 0.05, as VADER's
authors advise. They have no class "mixed": the mean without the tests that allow nothing else is printed too. Where no
bundle is shipped yet, its column shows "-".
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from textblob import TextBlob
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from feedback_nlp import Analyzer
from feedback_nlp.behaviour import LabelIn, SuiteResult, load_suite, render_failures, run_suite
from feedback_nlp.behaviour.table import render_rows
from feedback_nlp.errors import BundleNotFoundError
from feedback_nlp.records import Analysis, ModelId

CUT = 0.05


class LexiconAnalyzer:
    """A word list in the shape of an Analyzer.

    Parameters
    ----------
    name : str
    score : callable
        Text to a score in [-1, 1].

    Examples
    --------
    >>> [a.sentiment for a in LexiconAnalyzer("length", lambda text: len(text) / 10).analyze_many(["", "abc"])]
    ['neutral', 'positive']
    """

    def __init__(self, name: str, score: Callable[[str], float]) -> None:
        self.model = ModelId(name, "1", "0" * 64)
        self.score = score

    def analyze_many(self, texts: Iterable[str]) -> Iterator[Analysis]:
        """Yield one analysis a text: label and score, nothing else."""
        for text in texts:
            score = self.score(text)
            yield Analysis(
                status="ok",
                language="en",
                language_confidence=1.0,
                sentiment="positive" if score >= CUT else "negative" if score <= -CUT else "neutral",
                sentiment_score=score,
                p_negative=None,
                p_neutral=None,
                p_positive=None,
                mixed_probability=None,
                confidence=None,
                uncertain=None,
                kind=None,
                kind_confidence=None,
                flags=(),
                model=self.model,
            )


def vader() -> LexiconAnalyzer:
    """Return VADER, scored by its compound value."""
    analyzer = SentimentIntensityAnalyzer()
    return LexiconAnalyzer("VADER", lambda text: float(analyzer.polarity_scores(text)["compound"]))


def textblob() -> LexiconAnalyzer:
    """Return TextBlob, scored by its polarity."""
    return LexiconAnalyzer("TextBlob", lambda text: float(TextBlob(text).sentiment.polarity))


def load_ours(bundle: Path | None) -> Analyzer | None:
    """Return the analyzer, or None where no bundle is shipped yet."""
    try:
        return Analyzer.load() if bundle is None else Analyzer.load(bundle)
    except BundleNotFoundError:
        return None


def comparison(ours: SuiteResult | None, others: Sequence[SuiteResult], *, markdown: bool) -> str:
    """Return the table: one line a test, one column an analyzer, the means at the end."""
    rows = [
        (test.capability, test.name, test.kind, *(_rate(result, test.name) for result in (ours, *others)))
        for test in load_suite()
    ]
    for title, keep in (("mean, sentiment", _any), ("mean, sentiment, no mixed", _answerable)):
        rows.append(("", title, "", *(_mean(result, keep) for result in (ours, *others))))
    headings = ("capability", "test", "kind", "ours", "VADER", "TextBlob")
    return render_rows(headings, rows, markdown=markdown, text_columns=3)


def _rate(result: SuiteResult | None, test: str) -> str:
    rates = [outcome.rate for outcome in result.outcomes if outcome.test.name == test] if result else []
    return f"{100 * rates[0]:.1f}%" if rates else "-"


def _mean(result: SuiteResult | None, keep: Callable[[object], bool]) -> str:
    chosen = [o for o in result.outcomes if o.test.field == "sentiment"] if result else []
    rates = [outcome.rate for outcome in chosen if keep(outcome.test.expectation)]
    return f"{100 * sum(rates) / len(rates):.1f}%" if rates else "-"


def _any(expectation: object) -> bool:
    return True


def _answerable(expectation: object) -> bool:
    return not (isinstance(expectation, LabelIn) and expectation.allowed == {"mixed"})


def main() -> None:
    """Run the suite on all three and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, help="another bundle than the shipped one")
    parser.add_argument("--markdown", action="store_true", help="a Markdown table")
    parser.add_argument(
        "--failures", action="store_true", help="our failures on the tuning half, test by test"
    )
    options = parser.parse_args()
    analyzer = load_ours(options.bundle)
    ours = run_suite(analyzer) if analyzer else None
    others = [run_suite(other, fields={"sentiment"}) for other in (vader(), textblob())]
    print(comparison(ours, others, markdown=options.markdown))
    for title, result in (("VADER", others[0]), ("TextBlob", others[1]), ("ours", ours)):
        if result:
            worst = result.worst
            print(f"{title}: worst test {worst.test.name} {100 * worst.rate:.1f}%")
    if ours and options.failures:
        print("\n" + render_failures(ours))


if __name__ == "__main__":
    main()
