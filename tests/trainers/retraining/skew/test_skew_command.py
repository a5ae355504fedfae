"""`tfrs skew`: a server's log of features beside what training computes for the same requests.

The served features here are made from the log of events row by row, without the project's code.
"""

import json
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from support.ledgers import run, version
from support.shop_log import shop_config, write_log

from configs.drift import DriftConfig
from configs.errors import ArtifactError, DataError
from configs.run import RunConfig
from tfrs_models import cli
from tfrs_models.data.prepare import prepare
from tfrs_models.features.fit import fit_features
from trainers.folders import stage, write_json
from trainers.retraining.ledger import runs, versions
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.skew.measured import Skew, measured_skew
from trainers.retraining.skew.of_run import open_run
from trainers.retraining.state import ledger_path, state_folder

LENGTH = 10
FEATURES = {
    "user": {
        "country": {"type": "categorical"},
        "age_group": {"type": "categorical"},
    },
    "context": {"device": {"type": "categorical"}},
    "history": {"max_length": LENGTH, "event_types": True, "time_gaps": True},
}
COLUMNS = {
    "user_id": pa.string(),
    "country": pa.string(),
    "age_group": pa.string(),
    "device": pa.string(),
    "timestamp": pa.int64(),
    "history": pa.list_(pa.string()),
    "history_type": pa.list_(pa.string()),
    "history_time": pa.list_(pa.int64()),
}
LISTS = ("history", "history_type", "history_time")


class Served:
    """A finished run of a tiny shop, and what its server logged: one dict for each request."""

    def __init__(self, folder: Path) -> None:
        log = write_log(folder / "all")
        config = shop_config(log, log / "events.parquet").model_dump(mode="json")
        config["features"]["user"] |= FEATURES["user"]
        config["features"]["context"] |= FEATURES["context"]
        config["features"]["history"] = FEATURES["history"]
        self.config = RunConfig.model_validate(config)
        self.artifacts = folder / "artifacts"
        state = state_folder(self.artifacts, "shop")
        self.run = state / "runs" / "r1"
        dataset = prepare(self.config.data, self.config.seed, state / "datasets")
        fit_features(self.config.features, dataset, self.run / "features")
        stage(self.run / "export", lambda: {"dataset": dataset.folder.name})
        publish(self.artifacts)
        known = (dataset.folder / "vocabularies" / "item_id.txt").read_text("utf-8").split()
        self.rows = served_rows(log, {*known})
        self.settle()
        self.opened = open_run(self.artifacts, "shop", None)

    def settle(self, **drift: Any) -> None:
        """Give the run settings of drift."""
        config = self.config.model_dump(mode="json")
        write_json(self.run / "config.json", config | {"retraining": {"drift": drift}})


def publish(artifacts: Path) -> None:
    """Run r1 has published version 1, and run r2 came to nothing."""
    with closing(open_ledger(ledger_path(artifacts, "shop"))) as ledger:
        runs.begin(ledger, run(1))
        versions.commit(ledger, version(1), ())
        runs.begin(ledger, run(2))
        runs.finish(ledger, "r2", "failed", 70, "", "2026-01-01T01:00:00+00:00")


def served_rows(log: Path, known: set[str]) -> list[dict[str, Any]]:
    """A thousand requests as a server without a fault sends them, histories whole."""
    users = {row["user_id"]: row for row in pq.read_table(log / "users.parquet").to_pylist()}
    events = pq.read_table(log / "events.parquet")
    seconds = events["timestamp"].cast(pa.int64()).to_numpy() // 1_000_000
    rows = sorted(zip(events.to_pylist(), seconds.tolist(), strict=True), key=_in_time)
    taken: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    requests: dict[str, dict[str, Any]] = {}
    for event, second in rows:
        user, moment = event["user_id"], event["timestamp"]
        if event["request_id"] not in requests:
            before = [one[1:] for one in taken[user] if one[0] < moment]
            items, types, times = zip(*before, strict=True) if before else ((), (), ())
            requests[event["request_id"]] = {
                "request_id": event["request_id"],
                "user_id": user,
                "country": users[user]["country"],
                "age_group": users[user]["age_group"],
                "device": event["device"],
                "timestamp": second,
                "history": list(items),
                "history_type": list(types),
                "history_time": list(times),
            }
        if event["event_type"] != "impression" and event["item_id"] in known:
            taken[user].append((moment, event["item_id"], event["event_type"], second))
    return [*requests.values()][-1000:]


