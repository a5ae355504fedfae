"""A program that reads the event from its standard input."""

from typing import Annotated

from pydantic import Field, field_validator

from configs.section import Section
from trainers.retraining.hooks import processes
from trainers.retraining.hooks.events import Event, to_json


class Options(Section):
    """Which program, and for how long."""

    command: tuple[str, ...]
    """The program and its arguments, such as `[./notify.sh, --fast]`; no shell reads them. A path
    is relative to the folder that `tfrs` was started in."""
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """After this it gets SIGTERM, and SIGKILL five seconds later, with all that it started."""

    @field_validator("command", mode="before")
    @classmethod
    def _check_list(cls, command: object) -> object:
        if isinstance(command, str):
            raise ValueError(
                "`command` must be a list of arguments, for no shell splits it; received text: "
                "write `[./notify.sh, --fast]`, or `[sh, -c, '...']` if you want a shell"
            )
        return command

    @field_validator("command")
    @classmethod
    def _check_command(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if not command or not command[0] or any("\0" in argument for argument in command):
            raise ValueError(
                "`command` must begin with a program, and hold no null character; received "
                f"{len(command)} arguments: write `[./notify.sh, --fast]`"
            )
        return command


def call(options: Options, event: Event) -> None:
    """Run the program with the event's JSON on its standard input.

    Raises:
        Veto: it ended with exit code 10.
        HookFailed: it ended with another code than 0, not in time, or could not be started.
    """
    seconds = options.timeout_seconds
    processes.judge(processes.run(options.command, to_json(event), seconds), seconds)
