"""Call one hook, whatever it does, and say how that ended."""

import logging

from configs import plugins
from configs.hooks import HookConfig
from trainers.retraining.hooks import isolated
from trainers.retraining.hooks.events import Event
from trainers.retraining.hooks.outcomes import Outcome, PermanentFailure, Veto
from trainers.retraining.hooks.redaction import redact

_logger = logging.getLogger(__name__)


def attempt(hook: HookConfig, event: Event) -> Outcome:
    """Call a hook; what it raises becomes the outcome, and a line of the log.

    Returns:
        `pending` where it failed and another attempt may go better.
    """
    outcome = _outcome(hook, event)
    if outcome.state != "delivered":
        _logger.warning(
            "run %s: the hook %s, called for %s %s: %s",
            event.run_id,
            hook.label,
            event.kind,
            event.id,
            outcome.text,
        )
    return outcome


def _outcome(hook: HookConfig, event: Event) -> Outcome:
    try:
        _call(hook, event)
    except Veto as veto:
        if not hook.votes_on(event.kind):
            return Outcome("failed", "it vetoed what it has no vote on: see `may_veto`")
        return Outcome("vetoed", _told(hook, veto.reason))
    except PermanentFailure as error:
        return Outcome("failed", _told(hook, str(error)))
    except Exception as error:  # whatever it is, it must not reach the run
        return Outcome("pending", _told(hook, str(error) or type(error).__name__))
    return Outcome("delivered")


def _call(hook: HookConfig, event: Event) -> None:
    options = plugins.parse_options(hook.kind, hook.type, hook.options)
    if "." in hook.type:
        isolated.call(hook.type, options, event)
    else:
        plugins.load(hook.kind, hook.type).call(options, event)


def _told(hook: HookConfig, text: str) -> str:
    variables = [str(value) for key, value in hook.options.items() if key.endswith("_env")]
    return redact(text, variables)
