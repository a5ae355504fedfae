import numpy as np
import pytest
from keras_wide_deep import train_keras
from ranking_table import RankingData, Table

from tfrs_models.backend import tf


def table(jobs, cities, genres, ages, **labels) -> Table:
    columns = {
        "job": np.array(jobs, object),
        "city": np.array(cities, object),
        "genres": np.array(genres, object),
        "age": np.array(ages, float),
    }
    return Table(columns, {t: np.array(v, float) for t, v in labels.items()}, lists=("genres",))


@pytest.fixture(autouse=True)
def _fresh():
    yield
    tf.keras.backend.clear_session()


def test_two_tasks_are_learned_from_texts_numbers_lists_and_crosses():
    jobs, rows = ["clerk", "cook"] * 512, 1024
    train = table(
        jobs,
        ["a"] * rows,
        ["War|Drama", ""] * 512,
        [1, 3] * 512,
        rich=[0, 1] * 512,
        single=[1, 0] * 512,
    )
    # Whatever is missing or unknown has a prediction too.
    test = table(
        ["clerk", "cook", "new"],
        ["a", "a", ""],
        ["War|Drama", "", "new"],
        [1, 3, np.nan],
        rich=[0] * 3,
        single=[0] * 3,
    )
    run = train_keras(RankingData(train, test, "binary", (("job", "city"),)), epochs=8, seed=0)
    rich, single = (run.outcome.predictions[task] for task in ("rich", "single"))
    assert rich[0] < 0.4 < 0.6 < rich[1]
    assert single[1] < 0.4 < 0.6 < single[0]
    assert 0 < rich[2] < 1
    assert run.examples_per_second > 0
