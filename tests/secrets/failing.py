"""A process where everything that handles secrets fails: `python -m tests.secrets.failing`.

With the argument `wake` its request only queues a task; as a Celery application it is the worker where that fails.

It logs the canaries in CANARIES, a comma-separated list, in every way that code can.
"""

import json
import logging
import os
import sys
import threading
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import structlog  # noqa: E402 - after the settings, which configure it
from django.conf import settings  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

from config.celery import app  # noqa: E402
from tenants.tasks import TenantTask, wake  # noqa: E402

CANARIES = os.environ["CANARIES"].split(",")
TENANT_ID = UUID(int=7)
log = logging.getLogger("canary")


class RefusedError(Exception):
    """An error from a careless library, with the secret in its text."""


def fail(secret: str) -> None:
    local = {"plain": secret}  # a local variable in the frame of the error report
    try:
        int(f"cannot parse {local['plain']}")
    except ValueError as error:
        raise RefusedError(f"refused: {secret}", {"password": secret}) from error


def view(request: HttpRequest) -> HttpResponse:
    tell(CANARIES)
    fail(" ".join(CANARIES))
    return HttpResponse()


def waking_view(request: HttpRequest) -> HttpResponse:
    wake(failing_work, TENANT_ID, TENANT_ID)
    return HttpResponse()


urlpatterns = [path("fail/", view), path("wake/", waking_view)]


@app.task
def failing_task(secret: str) -> None:
    fail(secret)


@app.task(base=TenantTask, name="tests.failing_work")
def failing_work(tenant_id: UUID, thread_id: UUID) -> None:
    fail(CANARIES[0])


def tell(secrets: list[str]) -> None:
    for secret in secrets:
        log.warning("plain %s", secret)
        log.error("named %(what)s", {"what": secret})
        log.error("extra", extra={"token": secret})
        structlog.get_logger("canary").error("bound", anything=secret, nested={"deep": [{"x": secret}]})
        try:
            fail(secret)
        except RefusedError:
            log.exception("caught")
            structlog.get_logger("canary").exception("caught", stack_info=True)


def crash(secret: str) -> None:
    thread = threading.Thread(target=fail, args=(secret,))
    thread.start()
    thread.join()


def request() -> Any:
    first = CANARIES[0]
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {first}", "X-Api-Key": first})
    client.cookies["sessionid"] = first
    body = {"password": first, "comment": " ".join(CANARIES)}
    return client.post(f"/fail/?token={first}&code={first}", body, HTTP_X_REQUEST_ID="from-the-proxy-1")


def wake_by_request() -> None:
    answer = Client().get("/wake/")
    sys.stdout.write(json.dumps({"request_id": answer.headers["X-Request-ID"], "tenant": str(TENANT_ID)}))


def fail_everywhere() -> None:
    request()
    failing_task.apply(args=(CANARIES[0],), task_id="task-1")
    crash(CANARIES[0])


if __name__ == "__main__":
    settings.ROOT_URLCONF = "tests.secrets.failing"
    if "wake" in sys.argv:
        wake_by_request()
    else:
        fail_everywhere()
