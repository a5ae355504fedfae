"""The fingerprint of what a model reads, apart from what its features learned."""

import hashlib
import json
from typing import Any

from tfrs_models.features.spec import FeatureSpec, FittedFeature


def schema_fingerprint(spec: FeatureSpec) -> str:
    """SHA-256 of the features' names, types, tables, columns and dtypes, 64 hexadecimal digits.

    Vocabularies, means and the order of the features are no part of it: a model that is trained
    again on later events keeps it, and reads the same requests.
    """
    features = sorted((_described(feature) for feature in spec.features), key=_name)
    schema = {"features": features, "history": spec.history.names()}
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _described(feature: FittedFeature) -> dict[str, Any]:
    raw = feature.raw_input
    return {
        "name": feature.name,
        "type": feature.type,
        "table": raw.table,
        "column": raw.name,
        "dtype": raw.dtype,
        "width": raw.width,
        "separator": raw.separator,
    }


def _name(described: dict[str, Any]) -> str:
    name: str = described["name"]
    return name
