"""SIGTERM ends `tfrs retrain`, whatever it is doing."""

import subprocess
import sys

import pytest

from tfrs_models.cli import EXIT_INTERRUPTED

INTERRUPTED = """
import signal, sys, time
from trainers.retraining import commands
commands._END_SECONDS = 0.1
signal.signal(signal.SIGTERM, commands._interrupt)
class Deleted:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
try:
    {moment}
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(3)
"""


@pytest.mark.parametrize(
    ("moment", "code"),
    [("signal.raise_signal(signal.SIGTERM)", 3), ("Deleted()", EXIT_INTERRUPTED)],
)
def test_sigterm_interrupts_also_where_python_drops_exceptions(moment: str, code: int) -> None:
    script = INTERRUPTED.format(moment=moment)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == code, ended.stderr
