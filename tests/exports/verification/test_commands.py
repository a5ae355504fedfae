import json
from pathlib import Path

from click.testing import CliRunner, Result

from configs.errors import ArtifactError
from exports.verification.commands import inspect, verify
from tfrs_models.cli import main


def invoke(command: object, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_verify_prints_a_line_for_each_check_and_replays(recorded: Path) -> None:
    result = invoke(verify, str(recorded))
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("ok  hashes: ")
    assert any(line.startswith("ok  replayed .: 3 requests") for line in lines)
    assert lines[-1].endswith("bundle is sound")


def test_static_loads_nothing(recorded: Path) -> None:
    output = invoke(verify, str(recorded), "--static").output
    assert "ok  model models/rank: " in output
    assert "loaded" not in output


def test_the_limit_of_a_tensor_can_be_lowered(recorded: Path) -> None:
    result = invoke(verify, str(recorded), "--static", "--limit-bytes", "100")
    assert isinstance(result.exception, ArtifactError)
    assert "100 bytes at most" in str(result.exception)


def test_a_fault_ends_with_66_and_its_reason(bundle: Path, capsys) -> None:
    (bundle / "config.yaml").write_text("")
    assert main(["verify", str(bundle), "--static"]) == 66
    assert "`config.yaml` of the bundle" in capsys.readouterr().err


def test_inspect_prints_parts_and_signatures(recorded: Path) -> None:
    output = invoke(inspect, str(recorded)).output
    for text in ("tiny", "models/embed_query", "history", "string [?, ?]", "recall 1.0000"):
        assert text in output


def test_inspect_prints_rows_and_the_schema(recorded: Path) -> None:
    output = invoke(inspect, str(recorded)).output
    schema = json.loads((recorded / "manifest.json").read_text())["schema_fingerprint"]
    assert "20 users, 40 items, 120 events" in output
    # The terminal folds the 64 digits.
    assert schema[:32] in output


def test_inspect_as_json(recorded: Path) -> None:
    found = json.loads(invoke(inspect, str(recorded), "--json").output)
    manifest = json.loads((recorded / "manifest.json").read_text())
    assert found["created"] == manifest["created"]
    assert sum(found["parts"].values()) == sum(f["bytes"] for f in manifest["files"].values())
    query = found["models"]["models/embed_query"]
    assert query["signatures"]["serving_default"]["inputs"]["age"] == {
        "dtype": "float32",
        "shape": [None],
    }
    assert query["operations"]["SaveV2"] == 1
