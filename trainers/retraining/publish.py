"""The last stage: a version that readers see, and a ledger that says so."""

from typing import Any

from configs.errors import ArtifactError
from exports.manifest import NAME as MANIFEST
from exports.manifest import manifest_sha256
from exports.publishing import store
from exports.publishing.layout import model_folder
from exports.publishing.ledger import read_ledger
from exports.runs import BUNDLE
from trainers.folders import read_done
from trainers.retraining.gate.record import record_in
from trainers.retraining.hooks import outbox
from trainers.retraining.ledger import gates, runs, versions
from trainers.retraining.ledger.database import transaction
from trainers.retraining.ledger.rebuild import write_version_record
from trainers.retraining.ledger.versions import Version
from trainers.retraining.plan import Plan
from trainers.retraining.work import Work

SERVED = "served"
"""The version that is served, in the record of the plan."""


def number_of(work: Work) -> int | None:
    """The number of the run's bundle among the published ones; None where it is not among them.

    A run that was killed after its publication finds it, though it was rolled back since.
    """
    bundle = work.folder / BUNDLE
    if not (bundle / MANIFEST).is_file():
        return None
    digest = manifest_sha256(bundle)
    records = read_ledger(model_folder(work.state.base, work.state.name)).records
    return next((one.version for one in records if one.manifest_sha256 == digest), None)


def require_served(work: Work) -> None:
    """Check that the version that is served is the one for which the run was planned.

    Raises:
        ArtifactError: it is another one, as after a rollback.
    """
    planned, served = read_done(work.folder / "plan")[SERVED], work.state.stable
    if served == planned or number_of(work) is not None:
        return
    raise ArtifactError(
        f"{_version(served)} is served, and {_version(planned)} was when the run was planned, so "
        "it cannot take the place of what was chosen since. Run the same command again: a new run "
        "starts from what is served, with the same events."
    )


def _version(number: int | None) -> str:
    return "no version" if number is None else f"version {number}"


def publish(work: Work, plan: Plan, built: dict[str, Any], reason: str) -> Version:
    """Publish the bundle of the run and commit its shards; may be repeated after a crash.

    The version appears first, and a second try finds its number. Then one transaction says which
    shards it has learned, that the run is over and who is to be told.
    """
    state, settings = work.state, work.config.retraining
    bundle = work.folder / BUNDLE
    number = number_of(work) or store.publish(bundle, state.base, state.name, keep=settings.keep)
    version = Version(
        number=number,
        run_id=work.run_id,
        policy=plan.policy,
        parent=plan.parent,
        trained_until_us=built["trained_until_us"],
        bundle_sha256=manifest_sha256(bundle),
        published=work.now(),
    )
    record = record_in(gates.get(state.ledger, work.run_id).report)
    write_version_record(work.folder, version, plan.shards, record)
    told = {"version": number, "policy": plan.policy, "reason": reason}
    with transaction(state.ledger):
        versions.commit(state.ledger, version, plan.shards)
        runs.finish(state.ledger, work.run_id, "published", 0, reason, version.published)
        outbox.put(state.ledger, settings.hooks, work.event("on_publish", told))
    return version
