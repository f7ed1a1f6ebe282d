"""A place where people and an employee talk, while what came in there is heard: what is known of it, read once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from agents.models import Agent, Conversation
from agents.runs import transcript
from channels.handles import people
from channels.messages.incoming import addressing
from channels.models import Connection, Contact, Thread
from channels.models.inbox import place_id_of
from channels.providers.base import DIRECT, NOT_A_PERSON, InboundMessage
from channels.providers.registry import provider_named
from channels.routing import choosing
from channels.routing.choosing import Teammate
from tenants.statements import execute, insert
from tenants.wordings import NOTHING, Reason
from usage.ledger.records import Spender


class Place(NamedTuple):
    """Where people talk at a provider: a thread, a direct message. One worker at a time hears what is said there."""

    tenant_id: UUID
    connection_id: UUID
    place_id: UUID

    @property
    def lock(self) -> str:
        """What nobody else may hold while its events are heard."""
        return f"{self.connection_id}:{self.place_id}"


class Room:
    """A place under its lock, inside the tenant's scope. threads: those of the place, each locked."""

    def __init__(self, connection: Connection, threads: Iterable[Thread]) -> None:
        self.connection = connection
        self.provider = provider_named(connection.provider)
        self.begun: list[Thread] = []
        self.heard: list[tuple[Spender, int]] = []
        self._threads = {thread.external_id: thread for thread in threads}
        self._contacts: dict[str, Contact | None] = {}
        self._asked: dict[UUID, set[str]] = {}
        self._asks_now: dict[UUID, set[str]] = {}
        self._team: list[Teammate] | None = None

    def look_up(self, authors: Iterable[str]) -> None:
        """Find out who is known already, once for all of them."""
        unknown = [author for author in dict.fromkeys(authors) if author not in self._contacts]
        if unknown:
            known = people.known(self.connection, unknown)
            self._contacts.update({author: known.get(author) for author in unknown})

    def contact(self, author: str) -> Contact | None:
        """Who wrote, by the provider's id; None for somebody who never talked to an employee."""
        self.look_up([author])
        return self._contacts[author]

    def follow(self, message: InboundMessage) -> None:
        """Whoever is unknown here may be known by a former id: they come along with their conversation."""
        if not message.formerly or self.contact(message.author):
            return
        thread = people.move(self.connection, message.formerly, message.author)
        if thread:
            thread.conversation.tenant = self.connection.tenant
            self._threads[thread.external_id] = thread
        del self._contacts[message.author]

    def meet(self, authors: Mapping[str, str]) -> None:
        """These talk to an employee now: keep who they are. authors: by id, with the name that came along, if any."""
        self.look_up(authors)
        new = [author for author in authors if self._contacts[author] is None]
        if new:
            self._contacts.update(people.meet_all(self.connection, new))
        for author, name in authors.items():
            contact = self._contacts[author]
            if name and contact and contact.name in {"", author}:
                people.name(contact, name)

    def met(self, author: str) -> Contact:
        """Somebody who was met."""
        contact = self._contacts[author]
        if contact is None:
            raise LookupError(author)
        return contact

    def are_strangers(self, others: Iterable[str]) -> bool:
        """Is there a name to ask for: of somebody who talks to an employee now, or of these others?"""
        self.look_up(others)
        return any(each is None or not (each.name or each.is_machine) for each in self._contacts.values())

    @property
    def team(self) -> list[Teammate]:
        """Who is employed, in the order of seats."""
        if self._team is None:
            self._team = choosing.team_at(self.connection)
        return self._team

    def answering_agent(self, message: InboundMessage) -> Agent | None:
        """Who gets a conversation that begins with this, if anybody.

        On a page of its own that an employee has, people cannot call another one.
        """
        text = "" if self.provider.capabilities.is_hosted else message.text
        return choosing.choose(self.team, text, message.where, self.connection.agent_id)

    def thread_of(self, message: InboundMessage) -> Thread | None:
        """The conversation that a message belongs to, if it was begun already."""
        return next((self._threads[each] for each in self._ids_of(message) if each in self._threads), None)

    def _ids_of(self, message: InboundMessage) -> Sequence[str]:
        """The conversations that a message may belong to; the last of them is the one that it begins."""
        is_session = message.session and self.provider.capabilities.session_scope in self.connection.scopes.split(",")
        return [message.session] if is_session else message.thread_ids

    def why_not(self, message: InboundMessage, thread: Thread | None) -> Reason:
        """Why nobody answers a message; empty if somebody does."""
        if message.is_author_unsure and self._is_machine(message):
            return NOT_A_PERSON()
        if not message.is_addressed and not self.goes_on(message, thread):
            return addressing.SAID_TO_OTHERS()
        return NOTHING if thread or self.team else addressing.NOBODY_EMPLOYED()

    def goes_on(self, message: InboundMessage, thread: Thread | None) -> bool:
        """Does somebody who asked in this thread say more to the employee?"""
        only_mentions = self.connection.only_when_mentioned
        if thread is None or not addressing.may_go_on(message, only_when_mentioned=only_mentions):
            return False
        if thread.id not in self._asked:
            self.look_up([message.author])
            known = [contact for contact in self._contacts.values() if contact]
            self._asked[thread.id] = addressing.who_asked(thread, known)
        return message.author in self._asked[thread.id] | self._asks_now.get(thread.id, set())

    def is_in_doubt(self, message: InboundMessage) -> bool:
        """May a machine have written it, so that the provider has to be asked?"""
        return message.is_author_unsure and self._is_machine(message) is not False

    def _is_machine(self, message: InboundMessage) -> bool | None:
        contact = self.contact(message.author)
        return contact.is_machine if contact else None

    def note_asked(self, thread: Thread, author: str) -> None:
        """This person asks the employee in this thread."""
        self._asks_now.setdefault(thread.id, set()).add(author)

    def begin(self, message: InboundMessage) -> Thread:
        """The thread of a message that begins one. Raises IntegrityError if somebody else did so at this moment."""
        agent = self.answering_agent(message)
        if agent is None:
            raise ValueError("A thread begins only where somebody is employed.")
        conversation = transcript.new(agent, self.connection.provider, self._title_of(message))
        conversation.tenant = self.connection.tenant
        thread = Thread(
            connection=self.connection,
            external_id=self._ids_of(message)[-1],
            place_id=place_id_of(message.place),
            conversation=conversation,
            tenant=self.connection.tenant,
        )
        execute(insert(conversation), insert(thread))
        self._threads[thread.external_id] = thread
        self._asked[thread.id] = set()
        self.begun.append(thread)
        return thread

    def _title_of(self, message: InboundMessage) -> str:
        """The title of a conversation that begins with this: many sessions would be called the same."""
        is_session = self._ids_of(message) == [message.session]
        return (not is_session and message.title) or transcript.title_of(message.text)

    def staffed(self, thread: Thread, messages: Sequence[InboundMessage]) -> Conversation:
        """The thread's conversation, for what was said there now.

        A new one if its employee was let go and another answers here now, or if another one was called by name.
        """
        successor = self._called(thread, messages)
        if successor is None and thread.conversation.agent.deleted_at:
            successor = self.answering_agent(messages[0])
        if successor:
            thread.conversation = transcript.new(successor, self.connection.provider, self._title_of(messages[0]))
            thread.conversation.tenant = self.connection.tenant
            thread.conversation.save(force_insert=True)
            thread.save(update_fields=["conversation"])
        return thread.conversation

    def _called(self, thread: Thread, messages: Iterable[InboundMessage]) -> Agent | None:
        """Whom people call instead of the thread's employee, where a conversation has no end: the last one named.

        Elsewhere, a new thread begins a new conversation, and this one stays with its employee.
        """
        if thread in self.begun:
            return None
        known = choosing.called_in(getattr(thread, "names", ()))
        endless = (each for each in messages if each.where == DIRECT and each.place == thread.external_id)
        named = [found for found in (choosing.named_in(each.text, known) for each in endless) if found]
        if not named or named[-1] == thread.conversation.agent_id:
            return None
        return next((each.agent for each in self.team if each.agent.id == named[-1]), None)
