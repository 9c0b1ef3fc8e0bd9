"""Whether the report's intervals hold what they promise, in simulated worlds whose truth is known.

    python benchmarks/intervals.py [--worlds 2000] [--seed 7]

Every world draws its size (50 to 5,000 texts, log-uniform), its share (0.02 to 0.5, log-uniform) and its days (7 to
56). With overdispersed days, each day has a share of its own (beta-distributed, correlation of texts within a day
0.005, 0.02 or 0.05). The naive intervals, which take texts for independent and the model for faultless, stand beside
ours.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import numpy as np

from feedback_nlp.errors import InputError
from feedback_nlp.records import TOPICS
from feedback_nlp.report.build import list_alerts
from feedback_nlp.report.changes import choose_periods, compare
from feedback_nlp.report.correction import correct_by_confusion, correct_by_review
from feedback_nlp.report.counts import DayCounts
from feedback_nlp.report.differences import change_of_net, change_of_share
from feedback_nlp.report.statistics import Estimate, Sample, net_estimate, share_estimate, wilson_interval

Generator = np.random.Generator
CORRELATIONS = (0.005, 0.02, 0.05)
#: Did each of several intervals hold the truth? By the interval's name; None where there is no interval.
Verdict = dict[str, bool | None]


def holds(estimate: Any, truth: float) -> bool:
    """Whether an interval holds the truth."""
    return bool(estimate.low <= truth <= estimate.high)


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw_days(rng: Generator, shares: np.ndarray, n: int, days: int, overdispersed: bool) -> np.ndarray:
    """Draw n texts over days: counts by day and class, shape (days, n_classes)."""
    busy = np.exp(rng.normal(0, 0.3, days))
    sizes = rng.multinomial(n, busy / busy.sum())
    if not overdispersed:
        return rng.multinomial(sizes, shares)
    strength = 1 / rng.choice(CORRELATIONS) - 1
    return rng.multinomial(sizes, rng.dirichlet(shares * strength, days))


def draw_world(rng: Generator) -> tuple[int, float, int]:
    """Draw texts, share and days of a world."""
    return int(log_uniform(rng, 50, 5000)), log_uniform(rng, 0.02, 0.5), int(rng.integers(7, 57))


def share_world(rng: Generator, overdispersed: bool) -> Verdict:
    """Draw one share and its interval."""
    n, share, days = draw_world(rng)
    counts = draw_days(rng, np.array([share, 1 - share]), n, days, overdispersed)
    found, sizes = counts[:, 0], counts.sum(axis=1)
    naive = Estimate(0.0, *wilson_interval(int(found.sum()), n), n)
    return {"naive": holds(naive, share), "ours": holds(share_estimate(found, sizes), share)}


def three_shares(rng: Generator) -> np.ndarray:
    """Draw shares of negative, neutral and positive, the rarest between 0.02 and a third."""
    shares = np.array([log_uniform(rng, 0.02, 0.5) for _ in range(3)])
    return shares / shares.sum()


def signed(counts: np.ndarray) -> Sample:
    """Return the net-sentiment sample of counts by day of negative, neutral and positive texts."""
    return Sample.of_days(counts[:, 2], counts[:, 0], counts.sum(axis=1))


def net_world(rng: Generator, overdispersed: bool) -> Verdict:
    """Draw net sentiment and its interval."""
    n, _, days = draw_world(rng)
    shares = three_shares(rng)
    counts = draw_days(rng, shares, n, days, overdispersed)
    naive = net_estimate(signed(counts.sum(axis=0, keepdims=True)))
    truth = float(shares[2] - shares[0])
    return {"naive": holds(naive, truth), "ours": holds(net_estimate(signed(counts)), truth)}


def change_world(rng: Generator, overdispersed: bool) -> Verdict:
    """Draw two periods of a share; the interval of its change."""
    counts, shares = [], []
    for _ in range(2):
        n, share, days = draw_world(rng)
        shares.append(share)
        counts.append(draw_days(rng, np.array([share, 1 - share]), n, days, overdispersed))
    truth = shares[1] - shares[0]
    ours = change_of_share(*((c[:, 0], c.sum(axis=1)) for c in counts))
    naive = change_of_share(*((c[:, 0].sum(), c.sum()) for c in counts))
    return {"naive": holds(naive, truth), "ours": holds(ours, truth)}


def net_change_world(rng: Generator, overdispersed: bool) -> Verdict:
    """Draw two periods of net sentiment; the interval of its change."""
    counts, truths = [], []
    for _ in range(2):
        n, _, days = draw_world(rng)
        shares = three_shares(rng)
        truths.append(float(shares[2] - shares[0]))
        counts.append(draw_days(rng, shares, n, days, overdispersed))
    truth = truths[1] - truths[0]
    naive = change_of_net(*(signed(c.sum(axis=0, keepdims=True)) for c in counts))
    return {"naive": holds(naive, truth), "ours": holds(change_of_net(*map(signed, counts)), truth)}


def biased_model(rng: Generator) -> Callable[[np.ndarray], np.ndarray]:
    """Draw a model that finds 70 to 95 % of a class and calls 2 to 15 % of the rest so."""
    sensitivity, false_alarms = rng.uniform(0.7, 0.95), rng.uniform(0.02, 0.15)
    return lambda truth: rng.random(len(truth)) < np.where(truth, sensitivity, false_alarms)


def corrected_world(rng: Generator, unequal: bool) -> Verdict:
    """Draw a period labelled by a biased model: raw share, and corrected by 60 to 600 reviewed texts.

    The confusion matrix comes from a review of an earlier period with another true share; the sample for
    prediction-powered inference from the period itself, with equal or unequal sampling probabilities.
    """
    n, share, _ = draw_world(rng)
    n = max(n, 500)
    model, reviewed = biased_model(rng), int(log_uniform(rng, 60, 600))
    truth = rng.random(n) < share
    found = model(truth)
    chance = np.where(rng.random(n) < 0.3, 3.0, 1.0) if unequal else np.ones(n)
    chance = np.minimum(1.0, chance * min(reviewed, n // 2) / chance.sum())
    sample = rng.random(n) < chance
    by_review = correct_by_review(int(found.sum()), n, found[sample], truth[sample], chance[sample])
    earlier = rng.random(reviewed) < rng.uniform(0.1, 0.5)
    said = model(earlier)
    confusion = [[int(((earlier == t) & (said == s)).sum()) for s in (True, False)] for t in (True, False)]
    try:
        by_confusion = holds(correct_by_confusion([found.sum(), n - found.sum()], confusion)[0], share)
    except InputError:
        by_confusion = None
    return {
        "naive": holds(share_estimate(int(found.sum()), n), share),
        "confusion": by_confusion,
        "review": holds(by_review, share),
    }


World = Callable[[Generator, bool], Verdict]


def coverage(world: World, worlds: int, seed: int, variant: bool) -> dict[str, float]:
    """Return how many of the intervals held the truth, by their name."""
    rng = np.random.default_rng(seed)
    verdicts = [world(rng, variant) for _ in range(worlds)]
    return {
        name: float(np.mean([held for verdict in verdicts if (held := verdict[name]) is not None]))
        for name in verdicts[0]
    }


def quiet_report(rng: Generator, overdispersed: bool) -> tuple[bool, bool]:
    """Draw half a year in which nothing changes; return whether a change, or an alert, is claimed.

    Twelve topics, four channels, eight products; 4 to 200 texts a day, fewer at weekends.
    """
    texts = rng.poisson(log_uniform(rng, 4, 200) * np.tile([1, 1, 1, 1, 1.2, 0.7, 0.6], 26))
    strength = 1 / rng.choice(CORRELATIONS) - 1
    series: dict[tuple[str, str], np.ndarray] = {}

    def draw(sizes: np.ndarray, shares: np.ndarray) -> np.ndarray:
        if overdispersed:
            return rng.multinomial(sizes, rng.dirichlet(shares * strength, len(sizes)))
        return rng.multinomial(sizes, shares)

    mood = rng.dirichlet([4, 2, 4, 0.5])
    for dimension, names in (("channel", 4), ("product", 8)):
        parts = rng.multinomial(texts, rng.dirichlet(np.full(names, 3.0)))
        for place in range(names):
            series[dimension, f"{dimension} {place}"] = draw(parts[:, place], mood)
    series["all", ""] = np.sum([counts for (name, _), counts in series.items() if name == "channel"], axis=0)
    for topic in TOPICS:
        share = log_uniform(rng, 0.01, 0.2)
        series["topic", topic] = draw(
            draw(texts, np.array([share, 1 - share]))[:, 0], rng.dirichlet([4, 1, 4, 0.5])
        )
    counts = DayCounts(date(2026, 1, 5), series)
    periods = choose_periods(counts)
    claimed = periods is not None and any(f.changed for f in compare(counts, *periods).findings)
    return claimed, bool(list_alerts(counts))


def false_claims(reports: int, seed: int, overdispersed: bool) -> dict[str, float]:
    """Return in how many quiet reports something is claimed: a change, an alert, either."""
    rng = np.random.default_rng(seed)
    claims = np.array([quiet_report(rng, overdispersed) for _ in range(reports)])
    return {
        "change": float(claims[:, 0].mean()),
        "alert": float(claims[:, 1].mean()),
        "either": float(claims.any(axis=1).mean()),
    }


TABLES: tuple[tuple[str, World, tuple[str, str]], ...] = (
    ("share", share_world, ("alike days", "overdispersed days")),
    ("net sentiment", net_world, ("alike days", "overdispersed days")),
    ("change of a share", change_world, ("alike days", "overdispersed days")),
    ("change of net sentiment", net_change_world, ("alike days", "overdispersed days")),
    ("share under a biased model", corrected_world, ("equal sampling", "unequal sampling")),
)


def rows(worlds: int, seed: int) -> Iterable[str]:
    """Yield the lines of the tables."""
    yield f"Coverage of nominal 95 % intervals in {worlds:,} worlds each (seed {seed})\n"
    yield "| figure | worlds | naive | ours |"
    yield "|---|---|---|---|"
    for name, world, variants in TABLES:
        for variant, label in enumerate(variants):
            found = coverage(world, worlds, seed + variant, bool(variant))
            ours = {key: value for key, value in found.items() if key != "naive"}
            shown = ", ".join(
                f"{value:.1%}" + (f" ({key})" if key != "ours" else "") for key, value in ours.items()
            )
            yield f"| {name} | {label} | {found['naive']:.1%} | {shown} |"
    yield f"\nReports of {worlds:,} in which something is claimed although nothing changed\n"
    yield "| days | a change | an alert | either |"
    yield "|---|---|---|---|"
    for overdispersed, label in ((False, "alike"), (True, "overdispersed")):
        found = false_claims(worlds, seed + overdispersed, overdispersed)
        yield f"| {label} | {found['change']:.1%} | {found['alert']:.1%} | {found['either']:.1%} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Coverage of the report's intervals in simulated worlds.")
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for line in rows(options.worlds, options.seed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
