"""The command line: help, exit codes, and the packages it must not confuse."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from configs.errors import ArtifactError, ConfigError, DataError, EnvironmentFault
from tfrs_models import cli

HOME = Path(cli.__file__).parents[1]
REPORT = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"


def run(*arguments, code=None, folder=HOME, path=(HOME,)):
    """Run `tfrs` in a process of its own; `code` replaces `-m tfrs_models.cli`."""
    start = ["-c", code] if code else ["-m", "tfrs_models.cli"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def modules_after(*arguments):
    code = f"import tfrs_models.cli as c; c.main({list(arguments)!r}); {REPORT}"
    return set(json.loads(run(code=code).stderr.splitlines()[-1]))


@pytest.fixture
def failing(monkeypatch):
    """A command that raises what it is given."""

    def add(error):
        @click.command()
        def command():
            raise error

        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)

    return add


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_of_the_table_exists(name):
    command = cli.tfrs.get_command(click.Context(cli.tfrs), name)
    assert isinstance(command, click.Command)
    assert command.help


def test_the_help_lists_every_command(capsys):
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text and entry.help in text for name, entry in cli.COMMANDS.items())


def test_the_help_imports_no_command():
    modules = modules_after("--help")
    assert not modules & {"tensorflow", "pydantic", "numpy", "yaml", "trainers.commands"}


def test_a_wrong_configuration_is_reported_without_tensorflow():
    heavy = {"tensorflow", "tf_keras", "duckdb", "pyarrow", "scipy", "scann", "pandas"}
    assert not modules_after("config", "check", "--config", "demo", "--set", "seed=-1") & heavy


def test_every_builtin_plugin_is_checked_without_tensorflow():
    code = (
        "from configs import plugins\n"
        "for kind in plugins.PACKAGES:\n"
        "    for name in plugins.names(kind): plugins.options_class(kind, name)\n" + REPORT
    )
    modules = set(json.loads(run(code=code).stderr.splitlines()[-1]))
    assert not modules & {"tensorflow", "tf_keras", "duckdb", "pyarrow", "scipy", "scann"}


def test_a_wrong_configuration_goes_to_stderr_with_64_and_no_traceback():
    done = run("config", "check", "--config", "demo", "--set", "sede=1")
    assert done.returncode == 64
    assert done.stdout == ""
    assert "Did you mean `seed`?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_misspelt_command_names_the_nearest(capsys):
    assert cli.main(["trian"]) == 64
    assert "Did you mean 'train'?" in capsys.readouterr().err


def test_a_name_like_no_command_is_refused(capsys):
    assert cli.main(["zzz"]) == 64
    assert "No such command 'zzz'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigError, 64), (DataError, 65), (ArtifactError, 66), (EnvironmentFault, 78)],
)
def test_an_error_of_ours_gives_its_text_and_its_code(failing, capsys, error, code):
    failing(error("what and how"))
    assert cli.main(["train"]) == code
    assert capsys.readouterr().err == "error: what and how\n"


def test_an_interruption_gives_75(failing, capsys):
    failing(KeyboardInterrupt())
    assert cli.main(["train"]) == 75
    assert "interrupted" in capsys.readouterr().err


def test_an_unexpected_error_is_short_and_gives_70(failing, capsys):
    failing(RuntimeError("odd"))
    assert cli.main(["train"]) == 70
    assert capsys.readouterr().err == (
        "error: unexpected RuntimeError: odd (`tfrs --debug ...` shows where)\n"
    )


def test_a_full_disk_gives_73_and_the_way_out(failing, capsys):
    failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "ckpt-1"))
    assert cli.main(["train"]) == 73
    assert "the disk is full: make room, or choose another folder" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS])
def test_a_disk_that_fails_gives_73_and_names_the_file(failing, capsys, number):
    failing(OSError(number, os.strerror(number), "ckpt-1"))
    assert cli.main(["train"]) == 73
    said = f"the disk fails ([Errno {number}] {os.strerror(number)}: 'ckpt-1'): look at the"
    assert said in capsys.readouterr().err


def test_debug_shows_the_traceback(failing, capsys):
    failing(RuntimeError("odd"))
    assert cli.main(["--debug", "train"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_a_command_may_return_an_exit_code(monkeypatch):
    command = click.command()(lambda: 10)
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)
    assert cli.main(["train"]) == 10


def test_a_closed_pipe_is_quiet():
    command = f"{sys.executable} -m tfrs_models.cli config reference | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=HOME, capture_output=True, text=True, check=False
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize("name", cli.SIBLINGS)
def test_a_folder_that_hides_a_package_is_named(tmp_path, name):
    hostile = tmp_path / name
    hostile.mkdir()
    (hostile / "__init__.py").write_text("raise SystemExit('imported')")
    done = run("--help", folder=tmp_path, path=(tmp_path, HOME))
    assert done.returncode == 78
    assert f"the package `{name}` is taken from {hostile.resolve()}" in done.stderr
    assert "run `tfrs` from another folder" in done.stderr
    assert "imported" not in done.stderr


def test_a_module_that_hides_a_package_is_named(tmp_path):
    (tmp_path / "configs.py").write_text("raise SystemExit('imported')")
    done = run("--help", folder=tmp_path, path=(tmp_path, HOME))
    assert done.returncode == 78
    assert "the package `configs` is taken from" in done.stderr


def test_the_packages_of_this_installation_are_together():
    assert cli.sibling_fault() == ""


@pytest.mark.parametrize(
    "arguments", [["config", "show", "--config", "demo"], ["config", "presets"]]
)
def test_the_commands_of_config_print_to_stdout(capsys, arguments):
    assert cli.main(arguments) == 0
    captured = capsys.readouterr()
    assert "demo" in captured.out
    assert captured.err == ""


def test_a_right_configuration_is_called_ok(capsys):
    assert cli.main(["config", "check", "--config", "demo"]) == 0
    assert capsys.readouterr().out == "ok: the run `demo`, data from `simulated`\n"