def _in_time(row: Any) -> Any:
    return row[0]["timestamp"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(tmp_path_factory.mktemp("served"))


def write(rows: list[dict[str, Any]], path: Path, **columns: Any) -> Path:
    """A log; `columns` stand in for those of the rows."""
    schema = {"request_id": pa.string()} | COLUMNS
    arrays = {name: pa.array([row[name] for row in rows], kind) for name, kind in schema.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(arrays | columns), path)
    return path


def invoke(served: Served, logged: Path, *more: Any) -> Result:
    arguments = ("skew", "shop", "--logged", logged, "--artifacts", served.artifacts, *more)
    return CliRunner().invoke(
        cli.tfrs, [str(one) for one in arguments], catch_exceptions=False, standalone_mode=False
    )


def measured(served: Served, logged: Path, **drift: Any) -> Skew:
    """What the command measures, without pages, which take a second."""
    settings = DriftConfig.model_validate(drift)
    return measured_skew(served.opened.dataset, served.opened.spec, str(logged), settings)


def shares(skew: Skew) -> dict[str, float]:
    return {one.column: one.share for one in skew.report.mismatches}


def test_features_that_were_served_as_trained_differ_nowhere(served: Served, tmp_path: Path):
    found = measured(served, write(served.rows, tmp_path / "log.parquet"), ignore=[])
    assert shares(found) == dict.fromkeys(COLUMNS, 0.0)
    assert (found.report.joined, found.report.verdict, found.examples) == (1000, "ok", ())


def test_a_value_that_a_twentieth_of_the_requests_got_otherwise(served: Served, tmp_path: Path):
    # 50 of 1,000 requests.
    wrong = [row | ({"country": "Atlantis"} if n < 50 else {}) for n, row in enumerate(served.rows)]
    found = measured(served, write(wrong, tmp_path / "log.parquet"))
    assert shares(found) == dict.fromkeys(shares(found), 0.0) | {"country": 0.05}
    assert found.report.verdict == "warn"
    trained = served.rows[0]["country"], served.rows[1]["country"]
    assert sorted(one.trained for one in found.examples) == sorted(trained)
    assert {one.served for one in found.examples} == {"Atlantis"}


def test_histories_that_lag_by_one_event_differ_wherever_there_is_one(
    served: Served, tmp_path: Path
):
    late = [row | {name: row[name][:-1] for name in LISTS} for row in served.rows]
    found = shares(measured(served, write(late, tmp_path / "log.parquet")))
    # Empty histories cannot lag. Of equal items in a row only the times tell.
    with_history = sum(bool(row["history"]) for row in served.rows) / 1000
    assert 0.5 < with_history < 1
    assert found["history_time"] == with_history
    assert found["history"] == pytest.approx(with_history, abs=0.01)


def test_histories_are_compared_as_the_models_read_them(served: Served, tmp_path: Path):
    padded = [row | _padded(row) for row in served.rows]
    found = measured(served, write(padded, tmp_path / "log.parquet"))
    assert found.report.verdict == "ok"


def _padded(row: dict[str, Any]) -> dict[str, Any]:
    """The last ten items behind an unknown one, and filled up."""
    return {
        "history": ["gone", *row["history"][-LENGTH:], "", ""],
        "history_type": ["view", *row["history_type"][-LENGTH:], "", ""],
        "history_time": [1, *row["history_time"][-LENGTH:], -1, -1],
    }


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_value_is_missing_however_it_is_written(
    served: Served, tmp_path: Path, missing: str | None
):
    rows = [row | {"country": missing} for row in served.rows]
    found = measured(served, write(rows, tmp_path / "log.parquet"))
    assert shares(found)["country"] == 1.0
    assert found.examples[0].served == "missing"


def test_what_cannot_be_compared_is_named(served: Served, tmp_path: Path):
    table = pq.read_table(write(served.rows, tmp_path / "log.parquet"))
    table = table.drop_columns(["device", "history"]).append_column("k", pa.array([10] * 1000))
    pq.write_table(table, tmp_path / "log.parquet")
    found = measured(served, tmp_path / "log.parquet")
    assert found.not_logged == ("device", *LISTS)
    assert found.left_out == ("timestamp",)
    assert found.unread == ("k",)
    assert {*shares(found)} == {"user_id", "country", "age_group"}


def test_only_watched_columns_are_compared(served: Served, tmp_path: Path):
    log = write(served.rows, tmp_path / "log.parquet")
    assert [*shares(measured(served, log, watch=["event_type", "device"]))] == ["device"]


@pytest.mark.parametrize("pattern", ["", "**/*.parquet", "day-*/*"])
def test_a_folder_and_a_glob_name_many_files(served: Served, tmp_path: Path, pattern: str):
    for day in range(2):
        write(served.rows[day::2], tmp_path / f"day-{day}" / "a.parquet")
    assert measured(served, tmp_path / pattern).report.joined == 1000


def test_the_command_writes_reports_and_shows_what_differs(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "200")
    served.settle()
    wrong = [row | {"country": "[b]"} for row in served.rows]
    result = invoke(served, write(wrong, tmp_path / "log.parquet"))
    first = served.rows[0]["request_id"]
    assert result.return_value is None
    assert any(first in line and "[b]" in line for line in result.output.splitlines())
    assert "1,000 of 1,000 logged requests are in the dataset.\n" in result.output
    assert "`retraining.drift` leaves them out: timestamp\n" in result.output
    assert json.loads((served.run / "skew.json").read_text("utf-8"))["verdict"] == "warn"
    assert (served.run / "skew.html").is_file()


def test_a_column_that_is_declared_to_stop_ends_with_65(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    served.settle(columns={"country": {"action": "stop"}})
    wrong = [row | {"country": "Atlantis"} for row in served.rows]
    log = write(wrong, tmp_path / "log.parquet")
    asked = ["skew", "--logged", log, "--artifacts", served.artifacts, "--output", tmp_path / "out"]
    assert cli.main([str(one) for one in asked]) == 65
    assert "`country` was served otherwise than trained in 1,000 of" in capsys.readouterr().err
    written = json.loads((tmp_path / "out" / "skew.json").read_text("utf-8"))
    assert written["verdict"] == "stop"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"request_id": []}, "hold no row"),
        ({"device": ["web"]}, "no event .* has a `request_id` of the log, such as 'z1'"),
        ({"device": [["a", "b"]]}, "the column `device` holds list"),
        ({"timestamp": ["noon"]}, "`timestamp` holds string, and the models read times or"),
        ({"history": ["a|b"]}, "`history` holds string, and a history is a list"),
        (
            {"history": [["a"]], "history_type": [["view", "view"]]},
            "the request 'z1' has 1 items in `history` and 2 in `history_type`",
        ),
        ({"device": ["web"], "country": ["AT"]}, "nothing is compared"),
    ],
    ids=["empty", "other requests", "list", "time", "text", "lengths", "left out"],
)
def test_a_log_that_cannot_be_compared_is_refused(
    served: Served, tmp_path: Path, columns: dict[str, Any], message: str
):
    ignore = ["country", "device"] if "country" in columns else []
    pq.write_table(pa.table({"request_id": ["z1"]} | columns), tmp_path / "log.parquet")
    with pytest.raises(DataError, match=message):
        measured(served, tmp_path / "log.parquet", ignore=ignore)


