from pathlib import Path

import numpy as np
import pytest
from published_files import FormatError
from ranking_movielens import read_movielens
from ranking_table import Table

EVENTS = "196\t242\t3\t881250949\n" * 4 + "7\t1\t5\t881250950\n"
# The flags of both movies: Comedy; Action and Sci-Fi.
COMEDY = "0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0"
ACTION = "0|1|0|0|0|0|0|0|0|0|0|0|0|0|0|1|0|0|0"


def grouplens(folder: Path, events: str = EVENTS, date: str = "24-Jan-1997") -> Path:
    items = (
        f"242|Kolya (1996)|{date}||http://x|{COMEDY}\n1|Mis\u00e9rables|01-Jan-1995||y|{ACTION}\n"
    )
    (folder / "u.data").write_text(events, "utf-8")
    (folder / "u.user").write_text("196|49|M|writer|55105\n7|23|F|student|1\n", "utf-8")
    (folder / "u.item").write_text(items, "latin-1")
    return folder


def recbole(folder: Path, year: str = "1997", header: str = "item_id:token") -> Path:
    users = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    items = f"{header}\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    ratings = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    (folder / "ml-100k.user").write_text(f"{users}196\t49\tM\twriter\t55105\n", "utf-8")
    (folder / "ml-100k.item").write_text(f"{items}242\tKolya\t{year}\tAction Sci-Fi\n", "utf-8")
    (folder / "ml-100k.inter").write_text(ratings + "196\t242\t3\t881250949\n" * 5, "utf-8")
    return folder


def rows(folder: Path) -> Table:
    """The training rows, in which either fifth of the ratings leaves one of user 196."""
    return read_movielens(folder, 0).train


def row(table: Table, user: str) -> dict[str, object]:
    """The first rating of a user."""
    place = table.columns["user_id"].tolist().index(user)
    return {name: column[place] for name, column in table.columns.items()}


KOLYA = {
    "user_id": "196",
    "item_id": "242",
    "age": 49.0,
    "gender": "M",
    "occupation": "writer",
    "year": 1997.0,
    "timestamp": 881250949.0,
}


def test_a_rating_has_what_is_known_about_user_and_movie(tmp_path):
    assert row(rows(grouplens(tmp_path)), "196") == KOLYA | {"genres": "Comedy"}


def test_recboles_layout_gives_the_same(tmp_path):
    assert row(rows(recbole(tmp_path)), "196") == KOLYA | {"genres": "Action|Sci-Fi"}


def test_genres_are_those_whose_flag_is_set(tmp_path):
    events = "7\t1\t5\t881250950\n" * 5
    assert row(rows(grouplens(tmp_path, events)), "7")["genres"] == "Action|Sci-Fi"


def test_genres_are_a_list_and_not_a_text(tmp_path):
    table = rows(grouplens(tmp_path))
    assert table.lists == ("genres",)
    assert table.texts == ("user_id", "item_id", "gender", "occupation")


def test_a_fifth_of_the_ratings_is_the_test_part(tmp_path):
    data = read_movielens(grouplens(tmp_path), 0)
    assert (len(data.train), len(data.test)) == (4, 1)
    assert sorted([*data.train.labels["rating"], *data.test.labels["rating"]]) == [3, 3, 3, 3, 5]


def test_another_seed_tests_other_ratings(tmp_path):
    events = "".join(f"196\t242\t3\t{second}\n" for second in range(100))
    grouplens(tmp_path, events)
    one, other = (read_movielens(tmp_path, seed).test.columns["timestamp"] for seed in (0, 1))
    assert one.tolist() != other.tolist()


def test_a_movie_without_a_date_has_no_year(tmp_path):
    assert np.isnan(rows(grouplens(tmp_path, date="")).columns["year"][0])


def test_a_word_in_place_of_a_year_is_a_missing_year(tmp_path):
    assert np.isnan(rows(recbole(tmp_path, year="unkonwn")).columns["year"]).all()


def test_a_rating_outside_1_to_5_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"u\.data, line 1: `rating` must be .*, found '6'"):
        read_movielens(grouplens(tmp_path, "196\t242\t6\t1\n"), 0)


def test_a_rating_of_an_unknown_user_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"line 1: `user_id` must be a `user_id` of u\.user"):
        read_movielens(grouplens(tmp_path, "5\t242\t3\t1\n"), 0)


def test_a_header_without_a_field_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"ml-100k\.item, line 1: the fields item_id are wanted"):
        read_movielens(recbole(tmp_path, header="movie:token"), 0)
