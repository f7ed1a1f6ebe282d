"""Child processes of `make run`, with small programs instead of the real ones."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from config.local.embedded.processes import is_alive
from config.local.run import child as child_module
from config.local.run import pids
from config.local.run.child import Child, Program
from config.local.run.log import Log
from config.local.run.pids import MARK, PidFiles

OBEDIENT = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEDIENT}"
# Starts another process and prints its id. That process doesn't hold our pipe, and after a kill it takes a moment to
# free its memory.
CHILD = "import signal; much = bytearray(b'x') * 200_000_000; print('up', flush=True); signal.pause()"
PARENT = (
    "import subprocess, sys, signal; "
    f"child = subprocess.Popen([sys.executable, '-c', {CHILD!r}], stdout=subprocess.PIPE, "
    "stderr=subprocess.DEVNULL); "
    "child.stdout.readline(); print(child.pid, flush=True); signal.pause()"
)


class Stage:
    """A child running `script`, and its output."""

    def __init__(self, data: Path, script: str, grace: float = 10.0) -> None:
        self.output = io.StringIO()
        self.pids = PidFiles(data)
        environment = {**os.environ, MARK: str(data)}
        program = Program("fake", (sys.executable, "-c", script), environment, grace=grace, ready_line="^up|^[0-9]+$")
        self.child = Child(program, Log(self.output), self.pids)

    @property
    def said(self) -> list[str]:
        """Its lines without time and name."""
        return [line.split(maxsplit=2)[2] for line in self.output.getvalue().splitlines()]

    async def spoken(self) -> None:
        """Wait for a process's next first line; the process may have ended by then."""
        self.child.said_ready.clear()
        await asyncio.wait_for(self.child.said_ready.wait(), 10)

    async def started(self) -> psutil.Process:
        """The running process after its first line."""
        await self.spoken()
        assert self.child._process
        return psutil.Process(self.child._process.pid)


def on_stage(stage: Stage, scene: Callable[[Stage], Awaitable[None]]) -> None:
    """Runs a test scenario with a started child."""

    async def play() -> None:
        stage.child.start()
        try:
            await scene(stage)
        finally:
            stage.child.kill()
            await stage.child.stop()

    asyncio.run(play())


def test_a_dead_child_is_restarted_and_the_log_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "FIRST_PAUSE", 0.01)

    async def scene(stage: Stage) -> None:
        first = await stage.started()
        first.kill()
        second = await stage.started()
        assert second.pid != first.pid
        assert stage.said == ["up", "fake was ended by SIGKILL; restarting in 0.01 s", "up"]

    on_stage(Stage(folder, OBEDIENT), scene)


def test_pauses_grow_up_to_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(child_module, "LONGEST_PAUSE", 0.02)

    async def scene(stage: Stage) -> None:
        for _ in range(4):
            await stage.spoken()
        pauses = [line.split(" in ")[1] for line in stage.said if "restarting" in line]
        assert pauses[:3] == ["0.01 s", "0.02 s", "0.02 s"]

    on_stage(Stage(folder, "print('up'); raise SystemExit(3)"), scene)


def test_stop_is_clean_and_final(folder: Path) -> None:
    async def scene(stage: Stage) -> None:
        process = await stage.started()
        await stage.child.stop()
        assert not is_alive(process)
        assert stage.said == ["up"]

    on_stage(Stage(folder, OBEDIENT), scene)


def test_a_child_that_does_not_stop_is_killed_after_its_grace_period(folder: Path) -> None:
    async def scene(stage: Stage) -> None:
        process = await stage.started()
        await stage.child.stop()
        assert not is_alive(process)
        assert stage.said == ["up", "fake did not stop within 0.1 s: killing it"]

    on_stage(Stage(folder, STUBBORN, grace=0.1), scene)


def test_a_childs_own_processes_end_with_it(folder: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.started()
        grandchild = psutil.Process(int(stage.said[0]))
        await stage.child.stop()
        assert not is_alive(grandchild)

    on_stage(Stage(folder, PARENT), scene)


def test_a_line_too_long_for_memory_is_left_out(folder: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.started()
        assert stage.said[-1] == "up"
        assert "(a line of more than 1 MB was omitted)" in stage.said

    on_stage(Stage(folder, f"print('x' * 3_000_000, flush=True); {OBEDIENT}"), scene)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child together with its parent")
def test_children_go_when_the_supervisor_is_killed(
    folder: Path, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    supervisor, child = start_and_read_child_id(folder, OBEDIENT)
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: not is_alive(child))


def test_the_next_start_ends_processes_of_a_killed_supervisor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pids, "GRACE", 0.2)
    supervisor, child = start_and_read_child_id(folder, STUBBORN)
    supervisor.kill()
    supervisor.wait()
    assert is_alive(child)
    assert PidFiles(folder).end_leftovers() == 1
    assert not is_alive(child)


def test_a_recorded_id_that_was_reused_is_left_alone(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OBEDIENT], stdout=subprocess.PIPE, start_new_session=True) as stranger:
        PidFiles(folder).write("web", stranger.pid)
        assert PidFiles(folder).end_leftovers() == 0
        assert stranger.poll() is None
        stranger.send_signal(signal.SIGTERM)


def start_and_read_child_id(folder: Path, script: str) -> tuple[subprocess.Popen[bytes], psutil.Process]:
    """Starts a supervisor process with one running child; returns both."""
    code = (
        "import asyncio, sys, tests.embedded.test_supervision as play; from pathlib import Path\n"
        "async def scene(stage):\n"
        "    print((await stage.started()).pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "play.on_stage(play.Stage(Path(sys.argv[1]), sys.argv[2]), scene)"
    )
    command = [sys.executable, "-c", code, str(folder), script]
    supervisor = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert supervisor.stdout
    with supervisor.stdout as output:
        return supervisor, psutil.Process(int(output.readline()))
