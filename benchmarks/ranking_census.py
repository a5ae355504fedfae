"""Readers of the two census files of the UCI repository, in their published form and split.

- Adult: `adult.data` and `adult.test`; the task is an income above 50,000 dollars.
- Census-Income (KDD): `census-income.data` and `census-income.test`. The tasks are an income above
  50,000 dollars and never having married, and neither is an input, as Ma et al. (2018) set it up
  (Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts). The
  weight of a row is no input either.

`?` is a missing value; "Not in universe" is a value like others.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ranking_files import Fields, read_commented
from ranking_table import RankingData, Table

ADULT = (
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
)
ADULT_NUMBERS = (
    "age",
    "fnlwgt",
    "education_num",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
)
ADULT_INCOME = {"<=50K": 0.0, ">50K": 1.0}
ADULT_CROSSES = (
    ("education", "occupation"),
    ("native_country", "occupation"),
    ("relationship", "education"),
    ("workclass", "occupation"),
)

CENSUS = (
    "age",
    "class_of_worker",
    "detailed_industry",
    "detailed_occupation",
    "education",
    "wage_per_hour",
    "enrolled_last_week",
    "marital_status",
    "major_industry",
    "major_occupation",
    "race",
    "hispanic_origin",
    "sex",
    "labor_union",
    "reason_for_unemployment",
    "full_or_part_time",
    "capital_gains",
    "capital_losses",
    "dividends",
    "tax_filer",
    "previous_region",
    "previous_state",
    "household_and_family",
    "household_summary",
    "instance_weight",
    "migration_msa",
    "migration_region",
    "migration_within_region",
    "same_house_last_year",
    "migration_sunbelt",
    "persons_worked_for_employer",
    "family_under_18",
    "father_birth_country",
    "mother_birth_country",
    "birth_country",
    "citizenship",
    "own_business",
    "veterans_questionnaire",
    "veterans_benefits",
    "weeks_worked",
    "survey_year",
    "income",
)
CENSUS_NUMBERS = (
    "age",
    "wage_per_hour",
    "capital_gains",
    "capital_losses",
    "dividends",
    "persons_worked_for_employer",
    "weeks_worked",
)
CENSUS_INCOME = {"- 50000.": 0.0, "50000+.": 1.0}
NEVER_MARRIED = "Never married"
MARITAL_STATUSES = (
    NEVER_MARRIED,
    "Divorced",
    "Married-A F spouse present",
    "Married-civilian spouse present",
    "Married-spouse absent",
    "Separated",
    "Widowed",
)
CENSUS_CROSSES = (
    ("education", "major_occupation"),
    ("class_of_worker", "education"),
    ("sex", "major_occupation"),
    ("household_summary", "tax_filer"),
)


def read_adult(folder: Path, seed: int) -> RankingData:  # noqa: ARG001 - the split is given
    """The two files of Adult; all 14 columns are inputs."""
    train, test = _parts(folder, "adult", ADULT, _adult)
    return RankingData(train, test, "binary", ADULT_CROSSES)


def read_census_income(folder: Path, seed: int) -> RankingData:  # noqa: ARG001 - the split is given
    """The two files of Census-Income; 39 columns are inputs."""
    train, test = _parts(folder, "census-income", CENSUS, _census)
    return RankingData(train, test, "binary", CENSUS_CROSSES)


def _parts(
    folder: Path, name: str, fields: Sequence[str], table: Callable[[Fields], Table]
) -> tuple[Table, Table]:
    paths = (folder / f"{name}.{part}" for part in ("data", "test"))
    train, test = (table(read_commented(path, fields, ",")) for path in paths)
    return train, test


def _adult(fields: Fields) -> Table:
    # The labels of the test file end with a full stop.
    meaning = ADULT_INCOME | {f"{label}.": value for label, value in ADULT_INCOME.items()}
    columns = _columns(fields, set(ADULT) - {"income"}, ADULT_NUMBERS)
    return Table(columns, {"income": fields.labels("income", meaning)})


def _census(fields: Fields) -> Table:
    inputs = set(CENSUS) - {"income", "marital_status", "instance_weight"}
    single = {status: float(status == NEVER_MARRIED) for status in MARITAL_STATUSES}
    labels = {
        "income": fields.labels("income", CENSUS_INCOME),
        "never_married": fields.labels("marital_status", single),
    }
    return Table(_columns(fields, inputs, CENSUS_NUMBERS), labels)


def _columns(
    fields: Fields, inputs: set[str], numbers: Sequence[str]
) -> dict[str, NDArray[np.object_] | NDArray[np.float64]]:
    return {
        name: fields.numbers(name) if name in numbers else fields.texts(name)
        for name in fields.columns
        if name in inputs
    }
