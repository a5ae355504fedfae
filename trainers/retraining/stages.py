"""The stages of a run before its model is published, each done once."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from configs.errors import DataError
from exports.publishing.reader import kept as kept_version
from exports.publishing.reader import opened as opened_version
from exports.runs import BUNDLE
from tfrs_models.data.dataset import TEST
from tfrs_models.data.load import load_dataset
from tfrs_models.features.tables import MICROSECONDS_A_SECOND
from trainers import evaluation, run
from trainers.folders import stage
from trainers.report.page import REPORT_FILE
from trainers.retraining.contest import Champion, Former, judged
from trainers.retraining.drift.report import drift_json, write_drift
from trainers.retraining.drifted import drift_of
from trainers.retraining.fresh import fresh_events
from trainers.retraining.gate.record import GateRecord
from trainers.retraining.gate.report import GateReport, gate_json, write_gate
from trainers.retraining.intake.take_in import take_in
from trainers.retraining.learnable import require_learnable
from trainers.retraining.ledger import gates, runs, shards, versions
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.path import gate_record, path_to
from trainers.retraining.plan import Plan
from trainers.retraining.warm.former_run import open_former
from trainers.retraining.warm.train import train_warm
from trainers.retraining.work import Work
from trainers.run import Trained

Record = dict[str, Any]


def ingest(work: Work) -> Record:
    """Take new files in, and note which shards no version has learned."""

    def take() -> Record:
        now_us = int(work.clock() * MICROSECONDS_A_SECOND)
        settings = work.config.retraining.intake
        ledger = work.state.ledger
        taken = take_in(work.config, work.state.log, ledger, work.run_id, now_us, settings)
        pending = [shard.sha256 for shard in shards.pending(ledger)]
        runs.add_shards(ledger, work.run_id, pending)
        return {"shards": pending, "watermark_us": taken.watermark_us}

    return stage(work.folder / "ingest", take)


def chosen(work: Work, record: Record) -> list[Shard]:
    """The shards of the run, as `ingest` recorded them."""
    every = {shard.sha256: shard for shard in shards.all_shards(work.state.ledger)}
    return [every[sha256] for sha256 in record["shards"]]


def validate(work: Work, new: list[Shard]) -> Record:
    """Compare the new events with those learned, and write the report."""

    def compare() -> Record:
        report = drift_of(work, new)
        if report is None:
            return {"verdict": "ok", "anomalies": []}
        write_drift(report, work.folder)
        found = drift_json(report)
        return {"verdict": found["verdict"], "anomalies": found["anomalies"]}

    return stage(work.folder / "validate", compare)


def stop_on_drift(record: Record) -> None:
    """End the run where drift is declared to.

    Raises:
        DataError: it is.
    """
    if record["verdict"] == "stop":
        grave = [one["text"] for one in record["anomalies"] if one["action"] == "stop"]
        said = "; ".join(grave[:3])
        raise DataError(
            f"the new events are unlike those learned: {said}. Look at `drift.html` of the run. "
            "When they are wrong, take their files back with `tfrs shard withdraw`. When they are "
            "right, raise `retraining.drift.stop_at`, or the `threshold` of the column in "
            "`retraining.drift.columns`, or set its `action` to `warn`."
        )


def build(work: Work, plan: Plan, new: list[Shard]) -> Record:
    """Train, measure and export: what the gate and the ledger must know.

    Raises:
        NothingToLearn: a training that goes on has no new event to learn.
    """

    def make() -> Record:
        trained = _train(work, plan, new)
        work.console.print("[bold]Measuring[/bold] on the events after those learned")
        metrics = evaluation.stages_alone(trained, work.folder)
        events = trained.material.dataset.events
        exported = run.export(
            trained,
            metrics,
            work.folder / BUNDLE,
            work.folder / REPORT_FILE,
            known_until=int(events.time[events.split == TEST].min()),
            parents=_parents(work, plan),
        )
        return exported | {
            "dataset": trained.material.dataset.folder.name,
            "trained_until_us": trained.trained_until_us,
        }

    return stage(work.folder / evaluation.EXPORT, make)


def _parents(work: Work, plan: Plan) -> tuple[str, ...]:
    if plan.parent is None:
        return ()
    return (versions.get(work.state.ledger, plan.parent).bundle_sha256,)


def _train(work: Work, plan: Plan, new: list[Shard]) -> Trained:
    """The models, with the settings as the user wrote them: where the log lies is no one's else."""
    trained = _trained(work, plan, new)
    return replace(trained, material=replace(trained.material, config=work.config))


def _trained(work: Work, plan: Plan, new: list[Shard]) -> Trained:
    if plan.parent is None:
        return run.train(work.reading, work.state.folder, work.folder, work.console)
    parent = versions.get(work.state.ledger, plan.parent)
    former = open_former(work.state.run(parent.run_id), parent.trained_until_us)
    folder, console = work.folder, work.console
    made = run.prepared(work.reading, work.state.folder, folder, console, former.parent)
    dataset = made[0].dataset
    sequences = [shard.sequence for shard in new]
    fresh = fresh_events(dataset, parent.trained_until_us, sequences)
    require_learnable(dataset, fresh)
    return train_warm(former, made, fresh, work.config.retraining.warm, folder, console)


def gate(work: Work, built: Record) -> Record:
    """Judge the new model beside the served one, and write the report."""

    def judge() -> Record:
        work.console.print("[bold]Judging[/bold] the new version beside the one that is served")
        state, settings = work.state, work.config.retraining.gate
        dataset = load_dataset(state.folder / "datasets" / built["dataset"])
        with ExitStack() as held:
            champion = _champion(work, held)
            found = judged(work.reading, dataset, work.folder / BUNDLE, champion)
        before = runs.rejects_in_a_row(state.ledger)
        report = GateReport(found.verdict, before, settings.max_rejects_in_a_row)
        write_gate(report, work.folder)
        record = GateRecord(champion.version if champion else None, dict(found.means))
        said = record.beside(gate_json(report))
        gates.add(state.ledger, work.run_id, found.verdict.passed, said)
        return {name: said[name] for name in ("passed", "reason", "rejects_in_a_row", "alarm")}

    return stage(work.folder / "gate", judge)


def _champion(work: Work, held: ExitStack) -> Champion | None:
    """The served version, which cannot be deleted while the stack is open."""
    state = work.state
    if state.stable is None:
        return None
    opened = held.enter_context(opened_version(state.base, state.name))
    record = gate_record(state.ledger, opened.version)
    means = record.means if record else {}
    return Champion(opened.path, opened.version, means, _former(work, opened.version, held))


def _former(work: Work, champion: int, held: ExitStack) -> Former | None:
    """The oldest version on the path to the champion that is kept, likewise."""
    state = work.state
    path = list(enumerate(path_to(state.ledger, champion), start=1))
    for since, version in reversed(path):
        folder = held.enter_context(kept_version(state.base, state.name, version))
        if folder is not None:
            return Former(folder, version, since)
    return None
