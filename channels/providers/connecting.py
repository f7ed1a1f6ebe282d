"""How an outside account gets connected: what it brings, and a provider's consent page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _


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


class AccountTakenError(Exception):
    """Another workspace of Roster has this outside account."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("“%(name)s” is connected to another workspace of Roster. Disconnect it there before you connect it here.")
            % {"name": name}
        )


@dataclass(frozen=True)
class Outcome:
    """How an installation ended: the account that was connected, or why it was not.

    reason: a code, the provider's or ours; problem: the same for whoever installs, with what to do now.
    """

    tenant_id: UUID
    account: str = ""
    reason: str = ""
    problem: str = ""

    @property
    def is_busy(self) -> bool:
        """Nothing was used up: the same address works in a minute."""
        return self.reason == "busy"


Connect = Callable[[Installed], object]
"""What keeps an installed account."""


class Consent(Protocol):
    """A page of the provider where a person lets us in, and its way back to /oauth/<provider>/callback."""

    def is_configured(self) -> bool:
        """Can this installation of Roster connect the provider at all?"""
        ...

    def what_is_missing(self) -> str:
        """What whoever runs this installation has to do first."""
        ...

    def authorize_url(self, tenant_id: UUID, *, user_id: UUID | None = None, session_key: str = "") -> str:
        """Where a person goes to consent. Call it outside of any scope.

        user_id, session_key: who asked, and in which browser; without them, whoever consents uses it up.
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
