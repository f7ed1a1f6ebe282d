"""One child process: starts it, relays its output, restarts it when it dies, stops its whole process group."""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from config.datafolder import PROJECT_ROOT
from config.local.embedded.account import Account, bound_to_us
from config.local.embedded.processes import INTERVAL, group
from config.local.run.log import Log
from config.local.run.pids import PidFiles

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 15.0
STEADY_AFTER = 30.0
LONGEST_END = 5.0  # do not wait forever for a process that hangs in the kernel
CANNOT_START = 126
LINE_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Program:
    """What to run and how to stop it. `environment` None means that of this process."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    ready_line: str = ""
    before_restart: Callable[[], Awaitable[None]] | None = None


class Child:
    """A program that is kept running until `stop`; its first line that matches `ready_line` sets `said_ready`."""

    def __init__(self, program: Program, log: Log, pids: PidFiles) -> None:
        self.program = program
        self.said_ready = asyncio.Event()
        self._log = log
        self._pids = pids
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the program in the background."""
        self._task = asyncio.create_task(self._keep_alive(), name=self.program.name)

    async def run_once(self) -> int:
        """Runs the program to its end and returns its exit status. If cancelled, kills the program."""
        try:
            return await self._run()
        except asyncio.CancelledError:
            self.kill()
            raise

    async def stop(self) -> None:
        """Asks the program to stop and kills it after its grace time; returns when its whole group is gone."""
        self._stopping.set()
        if self._task is None:
            return
        self._signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(asyncio.shield(self._task), self.program.grace)
        except TimeoutError:
            self._log.line("roster", f"{self.program.name} did not stop within {self.program.grace:g} s: killing it")
            self.kill()
            await self._task

    def kill(self) -> None:
        """Kills the program and everything that it started, at once."""
        self._stopping.set()
        if self._process is not None:
            _kill_group(self._process.pid)

    async def _keep_alive(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = time.monotonic()
            status = await self._attempt()
            if self._stopping.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - started >= STEADY_AFTER else pause
            self._log.line("roster", f"{self.program.name} {_describe(status)}; restarting in {pause:g} s")
            await self._wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _attempt(self) -> int:
        try:
            return await self._run()
        except OSError as error:
            self._log.line("roster", f"{self.program.name} could not be started: {error}")
            return CANNOT_START

    async def _wait(self, pause: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)
        if self.program.before_restart and not self._stopping.is_set():
            await self.program.before_restart()

    async def _run(self) -> int:
        # Our own pipe: with asyncio's, `wait` would also wait for every grandchild that has it open.
        output, end_of_child = os.pipe()
        try:
            self._process = process = await self._spawn(end_of_child)
        except BaseException:
            os.close(output)
            raise
        finally:
            os.close(end_of_child)
        self._pids.write(self.program.name, process.pid)
        if self._stopping.is_set():
            self._signal(self.program.stop_signal)
        relay = asyncio.create_task(self._relay(output))
        status = await process.wait()
        _kill_group(process.pid)  # its own children must not outlive it
        await _end_of_group(process.pid)
        await relay
        self._process = None
        self._pids.remove(self.program.name)
        return status

    async def _spawn(self, output: int) -> asyncio.subprocess.Process:
        # The event loop's thread forks, and it lives as long as the process: see bound_to_us.
        return await asyncio.create_subprocess_exec(
            *bound_to_us(self.program.command, self.program.stop_signal, self.program.account),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=PROJECT_ROOT,
            env=self.program.environment,
            start_new_session=True,
        )

    async def _relay(self, output: int) -> None:
        stream = asyncio.StreamReader(limit=LINE_LIMIT)
        pipe = os.fdopen(output, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), pipe
        )
        try:
            await self._relay_lines(stream)
        finally:
            transport.close()

    async def _relay_lines(self, stream: asyncio.StreamReader) -> None:
        while line := await _read_line(stream):
            text = line.decode(errors="replace").rstrip()
            if text:
                self._log.line(self.program.name, text)
            if self.program.ready_line and re.search(self.program.ready_line, text):
                self.said_ready.set()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line of more than 1 MB was omitted)\n"


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


async def _end_of_group(leader: int) -> None:
    """Wait until no process of a killed group is running: signals take a moment."""
    deadline = time.monotonic() + LONGEST_END
    while group(leader) and time.monotonic() < deadline:
        await asyncio.sleep(INTERVAL)


def _describe(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
