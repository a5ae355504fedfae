"""What the settings of the export mean."""

import pytest
from pydantic import ValidationError

from configs.export import IndexConfig


def test_auto_is_a_type_without_settings() -> None:
    assert IndexConfig(type="auto").model_dump() == {"type": "auto", "options": {}}


def test_settings_of_auto_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"`type: auto` has no settings.*leaves_to_search"):
        IndexConfig(type="auto", options={"leaves_to_search": 3})
