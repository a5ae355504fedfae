"""The features as graph operations: the same module encodes for training and inside SavedModels."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from configs.errors import ConfigError
from configs.features import Table
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, MISSING_ID, MISSING_TIME, feature_type
from tfrs_models.features.graph import first_columns, lookup_ids
from tfrs_models.features.history import (
    GAP,
    HISTORY,
    REQUEST_TIME,
    TIME,
    TYPE,
    gaps_to_next,
    type_ids,
)
from tfrs_models.features.spec import FeatureSpec, FittedCross, FittedFeature, RawInput

# The odd constant of splitmix64: mixing integers is stable everywhere and needs no strings.
MIX = 0x9E3779B97F4A7C15 - 2**64
SHIFT = 32

Method = TypeVar("Method", bound=Callable[..., Any])
# Nothing here branches on a tensor, and converting the code of every type costs a second a trace.
without_autograph: Callable[[Method], Method] = tf.autograph.experimental.do_not_convert


class FeatureEncoder(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Encodes raw rows. Call it inside a `tf.function`: eager look-ups are slow.

    Raw rows are encoded on the CPU, where strings live, so that every machine gives the same bits.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        super().__init__(name="feature_encoder")
        self.spec = spec
        with tf.device("CPU:0"):
            self._resources = {f.name: _resources(spec, f) for f in spec.features}
        self._encoders = {f.name: feature_type(f.type).encode for f in spec.features}

    def raw_signature(self, table: Table) -> dict[str, Any]:
        """Shape and dtype of each raw tensor of a table, by column; the batch is open."""
        return {raw.name: _tensor_spec(raw) for raw in self.spec.raw_inputs if raw.table == table}

    @without_autograph
    def encode(self, table: Table, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Encode raw tensors by column into one tensor for each feature of a table.

        Returns:
            int32 `[B, M]` or float32 `[B, W]`, by feature name.

        Raises:
            ConfigError: a column is not among the raw tensors.
        """
        features = self.spec.table(table)
        missing = sorted({f.column for f in features} - set(raw))
        if missing:
            raise ConfigError(
                f"the features of table `{table}` read the columns {', '.join(missing)}, which are "
                f"not among the raw inputs {', '.join(sorted(raw))}: give each, missing or not"
            )
        with tf.device("CPU:0"):
            return {f.name: self._encode(f, raw[f.column]) for f in features}

    def _encode(self, feature: FittedFeature, raw: Any) -> Any:
        encode, resources = self._encoders[feature.name], self._resources[feature.name]
        encoded = encode(feature.options, feature.state, resources, raw)
        return tf.ensure_shape(encoded, [None, feature.output.width])

    def history_signature(self) -> dict[str, Any]:
        """Shape and dtype of each raw tensor of a history."""
        return self.spec.history.raw_signature()

    @without_autograph
    def encode_history(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The history of each row, by item ids.

        Args:
            raw: the tensors of `history_signature`; `history` is string `[B, L]`, oldest first;
                "" and unknown items are dropped anywhere, with their types and times.

        Returns:
            int32 `[B, length]` each, the most recent items, oldest first, 0 after the last:
            `history`, and where the history carries them `history_type` and `history_gap`; nothing
            when the history is off.
        """
        history = self.spec.history
        if history.length == 0:
            return {}
        with tf.device("CPU:0"):
            rows = lookup_ids(self._resources["item_id"].get("table"), raw[HISTORY])
            known = rows >= FIRST_ID
            columns = {HISTORY: self._latest(rows, known)}
            if history.event_types:
                columns[TYPE] = self._latest(type_ids(raw[TYPE], history.event_types), known)
            if history.time_gaps:
                times = tf.where(known, raw[TIME], MISSING_TIME)
                columns[GAP] = self._gaps(times, known, raw[REQUEST_TIME])
            return {name: first_columns(column, history.length) for name, column in columns.items()}

    def _latest(self, values: Any, known: Any) -> Any:
        return tf.ragged.boolean_mask(values, known)[:, -self.spec.history.length :]

    def _gaps(self, times: Any, known: Any, request_time: Any) -> Any:
        latest = self._latest(times, known)
        gaps = gaps_to_next(latest.flat_values, latest.value_rowids(), request_time)
        return latest.with_flat_values(gaps)

    @without_autograph
    def encode_crosses(self, encoded: Mapping[str, Any]) -> dict[str, Any]:
        """Crosses of encoded features that share their leading dimension: int32 `[B, 1]` each.

        Of a feature with several ids the first counts. A cross is missing when a part is missing.
        """
        return {cross.name: _cross(cross, encoded) for cross in self.spec.crosses}


def _resources(spec: FeatureSpec, feature: FittedFeature) -> dict[str, Any]:
    make = feature_type(feature.type).resources
    return make(feature.options, feature.state, spec.vocabulary(feature.name))


def _tensor_spec(raw: RawInput) -> Any:
    shape = [None, raw.width] if raw.width else [None]
    return tf.TensorSpec(shape, tf.dtypes.as_dtype(raw.dtype), name=raw.name)


def _cross(cross: FittedCross, encoded: Mapping[str, Any]) -> Any:
    parts = [tf.cast(encoded[name][:, :1], tf.int64) for name in cross.of]
    mixed = tf.zeros_like(parts[0])
    for part in parts:
        mixed = tf.bitwise.bitwise_xor(mixed, part) * MIX
        mixed = tf.bitwise.bitwise_xor(mixed, tf.bitwise.right_shift(mixed, SHIFT))
    bucket = tf.math.floormod(mixed, cross.output.num_ids - FIRST_ID)
    present = tf.reduce_all(tf.concat(parts, axis=1) != MISSING_ID, axis=1, keepdims=True)
    return tf.where(present, tf.cast(bucket, tf.int32) + FIRST_ID, MISSING_ID)
