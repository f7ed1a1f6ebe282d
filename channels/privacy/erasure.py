"""Erasing one person: what they said, the answers to it, and who they are."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import IntegrityError, OperationalError
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agents.models import Conversation, Turn
from agents.people import persons
from agents.runs import transcript
from agents.runs.transcript import ERASED
from channels import actions
from channels.media import shelf
from channels.messages import test_messages
from channels.models import Contact, Delivery, Feedback, InboxEvent, Thread
from channels.privacy import forgetting
from channels.providers.registry import provider_named
from tenants.audit import journal
from tenants.privacy import exact_ids, export
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

EVENTS_AT_ONCE = 200
MOST_PASSES = 5
"""If somebody keeps writing, another pass finds it; what comes after the last pass counts as a new person's."""
PERSON_ERASED = Wording(
    "channels.person_erased",
    gettext_lazy(
        "Conversations deleted: %(conversations)s. In others, replaced by %(mark)s: messages: %(messages)s, answers: "
        "%(answers)s. Fingerprint of the person: %(digest)s."
    ),
)


@dataclass(frozen=True)
class Person:
    """Who is to be erased, detached from the database."""

    tenant_id: UUID
    contact_id: UUID
    connection_id: UUID
    external_id: str
    provider: str
    bot_user_id: str
    person_id: UUID
    """The person, who may have other ids, too."""

    @property
    def digest(self) -> str:
        """Who it was, for somebody who knows the id at the provider and asks again; nobody else can tell."""
        return salted_hmac("channels.privacy.erasure", f"{self.connection_id}:{self.external_id}").hexdigest()[:16]


class StillTalkingError(Exception):
    """The person writes so quickly that there is always something new."""

    def __init__(self) -> None:
        super().__init__(_("The person is writing at this very moment: press the button again."))


@dataclass
class Erased:
    """What was found of a person, and is gone."""

    conversations: int = 0
    messages: int = 0
    answers: int = 0

    def add(self, more: "Erased") -> None:
        self.conversations += more.conversations
        self.messages += more.messages
        self.answers += more.answers

    def __str__(self) -> str:
        """Three sentences without a name."""
        deleted = ngettext("%(n)d conversation deleted.", "%(n)d conversations deleted.", self.conversations)
        messages = ngettext(
            "%(n)d message replaced by %(mark)s.", "%(n)d messages replaced by %(mark)s.", self.messages
        )
        answers = ngettext("%(n)d answer replaced by %(mark)s.", "%(n)d answers replaced by %(mark)s.", self.answers)
        counts = ((deleted, self.conversations), (messages, self.messages), (answers, self.answers))
        return " ".join(words % {"n": count, "mark": ERASED} for words, count in counts)


@dataclass(frozen=True)
class _Found:
    """An event that tells of the person; `is_said`: what they said themselves."""

    id: UUID
    thread_id: UUID | None
    is_said: bool


def erase_person(tenant_id: UUID, contact_id: UUID) -> Erased:
    """Erase what a person said, the answers to it, and who they are. Open no scope around this: it takes several.

    If it was interrupted, call it again: the contact goes last. Raises Contact.DoesNotExist, and
    StillTalkingError.
    """
    person, erased = _person(tenant_id, contact_id), Erased()
    for _pass in range(MOST_PASSES):
        found = list(_events_about(person))
        is_done = [_try_in(person, thread_id, events, erased) for thread_id, events in _by_thread(found)]
        if not found:
            break
    if not all(is_done):
        raise StillTalkingError
    with tenant_scope(tenant_id):
        Contact.objects.filter(id=contact_id).delete()
        Feedback.objects.filter(person=person.person_id).delete()
        if not Contact.objects.filter(person=person.person_id).exists():
            persons.forget([person.person_id])
        export.withdraw()
        detail = PERSON_ERASED(mark=ERASED, digest=person.digest, **asdict(erased))
        journal.record(actions.PERSON_ERASED, detail=detail)
    return erased


def _by_thread(found: Sequence["_Found"]) -> Iterator[tuple[UUID | None, Sequence["_Found"]]]:
    """Those of a thread together, those of none so many at a time."""
    threads: dict[UUID | None, list[_Found]] = {}
    for each in found:
        threads.setdefault(each.thread_id, []).append(each)
    loose = threads.pop(None, [])
    yield from threads.items()
    yield from ((None, loose[begin : begin + EVENTS_AT_ONCE]) for begin in range(0, len(loose), EVENTS_AT_ONCE))


def _try_in(person: Person, thread_id: UUID | None, found: "Sequence[_Found]", erased: Erased) -> bool:
    """One thread; False if somebody wrote there at the very moment, so that it has to be done again."""
    try:
        for conversation in _own_long_ones(person, found) if thread_id else []:
            forgetting.thin(person.tenant_id, conversation, even_open=True)
        erased.add(_erase_in(person, thread_id, found))
    except (IntegrityError, OperationalError) as error:
        log.info("A thread is erased again: %s", error)
        return False
    return True


