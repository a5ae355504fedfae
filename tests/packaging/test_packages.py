"""What is packed, what it asks for, and what the source tree promises."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tfrs_models", "trainers", "configs", "exports", "serving")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIREMENT = re.compile(r"^([a-z0-9][a-z0-9-]*)==[^ ]+( ;[^\\]*)?( \\)?$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def locked():
    return {m[1] for line in LOCK.splitlines() if (m := REQUIREMENT.match(line))}


def modules():
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_the_lock_holds_pinned_names_and_hashes_only():
    odd = [
        line for line in LOCK.splitlines() if not REQUIREMENT.match(line) and not HASH.match(line)
    ]
    assert odd == []


def test_the_lock_holds_no_address():
    assert "://" not in LOCK


def test_every_locked_requirement_has_a_hash():
    heads = [i for i, line in enumerate(LOCK.splitlines()) if REQUIREMENT.match(line)]
    lines = LOCK.splitlines()
    assert all(HASH.match(lines[i + 1]) for i in heads)


def test_the_lock_covers_the_project_and_its_tools():
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=;\[ ]", line)[0].lower() for line in wanted}
    assert names <= locked()


def test_the_lock_covers_the_build(monkeypatch):
    names = {re.split(r"[<>=]", line)[0] for line in PROJECT["build-system"]["requires"]}
    assert names <= locked()


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_folder_of_modules_is_a_package(path):
    assert (path.parent / "__init__.py").is_file()


def test_the_wheel_holds_every_module_and_preset(wheel):
    sources = {str(p.relative_to(ROOT)) for p in modules()}
    presets = {str(p.relative_to(ROOT)) for p in (ROOT / "configs" / "presets").glob("*.yaml")}
    assert len(presets) >= 4
    assert sources | presets <= wheel


def test_the_wheel_holds_the_packages_and_its_own_data_only(wheel):
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert not [name for name in wheel if "__pycache__" in name]


def test_the_wheel_holds_the_licence(wheel):
    assert any(name.endswith("/licenses/LICENSE") for name in wheel)


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_dead_link_and_a_dead_anchor_are_found(tmp_path):
    page = tmp_path / "a.md"
    page.write_text(
        "# One `two`\n[ok](a.md#one-two) [up](#one-two) [web](https://example.com)\n"
        "[file](b.md) [anchor](#three)\n```\n[code](c.md)\n```\n"
    )
    assert list(load_script("check_links").dead_links(page)) == [
        "a.md: no file `b.md`",
        "a.md: no heading `#three` in a.md",
    ]
