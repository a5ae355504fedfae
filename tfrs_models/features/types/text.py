"""Words of a text, such as a title: lower-cased n-grams hashed into buckets.

A word is a run of Unicode letters, marks and digits; bytes that are no UTF-8 separate words.
Missing text is all 0; text without a word is one 1 (unknown). N-grams past `max_tokens` are
dropped: words come first, then the longer word n-grams, then the character n-grams.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, UNKNOWN_ID, Output, Raw
from tfrs_models.features.graph import first_columns, hash_ids
from tfrs_models.features.training_column import TrainingColumn

BETWEEN_WORDS = r"[^\p{L}\p{M}\p{N}]+"


class Options(Section):
    """Which n-grams, and how many."""

    word_ngrams: Annotated[int, Field(ge=0, le=5)] = 2
    """Word n-grams up to this length; 0 leaves words out."""
    character_ngrams: Annotated[tuple[int, ...], Field(max_length=5)] = ()
    """Lengths of the character n-grams inside `<word>`, such as [3, 4]."""
    buckets: Annotated[int, Field(ge=1, lt=2**31 - FIRST_ID)] = 20_000
    """Number of hash buckets."""
    max_tokens: Annotated[int, Field(ge=1, le=1_000)] = 24
    """N-grams of a text that are kept, the first ones."""

    @model_validator(mode="after")
    def _check_ngrams(self) -> Self:
        if not self.word_ngrams and not self.character_ngrams:
            raise ValueError(
                "`word_ngrams` is 0 and `character_ngrams` is empty, so the text has no n-grams: "
                "set `word_ngrams: 1` or more, or `character_ngrams: [3]`"
            )
        if any(length < 1 for length in self.character_ngrams):
            raise ValueError(
                f"`character_ngrams` are lengths from 1, received {list(self.character_ngrams)}"
            )
        return self


def raw(options: Options) -> Raw:
    """One string a row; a list of texts is joined by spaces."""
    return Raw("string", separator=" ")


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """Nothing to learn."""
    return {}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Ids `[B, max_tokens]`, padded with 0 at the end."""
    return Output("ids", width=options.max_tokens, num_ids=options.buckets + FIRST_ID)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """None needed."""
    return {}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Lower, cut into words, form the n-grams and hash them."""
    words = tf.strings.split(tf.strings.regex_replace(_lower(raw), BETWEEN_WORDS, " "))
    tokens = tf.concat(_word_ngrams(options, words) + _character_ngrams(options, words), axis=1)
    ids = tokens.with_flat_values(hash_ids(tokens.flat_values, options.buckets))
    no_token = tf.not_equal(raw, "") & tf.equal(tokens.row_lengths(), 0)
    unknown = tf.where(no_token, UNKNOWN_ID, 0)
    ids = first_columns(ids, options.max_tokens)
    return tf.concat([tf.maximum(ids[:, :1], unknown[:, tf.newaxis]), ids[:, 1:]], axis=1)


def _lower(raw: Any) -> Any:
    # `lower` turns bytes that are no UTF-8 into U+FFFD, which is no letter.
    return tf.strings.lower(raw, encoding="utf-8")


def _word_ngrams(options: Options, words: Any) -> list[Any]:
    lengths = range(1, options.word_ngrams + 1)
    return [tf.strings.ngrams(words, length, separator=" ") for length in lengths]


def _character_ngrams(options: Options, words: Any) -> list[Any]:
    marked = words.with_flat_values(tf.strings.join(["<", words.flat_values, ">"]))
    characters = tf.strings.unicode_split(marked, "UTF-8")
    return [
        tf.strings.ngrams(characters, length, separator="").merge_dims(1, 2)
        for length in options.character_ngrams
    ]
