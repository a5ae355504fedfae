import dataclasses
import hashlib
import json
from typing import Any

import pytest
from support.bundles import Run

from exports.schema import schema_fingerprint
from tfrs_models.features.spec import FeatureSpec


@pytest.fixture
def spec(run: Run) -> FeatureSpec:
    return run.parts.encoder.spec


def with_age(spec: FeatureSpec, **values: Any) -> FeatureSpec:
    """The spec with other values of one feature."""
    features = (dataclasses.replace(f, **values) if f.name == "age" else f for f in spec.features)
    return dataclasses.replace(spec, features=tuple(features))


def test_is_the_hash_of_names_types_columns_and_dtypes(spec):
    price = spec.feature("price")
    alone = dataclasses.replace(spec, features=(price,))
    text = json.dumps(
        {
            "features": [
                {
                    "column": "price", "dtype": "float32", "name": "price", "separator": None,
                    "table": "item", "type": "numeric", "width": 0,
                }
            ],
            "history": ["history"],
        },
        separators=(",", ":"),
    )  # fmt: skip
    assert schema_fingerprint(alone) == hashlib.sha256(text.encode()).hexdigest()


def test_what_was_learned_is_no_part_of_it(spec):
    again = with_age(spec, state={"mean": 123.0}, embedding_dim=99)
    assert schema_fingerprint(again) == schema_fingerprint(spec)


def test_the_order_of_the_features_is_no_part_of_it(spec):
    turned = dataclasses.replace(spec, features=spec.features[::-1])
    assert schema_fingerprint(turned) == schema_fingerprint(spec)


@pytest.mark.parametrize(
    "change", [{"name": "age_years"}, {"column": "years"}, {"table": "context"}]
)
def test_another_name_column_or_table_is_another_schema(spec, change):
    assert schema_fingerprint(with_age(spec, **change)) != schema_fingerprint(spec)


def test_another_type_is_another_schema(spec):
    city = spec.feature("city")
    other = with_age(spec, type=city.type, options=city.options)
    # The raw input is text now, as the type reads it.
    assert schema_fingerprint(other) != schema_fingerprint(spec)


def test_a_history_that_carries_more_is_another_schema(spec):
    history = dataclasses.replace(spec.history, event_types=("view", "buy"))
    more = dataclasses.replace(spec, history=history)
    assert schema_fingerprint(more) != schema_fingerprint(spec)
