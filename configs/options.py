"""The options `--config` and `--set` of every command that needs a configuration."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config` and `--set`; the command receives the result as `config: RunConfig`."""

    @click.option("--config", "source", required=True, metavar="NAME|PATH", help="Preset or file.")
    @click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY.PATH=VALUE",
        help="Replace one setting; may be repeated.",
    )
    @wraps(command)
    def wrapper(source: str, overrides: tuple[str, ...], **others: Any) -> Any:
        from configs.load import load_config

        return command(config=load_config(source, overrides), **others)

    return wrapper
