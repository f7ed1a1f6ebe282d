"""The command line and the environment of each process."""

import signal
import sys
from collections.abc import Mapping

from config import peers
from config.local.embedded import ports
from config.local.run.child import Program
from config.local.run.pids import MARK
from config.local.run.plan import Plan

ROOT_WARNING = "You're running the worker with superuser privileges"
WEB_GRACE = "8"  # seconds for open requests, within the 10 that a stop may take
# Headers: at most 64 KiB, sent within 10 s, or a few idle clients could block the web.
# Requests at once: open web chats (CHAT_OPEN_PAGES) are among them for minutes, and must leave room for all others.
WEB_LIMITS = (
    *("--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000"),
    *("--backlog", "4096", "--backpressure", "4096"),
)
WORKER_READY = r"celery@\S{1,255} ready"


# These roles migrate and create roles, at the start only. Serving processes do not need them.
STAFFS = "DATABASE_STAFF_URL"
OWNERS = ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL")
# What the sandbox needs besides Roster's accounts with the peers that it plays.
MACHINES = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", MARK)
MACHINES_KINDS = ("LC_", "PYTHON", "SANDBOX")


def environment(plan: Plan) -> dict[str, str]:
    """The most that one of our processes gets; it reads the rest from the data folder."""
    own = {MARK: str(plan.data.path), "SANDBOX": peers.written(plan.played), "PYTHONUNBUFFERED": "1"}
    return {**plan.given, **own}


def serving(plan: Plan, *without: str) -> dict[str, str]:
    """The environment of a long-running process."""
    return {name: value for name, value in environment(plan).items() if name not in {*OWNERS, *without}}


def database(plan: Plan) -> Program:
    """Brings roles and tables up to date, then ends."""
    return Program("database", _module("config.local.run.database"), environment(plan))


def collect_static(plan: Plan) -> Program:
    """Collects the static files, then ends."""
    command = (sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return Program("static", command, serving(plan))


def web(plan: Plan) -> Program:
    """The portal, the API and the webhooks."""
    options = ["--interface", "asginl", "--no-ws", "--host", ports.LOOPBACK, "--port", str(plan.port), "--workers", "1"]
    options += ["--workers-kill-timeout", WEB_GRACE, "--no-access-log", *WEB_LIMITS]
    return Program("web", _module("granian", *options, "config.asgi:application"), serving(plan))


def worker(plan: Plan) -> Program:
    """The Celery worker. SIGQUIT is its soft shutdown: running tasks get a few seconds, then it ends."""
    options = ["--pool", "threads", "--concurrency", "32", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Program(
        "worker",
        _module("celery", "--quiet", "-A", "config", "worker", *options),
        serving(plan, STAFFS) | {"PYTHONWARNINGS": _warnings(plan)},
        stop_signal=signal.SIGQUIT,
        ready_line=WORKER_READY,
    )


def beat(plan: Plan) -> Program:
    """Celery beat, which schedules periodic tasks."""
    options = ["--schedule", str(plan.data.path / "beat-schedule"), "--pidfile=", "--loglevel", "INFO"]
    return Program("beat", _module("celery", "--quiet", "-A", "config", "beat", *options), serving(plan, STAFFS))


def sandbox(plan: Plan) -> Program:
    """The local stand-ins for outside services."""
    return Program("sandbox", _module("sandbox"), sandbox_environment(plan))


def sandbox_environment(plan: Plan) -> Mapping[str, str]:
    """What the sandbox gets: its ports, its folder, and Roster's accounts with the peers that it plays.

    It gets none of Roster's keys, and no credential of a real service.
    """
    accounts = peers.accounts(plan.played)
    given = {name: value for name, value in environment(plan).items() if value}
    known = {**plan.data.environment(plan.played), **given}
    return {
        **{name: value for name, value in known.items() if name in accounts or _is_the_machines(name)},
        "SANDBOX_PORT": str(plan.sandbox_port),
        "SANDBOX_SMTP_PORT": str(plan.mail_port),
        "SANDBOX_DATA": str(plan.data.path / "sandbox"),
        "SLACK_EVENTS_URL": f"{plan.web_url}/webhooks/slack/events",
        "SLACK_REDIRECT_URL": f"{plan.public_url}/oauth/slack/callback",
    }


def _is_the_machines(name: str) -> bool:
    return name in MACHINES or name.startswith(MACHINES_KINDS)


def _warnings(plan: Plan) -> str:
    # Celery warns about root at each start. That is normal in a container, and its tasks are JSON, not pickle.
    return ",".join(filter(None, [plan.given.get("PYTHONWARNINGS"), f"ignore:{ROOT_WARNING}"]))


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
