"""The app refuses to run as a role that bypasses row-level security."""

import os
import subprocess
import sys

import pytest

from config.local.embedded.postgres import Postgres
from tests.stack import ROOT


@pytest.mark.usefixtures("django_db_setup")
@pytest.mark.parametrize(
    ("role", "reason"), [("postgres", "is a superuser"), ("owner", "owns tables"), ("staff", "has BYPASSRLS")]
)
def test_a_powerful_role_is_refused_with_a_message(postgres: Postgres, role: str, reason: str) -> None:
    done = ask_for_tenants(postgres.url(role))
    assert done.returncode == 1
    assert f"DATABASE_URL logs in as '{role}', which {reason}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("django_db_setup")
@pytest.mark.parametrize(
    "command", [["-c", "import config.asgi"], ["-m", "celery", "-A", "config", "worker", "--pool", "solo"]]
)
def test_web_and_worker_do_not_start_as_a_powerful_role(postgres: Postgres, command: list[str]) -> None:
    environment = {**os.environ, "DATABASE_URL": postgres.url("postgres")}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert "DATABASE_URL logs in as 'postgres', which is a superuser" in done.stderr


@pytest.mark.usefixtures("django_db_setup")
def test_the_role_app_is_accepted(postgres: Postgres) -> None:
    done = ask_for_tenants(postgres.url("app"))
    assert done.returncode == 1
    assert "“admin” is reserved" in done.stderr


def ask_for_tenants(database_url: str) -> subprocess.CompletedProcess[str]:
    """A separate process that queries the database."""
    environment = {**os.environ, "DATABASE_URL": database_url}
    command = [sys.executable, "manage.py", "create_tenant", "admin", "--owner", "nobody@example.com"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
