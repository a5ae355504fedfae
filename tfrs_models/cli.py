"""The command `tfrs`: one table of commands, each imported when it is called."""

import difflib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

SIBLINGS = ("configs", "trainers", "exports", "serving")

EXIT_USAGE, EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_ENVIRONMENT = 64, 70, 75, 78
EXIT_CANNOT_WRITE = 73
EXIT_BROKEN_PIPE = 141  # what a shell reports for a process that SIGPIPE ended

# What NumPy, DuckDB, Arrow and TensorFlow all say, each with an exception of its own, and SQLite.
_NO_SPACE = (
    "No space left on device",
    "Disk quota exceeded",
    "File too large",
    "database or disk is full",
)
_DISK_FAILS = ("Input/output error", "disk I/O error", "Read-only file system")


class Entry(NamedTuple):
    """Where a command lives, and its line in the help, so that the help imports no command."""

    target: str
    help: str


COMMANDS: Mapping[str, Entry] = {
    "train": Entry("trainers.commands:train", "Train both stages, measure them, write a bundle."),
    "evaluate": Entry("trainers.commands:evaluate", "Measure a run again, beside the baselines."),
    "export": Entry("trainers.commands:export", "Write the bundle of a finished run again."),
    "tune": Entry("trainers.tune.commands:tune", "Search for better settings of retrieval."),
    "retrain": Entry("trainers.retraining.commands:retrain", "Learn what is new, and publish it."),
    "runs": Entry("trainers.retraining.commands_ledger:runs", "List the runs of retraining."),
    "run": Entry("trainers.retraining.commands_ledger:run", "Show one run of retraining."),
    "shards": Entry(
        "trainers.retraining.commands_shards:shards", "List the event files of retraining."
    ),
    "shard": Entry("trainers.retraining.commands_shards:shard", "Take an event file back."),
    "skew": Entry("trainers.retraining.commands_skew:skew", "Find features served otherwise."),
    "backtest": Entry(
        "trainers.retraining.commands_backtest:backtest", "Compare policies of retraining."
    ),
    "feedback": Entry(
        "trainers.feedback.commands:feedback", "See what policies do over rounds, in simulation."
    ),
    "recommend": Entry("serving.commands:recommend", "Recommend items from a bundle."),
    "batch": Entry("serving.commands:batch", "Recommend items to all users of a bundle."),
    "verify": Entry("exports.verification.commands:verify", "Check a bundle before it is served."),
    "inspect": Entry("exports.verification.commands:inspect", "Describe a bundle."),
    "publish": Entry("exports.publishing.commands:publish", "Publish a bundle as a new version."),
    "promote": Entry("exports.publishing.commands:promote", "Make the version on trial stable."),
    "rollback": Entry("exports.publishing.commands:rollback", "Go back to an earlier version."),
    "versions": Entry("exports.publishing.commands:versions", "List what is published."),
    "fetch": Entry("exports.publishing.commands:fetch", "Fetch a published version to a folder."),
    "data": Entry("tfrs_models.data.commands:data", "Prepare and describe data."),
    "config": Entry("configs.commands:config", "Show and check configurations."),
    "doctor": Entry("tfrs_models.doctor:doctor", "Check the installation and the machine."),
}


class LazyGroup(click.Group):
    """A group that imports a command only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names, or the nearest name."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table's own help lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tfrs-two-stage", prog_name="tfrs")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
def tfrs(debug: bool) -> None:
    """Train, measure and run two-stage recommenders.

    Start with `tfrs train --config demo`.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0, a code that the command returned, or the one of the error
        (see configs.errors); 64 usage, 70 unexpected, 73 a full or failing disk, 75 interrupted,
        78 environment.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    fault = sibling_fault()
    if fault:
        return _fail(fault, EXIT_ENVIRONMENT)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return EXIT_BROKEN_PIPE
    return code


def _run(arguments: Sequence[str]) -> int:
    from configs.errors import TfrsError

    try:
        result: Any = tfrs.main(list(arguments), prog_name="tfrs", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except TfrsError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted; run the same command again to go on", EXIT_INTERRUPTED)
    except BrokenPipeError:
        raise
    except Exception as error:  # the process boundary: whatever is left is a defect
        return _unexpected(error, debug="--debug" in arguments)
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    fault = disk_fault(error)
    if fault:
        return _fail(
            f"{fault}, or choose another folder (`--artifacts`, `--to`), and run the same command "
            "again; what was finished is kept",
            EXIT_CANNOT_WRITE,
        )
    hint = "" if debug else " (`tfrs --debug ...` shows where)"
    return _fail(f"unexpected {type(error).__name__}: {error}{hint}", EXIT_INTERNAL)


def disk_fault(error: Exception) -> str:
    """What is wrong with the disk and what mends it, whichever library says so.

    Empty when nothing is.
    """
    said = str(error)
    if any(text in said for text in _NO_SPACE):
        return "the disk is full: make room"
    if any(text in said for text in _DISK_FAILS):
        return f"the disk fails ({said}): look at the system's log and mend it"
    return ""


def _fail(message: str, code: int) -> int:
    click.echo(f"error: {message}", err=True)
    return code


def _silence_stdout() -> None:
    """Keep the interpreter's last flush from complaining about the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def sibling_fault() -> str:
    """What is wrong with the packages beside this one; empty when nothing is.

    Their names are common, so a folder of the same name may come first on the path.
    """
    home = Path(__file__).resolve().parents[1]
    for name in SIBLINGS:
        found = _folder(name)
        if found is None:
            return f"the package `{name}` is missing beside {home}; install the project again"
        if found.parent != home:
            return (
                f"the package `{name}` is taken from {found}, which hides the one of this project "
                f"in {home}; run `tfrs` from another folder, take that folder out of PYTHONPATH, "
                "or rename it"
            )
    return ""


def _folder(name: str) -> Path | None:
    """The folder that `import name` would take, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ())
    place = places[0] if places else spec.origin
    return Path(place).resolve() if place else None


if __name__ == "__main__":
    sys.exit(main())
