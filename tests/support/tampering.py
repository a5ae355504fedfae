"""Change a bundle as an attacker would who also writes its manifest again."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exports.manifest import read_manifest, write_manifest
from tfrs_models.backend import tf


def rewrite_manifest(bundle: Path) -> None:
    """Hashes that fit what now lies there."""
    write_manifest(read_manifest(bundle), bundle)


def edit_model(bundle: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change the graph of a model, and let the manifest fit."""
    assert tf.__version__
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = bundle / name / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    change(model.meta_graphs[0])
    path.write_bytes(model.SerializeToString())
    rewrite_manifest(bundle)


def exchange(bundle: Path, one: str, other: str) -> None:
    """Let two folders change places."""
    aside = bundle.parent / "aside"
    shutil.move(bundle / one, aside)
    shutil.move(bundle / other, bundle / one)
    shutil.move(aside, bundle / other)
    rewrite_manifest(bundle)


def replace_model(bundle: Path, name: str, function: Any, **specs: Any) -> None:
    """Put a model of one function in the place of another."""
    shutil.rmtree(bundle / name)
    module = tf.Module()
    module.call = tf.function(function, autograph=False)
    concrete = module.call.get_concrete_function(**specs)
    tf.saved_model.save(module, str(bundle / name), signatures=concrete)
    rewrite_manifest(bundle)
