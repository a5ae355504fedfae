from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published_files import (
    FormatError,
    lightgcn_events,
    rank_within,
    read_adjacency,
    read_ratings,
    read_sequence,
    sequence_events,
    stratified_events,
)


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")
    return folder


def parts(table: Any) -> dict[str, list[tuple[int, int]]]:
    """Pairs of user and item by part, in the order of the table."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in table.to_pylist():
        found.setdefault(row["split"], []).append((row["user_id"], row["item_id"]))
    return found


def test_a_line_of_a_lightgcn_file_is_a_user_and_the_items(tmp_path):
    written(tmp_path, train_txt="0 5 6\n1\n\n2 5\n")
    user, item = read_adjacency(tmp_path / "train.txt")
    assert user.tolist() == [0, 0, 2]
    assert item.tolist() == [5, 6, 5]


def test_a_line_of_a_sequence_is_an_event(tmp_path):
    written(tmp_path, sequence_txt="3 9\n3 8\n1 9\n")
    user, item = read_sequence(tmp_path / "sequence.txt")
    assert user.tolist() == [3, 3, 1]
    assert item.tolist() == [9, 8, 9]


@pytest.mark.parametrize("header", ["", "user_id:token item_id:token rating:float\n"])
def test_ratings_are_read_with_and_without_a_header(tmp_path, header):
    written(tmp_path, u_data=header + "196\t242\t3\t881250949\n186\t302\t3\t891717742\n")
    user, item = read_ratings(tmp_path / "u.data")
    assert user.tolist() == [196, 186]
    assert item.tolist() == [242, 302]


def test_a_field_that_is_no_number_names_file_and_line(tmp_path):
    written(tmp_path, train_txt="0 1\n1 x\n")
    with pytest.raises(FormatError, match=r"train\.txt, line 2: whole numbers"):
        read_adjacency(tmp_path / "train.txt")


def test_a_line_with_three_fields_is_no_event(tmp_path):
    written(tmp_path, sequence_txt="0 1\n0 1 5\n")
    with pytest.raises(FormatError, match=r"line 2: `user item` is wanted, found '0 1 5'"):
        read_sequence(tmp_path / "sequence.txt")


def test_the_given_test_file_is_the_test_part(tmp_path):
    written(tmp_path, train_txt="0 1 2 3\n1 1\n", test_txt="0 4\n1 2 3\n")
    assert parts(lightgcn_events(tmp_path, 0))["test"] == [(0, 4), (1, 2), (1, 3)]


def test_a_fifth_of_the_items_of_a_fifth_of_the_users_validates(tmp_path):
    lines = "".join(f"{user} {' '.join(map(str, range(10)))}\n" for user in range(30))
    written(tmp_path, train_txt=lines, test_txt="")
    validation = parts(lightgcn_events(tmp_path, 0))["validation"]
    users, counts = np.unique([user for user, _ in validation], return_counts=True)
    assert (len(users), counts.tolist()) == (6, [2] * 6)


def test_another_seed_validates_on_other_events(tmp_path):
    lines = "".join(f"{user} {' '.join(map(str, range(10)))}\n" for user in range(30))
    written(tmp_path, train_txt=lines, test_txt="")
    one, other = (parts(lightgcn_events(tmp_path, seed))["validation"] for seed in (0, 1))
    assert one != other


def test_a_random_quarter_of_each_users_ratings_is_the_test_part(tmp_path):
    lines = "".join(f"{user}\t{item}\t5\t1\n" for item in range(8) for user in range(20))
    written(tmp_path, u_data=lines)
    test = parts(stratified_events(tmp_path, 0))["test"]
    assert np.bincount([user for user, _ in test]).tolist() == [2] * 20
    assert len({item for _, item in test}) > 2


def test_the_last_events_of_a_user_are_held_out_and_none_of_a_user_with_two(tmp_path):
    written(tmp_path, sequence_txt="0 1\n1 7\n0 2\n0 3\n1 8\n")
    assert parts(sequence_events(tmp_path, 0)) == {
        "train": [(0, 1), (1, 7), (1, 8)],
        "validation": [(0, 2)],
        "test": [(0, 3)],
    }


def test_events_of_a_sequence_keep_their_order(tmp_path):
    written(tmp_path, sequence_txt="0 9\n0 3\n0 5\n")
    table = sequence_events(tmp_path, 0)
    assert table["item_id"].to_pylist() == [9, 3, 5]
    assert table["timestamp"].to_pylist() == [0, 1, 2]


def test_places_are_counted_within_each_user():
    user, value = np.array([4, 4, 2, 4]), np.array([0.3, 0.1, 0.9, 0.2])
    assert rank_within(user, value).tolist() == [2, 0, 0, 1]
