"""Lengths of time on the command line."""

import click
import pytest

from configs.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("90m", 5_400), ("26h", 93_600), ("1.5d", 129_600)]
)
def test_a_number_and_a_unit_are_seconds(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["26", "h", "-1h", "1h30m", "1 h", "1w", "nan", "\u0661h", ""])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 90m, 26h or 7d; received"):
        duration(text)
