from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)
from support.publishing import make_bundle
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from exports.publishing.store import promote, publish, rollback

Add = Callable[..., int]


def parsed(path: Path) -> list[Any]:
    """The models of a configuration, as the server reads it."""
    config = text_format.Parse(path.read_text(), ModelServerConfig())
    return list(config.model_config_list.config)


def labels(base: Path) -> dict[str, int]:
    (model,) = parsed(base / "models.config")
    found = dict(model.version_labels)
    assert sorted(model.model_version_policy.specific.versions) == sorted(found.values())
    return found


def test_every_model_has_its_path_and_platform(base: Path, tmp_path: Path) -> None:
    for name in ("b", "a"):
        publish(make_bundle(tmp_path / name, name, name), base)
    models = parsed(base / "models.config")
    assert [(one.name, one.base_path) for one in models] == [
        ("a", str(base / "a")),
        ("b", str(base / "b")),
    ]
    assert {one.model_platform for one in models} == {"tensorflow"}


def test_the_labels_follow_the_pointers(add: Add, base: Path) -> None:
    add("a")
    assert labels(base) == {"stable": 1}
    add("b", canary=True)
    assert labels(base) == {"stable": 1, "canary": 2}
    promote(base, "shop")
    assert labels(base) == {"stable": 2}
    rollback(base, "shop")
    assert labels(base) == {"stable": 1}


@pytest.mark.parametrize(
    ("serving_path", "path"),
    [("/models", "/models/shop"), ("/models/", "/models/shop"), ('/a "b"\\c', '/a "b"\\c/shop')],
)
def test_the_server_may_see_the_base_elsewhere(
    add: Add, base: Path, serving_path: str, path: str
) -> None:
    add("a", serving_path=serving_path)
    (model,) = parsed(base / "models.config")
    assert model.base_path == path


def test_a_model_of_which_nothing_was_completed_is_left_out(add: Add, base: Path) -> None:
    (base / "empty").mkdir(parents=True)
    (base / "empty" / "ledger.json").write_text('{"format": 1, "last": 3}')
    add("a")
    assert [one.name for one in parsed(base / "models.config")] == ["shop"]


def batching_parameters() -> Any:
    """TensorFlow Serving's `BatchingParameters`, which its Python package leaves out.

    Field names and types are those of `session_bundle_config.proto`; text knows no numbers.
    """
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name="BatchingParameters")
    numbers = (
        "max_batch_size",
        "batch_timeout_micros",
        "max_enqueued_batches",
        "num_batch_threads",
    )
    for place, name in enumerate(numbers, start=1):
        field = message.field.add(name=name, number=place, label=1, type=11)
        field.type_name = ".google.protobuf.Int64Value"
    message.field.add(name="allowed_batch_sizes", number=6, label=3, type=3)
    message.field.add(name="pad_variable_length_inputs", number=7, label=1, type=8)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("BatchingParameters"))()


def test_the_batching_parameters_parse_and_do_not_pad_histories(add: Add, base: Path) -> None:
    add("a")
    text = (base / "batching_parameters.txt").read_text()
    parameters = text_format.Parse(text, batching_parameters())
    assert parameters.max_batch_size.value == 64
    assert parameters.batch_timeout_micros.value == 1_000
    assert not parameters.pad_variable_length_inputs
