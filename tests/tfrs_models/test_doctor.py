"""What the doctor finds."""

import json
import sys
from importlib import metadata

import pytest

from tfrs_models import cli, doctor


def test_avx2_and_fma_are_enough():
    assert doctor.check_processor(frozenset({"sse", "avx2", "fma"})).status == "ok"


def test_a_missing_instruction_is_named_with_the_way_out():
    check = doctor.check_processor(frozenset({"avx2"}))
    assert check.status == "fail"
    assert check.detail.startswith("fma missing")
    assert "export.index.type=exact" in check.detail


def test_an_unknown_processor_is_only_noted():
    assert doctor.check_processor(None).status == "note"


def test_an_old_python_fails(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    check = doctor.check_python()
    assert (check.status, check.detail) == ("fail", "3.10.1; use 3.11, 3.12 or 3.13")


def test_an_installed_version_that_fits_is_no_fault():
    assert doctor.requirement_fault(f"click=={metadata.version('click')}") == ""


def test_a_version_that_does_not_fit_is_named():
    found = metadata.version("click")
    assert doctor.requirement_fault("click<1") == f"click is {found}, <1 is needed"


def test_a_missing_requirement_is_named():
    fault = doctor.requirement_fault("no-such-thing>=2")
    assert fault == "no-such-thing is missing, >=2 is needed"


@pytest.mark.parametrize("marker", ["extra == 'gpu'", "platform_system == 'Plan9'"])
def test_a_requirement_of_another_case_is_skipped(marker):
    assert doctor.requirement_fault(f"no-such-thing; {marker}") == ""


def test_a_distribution_that_is_not_installed_is_noted(monkeypatch):
    monkeypatch.setattr(doctor, "DISTRIBUTION", "no-such-thing")
    assert doctor.check_requirements().status == "note"


def test_wrong_requirements_are_all_listed(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: ["no-such-thing", "click<1"])
    check = doctor.check_requirements()
    assert check.status == "fail"
    assert "no-such-thing is missing" in check.detail
    assert "click is" in check.detail


def test_a_folder_that_does_not_exist_yet_is_judged_by_its_parent(tmp_path):
    check = doctor.check_writable(tmp_path / "a" / "b")
    assert (check.status, check.detail) == ("ok", f"{tmp_path} can be written")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_refuses_writing_fails_with_the_way_out():
    check = doctor.check_writable(doctor.Path("/proc/sys"))
    assert check.status == "fail"
    assert "give another folder with `--artifacts`" in check.detail


def test_too_little_room_fails(tmp_path):
    check = doctor.check_space(tmp_path, least_gib=1e9)
    assert check.status == "fail"
    assert "are needed; free some space" in check.detail


def test_enough_room_is_fine(tmp_path):
    assert doctor.check_space(tmp_path, least_gib=0).status == "ok"


def test_the_probe_reports_versions_and_gpus():
    found = {"tensorflow": "2.20.0", "keras": "2.20.1", "gpus": 2, "retrieval": "Retrieval"}
    checks = list(doctor.read_probe(0, f"a warning\n{json.dumps(found)}\n", ""))
    assert [(c.name, c.status) for c in checks] == [("tensorflow", "ok"), ("gpu", "ok")]
    assert [c.detail for c in checks] == ["2.20.0 on legacy Keras 2.20.1", "2 visible"]


def test_no_gpu_is_only_noted():
    found = json.dumps({"tensorflow": "2.20.0", "keras": "2.20.1", "gpus": 0})
    assert list(doctor.read_probe(0, found, ""))[1].status == "note"


def test_a_probe_that_a_signal_ended_fails():
    (check,) = doctor.read_probe(-4, "", "")
    assert check.status == "fail"
    assert check.detail.startswith("ended by signal 4")


def test_a_probe_that_raised_shows_the_last_line():
    (check,) = doctor.read_probe(1, "", "Traceback\nImportError: no scann\n")
    assert check.detail.startswith("ImportError: no scann.")


def fixed(*statuses):
    return lambda _: iter(doctor.Check(f"check {s}", s, "found") for s in statuses)


def test_a_failure_gives_78_and_its_name(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", fixed("ok", "fail"))
    assert cli.main(["doctor"]) == 78
    captured = capsys.readouterr()
    assert "check fail" in captured.out
    assert captured.err == "error: the doctor found faults: check fail\n"


def test_notes_are_no_failure(monkeypatch):
    monkeypatch.setattr(doctor, "examine", fixed("ok", "note"))
    assert cli.main(["doctor"]) == 0


def test_json_holds_every_check(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", fixed("ok", "note"))
    assert cli.main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "check ok", "status": "ok", "detail": "found"},
        {"name": "check note", "status": "note", "detail": "found"},
    ]


@pytest.mark.slow
def test_this_installation_is_sound(tmp_path):
    checks = list(doctor.examine(tmp_path))
    assert [c for c in checks if c.status == "fail"] == []
    assert {"tensorflow", "gpu"} <= {c.name for c in checks}
