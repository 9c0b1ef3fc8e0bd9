"""All heads of a bundle together, and where their inputs stand among the linear outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

from feedback_nlp.kind import KindHead
from feedback_nlp.records import KINDS, TOPICS
from feedback_nlp.sentiment import N_SENTIMENTS, SentimentHead
from feedback_nlp.topics import TopicHead, TopicSentimentHead

__all__ = ["KIND_COLUMNS", "TOPIC_COLUMNS", "Heads"]

KIND_COLUMNS: Final = slice(N_SENTIMENTS, N_SENTIMENTS + len(KINDS))
TOPIC_COLUMNS: Final = slice(N_SENTIMENTS + len(KINDS), N_SENTIMENTS + len(KINDS) + len(TOPICS))


@dataclass(frozen=True, slots=True)
class Heads:
    """What is made of the linear outputs.

    Parameters
    ----------
    sentiment : SentimentHead
    kind : KindHead
    topics : TopicHead
    topic_sentiment : TopicSentimentHead
    precisions : list of [wanted precision, threshold, coverage]
    """

    sentiment: SentimentHead
    kind: KindHead
    topics: TopicHead
    topic_sentiment: TopicSentimentHead
    precisions: list[list[float]]

    def threshold_for(self, precision: float) -> float:
        """Return the confidence from which labels are right with the wanted precision.

        Between two known precisions the stricter one's threshold is taken.

        Examples
        --------
        >>> Heads(None, None, None, None, [[0.9, 0.6, 0.95], [0.95, 0.7, 0.9]]).threshold_for(0.92)
        0.7
        """
        for wanted, threshold, _ in self.precisions:
            if wanted >= precision:
                return threshold
        return 1.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "sentiment": self.sentiment.to_json(),
            "kind": self.kind.to_json(),
            "topics": self.topics.to_json(),
            "topic_sentiment": self.topic_sentiment.to_json(),
            "precisions": self.precisions,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(
            SentimentHead.from_json(stored["sentiment"]),
            KindHead.from_json(stored["kind"]),
            TopicHead.from_json(stored["topics"]),
            TopicSentimentHead.from_json(stored["topic_sentiment"]),
            stored["precisions"],
        )
