"""Learn the features from the training rows, and from nothing else."""

import difflib
import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from configs.features import CrossConfig, FeatureConfig, FeaturesConfig, HistoryConfig, Table
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.data.rows import read_vocabulary
from tfrs_models.durable import new_folder, remove_unfinished
from tfrs_models.features.feature_type import FIRST_ID, Output, feature_type
from tfrs_models.features.spec import (
    VOCABULARIES,
    FeatureSpec,
    FittedCross,
    FittedFeature,
    HistorySpec,
    RawInput,
)
from tfrs_models.features.tables import TABLES, check_input, training_column

KEYS = ("user_id", "item_id")
LARGEST_EMBEDDING = 64


def fit_features(
    config: FeaturesConfig,
    dataset: PreparedDataset,
    folder: Path,
    former: FeatureSpec | None = None,
) -> FeatureSpec:
    """Fit all features and write their spec to `folder`, whole or not at all.

    Statistics come from the users and items of the vocabulary and from the training events, so
    nothing after the cut changes them.

    Args:
        config: the features.
        dataset: what they are learned from.
        folder: of the spec.
        former: fitted with the same settings, to go on from: what it learned stays, and
            vocabularies grow at their end, so that a model's rows keep their meaning.

    Raises:
        ConfigError: a column is not there, or a cross names a feature that has no ids.
        DataError: a column holds something else than its feature reads.
    """
    named = [(table, name, f) for table in TABLES for name, f in config.table(table).items()]
    for table, name, feature in named:
        check_input(dataset, name, feature.type, _raw_input(table, name, feature))
    remove_unfinished(folder.parent)
    with new_folder(folder) as partial:
        (partial / VOCABULARIES).mkdir()
        features = [_fit(*one, dataset, partial / VOCABULARIES) for one in named]
        if former is not None:
            features = [continued(feature, former, partial / VOCABULARIES) for feature in features]
        crosses = [_cross(name, cross, features) for name, cross in config.crosses.items()]
        history = history_spec(config.history, dataset)
        FeatureSpec(tuple(features), tuple(crosses), history, partial).save(partial)
    return FeatureSpec.load(folder)


def history_spec(config: HistoryConfig, dataset: PreparedDataset) -> HistorySpec:
    """What a history holds under these settings."""
    types = dataset.event_types if config.event_types else ()
    return HistorySpec(config.max_length, types, config.time_gaps)


def _raw_input(table: Table, name: str, feature: FeatureConfig) -> RawInput:
    raw = feature_type(feature.type).raw(feature.options)
    return RawInput(feature.column or name, table, raw.dtype, raw.width, raw.separator)


def _fit(
    table: Table, name: str, feature: FeatureConfig, dataset: PreparedDataset, vocabularies: Path
) -> FittedFeature:
    state = _state(table, name, feature, dataset, vocabularies / f"{name}.txt")
    output = feature_type(feature.type).output(feature.options, state)
    return FittedFeature(
        name=name,
        table=table,
        type=feature.type,
        column=feature.column or name,
        options=feature.options,
        state=state,
        stages=feature.stages,
        embedding_dim=feature.embedding_dim or default_embedding_dim(output),
        output=output,
    )


def _state(
    table: Table, name: str, feature: FeatureConfig, dataset: PreparedDataset, vocabulary: Path
) -> dict[str, Any]:
    if name in KEYS:
        shutil.copyfile(dataset.folder / VOCABULARIES / f"{name}.txt", vocabulary)
        known = {"user_id": dataset.known_users, "item_id": dataset.known_items}[name]
        return {"size": known - FIRST_ROW}
    column = training_column(dataset, _raw_input(table, name, feature))
    return feature_type(feature.type).fit(feature.options, column, vocabulary)


def continued(feature: FittedFeature, former: FeatureSpec, vocabularies: Path) -> FittedFeature:
    """A feature as the former spec knows it, with the values that are new to its vocabulary.

    Args:
        feature: fitted anew, its vocabulary in `vocabularies`.
        former: has a feature of this name and type.
        vocabularies: where the vocabulary is written again.
    """
    before = former.feature(feature.name)
    path = vocabularies / f"{feature.name}.txt"
    state = dict(before.state)
    if path.exists():
        known = read_vocabulary(former.vocabulary(feature.name))
        values = list(dict.fromkeys([*known, *read_vocabulary(path)]))
        path.write_bytes("".join(f"{value}\n" for value in values).encode())
        state |= {"size": len(values)}
    output = feature_type(feature.type).output(feature.options, state)
    return replace(feature, state=state, embedding_dim=before.embedding_dim, output=output)


def default_embedding_dim(output: Output) -> int:
    """Width of an embedding by the number of ids, 1.6 n^0.56 (fastai), at most 64."""
    if output.kind == "dense":
        return output.width
    return min(LARGEST_EMBEDDING, round(1.6 * math.pow(output.num_ids, 0.56)))


def _cross(name: str, cross: CrossConfig, features: Sequence[FittedFeature]) -> FittedCross:
    with_ids = [f.name for f in features if f.output.kind == "ids"]
    for part in cross.of:
        if part not in with_ids:
            near = difflib.get_close_matches(part, with_ids, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            raise ConfigError(
                f"the cross `{name}` names `{part}`, which does not encode to ids.{hint} "
                f"Choose among {', '.join(with_ids)}; a number can be `bucketised` first."
            )
    return FittedCross(name, cross.of, Output("ids", 1, cross.buckets + FIRST_ID))
