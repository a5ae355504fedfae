"""The data sets of the ranking benchmark, by name, each from a folder of its published files."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ranking_census import read_adult, read_census_income
from ranking_movielens import read_movielens
from ranking_online_retail import read_online_retail
from ranking_table import RankingData

Reader = Callable[[Path, int], RankingData]
"""From a folder and the seed of the split, where none is given, to the data."""

READERS: Mapping[str, Reader] = {
    "adult": read_adult,
    "census_income": read_census_income,
    "movielens": read_movielens,
    "online_retail": read_online_retail,
}
