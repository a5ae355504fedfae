import json

import pytest
from click.testing import CliRunner, Result
from support.bundles import Run

from configs.errors import ConfigError
from exports.loader import Input
from serving.commands import parse_features, recommend

INPUTS = {
    "age": Input("float32", (None,)),
    "timestamp": Input("int64", (None,)),
    "taste": Input("float32", (None, 2)),
    "city": Input("string", (None,)),
}


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(recommend, list(arguments))


def test_prints_a_table_and_the_recent_history(run: Run) -> None:
    result = invoke(str(run.bundle), "--user", "u1", "--k", "3")
    assert result.exit_code == 0, result.output
    assert "tiny: top 3 for user u1" in result.output
    assert "recent history: Title" in result.output
    assert "retrieval" in result.output


def test_prints_json(run: Run) -> None:
    result = invoke(
        str(run.bundle), "--k", "2", "--history", "i1,none", "--feature", "age=25",
        "--exclude", "i2,i3", "--json",
    )  # fmt: skip
    answer = json.loads(result.stdout)
    assert len(answer["items"]) == 2
    assert answer["flags"] == ["unknown_user"]
    assert answer["unknown_history"] == ["none"]
    # 40 items less i1, i2 and i3.
    assert answer["eligible"] == 37


def test_says_what_it_does_not_know(run: Run) -> None:
    output = invoke(str(run.bundle), "--user", "stranger", "--history", "none").output
    assert "unknown user" in output
    assert "ignored, not in the catalogue: none" in output


def test_features_take_the_type_of_their_input() -> None:
    pairs = ("age=25", "timestamp=-7", "taste=1,2.5", "city=a=b", "unknown=1")
    assert parse_features(pairs, INPUTS) == {
        "age": 25.0,
        "timestamp": -7,
        "taste": [1.0, 2.5],
        "city": "a=b",
        "unknown": "1",
    }


@pytest.mark.parametrize(("name", "text"), [("age", "old"), ("timestamp", "1.5"), ("taste", "1,x")])
def test_a_feature_of_the_wrong_type_is_refused(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"`--feature {name}` must be .*, got `{text}`"):
        parse_features((f"{name}={text}",), INPUTS)


def test_a_feature_without_value_is_refused() -> None:
    with pytest.raises(ConfigError, match="`--feature` must be NAME=VALUE, got `age`"):
        parse_features(("age",), INPUTS)


def test_wrong_requests_are_the_errors_of_the_recommender(run: Run) -> None:
    result = invoke(str(run.bundle), "--feature", "agee=3")
    assert isinstance(result.exception, ConfigError)
    assert "Did you mean `age`?" in str(result.exception)
