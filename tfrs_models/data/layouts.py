"""How the lines of text formats are laid out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tfrs_models.data import sql

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Layout:
    """A text format.

    Attributes:
        delimiter: between two cells, 1 to 4 bytes.
        quote: around cells that hold a delimiter or a line break; "" for none.
        encoding: `utf-8`, `utf-16` or `latin-1`.
        names: column names when the file has no header line; None when it has one.
        typed_header: header cells are `name:type` (RecBole).
        columns: what canonical columns are called in this format.
        derived: columns made from those of the file, as SQL expressions.
        hidden: columns of the file that are of no use.
    """

    delimiter: str
    quote: str = '"'
    encoding: str = "utf-8"
    names: tuple[str, ...] | None = None
    typed_header: bool = False
    columns: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    derived: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    hidden: tuple[str, ...] = ()


CSV = Layout(",")
TSV = Layout("\t")
RECBOLE = Layout("\t", quote="", typed_header=True, columns={"value": "rating"})

# The order of the 19 flags in MovieLens-100K's `u.item`.
GENRES = (
    "Unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children",
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
GENRE_SEPARATOR = "|"
TITLE_AND_YEAR = sql.text(r"^(.*\S)\s*\(([0-9]{4})\)\s*$")


def title_of(column: str) -> str:
    """`Toy Story` of `Toy Story (1995)`; a title without a year stays as it is."""
    return sql.fill(
        "coalesce(NULLIF(regexp_extract($column, $pattern, 1), ''), $column)",
        column=sql.name(column),
        pattern=TITLE_AND_YEAR,
    )


def year_of(column: str) -> str:
    """1995 of `Toy Story (1995)`, INTEGER; NULL without a year."""
    return sql.fill(
        "TRY_CAST(regexp_extract($column, $pattern, 2) AS INTEGER)",
        column=sql.name(column),
        pattern=TITLE_AND_YEAR,
    )


def _flags_as_text() -> str:
    cases = ", ".join(
        sql.fill("CASE WHEN $flag = '1' THEN $genre END", flag=sql.name(g), genre=sql.text(g))
        for g in GENRES
    )
    return sql.fill(
        "array_to_string(list_filter([$cases], lambda genre: genre IS NOT NULL), $separator)",
        cases=cases,
        separator=sql.text(GENRE_SEPARATOR),
    )


_TITLED: Mapping[str, str] = {"title": title_of("title"), "year": year_of("title")}
_RATING = ("user_id", "item_id", "value", "timestamp")
_RATING_CSV = {"user_id": "userId", "item_id": "movieId", "value": "rating"}
_OLD = Layout("|", quote="", encoding="latin-1")
_DAT = replace(_OLD, delimiter="::")

MOVIELENS: Mapping[str, Layout] = {
    "u.data": replace(_OLD, delimiter="\t", names=_RATING),
    "u.user": replace(_OLD, names=("user_id", "age", "gender", "occupation", "zip_code")),
    "u.item": replace(
        _OLD,
        names=("item_id", "title", "release_date", "video_date", "url", *GENRES),
        derived={**_TITLED, "genres": _flags_as_text()},
        hidden=("video_date", "url", *GENRES),
    ),
    "ratings.dat": replace(_DAT, names=_RATING),
    "users.dat": replace(_DAT, names=("user_id", "gender", "age", "occupation", "zip_code")),
    "movies.dat": replace(_DAT, names=("item_id", "title", "genres"), derived=_TITLED),
    "ratings.csv": Layout(",", columns=_RATING_CSV),
    "movies.csv": Layout(",", columns={"item_id": "movieId"}, derived=_TITLED),
}
"""Layouts of the files that GroupLens publishes, by file name."""

MOVIELENS_100K = ("u.data", "u.item", "u.user")
"""The files of MovieLens-100K that are read: events, items, users."""
