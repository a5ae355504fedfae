from pathlib import Path

import numpy as np
import pytest
from published_files import FormatError
from ranking_census import read_adult, read_census_income

ADULT = (
    "39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, "
    "White, Male, 2174, 0, 40, United-States, <=50K"
)
CENSUS = (
    "58, Private, 4, 34, Some college but no degree, 0, Not in universe, Never married, "
    "Construction, Precision production craft & repair, White, All other, Male, Not in universe, "
    "Not in universe, Children or Armed Forces, 0, 0, 12, Head of household, South, Arkansas, "
    "Householder, Householder, 1053.55, MSA to MSA, Same county, ?, No, Yes, 1, "
    "Not in universe, United-States, United-States, United-States, "
    "Foreign born- Not a citizen of U S , 0, Not in universe, 2, 52, 94, - 50000."
)


def adult(folder: Path, train: str = ADULT, test: str = ADULT) -> Path:
    (folder / "adult.data").write_text(f"{train}\n\n", "utf-8")
    (folder / "adult.test").write_text(f"|1x3 Cross validator\n{test}.\n\n", "utf-8")
    return folder


def census(folder: Path, train: str = CENSUS, test: str = CENSUS) -> Path:
    (folder / "census-income.data").write_text(f"{train}\n", "utf-8")
    (folder / "census-income.test").write_text(f"{test}\n", "utf-8")
    return folder


def test_a_line_of_adult_becomes_texts_and_numbers(tmp_path):
    train = read_adult(adult(tmp_path), 0).train
    assert len(train.columns) == 14
    assert train.columns["workclass"].tolist() == ["State-gov"]
    assert train.columns["capital_gain"].tolist() == [2174.0]


def test_the_label_of_adult_is_no_column(tmp_path):
    assert "income" not in read_adult(adult(tmp_path), 0).train.columns


def test_a_question_mark_is_a_missing_text(tmp_path):
    train = ADULT.replace("State-gov", "?")
    assert read_adult(adult(tmp_path, train), 0).train.columns["workclass"].tolist() == [""]


def test_a_question_mark_is_a_missing_number(tmp_path):
    train = ADULT.replace("77516", "?")
    assert np.isnan(read_adult(adult(tmp_path, train), 0).train.columns["fnlwgt"]).tolist() == [
        True
    ]


def test_a_label_with_a_full_stop_and_the_first_line_of_the_test_file_are_read(tmp_path):
    test = read_adult(adult(tmp_path, test=ADULT.replace("<=50K", ">50K")), 0).test
    assert test.labels["income"].tolist() == [1.0]


def test_a_line_with_too_few_fields_names_file_line_and_number(tmp_path):
    with pytest.raises(FormatError, match=r"adult\.data, line 2: 15 fields are wanted, found 2"):
        read_adult(adult(tmp_path, f"{ADULT}\n39, Private"), 0)


def test_a_text_in_place_of_a_number_is_refused(tmp_path):
    with pytest.raises(FormatError, match="line 1: `age` must be a number, found 'old'"):
        read_adult(adult(tmp_path, ADULT.replace("39", "old")), 0)


@pytest.mark.parametrize("text", ["nan", "inf"])
def test_a_number_must_be_finite(tmp_path, text):
    with pytest.raises(FormatError, match="`age` must be a number"):
        read_adult(adult(tmp_path, ADULT.replace("39", text)), 0)


def test_an_unknown_label_is_refused_and_the_line_counts_the_first_one(tmp_path):
    with pytest.raises(
        FormatError, match=r"adult\.test, line 2: `income` must be .*found 'rich\.'"
    ):
        read_adult(adult(tmp_path, test=ADULT.replace("<=50K", "rich")), 0)


def test_a_file_without_lines_is_refused(tmp_path):
    with pytest.raises(
        FormatError, match=r"adult\.data: lines of 15 fields are wanted, found none"
    ):
        read_adult(adult(tmp_path, ""), 0)


def test_weight_and_labels_of_census_income_are_no_columns(tmp_path):
    columns = read_census_income(census(tmp_path), 0).train.columns
    # 42 fields without the two labels and the weight.
    assert len(columns) == 39
    assert not {"marital_status", "income", "instance_weight"} & set(columns)


def test_the_tasks_of_census_income_are_income_and_marriage(tmp_path):
    train = CENSUS.replace("- 50000.", "50000+.").replace("Never married", "Widowed")
    data = read_census_income(census(tmp_path, train), 0)
    assert {task: label.tolist() for task, label in data.train.labels.items()} == {
        "income": [1.0],
        "never_married": [0.0],
    }
    assert {task: label.tolist() for task, label in data.test.labels.items()} == {
        "income": [0.0],
        "never_married": [1.0],
    }


def test_not_in_universe_is_a_value_and_a_question_mark_is_none(tmp_path):
    columns = read_census_income(census(tmp_path), 0).train.columns
    assert columns["labor_union"].tolist() == ["Not in universe"]
    assert columns["migration_within_region"].tolist() == [""]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dividends", 12.0),
        ("persons_worked_for_employer", 1.0),
        ("weeks_worked", 52.0),
        ("survey_year", "94"),
        ("citizenship", "Foreign born- Not a citizen of U S"),
        ("detailed_occupation", "34"),
    ],
)
def test_columns_of_census_income_stand_where_the_description_says(tmp_path, name, value):
    assert read_census_income(census(tmp_path), 0).train.columns[name].tolist() == [value]


def test_an_unknown_marital_status_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"`marital_status` must be `Never married` or"):
        read_census_income(census(tmp_path, CENSUS.replace("Never married", "Single")), 0)
