"""One round: lists, answers, and what is appended to the log."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.feedback import SIZE, begun

from configs.errors import ArtifactError
from tfrs_models.data.simulation.ground_truth import click_probabilities
from trainers.feedback import rounds
from trainers.feedback.panel import visits
from trainers.feedback.policies import parse_policies
from trainers.feedback.rounds import expected_clicks, load_round, play, round_folder
from trainers.feedback.scene import set_scene


def policy(name):
    return parse_policies(name)[0]


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return begun(tmp_path_factory.mktemp("feedback"))


@pytest.fixture(scope="module")
def half_random(experiment):
    """The folder of a first round whose slots are half random."""
    name = policy("most_popular+0.5")
    play(experiment, name, 1)
    return round_folder(experiment, name, 1)


def test_expected_clicks_weigh_the_chances_by_examination(experiment):
    # Positions are examined with 1, 1 / sqrt(2), 1 / sqrt(3).
    chances = np.array([[0.4, 0.2, 0.6], [0.4, 0.2, 0.6]])
    found = expected_clicks(experiment.world, chances, np.array([[2, 0, 1], [1, -1, -1]]))
    assert found == pytest.approx([0.6 + 0.4 / 2**0.5 + 0.2 / 3**0.5, 0.2])


def test_the_truth_holds_what_was_shown_and_what_was_clicked(experiment, half_random):
    played = load_round(half_random)
    truth = pq.read_table(half_random / "truth.parquet").to_pydict()
    row = np.repeat(np.arange(len(experiment.panel)), SIZE.k)
    assert truth["user_id"] == [f"u{user}" for user in experiment.panel.users[row]]
    assert truth["item_id"] == [f"i{item}" for item in played.lists.ravel()]
    assert truth["position"] == list(range(SIZE.k)) * len(experiment.panel)
    assert truth["clicked"] == played.clicked.ravel().tolist()


def test_the_truth_holds_the_propensities_of_the_mixture(experiment, half_random):
    propensity = np.array(pq.read_table(half_random / "truth.parquet")["propensity"].to_pylist())
    assert ((propensity > 0) & (propensity <= 1)).all()
    assert (propensity > 0.5).mean() == pytest.approx(0.5, abs=0.15)  # the base's next items


def test_the_log_holds_one_row_for_each_slot_and_the_steps_after_a_click(experiment, half_random):
    events = pq.read_table(half_random / "events.parquet").to_pydict()
    truth = pq.read_table(half_random / "truth.parquet").to_pydict()
    columns = (truth[name] for name in ("request_id", "position", "item_id", "clicked"))
    shown = set(zip(*columns, strict=True))
    of_slots = {
        (request, position, item, kind == "view")
        for request, position, item, kind in zip(
            events["request_id"], events["position"], events["item_id"], events["event_type"],
            strict=True,
        )
        if kind in ("impression", "view")
    }  # fmt: skip
    assert of_slots == shown
    assert set(events["event_type"]) == {"impression", "view", "cart", "purchase"}


def test_the_times_are_those_of_the_round(experiment, half_random):
    time_us = pq.read_table(half_random / "events.parquet")["timestamp"].cast("int64").to_numpy()
    day = 86_400_000_000
    assert (
        (time_us >= experiment.world.window[1]) & (time_us < experiment.world.window[1] + day)
    ).all()
    assert (np.diff(time_us) >= 0).all()


def test_a_round_learns_from_the_rounds_before(experiment, half_random, tmp_path):
    asked = visits(experiment.world, experiment.panel, 2)
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = set_scene(experiment, asked, [], tmp_path / "before")
    after = set_scene(experiment, asked, [half_random], tmp_path / "after")
    played = load_round(half_random)
    further = len(pq.read_table(half_random / "events.parquet"))
    assert len(after.dataset.events) == len(before.dataset.events) + further
    for user, (lists, clicked) in enumerate(zip(played.lists, played.clicked, strict=True)):
        gone = set(np.flatnonzero(before.allowed[user] & ~after.allowed[user]).tolist())
        assert gone == set(lists[clicked].tolist())


def test_queries_stand_in_the_order_of_the_panel_with_the_context_of_the_request(
    experiment, tmp_path
):
    asked = visits(experiment.world, experiment.panel, 1)
    scene = set_scene(experiment, asked, [], tmp_path)
    ids = pq.read_table(scene.dataset.folder / "users.parquet")["user_id"].to_pylist()
    users = [ids[row - 2] for row in scene.queries.user]
    assert users == [f"u{user}" for user in experiment.panel.users]
    assert scene.queries.time.tolist() == asked.time_us.tolist()
    assert scene.dataset.events.time[scene.queries.event].tolist() == asked.time_us.tolist()
    lengths = scene.queries.history.lengths
    assert lengths.tolist() == experiment.panel.events.tolist()


def test_all_items_may_be_shown_where_seen_ones_are_not_excluded(experiment, tmp_path):
    config = experiment.config
    evaluation = config.evaluation.model_copy(update={"exclude_seen": False})
    free = replace(experiment, config=config.model_copy(update={"evaluation": evaluation}))
    scene = set_scene(free, visits(free.world, free.panel, 1), [], tmp_path)
    assert scene.allowed.all()


@pytest.mark.parametrize("name", ["most_popular", "random", "item_knn+0.2", "oracle"])
def test_no_list_has_more_expected_clicks_than_the_oracles(experiment, name):
    folder = round_folder(experiment, policy(name), 1)
    if not folder.exists():
        play(experiment, policy(name), 1)
    played = load_round(folder)
    regret = played.best - played.expected
    assert (regret >= -1e-12).all()
    assert (regret.sum() == 0) == (name == "oracle")


def test_the_oracle_shows_the_likeliest_clicks_first(experiment):
    oracle = policy("oracle")
    if not round_folder(experiment, oracle, 1).exists():
        play(experiment, oracle, 1)
    played = load_round(round_folder(experiment, oracle, 1))
    asked = visits(experiment.world, experiment.panel, 1)
    chances = click_probabilities(experiment.world, experiment.panel.users, asked.time_us)
    shown = np.take_along_axis(chances, played.lists, axis=1)
    assert (np.diff(shown, axis=1) <= 0).all()


def test_a_round_works_in_a_folder_that_no_other_has_had(experiment, monkeypatch):
    # TensorFlow shares lookup tables by the path of their file: a path that comes again would
    # encode with the vocabulary of an earlier round.
    seen = []
    original = rounds.recommend
    monkeypatch.setattr(
        rounds, "recommend", lambda base, s: (seen.append(s.folder), original(base, s))[1]
    )
    for number in (1, 2):
        play(experiment, policy("ease"), number)
    assert len(set(seen)) == 2
    assert not any(path.exists() for path in seen)


def test_a_damaged_round_is_named(tmp_path):
    (tmp_path / "round.npz").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match=r"round.npz` cannot be read: .* Remove"):
        load_round(tmp_path)
