from dataclasses import replace

import numpy as np
import pytest
from support.datasets import make_dataset
from support.ranking import material, moved
from support.training import make_material

from configs.errors import ConfigError
from tfrs_models.data.dataset import TEST, TRAIN, UNKNOWN_ROW, VALIDATION
from tfrs_models.data.statistics import STATISTICS
from trainers.ranking.windows import LATER, ranking_windows, window_of_test

SECOND = 1_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return material(tmp_path_factory.mktemp("log"))[0]


def test_windows_are_as_long_as_the_validation_part_and_end_with_it(made):
    times = made.dataset.events.time
    split = made.dataset.events.split
    inside = times[split == VALIDATION]
    start, end = inside.min(), inside.max() + 1
    length = end - start
    found = [(window.start, window.end) for window in ranking_windows(made)]
    assert found == [
        (start - 2 * length, start - length),
        (start - length, start),
        (start, end),
    ]


def test_a_window_knows_what_lies_before_it_and_labels_what_lies_in_it(made):
    for window in ranking_windows(made):
        events = window.material.dataset.events
        assert (events.time[events.split == TRAIN] < window.start).all()
        inside = events.time[events.split == VALIDATION]
        assert ((inside >= window.start) & (inside < window.end)).all()
        assert (events.time[events.split == LATER] >= window.end).all()


def test_the_first_window_leaves_a_quarter_of_the_training_events(made):
    many = replace(made, config=made.config.model_copy(update={
        "ranking": made.config.ranking.model_copy(update={"windows": 50})
    }))  # fmt: skip
    events = made.dataset.events
    known = events.time[events.learned]
    first = ranking_windows(many)[0]
    assert (known < first.start).mean() >= 0.25
    assert len(ranking_windows(many)) < 50


def test_ids_that_come_first_in_a_window_are_unknown_in_it(tmp_path):
    """b is trained on, but only after the first of the two windows has begun."""
    data = make_dataset(
        tmp_path / "data",
        ["u", "u", "u", "v", "u", "v", "u"],
        ["a", "a", "a", "b", "a", "b", "b"],
        time=[0, 10, 20, 55, 60, 70, 80],
        split=[TRAIN] * 4 + [VALIDATION] * 2 + [TEST],
    )
    made, _ = make_material(data, tmp_path, ranking={"windows": 2})
    first, last = ranking_windows(made)
    assert first.start == 50 * SECOND - 1  # validation takes 10 seconds and a microsecond
    b = 3
    assert first.material.encoded.item["item_id"][b] == UNKNOWN_ROW
    assert last.material.encoded.item["item_id"][b] == b
    assert first.material.encoded.user["user_id"][3] == UNKNOWN_ROW  # v
    assert first.material.encoded.user["user_id"][2] == 2


def test_the_catalogue_ends_with_the_window(tmp_path):
    data = make_dataset(
        tmp_path / "data",
        [*"uuvuv"],
        [*"aabcd"],
        time=[0, 10, 20, 30, 40],
        split=[TRAIN, TRAIN, VALIDATION, VALIDATION, TEST],
    )
    made, _ = make_material(data, tmp_path, ranking={"windows": 1})
    [window] = ranking_windows(made)
    # Rows: a is 2; b, c and d follow in sorted order.
    assert window.listed.tolist() == [False, False, True, True, True, False]
    assert window_of_test(made).listed.all()


def test_the_test_window_knows_training_and_validation(made):
    window = window_of_test(made)
    before = made.dataset.events.split
    events = window.material.dataset.events
    assert ((events.split == TRAIN) == (before != TEST)).all()
    popular = STATISTICS.index("events")
    counts = np.bincount(events.item[(events.weight > 0) & (before != TEST)], minlength=22)
    assert window.statistics[:, popular].tolist() == counts.tolist()


@pytest.mark.parametrize("offset", [0, 1, 10**6])
def test_an_event_moved_past_the_start_of_a_window_does_not_count_in_it(made, offset):
    """One microsecond before the start it is known, from the start on it is not."""
    window = ranking_windows(made)[1]
    events = made.dataset.events
    event = np.flatnonzero(events.learned)[-1]
    item = events.item[event]
    known = ranking_windows(moved(made, event, window.start - 1))[1]
    unknown = ranking_windows(moved(made, event, window.start + offset))[1]
    popular = STATISTICS.index("events")
    assert known.statistics[item, popular] == unknown.statistics[item, popular] + 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nothing_after_a_window_changes_anything_in_it(made, place):
    window = ranking_windows(made)[place]
    later = np.flatnonzero(made.dataset.events.time >= window.end)
    events = made.dataset.events
    item = events.item.copy()
    item[later] = 2
    changed = replace(made, dataset=replace(made.dataset, events=replace(events, item=item)))
    again = ranking_windows(changed)[place]
    np.testing.assert_array_equal(window.statistics, again.statistics)
    np.testing.assert_array_equal(window.listed, again.listed)
    np.testing.assert_array_equal(
        window.material.encoded.item["item_id"], again.material.encoded.item["item_id"]
    )


def test_a_split_that_is_not_one_in_time_has_one_window(tmp_path):
    data = make_dataset(
        tmp_path / "data", [*"uuuvvv"], [*"abcabc"], split=[TRAIN, VALIDATION, TEST] * 2
    )
    made, _ = make_material(data, tmp_path)
    [window] = ranking_windows(made)
    assert (window.material.dataset.events.split == [TRAIN, VALIDATION, LATER] * 2).all()


def test_windows_of_a_split_that_is_not_one_in_time_are_refused(tmp_path):
    data = make_dataset(
        tmp_path / "data", [*"uuuvvv"], [*"abcabc"], split=[TRAIN, VALIDATION, TEST] * 2
    )
    made, _ = make_material(data, tmp_path, ranking={"windows": 2})
    with pytest.raises(ConfigError, match=r"`ranking.windows` is 2.*not one in time.*leave it out"):
        ranking_windows(made)
