"""What is printed when everything is running."""

from config.local.run.plan import Plan


def greeting(plan: Plan, seconds: float) -> str:
    """The URLs, and the first thing to do."""
    places = {"Portal": plan.public_url}
    code = "comes by e-mail"
    if plan.sandbox:
        places |= {"Mailbox": f"{plan.sandbox_url}/mail/", "Slack": f"{plan.sandbox_url}/slack/chat/"}
        code = f"arrives in the sandbox mailbox, {plan.sandbox_url}/mail/"
    places["Data"] = str(plan.data.path)
    lines = "\n".join(f"  {name:<9}{place}" for name, place in places.items())
    return (
        f"Roster is ready, after {seconds:.1f} s.\n\n{lines}\n\n"
        f"First: open {plan.public_url} and sign up; the code {code}\nCtrl-C stops everything."
    )
