import numpy as np
from support.specs import feature

from tfrs_models.backend import tf
from tfrs_models.layers.tower import tower
from trainers.content_start import CONTENT_LENGTH, fit_content

COLORS = np.array([[2], [2], [3], [3]], np.int32)
DIRECTIONS = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
PRIORS = np.array([0.2, 0.4, -0.1, -0.1], np.float32)


def taught(seed: int = 0) -> np.ndarray:
    content = tower([feature("color", "item")], (), 3, 0, "content")
    content({"color": tf.constant(COLORS)})
    fit_content(content, {"color": COLORS}, DIRECTIONS, PRIORS, seed)
    return content({"color": tf.constant([[2], [3]])}).numpy()


def test_a_content_stands_at_the_mean_of_its_items() -> None:
    # Color 2: directions (1, 0) twice, priors 0.2 and 0.4. Color 3: (0, 1) and (0.6, 0.8), -0.1.
    directions = CONTENT_LENGTH * np.array([[1, 0], [0.3, 0.9]])
    expected = np.concatenate([directions, [[0.3], [-0.1]]], axis=1)
    np.testing.assert_allclose(taught(), expected, atol=0.1)


def test_the_seed_decides_the_weights() -> None:
    np.testing.assert_array_equal(taught(), taught())
    assert not np.array_equal(taught(), taught(seed=1))
