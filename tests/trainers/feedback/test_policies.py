"""Policies by name."""

import pytest

from configs.errors import ConfigError
from trainers.feedback.policies import Policy, parse_policies


def test_names_become_bases_and_random_shares():
    assert parse_policies("most_popular, two_tower+0.1,random,oracle") == (
        Policy("most_popular", "most_popular", 0.0),
        Policy("two_tower+0.1", "two_tower", 0.1),
        Policy("random", "random", 1.0),
        Policy("oracle", "oracle", 0.0),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("two_towers", "no policy is called `two_towers`. Did you mean `two_tower`"),
        ("", "no policy is called ``"),
        ("two_tower+0", "must lie between 0 and 1; received '0'"),
        ("two_tower+1", "must lie between 0 and 1; received '1'"),
        ("two_tower+", "must lie between 0 and 1; received ''"),
        ("two_tower+nan", "must lie between 0 and 1; received 'nan'"),
        ("two_tower+much", "must lie between 0 and 1; received 'much'"),
        ("random+0.1", "write `random`"),
        ("oracle,random,oracle", "must name each policy once; received `oracle`"),
        ("no.such.module", "cannot be imported"),
        ("configs.errors", "is no plug-in"),
    ],
)
def test_a_wrong_name_is_refused(text, message):
    with pytest.raises(ConfigError) as error:
        parse_policies(text)
    assert message in str(error.value)
