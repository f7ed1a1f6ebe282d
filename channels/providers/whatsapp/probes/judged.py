"""What Meta's states of a number and of its account mean."""

from collections.abc import Iterator, Mapping

from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.shapes.health import Fix, History, Move, Result, State, Verb
from channels.providers.whatsapp.errors import LOCKED
from channels.providers.whatsapp.probes import words
from channels.providers.whatsapp.probes.facts import Health, PhoneNumber
from tenants.wordings import NOTHING, Wording

AT_META = Fix(Verb.OPEN, "https://business.facebook.com/wa/manage/home/")
BILLING = Fix(Verb.OPEN, "https://business.facebook.com/billing_hub/accounts")
UNPAID = {131042, 141006}
"""Meta's codes for a missing or declined payment method, of messages and of `health_status`."""
UNREGISTERED = ("131045", "133010")
CONNECTED = {"", "CONNECTED"}
BLOCKED = {"BANNED", "RESTRICTED", "DELETED", "MIGRATED"}
SLOWED = {"FLAGGED", "RATE_LIMITED"}
CLOUD = {"", "CLOUD_API"}
QUALITIES: Mapping[str, tuple[State, Wording]] = {
    "GREEN": (State.PASSES, words.HIGH),
    "YELLOW": (State.WARNS, words.MEDIUM),
    "RED": (State.WARNS, words.LOW),
}
APPROVED = {"APPROVED", "AVAILABLE_WITHOUT_REVIEW"}


def about_number(number: PhoneNumber | DeliveryError, history: History) -> Iterator[Result]:
    """Its registration, quality, limit and name."""
    if isinstance(number, DeliveryError):
        code = number.code if isinstance(number, DeliveryRefusedError) else ""
        if code in {str(each) for each in LOCKED}:
            seen, means = words.BLOCKED(status=code), words.NOBODY_ANSWERED()
            yield Result(words.NUMBER, State.FAILS, seen, means, Move.YOURS, AT_META, breaks=True)
        else:
            yield Result(words.NUMBER, State.UNASKED, words.NOT_TOLD(), breaks=True)
        return
    yield _registration(number, history)
    yield _quality(number)
    yield _limit(number)
    yield _name(number, history)


def _registration(number: PhoneNumber, history: History) -> Result:
    status = number.status
    if status in BLOCKED:
        seen, means = words.BLOCKED(status=status), words.NOBODY_ANSWERED()
        return Result(words.NUMBER, State.FAILS, seen, means, Move.YOURS, AT_META, breaks=True)
    if status in SLOWED:
        seen = words.LIMITED(status=status)
        return Result(words.NUMBER, State.WARNS, seen, words.SOME_LATE(), Move.THEIRS, AT_META, breaks=True)
    refused = next((code for code in UNREGISTERED if history.refused_since_sent(code)), "")
    if refused or status not in CONNECTED or number.platform_type not in CLOUD:
        seen = words.NOT_REGISTERED(status=refused or status or number.platform_type)
        means = words.NOBODY_ANSWERED()
        return Result(words.NUMBER, State.FAILS, seen, means, Move.YOURS, AT_META, breaks=True)
    return Result(words.NUMBER, State.PASSES, words.REGISTERED(name=number.verified_name or number.id), breaks=True)


def _quality(number: PhoneNumber) -> Result:
    state, seen = QUALITIES.get(number.quality_rating, (State.UNASKED, words.NOT_TOLD))
    if state is State.WARNS:
        return Result(words.QUALITY, state, seen(), words.MAY_BE_LIMITED(), Move.YOURS, AT_META)
    return Result(words.QUALITY, state, seen())


def _limit(number: PhoneNumber) -> Result:
    tier = number.messaging_limit_tier.removeprefix("TIER_")
    if not tier:
        return Result(words.LIMIT, State.UNASKED, words.NOT_TOLD())
    seen = words.UNLIMITED() if tier == "UNLIMITED" else words.UP_TO(most=tier.replace("K", ",000"))
    return Result(words.LIMIT, State.PASSES, seen)


def _name(number: PhoneNumber, history: History) -> Result:
    status, name = number.name_status, number.verified_name
    if history.refused_since_sent("131037"):
        seen, means = words.NAME_REFUSED(name=name, status="131037"), words.NOBODY_ANSWERED()
        return Result(words.NAME, State.FAILS, seen, means, Move.YOURS, AT_META, breaks=True)
    if not status or status == "NONE":
        return Result(words.NAME, State.UNASKED, words.NOT_TOLD())
    if status in APPROVED:
        return Result(words.NAME, State.PASSES, words.NAME_SHOWN(name=name))
    if status == "PENDING_REVIEW":
        seen = words.NAME_WAITS(name=name)
        return Result(words.NAME, State.WAITS, seen, words.NAME_WAITS_MEANS(), Move.THEIRS, AT_META)
    seen = words.NAME_REFUSED(name=name, status=status)
    return Result(words.NAME, State.WARNS, seen, words.NAME_REFUSED_MEANS(), Move.YOURS, AT_META)


def about_account(health: Health | DeliveryError, history: History) -> Iterator[Result]:
    """Is it restricted, and paid for? https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status/"""
    told = health.health_status if isinstance(health, Health) else None
    troubles = told.troubles if told else []
    unpaid = next((each for each in troubles if each.error_code in UNPAID), None)
    others = [each.error_description for each in troubles if each.error_code not in UNPAID and each.error_description]
    details = " ".join(others)[:500]
    if told is None:
        yield Result(words.ACCOUNT, State.UNASKED, words.NOT_TOLD(), breaks=True)
    elif told.can_send_message == "BLOCKED" and not unpaid:
        seen, means = words.RESTRICTED(details=details), words.NOBODY_ANSWERED()
        yield Result(words.ACCOUNT, State.FAILS, seen, means, Move.YOURS, AT_META, breaks=True)
    elif told.can_send_message == "LIMITED" and not unpaid:
        yield Result(words.ACCOUNT, State.WARNS, words.HELD(details=details), words.SOME_LATE(), Move.YOURS, AT_META)
    else:
        yield Result(words.ACCOUNT, State.PASSES, words.FREE(), breaks=True)
    yield _payment(unpaid.error_description if unpaid else None, history, is_told=told is not None)


def _payment(problem: str | None, history: History, *, is_told: bool) -> Result:
    refused_at = history.refused_since_sent("131042")
    if problem is not None or refused_at:
        seen = words.UNPAID(details=problem) if problem is not None else NOTHING
        if refused_at:
            seen = words.UNPAID_REFUSED(at=refused_at.isoformat())
        means = words.NOBODY_ANSWERED()
        return Result(words.PAYMENT, State.FAILS, seen, means, Move.YOURS, BILLING, breaks=True)
    if not is_told:
        return Result(words.PAYMENT, State.UNASKED, words.NOT_TOLD(), breaks=True)
    return Result(words.PAYMENT, State.PASSES, words.PAID(), breaks=True)
