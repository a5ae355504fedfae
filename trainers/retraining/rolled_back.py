"""A rollback, which is a command of its own, noticed by the next run."""

from trainers.retraining.hooks import outbox
from trainers.retraining.hooks.run import notify
from trainers.retraining.ledger import versions
from trainers.retraining.work import Work


def notice_rollback(work: Work) -> None:
    """Tell the hooks, once, that a version before the latest one is served."""
    ledger, served = work.state.ledger, work.state.stable
    latest = versions.latest(ledger)
    if latest is None or served is None or served >= latest.number:
        return
    told = {"version": served, "former": latest.number}
    if outbox.last_payload(ledger, "on_rollback") != told:
        event = work.event("on_rollback", told)
        notify(ledger, work.config.retraining.hooks, event, work.clock)