def _own_long_ones(person: Person, found: Sequence["_Found"]) -> list[UUID]:
    """Very long conversations in which nobody else spoke."""
    said = [each.id for each in found if each.is_said]
    if len(said) <= EVENTS_AT_ONCE:  # a short one is gone at once anyway
        return []
    with tenant_scope(person.tenant_id):
        places = Turn.objects.filter(event__in=said).order_by("conversation").values_list("conversation", flat=True)
        return [each for each in places.distinct() if not _others_spoke(each, said)]


def _person(tenant_id: UUID, contact_id: UUID) -> Person:
    with tenant_scope(tenant_id):
        contact = Contact.objects.select_related("connection").get(id=contact_id)
        connection = contact.connection
        return Person(
            tenant_id=tenant_id,
            contact_id=contact_id,
            connection_id=connection.id,
            external_id=contact.external_id,
            provider=connection.provider,
            bot_user_id=connection.bot_user_id,
            person_id=contact.person_id,
        )


def _events_about(person: Person) -> Iterator[_Found]:
    """Every event that still mentions them, a limited number of payloads at a time."""
    # The payload has the id, or a longer one that contains it: _judged() tells them apart.
    about = Q(author=person.external_id) | Q(payload__contains=person.external_id)
    own_tests = Q(is_test=True, payload=test_messages.UNSIGNED, turn__person=person.person_id)
    after = UUID(int=0)
    while True:
        with tenant_scope(person.tenant_id):
            events = InboxEvent.objects.filter(about | own_tests, connection=person.connection_id, id__gt=after)
            batch = list(events.select_related("turn").order_by("id")[:EVENTS_AT_ONCE])
        yield from filter(None, (_judged(person, event) for event in batch))
        if not batch:
            return
        after = batch[-1].id


def _judged(person: Person, event: InboxEvent) -> _Found | None:
    """What an event has to do with the person; None for what somebody else said."""
    if event.is_test:
        is_theirs = test_messages.author_in(event.payload) in {None, person.external_id}
        return _Found(event.id, event.thread_id, is_said=True) if is_theirs else None
    if event.author:
        return _Found(event.id, event.thread_id, is_said=True) if event.author == person.external_id else None
    try:
        message = provider_named(person.provider).read(event.payload, person.bot_user_id)
    except ValueError:
        message = None
    if message is None:
        is_named = exact_ids.names(event.payload, person.external_id)
        return _Found(event.id, event.thread_id, is_said=False) if is_named else None
    return _Found(event.id, event.thread_id, is_said=True) if message.author == person.external_id else None


def _erase_in(person: Person, thread_id: UUID | None, found: Sequence[_Found]) -> Erased:
    """One thread in one transaction; events of no thread only lose what they told."""
    ids, erased = [each.id for each in found], Erased()
    with tenant_scope(person.tenant_id):
        threads = Thread.objects.select_for_update(no_key=True, of=("self",)).select_related("conversation__agent")
        thread = threads.filter(id=thread_id).first() if thread_id else None
        said = [each.id for each in found if each.is_said]
        places = Turn.objects.filter(event__in=said).order_by("conversation").values_list("conversation", flat=True)
        conversations = list(places.distinct())
        list(Conversation.objects.select_for_update(no_key=True).filter(id__in=conversations).order_by("id"))
        if thread:
            forgetting.end([thread])
        own = [each for each in conversations if not _others_spoke(each, said)]
        erased.conversations += forgetting.forget(own, even_open=True)
        for conversation in set(conversations) - set(own):
            _blank(conversation, said, erased)
        forgetting.empty(InboxEvent.objects.filter(id__in=ids))
    return erased


def _others_spoke(conversation: UUID, said: Sequence[UUID]) -> bool:
    people = Turn.objects.filter(conversation=conversation, speaker=Turn.Speaker.PERSON)
    return people.exclude(event__in=said).exclude(text=ERASED).exists()


def _blank(conversation: UUID, said: Sequence[UUID], erased: Erased) -> None:
    """In a conversation with others: the person's words, the answers to them, and a title made of them."""
    theirs = Turn.objects.filter(conversation=conversation, event__in=said)
    first = Turn.objects.filter(conversation=conversation).order_by("said_at", "id").first()
    if first and theirs.filter(id=first.id).exists():
        Conversation.objects.filter(id=conversation).update(title=ERASED)
    answered = InboxEvent.objects.filter(id__in=said, run__conversation=conversation)
    answering = list(answered.order_by().values_list("run", flat=True).distinct())
    deliveries = Delivery.objects.filter(turn__run__in=answering)
    deliveries.update(text=ERASED)
    open_states = [Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.UNKNOWN]
    deliveries.filter(state__in=open_states).update(state=Delivery.State.FAILED, error=forgetting.ERASED())
    erased.answers += transcript.erase(Turn.objects.filter(run__in=answering))
    turns = list(theirs.values_list("id", flat=True))
    shelf.forget(turns)
    erased.messages += transcript.erase(Turn.objects.filter(id__in=turns))
