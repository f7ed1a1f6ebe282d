"""The command line and the environment of each process."""

import signal
import sys
from collections.abc import Mapping

from config.local.embedded import ports
from config.local.run.child import Program
from config.local.run.pids import MARK
from config.local.run.plan import Plan

ROOT_WARNING = "You're running the worker with superuser privileges"
WEB_GRACE = "8"  # seconds for open requests, within the 10 that a stop may take
# Headers: at most 64 KiB, and sent within 10 s, or a few idle clients would hold the web up.
WEB_LIMITS = ("--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000")
WORKER_READY = r"celery@\S{1,255} ready"


# Who migrates and makes roles is asked once, at the start: what serves has no use for it.
STAFFS = "DATABASE_STAFF_URL"
OWNERS = ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL")
# The sandbox has no use for anything of Roster but the accounts that Roster has with it.
ACCOUNTS = (
    "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "OPENAI_API_KEY", "STRIPE_SECRET_KEY",
)  # fmt: skip
MACHINES = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", MARK)
MACHINES_KINDS = ("LC_", "PYTHON", "SANDBOX")


def environment(plan: Plan) -> dict[str, str]:
    """What a process of ours may get at most; the rest it reads from the data folder."""
    own = {MARK: str(plan.data.path), "SANDBOX": "1" if plan.sandbox else "0", "PYTHONUNBUFFERED": "1"}
    return {**plan.given, **own}


def serving(plan: Plan, *without: str) -> dict[str, str]:
    """What a process gets that runs all the time."""
    return {name: value for name, value in environment(plan).items() if name not in {*OWNERS, *without}}


def database(plan: Plan) -> Program:
    """Brings roles and tables up to date, and ends."""
    return Program("database", _module("config.local.run.database"), environment(plan))


def collect_static(plan: Plan) -> Program:
    """Collects the static files, and ends."""
    command = (sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return Program("static", command, serving(plan))


def web(plan: Plan) -> Program:
    """The portal, the API and the webhooks."""
    options = ["--interface", "asginl", "--no-ws", "--host", ports.LOOPBACK, "--port", str(plan.port), "--workers", "1"]
    options += ["--workers-kill-timeout", WEB_GRACE, "--no-access-log", *WEB_LIMITS]
    return Program("web", _module("granian", *options, "config.asgi:application"), serving(plan))


def worker(plan: Plan) -> Program:
    """The Celery worker. SIGQUIT is its soft shutdown: running tasks get some seconds, then it ends."""
    options = ["--pool", "threads", "--concurrency", "32", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Program(
        "worker",
        _module("celery", "--quiet", "-A", "config", "worker", *options),
        serving(plan, STAFFS) | {"PYTHONWARNINGS": _warnings(plan)},
        stop_signal=signal.SIGQUIT,
        ready_line=WORKER_READY,
    )


def beat(plan: Plan) -> Program:
    """The clock of periodic tasks."""
    options = ["--schedule", str(plan.data.path / "beat-schedule"), "--pidfile=", "--loglevel", "INFO"]
    return Program("beat", _module("celery", "--quiet", "-A", "config", "beat", *options), serving(plan, STAFFS))


def sandbox(plan: Plan) -> Program:
    """The local peers of the outside services."""
    return Program("sandbox", _module("sandbox"), sandbox_environment(plan))


def sandbox_environment(plan: Plan) -> Mapping[str, str]:
    """All that the sandbox knows: its ports, its folder, and the accounts that Roster has with it. No key of Roster."""
    given = {name: value for name, value in environment(plan).items() if value}
    known = {**plan.data.environment(sandbox=True), **given}
    return {
        **{name: value for name, value in known.items() if _is_the_sandboxs(name)},
        "SANDBOX_PORT": str(plan.sandbox_port),
        "SANDBOX_SMTP_PORT": str(plan.mail_port),
        "SANDBOX_DATA": str(plan.data.path / "sandbox"),
        "SLACK_EVENTS_URL": f"{plan.web_url}/webhooks/slack/events",
        "SLACK_REDIRECT_URL": f"{plan.public_url}/oauth/slack/callback",
    }


def _is_the_sandboxs(name: str) -> bool:
    return name in {*ACCOUNTS, *MACHINES} or name.startswith(MACHINES_KINDS)


def _warnings(plan: Plan) -> str:
    # Celery warns of root with every start. In a container that is normal, and its tasks are JSON, not pickles.
    return ",".join(filter(None, [plan.given.get("PYTHONWARNINGS"), f"ignore:{ROOT_WARNING}"]))


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
