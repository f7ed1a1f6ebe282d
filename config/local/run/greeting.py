"""What is printed when everything is running."""

from config import peers
from config.local.run.plan import Plan
from config.peers import PEERS, Peer


def greeting(plan: Plan, seconds: float) -> str:
    """The URLs, which services are played and which are real, and the first thing to do."""
    places = {"Portal": plan.public_url, **{peer.title: _state(peer, plan) for peer in PEERS}}
    places["Data"] = str(plan.data.path)
    lines = "\n".join(f"  {name:<9}{place}" for name, place in places.items())
    code = "comes by e-mail"
    if "mail" in plan.played:
        code = f"arrives in the sandbox mailbox, {plan.sandbox_url}/mail/"
    return (
        f"Roster is ready, after {seconds:.1f} s.\n\n{lines}\n\n"
        f"First: open {plan.public_url} and sign up; the code {code}\nCtrl-C stops everything."
    )


def _state(peer: Peer, plan: Plan) -> str:
    """Whether a service is played, and where; or real, and why."""
    if peer.name in plan.played:
        return f"played by the sandbox, {plan.sandbox_url}{peer.page}" if peer.page else "played by the sandbox"
    if peer in peers.real(plan.played, plan.given):
        return f"real, because {peer.credentials_in(plan.given)[0]} is set"
    return peer.without
