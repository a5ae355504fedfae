from pathlib import Path

import numpy as np
import pytest
from ranking import ours_single
from ranking_features import encode, fit_features
from ranking_ours import train_and_predict
from ranking_table import RankingData, Table

from configs.errors import ConfigError
from configs.run import RunConfig
from tfrs_models.backend import tf
from tfrs_models.metrics.auc import auc
from tfrs_models.metrics.pointwise import rmse

LOOP = {"epochs": 8, "batch_size": 32, "learning_rate": 0.01, "embedding_learning_rate": 0.01}
JOBS, CITIES = np.array(["clerk", "cook"], object), np.array(["a", "b", "c"], object)


@pytest.fixture(autouse=True)
def _fresh():
    yield
    tf.keras.backend.clear_session()


def table(rows: int, seed: int) -> Table:
    """Cooks are rich in the city `a` alone, and nobody else is; the old are single."""
    rng = np.random.default_rng(seed)
    job, city, age = rng.integers(2, size=rows), rng.integers(3, size=rows), rng.random(rows)
    rich, single = (job == 1) & (city == 0), age > 0.7
    columns = {"job": JOBS[job], "city": CITIES[city], "age": age}
    return Table(columns, {"rich": rich.astype(float), "single": single.astype(float)})


def config(*tasks: str, objective: str = "binary") -> RunConfig:
    wanted = {task: {"objective": {"type": objective}} for task in tasks}
    return RunConfig.model_validate({"ranking": {"tasks": wanted, "training": LOOP}})


def predictions(folder: Path, train: Table, test: Table, settings: RunConfig, seed: int = 0):
    spec = fit_features(train, (("job", "city"),), folder / f"spec{len(list(folder.iterdir()))}")
    rows = encode(spec, train), encode(spec, test)
    return train_and_predict(spec, rows[0], train.labels, rows[1], settings, seed)[0]


@pytest.mark.slow
def test_two_tasks_are_learned_and_the_seed_repeats_them(tmp_path):
    train, test = table(512, 0), table(128, 1)
    found = [predictions(tmp_path, train, test, config("rich", "single")) for _ in range(2)]
    # A constant has an AUC of 0.5.
    assert all(auc(found[0][task], test.labels[task]) > 0.9 for task in ("rich", "single"))
    assert all((found[0][task] == found[1][task]).all() for task in ("rich", "single"))


@pytest.mark.slow
def test_a_number_is_predicted_better_than_by_its_mean(tmp_path):
    parts = [
        Table(part.columns, {"rating": 3 + 2 * part.labels["rich"] - part.labels["single"]})
        for part in (table(512, 0), table(128, 1))
    ]
    found = predictions(tmp_path, *parts, config("rating", objective="squared"))["rating"]
    truth = parts[1].labels["rating"]
    assert rmse(found, truth) < 0.6 * rmse(np.full(128, parts[0].labels["rating"].mean()), truth)


@pytest.mark.slow
def test_single_models_predict_every_task():
    data = RankingData(table(128, 0), table(32, 1), "binary", (("job", "city"),))
    found = ours_single(config("rich", "single"), data, 0).predictions
    assert {task: len(one) for task, one in found.items()} == {"rich": 32, "single": 32}


def test_tasks_other_than_the_labels_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="must be those of the data, rich, single; received rich"):
        predictions(tmp_path, table(16, 0), table(16, 1), config("rich"))
