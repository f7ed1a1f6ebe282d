"""The embedded Postgres and Valkey inside the process tree."""

import asyncio
import time

from config.local.embedded.postgres import DATABASE, ROLES, Postgres
from config.local.embedded.service import POLL_INTERVAL, START_TIMEOUT, STOP_TIMEOUT, Service
from config.local.embedded.valkey import Valkey
from config.local.run.child import Program
from config.local.run.errors import StartError
from config.local.run.plan import Plan

URL_VARIABLES = {
    "app": "DATABASE_URL",
    "owner": "DATABASE_OWNER_URL",
    "staff": "DATABASE_STAFF_URL",
    "postgres": "DATABASE_ADMIN_URL",
}


def services(plan: Plan) -> list[Service]:
    """The services that were not given from outside."""
    own: list[Service] = []
    if plan.uses_own("DATABASE_URL"):
        own.append(Postgres(plan.data.path / "postgres"))
    if plan.uses_own("REDIS_URL"):
        own.append(Valkey(plan.data.path / "valkey"))
    return own


def urls(service: Service) -> dict[str, str]:
    """The variables that tell other processes where a service is."""
    if isinstance(service, Postgres):
        return {URL_VARIABLES[role]: service.url(role, DATABASE) for role in ROLES}
    if isinstance(service, Valkey):
        return {"REDIS_URL": service.url}
    raise TypeError(service)


def program(service: Service) -> Program:
    """How to run a prepared service."""

    async def end_leftovers() -> None:
        await asyncio.to_thread(service.end_leftovers)

    return Program(
        service.name,
        tuple(service.command()),
        service.environment,
        account=service.account,
        stop_signal=service.stop_signal,
        grace=STOP_TIMEOUT,
        before_restart=end_leftovers,
    )


async def answers(service: Service) -> None:
    """Returns when the service answers; raises StartError if it does not in time."""
    deadline = time.monotonic() + START_TIMEOUT
    while not await asyncio.to_thread(service.is_ready):
        if time.monotonic() > deadline:
            raise StartError(f"{service.name} did not start within {START_TIMEOUT:g} s: the lines above say why.")
        await asyncio.sleep(POLL_INTERVAL)
