import dataclasses
from pathlib import Path

import pytest

from configs.errors import ArtifactError
from exports.verification.isolated import isolated_checks
from exports.verification.limits import Limits

ROOM = Limits.of(1 << 20)


def test_a_child_that_needs_more_memory_is_told_of(recorded: Path) -> None:
    limits = dataclasses.replace(ROOM, memory_bytes=128 << 20)
    with pytest.raises(ArtifactError, match=r"134,217,728 bytes of memory \(`--memory-bytes`\)"):
        isolated_checks(recorded, limits)


def test_a_child_that_takes_too_long_is_stopped(recorded: Path) -> None:
    limits = dataclasses.replace(ROOM, seconds=1)
    with pytest.raises(ArtifactError, match=r"was not done after 1 s.*`--timeout`"):
        isolated_checks(recorded, limits)


def test_a_fault_of_the_bundle_comes_back_as_it_is(bundle: Path) -> None:
    (bundle / "requests.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"^`requests\.json` of the bundle must hold"):
        isolated_checks(bundle, ROOM)


def test_the_room_grows_with_the_bundle() -> None:
    assert Limits.of(1_000).memory_bytes - Limits.of(0).memory_bytes == 8_000
