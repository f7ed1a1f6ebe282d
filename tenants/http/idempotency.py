"""Requests with an Idempotency-Key: done once, and answered the same again for a day.

The rules are those of draft-ietf-httpapi-idempotency-key-header and https://docs.stripe.com/api/idempotent_requests.
A key belongs to one caller in one workspace. An answer below 400 is kept; an error frees the key, so that the caller
may try again.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http.request import RawPostDataException
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, mixins
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.http.authentication import caller_workspace
from tenants.http.problems import ConflictError, KeyReusedError
from tenants.jobs.keeper import kept
from tenants.models import IdempotentRequest, Tenant
from tenants.scope import is_scoped, tenant_scope

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
PATTERN = r"[\x21-\x7e]{1,255}"
KEPT_FOR = timedelta(hours=24)

BAD_KEY = _("Send 1 to 255 printable ASCII characters without spaces, such as a UUID.")
REUSED = _("This key was sent with another request: send each new request with a key of its own.")
RUNNING = _("The request with this key is still running: repeat it in a moment.")

Method = TypeVar("Method", bound=Callable[..., Response])
Work = Callable[[], Response]


@dataclass(frozen=True)
class Asked:
    """A request that must be done once."""

    tenant_id: UUID
    caller: str
    key: str
    fingerprint: str


def idempotent(method: Method) -> Method:
    """Honor the header Idempotency-Key on a method of an API view.

    Inside the tenant's scope the key and what is done commit together, and a twin waits. A view that opens its own
    scopes takes the key first, under a lease; a twin gets 409.
    """

    @wraps(method)
    def once(view: Any, request: Request, /, *args: Any, **kwargs: Any) -> Response:
        asked = _asked(request)
        work = partial(method, view, request, *args, **kwargs)
        if asked is None:
            return work()
        return _in_one_transaction(asked, work) if is_scoped() else _under_a_lease(asked, work)

    once.is_idempotent = True  # type: ignore[attr-defined]  # for the schema
    return cast("Method", once)


class IdempotentCreateMixin(mixins.CreateModelMixin):
    """A ModelViewSet's `create` that honors the key; put it before the view set's own class."""

    create = idempotent(mixins.CreateModelMixin.create)


def forget(now: datetime) -> None:
    """Delete what is older than a day, workspace by workspace."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            IdempotentRequest.objects.filter(created_at__lt=now - KEPT_FOR).delete()


def _asked(request: Request) -> Asked | None:
    given = request.headers.get(HEADER)
    if given is None:
        return None
    # The draft's form is a quoted string, Stripe's a bare one: both name the same key.
    key = given[1:-1] if len(given) > 2 and given[0] == given[-1] == '"' else given
    if not re.fullmatch(PATTERN, key):
        raise exceptions.ValidationError({HEADER: [BAD_KEY]})
    return Asked(caller_workspace(request).tenant.id, _caller(request), key, _fingerprint(request))


def _caller(request: Request) -> str:
    token = caller_workspace(request).token
    return f"token:{token.id}" if token else f"user:{request.user.pk}"


def _fingerprint(request: Request) -> str:
    plain = request._request  # noqa: SLF001
    try:
        body = plain.body
    except RawPostDataException:  # a form, which no view of the API takes
        body = b""
    address = f"{plain.method} {plain.path.rstrip('/')}?{plain.META.get('QUERY_STRING', '')}\n"
    return hashlib.sha256(address.encode() + body).hexdigest()


def _in_one_transaction(asked: Asked, work: Work) -> Response:
    row, is_new = _claim(asked)
    if not is_new:
        return _again(row, asked)
    response = work()
    _keep(row, response)
    return response


def _under_a_lease(asked: Asked, work: Work) -> Response:
    with tenant_scope(asked.tenant_id):
        row, is_new = _claim(asked, is_leased=True)
        if not is_new and not _take_over(row, asked):
            return _again(row, asked)
    try:
        with kept(IdempotentRequest, row.id, row.attempt):
            response = work()
    except BaseException:
        _settle(asked, partial(_release, row))
        raise
    _settle(asked, partial(_keep if response.status_code < 400 else _release, row, response))
    return response


def _settle(asked: Asked, settle: Callable[[], None]) -> None:
    with tenant_scope(asked.tenant_id):
        settle()


def _claim(asked: Asked, *, is_leased: bool = False) -> tuple[IdempotentRequest, bool]:
    """The key's row, and whether it was made now. Waits while a twin's transaction, which made it, is open.

    is_leased: the new row is committed before the work is done, so others must know that somebody is at it.
    """
    rows = IdempotentRequest.objects.filter(caller=asked.caller, key=asked.key)
    rows.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    lease = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS) if is_leased else None
    mine = IdempotentRequest(
        caller=asked.caller, key=asked.key, fingerprint=asked.fingerprint, attempt=1, leased_until=lease
    )
    IdempotentRequest.objects.bulk_create([mine], ignore_conflicts=True)
    found = rows.first()
    if found is None:
        raise ConflictError(RUNNING, wait=1)  # a twin that failed has just freed the key
    return found, found.id == mine.id


def _take_over(row: IdempotentRequest, asked: Asked) -> bool:
    """Go on with what a process left behind that died. Of two at once one does."""
    if row.fingerprint != asked.fingerprint:
        return False
    now = timezone.now()
    # Without a lease it was begun by a process of the version before, which tells nobody whether it lives.
    left = IdempotentRequest.objects.filter(id=row.id, status=None, leased_until__isnull=False)
    found = left.claimable(now).first()
    if found is None:
        return False
    found.lease(now)
    row.attempt = found.attempt
    return True


def _held(row: IdempotentRequest) -> "QuerySet[IdempotentRequest]":
    """The row, unless somebody took it over meanwhile: then it is theirs."""
    return IdempotentRequest.objects.filter(id=row.id, attempt=row.attempt, status=None)


def _keep(row: IdempotentRequest, response: Response) -> None:
    answer = "" if response.data is None else JSONRenderer().render(response.data).decode()
    _held(row).update(status=response.status_code, answer=answer, leased_until=None)


def _release(row: IdempotentRequest, response: Response | None = None) -> None:
    _held(row).delete()


def _again(row: IdempotentRequest, asked: Asked) -> Response:
    if row.fingerprint != asked.fingerprint:
        raise KeyReusedError(REUSED)
    if row.status is None:
        raise ConflictError(RUNNING, wait=1)
    data = json.loads(row.answer.reveal()) if row.answer else None
    return Response(data, status=row.status, headers={REPLAYED: "true"})
