"""All checks that read a bundle and load nothing of it."""

from collections.abc import Iterator
from pathlib import Path

from exports.manifest import verify
from exports.verification.assets import check_assets
from exports.verification.check import EXPORT_AGAIN, Check, refuse
from exports.verification.files import check_arrays, check_kinds
from exports.verification.graphs import check_ops
from exports.verification.protos import FILE, Model, read_models
from exports.verification.signatures import NEEDED, check_signatures
from exports.verification.sizes import LIMIT_BYTES, check_sizes


def static_checks(bundle: Path, limit_bytes: int = LIMIT_BYTES) -> Iterator[Check]:
    """Check a bundle by reading it, one thing after the other.

    Args:
        bundle: the folder.
        limit_bytes: that one tensor of a model may declare.

    Yields:
        Each check that was passed.

    Raises:
        ArtifactError: the first fault: file, rule, value and way out.
    """
    manifest = verify(bundle)
    total = sum(entry.bytes for entry in manifest.files.values())
    yield Check("hashes", f"{len(manifest.files)} files, {total:,} bytes")
    yield Check("kinds of files", f"{check_kinds(bundle)} files, none of Keras or pickle")
    yield Check("arrays", f"{check_arrays(bundle)} .npy files, no Python objects, sizes fit")
    models = read_models(bundle)
    _check_present({model.name for model in models})
    for model in models:
        yield _check_model(model, bundle, limit_bytes)


def _check_present(names: set[str]) -> None:
    for name in NEEDED:
        if name not in names:
            raise refuse(f"{name}/{FILE}", "must be there", "no model", EXPORT_AGAIN)


def _check_model(model: Model, bundle: Path, limit_bytes: int) -> Check:
    ops = check_ops(model)
    assets = check_assets(model, bundle)
    largest = check_sizes(model, limit_bytes)
    signatures = check_signatures(model)
    return Check(
        f"model {model.name}",
        f"{ops} operations, all allowed; {assets} assets inside; largest tensor {largest:,} bytes; "
        f"signatures {', '.join(signatures)}",
    )
