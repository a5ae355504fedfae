"""The reference configuration."""

from configs import reference
from configs.load import PRESETS, load_config
from configs.run import RunConfig
from configs.section import Section


def test_the_file_is_what_the_generator_writes():
    text = (PRESETS / "reference.yaml").read_text(encoding="utf-8")
    assert text == reference.reference(), (
        "run `tfrs config reference > configs/presets/reference.yaml`"
    )


def test_it_loads_as_the_default_run():
    assert load_config("reference") == RunConfig()


def test_every_key_has_a_comment_above_it():
    lines = reference.reference().splitlines()
    keys = [i for i, line in enumerate(lines) if not line.lstrip().startswith("#")]
    assert all(
        lines[i - 1].lstrip().startswith("# ") and len(lines[i - 1].split()) > 1 for i in keys
    )


class Child(Section):
    """A section."""

    first: int = 1
    """What it
    is."""
    second: int = 2


class Grandchild(Child):
    """A section that adds one key and explains another anew."""

    first: int = 3
    """New."""
    third: int = 3
    """Last."""


def test_a_docstring_becomes_one_line():
    assert reference.meanings(Child) == {"first": "What it is."}


def test_the_nearest_docstring_of_an_inherited_key_counts():
    assert reference.meanings(Grandchild) == {"first": "New.", "third": "Last."}
