"""The shape of tastes: where categories, words and kinds of people lie in the latent space."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import words
from tfrs_models.data.simulation.options import Options

ARCHETYPES = 24
_ATTRIBUTE_SPREAD = 1.0
_COUNTRY_BASE = 0.5


@dataclass(frozen=True)
class Geometry:
    """Directions in a latent space of D dimensions, all of unit length, and what hangs on them.

    Attributes:
        category: float32 [C, D].
        department: int32 [C], department of each category.
        season_phase: float32 [C], radians; when in the year a category peaks.
        price_level: float32 [C], median log price.
        adjective: float32 [A, D].
        archetype: float32 [T, D], kinds of people.
        country: float64 [T, 12], running sums of the countries of each kind of people.
        age_group: float64 [T, 6], the same for age groups.
        device: float64 [T, 3], the same for devices.
    """

    category: NDArray[np.float32]
    department: NDArray[np.int32]
    season_phase: NDArray[np.float32]
    price_level: NDArray[np.float32]
    adjective: NDArray[np.float32]
    archetype: NDArray[np.float32]
    country: NDArray[np.float64]
    age_group: NDArray[np.float64]
    device: NDArray[np.float64]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1."""
    length = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, np.float32(1e-12)))


def build_geometry(options: Options, seed: int) -> Geometry:
    """Draw the directions of a world."""
    rng = np.random.default_rng([seed, 1])
    department = np.arange(options.categories, dtype=np.int32) // words.CATEGORIES_PER_DEPARTMENT
    category = _categories(rng, department, options.dimensions)
    return Geometry(
        category=category,
        department=department,
        season_phase=rng.uniform(0, 2 * np.pi, options.categories).astype(np.float32),
        price_level=rng.normal(3.0, 0.7, options.categories).astype(np.float32),
        adjective=_directions(rng, len(words.ADJECTIVES), options.dimensions),
        archetype=_archetypes(rng, category),
        country=_attribute(rng, (1.0 + np.arange(len(words.COUNTRIES))) ** -_COUNTRY_BASE),
        age_group=_attribute(rng, np.ones(len(words.AGE_GROUPS))),
        device=_attribute(rng, np.array([0.6, 0.3, 0.1])),
    )


def _directions(rng: np.random.Generator, count: int, dimensions: int) -> NDArray[np.float32]:
    return unit(rng.standard_normal((count, dimensions), dtype=np.float32))


def _categories(
    rng: np.random.Generator, department: NDArray[np.int32], dimensions: int
) -> NDArray[np.float32]:
    shared = _directions(rng, int(department[-1]) + 1, dimensions)
    own = _directions(rng, len(department), dimensions)
    return unit(np.float32(0.6) * shared[department] + np.float32(0.8) * own)


def _archetypes(rng: np.random.Generator, category: NDArray[np.float32]) -> NDArray[np.float32]:
    liked = rng.integers(len(category), size=(ARCHETYPES, 2))
    own = _directions(rng, ARCHETYPES, category.shape[1])
    return unit(category[liked].sum(axis=1) + np.float32(0.5) * own)


def _attribute(rng: np.random.Generator, base: NDArray[Any]) -> NDArray[np.float64]:
    tilt = rng.normal(0, _ATTRIBUTE_SPREAD, (ARCHETYPES, len(base)))
    return np.cumsum(base * np.exp(tilt), axis=1, dtype=np.float64)
