"""The two text files that TensorFlow Serving reads: which versions to load, how to batch."""

import json
from pathlib import Path

from exports.publishing.layout import BATCHING, MODELS_CONFIG, model_folder, model_names
from exports.publishing.ledger import Ledger, read_ledger
from tfrs_models.durable import locked, write_text

# No padding: the server pads with the first value of a row, which would lengthen a history.
_BATCHING_TEXT = """\
max_batch_size { value: 64 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 100 }
pad_variable_length_inputs: false
"""


def write_configs(base: Path, serving_path: str | None = None) -> None:
    """Write `models.config` and `batching_parameters.txt` of every model under `base`.

    Args:
        base: folder of all published models.
        serving_path: `base` as the server sees it; the absolute `base` by default.

    Raises:
        ArtifactError: a ledger is damaged; both files stay as they were.
    """
    with locked(base):
        text = models_config(base, serving_path or str(base.absolute()))
        write_text(base / MODELS_CONFIG, text)
        write_text(base / BATCHING, _BATCHING_TEXT)


def models_config(base: Path, serving_path: str) -> str:
    """A `ModelServerConfig` in text form: each model's labelled versions, and their labels."""
    ledgers = {name: read_ledger(model_folder(base, name)) for name in model_names(base)}
    models = [
        _model(name, f"{serving_path.rstrip('/')}/{name}", labels)
        for name, ledger in ledgers.items()
        if (labels := _labels(ledger))
    ]
    return "model_config_list {\n" + "".join(models) + "}\n"


def _labels(ledger: Ledger) -> dict[str, int]:
    labels = {"stable": ledger.stable, "canary": ledger.canary}
    return {label: version for label, version in labels.items() if version is not None}


def _model(name: str, path: str, labels: dict[str, int]) -> str:
    versions = " ".join(f"versions: {version}" for version in labels.values())
    lines = [
        f"name: {_quoted(name)}",
        f"base_path: {_quoted(path)}",
        'model_platform: "tensorflow"',
        f"model_version_policy {{ specific {{ {versions} }} }}",
        *(f'version_labels {{ key: "{key}" value: {one} }}' for key, one in labels.items()),
    ]
    return "  config {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
