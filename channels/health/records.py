"""Probes of what our own records say about a connection. Inside the tenant's scope; they call nobody."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from channels.health import words
from channels.models import Connection, Delivery, InboxEvent, Route
from channels.providers.shapes.health import Fix, History, Move, Result, State, Verb
from channels.reasons import Cause
from tenants.wordings import Reason

WEEK, DAY = timedelta(days=7), timedelta(days=1)
MOST = 200
"""Of the newest events and deliveries; older ones say nothing about today."""
IN_A_ROW = 5
"""So many refusals one after the other, to at least two people, are no matter of one person."""
LONGEST_WAIT = timedelta(minutes=5)
SKEW, LATE = timedelta(seconds=10), timedelta(minutes=5)


@dataclass(frozen=True)
class Records:
    """The newest events and deliveries of a connection, and since when somebody has been waiting."""

    connection: Connection
    events: Sequence[Mapping[str, Any]]
    deliveries: Sequence[Mapping[str, Any]]
    waiting_since: datetime | None
    holder: Route | None
    personal: Collection[str] = ()
    """The provider's codes for refusals that say nothing of the connection."""

    @property
    def heard(self) -> Sequence[Mapping[str, Any]]:
        """What people wrote, the newest first."""
        return [each for each in self.events if each["author"] and not each["is_test"]]


def read(connection: Connection, now: datetime, personal: Collection[str]) -> Records:
    """What the probes look at, in four statements."""
    since = max(now - WEEK, connection.connected_at)
    events = InboxEvent.objects.filter(connection=connection, received_at__gt=since).order_by("-received_at")
    deliveries = Delivery.objects.filter(thread__connection=connection, created_at__gt=since).order_by("-created_at")
    opened = InboxEvent.objects.filter(connection=connection, state__in=InboxEvent.OPEN).order_by("received_at")
    account = {"provider": connection.provider, "external_id": connection.external_id}
    return Records(
        connection,
        list(events.values("author", "is_test", "received_at", "reason", "turn__said_at")[:MOST]),
        list(
            deliveries.values("state", "cause", "created_at", "sent_at", "delivered_at", "unknown_since", "thread_id")[
                :MOST
            ]
        ),
        opened.values_list("received_at", flat=True).first(),
        Route.objects.filter(**account).first(),
        personal,
    )


def history_of(records: Records) -> History:
    """The same for the provider's probes."""
    connection, heard = records.connection, records.heard
    reported: dict[str, tuple[datetime, Reason]] = {}
    for each in records.events:
        if each["reason"] and not each["author"]:
            reported.setdefault(each["reason"].code, (each["received_at"], each["reason"]))
    refused: dict[str, datetime] = {}
    for each in records.deliveries:
        cause, _colon, code = each["cause"].partition(":")
        if code and cause in {Cause.REFUSED, Cause.TOKEN_DEAD}:
            refused.setdefault(code, each["created_at"])
    last = heard[0]["received_at"] if heard else None
    sent = max((each["sent_at"] for each in records.deliveries if each["sent_at"] and _is_sent(each)), default=None)
    return History(connection.id, connection.external_id, connection.scopes, reported, refused, last, sent)


def _is_sent(delivery: Mapping[str, Any]) -> bool:
    return bool(delivery["state"] == Delivery.State.SENT)


def probes(records: Records) -> Iterator[Result]:
    """What they say."""
    yield _come_in(records)
    yield _go_out(records)
    yield from _not_delivered(records)
    yield _backlog(records)
    yield _clock(records)
    yield _holder(records)


def _come_in(records: Records) -> Result:
    if not records.heard:
        return Result(words.COME_IN, State.UNASKED, words.NONE_IN())
    return Result(words.COME_IN, State.PASSES, words.LAST_IN(at=records.heard[0]["received_at"].isoformat()))


