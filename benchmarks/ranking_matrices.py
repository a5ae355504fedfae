"""Tables as the matrices that scikit-learn reads: one-hot for linear models, codes for trees.

Whatever is learned is learned from the training rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ranking_table import SEPARATOR, Table

MOST_CODES = 254
"""Of one column: trees take 255 categories. The rare ones share a code."""
RARE = 10
"""Training rows below which a text shares the column of all rare ones."""


@dataclass(frozen=True)
class Codes:
    """The matrices of trees.

    Attributes:
        train: float64 [N, C], NaN where a value is missing or unknown.
        test: the same columns.
        categorical: which columns hold codes, bool [C].
    """

    train: NDArray[np.float64]
    test: NDArray[np.float64]
    categorical: NDArray[np.bool_]


def one_hot(train: Table, test: Table) -> tuple[Any, Any]:
    """Sparse float64 [N, C] of both: a column for each text, and standardised numbers."""
    from scipy import sparse
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    texts = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RARE)
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    blocks = [
        _fitted(texts, _texts(train), _texts(test)),
        _fitted(numbers, _numbers(train), _numbers(test)),
        *(_bags(train, test, name) for name in train.lists),
    ]
    train_parts, test_parts = zip(*blocks, strict=True)
    ours, theirs = (map(sparse.csr_array, parts) for parts in (train_parts, test_parts))
    return sparse.hstack([*ours], format="csr"), sparse.hstack([*theirs], format="csr")


def codes(train: Table, test: Table, target: NDArray[np.float64], seed: int) -> Codes:
    """Codes of texts, numbers as they are, and a flag for each value of a list.

    A text with more values than there are codes is also a number: the mean target of its rows,
    which for a training row leaves out the fifth that it is in.
    """
    from sklearn.preprocessing import OrdinalEncoder

    ordinal = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_CODES
    )
    coded = _fitted(ordinal, _texts(train), _texts(test))
    blocks = [
        coded,
        (_numbers(train), _numbers(test)),
        *_means(train, test, target, seed),
        *((one.toarray(), other.toarray()) for one, other in _all_bags(train, test)),
    ]
    ours, theirs = (np.hstack(parts) for parts in zip(*blocks, strict=True))
    return Codes(ours, theirs, np.arange(ours.shape[1]) < coded[0].shape[1])


def _means(
    train: Table, test: Table, target: NDArray[np.float64], seed: int
) -> list[tuple[Any, Any]]:
    from sklearn.model_selection import KFold
    from sklearn.preprocessing import TargetEncoder

    folds = KFold(5, shuffle=True, random_state=seed)
    encoder = TargetEncoder(target_type="continuous", cv=folds)
    many = [n for n in train.texts if len(np.unique(train.columns[n])) > MOST_CODES]
    columns = [(_stacked(train, [name]), _stacked(test, [name])) for name in many]
    return [
        (encoder.fit_transform(one, target), encoder.transform(other)) for one, other in columns
    ]


def _all_bags(train: Table, test: Table) -> list[tuple[Any, Any]]:
    return [_bags(train, test, name) for name in train.lists]


def _bags(train: Table, test: Table, name: str) -> tuple[Any, Any]:
    """Sparse flags of the values of a list."""
    from sklearn.feature_extraction.text import CountVectorizer

    flags = CountVectorizer(analyzer=lambda text: text.split(SEPARATOR), binary=True)
    return _fitted(flags, train.columns[name], test.columns[name])


def _fitted(transformer: Any, train: Any, test: Any) -> tuple[Any, Any]:
    if train.shape[1:] == (0,):  # scikit-learn refuses to learn from no column
        return train, test
    return transformer.fit_transform(train), transformer.transform(test)


def _texts(table: Table) -> NDArray[Any]:
    return _stacked(table, table.texts)


def _numbers(table: Table) -> NDArray[Any]:
    return _stacked(table, table.numbers)


def _stacked(table: Table, names: Any) -> NDArray[Any]:
    columns = [table.columns[name] for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))
