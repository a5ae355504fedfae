"""Requests to the models of a bundle with the answers they gave: `requests.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from configs.errors import ArtifactError, ConfigError
from configs.section import Section
from exports.verification.check import EXPORT_AGAIN, refuse

FILE = "requests.json"
FORMAT: Literal[1] = 1


class RecordedArray(Section):
    """An array as JSON."""

    dtype: Literal["string", "float32", "int32", "int64"]
    """Type of its values."""
    shape: tuple[int, ...]
    """Its sizes."""
    values: tuple[str | int | float, ...]
    """In row-major order; floats that are not finite are the texts `nan`, `inf` and `-inf`."""

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self:
        """The record of an array; texts may be `bytes` or `str`."""
        array = np.asarray(array)
        dtype = "string" if array.dtype.kind in "OSU" else array.dtype.name
        values = [_json_value(value) for value in array.ravel().tolist()]
        return cls.model_validate({"dtype": dtype, "shape": array.shape, "values": values})

    def array(self) -> NDArray[Any]:
        """The array; texts are `str` objects.

        Raises:
            ValueError: the values do not fit the type or the shape.
        """
        if self.dtype == "string":
            return np.array([str(value) for value in self.values], object).reshape(self.shape)
        kind = float if self.dtype == "float32" else int
        return np.array([kind(value) for value in self.values], self.dtype).reshape(self.shape)


class Recording(Section):
    """One request to one model."""

    model: str
    """The model's folder in the bundle; `.` is the root."""
    inputs: Mapping[str, RecordedArray]
    """By name."""
    outputs: Mapping[str, RecordedArray]
    """What the model answered when the bundle was written."""


class Recordings(Section):
    """All recorded requests of a bundle."""

    format: Literal[1] = FORMAT
    """Version of the file."""
    requests: tuple[Recording, ...]
    """In the order in which they are replayed."""


def write_recordings(recordings: Recordings, bundle: Path) -> None:
    """Write `requests.json`; the manifest of the bundle is to be written afterwards."""
    (bundle / FILE).write_text(recordings.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_recordings(bundle: Path) -> Recordings | None:
    """The recorded requests of a bundle; None where it holds none.

    Raises:
        ArtifactError: the file is damaged or of another format.
    """
    try:
        return Recordings.model_validate_json((bundle / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (ConfigError, ValidationError) as error:
        raise _damaged(str(error)) from error


def _damaged(why: str) -> ArtifactError:
    return refuse(FILE, f"must hold recorded requests of format {FORMAT}", why, EXPORT_AGAIN)


def _json_value(value: Any) -> str | int | float:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value  # type: ignore[no-any-return]
