"""The settings of drift."""

import pytest
from pydantic import ValidationError

from configs.drift import DriftConfig


def refused(**settings):
    with pytest.raises(ValidationError) as raised:
        DriftConfig.model_validate(settings)
    return str(raised.value)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"volume_ratio": [2.0, 0.5]}, "`volume_ratio` is [below 1, above 1], received [2.0, 0.5]"),
        ({"volume_ratio": [1.0, 2.0]}, "write the smallest ratio first"),
        ({"watch": ["a", "a"]}, "`watch` names `a` twice"),
        ({"watch": ["timestamp"]}, "`watch` and `ignore` both name `timestamp`"),
        ({"columns": {"timestamp": {}}}, "settings for `timestamp`, which `ignore` leaves out"),
        ({"watch": ["price"], "columns": {"prize": {}}}, "Did you mean `price`?"),
        ({"columns": {"a": {"metric": "kl"}}}, "'jensen_shannon', 'l_infinity'"),
        ({"columns": {"a": {"threshold": 0}}}, "greater than 0"),
        ({"columns": {"a": {"actoin": "stop"}}}, "Did you mean `action`?"),
        ({"significance": 1}, "less than 1"),
        ({"bins": 1}, "greater than or equal to 2"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_way_out(settings, expected):
    assert expected in refused(**settings)


def test_the_columns_of_labels_and_dates_may_have_an_action_though_they_are_not_compared():
    own = {"timestamp": {"action": "stop"}, "clicked": {"action": "stop"}}
    config = DriftConfig(watch=("price",), label="clicked", date="timestamp", columns=own)
    assert config.action_of("timestamp") == "stop"


def test_a_column_takes_the_actions_and_limits_of_the_section_unless_it_has_its_own():
    config = DriftConfig(columns={"a": {"action": "stop", "max_mismatch": 0}})
    assert (config.action_of("a"), config.action_of("b")) == ("stop", "warn")
    assert (config.mismatch_of("a"), config.mismatch_of("b")) == (0, 0.001)
    assert config.of("b").metric == "jensen_shannon"
