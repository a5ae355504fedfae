"""Hooks of other packages, each called in a child process, which may hang or crash.

    python -m trainers.retraining.hooks.isolated < JOB

JOB is JSON: `type`, `options`, and `event` as the text of `events.to_json`.
"""

import json
import sys

from configs import plugins
from configs.section import Section
from exports.children import module_command, module_environment
from trainers.retraining.hooks.events import Event, from_json, to_json
from trainers.retraining.hooks.outcomes import Veto
from trainers.retraining.hooks.processes import VETO_EXIT_CODE, judge, run

DEFAULT_SECONDS = 30.0
"""The time limit of hooks whose options have no `timeout_seconds`."""


def call(name: str, options: Section, event: Event) -> None:
    """Call the hook module `name` in a child process.

    Raises:
        Veto: the hook vetoes.
        HookFailed: it raised another exception, crashed, or did not end in time.
    """
    seconds = float(getattr(options, "timeout_seconds", DEFAULT_SECONDS))
    values = options.model_dump(mode="json")
    job = json.dumps({"type": name, "options": values, "event": to_json(event)})
    judge(run(module_command(__name__), job, seconds, module_environment()), seconds)


def main() -> int:
    """The child: call the hook, and tell a veto by the exit code and the last line."""
    job = json.load(sys.stdin)
    options = plugins.parse_options("hook", job["type"], job["options"])
    try:
        plugins.load("hook", job["type"]).call(options, from_json(job["event"]))
    except Veto as veto:
        sys.stdout.write(f"\n{' '.join(veto.reason.split())}\n")
        return VETO_EXIT_CODE
    return 0


if __name__ == "__main__":
    sys.exit(main())