def _go_out(records: Records) -> Result:
    """Several refusals in a row, to more than one person, and nothing that went out between them."""
    failed, sent = Delivery.State.FAILED, Delivery.State.SENT
    ended = [each for each in records.deliveries if each["state"] in {failed, sent}]
    newest = ended[:IN_A_ROW]
    are_refused = [_is_refused(each, records.personal) for each in newest]
    if len(newest) == IN_A_ROW and all(are_refused) and len({each["thread_id"] for each in newest}) > 1:
        seen = words.ALL_FAILED(count=IN_A_ROW, at=newest[0]["created_at"].isoformat())
        fix = Fix(Verb.RECONNECT)
        return Result(words.GO_OUT, State.FAILS, seen, words.NOBODY_ANSWERED(), Move.YOURS, fix, breaks=True)
    last = next((each for each in ended if each["state"] == sent and each["sent_at"]), None)
    if last is None:
        return Result(words.GO_OUT, State.UNASKED, words.NONE_OUT(), breaks=True)
    said = words.LAST_REACHED if last["delivered_at"] else words.LAST_OUT
    return Result(words.GO_OUT, State.PASSES, said(at=last["sent_at"].isoformat()), breaks=True)


def _is_refused(delivery: Mapping[str, Any], personal: Collection[str]) -> bool:
    cause, _colon, code = delivery["cause"].partition(":")
    return cause in {Cause.REFUSED, Cause.TOKEN_DEAD} and code not in personal


def _not_delivered(records: Records) -> Iterator[Result]:
    since = timezone.now() - DAY
    today = [each for each in records.deliveries if each["created_at"] > since]
    failed = [each for each in today if each["state"] == Delivery.State.FAILED]
    unclear = [each for each in today if each["state"] == Delivery.State.UNKNOWN]
    if failed:
        seen = words.SOME_FAILED(failed=len(failed), count=len(today), at=failed[0]["created_at"].isoformat())
        yield Result(words.REACHED, State.WARNS, seen, words.SOME_FAILED_MEANS(), Move.YOURS)
    else:
        yield Result(words.REACHED, State.PASSES, words.ALL_DELIVERED())
    if unclear:
        seen = words.SOME_UNCLEAR(count=len(unclear))
        yield Result(words.UNCLEAR, State.WARNS, seen, words.SOME_UNCLEAR_MEANS(), Move.THEIRS)
    else:
        yield Result(words.UNCLEAR, State.PASSES, words.NOTHING_UNCLEAR())


def _backlog(records: Records) -> Result:
    since = records.waiting_since
    if since is None or since > timezone.now() - LONGEST_WAIT:
        return Result(words.BACKLOG, State.PASSES, words.NO_BACKLOG())
    seen = words.A_BACKLOG(at=since.isoformat())
    return Result(words.BACKLOG, State.WARNS, seen, words.A_BACKLOG_MEANS(), Move.OURS)


def _clock(records: Records) -> Result:
    """People's messages have the provider's time. One from our future shows that our clock is behind."""
    times = [(each["received_at"], each["turn__said_at"]) for each in records.heard if each["turn__said_at"]]
    if not times:
        return Result(words.CLOCK, State.UNASKED, words.NO_TIMES())
    shortest = min(received - said for received, said in times[:20])
    if shortest < -SKEW:
        seen = words.BEHIND(seconds=int(-shortest.total_seconds()))
        return Result(words.CLOCK, State.WARNS, seen, words.BEHIND_MEANS(), Move.OURS)
    if shortest > LATE and len(times) >= IN_A_ROW:
        seen = words.LATE(count=len(times[:20]), minutes=int(shortest.total_seconds() // 60))
        return Result(words.CLOCK, State.WARNS, seen, words.LATE_MEANS(), Move.OURS)
    return Result(words.CLOCK, State.PASSES, words.IN_TIME())


def _holder(records: Records) -> Result:
    """Which connection gets what arrives for this account: routes are unique over all workspaces."""
    if records.holder and records.holder.connection_id == records.connection.id:
        return Result(words.HOLDER, State.PASSES, words.OURS(), breaks=True)
    fix = Fix(Verb.RECONNECT)
    return Result(words.HOLDER, State.FAILS, words.OTHERS(), words.OTHERS_MEANS(), Move.YOURS, fix, breaks=True)
