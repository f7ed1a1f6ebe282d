"""Starts the process tree in order, keeps it running, and stops it in order."""

import asyncio
import signal
import time

from config.local.embedded.files import FolderLock
from config.local.embedded.service import Service
from config.local.run import backing, programs, readiness
from config.local.run.child import Child, Program
from config.local.run.errors import StartError
from config.local.run.greeting import greeting
from config.local.run.log import Log
from config.local.run.pids import PidFiles
from config.local.run.plan import Plan
from config.local.run.preparation import Preparation

NAME = "roster"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Runs everything in `plan` until a signal asks it to stop."""

    def __init__(self, plan: Plan, log: Log) -> None:
        self._plan = plan
        self._log = log
        self._lock = FolderLock(plan.data.path / "lock")
        self._pids = PidFiles(plan.data.path)
        self._services: list[Service] = []
        self._service_children: list[Child] = []
        self._children: list[Child] = []
        self._asked_to_stop = asyncio.Event()

    async def run(self) -> None:
        """Returns after a clean stop; raises StartError, EmbeddedError or DataFolderError if the start fails, having
        stopped all."""
        self._claim()
        self._handle_signals()
        try:
            await self._start_until_stopped()
        finally:
            await self._stop()
            self._lock.release()

    def _claim(self) -> None:
        self._plan.data.prepare()
        if not self._lock.acquire():
            portal = self._plan.data.environment(frozenset()).get("PUBLIC_URL", "")
            raise StartError(
                f"Roster is running already (process {self._lock.holder()}, {portal}): "
                f"use or stop that one, or set another ROSTER_DATA and PORT for this one."
            )
        if left := self._pids.end_leftovers():
            self._log.line(NAME, f"ended {left} processes that an earlier run had left behind")
        self._plan.check_ports()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # keep what nohup set
                loop.add_signal_handler(number, self._ask_to_stop)

    def _ask_to_stop(self) -> None:
        if self._asked_to_stop.is_set():
            self._log.line(NAME, "killing everything")
            self._kill()
            return
        self._log.line(NAME, "stopping; a second Ctrl-C kills everything at once")
        self._asked_to_stop.set()

    async def _start_until_stopped(self) -> None:
        start = asyncio.create_task(self._start())
        stop = asyncio.create_task(self._asked_to_stop.wait())
        await asyncio.wait({start, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.done():
            await start  # raises why the start failed
            await stop
        start.cancel()
        stop.cancel()
        await asyncio.gather(start, stop, return_exceptions=True)

    async def _start(self) -> None:
        started = time.monotonic()
        await self._start_services()
        if self._plan.sandbox:
            self._spawn(programs.sandbox(self._plan))
        await Preparation(self._plan, self._log, self._pids).run()
        worker = self._spawn(programs.worker(self._plan))
        self._spawn(programs.web(self._plan))
        self._spawn(programs.beat(self._plan))
        await self._ready(worker)
        self._log.block(greeting(self._plan, time.monotonic() - started))

    async def _start_services(self) -> None:
        self._services = backing.services(self._plan)
        await readiness.together(asyncio.to_thread(service.prepare) for service in self._services)
        for service in self._services:
            if service.notice:
                self._log.line(service.name, service.notice)
            child = Child(backing.program(service), self._log, self._pids)
            self._service_children.append(child)
            child.start()
        self._remember()
        await readiness.together(backing.answers(service) for service in self._services)

    def _remember(self) -> None:
        values = self._plan.settings | self._plan.given_services
        for service in self._services:
            values |= backing.urls(service)
        self._plan.data.keep(values)

    def _spawn(self, program: Program) -> Child:
        child = Child(program, self._log, self._pids)
        self._children.append(child)
        child.start()
        return child

    async def _ready(self, worker: Child) -> None:
        waits = [readiness.page_answers("web", f"{self._plan.web_url}/readyz"), readiness.said_ready(worker)]
        if self._plan.sandbox:
            waits.append(readiness.page_answers("sandbox", f"{self._plan.sandbox_url}/healthz"))
        await readiness.together(waits)

    async def _stop(self) -> None:
        await asyncio.gather(*(child.stop() for child in self._children))
        await asyncio.gather(*(child.stop() for child in self._service_children))
        for service in self._services:
            service.release()
        self._log.line(NAME, "stopped")

    def _kill(self) -> None:
        for child in [*self._children, *self._service_children]:
            child.kill()
