from pathlib import Path
from typing import Any

import pytest
from support.tampering import edit_model

from configs.errors import ArtifactError
from exports.verification.protos import Model, read_models
from exports.verification.sizes import check_sizes
from exports.verification.static import static_checks

QUERY = "models/embed_query"
FLOAT, TEXT = 1, 7


def model(bundle: Path) -> Model:
    return next(one for one in read_models(bundle) if one.name == QUERY)


def constant(dtype: int, *sizes: int) -> Any:
    def change(meta: Any) -> None:
        node = meta.graph_def.node.add(op="Const", name="added")
        node.attr["value"].tensor.dtype = dtype
        for size in sizes:
            node.attr["value"].tensor.tensor_shape.dim.add(size=size)

    return change


def test_the_largest_tensor_of_a_bundle(bundle: Path) -> None:
    # 29 items stand in histories of training, and 2 reserved rows: [31, 8] float32.
    assert check_sizes(model(bundle)) == 31 * 8 * 4


@pytest.mark.parametrize(("dtype", "size"), [(FLOAT, 250), (TEXT, 63)])
def test_a_constant_above_the_limit_is_refused(bundle: Path, dtype: int, size: int) -> None:
    # 250 float32 are 1,000 bytes; 63 texts of 16 bytes at least are 1,008.
    edit_model(bundle, QUERY, constant(dtype, size))
    with pytest.raises(ArtifactError, match=r"999 bytes at most .* got 1,00[08] for `added`"):
        check_sizes(model(bundle), limit_bytes=999)


def test_a_shape_that_would_overflow_is_refused(bundle: Path) -> None:
    # 2^62 x 4 values: their bytes are 2^66, which is 4 in 64 bits.
    edit_model(bundle, QUERY, constant(FLOAT, 1 << 62, 4))
    with pytest.raises(ArtifactError, match=f"got {1 << 66:,} for `added`"):
        list(static_checks(bundle))


def test_a_variable_above_the_limit_is_refused(bundle: Path) -> None:
    def change(meta: Any) -> None:
        node = next(node for node in meta.graph_def.node if node.op == "VarHandleOp")
        node.attr["shape"].shape.dim.add(size=1 << 40)
        node.attr["dtype"].type = FLOAT

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="may declare tensors of 8,589,934,592 bytes at most"):
        check_sizes(model(bundle))
