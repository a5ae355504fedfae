"""The last stage: a version that readers see, and a ledger that says so."""

from typing import Any

from exports.manifest import manifest_sha256
from exports.publishing import store
from exports.runs import BUNDLE
from trainers.retraining.hooks import outbox
from trainers.retraining.ledger import runs, versions
from trainers.retraining.ledger.database import transaction
from trainers.retraining.ledger.rebuild import write_version_record
from trainers.retraining.ledger.versions import Version
from trainers.retraining.plan import Plan
from trainers.retraining.work import Work


def publish(work: Work, plan: Plan, built: dict[str, Any], reason: str) -> Version:
    """Publish the bundle of the run and commit its shards; may be repeated after a crash.

    The version appears first: a bundle that is stable already keeps its number, so a second try
    finds it. Then one transaction says which shards it has learned, that the run is over and who is
    to be told.
    """
    state, settings = work.state, work.config.retraining
    bundle = work.folder / BUNDLE
    number = store.publish(bundle, state.base, state.name, keep=settings.keep)
    version = Version(
        number=number,
        run_id=work.run_id,
        policy=plan.policy,
        parent=plan.parent,
        trained_until_us=built["trained_until_us"],
        bundle_sha256=manifest_sha256(bundle),
        published=work.now(),
    )
    write_version_record(work.folder, version, plan.shards)
    told = {"version": number, "policy": plan.policy, "reason": reason}
    with transaction(state.ledger):
        versions.commit(state.ledger, version, plan.shards)
        runs.finish(state.ledger, work.run_id, "published", 0, reason, version.published)
        outbox.put(state.ledger, settings.hooks, work.event("on_publish", told))
    return version
