"""Raw values for people."""

import pyarrow as pa
import pytest

from trainers.retraining.skew.values import as_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (pa.scalar(None, pa.string()), "missing"),
        (pa.scalar("x" * 41), "x" * 40 + "..."),
        (pa.scalar(7), "7"),
        # 0.1 as float32 is 0.10000000149.
        (pa.scalar(0.1, pa.float32()), "0.1"),
        (pa.scalar([], pa.list_(pa.string())), "[]"),
        (pa.scalar(["a", None]), "[a, missing]"),
        (pa.scalar([*range(9)]), "[..., 6, 7, 8]"),
    ],
    ids=["missing", "long", "integer", "float", "empty", "list", "long list"],
)
def test_a_value_is_told_in_few_characters(value: pa.Scalar, expected: str) -> None:
    assert as_text(value) == expected
