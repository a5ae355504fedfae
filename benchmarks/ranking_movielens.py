"""Readers of MovieLens-100K as ratings with what is known about user and movie.

- GroupLens' layout: `u.data` (tab separated), `u.user` and `u.item` (separated by `|`).
- RecBole's: `ml-100k.inter`, `.user` and `.item`, tab separated with a line of `name:type`.

The task is the rating, 1 to 5; a random fifth of the ratings is the test part.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ranking_files import Fields, read_fields, read_headed
from ranking_table import SEPARATOR, RankingData, Table, split

TEST_SHARE = 0.2
RATINGS = {str(rating): float(rating) for rating in range(1, 6)}
GENRES = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
USER = ("user_id", "age", "gender", "occupation", "zip_code")
ITEM = ("item_id", "title", "released", "video_released", "address", *GENRES)
EVENT = ("user_id", "item_id", "rating", "timestamp")
RECBOLE_ITEM = ("item_id", "release_year", "class")
CROSSES = (("gender", "item_id"), ("occupation", "item_id"))
FLAGS = {"0": 0.0, "1": 1.0}


def read_movielens(folder: Path, seed: int) -> RankingData:
    """The ratings of either layout, split by the seed."""
    recbole = (folder / "ml-100k.inter").exists()
    ratings = _read_recbole(folder) if recbole else _read_grouplens(folder)
    train, test = split(ratings, TEST_SHARE, seed)
    return RankingData(train, test, "rating", CROSSES)


def _read_grouplens(folder: Path) -> Table:
    users = read_fields(folder / "u.user", USER, "|")
    # Titles hold letters of Latin-1.
    items = read_fields(folder / "u.item", ITEM, "|", "latin-1")
    years = _years([date[-4:] for date in items.columns["released"]])
    return _joined(
        read_fields(folder / "u.data", EVENT, "\t"), users, items, years, _flagged(items)
    )


def _read_recbole(folder: Path) -> Table:
    users = read_headed(folder / "ml-100k.user", USER[:-1])
    items = read_headed(folder / "ml-100k.item", RECBOLE_ITEM)
    events = read_headed(folder / "ml-100k.inter", EVENT)
    genres = [SEPARATOR.join(names.split()) for names in items.columns["class"]]
    years = _years(items.columns["release_year"])
    return _joined(events, users, items, years, np.array(genres, object))


def _years(texts: Sequence[str]) -> NDArray[np.float64]:
    """Years; what is none is missing: RecBole's file has words there for movies without a date."""
    known = [len(text) == 4 and text.isdigit() for text in texts]
    return np.array([float(t) if k else np.nan for t, k in zip(texts, known, strict=True)])


def _flagged(items: Fields) -> NDArray[np.object_]:
    """The genres whose column is 1."""
    flags = np.stack([items.labels(genre, FLAGS) for genre in GENRES], axis=1) > 0
    return np.array([SEPARATOR.join(np.array(GENRES)[row]) for row in flags], object)


def _joined(
    events: Fields,
    users: Fields,
    items: Fields,
    years: NDArray[np.float64],
    genres: NDArray[np.object_],
) -> Table:
    user, item = events.places("user_id", users), events.places("item_id", items)
    columns = {
        "user_id": events.texts("user_id"),
        "item_id": events.texts("item_id"),
        "age": users.numbers("age")[user],
        "gender": users.texts("gender")[user],
        "occupation": users.texts("occupation")[user],
        "genres": genres[item],
        "year": years[item],
        "timestamp": events.numbers("timestamp"),
    }
    return Table(columns, {"rating": events.labels("rating", RATINGS)}, lists=("genres",))
