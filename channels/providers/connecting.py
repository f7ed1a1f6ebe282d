"""How an outside account gets connected: what it brings, a provider's consent page, and forms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    draft_id: whose own app it was about.
    """

    tenant_id: UUID
    account: str = ""
    reason: str = ""
    problem: str = ""
    draft_id: UUID | None = None

    @property
    def is_busy(self) -> bool:
        """Nothing was used up: the same address works in a minute."""
        return self.reason == "busy"


Connect = Callable[[Installed], object]
"""What keeps an installed account."""


@dataclass(frozen=True)
class Field:
    """One value that an operator copies from the provider. help: what it looks like, and where it is found there."""

    name: str
    label: StrOrPromise
    help: StrOrPromise = ""
    is_secret: bool = True


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
    """Connecting by what was entered alone."""

    def is_configured(self) -> bool:
        """Can this installation of Roster connect the provider at all?"""
        ...

    def what_is_missing(self) -> str:
        """What whoever runs this installation has to do first."""
        ...

    def install(self, values: Mapping[str, str], connection_id: UUID) -> Installed:
        """Ask the provider with these values, without faults. Calls the provider; hold no transaction.

        Raises NotAcceptedError, or base.DeliveryError if the provider cannot tell now.
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

    def finish(self, request: HttpRequest, tenant_id: UUID, connect: Connect) -> Outcome:
        """Take the way back: check the state, and connect. Calls the provider; hold no transaction."""
        ...
