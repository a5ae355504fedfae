"""The base of every configuration section."""

from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from configs import faults


class Section(BaseModel):
    """A frozen mapping of settings that refuses keys it does not know.

    Defaults that need a plug-in are made by a factory: declaring a section imports none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @model_validator(mode="wrap")
    @classmethod
    def _advise_on_unknown_keys(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(raw)
        except ValidationError as error:
            raise faults.report(cls.__name__, faults.of(error, keys=cls.model_fields)) from None