def test_a_log_without_requests_is_refused(served: Served, tmp_path: Path):
    pq.write_table(pa.table({"device": ["phone"]}), tmp_path / "log.parquet")
    with pytest.raises(DataError, match="has no column `request_id`, it has device"):
        measured(served, tmp_path / "log.parquet")


@pytest.mark.parametrize("name", ["none.parquet", "", "*.parquet"])
def test_a_log_that_is_not_there_is_an_error(served: Served, tmp_path: Path, name: str):
    with pytest.raises(DataError, match="`--logged`: no file matches"):
        measured(served, tmp_path / name)


def test_a_file_that_is_no_parquet_is_an_error(served: Served, tmp_path: Path):
    (tmp_path / "log.parquet").write_text("request_id,device")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        measured(served, tmp_path / "log.parquet")


def test_a_run_without_a_dataset_is_an_error(served: Served):
    with pytest.raises(ArtifactError, match="the run `r2` has no prepared dataset"):
        open_run(served.artifacts, "shop", "r2")


def test_without_a_published_version_a_run_is_named(tmp_path: Path):
    with closing(open_ledger(ledger_path(tmp_path, "shop"))) as ledger:
        runs.begin(ledger, run(1))
    with pytest.raises(ArtifactError, match="no run of `shop` was published yet: name one with"):
        open_run(tmp_path, None, None)
