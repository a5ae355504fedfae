"""The decision, rule by rule, on numbers made by hand."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from support.gate import GOOD, RECALL, config, scored

from configs.errors import DataError
from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.scored import Facts, Scored

USERS = 200
SAME = scored(np.tile([0.0, 0.5], USERS // 2))


def verdict(challenger=SAME, champion=SAME, baseline=None, slices=None, rules=None):
    return decide(champion, challenger, baseline, slices or {}, rules or config(), seed=1)


def check(found, name):
    return next(one for one in found.checks if one.name == name)


def broken(found):
    return [one.name for one in found.broken]


def test_the_same_numbers_pass():
    found = verdict()
    assert found.passed
    assert (found.users, found.queries, found.first) == (USERS, USERS, False)
    assert [one.name for one in found.checks] == [
        "users",
        "finite",
        "recall@20.not_worse",
        "index_recall",
        "p99_ms",
        "bytes",
        "coverage",
        "popularity_share",
    ]


def test_a_constant_loss_is_measured_exactly_and_told_in_words():
    # Champion 0.25; everyone loses 0.02, so that the bound is -0.02 whoever is drawn. Allowed: 4%
    # of 0.25.
    found = check(verdict(scored(SAME.metrics[RECALL] - 0.02)), "recall@20.not_worse")
    assert not found.passed
    assert (found.measured, found.allowed) == (pytest.approx(-0.02), -0.01)
    assert found.sentence == (
        "recall@20: challenger 0.2300, champion 0.2500, difference -0.0200, lower bound -0.0200, "
        "allowed -0.0100: failed; surely worse than the champion"
    )


def test_a_loss_within_the_margin_passes_and_is_told():
    # Everyone loses, so that the upper bound is below 0 too.
    found = check(verdict(scored(SAME.metrics[RECALL] - 0.009)), "recall@20.not_worse")
    assert found.passed
    assert found.sentence.endswith("passed; surely worse than the champion, but within the margin")


def test_a_challenger_that_loses_nothing_is_surely_as_good():
    found = check(verdict(), "recall@20.not_worse")
    assert found.sentence.endswith("passed; surely as good as the champion")


def test_without_a_declared_margin_it_goes_by_the_users_and_proves_little():
    # Half gain 0.01, half lose 0.02, -0.005 on average: s = 0.015 / sqrt(200) = 0.00106, so that
    # the margin is 3.29 s = 0.0035 and the bounds are -0.005 -+ 1.645 s: surely worse. A tenth of
    # that loss, -0.0005, is not.
    gains = np.where(np.arange(USERS) % 4 < 2, 0.01, -0.02)
    rules = config(margin=None)
    found = check(verdict(scored(SAME.metrics[RECALL] + gains), rules=rules), "recall@20.not_worse")
    assert found.allowed == pytest.approx(-0.0035, rel=0.15)
    assert "which goes by the 200 users: failed; surely worse than the champion" in found.sentence
    found = check(
        verdict(scored(SAME.metrics[RECALL] + gains + 0.0045), rules=rules), "recall@20.not_worse"
    )
    assert found.sentence.endswith("passed; not surely worse than the champion, nor surely as good")


def test_a_difference_below_the_margin_that_is_not_sure_is_told():
    # Mean -0.02 at s = 0.25 / sqrt(200) = 0.0177: the upper bound is +0.009. Allowed: -0.01.
    noise = np.where(np.arange(USERS) % 4 < 2, 0.25, -0.25) - 0.02
    found = check(verdict(scored(SAME.metrics[RECALL] + noise)), "recall@20.not_worse")
    assert found.sentence.endswith("failed; the difference itself is below what is allowed")


def test_what_is_not_proven_tells_how_many_users_would_do():
    # Half gain 0.25, half lose it: s = 0.25 / sqrt(200) = 0.0177, margin 0.01, so that
    # 200 (3.29 * 0.0177 / 0.01)^2 = 6,800 users are needed, give or take the resampling.
    noise = np.where(np.arange(USERS) % 4 < 2, 0.25, -0.25)
    found = check(verdict(scored(SAME.metrics[RECALL] + noise)), "recall@20.not_worse")
    assert not found.passed
    assert "200 users do not prove it, an equal challenger needs about" in found.sentence
    needed = int(found.sentence.split("about ")[1].split(" ")[0].replace(",", ""))
    assert needed == pytest.approx(6_800, rel=0.25)


def test_without_a_margin_it_says_that_only_a_gain_can_be_proven():
    noise = np.where(np.arange(USERS) % 4 < 2, 0.25, -0.25)
    found = verdict(scored(SAME.metrics[RECALL] + noise), rules=config(margin=0.0))
    assert "only a better challenger can be proven" in found.broken[0].sentence


@pytest.mark.parametrize(("floor", "passed"), [(0.25, True), (0.2501, False)])
def test_a_floor_holds_beside_a_champion(floor, passed):
    found = check(verdict(rules=config(floor=floor)), "recall@20.floor")
    assert (found.passed, found.measured, found.allowed) == (passed, 0.25, floor)


def test_a_first_version_without_floor_and_baseline_fails():
    found = verdict(champion=None)
    assert (found.first, found.passed, broken(found)) == (True, False, ["evidence"])
    assert "neither a champion nor a baseline nor a floor" in found.broken[0].sentence


def test_a_first_version_passes_by_its_floors():
    assert verdict(champion=None, rules=config(floor=0.2)).passed
    assert broken(verdict(champion=None, rules=config(floor=0.3))) == ["recall@20.floor"]


def test_a_first_version_must_be_better_than_the_baseline():
    below = scored(SAME.metrics[RECALL] - 0.01)
    assert verdict(champion=None, baseline=below).passed
    # Equal is not better: the bound is 0.
    assert broken(verdict(champion=None, baseline=SAME)) == ["recall@20.better_than_baseline"]


def test_a_first_version_is_not_measured_against_times_of_nobody():
    slow = replace(SAME, facts=replace(GOOD, p99_ms=1e6, bytes=1e12))
    assert verdict(slow, champion=None, rules=config(floor=0.2)).passed


def test_with_a_champion_the_baseline_does_not_count():
    assert verdict(baseline=scored(SAME.metrics[RECALL] + 1)).passed


def test_an_empty_window_fails():
    nothing = scored([])
    found = verdict(nothing, nothing, rules=config(slices=("new_users",)))
    assert (found.passed, broken(found), found.users) == (False, ["users"], 0)


def test_few_users_fail_however_many_queries_they_ask():
    asked = scored(np.tile(SAME.metrics[RECALL], 10), np.arange(2000) % 99)
    found = verdict(asked, asked)
    assert broken(found) == ["users"]
    assert found.broken[0].sentence == "the window has 99 users, at least 100 are needed"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", ["challenger", "champion"])
def test_a_number_that_is_not_finite_fails(value, place):
    values = SAME.metrics[RECALL].copy()
    values[3] = value
    found = verdict(**{place: scored(values)})
    assert broken(found) == ["finite"]
    assert f"`recall@20` of the {place} in 1 of 200 queries" in found.broken[0].sentence


def test_a_metric_without_a_rule_must_be_finite_too():
    other = np.full(USERS, np.nan)
    found = verdict(Scored(SAME.users, {**SAME.metrics, "mrr@20": other}, GOOD))
    assert broken(found) == ["finite"]


def test_a_baseline_that_is_not_finite_fails():
    other = scored(np.full(USERS, np.nan))
    assert broken(verdict(champion=None, baseline=other)) == ["finite"]


def test_a_fact_that_is_not_finite_fails():
    found = verdict(replace(SAME, facts=replace(GOOD, p99_ms=float("nan"))))
    assert broken(found) == ["finite"]
    assert "`p99_ms` of the challenger, nan" in found.broken[0].sentence


# The champion has p99_ms 10, bytes 1000, coverage 0.5 and popularity_share 0.2.
@pytest.mark.parametrize(
    ("fact", "most", "beyond"),
    [
        ("index_recall", 0.95, 0.9499),
        ("p99_ms", 13.0, 13.01),
        ("bytes", 2000, 2001),
        ("coverage", 0.4, 0.399),
        ("popularity_share", 0.24, 0.241),
    ],
)
def test_a_guardrail_holds_up_to_its_limit(fact, most, beyond):
    assert verdict(replace(SAME, facts=replace(GOOD, **{fact: most}))).passed
    found = verdict(replace(SAME, facts=replace(GOOD, **{fact: beyond})))
    assert broken(found) == [fact]
    assert (found.broken[0].measured, found.broken[0].allowed) == (beyond, pytest.approx(most))


def test_no_change_allowed_keeps_the_direction_of_each_guardrail():
    strict = config(max_coverage_drop=0.0, max_latency_ratio=0.9, max_popularity_share_rise=0.0)
    better = replace(GOOD, coverage=0.6, p99_ms=8.0, popularity_share=0.1)
    assert verdict(replace(SAME, facts=better), rules=strict).passed
    found = verdict(replace(SAME, facts=replace(GOOD, coverage=0.49)), rules=strict)
    assert broken(found) == ["p99_ms", "coverage"]


@pytest.mark.parametrize("place", ["challenger", "champion"])
def test_what_was_not_measured_fails_until_its_guardrail_is_taken_away(place):
    unknown = {place: replace(SAME, facts=replace(GOOD, coverage=None))}
    found = verdict(**unknown)
    assert broken(found) == ["coverage"]
    assert f"not measured for the {place}" in found.broken[0].sentence
    assert "`max_coverage_drop: null`" in found.broken[0].sentence
    assert verdict(**unknown, rules=config(max_coverage_drop=None)).passed


def test_without_guardrails_nothing_need_be_measured():
    off = dict.fromkeys(
        (
            "min_index_recall",
            "max_latency_ratio",
            "max_size_ratio",
            "max_coverage_drop",
            "max_popularity_share_rise",
        )
    )
    blind = replace(SAME, facts=Facts())
    assert verdict(blind, blind, rules=config(**off)).passed


def test_the_reason_names_the_broken_rules():
    slow = replace(SAME, facts=replace(GOOD, p99_ms=99.0, bytes=9000))
    assert verdict(slow).reason == "2 of 8 rules are broken: p99_ms, bytes."
    assert verdict().reason == "Within its margins of the champion, and all 8 rules are kept."


def test_other_queries_are_refused():
    with pytest.raises(DataError, match=r"the same queries.*200 of the challenger, 199 of the"):
        verdict(champion=scored(np.zeros(USERS - 1)))


def test_a_missing_metric_is_refused():
    with pytest.raises(DataError, match=r"the champion must have.*`recall@20` is missing"):
        verdict(champion=Scored(SAME.users, {"mrr@20": SAME.metrics[RECALL]}, GOOD))


def test_a_metric_of_another_length_is_refused():
    with pytest.raises(DataError, match=r"`recall@20` must have one value a query"):
        Scored(SAME.users, {RECALL: np.zeros(3)})


def test_equal_seeds_give_equal_verdicts():
    noise = np.random.default_rng(0).normal(size=USERS)
    noisy = scored(SAME.metrics[RECALL] + noise)
    assert verdict(noisy) == verdict(noisy)


def test_verdicts_are_frozen():
    with pytest.raises(FrozenInstanceError):
        verdict().seed = 2
