"""Finds and ends processes that an earlier run left behind."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

INTERVAL = 0.02


def is_alive(process: psutil.Process) -> bool:
    """Whether it is still running; a zombie is not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def working_in(folder: Path, programs: frozenset[str]) -> list[psutil.Process]:
    """Live processes with these program names whose working directory is `folder`."""
    return [
        process
        for process in psutil.process_iter()
        if is_alive(process) and _attribute(process, "name") in programs and _works_in(process, folder)
    ]


def in_groups(groups: frozenset[int], variable: str, value: str) -> list[psutil.Process]:
    """Live processes in these process groups that were started with `variable` set to `value`."""
    return [
        process
        for process in psutil.process_iter()
        if _group(process.pid) in groups and is_alive(process) and _environment(process).get(variable) == value
    ]


def group(leader: int) -> list[psutil.Process]:
    """Live processes in the group whose leader is, or was, this process."""
    try:
        os.killpg(leader, 0)  # cheap, and usually nobody is left; but this counts zombies
    except (ProcessLookupError, PermissionError):
        return []
    return [process for process in psutil.process_iter() if _group(process.pid) == leader and is_alive(process)]


def end(processes: Iterable[psutil.Process], first: signal.Signals, grace: float) -> None:
    """Sends the signal `first`, kills what is left after `grace` seconds, and returns when all are dead."""
    remaining = _signal(processes, first)
    remaining = _await_death(remaining, grace)
    _await_death(_signal(remaining, signal.SIGKILL), grace)


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> list[psutil.Process]:
    living = [process for process in processes if is_alive(process)]
    for process in living:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.send_signal(number)
    return living


def _await_death(processes: list[psutil.Process], timeout: float) -> list[psutil.Process]:
    deadline = time.monotonic() + timeout
    while (living := [process for process in processes if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(INTERVAL)
    return living


def _attribute(process: psutil.Process, name: str) -> str:
    try:
        return str(getattr(process, name)())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


def _works_in(process: psutil.Process, folder: Path) -> bool:
    return _attribute(process, "cwd") == str(folder.resolve())


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return {}


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return -1
