"""The items: what they are, when they arrive, how popular they are, where they lie in taste."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import clock, draws, words
from tfrs_models.data.simulation.geometry import Geometry, unit
from tfrs_models.data.simulation.options import Options

_BLOCK = 65_536
_PRICE_SPREAD = 0.4
_TIER_PRICE = 0.25
_TIER_QUALITY = 0.3
_QUALITY_SPREAD = 0.4
_AGE_DAYS = 180.0


@dataclass(frozen=True)
class Catalogue:
    """Columns of the N items.

    Attributes:
        category: int32 [N].
        brand: int16 [N].
        noun: int8 [N], which noun of the category the title has.
        adjective: int8 [N], the word that tells how the item differs from its category.
        price: float32 [N].
        price_score: float32 [N], log price in standard deviations from its category's median.
        quality: float32 [N], logit bonus for everyone.
        created_at: int64 [N], microseconds since 1970.
        vector: float32 [N, D], unit length.
        weight: float64 [N], popularity: rank to the minus `zipf_exponent`.
    """

    category: NDArray[np.int32]
    brand: NDArray[np.int16]
    noun: NDArray[np.int8]
    adjective: NDArray[np.int8]
    price: NDArray[np.float32]
    price_score: NDArray[np.float32]
    quality: NDArray[np.float32]
    created_at: NDArray[np.int64]
    vector: NDArray[np.float32]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.category)


def build_catalogue(options: Options, geometry: Geometry, seed: int) -> Catalogue:
    """Draw all items, a block at a time."""
    weight = _zipf(options, seed)
    starts = range(0, options.items, _BLOCK)
    blocks = [
        _items(np.arange(i, min(i + _BLOCK, options.items)), weight, options, geometry, seed)
        for i in starts
    ]
    columns = {
        f.name: np.concatenate([getattr(block, f.name) for block in blocks])
        for f in fields(Catalogue)
    }
    return Catalogue(**columns)


def _zipf(options: Options, seed: int) -> NDArray[np.float64]:
    rank = np.empty(options.items, dtype=np.int64)
    rank[np.argsort(draws.bits(seed, "item_rank", np.arange(options.items)))] = np.arange(
        1, options.items + 1
    )
    return rank.astype(np.float64) ** -options.zipf_exponent


def _items(
    item: NDArray[np.int64],
    weight: NDArray[np.float64],
    options: Options,
    geometry: Geometry,
    seed: int,
) -> Catalogue:
    category = _choice(seed, "item_category", item, options.categories)
    own = unit(draws.normal(seed, "item_vector", item, options.dimensions))
    share = np.float32(options.content_share)
    vector = unit(np.sqrt(share) * geometry.category[category] + np.sqrt(1 - share) * own)
    brand = _choice(seed, "item_brand", item, len(words.BRANDS))
    noise = draws.normal(seed, "item_scores", item, 2)
    tier = _brand_tier(seed)[brand]
    price_score = (_TIER_PRICE * tier + _PRICE_SPREAD * noise[:, 0]).astype(np.float32)
    return Catalogue(
        category=category.astype(np.int32),
        brand=brand.astype(np.int16),
        noun=_choice(seed, "item_noun", item, words.NOUNS_PER_CATEGORY).astype(np.int8),
        adjective=_nearest(geometry.adjective, own),
        price=_price(geometry.price_level[category] + price_score),
        price_score=price_score / np.float32(np.hypot(_TIER_PRICE, _PRICE_SPREAD)),
        quality=(_TIER_QUALITY * tier + _QUALITY_SPREAD * noise[:, 1]).astype(np.float32),
        created_at=clock.arrivals(options, seed, "item", item, options.new_items, _AGE_DAYS),
        vector=vector,
        weight=weight[item],
    )


def _choice(seed: int, stream: str, item: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return (draws.uniform(seed, stream, item) * count).astype(np.int64)


def _brand_tier(seed: int) -> NDArray[np.float32]:
    return draws.normal(seed, "brand_tier", np.arange(len(words.BRANDS)), 1)[:, 0]


def _nearest(adjective: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.int8]:
    similarity = np.stack([(own * word).sum(axis=1) for word in adjective], axis=1)
    return np.asarray(similarity.argmax(axis=1), dtype=np.int8)


def _price(log_price: NDArray[np.float32]) -> NDArray[np.float32]:
    """Prices end in .99, as in a shop."""
    return np.asarray(np.floor(np.exp(log_price)) + np.float32(0.99), dtype=np.float32)


def titles(catalogue: Catalogue, rows: slice) -> list[str]:
    """Titles such as `Nordic Kestrel Pan`: adjective, brand, noun."""
    columns = zip(
        catalogue.adjective[rows],
        catalogue.brand[rows],
        catalogue.category[rows],
        catalogue.noun[rows],
        strict=True,
    )
    return [f"{words.ADJECTIVES[a]} {words.BRANDS[b]} {words.noun(c, n)}" for a, b, c, n in columns]
