"""A stack's management commands, run one after another in one process: starting a process for each takes two seconds.

`python -m tests.console` reads one command's arguments per line, as JSON, and answers each with a line of JSON.
"""

import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import django
from django.core.management import CommandError, call_command
from django.db import close_old_connections

ROOT = Path(__file__).parents[1]


class Console:
    """The tests' handle on the process."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        command = [sys.executable, "-m", "tests.console"]
        with log.open("ab") as end:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=end, text=True
            )

    def run(self, arguments: Sequence[str]) -> str:
        """What the command printed; a failure fails the test."""
        printed, error = self.ask(arguments)
        assert error is None, error
        return printed

    def ask(self, arguments: Sequence[str]) -> tuple[str, str | None]:
        """The command's output, and its error message if it failed."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return str(answer["printed"]), answer["error"]

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=20)


def answer(arguments: Sequence[str]) -> dict[str, str | None]:
    """Run a command as manage.py would."""
    printed, complained, error = io.StringIO(), io.StringIO(), None
    close_old_connections()
    with redirect_stdout(printed), redirect_stderr(complained):
        try:
            call_command(*arguments)
        except CommandError as refused:
            error = str(refused)
        except SystemExit as ended:
            error = complained.getvalue() or f"exit status {ended.code}" if ended.code else None
    return {"printed": printed.getvalue(), "error": error}


if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
