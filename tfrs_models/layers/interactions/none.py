"""No products: the hidden layers get the inputs as they are."""

from typing import Any

from configs.section import Section


class Options(Section):
    """No settings."""


def interaction(options: Options, width: int, seed: int) -> Any:  # noqa: ARG001
    """The inputs."""
    return lambda values, fields: values  # noqa: ARG005 - the contract has both
