"""What comes next, and what is given up."""

import math
from dataclasses import replace

import pytest
from support.searches import PRESENT, RATE, SHARE, WIDTH, make_search, make_trial

from trainers.tune.record import Pruned
from trainers.tune.study import median_rule, propose

PARAMETERS = make_search().parameters


def proposals(number, seed=1, parameters=PARAMETERS, value=lambda _: 0.5):
    """Trials one after the other, each complete with the value of its settings."""
    trials = []
    for _ in range(number):
        settings = propose(parameters, seed, trials)
        if settings is None:
            break
        trials.append(replace(make_trial(len(trials), value(settings)), settings=settings))
    return trials


def test_the_first_trial_is_the_configuration_as_it_stands():
    assert propose(PARAMETERS, 1, []) == PRESENT


def test_proposals_lie_in_the_space():
    for trial in proposals(20)[1:]:
        width, rate = trial.settings[WIDTH], trial.settings[RATE]
        assert isinstance(width, int)
        assert 8 <= width <= 64
        assert 0.0001 <= rate <= 0.1
        assert trial.settings[SHARE] in ([0.6, 0.9], [0.5, 0.8])


def test_a_fraction_has_four_digits():
    rates = [trial.settings[RATE] for trial in proposals(10)]
    assert [float(f"{rate:.4g}") for rate in rates] == rates


def test_a_fraction_with_few_digits_stays_within_its_bounds():
    """With four digits every number between the bounds is 0.1235, beyond both."""
    space = {"retrieval.temperature": {"low": 0.123456, "high": 0.123459}}
    trials = proposals(2, parameters=make_search(space=space).parameters)
    assert trials[1].settings == {"retrieval.temperature": 0.123459}


def test_a_seed_proposes_the_same_again_and_another_something_else():
    ours = [trial.settings for trial in proposals(6)]
    assert [trial.settings for trial in proposals(6)] == ours
    assert proposals(6, seed=2)[1].settings != ours[1]


def test_the_search_draws_near_to_what_was_good():
    """The value falls with the distance from width 32; 13 of 57 widths are within 6."""
    trials = proposals(50, value=lambda s: 1 - abs(s[WIDTH] - 32) / 100)
    near = [trial for trial in trials[30:] if abs(trial.settings[WIDTH] - 32) <= 6]
    assert len(near) > 10


def test_present_settings_beyond_the_space_do_not_stop_the_search():
    space = {WIDTH: {"choices": [8, 16]}, "retrieval.recency_half_life_days": {"low": 1, "high": 9}}
    trials = proposals(4, parameters=make_search(space=space).parameters)
    assert trials[0].settings[WIDTH] == 64
    assert {trial.settings[WIDTH] for trial in trials[1:]} <= {8, 16}


def test_nothing_is_tried_twice_and_a_small_space_is_tried_out():
    space = {WIDTH: {"choices": [8, 16, 64]}, SHARE: {"choices": [[0.6, 0.9], [0.5, 0.8]]}}
    trials = proposals(20, parameters=make_search(space=space).parameters)
    # 3 widths times 2 shares, the present ones among them.
    assert len(trials) == len({str(trial.settings) for trial in trials}) == 6


def test_failed_trials_teach_nothing_and_are_not_tried_again():
    failed = make_trial(1, None, "failed", width=16)
    settings = propose(PARAMETERS, 1, [make_trial(0), failed])
    assert settings not in (PRESENT, failed.settings)


def finished(*lasts):
    """Complete trials with three evaluations each."""
    return [make_trial(i, last, curve=(0.1, 0.1, last)) for i, last in enumerate(lasts)]


def gives_up(trials, *curve):
    try:
        median_rule(trials)(tuple(enumerate(curve, start=1)))
    except Pruned:
        return True
    return False


# Their median at epoch 3 is 0.3.
FIVE = finished(0.1, 0.2, 0.3, 0.4, 0.5)


@pytest.mark.parametrize(("last", "expected"), [(0.29, True), (0.3, False), (0.31, False)])
def test_a_curve_below_the_median_is_given_up(last, expected):
    assert gives_up(FIVE, 0.1, 0.1, last) is expected


def test_the_best_of_a_curve_counts():
    assert not gives_up(FIVE, 0.1, 0.35, 0.1)


def test_nothing_is_given_up_before_the_third_evaluation():
    assert not gives_up(FIVE, 0.01, 0.01)


def test_nothing_is_given_up_with_less_than_five_finished_trials():
    pruned = make_trial(5, 0.5, "pruned", curve=(0.5, 0.5, 0.5))
    failed = make_trial(6, None, "failed")
    assert not gives_up([*FIVE[:4], pruned, failed], 0.0, 0.0, 0.0)


def test_trials_that_ended_earlier_are_no_measure():
    assert not gives_up(FIVE, 0.1, 0.3, 0.1, 0.0)


def test_a_failed_trial_scores_less_than_any():
    assert make_trial(1, None, "failed").score == -math.inf
