from typing import Any

import numpy as np
import pytest

from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from trainers.roles import Window, assign_roles, window_width

A, B, C, D = 2, 3, 4, 5


def window(items: list[list[int]], moments: list[list[int]] | None = None, seed: int = 0) -> Window:
    """Windows from items, 0 outside; every event has a moment of its own when none are given."""
    item = tf.constant(items)
    size, width = item.shape
    own = tf.broadcast_to(tf.range(width), item.shape)
    return Window(
        place=own + 100 * tf.range(size)[:, tf.newaxis],
        inside=item != 0,
        item=item,
        moment=own if moments is None else tf.constant(moments),
        seed=tf.constant([seed, seed]),
    )


def roles(
    given: Window, causal: bool = False, length: int = 4, repeats: bool = False, **config: Any
) -> Any:
    assign = assign_roles(RetrievalConfig(**config), causal, length, repeats)
    return [tensor.numpy() for tensor in assign(given)]


def wide(rows: int = 200, width: int = 20) -> Window:
    """Windows of distinct items."""
    return window([list(range(2, width + 2))] * rows)


def test_a_window_holds_a_history_and_for_a_causal_encoder_one_target_more() -> None:
    assert window_width(causal=False, length=50) == 50
    assert window_width(causal=True, length=50) == 51
    assert window_width(causal=False, length=0) > 0


def test_each_event_is_history_or_target_but_never_both() -> None:
    history, target, _ = roles(wide())
    assert (history != target).all()


def test_nothing_outside_the_window_has_a_role() -> None:
    given = window([[A, B, 0, 0]] * 50)
    for causal, sampling in ((False, "random"), (False, "past"), (True, "past")):
        history, target, _ = roles(given, causal=causal, history_sampling=sampling)
        assert not history[:, 2:].any()
        assert not target[:, 2:].any()


def test_the_shares_of_histories_are_drawn_between_the_bounds() -> None:
    history, _, _ = roles(wide(2_000, 100), history_share=(0.6, 0.9))
    shares = history.mean(1)
    # A share of 100 draws has a standard deviation of at most 0.05.
    assert shares.mean() == pytest.approx(0.75, abs=0.01)
    assert shares.std() == pytest.approx(np.sqrt(0.3**2 / 12 + 0.75 * 0.25 / 100), abs=0.01)
    assert 0.4 < shares.min() < 0.6
    assert shares.max() > 0.9


def test_an_item_is_history_or_target_with_all_its_events() -> None:
    """Else a target would stand in its own history and give the answer away."""
    given = window([[A, B, A, C, B, A]] * 300)
    history, target, _ = roles(given)
    for item_places in ([0, 2, 5], [1, 4]):
        chosen = history[:, item_places]
        assert (chosen.all(1) | ~chosen.any(1)).all()
        assert 0.5 < chosen[:, 0].mean() < 0.95
    assert (history != target).all()


def test_where_repeats_are_wanted_each_event_has_a_role_of_its_own() -> None:
    history, _, _ = roles(window([[A] * 6] * 300), repeats=True)
    mixed = history.any(1) & ~history.all(1)
    assert mixed.mean() > 0.5


def test_windows_and_seeds_have_their_own_roles() -> None:
    first, _, _ = roles(wide(2))
    assert (first[0] != first[1]).any()
    other, _, _ = roles(wide(2)._replace(seed=tf.constant([9, 9])))
    assert (first != other).any()


def test_items_are_drawn_independently() -> None:
    """The hash of an item says nothing of the next item's."""
    history, _, _ = roles(wide(3_000, 40), history_share=(0.5, 0.5))
    correlation = np.corrcoef(history.T.astype(float))
    off = correlation[~np.eye(40, dtype=bool)]
    # 3000 windows: a standard deviation of 0.018; 1560 pairs stay within 5 of them.
    assert abs(off).max() < 5 * 0.0183
    assert abs(history.mean(0) - 0.5).max() < 5 * 0.0092


def test_what_was_before_a_random_moment_is_history() -> None:
    given = window([[A, B, C, D]] * 300)
    history, target, visible = roles(given, history_sampling="past")
    cuts = history.sum(1)
    assert set(cuts.tolist()) == {0, 1, 2, 3}
    for row, cut in enumerate(cuts):
        assert history[row].tolist() == [place < cut for place in range(4)]
        assert target[row].tolist() == [place >= cut for place in range(4)]
        assert (visible[row] == cut).all()


def test_a_moment_is_not_cut() -> None:
    # B and C came together.
    history, _, _ = roles(
        window([[A, B, C, D]] * 200, [[0, 1, 1, 3]] * 200), history_sampling="past"
    )
    assert set(history.sum(1).tolist()) == {0, 1, 3}


def test_a_moment_that_began_before_the_window_is_all_target() -> None:
    given = window([[A, B, C]] * 50, [[-2, -2, 2]] * 50)
    history, _, _ = roles(given, history_sampling="past", length=3)
    assert set(history.sum(1).tolist()) == {0, 2}


def test_of_the_past_a_repeat_is_no_target_unless_wanted() -> None:
    given = window([[A, B, A, C]] * 200)
    for repeats in (False, True):
        history, target, _ = roles(given, history_sampling="past", repeats=repeats)
        after_two = history.sum(1) == 2
        assert (target[after_two, 2] == repeats).all()
        assert target[after_two, 3].all()
        assert target[history.sum(1) == 0].all()


def test_every_place_is_the_target_of_what_was_strictly_earlier() -> None:
    given = window([[A, B, C, D, 0]], [[0, 1, 1, 3, 0]])
    history, target, visible = roles(given, causal=True)
    assert history.tolist() == [[True, True, True, True]]
    assert target.tolist() == [[True, True, True, True, False]]
    assert visible[0, :4].tolist() == [0, 1, 1, 3]


def test_of_every_place_a_repeat_is_no_target_unless_wanted() -> None:
    given = window([[A, B, A, C, B]])
    _, target, _ = roles(given, causal=True)
    assert target.tolist() == [[True, True, False, True, False]]
    _, target, _ = roles(given, causal=True, repeats=True)
    assert target.all()


def test_two_of_a_kind_in_one_moment_are_no_repeats() -> None:
    _, target, _ = roles(window([[A, B, B, C, D]], [[0, 1, 1, 3, 4]]), causal=True)
    assert target.all()


def test_without_a_history_everything_is_a_target() -> None:
    history, target, visible = roles(window([[A, B, 0]]), length=0)
    assert history.shape == (1, 0)
    assert target.tolist() == [[True, True, False]]
    assert not visible.any()
