import numpy as np
import pytest
from support.ranking import examples, material, moved, requests_of

from tfrs_models.data.dataset import VALIDATION
from trainers.ranking.requests import window_requests
from trainers.ranking.windows import ranking_windows
from trainers.retrieval import candidate_embeddings, new_two_tower, query_embeddings, search_among


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    tasks = {"positive": {}, "rating": {"label": {"type": "value"},
                                        "objective": {"type": "squared"}}}  # fmt: skip
    return examples(
        tmp_path_factory.mktemp("log"), shown_negatives=2, random_negatives=5, tasks=tasks
    )


def touched(window, user):
    """What the user did in the window, by item: the weight and the latest value."""
    events = window.material.dataset.events
    mine = np.flatnonzero((events.split == VALIDATION) & (events.user == user))
    weights, values = {}, {}
    for event in mine:
        item = int(events.item[event])
        weights[item] = max(weights.get(item, 0), float(events.weight[event]))
        values[item] = float(events.value[event])
    return weights, values


def test_a_pool_begins_with_the_list_that_the_retrieval_returns(found):
    made, _, windows, requests = found
    model = new_two_tower(made)
    for window, part in zip(windows, requests, strict=True):
        embeddings = (
            query_embeddings(model, window.material, part.queries),
            candidate_embeddings(model, window.material),
        )
        lists = search_among(window.listed, *embeddings, window.material, part.queries, 8)
        np.testing.assert_array_equal(part.lists, lists)
        assert part.retrieved == 8


def test_positives_and_labels_are_those_of_the_window(found):
    _, _, windows, requests = found
    for window, part in zip(windows, requests, strict=True):
        for user, items, positive, labels in zip(
            part.queries.user, part.items, part.positive, part.labels, strict=True
        ):
            weights, values = touched(window, user)
            for item, is_positive, (taken, rating) in zip(items, positive, labels, strict=True):
                if item == 0:
                    assert np.isnan(taken)
                    continue
                assert is_positive == (weights.get(item, 0) > 0)
                assert taken == float(is_positive)
                np.testing.assert_equal(rating, np.float32(values.get(item, np.nan)))


def test_what_was_shown_stands_outside_the_list_positives_first(found):
    _, _, windows, requests = found
    for window, part in zip(windows, requests, strict=True):
        shown = part.items[:, 8:16]  # four for each of the two that a list draws
        for user, items, listed in zip(part.queries.user, shown, part.lists, strict=True):
            weights, _ = touched(window, user)
            present = items[items > 0]
            expected = {item for item in weights if item not in listed}
            assert set(present) <= expected
            assert len(present) == min(8, len(expected))
            taken = [weights[int(item)] > 0 for item in present]
            assert taken == sorted(taken, reverse=True)


def test_random_candidates_are_of_the_catalogue(found):
    _, _, windows, requests = found
    for window, part in zip(windows, requests, strict=True):
        random = part.items[:, 16:]
        assert random.shape[1] == 5
        assert window.listed[random[random > 0]].all()


def test_scores_are_inner_products_and_ranks_those_of_the_list(found):
    made, _, windows, requests = found
    model = new_two_tower(made)
    part, window = requests[0], windows[0]
    queries = query_embeddings(model, window.material, part.queries)
    items = candidate_embeddings(model, window.material)
    expected = np.einsum("qd,qpd->qp", queries, items[part.items])
    np.testing.assert_allclose(part.scores, expected, rtol=1e-5)
    assert (part.ranks[:, :8] == np.arange(8)).all()
    assert (part.ranks[:, 8:] == 8).all()
    np.testing.assert_allclose(part.standard[:, :8].mean(axis=1), 0, atol=1e-3)


def test_an_unshown_candidate_has_no_position(found):
    assert all((part.position == -1).all() for part in found[3])


@pytest.mark.parametrize("place", [0, 2])
def test_an_event_moved_past_the_end_of_a_window_changes_its_labels_alone(tmp_path, place):
    """Moved by the microseconds that bring it to the end: what was known stays."""
    made, _ = material(tmp_path)
    window = ranking_windows(made)[place]
    events = window.material.dataset.events
    event = np.flatnonzero((events.split == VALIDATION) & (events.weight > 0))[0]
    before, after = (
        requests_of(made, [ranking_windows(moved(made, event, time))[place]])[0]
        for time in (window.end - 1, window.end)
    )
    same = np.isin(before.queries.user, after.queries.user)
    for name in ("items", "ranks"):
        np.testing.assert_array_equal(getattr(before, name)[same], getattr(after, name))
    for name in ("scores", "standard"):  # products of another number of rows may round otherwise
        np.testing.assert_allclose(
            getattr(before, name)[same], getattr(after, name), rtol=1e-5, atol=1e-6
        )
    columns = before.columns["history"][same]
    np.testing.assert_array_equal(columns, after.columns["history"])


def test_requests_of_a_window_are_sampled_by_the_seed(tmp_path):
    made, _ = material(tmp_path, max_requests=5)
    window = ranking_windows(made)[0]
    model = new_two_tower(made)
    one, other = (window_requests(model, window, 8) for _ in range(2))
    assert len(one) == 5
    np.testing.assert_array_equal(one.queries.user, other.queries.user)


def test_chosen_requests_keep_everything_of_theirs(found):
    part = found[3][0]
    chosen = part.take(np.array([3, 1]))
    assert chosen.queries.user.tolist() == part.queries.user[[3, 1]].tolist()
    np.testing.assert_array_equal(chosen.labels, part.labels[[3, 1]])
    np.testing.assert_array_equal(chosen.columns["history"], part.columns["history"][[3, 1]])
    assert chosen.retrieved == part.retrieved


def test_an_impression_whose_click_may_still_come_is_no_negative(tmp_path):
    # The pool holds 8 retrieved items, then up to 8 shown ones: positives, and impressions where
    # they are old enough.
    shown = {}
    for hours in (0, 1e6):
        _, _, _, requests = examples(
            tmp_path / str(hours), shown_negatives=2, attribution_hours=hours
        )
        pools = [(part.items[:, 8:], part.positive[:, 8:]) for part in requests]
        shown[hours] = sum(int(((items > 0) & ~positive).sum()) for items, positive in pools)
        assert sum(int(positive.sum()) for _, positive in pools)
    assert shown[0] > 0
    assert shown[1e6] == 0
