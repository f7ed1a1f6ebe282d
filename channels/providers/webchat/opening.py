"""A form without fields: nobody outside has to be asked, so one click connects it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from channels.providers.connecting import Admit, Fact, Field, Installed, Pasted, Verdict

asks = ""
generated: Sequence[str] = ()
fields: Sequence[Field] = ()


def is_configured() -> bool:
    """Always: it needs nothing from outside."""
    return True


def what_is_missing() -> str:
    """Nothing."""
    return ""


def context(connection_id: UUID) -> Mapping[str, str]:
    """Its templates need nothing besides."""
    return {}


def faults(values: Mapping[str, str]) -> Mapping[str, str]:
    """Nothing is entered."""
    return {}


def check(name: str, values: Mapping[str, str]) -> Verdict:
    """Never called, since there is no field."""
    raise LookupError(name)


def proof(facts: Mapping[str, str]) -> Sequence[Fact]:
    """Nothing has to be proven."""
    return ()


def by_hand(facts: Mapping[str, str], secrets: Mapping[str, str], connection_id: UUID) -> Sequence[Pasted]:
    """Nothing is left to do elsewhere."""
    return ()


def install(values: Mapping[str, str], connection_id: UUID, admit: Admit) -> Installed:
    """The account is the connection itself, so it keeps its address when it is connected again."""
    return Installed(
        provider="webchat",
        external_id=str(connection_id),
        name=_("Web chat"),
        token="",
        bot_user_id="",
        installer_id="",
        scopes="",
    )
