"""The door to TensorFlow. Each case needs a process in which nothing is imported yet."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tfrs_models

HOME = Path(tfrs_models.__file__).parents[1]


def run(code, **variables):
    clean = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=HOME,
        env={**clean, "TF_CPP_MIN_LOG_LEVEL": "2", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_importing_the_door_does_not_import_tensorflow():
    code = (
        "import sys; from tfrs_models.backend import tf, tfrs; print('tensorflow' in sys.modules)"
    )
    assert run(code) == "False"


def test_the_first_use_is_on_legacy_keras():
    code = "from tfrs_models.backend import tf; print(tf.keras.Model.__module__.split('.')[0])"
    assert run(code) == "tf_keras"


@pytest.mark.slow
def test_keras_3_is_refused_with_the_way_out():
    early = "import tensorflow; tensorflow.keras.Model\n"
    message = run(f"{early}from tfrs_models.backend import tf\ntf.constant(1)")
    assert "EnvironmentFault: TensorFlow was imported with Keras 3 before tfrs_models" in message
    assert "Set TF_USE_LEGACY_KERAS=1" in message


def test_a_missing_tensorflow_names_the_doctor(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no such wheel')")
    message = run("from tfrs_models.backend import tf; tf.constant", PYTHONPATH=str(tmp_path))
    assert "`tensorflow` cannot be imported: no such wheel" in message
    assert "`tfrs doctor`" in message
