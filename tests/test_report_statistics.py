"""Every formula of the report against figures worked out by hand or printed in its source."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.intervals import TABLES, coverage, false_claims
from feedback_nlp.errors import InputError
from feedback_nlp.report.correction import correct_by_confusion, correct_by_review
from feedback_nlp.report.differences import _fisher, adjust_p_values, change_of_net, change_of_share
from feedback_nlp.report.impact import rating_drivers, split_change, topic_impact
from feedback_nlp.report.spikes import beta_binomial_tail, find_spikes
from feedback_nlp.report.statistics import Sample, net_estimate, share_estimate, wilson_interval
from feedback_nlp.report.terms import log_odds


def limits(figure: object, digits: int = 4) -> tuple[float, float]:
    return round(figure.low, digits), round(figure.high, digits)  # type: ignore[attr-defined]


# -- shares


def test_wilson_as_newcombe_prints_it() -> None:
    # Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3.
    assert [round(v, 4) for v in wilson_interval(81, 263)] == [0.2553, 0.3662]
    assert [round(v, 4) for v in wilson_interval(15, 148)] == [0.0624, 0.1605]
    assert [round(v, 4) for v in wilson_interval(0, 20)] == [0.0, 0.1611]
    assert [round(v, 4) for v in wilson_interval(1, 29)] == [0.0061, 0.1718]
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_days_that_differ_make_texts_count_less() -> None:
    # Share 1/2; residuals +-5 on four days of 10: 4/3 * 100 / 40^2 against 1/4 / 40, so 40/3 times as much.
    sample = Sample.of_days([0, 10, 0, 10], [0, 0, 0, 0], [10, 10, 10, 10])
    assert sample.n == pytest.approx(3.0)
    assert (sample.texts, sample.degrees) == (40, 3.0)
    assert share_estimate([5, 5, 5, 5], [10, 10, 10, 10]) == share_estimate(20, 40)


def test_net_sentiment_after_bonett_and_price() -> None:
    # (60 - 20) / 102 +- 1.96 sqrt((61/102 + 21/102 - (40/102)^2) / 102)
    figure = net_estimate(Sample.of_days(60, 20, 100))
    assert figure.value == pytest.approx(0.4)
    assert limits(figure, 3) == (0.236, 0.549)
    nobody = net_estimate(Sample.of_days(0, 0, 0))
    assert math.isnan(nobody.value) and (nobody.low, nobody.high, nobody.n) == (-1.0, 1.0, 0)


# -- changes


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [  # Newcombe (1998), table II, method 10, as after - before
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
    ],
)
def test_newcombe_as_printed(
    before: tuple[int, int], after: tuple[int, int], low: float, high: float
) -> None:
    change = change_of_share(before, after)
    assert limits(change) == pytest.approx((low, high), abs=1e-4)
    assert change.low < change.value < change.high


def test_small_counts_are_tested_exactly() -> None:
    # Fisher's tea: 3 of 4 against 1 of 4.
    assert change_of_share((1, 4), (3, 4)).p_value == pytest.approx(0.485714, abs=1e-6)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_fisher_is_scipys(a: int, b: int, c: int, d: int) -> None:
    before, after = Sample.of_days(a, 0, a + b), Sample.of_days(c, 0, c + d)
    assert _fisher(before, after) == pytest.approx(
        stats.fisher_exact(np.array([[a, b], [c, d]])).pvalue, rel=1e-6
    )


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.1, 50), st.floats(0.1, 50))
def test_the_beta_binomial_is_scipys(n: int, x: int, a: float, b: float) -> None:
    expected = stats.betabinom.sf(min(x, n) - 1, n, a, b)
    assert beta_binomial_tail(min(x, n), n, a, b) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_scipys(p: list[float]) -> None:
    assert adjust_p_values(p) == pytest.approx(stats.false_discovery_control(p).tolist())


def test_large_counts_are_tested_by_two_proportions() -> None:
    # pooled 104/150; z = 0.2 / sqrt(0.69333 * 0.30667 * (1/70 + 1/80)) = 2.6506
    assert change_of_share((56, 70), (48, 80)).p_value == pytest.approx(0.00803, abs=1e-4)


def test_a_change_of_net_sentiment() -> None:
    # Variances (82/102 - (40/102)^2) / 102 and (82/102) / 102; z = -0.4 / 0.1193.
    change = change_of_net(Sample.of_days(60, 20, 100), Sample.of_days(40, 40, 100))
    assert change.value == pytest.approx(-0.4)
    assert change.p_value == pytest.approx(
        math.erfc(0.4 / math.sqrt(0.0063738 + 0.0078816) / math.sqrt(2)), rel=1e-3
    )
    assert limits(change, 2) == (-0.63, -0.17)


def test_benjamini_and_hochberg_as_printed() -> None:
    # Their paper's section 3.2: of these fifteen, the first four are rejected at 0.05.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    adjusted = adjust_p_values(p)
    assert [q <= 0.05 for q in adjusted] == [True] * 4 + [False] * 11
    assert adjusted[3] == pytest.approx(15 * 0.0095 / 4)
    assert adjust_p_values([]) == []


# -- impact, mix and rate, stars

COUNTS = st.tuples(*[st.integers(0, 50)] * 6).filter(lambda c: sum(c[:3]) > 0 and sum(c[3:]) > 0)


@given(COUNTS)
def test_impact_is_its_identity(counts: tuple[int, ...]) -> None:
    up, down, _, topic_up, topic_down, topic_flat = counts
    n, topic_n = sum(counts), topic_up + topic_down + topic_flat
    signs, topic_signs = up - down + topic_up - topic_down, topic_up - topic_down
    impact = topic_impact([signs], [n], [topic_signs], [topic_n])
    assert impact.value == pytest.approx(
        topic_n / (n - topic_n) * (topic_signs / topic_n - signs / n), abs=1e-12
    )
    assert impact.low <= impact.value <= impact.high


def test_a_topic_of_every_text_has_no_impact() -> None:
    assert math.isnan(topic_impact([5], [10], [5], [10]).value)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1
    )
)
def test_mix_and_rate_add_up_to_the_change(groups: list[tuple[int, int, int, int]]) -> None:
    before = {str(g): (float(a - b), float(a + b)) for g, (a, b, _, _) in enumerate(groups)}
    after = {str(g): (float(c - d), float(c + d)) for g, (_, _, c, d) in enumerate(groups)}
    before, after = ({g: v for g, v in period.items() if v[1]} for period in (before, after))
    parts = split_change(before, after)
    if before and after:
        nets = [sum(s for s, _ in p.values()) / sum(n for _, n in p.values()) for p in (before, after)]
        assert sum(part.mix + part.rate for part in parts) == pytest.approx(nets[1] - nets[0], abs=1e-9)
    else:
        assert parts == []


def test_stars_of_two_groups() -> None:
    # Means 1.5 and 4.5; residuals +-0.5 at a leverage of 1/40, HC3: 2 * 0.25 / 0.975^2 / 40; t(78) = 1.9908.
    topics = [[("delivery", "negative")]] * 40 + [[]] * 40
    (driver,) = rating_drivers([1, 2] * 20 + [4, 5] * 20, topics)
    assert (driver.topic, driver.sentiment, driver.stars.n) == ("delivery", "negative", 40)
    half = 1.9908 * math.sqrt(2 * 0.25 / 0.975**2 / 40)
    assert (driver.stars.value, driver.stars.high) == pytest.approx((-3.0, -3.0 + half), abs=1e-4)
    assert rating_drivers([1, 2, 3], [[("delivery", "negative")]] * 3) == []


# -- spikes, terms


def test_a_spike_is_dated_and_a_busy_day_is_none() -> None:
    texts, late = np.full(84, 20.0), np.full(84, 1.0)
    late[70:73] = 12
    (spike,) = find_spikes({"delivery": late, "venue": np.full(84, 1.0)}, texts)
    assert (spike.topic, spike.first, spike.last) == ("delivery", 70, 72)
    # Three times as many texts, three times as much criticism: no more of it than usual.
    texts[70:73], late[70:73] = 60, 3
    assert find_spikes({"delivery": late}, texts) == []


def test_same_weekdays_are_compared() -> None:
    # Every Monday is bad; another Monday is no news.
    texts, late = np.full(140, 30.0), np.tile([15.0, 1, 1, 1, 1, 1, 1], 20)
    assert find_spikes({"delivery": late}, texts) == []


def test_too_short_a_history_raises_no_alert() -> None:
    texts, late = np.full(21, 20.0), np.full(21, 1.0)
    late[-2:] = 20
    assert find_spikes({"delivery": late}, texts) == []


def test_log_odds_by_hand() -> None:
    # ln(31 / 11) - ln(11 / 31) over sqrt(1/31 + 1/11)
    by_hand = 2 * math.log(31 / 11) / math.sqrt(1 / 31 + 1 / 11)
    assert log_odds([30, 10], [10, 30], [1, 1]).tolist() == pytest.approx([by_hand, -by_hand])


# -- corrected shares


def test_two_classes_are_rogan_and_gladen() -> None:
    figure = correct_by_confusion([300, 700], [[80, 20], [10, 90]])[0]
    assert figure.value == pytest.approx((0.3 + 0.9 - 1) / (0.8 + 0.9 - 1))
    # Their variance: (q(1-q)/N + p^2 se(1-se)/n1 + (1-p)^2 sp(1-sp)/n0) / (se + sp - 1)^2
    p = figure.value
    variance = (0.3 * 0.7 / 1000 + p**2 * 0.16 / 100 + (1 - p) ** 2 * 0.09 / 100) / 0.7**2
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.02)


def test_a_matrix_that_tells_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="hardly tells"):
        correct_by_confusion([50, 50], [[10, 10], [10, 10]])
    with pytest.raises(InputError, match="at least two reviewed"):
        correct_by_confusion([50, 50], [[10, 0], [0, 0]])


def test_prediction_powered_by_hand() -> None:
    # 40 said so, 30 of them rightly, none missed: covariance 0.3 - 0.12 = 0.18, variance 0.24, n/N = 0.1.
    said, true = [True] * 40 + [False] * 60, [True] * 30 + [False] * 70
    power = 0.18 / 0.24 / 1.1
    figure = correct_by_review(450, 1000, said, true)
    assert figure.value == pytest.approx(0.3 + power * (0.45 - 0.4))
    assert figure.low < figure.value < figure.high and figure.n == 100


def test_rare_samples_count_more() -> None:
    # The missed ones were drawn with a tenth of the others' probability: they stand for ten each.
    said, true = [False] * 20, [True] * 10 + [False] * 10
    figure = correct_by_review(0, 1000, said, true, [0.01] * 10 + [0.1] * 10)
    assert figure.value == pytest.approx(100 / 110)


@pytest.mark.parametrize(
    ("probabilities", "said"), [([0.0], [True]), ([2.0], [True]), ([0.5, 0.5], [True]), (None, [])]
)
def test_impossible_samples_are_refused(probabilities: list[float] | None, said: list[bool]) -> None:
    with pytest.raises(InputError):
        correct_by_review(5, 10, said, said, probabilities)


# -- simulated worlds (the whole of it: benchmarks/intervals.py)


@pytest.mark.parametrize("overdispersed", [False, True], ids=["alike", "overdispersed"])
@pytest.mark.parametrize(
    ("name", "world"), [(name, world) for name, world, _ in TABLES], ids=lambda v: str(v)[:12]
)
def test_intervals_hold_what_they_promise(name: str, world: object, overdispersed: bool) -> None:
    worlds = 1000
    found = coverage(world, worlds, 20 + overdispersed, overdispersed)  # type: ignore[arg-type]
    # 93 to 97 %, and twice the chance of so few worlds.
    for figure in set(found) - {"naive"}:
        assert 0.93 - 0.014 <= found[figure] <= 0.97 + 0.011, (name, figure, found)
    if overdispersed or ("naive" in found and "biased" in name):
        assert found["naive"] < 0.93


def test_quiet_reports_claim_little() -> None:
    assert false_claims(30, 3, True)["either"] <= 0.2
