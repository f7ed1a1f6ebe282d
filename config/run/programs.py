"""The command line and the environment of each process."""

import signal
import sys
from collections.abc import Mapping

from config.embedded import ports
from config.run.child import Program
from config.run.pids import MARK
from config.run.plan import Plan

ROOT_WARNING = "You're running the worker with superuser privileges"
WEB_GRACE = "8"  # seconds for open requests, within the 10 that a stop may take
WEB_THREADS = "24"  # several outside services may hang at once, each of which holds a few (tenants/patience.py)
# Headers: at most 64 KiB, and sent within 10 s, or a few idle clients would hold the web up.
WEB_LIMITS = ("--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000")


def environment(plan: Plan) -> dict[str, str]:
    """What every process of ours gets; the rest it reads from the data folder."""
    own = {MARK: str(plan.data.path), "SANDBOX": "1" if plan.sandbox else "0", "PYTHONUNBUFFERED": "1"}
    return {**plan.given, **own}


def database(plan: Plan) -> Program:
    """Brings roles and tables up to date, and ends."""
    return Program("database", _module("config.run.database"), environment(plan))


def collect_static(plan: Plan) -> Program:
    """Collects the static files, and ends."""
    command = (sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return Program("static", command, environment(plan))


def web(plan: Plan) -> Program:
    """The portal, the API and the webhooks."""
    options = ["--interface", "wsgi", "--host", ports.LOOPBACK, "--port", str(plan.port), "--workers", "1"]
    options += ["--blocking-threads", WEB_THREADS, "--workers-kill-timeout", WEB_GRACE, "--no-access-log", *WEB_LIMITS]
    return Program("web", _module("granian", *options, "config.wsgi:application"), environment(plan))


def worker(plan: Plan) -> Program:
    """The Celery worker. SIGQUIT is its soft shutdown: running tasks get some seconds, then it ends."""
    options = ["--pool", "threads", "--concurrency", "32", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Program(
        "worker",
        _module("celery", "--quiet", "-A", "config", "worker", *options),
        environment(plan) | {"PYTHONWARNINGS": _warnings(plan)},
        stop_signal=signal.SIGQUIT,
        ready_line=r"celery@\S+ ready",
    )


def beat(plan: Plan) -> Program:
    """The clock of periodic tasks."""
    options = ["--schedule", str(plan.data.path / "beat-schedule"), "--pidfile=", "--loglevel", "INFO"]
    return Program("beat", _module("celery", "--quiet", "-A", "config", "beat", *options), environment(plan))


def sandbox(plan: Plan) -> Program:
    """The local peers of the outside services."""
    return Program("sandbox", _module("sandbox"), sandbox_environment(plan))


def sandbox_environment(plan: Plan) -> Mapping[str, str]:
    """All that the sandbox knows: its ports, its folder, and the accounts that Roster has with it."""
    given = {name: value for name, value in environment(plan).items() if value}
    return {
        **plan.data.environment(sandbox=True),
        **given,
        "SANDBOX_PORT": str(plan.sandbox_port),
        "SANDBOX_SMTP_PORT": str(plan.mail_port),
        "SANDBOX_DATA": str(plan.data.path / "sandbox"),
        "SLACK_EVENTS_URL": f"{plan.web_url}/webhooks/slack/events",
        "SLACK_REDIRECT_URL": f"{plan.public_url}/oauth/slack/callback",
    }


def _warnings(plan: Plan) -> str:
    # Celery warns of root with every start. In a container that is normal, and its tasks are JSON, not pickles.
    return ",".join(filter(None, [plan.given.get("PYTHONWARNINGS"), f"ignore:{ROOT_WARNING}"]))


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
