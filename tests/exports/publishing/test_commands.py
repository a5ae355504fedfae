import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.publishing import make_bundle

from exports.publishing.ledger import read_ledger
from exports.publishing.object_store import ObjectStore
from exports.publishing.reader import opened
from tfrs_models.cli import main

Add = Callable[..., int]


def test_publishes_a_run_by_its_name(base: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    make_bundle(tmp_path / "runs" / "shop-0a1b2c3d" / "bundle", "a")
    assert main(["publish", "shop", "--to", str(base), "--artifacts", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{base}/shop/1 is stable\n"


def test_publishes_promotes_and_rolls_back(  # type: ignore[no-untyped-def]
    add: Add, base: Path, bundle: Path, capsys
) -> None:
    add("a")
    assert main(["publish", str(bundle), "--to", str(base), "--canary", "--keep", "2"]) == 0
    assert main(["promote", str(base)]) == 0
    assert main(["rollback", str(base), "shop"]) == 0
    assert main(["rollback", str(base), "--to", "2"]) == 0
    lines = [f"2 is {state}" for state in ("canary", "stable")] + ["1 is stable", "2 is stable"]
    assert capsys.readouterr().out == "".join(f"{base}/shop/{line}\n" for line in lines)


def test_a_stable_bundle_asked_for_as_a_canary_is_called_stable(  # type: ignore[no-untyped-def]
    base: Path, bundle: Path, capsys
) -> None:
    main(["publish", str(bundle), "--to", str(base)])
    main(["publish", str(bundle), "--to", str(base), "--canary"])
    assert capsys.readouterr().out == f"{base}/shop/1 is stable\n" * 2


def test_the_server_may_see_the_base_elsewhere(base: Path, bundle: Path) -> None:
    main(["publish", str(bundle), "--to", str(base), "--serving-path", "/models"])
    assert 'base_path: "/models/shop"' in (base / "models.config").read_text()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["rollback"], 66), (["promote"], 66), (["versions"], 66), (["versions", "a/b"], 64)],
)
def test_faults_give_their_codes(  # type: ignore[no-untyped-def]
    base: Path, capsys, arguments: list[str], code: int
) -> None:
    command, *name = arguments
    assert main([command, str(base), *name]) == code
    assert capsys.readouterr().err.startswith("error: ")


def test_lists_versions_as_json(add: Add, base: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    for text in "abc":
        add(text, keep=1)
    add("d", canary=True)
    with opened(base, "shop"):
        main(["versions", str(base), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [(one["version"], one["state"], one["in_use"]) for one in found] == [
        (1, "deleted", False),
        (2, "published", False),
        (3, "stable", True),
        (4, "canary", False),
    ]
    sizes = [record.bytes for record in read_ledger(base / "shop").records]
    assert [one["bytes"] for one in found] == [0, *sizes[1:]]


def test_lists_versions_as_a_table(add: Add, base: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    add("a")
    assert main(["versions", str(base), "shop"]) == 0
    out = capsys.readouterr().out
    assert all(text in out for text in ("model", "in use", "shop", "stable", "0.0"))


def test_the_same_commands_take_an_address(  # type: ignore[no-untyped-def]
    store: ObjectStore, base: Path, bundle: Path, tmp_path: Path, capsys
) -> None:
    url = store.url
    make_bundle(tmp_path / "next", "next")
    assert main(["publish", str(bundle), "--to", f"{url}/"]) == 0
    assert main(["publish", str(tmp_path / "next"), "--to", url, "--canary"]) == 0
    assert main(["promote", url]) == 0
    assert main(["rollback", url, "shop", "--to", "1"]) == 0
    assert main(["fetch", url, "--to", str(base)]) == 0
    lines = [f"{url}/shop/{line}" for line in ("1 is stable", "2 is canary")]
    lines += [f"{url}/shop/{line}" for line in ("2 is stable", "1 is stable")]
    assert capsys.readouterr().out.splitlines() == [*lines, f"{base}/shop/1 is stable"]
    main(["versions", url, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [(one["state"], one["in_use"]) for one in found] == [
        ("stable", None),
        ("published", None),
    ]


def test_an_object_store_has_no_serving_path(store: ObjectStore, bundle: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    arguments = ["publish", str(bundle), "--to", store.url, "--serving-path", "/models"]
    assert main(arguments) == 64
    assert "`--serving-path` goes with a folder" in capsys.readouterr().err
    assert store.names() == []
