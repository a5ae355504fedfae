"""What a bundle is, read from its manifest and its files without loading them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exports.manifest import Manifest, read_manifest
from exports.verification.protos import read_models
from exports.verification.signatures import ModelSignature, signatures_of


@dataclass(frozen=True)
class ModelSummary:
    """One SavedModel.

    Attributes:
        signatures: its functions by name.
        operations: how often each operation stands in it, the most frequent first.
    """

    signatures: Mapping[str, ModelSignature]
    operations: Mapping[str, int]


@dataclass(frozen=True)
class Summary:
    """One bundle.

    Attributes:
        manifest: what it says of itself.
        parts: bytes by part, the largest first.
        models: by folder; `.` is the root.
    """

    manifest: Manifest
    parts: Mapping[str, int]
    models: Mapping[str, ModelSummary]


def summarise(bundle: Path) -> Summary:
    """Describe a bundle; its hashes are not checked.

    Raises:
        ArtifactError: it has no manifest, or one that is damaged, or a model that is none.
    """
    manifest = read_manifest(bundle)
    models = {
        model.name: ModelSummary(
            signatures_of(model), dict(Counter(node.op for node in model.nodes()).most_common())
        )
        for model in read_models(bundle)
    }
    return Summary(manifest, _parts(manifest), models)


def _parts(manifest: Manifest) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for name, entry in manifest.files.items():
        sizes[_part(name)] += entry.bytes
    return dict(sizes.most_common())


def _part(name: str) -> str:
    """Models and indexes one by one, the model of the root as one, other files by themselves."""
    folder, _, rest = name.partition("/")
    if folder in ("models", "index"):
        return f"{folder}/{rest.partition('/')[0]}"
    if folder in ("assets", "assets.extra", "variables", "saved_model.pb", "fingerprint.pb"):
        return "model of the root"
    return folder
