import numpy as np
from published_files import read_adjacency
from retrieval_data import simulated_pairs, write_adjacency, write_simulated


def test_pairs_are_written_as_lightgcn_writes_them(tmp_path):
    write_adjacency(tmp_path / "a.txt", (np.array([0, 0, 3]), np.array([7, 5, 7])))
    assert (tmp_path / "a.txt").read_text("utf-8") == "0 7 5\n3 7\n"


def test_simulated_pairs_are_distinct_and_as_many_as_asked_for():
    user, item = simulated_pairs(users=100, items=200, number=500, seed=0)
    assert len(np.unique(user * 200 + item)) == 500
    assert user.max() < 100
    assert item.max() < 200


def test_a_fifth_of_each_users_items_is_the_simulated_test_part(tmp_path):
    write_simulated(tmp_path, 0.005, 0)
    train, test = (read_adjacency(tmp_path / name)[0] for name in ("train.txt", "test.txt"))
    of_train, of_test = (np.bincount(users, minlength=200) for users in (train, test))
    assert of_test.sum() > 0
    assert of_test.tolist() == np.round(0.2 * (of_train + of_test)).tolist()
