"""The outside services that the sandbox can play, and which of them it plays.

SANDBOX decides: 1 plays each service that has no credential, 0 plays none, names play these. A service with a
credential is real, so that a credential is never sent to the sandbox. Production imports this too, so it needs
nothing but Django; `sandbox/` imports nothing of ours and has its own list of names.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

EVERY = {"1", "true", "yes"}
NONE = {"0", "false", "no"}


@dataclass(frozen=True)
class Peer:
    """An outside service that the sandbox can play.

    name: what SANDBOX calls it. title, label: what a list and a sentence call it.
    credentials: the variables that make it real, each with the variable of the base URL that it is sent to.
    account: the variables of Roster's account with the played one; `make run` generates their values.
    page: the path of its page in the sandbox, "" if it has none.
    without: what holds without a credential, if it is not played either.
    """

    name: str
    title: str
    label: str
    credentials: Mapping[str, str]
    account: tuple[str, ...] = ()
    page: str = ""
    without: str = "off, because no credential is set"

    def credentials_in(self, given: Mapping[str, str]) -> list[str]:
        """Those of its credentials that are set."""
        return [name for name in self.credentials if given.get(name, "").strip()]


PEERS = (
    Peer(
        name="slack",
        title="Slack",
        label="Slack",
        credentials={"SLACK_CLIENT_SECRET": "SLACK_API_URL", "SLACK_SIGNING_SECRET": "SLACK_API_URL"},
        account=("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"),
        page="/slack/chat/",
    ),
    # Its workspaces bring credentials of their own: played is where they are sent.
    Peer(
        name="whatsapp",
        title="WhatsApp",
        label="WhatsApp",
        credentials={"WHATSAPP_APP_SECRET": "WHATSAPP_GRAPH_URL", "WHATSAPP_VERIFY_TOKEN": "WHATSAPP_GRAPH_URL"},
        page="/whatsapp/",
        without="real: each workspace connects a number of its own",
    ),
    Peer(
        name="stripe",
        title="Stripe",
        label="Stripe",
        credentials={"STRIPE_SECRET_KEY": "STRIPE_API_URL"},
        account=("STRIPE_SECRET_KEY",),
        page="/stripe/",
    ),
    # One key makes the LLM real: played answers beside real ones would only confuse.
    Peer(
        name="llm",
        title="LLM",
        label="the LLM",
        credentials={"OPENAI_API_KEY": "OPENAI_BASE_URL", "ANTHROPIC_API_KEY": "ANTHROPIC_BASE_URL"},
        account=("OPENAI_API_KEY",),
    ),
    Peer(
        name="mail",
        title="Mail",
        label="email",
        credentials={"EMAIL_URL": "EMAIL_URL"},
        page="/mail/",
        without="real, the mail server at localhost:25",
    ),
)
NAMES = frozenset(peer.name for peer in PEERS)


def chosen(given: Mapping[str, str], stored: str = "0") -> frozenset[str]:
    """The names of the peers that a process with this environment has played.

    stored: the SANDBOX of the `make run` beside which the process runs; it counts if `given` has none. Raises
    ImproperlyConfigured if SANDBOX is malformed, or if a credential would be sent to a played peer.
    """
    if wish := given.get("SANDBOX", "").strip():
        return played(wish, given)
    names = played(stored, {})
    for peer, credential in _both(names, given):
        if not given.get(peer.credentials[credential], "").strip():
            raise _refusal(peer, credential)
    return names


def played(wish: str, given: Mapping[str, str]) -> frozenset[str]:
    """The names of the peers that SANDBOX=`wish` has played, beside the credentials in `given`.

    Raises ImproperlyConfigured if it is malformed, or names a peer that has a credential.
    """
    if wish.lower() in NONE:
        return frozenset()
    if wish.lower() in EVERY:
        return frozenset(peer.name for peer in PEERS if not peer.credentials_in(given))
    names = frozenset(name.strip().lower() for name in wish.split(",") if name.strip())
    if not names or names - NAMES:
        known = ",".join(peer.name for peer in PEERS)
        raise ImproperlyConfigured(f"SANDBOX is {wish!r}: set it to 1, 0 or names such as {known}.")
    for peer, credential in _both(names, given):
        raise _refusal(peer, credential)
    return names


def _both(names: Collection[str], given: Mapping[str, str]) -> Iterable[tuple[Peer, str]]:
    """The credentials of peers that are played although they have one, with the peer."""
    return [(peer, credential) for peer in PEERS if peer.name in names for credential in peer.credentials_in(given)]


def _refusal(peer: Peer, credential: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"SANDBOX plays {peer.label} although {credential} is set: take {peer.name} out of SANDBOX to use the real "
        f"service, or unset {credential} to have it played."
    )


def written(names: Collection[str]) -> str:
    """The value of SANDBOX that has these peers played."""
    return ",".join(peer.name for peer in PEERS if peer.name in names) or "0"


def accounts(names: Collection[str]) -> set[str]:
    """The variables of Roster's accounts with these peers."""
    return {variable for peer in PEERS if peer.name in names for variable in peer.account}


def variables(names: Collection[str]) -> set[str]:
    """The variables with which Roster uses these peers: their accounts, and all credentials."""
    return accounts(names) | {variable for peer in PEERS if peer.name in names for variable in peer.credentials}


def real(names: Collection[str], given: Mapping[str, str]) -> list[Peer]:
    """The peers that have a credential and are not among the played `names`."""
    return [peer for peer in PEERS if peer.name not in names and peer.credentials_in(given)]


def listed(peers: Iterable[Peer]) -> str:
    """Their labels, as in a sentence."""
    *first, last = [peer.label for peer in peers] or [""]
    return f"{', '.join(first)} and {last}" if first else last
