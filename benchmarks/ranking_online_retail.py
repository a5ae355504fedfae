"""The pairs that the ranking stage sees on Online Retail, as rows of a table.

A row is a retrieved candidate of a request, its columns are the pair features, its label is whether
the user took it in the window. The training rows are those of the windows of a run of the preset
`online_retail`, the test rows those of its test requests, 100 candidates each: what `tfrs train`
does up to the ranking is done here, and takes minutes.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ranking_table import RankingData, Table
from rich.console import Console

from configs.errors import DataError
from configs.load import load_config
from tfrs_models.features.pairs import PairFeatures
from trainers.evaluation import test_queries
from trainers.folders import read_done
from trainers.ranking.batches import pair_features
from trainers.ranking.requests import Requests, requests_for
from trainers.ranking.stage import ranking_examples
from trainers.ranking.windows import Window, window_of_test
from trainers.run import prepared, train

CANDIDATES = 100
TASK = "positive"


def read_online_retail(folder: Path, seed: int) -> RankingData:
    """Train the retrieval of the preset with a seed and take its lists.

    Raises:
        DataError: the folder holds no table of Online Retail.
    """
    found = sorted([*folder.glob("*.parquet"), *folder.glob("*.csv")])
    if not found:
        raise DataError(
            f"`--folder` must hold Online Retail as .parquet or .csv, and `{folder}` holds neither"
        )
    overrides = [
        f"data.files.events={found[0].absolute()}",
        f"seed={seed}",
        f"ranking.candidates={CANDIDATES}",
        "ranking.enabled=false",
    ]
    with tempfile.TemporaryDirectory() as work:
        return _pairs(overrides, Path(work))


def _pairs(overrides: Sequence[str], work: Path) -> RankingData:
    config, quiet = load_config("online_retail", overrides), Console(quiet=True)
    first = config.model_copy(
        update={"retrieval": config.retrieval.model_copy(update={"refit": False})}
    )
    run = work / "run"
    before = train(first, work, run, quiet)
    epochs = int(read_done(run / "retrieval")["best_epoch"])
    examples = ranking_examples(before.two_tower, epochs, before.material, work / "windows", quiet)
    refitted = train(config, work, run, quiet)
    window = window_of_test(refitted.material)
    asked = test_queries(refitted.material)
    tested = requests_for(refitted.two_tower, window, asked, CANDIDATES, extra=False)
    material, _ = prepared(config, work, run, quiet)
    features = PairFeatures(material.spec, material.encoded.item)
    return RankingData(
        train=_table(examples.windows, examples.requests, features),
        test=_table([window], [tested], features),
        kind="binary",
        crosses=(),
    )


def _table(
    windows: Sequence[Window], requests: Sequence[Requests], features: PairFeatures
) -> Table:
    values, labels = [], []
    for window, part in zip(windows, requests, strict=True):
        listed = part.lists > 0
        pairs: NDArray[np.float32] = pair_features(window, part, features).numpy()
        values.append(pairs[:, : part.retrieved][listed])
        labels.append(part.positive[:, : part.retrieved][listed])
    columns = np.concatenate(values).astype(np.float64)
    named = dict(zip(features.names, columns.T, strict=True))
    return Table(named, {TASK: np.concatenate(labels).astype(np.float64)})
