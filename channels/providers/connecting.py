"""How an outside account gets connected: what it brings, a provider's consent page, and forms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Installed:
    """What an installation at a provider brought."""

    provider: str
    external_id: str
    name: str
    token: str
    bot_user_id: str
    installer_id: str
    scopes: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The account's own, by name, such as what signs its webhooks; none if the platform's count."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the provider told of it that is no secret, by the provider's own names: `Form.proof` words it."""
    connection_id: UUID | None = None
    """The id that the connection gets, if it was set up by hand: the address of its webhooks has it."""


class AccountTakenError(Exception):
    """Another workspace of Roster has this outside account."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _(
                "“%(name)s” is connected to another workspace of Roster. Somebody who manages channels there has to "
                "release it, on its page under Channels. Then connect it here."
            )
            % {"name": name}
        )


class AnotherAddressError(Exception):
    """The id in the address of its webhooks is not that of this account's connection."""

    def __init__(self, name: str, *, is_known: bool) -> None:
        if is_known:
            words = _(
                "This workspace has the connection “%(name)s” for it already, with another address for events. Go to "
                "Channels and choose “Connect again” there."
            )
        else:
            words = _("This is not the account of “%(name)s”. Choose the same one, or begin anew under Channels.")
        super().__init__(words % {"name": name})


@dataclass(frozen=True)
class Outcome:
    """How an installation ended: the account that was connected, or why it was not.

    reason: a code, the provider's or ours; problem: the same for whoever installs, with what to do now.
    draft_id: whose own app it was about. lacking: what people miss since the provider did not
    allow it, with what to do.
    """

    tenant_id: UUID
    account: str = ""
    reason: str = ""
    problem: str = ""
    draft_id: UUID | None = None
    lacking: str = ""

    @property
    def is_busy(self) -> bool:
        """Nothing was used up: the same address works in a minute."""
        return self.reason == "busy"


@dataclass(frozen=True)
class Pasted:
    """One value to copy from here to the provider."""

    label: StrOrPromise
    value: str


ADDRESS, BY_HAND, PROVEN = "address", "by hand", "proven"
"""Of a connection's facts: somebody has to paste our address at the provider, or the provider has asked there since."""
CHECK_SECONDS = 3.0
"""No check of a single value takes longer."""
Connect = Callable[[Installed], object]
"""What keeps an installed account."""

Admit = Callable[[str, str], None]
"""May this account (its outside id and name) be connected here? Raises AccountTakenError or AnotherAddressError."""


@dataclass(frozen=True)
class Field:
    """One value that an operator copies from the provider. help: what it looks like, and where it is found there.

    is_asked: False for one that is only asked for once a verdict needs it. after: the fields without which the provider
    cannot be asked about it: it is checked again when they change. It stands after them.
    """

    name: str
    label: StrOrPromise
    help: StrOrPromise = ""
    is_secret: bool = True
    is_asked: bool = True
    after: Sequence[str] = ()


class State(StrEnum):
    """What a provider says about a value. WARN: it is kept, as it is not wrong for all we know. WAITS: for another."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    WAITS = "waits"


@dataclass(frozen=True)
class Verdict:
    """What stands beside a value: what the provider says about it, and what to do then.

    account: the outside account that it names. needs: fields to be asked for now. others: values that would be right,
    each with how people know it. is_down: the provider could not be asked, so it is asked again.
    """

    state: State
    what: str
    then: str = ""
    account: str = ""
    needs: Sequence[str] = ()
    others: Sequence[tuple[str, str]] = ()
    is_down: bool = False


@dataclass(frozen=True)
class Fact:
    """A line that proves a connection. secret: the name of the credential that it is about, if it is about one."""

    label: StrOrPromise
    words: str
    secret: str = ""
    is_good: bool = True


class NotAcceptedError(Exception):
    """The provider does not accept what was entered. Its sentence stands beside the field, or above all of them."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class Entered(Protocol):
    """Values that an operator enters. Its words are in the provider's template `setup.html`."""

    fields: Sequence[Field]

    def faults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """What cannot be right, by field: a sentence that names what was expected. Calls nobody."""
        ...

    def context(self, connection_id: UUID) -> Mapping[str, str]:
        """What its template shows besides, such as the address of this connection's webhooks."""
        ...


class Form(Entered, Protocol):
    """Connecting by what was entered alone. Each value is also checked by itself, as soon as it is pasted."""

    asks: str
    """Who is asked about the values, as people know them."""
    generated: Sequence[str]
    """Names of secrets that we make up ourselves, such as what the provider says when it asks at our address."""

    def check(self, name: str, values: Mapping[str, str]) -> Verdict:
        """What the provider says about one value, within CHECK_SECONDS. Changes nothing; hold no transaction.

        values: all that is known so far, with this one. Raises base.DeliveryError if the provider cannot tell now.
        """
        ...

    def proof(self, facts: Mapping[str, str]) -> Sequence[Fact]:
        """What a connection's facts prove, in words."""
        ...

    def by_hand(self, facts: Mapping[str, str], secrets: Mapping[str, str], connection_id: UUID) -> Sequence[Pasted]:
        """What is still to be pasted at the provider, if it did not let us do it ourselves."""
        ...

    def is_configured(self) -> bool:
        """Can this installation of Roster connect the provider at all?"""
        ...

    def what_is_missing(self) -> str:
        """What whoever runs this installation has to do first."""
        ...

    def install(self, values: Mapping[str, str], connection_id: UUID, admit: Admit) -> Installed:
        """Ask the provider with these values, without faults. Calls the provider; hold no transaction.

        admit: asked before anything is changed at the provider. Raises what that does, NotAcceptedError, or
        base.DeliveryError if the provider cannot tell now.
        """
        ...


class OwnApp(Entered, Protocol):
    """An app of the workspace's own at the provider, which then asks for consent instead of the platform's."""

    def check(self, values: Mapping[str, str]) -> None:
        """Ask the provider about values without faults, as far as it can tell. Hold no transaction.

        Raises NotAcceptedError, or base.DeliveryError if the provider cannot tell now.
        """
        ...

    def is_own(self, external_id: str) -> bool:
        """Is a connected account one of such an app's?"""
        ...


class Consent(Protocol):
    """A page of the provider where a person lets us in, and its way back to /oauth/<provider>/callback."""

    own_app: OwnApp | None
    """How a workspace uses an app of its own; None if it cannot."""

    def is_configured(self) -> bool:
        """Can this installation of Roster connect the provider by its own app?"""
        ...

    def what_is_missing(self) -> str:
        """What whoever runs this installation has to do first."""
        ...

    def authorize_url(
        self, tenant_id: UUID, *, user_id: UUID | None = None, session_key: str = "", draft_id: UUID | None = None
    ) -> str:
        """Where a person goes to consent. Call it outside of any scope.

        user_id, session_key: who asked, and in which browser; without them, whoever consents uses it up.
        draft_id: whose own app asks; without it, the platform's does.
        """
        ...

    def tenant_of(self, state: str) -> UUID | None:
        """The tenant for which this state was issued here, even if it is used up or too old; None for any other."""
        ...

    def what_expired(self) -> str:
        """What to tell somebody who comes back with a state that nobody issued."""
        ...

    def finish(self, request: HttpRequest, tenant_id: UUID, connect: Connect, admit: Admit) -> Outcome:
        """Take the way back: check the state, and connect. Calls the provider; hold no transaction.

        admit: asked before anything is changed at the provider.
        """
        ...
